"""Simulated censored pools: contra sizes that nobody sees, fills that everybody who sent an order does.

Sizes follow the family that Ganchev et al. 2010 fitted to data: nothing with probability `zero`, else P(s) ~
s^-tail.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nowake.core.errors import InputError
from nowake.core.streams import generator
from nowake.routing.greedy import Allocation, greedy

__all__ = ["CensoredPools", "PoolLaw"]


@dataclass(frozen=True, slots=True)
class PoolLaw:
    """The law of a pool's contra size: 0 with probability `zero`, else a power law on 1..`largest` units."""

    zero: float
    tail: float
    largest: int

    def __post_init__(self) -> None:
        if not 0 <= self.zero <= 1 or self.largest < 1:
            raise InputError("pool law", expected="zero in 0..1, largest from 1", got=(self.zero, self.largest))

    def masses(self) -> NDArray[np.float64]:
        """Return P(S = 0..largest)."""
        weights = np.arange(1, self.largest + 1, dtype=np.float64) ** -self.tail
        return np.concatenate([[self.zero], (1 - self.zero) * weights / weights.sum()])


class CensoredPools:
    """Draws a fresh contra size per pool and round from a seed of its own."""

    def __init__(self, laws: Sequence[PoolLaw], seed: int) -> None:
        if not laws:
            raise InputError("pools", expected="at least one law", got="none")
        self.laws = tuple(laws)
        self._sums = [np.cumsum(law.masses()) for law in laws]
        self._tails = [np.clip(1.0 - sums[:-1], 0.0, 1.0) for sums in self._sums]
        self._fills = [np.concatenate([[0.0], np.cumsum(tail)]) for tail in self._tails]  # expected, of 0, 1, ... units
        self._random = generator(seed, "routing/pools")

    def __len__(self) -> int:
        return len(self.laws)

    def fill(self, sent: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the pools of this round fill of `sent`: min(S_v, sent_v)."""
        draws = self._random.random(len(self.laws))
        sizes = [int(np.searchsorted(sums, u, side="right")) for sums, u in zip(self._sums, draws, strict=True)]
        return np.minimum(np.array(sizes, np.int64), sent)

    def tails(self) -> list[NDArray[np.float64]]:
        """Return the true P(S_v >= 1..largest) of every pool."""
        return [tail.copy() for tail in self._tails]

    def expected(self, sent: NDArray[np.int64]) -> float:
        """Return the expected fills of an allocation."""
        return float(sum(fills[min(int(n), len(fills) - 1)] for fills, n in zip(self._fills, sent, strict=True)))

    def oracle(self, volume: int) -> Allocation:
        """Return the best allocation for whoever knows the laws."""
        return greedy([tail.tolist() for tail in self.tails()], volume)
