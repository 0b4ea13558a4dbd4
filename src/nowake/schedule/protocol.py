"""The seam between a schedule and the parent engine: a state in, a cumulative whole quantity out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nowake.schedule.checks import shares_of

__all__ = ["Schedule", "ScheduleState", "apportion", "cumulative", "round_share"]


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """What a schedule may look at.

    `now`, `start`, `end` ns UTC. `total` and `filled` whole quantities of the parent, `filled_before` what was
    filled when the current slice began. `index` of the current slice from 0, `slices` how many. `market_volume` is
    what *others* traded since `start` (own fills excluded), and `volumes` the same for each finished slice (`index`
    of them).
    """

    now: int
    start: int
    end: int
    total: int
    filled: int
    filled_before: int
    index: int
    slices: int
    market_volume: int = 0
    volumes: tuple[int, ...] = ()


class Schedule(Protocol):
    """How much of a parent should be done by the end of the current slice."""

    def target(self, state: ScheduleState) -> int:
        """Return the cumulative quantity due by the end of slice `state.index`: whole, 0..total, total in the last.

        Pure: the same state gives the same answer. Schedules that follow the market (POV) may stay below total.
        """


def round_share(total: int, share: float) -> int:
    """Return total * share rounded half up, inside 0..total."""
    return min(total, max(0, int(np.floor(total * share + 0.5))))


def cumulative(total: int, shares: Sequence[float] | NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the whole cumulative quantities (n,) along `shares` (n,), the last exactly `total`.

    Each is the exact cumulative rounded half up, so rounding never drifts: a trade is within 1 of its exact size.
    Bins of share 0 after the last trading bin get nothing.
    """
    weights = shares_of(shares, "shares of the quantity")
    edges = np.cumsum(weights)
    edges[np.flatnonzero(weights)[-1] :] = 1.0
    return np.minimum(np.floor(total * edges + 0.5).astype(np.int64), total)


def apportion(total: int, shares: Sequence[float] | NDArray[np.float64]) -> NDArray[np.int64]:
    """Return whole quantities (n,) in proportion to `shares` (n,), 0 or more, that sum to `total` exactly."""
    return np.diff(cumulative(total, shares), prepend=0)
