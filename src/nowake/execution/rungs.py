"""Who decides on the rungs of the fallback ladder (`risk.ladder`), and which columns of an observation each may read.

MODEL is whatever policy is given. ADAPTIVE solves Almgren-Chriss anew for what is left (`schedule.adaptive`) and says
how many times the plan's shares that is. POV follows the volume since the start: the desk's own plan does
(`VolumePlan`), the policy only says how fast a backlog is made good. STOP wants nothing.

A rung reads no column of an input that its `NEEDS` do not name, so that whatever a broken input holds, NaN included,
what it decides is the same. The order's own books (its window, what is done, its plan) need the clock alone.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from nowake.core.errors import InputError
from nowake.core.intent import Origin, Tactic
from nowake.execution.desk_state import CURVE, Follow
from nowake.execution.policy import CLASSES, OBSERVED, OWN
from nowake.risk.ladder import NEEDS, Input, Rung
from nowake.schedule.adaptive import Remainder, replan
from nowake.schedule.almgren_chriss import risk_aversion_of
from nowake.schedule.checks import fraction, not_negative, positive
from nowake.schedule.impact import Impact

__all__ = [
    "INPUT_OF", "MOST", "ORIGINS", "AdaptiveRung", "PovRung", "StopRung", "VolumePlan", "columns_of", "granted",
]  # fmt: skip

MOST = 4.0
"""The largest rate of an action."""
ORIGINS = {rung: Origin.FALLBACK if rung else Origin.MODEL for rung in Rung}
"""Whose a decision of each rung is."""

_OWN = dict.fromkeys(OWN, Input.CLOCK) | {"behind": Input.VOLUME, "slippage": Input.QUOTES}
_VOLATILITY = ("volatility", "realised", "two_scale")
_VOLUME = ("pace_day", "pace_recent", "own_share")
_QUOTES = ("spread_steps",)


def _input_of(name: str) -> Input:
    if name in _OWN:
        return _OWN[name]
    if name in {f"p_{word}" for word in CLASSES}:
        return Input.FORECAST
    if name.startswith(_VOLATILITY):
        return Input.VOLATILITY
    return Input.VOLUME if name in _VOLUME else Input.QUOTES if name in _QUOTES else Input.FEATURES


INPUT_OF: dict[str, Input] = {name: _input_of(name) for name in OBSERVED}
"""The input that each column of an observation comes from."""
_AT = {name: k for k, name in enumerate(OBSERVED)}
_READ = [_AT[name] for name in ("time_left", "inventory_left", "volatility_512s", "pace_recent")]
_GRID = np.linspace(0.0, 1.0, CURVE + 1)


def columns_of(one: Input) -> list[int]:
    """Return the columns of an observation that come from input `one`."""
    return [k for k, name in enumerate(OBSERVED) if INPUT_OF[name] is one]


def granted(rung: Rung) -> list[int]:
    """Return the columns of an observation that `rung` may read."""
    return [k for k, name in enumerate(OBSERVED) if INPUT_OF[name] in NEEDS[rung]]


@dataclass(frozen=True, slots=True)
class AdaptiveRung:
    """Re-planned Almgren-Chriss for the rows of `desk` (DESK), whose plan it scales.

    `urgency` kappa T (0: even, 1 mild, 6 nearly at once) holds at `normal`, a volatility in bp over 512 s (28 is 190 bp
    a day), and at the volume that is usual; the unit of time is the window. Without volatility there is no risk, and
    the path is even. A row that follows the volume goes on doing so.
    """

    desk: np.ndarray
    urgency: float = 1.0
    normal: float = 28.0

    def __post_init__(self) -> None:
        not_negative(self.urgency, "urgency")
        positive(self.normal, "normal volatility")

    def decide(self, observations: np.ndarray, actions: np.ndarray) -> None:
        """Fill `actions` from the granted columns; the rate is NaN where one that is read is not finite, or below 0.

        No error: rows that no decision is for may hold anything.
        """
        actions["urgency"], actions["tactic"] = 0.0, int(Tactic.JOIN)
        for i, seen in enumerate(observations):
            actions["rate"][i] = self._rate(self.desk[i], seen)

    def _rate(self, d: np.void, seen: np.ndarray) -> float:
        left, share, sigma, pace = (float(seen[k]) for k in _READ)
        if not all(math.isfinite(number) for number in (left, share, sigma, pace)) or min(sigma, pace) < 0:
            return math.nan
        if left <= 0 or share <= 0:
            return 0.0
        if d["follow"] == Follow.VOLUME:
            return 1.0
        window, interval = int(d["end"] - d["start"]), int(d["interval"])
        bins = max(round(left * window / interval), 1)
        wanted = share * self._part(bins, window / interval, sigma, pace)
        planned = _planned(d["curve"], 1.0 - left, interval / window, share, 1.0 - share)
        return min(wanted / planned, MOST) if planned > 0 else 0.0

    def _part(self, bins: int, slices: float, sigma: float, pace: float) -> float:
        """Return the part of what is left that the optimum trades in the first of `bins` slices."""
        usual = pace or 1.0  # 0: nothing is known of it yet
        whole = max(round(slices), bins, 1)
        aversion = risk_aversion_of(self.urgency, 1.0, whole, Impact(self.normal, eta=1.0))
        etas = np.full(bins, 1.0 / usual)
        return float(1.0 - replan(Remainder(1.0, 1.0 / whole, etas, aversion * sigma**2))[1])


def _planned(curve: np.ndarray, gone: float, step: float, left: float, done: float) -> float:
    """Return the part of the order that a slice of rate 1 is for, from `gone` of the window (`execution.slicing`)."""
    p, q = np.interp([gone, min(gone + step, 1.0)], _GRID, curve)
    if p >= 1.0 or gone + step >= 1.0:
        return left
    lag = max(float(p) - done, 0.0)
    return float((q - p) / (1.0 - p)) * (left - lag) + lag


@dataclass(frozen=True, slots=True)
class PovRung:
    """Trades `repair` of what a `VolumePlan` is behind the volume in every slice, so a backlog melts without a jump."""

    repair: float = 1 / 3

    def __post_init__(self) -> None:
        if not 0 < self.repair <= 1:
            raise InputError("repair of a backlog", expected="above 0, at most 1", got=self.repair)

    def decide(self, observations: np.ndarray, actions: np.ndarray) -> None:  # noqa: ARG002
        """Fill `actions` alike for every row: how far an order is behind the volume, its plan knows."""
        actions["rate"], actions["urgency"], actions["tactic"] = self.repair, 0.0, int(Tactic.JOIN)


class StopRung:
    """Wants nothing more."""

    def decide(self, observations: np.ndarray, actions: np.ndarray) -> None:  # noqa: ARG002
        """Fill `actions` with rate 0."""
        actions["rate"], actions["urgency"], actions["tactic"] = 0.0, 0.0, int(Tactic.JOIN)


@dataclass(slots=True)
class VolumePlan:
    """Lets orders on `desk` (DESK) follow `part` of all volume since their start, and gives them their plans back."""

    desk: np.ndarray
    part: float = 0.1
    _held: np.ndarray = field(init=False)  # rows that follow the volume because of us

    def __post_init__(self) -> None:
        fraction(self.part, "part of the volume")
        self._held = np.zeros(len(self.desk), bool)

    def on(self) -> None:
        """Let every order that follows a curve follow the volume from its next slice on."""
        new = (self.desk["follow"] == Follow.CURVE) & (self.desk["done"] == 0)
        self.desk["follow"][new], self.desk["part"][new] = int(Follow.VOLUME), self.part
        self._held |= new

    def off(self) -> None:
        """Give back the curves; an order whose part somebody has changed meanwhile keeps what it was given."""
        if not self._held.any():
            return
        ours = self._held & (self.desk["follow"] == Follow.VOLUME) & (self.desk["part"] == self.part)
        self.desk["follow"][ours], self.desk["part"][ours] = int(Follow.CURVE), 0.0
        self._held[:] = False
