"""What every closed form returns: holdings over time, and what they cost."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["FloatArray", "Trajectory", "along"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Holdings of what is left to do, and the trades between them.

    `times` (n+1,) in the caller's unit from 0; `holdings` (n+1,) what is left at these times, first the whole quantity;
    `trades` (n,) = -diff(holdings). A block at one instant repeats its time: before and after. `expected_cost`
    (currency) and `variance` (currency squared) of the cost, `kappa` (1/time) and `half_life` = 1/kappa (time) where
    they apply; `imaginary` says that kappa is that of the branch with sines (risk-seeking).
    """

    times: FloatArray
    holdings: FloatArray
    trades: FloatArray
    expected_cost: float | None = None
    variance: float | None = None
    kappa: float | None = None
    half_life: float | None = None
    imaginary: bool = False

    def __post_init__(self) -> None:
        if not len(self.times) == len(self.holdings) == len(self.trades) + 1:
            raise ValueError(f"{len(self.times)} times, {len(self.holdings)} holdings, {len(self.trades)} trades")
        for array in (self.times, self.holdings, self.trades):
            array.flags.writeable = False


def along(times: ArrayLike, holdings: ArrayLike) -> Trajectory:
    """Return the trajectory through `holdings` (n+1,) at `times` (n+1,), without costs."""
    left = np.array(holdings, dtype=np.float64)
    return Trajectory(np.array(times, dtype=np.float64), left, -np.diff(left))
