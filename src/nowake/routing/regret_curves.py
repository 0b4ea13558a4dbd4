"""Cumulated regret of the dark allocators over many seeds: what a figure draws, and how fast it grows.

Each learner meets the same hidden pools, seed by seed. Growth is the slope of log cumulated regret on log rounds:
1 for who learns nothing, 1/2 for the O(sqrt T) of Agarwal, Bartlett & Dama 2010 and, up to a logarithm, of Thompson
sampling (Russo & Van Roy 2016: O(sqrt(T log T))). Fractions move with steps n^-power about their optimum, at a mean
square distance, and so a regret a round, in proportion to the step: T^(1 - power), .3 with their default.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nowake.core.errors import InputError
from nowake.routing.allocator import Allocator, Units, apportion, whole_volume
from nowake.routing.conformance import LAWS
from nowake.routing.exponentiated import Exponentiated
from nowake.routing.fractions import Fractions
from nowake.routing.greedy import Greedy
from nowake.routing.pools import CensoredPools
from nowake.routing.regret import regret
from nowake.routing.thompson import Thompson

__all__ = ["LEARNERS", "EqualSplit", "Growth", "RegretCurve", "regret_curves", "theory"]

_POINTS = 60  # of a curve
_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)  # 97.5 % of t, 1 to 9 degrees of freedom
Ends = tuple[float, float]


class EqualSplit:
    """Sends every pool the same and learns nothing."""

    def __init__(self, pools: int) -> None:
        if pools < 1:
            raise InputError("pools", expected="a number from 1", got=pools)
        self.pools = pools

    def allocate(self, volume: int) -> NDArray[np.int64]:
        """Return equal parts in whole units."""
        return apportion(np.full(self.pools, 1.0 / self.pools), whole_volume(volume))

    def heard(self, sent: Units, filled: Units) -> None:
        """Learn nothing."""


LEARNERS: dict[str, Callable[[int, int], Allocator]] = {
    "greedy, Kaplan-Meier": Greedy,
    "Thompson": lambda pools, _: Thompson(pools),
    "exponentiated gradient": lambda pools, _: Exponentiated(pools),
    "fractions": lambda pools, _: Fractions(pools),
    "equal split": lambda pools, _: EqualSplit(pools),
}  # from (pools, most units a round)


@dataclass(frozen=True, slots=True)
class Growth:
    """The slope of log cumulated regret on log rounds: mean over seeds and its 95 % interval (Student's t)."""

    slope: float
    ci: Ends


@dataclass(frozen=True, slots=True, eq=False)
class RegretCurve:
    """`rounds`: i8[n]; `cumulated`: f8[seeds, n], units short of the oracle in expectation up to that round."""

    name: str
    rounds: NDArray[np.int64]
    cumulated: NDArray[np.float64]

    def band(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return mean, least and most over seeds."""
        return self.cumulated.mean(axis=0), self.cumulated.min(axis=0), self.cumulated.max(axis=0)

    def growth(self, first: int = 50) -> Growth:
        """Return how fast regret grows from round `first` on; InputError for less than 2 or more than 10 seeds."""
        seeds = len(self.cumulated)
        if not 2 <= seeds <= len(_STUDENT) + 1:
            raise InputError("seeds", expected=f"2 to {len(_STUDENT) + 1}", got=seeds)
        late = self.rounds >= first
        if late.sum() < 3:
            raise InputError("first", expected=f"three rounds or more of {self.rounds[-1]} after it", got=first)
        slopes = np.polyfit(np.log(self.rounds[late]), np.log(self.cumulated[:, late]).T, 1)[0]
        half = _STUDENT[seeds - 2] * float(slopes.std(ddof=1)) / seeds**0.5
        mean = float(slopes.mean())
        return Growth(mean, (mean - half, mean + half))


def theory(rounds: NDArray[np.int64], through: float) -> NDArray[np.float64]:
    """Return c sqrt(T log T) with the c that makes its last value `through`."""
    bound = np.sqrt(rounds * np.log(np.maximum(rounds, 2)))
    return np.asarray(through * bound / bound[-1])


def regret_curves(*, rounds: int = 2000, seeds: int = 5, volume: int = 40, seed: int = 6) -> list[RegretCurve]:
    """Return a curve per learner at `volume` units a round, on the pools LAWS of seeds `seed`, `seed` + 1, ..."""
    if rounds < 100 or seeds < 1:
        raise InputError("regret", expected="100 rounds and a seed, or more", got=(rounds, seeds))
    at = np.unique(np.geomspace(1, rounds, _POINTS).astype(np.int64))
    curves = []
    for name, make in LEARNERS.items():
        found = [
            np.cumsum(regret(make(len(LAWS), volume), CensoredPools(LAWS, seed + k), volume, rounds).per_round)[at - 1]
            for k in range(seeds)
        ]
        curves.append(RegretCurve(name, at, np.array(found)))
    return curves
