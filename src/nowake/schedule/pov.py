"""POV: a constant fraction of the volume, own trades included."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.schedule.checks import MAX_BINS, finite, fraction, positive, whole_quantity
from nowake.schedule.protocol import ScheduleState
from nowake.schedule.trajectory import FloatArray, Trajectory, along

__all__ = ["Pov", "pov"]


@dataclass(frozen=True, slots=True)
class Pov:
    """Own = rate/(1 - rate) x others' volume, so that own/(own + others) = `rate`.

    `clamp` (0.2: +-20 %) bounds what one slice may do to repair a deviation, relative to the slice's own pace, that is
    rate/(1 - rate) x others' volume: when ahead it still trades (1 - clamp) of the pace of the volume that this
    slice has printed; when behind it trades at most (1 + clamp) of the pace of this slice or of the last one,
    whichever is larger (the last one, because a slice that has just begun has printed nothing). It follows prints,
    it never leads them, and it need not finish.
    """

    rate: float
    clamp: float = 0.2

    def __post_init__(self) -> None:
        fraction(self.rate, "participation")
        if not 0 <= finite(self.clamp, "catch-up clamp") <= 1:
            raise InputError("catch-up clamp", expected="0 to 1", got=self.clamp)

    def target(self, state: ScheduleState) -> int:
        """Return what was filled when the slice began plus the clamped deviation from the printed volume's share."""
        ratio = self.rate / (1 - self.rate)
        printed = state.market_volume - sum(state.volumes)
        busiest = max(printed, state.volumes[-1] if state.volumes else 0)
        gap = ratio * state.market_volume - state.filled_before
        due = min(max(gap, (1 - self.clamp) * ratio * printed), (1 + self.clamp) * ratio * busiest)
        return min(state.total, state.filled_before + int(due + 0.5))


def pov(
    quantity: int, participation: float, volumes: Sequence[float] | FloatArray, horizon: float | None = None
) -> Trajectory:
    """Return whole trades of `participation` in each bin for others' `volumes` (bins,) known beforehand.

    n_j = rate/(1 - rate) V_j by cumulative rounding, until `quantity` is done; the last holding is what the volume did
    not suffice for. No catch-up is needed when the volume is known. `horizon` defaults to the number of bins.
    """
    total, rate = whole_quantity(quantity), fraction(participation, "participation")
    seen = np.asarray(volumes, dtype=np.float64)
    if seen.ndim != 1 or not 0 < seen.size <= MAX_BINS:
        raise InputError("volumes", expected=f"one number per bin, 1 to {MAX_BINS} bins", got=f"shape {seen.shape}")
    bad = np.flatnonzero(~np.isfinite(seen) | (seen < 0))
    if bad.size:
        raise InputError("volumes", expected="finite numbers of 0 or more", got=f"{seen[bad[0]]} in bin {bad[0] + 1}")
    done = np.minimum(np.floor(rate / (1 - rate) * np.cumsum(seen) + 0.5), total)
    length = positive(float(seen.size) if horizon is None else horizon, "T")
    return along(np.linspace(0.0, length, seen.size + 1), total - np.concatenate(([0.0], done)))
