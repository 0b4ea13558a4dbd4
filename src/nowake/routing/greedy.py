"""The exact allocation over dark pools: every unit to the pool whose next unit is likeliest to fill.

Ganchev, Kearns, Nevmyvaka & Vaughan 2010 (CACM 53:5): maximise sum_v E min(S_v, a_v) with sum a = V. Tails fall, so
the greedy choice of argmax_v T_v(a_v + 1) is optimal; learnt tails are those of Kaplan & Meier with their optimism.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nowake.core.errors import InputError
from nowake.routing.allocator import Units, whole_volume
from nowake.routing.kaplan_meier import Tail

__all__ = ["Allocation", "Greedy", "greedy"]


@dataclass(frozen=True, slots=True)
class Allocation:
    """Units per pool, and how many are expected to fill."""

    shares: tuple[int, ...]
    expected: float


def _checked(tails: Sequence[Sequence[float]]) -> list[NDArray[np.float64]]:
    rows = [np.asarray(row, dtype=np.float64) for row in tails]
    if not rows or any(row.ndim != 1 for row in rows):
        raise InputError("tails", expected="a list of probabilities per pool", got=f"{len(rows)} pools")
    for v, row in enumerate(rows, 1):
        if not np.all((row >= 0) & (row <= 1)) or np.any(np.diff(row) > 0):
            raise InputError(f"tail of pool {v}", expected="probabilities in 0..1 that do not rise", got=row.tolist())
    return rows


def _fill(rows: Sequence[NDArray[np.float64]], volume: int) -> Allocation:
    given, expected = [0] * len(rows), 0.0
    following = [float(row[0]) if len(row) else 0.0 for row in rows]
    for _ in range(volume):
        v = max(range(len(rows)), key=following.__getitem__)  # the first of equals
        if following[v] <= 0:
            break
        expected += following[v]
        given[v] += 1
        following[v] = float(rows[v][given[v]]) if given[v] < len(rows[v]) else 0.0
    return Allocation(tuple(given), expected)


def greedy(tails: Sequence[Sequence[float]], volume: int) -> Allocation:
    """Return the allocation of `volume` units with the most expected fills; `tails[v][s - 1]` is P(S_v >= s).

    Units that no pool can fill are not sent. InputError unless every tail is made of falling probabilities.
    """
    return _fill(_checked(tails), whole_volume(volume))


class Greedy:
    """The learning allocator: greedy on the optimistic Kaplan-Meier tails of what was heard.

    `reliable`: orders that must have reached a size before its estimate is believed.
    """

    def __init__(self, pools: int, most: int, *, reliable: float = 10.0, discount: float = 1.0) -> None:
        if pools < 1:
            raise InputError("pools", expected="a number from 1", got=pools)
        self.reliable = reliable
        self.tails = [Tail(most, discount) for _ in range(pools)]

    def allocate(self, volume: int) -> NDArray[np.int64]:
        """Return units per pool; a unit that no pool is believed to fill is spread in turns."""
        volume = whole_volume(volume)
        given = np.array(_fill([tail.optimistic(self.reliable) for tail in self.tails], volume).shares, np.int64)
        for n in range(volume - int(given.sum())):
            given[n % len(given)] += 1
        return given

    def heard(self, sent: Units, filled: Units) -> None:
        """Learn from one round: units sent to and filled by every pool."""
        for tail, asked, got in zip(self.tails, sent, filled, strict=True):
            if asked > 0:
                tail.heard(int(asked), int(got))
