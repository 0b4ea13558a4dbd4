"""Obizhaeva-Wang: a block, a constant rate, a block, for a book that refills exponentially.

Block-shaped book of depth q (shares per currency unit), resilience rho (1/time), permanent impact lambda_p, K = 1/q
- lambda_p (Obizhaeva & Wang 2013, proposition 3, no risk aversion): x_0 = x_T = X/(rho T + 2), rate rho X/(rho T +
2), at the cost lambda_p X^2/2 + K X^2/(rho T + 2). A constant rate alone costs lambda_p X^2/2 + K X^2 (rho T - 1 +
exp(-rho T))/(rho T)^2.
"""

import math
from dataclasses import dataclass, replace

from nowake.core.errors import InputError
from nowake.schedule.checks import not_negative, positive, whole_quantity
from nowake.schedule.protocol import ScheduleState, round_share
from nowake.schedule.trajectory import Trajectory, along

__all__ = ["Book", "ObizhaevaWang", "constant_rate_cost", "obizhaeva_wang", "saving"]


@dataclass(frozen=True, slots=True)
class Book:
    """`depth` q (shares per currency unit of price), `permanent` lambda_p (currency/share per share), below 1/q."""

    depth: float
    permanent: float = 0.0

    def __post_init__(self) -> None:
        positive(self.depth, "depth")
        not_negative(self.permanent, "permanent impact")
        if self.permanent * self.depth >= 1:
            raise InputError("permanent impact", expected=f"below 1/depth = {1 / self.depth:.6g}", got=self.permanent)

    @property
    def transient(self) -> float:
        """K = 1/q - lambda_p, the impact that decays (currency/share per share)."""
        return 1 / self.depth - self.permanent


def obizhaeva_wang(quantity: int, horizon: float, rho: float, book: Book | None = None) -> Trajectory:
    """Return times (0, 0, T, T), trades (first block, continuous, last block); the cost where there is a `book`."""
    total, length = whole_quantity(quantity), positive(horizon, "T")
    strength = positive(rho, "rho") * length
    block = total / (strength + 2)
    path = along((0.0, 0.0, length, length), (total, total - block, block, 0.0))
    if book is None:
        return path
    return replace(path, expected_cost=book.permanent * total**2 / 2 + book.transient * total**2 / (strength + 2))


def _constant(strength: float) -> float:
    """Return (s - 1 + exp(-s))/s^2, its series near 0."""
    if strength < 1e-4:
        return 0.5 - strength / 6 + strength**2 / 24
    return (strength + math.expm1(-strength)) / strength**2


def constant_rate_cost(quantity: int, horizon: float, rho: float, book: Book) -> float:
    """Return the expected cost (currency) of trading at a constant rate against the same book."""
    total, strength = whole_quantity(quantity), positive(rho, "rho") * positive(horizon, "T")
    return book.permanent * total**2 / 2 + book.transient * total**2 * _constant(strength)


def saving(horizon: float, rho: float) -> float:
    """Return the share of the transient cost that the blocks save against a constant rate: 0.1192 at rho T = 2."""
    strength = positive(rho, "rho") * positive(horizon, "T")
    return 1 - 1 / ((strength + 2) * _constant(strength))


@dataclass(frozen=True, slots=True)
class ObizhaevaWang:
    """For the engine: the first block in the first slice, the last in the last; `resilience` = rho T, dimensionless."""

    resilience: float

    def __post_init__(self) -> None:
        positive(self.resilience, "resilience rho*T")

    def target(self, state: ScheduleState) -> int:
        """Return total (1 + rho t)/(rho T + 2) at the end of the slice, everything in the last."""
        if state.index + 1 >= state.slices:
            return state.total
        done = 1 + self.resilience * (state.index + 1) / state.slices
        return round_share(state.total, done / (self.resilience + 2))
