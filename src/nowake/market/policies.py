"""Classical policies of the founding scenario: four schedules with a passive placer, and the previous generation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import MINUTE, SECOND
from nowake.execution.algorithms import spread_over
from nowake.execution.state import Placement
from nowake.execution.work import Tactic
from nowake.market.preset_model import Preset
from nowake.schedule.almgren_chriss import Urgency
from nowake.schedule.pov import Pov
from nowake.schedule.protocol import Schedule
from nowake.schedule.twap import Twap
from nowake.schedule.vwap import StaticVwap, u_shape

__all__ = ["POLICIES", "PREVIOUS", "Policy", "make_policy"]

PREVIOUS = "previous"
POLICIES = ("twap", "vwap", "pov", "ac", PREVIOUS)
URGENCY = 2.0  # kappa T of ac
CHILD = 500  # shares of a market child of the previous generation
_BINS = 78


@dataclass(frozen=True, slots=True)
class Policy:
    """A schedule in `slices` equal slices, and how each slice is placed."""

    name: str
    schedule: Schedule
    tactic: Tactic
    slices: int


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


def _placer(length: int, finish: float) -> Tactic:
    """Return the passive tactic for slices of `length` ns: half of a slice at most is left for crossing."""
    cross = min(30 * SECOND, length // 2)
    place = Placement(cross_before=cross, sweep_before=min(4 * SECOND, cross), patience=2 * SECOND)
    return Tactic(finish=finish, placement=place)


def make_policy(name: str, preset: Preset, session: tuple[int, int], window: tuple[int, int], quantity: int) -> Policy:
    """Return the policy `name` for `quantity` shares in `window` of the day `session` (ns UTC each).

    pov takes the part of the expected volume that finishes the order; InputError for an unknown name.
    """
    if name not in POLICIES:
        raise InputError("policy", expected=f"one of {', '.join(POLICIES)}", got=repr(name))
    at, length = _Window(*session, *window), window[1] - window[0]
    if name == PREVIOUS:
        slices = max(1, min(quantity // CHILD, length // (2 * SECOND)))
        return Policy(name, Twap(), Tactic(rests=False, finish=0.0), slices)
    longest = 30 * SECOND if name == "pov" else MINUTE
    slices = max(1, -(-length // longest))
    edges = [at.start + length * k // slices for k in range(slices + 1)]
    curve = _curve(preset, at, edges)
    others = float(curve.sum()) * preset.instrument.daily_volume
    schedules: dict[str, Schedule] = {
        "twap": Twap(),
        "vwap": StaticVwap(tuple(curve)),
        "pov": Pov(quantity / (quantity + others)),
        "ac": Urgency(URGENCY),
    }
    finish = 0.5 if name == "pov" else 0.1  # where the market trades less than expected, pov has much to make good
    return Policy(name, schedules[name], _placer(length // slices, finish), slices)
