"""Almgren-Chriss: expected cost against variance, in closed form for linear impact.

Minimise E + lambda V over the holdings x_1..x_{N-1} (Almgren & Chriss 2000, section 2). With tau = T/N,
eta~ = eta - gamma tau/2 and kappa~^2 = lambda sigma^2 / eta~ the optimum solves

    (x_{k-1} - 2 x_k + x_{k+1}) / tau^2 = kappa~^2 x_k - drift/(2 eta~)

so that, with cosh(kappa tau) = 1 + kappa~^2 tau^2 / 2,

    x(t) = X sinh kappa(T-t)/sinh kappa T + xbar [1 - (sinh kappa(T-t) + sinh kappa t)/sinh kappa T],

xbar = drift/(2 lambda sigma^2) the static holding (section 4.1). Risk aversion below 0 makes kappa imaginary: sines
instead of hyperbolic sines, a minimum only while kappa T < pi (beyond, the form is indefinite and the cost unbounded
below: refused). eta~ <= 0 is refused too: then splitting a trade inside one bin saves nothing and the optimum would
buy and sell in turns. Power-law impact h(v) = eta v^b is minimised numerically in `power_impact`.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from nowake.core.errors import InputError
from nowake.schedule.checks import finite, not_negative, positive, whole_bins, whole_quantity
from nowake.schedule.impact import Impact, costed
from nowake.schedule.power_impact import minimise
from nowake.schedule.protocol import ScheduleState, round_share
from nowake.schedule.trajectory import FloatArray, Trajectory, along

__all__ = ["AlmgrenChriss", "Liquidation", "Urgency", "half_impact", "risk_aversion_of", "solve"]


@dataclass(frozen=True, slots=True)
class Liquidation:
    """The problem: `quantity` X shares over `horizon` T in `bins` N, under `impact`.

    `risk_aversion` lambda in 1/currency. `drift` in currency/share/time: what holding on to a share earns, so positive
    for a sell in a rising market and for a buy in a falling one.
    """

    quantity: int
    horizon: float
    bins: int
    impact: Impact
    risk_aversion: float = 0.0
    drift: float = 0.0

    def __post_init__(self) -> None:
        whole_quantity(self.quantity)
        whole_bins(self.bins)
        positive(self.horizon, "T")
        positive(self.impact.eta, "eta")
        finite(self.risk_aversion, "risk aversion")
        finite(self.drift, "drift")
        if self.impact.power == 1:
            half_impact(self.impact, self.horizon / self.bins)

    @property
    def tau(self) -> float:
        """Length of a bin."""
        return self.horizon / self.bins


def half_impact(impact: Impact, tau: float) -> float:
    """Return eta~ = eta - gamma tau/2; InputError unless above 0."""
    eta = impact.eta - impact.gamma * tau / 2
    if eta <= 0:
        raise InputError(
            "temporary impact net of half a bin's permanent impact",
            expected="eta - gamma*T/(2*bins) above 0",
            got=eta,
            hint="more bins make it larger",
        )
    return eta


def _rate(problem: Liquidation) -> tuple[float, bool]:
    """Return (kappa, imaginary) from sinh(kappa tau/2) = kappa~ tau/2; InputError where there is no minimum."""
    tau = problem.tau
    square = problem.risk_aversion * problem.impact.sigma**2 / half_impact(problem.impact, tau)
    half = math.sqrt(abs(square)) * tau / 2
    if square >= 0:
        return 2 * math.asinh(half) / tau, False
    kappa = 2 * math.asin(half) / tau if half < 1 else math.inf
    if not kappa * problem.horizon < math.pi * (1 - 1e-9):
        raise InputError(
            "risk aversion below 0",
            expected="|kappa| T below pi (beyond it the cost has no minimum)",
            got=f"{problem.risk_aversion}, |kappa| T = {kappa * problem.horizon:.6g}",
        )
    return kappa, True


def _decay(a: FloatArray, whole: float) -> FloatArray:
    """Return sinh(a)/sinh(whole) without overflow; a/whole is the caller's business at whole = 0."""
    return np.exp(a - whole) * np.expm1(-2 * a) / math.expm1(-2 * whole)


def remaining(t: FloatArray, kappa: float, *, imaginary: bool = False) -> FloatArray:
    """Return x(t)/X at `t` (n,) in 0..1 for kappa in units of 1/T, no drift: sinh kappa(1-t)/sinh kappa."""
    if kappa < 1e-12:
        return 1 - t
    if imaginary:
        return np.sin(kappa * (1 - t)) / math.sin(kappa)
    return _decay(kappa * (1 - t), kappa)


