"""Strategies of the founding scenario: classical plans with a script of tactics, all on the decision path.

A strategy is a plan (a path over the window, or a part of the others' volume), the length of its slices, what is
decided for each slice, and which places it may use. `lit only` is `twap` without dark pools and dealers: the difference
is what trading there is worth. `previous` is the previous generation: lit, never resting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nowake.core.errors import InputError
from nowake.core.intent import Origin, Tactic
from nowake.core.times import MINUTE, MS, SECOND
from nowake.execution.algorithms import spread_over
from nowake.execution.desk_state import CURVE, Placing
from nowake.execution.policy import OWN, FixedPolicy, Policy
from nowake.market.preset_model import Preset
from nowake.schedule.almgren_chriss import Urgency
from nowake.schedule.protocol import Schedule, ScheduleState
from nowake.schedule.twap import Twap
from nowake.schedule.vwap import StaticVwap, u_shape

__all__ = ["GAINS", "LAG", "LIT_ONLY", "POLICIES", "PREVIOUS", "HiddenFirst", "Strategy", "make_strategy", "plan_of"]

LIT_ONLY, PREVIOUS = "lit only", "previous"
POLICIES = ("twap", "vwap", "pov", "ac", LIT_ONLY, PREVIOUS)
GAINS = (("twap", LIT_ONLY),)  # compared beside everything against PREVIOUS: what dark pools and dealers are worth
URGENCY = 2.0  # kappa T of ac
CHILD = 500  # shares of a child of the previous generation
FINISH = 0.5  # part of the window in which pov makes up for volume that did not come
REACTION = 500 * MS
LAG = 0.02  # part of the order by which it may be behind plan and still wait unseen
_BINS = 78
_WHOLE = 10**9
_BEHIND = OWN.index("behind")


@dataclass(frozen=True, slots=True)
class HiddenFirst:
    """Waits in dark pools and with dealers; takes the slice at lit venues if the order is more than `lag` behind."""

    lag: float = LAG
    origin: ClassVar[Origin] = Origin.SCHEDULE

    def decide(self, observations: np.ndarray, actions: np.ndarray) -> None:
        """Fill `actions`: the plan's rate, tactic DARK or CROSS."""
        actions["rate"], actions["urgency"] = 1.0, 0.0
        late = observations[:, _BEHIND] > self.lag
        actions["tactic"] = np.where(late, int(Tactic.CROSS), int(Tactic.DARK))


@dataclass(frozen=True, slots=True)
class Strategy:
    """A plan f8[CURVE + 1] worked in slices of `interval` ns by `policy`.

    `part`: of the others' volume that is followed instead of the plan, 0: the plan; for the last `finish` of the window
    it is at least the straight line to the end. `hidden`: whether dark pools and dealers may be used.
    """

    name: str
    plan: np.ndarray
    interval: int
    policy: Policy
    placing: Placing
    hidden: bool = True
    part: float = 0.0
    finish: float = FINISH


@dataclass(frozen=True, slots=True)
class _Window:
    """The day and the order's window in it, ns UTC."""

    open: int
    close: int
    start: int
    end: int


def _curve(preset: Preset, window: _Window, edges: Sequence[int]) -> np.ndarray:
    """Return the volume that the preset expects between `edges`, as shares of the day's."""
    shares = u_shape(_BINS, preset.lit.u_shape)
    width = (window.close - window.open) // _BINS
    return spread_over(shares, window.open, width, np.array(edges, np.float64))


def plan_of(schedule: Schedule) -> np.ndarray:
    """Return the path of `schedule`, f8[CURVE + 1]: the part of an order that is to be done at equal times."""
    states = (ScheduleState(0, 0, 1, _WHOLE, 0, 0, k, CURVE) for k in range(CURVE))
    return np.array([0, *(schedule.target(state) for state in states)]) / _WHOLE


def _placing(length: int, interval: int) -> Placing:
    """Return how slices of `interval` ns of a window of `length` ns become children."""
    return Placing(
        reaction=min(REACTION, interval), cross_before=min(20 * SECOND, interval // 2),
        sweep_before=min(30 * SECOND, length // 8),
    )  # fmt: skip


def _previous(quantity: int, length: int) -> Strategy:
    """Return equal children of CHILD shares at equal times, taken at once: a slice each."""
    interval = max(length * CHILD // quantity, 2 * SECOND)
    placing = Placing(
        reaction=min(REACTION, interval), pace=interval, cross_before=0, sweep_before=min(30 * SECOND, length // 8)
    )  # fmt: skip
    plan = np.linspace(0, 1, CURVE + 1)
    return Strategy(PREVIOUS, plan, interval, FixedPolicy(Tactic.CROSS), placing, hidden=False)


def make_strategy(
    name: str, preset: Preset, session: tuple[int, int], window: tuple[int, int], quantity: int
) -> Strategy:
    """Return the strategy `name` for `quantity` shares in `window` of the day `session` (ns UTC each).

    pov takes the part of the expected volume that finishes the order; InputError for an unknown name.
    """
    if name not in POLICIES:
        raise InputError("policy", expected=f"one of {', '.join(POLICIES)}", got=repr(name))
    at, length = _Window(*session, *window), window[1] - window[0]
    if name == PREVIOUS:
        return _previous(quantity, length)
    longest = 30 * SECOND if name == "pov" else MINUTE
    interval = length // max(1, -(-length // longest))
    curve = _curve(preset, at, [at.start + length * k // CURVE for k in range(CURVE + 1)])
    others = float(curve.sum()) * preset.instrument.daily_volume
    schedules: dict[str, Schedule] = {"vwap": StaticVwap(tuple(curve)), "ac": Urgency(URGENCY)}
    return Strategy(
        name, plan_of(schedules.get(name, Twap())), interval, HiddenFirst(), _placing(length, interval),
        hidden=name != LIT_ONLY, part=quantity / (quantity + others) if name == "pov" else 0.0,
    )  # fmt: skip
