"""Adaptive Almgren-Chriss: the optimum of what is left, solved anew in each slice with what is known by then.

With x_0 shares left, bins k = 1..n of length tau, volatility sigma, expected volumes v_k and drift alpha, minimise

    sum_k (eta~_k/tau) (x_{k-1} - x_k)^2 + lambda tau sigma^2 sum_k x_k^2 - alpha tau sum_k x_k,     x_n = 0,

(Almgren & Chriss 2000, eq. 8-9 and section 4.1) where temporary impact falls with volume: eta_k = eta vbar/v_k, vbar
the average volume of a bin for which eta was estimated; eta~_k = eta_k - gamma tau/2. Its stationarity is a tridiagonal
system. lambda = 0 gives VWAP, equal volumes give the closed form of `almgren_chriss`, and with estimates that stay the
same the re-planned path is the first one.

Aggressive in the money (after Almgren & Lorenz 2007, "Adaptive arrival price"): risk aversion grows with what the price
has gained for the shares that are left, lambda = lambda_0 exp(a z), z the gain per share in standard deviations of the
price over the whole window, held to +-3. The exponential is a choice: it is 1 without gain and never below 0.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.schedule.almgren_chriss import risk_aversion_of
from nowake.schedule.checks import finite, not_negative, positive
from nowake.schedule.impact import Impact
from nowake.schedule.protocol import ScheduleState, round_share
from nowake.schedule.trajectory import FloatArray

__all__ = ["Adaptive", "AdaptiveUrgency", "Estimate", "Estimator", "Remainder", "replan"]

_MOST_GAIN = 3.0
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is known when a slice begins.

    `volumes` expected of others in this slice and each later one, any unit in which the average slice of a normal day
    is `normal` (None: the mean of `volumes`, so that only their shape counts). `sigma` volatility in currency/share/
    sqrt(time). `drift` in currency/share/time: what holding on to a share earns. `gain` in currency/share: by how much
    the price has become better than at the arrival for what is left, below 0 worse.
    """

    volumes: Sequence[float]
    sigma: float
    drift: float = 0.0
    gain: float = 0.0
    normal: float | None = None


Estimator = Callable[[ScheduleState], Estimate]
"""What is known now, given what has been seen; `volumes` for slices ``state.index .. state.slices - 1``."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is left to solve: `quantity` over bins of length `tau` with temporary impact `etas` (n,) each, net.

    `pull` = lambda sigma^2 (currency/share^2/time), `drift` in currency/share/time.
    """

    quantity: float
    tau: float
    etas: FloatArray
    pull: float = 0.0
    drift: float = 0.0


