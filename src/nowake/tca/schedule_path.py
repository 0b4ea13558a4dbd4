"""The schedule that an order was meant to follow, and how far the executed quantity strayed from it."""

from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError

__all__ = ["Deviation", "SchedulePath", "deviation"]


@dataclass(frozen=True, slots=True, eq=False)
class SchedulePath:
    """Cumulative quantity `target` (f8[n]) that should be executed by `times` (i8[n], ns UTC, ascending).

    Linear between the points; two points at one time are a jump (a block); before the first point 0, after the last
    one its value. `low` and `high` (f8[n]) are the band that the engine was allowed to use, where there is one.
    """

    times: np.ndarray
    target: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    def __post_init__(self) -> None:
        n = len(self.times)
        lengths = [len(a) for a in (self.target, self.low, self.high) if a is not None]
        if n < 1 or any(length != n for length in lengths) or np.any(np.diff(self.times) < 0):
            raise InputError(
                "schedule path", expected="ascending times, arrays of one length >= 1", got=f"{n}, {lengths}"
            )

    @classmethod
    def of_slices(cls, times: np.ndarray, target: np.ndarray) -> "SchedulePath":
        """Return the path of a sliced order: `times`, `target` are the ends of the slices (i8[n], shares[n], n >= 2).

        The band is what a slice leaves open: anything between what is due at its start and what is due at its end.
        """
        due = np.asarray(target, float)
        ends = np.repeat(np.asarray(times, np.int64), 2)[1:-1]
        return cls(ends, np.repeat(due, 2)[1:-1], np.repeat(due[:-1], 2), np.repeat(due[1:], 2))

    def at(self, when: np.ndarray, *, left: bool = False) -> np.ndarray:
        """Return the target at the times `when` (ns): after a jump there, or before it (`left`)."""
        times, target = np.asarray(self.times, np.int64), np.asarray(self.target, float)
        k = np.searchsorted(times, when, side="left" if left else "right")
        lo, hi = np.maximum(k - 1, 0), np.minimum(k, len(times) - 1)
        width = np.maximum(times[hi] - times[lo], 1)
        value = target[lo] + (target[hi] - target[lo]) * np.clip((when - times[lo]) / width, 0.0, 1.0)
        return np.where(k == 0, 0.0, value)


@dataclass(frozen=True, slots=True)
class Deviation:
    """Executed less scheduled quantity in % of the order: time-weighted mean and maximum of its absolute value."""

    mean_pct: float
    max_pct: float


def deviation(path: SchedulePath, fills: np.ndarray, quantity: int) -> Deviation:
    """Return how far `fills` (FILL records in time order) strayed from `path`, exact for the piecewise linear target.

    The window is that of the path, longer if fills come after it.
    """
    when = np.unique(np.concatenate([np.asarray(path.times, np.int64), fills["time"]]))
    done = np.concatenate([[0.0], np.cumsum(fills["quantity"], dtype=float)])
    executed = done[np.searchsorted(fills["time"], when, side="right")]
    after = np.abs(executed - path.at(when))
    before = np.abs(np.concatenate([[0.0], executed[:-1]]) - path.at(when, left=True))
    worst = float(max(after.max(), before[1:].max(initial=0.0))) / quantity * 100
    if len(when) < 2:
        return Deviation(worst, worst)
    first, last = executed[:-1] - path.at(when)[:-1], executed[:-1] - path.at(when, left=True)[1:]
    size = np.abs(first) + np.abs(last)
    crossing = (first * last < 0) & (size > 0)
    area = np.where(crossing, (first**2 + last**2) / (2 * np.where(size > 0, size, 1.0)), size / 2)
    width = np.diff(when).astype(float)
    return Deviation(float((area * width).sum() / width.sum()) / quantity * 100, worst)
