"""Fractions of a volume over dark pools by stochastic approximation: Laruelle, Lehalle & Pages 2011.

Maximise sum_v rho_v E min(r_v V, D_v) over the simplex: every pool that filled all it was sent gets more,
r <- project[r + gamma_n (rho_v 1{r_v V < D_v} - mean)], gamma_n = c / n^power, or c constant where pools change.
"""

from collections.abc import Sequence

import numpy as np

from nowake.core.errors import InputError
from nowake.routing.allocator import Dither, Units
from nowake.routing.cont_kukanov import onto_simplex

__all__ = ["Fractions"]


class Fractions(Dither):
    """`rebates`: what a share gains in each pool (rho); `step` c; `power` below 1 converges, 0 tracks."""

    def __init__(
        self, pools: int, *, rebates: Sequence[float] | None = None, step: float = 0.5, power: float = 0.7
    ) -> None:
        gains = np.ones(pools) if rebates is None else np.asarray(rebates, dtype=np.float64)
        if pools < 1 or len(gains) != pools or not np.all(gains > 0) or step <= 0 or not 0 <= power <= 1:
            raise InputError(
                "fractions",
                expected="pools from 1, a gain above 0 each, step > 0, power in 0..1",
                got=(pools, gains.tolist(), step, power),
            )
        super().__init__(pools)
        self.gains, self.step, self.power = gains / gains.max(), step, power
        self.rounds = 0

    def heard(self, sent: Units, filled: Units) -> None:
        """Move the fractions towards the pools that filled all they were sent."""
        more = self.gains * self.supergradient(sent, filled)
        self.rounds += 1
        moved = self.shares + self.step / self.rounds**self.power * (more - more.mean())
        self.shares = onto_simplex(moved, 1.0)
