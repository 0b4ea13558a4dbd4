"""Alfonsi-Fruth-Schied: optimal discrete trades against transient impact, in closed form and for any decaying kernel.

N+1 trades at t_i = i tau, tau = T/N, exponential resilience rho, a = exp(-rho tau) (Alfonsi, Fruth & Schied 2010,
block-shaped book): xi_0 = xi_N = X/((N-1)(1-a) + 2), xi_i = xi_0 (1-a) between. For any kernel G(t) of decaying
impact the cost is xi' Gamma xi / 2 with Gamma_ij = G(|t_i - t_j|), least at xi = X Gamma^-1 1 / (1' Gamma^-1 1).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from nowake.core.errors import InputError
from nowake.schedule.checks import positive, whole_bins, whole_quantity
from nowake.schedule.protocol import ScheduleState, round_share
from nowake.schedule.trajectory import FloatArray, Trajectory, along

__all__ = ["AlfonsiFruthSchied", "afs", "afs_trades", "kernel_cost", "kernel_trades"]


def afs_trades(quantity: float, bins: int, decay: float) -> FloatArray:
    """Return the trades (bins+1,) for `decay` = rho tau, the resilience during one bin."""
    lost = -math.expm1(-positive(decay, "rho*tau"))
    block = quantity / ((bins - 1) * lost + 2)
    trades = np.full(bins + 1, block * lost)
    trades[[0, -1]] = block
    return trades


def afs(quantity: int, horizon: float, bins: int, rho: float, depth: float | None = None) -> Trajectory:
    """Return the bins+1 trades at 0, tau, ..., T; times (bins+2,) begin with 0 twice: before and after the first block.

    With `depth` (shares per currency unit) also the expected cost X^2 (1+a) / (2 depth ((N-1)(1-a) + 2)) in currency.
    """
    total, count, length = whole_quantity(quantity), whole_bins(bins), positive(horizon, "T")
    decay = positive(rho, "rho") * length / count
    trades = afs_trades(total, count, decay)
    left = total - np.concatenate(([0.0], np.cumsum(trades)))
    left[-1] = 0.0
    path = along(np.concatenate(([0.0], np.linspace(0.0, length, count + 1))), left)
    if depth is None:
        return path
    lost = -math.expm1(-decay)
    return replace(
        path, expected_cost=total**2 * (2 - lost) / (2 * positive(depth, "depth") * ((count - 1) * lost + 2))
    )


def _gram(times: ArrayLike, kernel: Callable[[FloatArray], FloatArray]) -> FloatArray:
    t = np.asarray(times, dtype=np.float64)
    if t.ndim != 1 or t.size == 0 or np.any(np.diff(t) <= 0):
        raise InputError("trading times", expected="at least one, increasing", got=f"shape {t.shape}")
    return np.asarray(kernel(np.abs(t[:, None] - t[None, :])), dtype=np.float64)


def kernel_trades(quantity: float, times: ArrayLike, kernel: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return the optimal trades (n,) at `times` (n,) for impact that decays as `kernel`, a function of elapsed time.

    InputError unless the kernel is positive definite at these times (else round trips would earn money). A kernel
    that is not convex may ask for trades of both signs (Gatheral, Schied & Slynko 2012).
    """
    gram = _gram(times, kernel)
    try:
        root = np.linalg.cholesky(gram)
    except np.linalg.LinAlgError as error:
        least = float(np.linalg.eigvalsh(gram)[0])
        raise InputError("impact kernel", expected="positive definite", got=f"an eigenvalue of {least:.3g}") from error
    weights = np.linalg.solve(root.T, np.linalg.solve(root, np.ones(len(gram))))
    trades: FloatArray = quantity * weights / weights.sum()
    return trades


def kernel_cost(trades: FloatArray, times: ArrayLike, kernel: Callable[[FloatArray], FloatArray]) -> float:
    """Return xi' Gamma xi / 2, the expected impact cost (currency) of `trades` (n,) at `times` (n,)."""
    return float(trades @ _gram(times, kernel) @ trades / 2)


@dataclass(frozen=True, slots=True)
class AlfonsiFruthSchied:
    """For the engine: one trade per slice, evenly spaced over the window; `resilience` = rho T, dimensionless."""

    resilience: float

    def __post_init__(self) -> None:
        positive(self.resilience, "resilience rho*T")

    def target(self, state: ScheduleState) -> int:
        """Return the trades of slices 0..index: xi_0 (1 + index (1-a)) of the total, everything in the last."""
        if state.index + 1 >= state.slices:
            return state.total
        bins = state.slices - 1
        lost = -math.expm1(-self.resilience / bins)
        return round_share(state.total, (1 + state.index * lost) / ((bins - 1) * lost + 2))
