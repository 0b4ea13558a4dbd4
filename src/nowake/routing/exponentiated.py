"""Exponentiated gradient over dark pools: Agarwal, Bartlett & Dama 2010, regret O(sqrt T) against any opponent.

w_v <- w_v exp(eta_t g_v) with the supergradient g_v = 1{the pool filled all it was sent}; eta_t = sqrt(ln K / t).
"""

import numpy as np

from nowake.core.errors import InputError
from nowake.routing.allocator import Dither, Units

__all__ = ["Exponentiated"]


class Exponentiated(Dither):
    """`rate` scales the step; `floor` is the least fraction of a pool, so that none is forgotten."""

    def __init__(self, pools: int, *, rate: float = 1.0, floor: float = 0.001) -> None:
        if pools < 1 or rate <= 0 or not 0 <= floor * pools < 1:
            raise InputError(
                "exponentiated gradient",
                expected="pools from 1, rate > 0, floor below 1/pools",
                got=(pools, rate, floor),
            )
        super().__init__(pools)
        self.rate, self.floor = rate, floor
        self.rounds = 0

    def heard(self, sent: Units, filled: Units) -> None:
        """Raise the weight of every pool that filled all it was sent."""
        gradient = self.supergradient(sent, filled)
        self.rounds += 1
        step = self.rate * np.sqrt(np.log(max(len(self.shares), 2)) / self.rounds)
        grown = self.shares * np.exp(step * gradient)
        kept = np.maximum(grown / grown.sum(), self.floor)
        self.shares = kept / kept.sum()
