"""Regret of a dark allocator: what the oracle would have been expected to fill, less what the allocator was."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nowake.core.errors import InputError
from nowake.routing.allocator import Allocator
from nowake.routing.pools import CensoredPools

__all__ = ["Regret", "regret"]


@dataclass(frozen=True, slots=True)
class Regret:
    """`per_round`: float64[rounds], units short of the oracle in expectation; `oracle`: its expected fills a round."""

    oracle: float
    per_round: NDArray[np.float64]

    def average(self) -> NDArray[np.float64]:
        """Return the mean regret per round up to every round: what theory bounds, ready to plot."""
        return np.cumsum(self.per_round) / np.arange(1, len(self.per_round) + 1)

    def exponent(self, first: int = 50) -> float:
        """Return the slope of log average regret on log rounds, from round `first` on; -1/2 is the O(sqrt T) law.

        NaN where there is no regret left to fit.
        """
        rounds = np.unique(np.geomspace(first, len(self.per_round), 40).astype(np.int64))
        average = self.average()[rounds - 1]
        if len(rounds) < 3 or np.any(average <= 0):
            return float("nan")
        return float(np.polyfit(np.log(rounds), np.log(average), 1)[0])

    def rows(self) -> list[tuple[int, float]]:
        """Return (round, average regret) at round numbers 1, 2, 5, 10, 20, ... for a table or a figure."""
        rounds = [m * 10**e for e in range(8) for m in (1, 2, 5) if m * 10**e <= len(self.per_round)]
        average = self.average()
        return [(n, float(average[n - 1])) for n in rounds]


def regret(allocator: Allocator, pools: CensoredPools, volume: int, rounds: int) -> Regret:
    """Return the regret of `allocator` at `volume` units a round; it learns from what the pools fill, and only that."""
    if rounds < 1:
        raise InputError("rounds", expected="a number from 1", got=rounds)
    best = pools.oracle(volume).expected
    lost = np.empty(rounds)
    for n in range(rounds):
        sent = allocator.allocate(volume)
        lost[n] = best - pools.expected(sent)
        allocator.heard(sent, pools.fill(sent))
    return Regret(best, lost)