def _static(problem: Liquidation, t: FloatArray, kappa: float, *, imaginary: bool) -> FloatArray:
    """Return the holdings (n,) at `t` that the drift adds: xbar [1 - (sinh + sinh)/sinh], its limit at kappa = 0."""
    eta, left = half_impact(problem.impact, problem.tau), problem.horizon - t
    if kappa * problem.horizon < 1e-9:
        return problem.drift / (4 * eta) * t * left
    static = problem.drift / (2 * problem.risk_aversion * problem.impact.sigma**2)
    if imaginary:
        return -2 * static * np.sin(kappa * left / 2) * np.sin(kappa * t / 2) / math.cos(kappa * problem.horizon / 2)
    parts = np.expm1(-kappa * left) * np.expm1(-kappa * t)
    return static * parts / (1 + math.exp(-kappa * problem.horizon))


def solve(problem: Liquidation) -> Trajectory:
    """Return the optimal trajectory with its cost and variance; trades change sign where a strong drift pays for it."""
    times = np.linspace(0.0, problem.horizon, problem.bins + 1)
    if problem.impact.power != 1:
        path = along(times, problem.quantity * minimise(problem))
        return costed(path, problem.impact, problem.drift)
    kappa, imaginary = _rate(problem)
    left = problem.quantity * remaining(times / problem.horizon, kappa * problem.horizon, imaginary=imaginary)
    if problem.drift:
        left = left + _static(problem, times, kappa, imaginary=imaginary)
    left[0], left[-1] = problem.quantity, 0.0
    path = costed(along(times, left), problem.impact, problem.drift)
    half_life = None if imaginary or kappa == 0 else 1 / kappa
    return replace(path, kappa=kappa, half_life=half_life, imaginary=imaginary)


def risk_aversion_of(urgency: float, horizon: float, bins: int, impact: Impact) -> float:
    """Return the lambda that gives kappa T = `urgency`: (2 sinh(kappa tau/2)/tau)^2 eta~ / sigma^2 (1/currency)."""
    tau = positive(horizon, "T") / whole_bins(bins)
    if not_negative(urgency, "urgency") == 0:
        return 0.0
    if urgency / bins > 1400:
        raise InputError("urgency", expected="kappa*T/bins of at most 1400", got=urgency / bins)
    root = 2 * math.sinh(urgency / bins / 2) / tau
    return root**2 * half_impact(impact, tau) / positive(impact.sigma, "sigma") ** 2


@dataclass(frozen=True, slots=True)
class Urgency:
    """Almgren-Chriss by its one dimensionless number, kappa T: 0 is TWAP, 1 mild, 6 nearly everything at once."""

    urgency: float

    def __post_init__(self) -> None:
        not_negative(self.urgency, "urgency")

    def target(self, state: ScheduleState) -> int:
        """Return total (1 - sinh kappa(T-t)/sinh kappa T) at the end of the slice."""
        t = np.array([(state.index + 1) / state.slices])
        return round_share(state.total, float(1 - remaining(t, self.urgency)[0]))


@dataclass(frozen=True, slots=True)
class AlmgrenChriss:
    """Almgren-Chriss by its parameters; slices are its bins, the quantity is the parent's.

    `horizon` is the order's window in the time unit of `impact`. Where a drift or a negative risk aversion would trade
    against the parent, the target waits instead (running maximum, never outside 0..total).
    """

    horizon: float
    impact: Impact
    risk_aversion: float = 0.0
    drift: float = 0.0

    def __post_init__(self) -> None:
        positive(self.horizon, "T")
        positive(self.impact.eta, "eta")

    def target(self, state: ScheduleState) -> int:
        """Return the cumulative optimum at the end of the slice, rounded; InputError where there is no optimum."""
        return _targets(self, state.total, state.slices)[state.index]


@lru_cache(maxsize=64)
def _targets(shape: AlmgrenChriss, total: int, slices: int) -> tuple[int, ...]:
    path = solve(Liquidation(total, shape.horizon, slices, shape.impact, shape.risk_aversion, shape.drift))
    done = np.clip(np.maximum.accumulate(total - path.holdings[1:]), 0, total)
    return tuple(int(q) for q in np.floor(done + 0.5))
