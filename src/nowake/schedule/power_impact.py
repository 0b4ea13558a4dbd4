"""Almgren-Chriss with temporary impact h(v) = eta v^b: a convex problem, by Newton's method on a tridiagonal Hessian.

Minimise sum_k [eta tau^-b |n_k|^(1+b) - gamma n_k^2 / 2 - drift tau x_k + lambda sigma^2 tau x_k^2] over x_1..x_{N-1}
(Almgren 2003 has the continuous form). Everything is scaled by X and by the cost of trading all of it in one bin.
"""

from typing import Protocol

import numpy as np

from nowake.core.errors import InputError
from nowake.schedule.impact import Impact
from nowake.schedule.trajectory import FloatArray

__all__ = ["minimise", "solve_tridiagonal"]

_MOST_BINS = 5000
_ROUNDS = 200
_FLOOR = 1e-14


class _Problem(Protocol):
    @property
    def quantity(self) -> int: ...
    @property
    def horizon(self) -> float: ...
    @property
    def bins(self) -> int: ...
    @property
    def impact(self) -> Impact: ...
    @property
    def risk_aversion(self) -> float: ...
    @property
    def drift(self) -> float: ...


class _Scaled:
    """The dimensionless objective over y = x/X: sum |m|^(1+b) - permanent m^2 - drift y + risk y^2, m = -diff(y)."""

    def __init__(self, problem: _Problem) -> None:
        impact, tau, size = problem.impact, problem.horizon / problem.bins, float(problem.quantity)
        unit = impact.eta * tau**-impact.power * size ** (1 + impact.power)
        self.power = impact.power
        self.permanent = impact.gamma * size**2 / 2 / unit
        self.risk = problem.risk_aversion * impact.sigma**2 * tau * size**2 / unit
        self.drift = problem.drift * tau * size / unit
        self._refuse_unless_convex(problem)

    def _refuse_unless_convex(self, problem: _Problem) -> None:
        if self.risk < 0:
            raise InputError("risk aversion with power-law impact", expected="0 or more", got=problem.risk_aversion)
        if not 0.2 <= self.power <= 4:
            raise InputError("impact power", expected="0.2 to 4", got=self.power)
        if problem.bins > _MOST_BINS:
            raise InputError("bins with power-law impact", expected=f"at most {_MOST_BINS}", got=problem.bins)
        if self.permanent and (self.power > 1 or 2 * self.permanent > self.power * (1 + self.power)):
            raise InputError(
                "permanent impact beside power-law temporary impact",
                expected="power of at most 1 and gamma X^2 <= b(1+b) eta tau^-b X^(1+b), so that the problem is convex",
                got=f"power {self.power}, gamma {problem.impact.gamma}",
                hint="more bins, or gamma 0: it adds gamma X^2/2 to any schedule",
            )

    def value(self, y: FloatArray, blunt: float) -> float:
        """Return the objective with |m| blunted to sqrt(m^2 + blunt^2)."""
        trades = -np.diff(y)
        size = trades**2 + blunt**2
        return float(
            np.sum(size ** ((1 + self.power) / 2) - self.permanent * trades**2)
            + np.sum(self.risk * y[1:] ** 2 - self.drift * y[1:])
        )

    def marginal(self, trades: FloatArray, blunt: float) -> FloatArray:
        """Return the cost of one more share in each bin (n,)."""
        paid: FloatArray = (1 + self.power) * trades * (trades**2 + blunt**2) ** ((self.power - 1) / 2)
        paid -= 2 * self.permanent * trades
        return paid

    def curvature(self, trades: FloatArray, blunt: float) -> FloatArray:
        """Return the derivative of `marginal` (n,), kept above 0."""
        size = trades**2 + blunt**2
        bend = (1 + self.power) * size ** ((self.power - 3) / 2) * (blunt**2 + self.power * trades**2)
        floored: FloatArray = np.maximum(bend - 2 * self.permanent, _FLOOR)
        return floored

    def gradient(self, y: FloatArray, blunt: float) -> FloatArray:
        """Return the derivative of `value` by the inner holdings (n-1,)."""
        slope: FloatArray = np.diff(self.marginal(-np.diff(y), blunt)) + 2 * self.risk * y[1:-1] - self.drift
        return slope


def solve_tridiagonal(diagonal: FloatArray, off: FloatArray, right: FloatArray) -> FloatArray:
    """Return the solution (n,) of the symmetric positive definite tridiagonal system (Thomas' elimination).

    `diagonal` (n,), `off` (n-1,) above and below it, `right` (n,).
    """
    pivots, values = diagonal.tolist(), right.tolist()
    for i, link in enumerate(off.tolist()):
        ratio = link / pivots[i]
        pivots[i + 1] -= ratio * link
        values[i + 1] -= ratio * values[i]
    solution = values
    solution[-1] /= pivots[-1]
    for i in range(len(solution) - 2, -1, -1):
        solution[i] = (solution[i] - off[i] * solution[i + 1]) / pivots[i]
    return np.array(solution)


def _newton(problem: _Scaled, y: FloatArray, blunt: float) -> FloatArray:
    """Return the minimum (bins+1,) of the blunted objective from `y`: damped Newton until nothing more is gained."""
    value = problem.value(y, blunt)
    for _ in range(_ROUNDS):
        gradient = problem.gradient(y, blunt)
        bend = problem.curvature(-np.diff(y), blunt)
        step = solve_tridiagonal(bend[:-1] + bend[1:] + 2 * problem.risk, -bend[1:-1], -gradient)
        slope, damping = float(gradient @ step), 1.0
        trial, reached = y, np.inf
        while reached > value + 1e-4 * damping * slope and damping > 1e-12:
            trial = y.copy()
            trial[1:-1] += damping * step
            reached = problem.value(trial, blunt)
            damping /= 2
        if reached < value:
            y, value = trial, reached
        if damping <= 1e-12 or -slope <= 1e-18 * abs(value):
            break
    return y


def minimise(problem: _Problem) -> FloatArray:
    """Return x/X (bins+1,) of the optimum; InputError if not convex or not converged.

    Damped Newton from the straight line. Below b = 1 the cost has a kink-like curvature at zero trades, so |n| is first
    blunted and then sharpened to 1e-10 X in steps. Converged means: the
    marginal costs balance to 1e-3 of the largest (in ordinary cases 1e-7).
    """
    scaled = _Scaled(problem)
    y = np.linspace(1.0, 0.0, problem.bins + 1)
    if problem.bins == 1:
        return y
    widths = 10.0 ** -np.arange(2, 11) if scaled.power < 1 else np.array([1e-12])
    for blunt in widths:
        y = _newton(scaled, y, float(blunt))
    last = float(widths[-1])
    largest = float(np.abs(scaled.marginal(-np.diff(y), last)).max())
    residual = float(np.abs(scaled.gradient(y, last)).max())
    if not residual <= 1e-3 * largest:
        raise InputError(
            "power-law schedule",
            expected="risk and drift that impact can balance (marginal costs equal to 1e-3)",
            got=f"marginal costs that differ by {residual / largest:.1e}" if largest > 0 else "no impact at all",
        )
    return y
