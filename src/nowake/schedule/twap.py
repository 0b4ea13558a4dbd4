"""TWAP: the same quantity in every bin."""

from dataclasses import dataclass

import numpy as np

from nowake.schedule.checks import positive, whole_bins, whole_quantity
from nowake.schedule.protocol import ScheduleState
from nowake.schedule.trajectory import Trajectory, along

__all__ = ["Twap", "twap"]


@dataclass(frozen=True, slots=True)
class Twap:
    """Straight line from nothing to everything."""

    def target(self, state: ScheduleState) -> int:
        """Return total (index + 1)/slices rounded half up, in whole numbers throughout."""
        return (2 * state.total * (state.index + 1) + state.slices) // (2 * state.slices)


def twap(quantity: int, horizon: float, bins: int) -> Trajectory:
    """Return n_j = X/N in whole shares (cumulative rounding), `bins` of equal length over `horizon`."""
    total, count = whole_quantity(quantity), whole_bins(bins)
    times = np.linspace(0.0, positive(horizon, "T"), count + 1)
    done = (2 * total * np.arange(count + 1, dtype=np.int64) + count) // (2 * count)
    return along(times, total - done)
