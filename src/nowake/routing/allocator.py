"""The seam of dark allocators: how many units each pool is sent, and what came back."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nowake.core.errors import InputError
from nowake.core.values import MAX_QUANTITY

__all__ = ["Allocator", "Dither", "Units", "apportion", "whole_volume"]

Units = Sequence[int] | NDArray[np.int64]


class Allocator(Protocol):
    """Divides a volume over pools that show only what they filled."""

    def allocate(self, volume: int) -> NDArray[np.int64]:
        """Return whole units per pool, 0 or more each, `volume` at most in all."""
        ...

    def heard(self, sent: Units, filled: Units) -> None:
        """Learn from one round: units sent to and filled by every pool."""
        ...


def whole_volume(volume: int) -> int:
    """Return `volume` if it is a whole number in 0..2^31-1; InputError else."""
    if isinstance(volume, bool) or not isinstance(volume, int | np.integer) or not 0 <= volume <= MAX_QUANTITY:
        raise InputError("volume", expected=f"a whole number from 0 to {MAX_QUANTITY}", got=volume)
    return int(volume)


def apportion(fractions: NDArray[np.float64], volume: int) -> NDArray[np.int64]:
    """Return whole units that sum to `volume`, by largest remainders of `fractions` (which sum to one)."""
    exact = fractions * volume
    units = np.maximum(np.floor(exact + 1e-9), 0).astype(np.int64)
    short = volume - int(units.sum())
    if short > 0:
        units[np.argsort(units - exact, kind="stable")[:short]] += 1
    while short < 0:  # credit carried over was below zero somewhere
        units[int(np.argmax(units - exact))] -= 1
        short += 1
    return units


class Dither:
    """Fractions of the simplex as whole units: what rounding kept from a pool in one round is owed to it in the next.

    So a pool with a fraction below one unit is still tried now and then. `full` is what its last orders said of it,
    1 where they filled whole: the supergradient that stands in where it was sent nothing.
    """

    def __init__(self, pools: int, memory: float = 0.2) -> None:
        self.shares = np.full(pools, 1.0 / pools)
        self.memory = memory
        self.owed = np.zeros(pools)
        self.full = np.ones(pools)

    def allocate(self, volume: int) -> NDArray[np.int64]:
        """Return whole units per pool, `volume` in all."""
        volume = whole_volume(volume)
        if volume == 0:
            return np.zeros(len(self.shares), np.int64)
        return apportion(self.shares + self.owed / volume, volume)

    def supergradient(self, sent: Units, filled: Units) -> NDArray[np.float64]:
        """Return 1 for every pool that filled all it was sent, 0 for the others, `full` where nothing was sent."""
        asked, got = np.asarray(sent), np.asarray(filled)
        if asked.shape != self.shares.shape or got.shape != asked.shape or np.any((got < 0) | (got > asked)):
            raise InputError("units", expected=f"0 <= filled <= sent of {len(self.shares)} pools", got=(sent, filled))
        self.owed += self.shares * asked.sum() - asked
        whole = (got == asked).astype(np.float64)
        told = asked > 0
        self.full[told] += self.memory * (whole[told] - self.full[told])
        return np.where(told, whole, self.full)
