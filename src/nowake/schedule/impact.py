"""Cost of a trajectory under Almgren-Chriss impact, for any trades: the yardstick of several schedules."""

from dataclasses import dataclass, replace

import numpy as np

from nowake.schedule.checks import finite, not_negative, positive
from nowake.schedule.trajectory import FloatArray, Trajectory

__all__ = ["Impact", "costed", "expected_cost", "variance"]


@dataclass(frozen=True, slots=True)
class Impact:
    """How the market answers, in currency per share: Almgren & Chriss 2000, eq. 5-7.

    `sigma` volatility (currency/share/sqrt time), `gamma` permanent impact (currency/share per share), `eta` temporary
    impact (currency/share per (share/time)^power), `epsilon` fixed cost per share (half spread plus fee), `power` the
    exponent b of h(v) = eta v^b (1: linear).
    """

    sigma: float
    gamma: float = 0.0
    eta: float = 0.0
    epsilon: float = 0.0
    power: float = 1.0

    def __post_init__(self) -> None:
        for name in ("sigma", "gamma", "eta", "epsilon"):
            not_negative(getattr(self, name), name)
        positive(self.power, "impact power")


def expected_cost(holdings: FloatArray, tau: float, impact: Impact, drift: float = 0.0) -> float:
    """Return E = gamma sum x_k n_k + epsilon sum |n_k| + eta tau^-b sum |n_k|^(1+b) - drift tau sum x_k.

    For b = 1 and everything done this is gamma X^2/2 + epsilon X + (eta - gamma tau/2)/tau sum n^2 - ..., Almgren &
    Chriss 2000, eq. 8 and section 4.1. `holdings` (n+1,) evenly spaced by `tau`; `drift` in currency/share/time is
    what holding on to a share earns.
    """
    left, trades = holdings[1:], -np.diff(holdings)
    size = np.abs(trades)
    temporary = impact.eta * tau**-impact.power * np.sum(size ** (1 + impact.power))
    return float(impact.gamma * left @ trades + impact.epsilon * size.sum() + temporary - drift * tau * left.sum())


def variance(holdings: FloatArray, tau: float, impact: Impact) -> float:
    """Return V = sigma^2 tau sum_{k>=1} x_k^2 (Almgren & Chriss 2000, eq. 9)."""
    left = holdings[1:]
    return float(impact.sigma**2 * tau * (left @ left))


def costed(path: Trajectory, impact: Impact, drift: float = 0.0) -> Trajectory:
    """Return `path` (evenly spaced) with its expected cost and variance under `impact`."""
    finite(drift, "drift")
    tau = float(path.times[1] - path.times[0])
    return replace(
        path,
        expected_cost=expected_cost(path.holdings, tau, impact, drift),
        variance=variance(path.holdings, tau, impact),
    )
