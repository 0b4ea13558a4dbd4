"""Cartea-Jaimungal: liquidate with limit orders only; how deep to post, by inventory and time to go.

Market orders arrive at rate lambda and lift an order at depth delta with probability exp(-kappa delta); running penalty
phi q^2, terminal penalty alpha q^2 (Cartea, Jaimungal & Penalva 2015, section 8.2). With h = ln(omega)/kappa the
equation is linear: d omega/d tau = A omega, A_qq = -kappa phi q^2, A_{q,q-1} = lambda/e, omega_q(0) = exp(-kappa
alpha q^2), and

    delta*(tau, q) = [1 + ln(omega_q/omega_{q-1})] / kappa.

phi = 0: omega_q = sum_n (lambda tau/e)^n/n! exp(-kappa alpha (q-n)^2). Else the matrix exponential by uniformisation,
exp(A tau) = sum_k Poisson(k; c tau) (I + A/c)^k: every term is 0 or more, so nothing cancels; logarithms throughout, so
nothing underflows. Depths below 0 mean: take what is there.
"""

import math
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.schedule.checks import not_negative, positive, whole_bins, whole_quantity
from nowake.schedule.trajectory import FloatArray

__all__ = ["MAX_UNITS", "LimitOrders", "depths", "log_values", "market_order_times"]

MAX_UNITS = 2000
_MOST_TERMS = 200_000
_MOST_WORK = 2e8


@dataclass(frozen=True, slots=True)
class LimitOrders:
    """`quantity` Q orders of one unit each to fill in `horizon` T.

    `intensity` lambda of incoming market orders (1/time), `kappa` decay of the fill probability (1/currency), `alpha`
    terminal penalty (currency/unit^2), `phi` running penalty (currency/unit^2/time).
    """

    quantity: int
    horizon: float
    intensity: float
    kappa: float
    alpha: float
    phi: float = 0.0

    def __post_init__(self) -> None:
        if whole_quantity(self.quantity) > MAX_UNITS:
            raise InputError(
                "quantity", expected=f"at most {MAX_UNITS} orders of one unit", got=self.quantity, hint="count in lots"
            )
        positive(self.horizon, "T")
        positive(self.intensity, "intensity")
        positive(self.kappa, "kappa")
        not_negative(self.alpha, "alpha")
        not_negative(self.phi, "phi")
        if self.phi and (self.terms > _MOST_TERMS or self.terms * (self.quantity + 500) > _MOST_WORK):
            raise InputError(
                "running penalty",
                expected=f"kappa*phi*qty^2*T of at most {_MOST_TERMS} (and less for many units)",
                got=f"{self.terms:.3g}",
                hint="count the quantity in larger units",
            )

    @property
    def terms(self) -> float:
        """How many terms the exponential over the horizon takes: (kappa phi Q^2 + lambda/e) T."""
        return (self.kappa * self.phi * self.quantity**2 + self.intensity / math.e) * self.horizon

    @property
    def log_terminal(self) -> FloatArray:
        """Logarithm of omega(0), (Q+1,): -kappa alpha q^2."""
        return -self.kappa * self.alpha * np.arange(self.quantity + 1, dtype=np.float64) ** 2


def _closed_form(problem: LimitOrders, tau: float) -> FloatArray:
    """Return ln omega (Q+1,) for phi = 0: sums of (lambda tau/e)^n/n! against the terminal penalty."""
    steps = np.arange(1, problem.quantity + 1)
    mean = math.log(problem.intensity) + math.log(tau) - 1.0  # logarithms: the product may be too small for a number
    arrivals = np.concatenate(([0.0], np.cumsum(mean - np.log(steps))))
    terminal, out = problem.log_terminal, np.empty(problem.quantity + 1)
    for q in range(problem.quantity + 1):
        out[q] = np.logaddexp.reduce(arrivals[: q + 1] + terminal[q::-1])
    return out


def _evolve(problem: LimitOrders, log_start: FloatArray, tau: float) -> FloatArray:
    """Return ln(exp(A tau) omega) (Q+1,) from ln omega by uniformisation."""
    loss = problem.kappa * problem.phi * np.arange(problem.quantity + 1, dtype=np.float64) ** 2
    fill = problem.intensity / math.e
    clock = float(loss[-1]) + fill
    log_stay, log_fill, mean = np.log((clock - loss) / clock), math.log(fill / clock), clock * tau
    log_mean = math.log(clock) + math.log(tau)
    term, weight = log_start.copy(), -mean
    out = weight + term
    for k in range(1, int(_MOST_TERMS * 4)):
        below = log_fill + term[:-1]
        term = log_stay + term
        term[1:] = np.logaddexp(term[1:], below)
        weight += log_mean - math.log(k)
        out = np.logaddexp(out, weight + term)
        if k > mean + problem.quantity and float(np.max(weight + term - out)) < -42:
            return out
    raise InputError(
        "running penalty", expected="fewer terms", got=f"kappa*phi*qty^2*T = {mean:.3g}"
    )  # pragma: no cover


def log_values(problem: LimitOrders, tau: float) -> FloatArray:
    """Return ln omega_q (Q+1,) for q = 0..Q with `tau` to go (0..horizon)."""
    if not 0 <= tau <= problem.horizon:
        raise InputError("time to go", expected=f"0 to T = {problem.horizon}", got=tau)
    if tau == 0:
        return problem.log_terminal
    return _closed_form(problem, tau) if problem.phi == 0 else _evolve(problem, problem.log_terminal, tau)


def depths(problem: LimitOrders, tau: float | None = None) -> FloatArray:
    """Return delta* (Q,) in currency from the mid for inventories 1..Q, `tau` to go (default: all of the horizon)."""
    logs = log_values(problem, problem.horizon if tau is None else tau)
    return (1 + np.diff(logs)) / problem.kappa


def market_order_times(problem: LimitOrders, half_spread: float, steps: int = 1000) -> FloatArray:
    """Return for inventories 1..Q (Q,) the first time at which a market order beats waiting; nan: never.

    Impulse control (Cartea, Jaimungal & Penalva 2015, section 8.4): a market order costs `half_spread` xi, so
    omega_q >= exp(-kappa xi) omega_{q-1} always, and one is sent where this binds. On a grid of `steps` over the
    horizon, so times are good to T/steps.
    """
    cost = problem.kappa * not_negative(half_spread, "half spread") * np.arange(problem.quantity + 1)
    work = whole_bins(steps) * (problem.quantity + 20) + problem.terms
    if work > _MOST_TERMS:
        raise InputError(
            "market order times", expected=f"steps*qty + lambda*T of at most {_MOST_TERMS}", got=f"{work:.3g}"
        )
    length, first = problem.horizon / steps, np.full(problem.quantity, np.nan)
    logs = problem.log_terminal
    for step in range(steps + 1):
        if step:
            logs = _evolve(problem, logs, length)
        least = np.maximum.accumulate(logs + cost) - cost
        first[(least > logs + 1e-12)[1:]] = problem.horizon - step * length
        logs = least
    found: FloatArray = np.maximum(first, 0.0)
    return found
