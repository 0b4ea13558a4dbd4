"""Pre-trade cost: what a parent order will cost before it starts, from two published laws.

Almgren, Thum, Hauptmann & Li 2005 ("Direct estimation of equity market impact", Citigroup US orders): permanent
I = gamma sigma (X/V) (Theta/V)^(1/4), temporary eta sigma |X/(V T)|^0.6, mean cost J = I/2 + temporary, gamma =
0.314 +- 0.041, eta = 0.142 +- 0.0062. Square root: s/2 + (2/3) Y sigma sqrt(X/V), the mean along a square-root path.
Quantiles add the timing risk of an even schedule, sigma sqrt(T/3), taken as normal.
"""

import math
from dataclasses import dataclass

from nowake.core.errors import InputError
from nowake.schedule.checks import finite, not_negative, positive, whole_quantity

__all__ = [
    "ETA", "GAMMA", "RATE_POWER", "TURNOVER_POWER", "Almgren2005", "Estimate", "SquareRoot", "almgren2005",
    "square_root",
]  # fmt: skip

GAMMA, ETA = 0.314, 0.142  # Almgren et al. 2005, permanent and temporary
TURNOVER_POWER, RATE_POWER = 0.25, 0.6

_BPS = 1e4
_Z90 = 1.2815515655446004
_Z975 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Estimate:
    """Cost in bp of the arrival price, positive = cost: mean, quantiles over outcomes, and its parts by name."""

    mean_bps: float
    q10_bps: float
    q50_bps: float
    q90_bps: float
    risk_bps: float
    parts: dict[str, float]
    mean_bps_ci: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Almgren2005:
    """`quantity`, `adv` and `shares_outstanding` in shares, daily `sigma` (0.02: 2 %), `days` T of trading days."""

    quantity: int
    adv: float
    shares_outstanding: float
    sigma: float
    days: float

    def __post_init__(self) -> None:
        whole_quantity(self.quantity)
        positive(self.adv, "adv")
        positive(self.shares_outstanding, "shares outstanding")
        positive(self.sigma, "sigma")
        positive(self.days, "T")


@dataclass(frozen=True, slots=True)
class SquareRoot:
    """`quantity`, `adv` shares, daily `sigma`, `days` T, `spread_bps`, `prefactor` Y, and (rho/rho_0)^`rate_power`.

    rho = X/(V T) is the order's rate against the average day's, rho_0 = 0.1; `rate_power` 0 (none) to 0.1.
    """

    quantity: int
    adv: float
    sigma: float
    days: float
    spread_bps: float = 0.0
    prefactor: float = 1.0
    rate_power: float = 0.0

    def __post_init__(self) -> None:
        whole_quantity(self.quantity)
        positive(self.adv, "adv")
        positive(self.sigma, "sigma")
        positive(self.days, "T")
        not_negative(self.spread_bps, "spread")
        positive(self.prefactor, "prefactor Y")
        if not 0 <= finite(self.rate_power, "rate power") <= 0.1:
            raise InputError("rate power", expected="0 to 0.1", got=self.rate_power)


def _estimate(mean: float, sigma: float, days: float, parts: dict[str, float], error: float | None = None) -> Estimate:
    risk = sigma * math.sqrt(days / 3) * _BPS
    interval = None if error is None else (mean - _Z975 * error, mean + _Z975 * error)
    return Estimate(mean, mean - _Z90 * risk, mean, mean + _Z90 * risk, risk, parts, interval)


def almgren2005(order: Almgren2005) -> Estimate:
    """Return the cost by Almgren et al. 2005; parts: `permanent_bps` (I, half of it is paid) and `temporary_bps`.

    The interval of the mean is that of the two fitted coefficients, not of outcomes.
    """
    day = order.quantity / order.adv
    permanent = GAMMA * order.sigma * day * (order.shares_outstanding / order.adv) ** TURNOVER_POWER * _BPS
    temporary = ETA * order.sigma * (day / order.days) ** RATE_POWER * _BPS
    error = math.hypot(permanent / 2 * 0.041 / GAMMA, temporary * 0.0062 / ETA)
    parts = {"permanent_bps": permanent, "temporary_bps": temporary}
    return _estimate(permanent / 2 + temporary, order.sigma, order.days, parts, error)


def square_root(order: SquareRoot) -> Estimate:
    """Return the cost by the square-root law; parts: `spread_bps` (half of it), `impact_bps` (paid), `peak_bps`."""
    day = order.quantity / order.adv
    peak = order.prefactor * order.sigma * math.sqrt(day) * (day / order.days / 0.1) ** order.rate_power * _BPS
    parts = {"spread_bps": order.spread_bps / 2, "impact_bps": peak * 2 / 3, "peak_bps": peak}
    return _estimate(order.spread_bps / 2 + peak * 2 / 3, order.sigma, order.days, parts)