def replan(left: Remainder) -> FloatArray:
    """Return the holdings (n + 1,) from `left.quantity` to 0 that minimise cost plus risk; linear time.

    Stationarity in x_k: (c_k + c_{k+1} + pull tau) x_k - c_k x_{k-1} - c_{k+1} x_{k+1} = drift tau/2, c_k = eta~_k/tau.
    Solved by elimination from the end (the matrix is diagonally dominant).
    """
    c = left.etas / left.tau
    n = len(c)
    keep, add = np.zeros(n), np.zeros(n)  # x_k = keep_k x_{k-1} + add_k
    for k in range(n - 2, -1, -1):
        weight = c[k] + c[k + 1] * (1 - keep[k + 1]) + left.pull * left.tau
        keep[k] = c[k] / weight
        add[k] = (c[k + 1] * add[k + 1] + left.drift * left.tau / 2) / weight
    holdings = np.empty(n + 1)
    holdings[0] = left.quantity
    for k in range(n):
        holdings[k + 1] = keep[k] * holdings[k] + add[k]
    return holdings


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Re-planned Almgren-Chriss by its parameters; slices are its bins, the quantity is the parent's.

    `horizon` of the whole order and `impact` (linear; `impact.sigma` is not used) in the units of the estimates,
    `risk_aversion` lambda_0 in 1/currency, `aggression` a of exp(a z), 0 for none. What a drift would trade against the
    parent waits instead, and no slice trades more than what is left.
    """

    horizon: float
    impact: Impact
    risk_aversion: float
    estimate: Estimator
    aggression: float = 0.0

    def __post_init__(self) -> None:
        positive(self.horizon, "T")
        positive(self.impact.eta, "eta")
        not_negative(self.risk_aversion, "risk aversion")
        not_negative(self.aggression, "aggression")
        if self.impact.power != 1:
            raise InputError("impact power", expected="1: re-planning is linear", got=self.impact.power)

    def target(self, state: ScheduleState) -> int:
        """Return what was filled when the slice began plus the first trade of the new optimum.

        InputError where an estimate is missing or not finite: a schedule that needs it cannot go on without.
        """
        if state.index + 1 >= state.slices:
            return state.total
        left = state.total - state.filled_before
        if left <= 0:
            return min(state.total, state.filled_before)
        seen = self.estimate(state)
        tau = self.horizon / state.slices
        etas = _etas(self.impact, tau, seen, state.slices - state.index)
        pull = self._aversion(seen) * positive(seen.sigma, "volatility") ** 2
        path = replan(Remainder(1.0, tau, etas, pull, finite(seen.drift, "drift") / left))
        return state.filled_before + round_share(left, float(1 - path[1]))

    def _aversion(self, seen: Estimate) -> float:
        """Return lambda_0 exp(a z)."""
        z = finite(seen.gain, "gain") / (positive(seen.sigma, "volatility") * math.sqrt(self.horizon))
        return self.risk_aversion * math.exp(self.aggression * min(max(z, -_MOST_GAIN), _MOST_GAIN))


def _etas(impact: Impact, tau: float, seen: Estimate, wanted: int) -> FloatArray:
    """Return eta~ (wanted,) of the bins that are left; InputError on a bad forecast or if one is not above 0."""
    volumes = np.asarray(seen.volumes, dtype=np.float64)
    if volumes.shape != (wanted,):
        raise InputError("volume forecast", expected=f"{wanted} remaining slices", got=f"shape {volumes.shape}")
    bad = np.flatnonzero(~np.isfinite(volumes) | (volumes < 0))
    if bad.size or not volumes.sum() > 0:
        got = f"{volumes[bad[0]]} in slice {bad[0] + 1}" if bad.size else "no volume at all"
        raise InputError("volume forecast", expected="finite numbers of 0 or more, not all 0", got=got)
    normal = positive(float(volumes.mean()) if seen.normal is None else seen.normal, "normal volume of a slice")
    etas: FloatArray = impact.eta * normal / np.maximum(volumes, _TINY * volumes.max()) - impact.gamma * tau / 2
    if etas.min() <= 0:
        raise InputError(
            "temporary impact net of half a slice's permanent impact",
            expected="eta*normal/volume - gamma*T/(2*slices) above 0",
            got=float(etas.min()),
            hint="more slices make it larger",
        )
    return etas


@dataclass(frozen=True, slots=True)
class AdaptiveUrgency:
    """The same where no impact has been estimated: `urgency` kappa T (0 VWAP, 1 mild, 6 nearly at once).

    It holds at the volatility `sigma` and at the volumes of a normal day; when volatility doubles, kappa about doubles,
    when liquidity halves, it falls to about 0.7. The unit of time of the estimates is the order's window; a drift needs
    an impact to be weighed against, so use `Adaptive` for one.
    """

    urgency: float
    sigma: float
    estimate: Estimator
    aggression: float = 0.0

    def __post_init__(self) -> None:
        not_negative(self.urgency, "urgency")
        positive(self.sigma, "volatility")
        not_negative(self.aggression, "aggression")

    def target(self, state: ScheduleState) -> int:
        """Return what was filled when the slice began plus the first trade of the new optimum."""
        impact = Impact(self.sigma, eta=1.0)
        aversion = risk_aversion_of(self.urgency, 1.0, state.slices, impact)
        return Adaptive(1.0, impact, aversion, self._without_drift, self.aggression).target(state)

    def _without_drift(self, state: ScheduleState) -> Estimate:
        seen = self.estimate(state)
        if seen.drift:
            raise InputError("drift", expected="0: without an impact it has no weight", got=seen.drift)
        return seen
