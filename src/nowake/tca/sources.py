"""Where a number comes from: the sequence numbers of the journal records behind it, as ranges."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

__all__ = ["FAMILIES", "Ranges", "Sources", "merge", "ranges"]

Ranges = tuple[tuple[int, int], ...]
FAMILIES = ("order", "children", "fills", "quotes", "quotes_after", "prints", "prints_day")


def ranges(seqs: Iterable[int] | np.ndarray) -> Ranges:
    """Return `seqs` as ascending (first, last) ranges without gaps; numbers below 1 (no record) are left out."""
    known = seqs if isinstance(seqs, np.ndarray) else np.array(list(seqs), np.int64)
    known = known[known > 0]
    if np.any(np.diff(known) <= 0):
        known = np.unique(known)
    if not len(known):
        return ()
    cut = np.flatnonzero(np.diff(known) > 1)
    first, last = known[np.r_[0, cut + 1]], known[np.r_[cut, len(known) - 1]]
    return tuple(zip(first.tolist(), last.tolist(), strict=True))


def merge(parts: Iterable[Ranges]) -> Ranges:
    """Return the union of ranges as ranges."""
    out: list[tuple[int, int]] = []
    for low, high in sorted(one for part in parts for one in part):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        else:
            out.append((low, high))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Sources:
    """The journal records behind the numbers of one order, by family.

    `quotes` and `prints` are those of its window (decision to end), `quotes_after` those from the first fill to half an
    hour after the last, `prints_day` those of the day's benchmarks.
    """

    order: Ranges = ()
    children: Ranges = ()
    fills: Ranges = ()
    quotes: Ranges = ()
    quotes_after: Ranges = ()
    prints: Ranges = ()
    prints_day: Ranges = ()

    def of(self, families: Iterable[str]) -> Ranges:
        """Return the records of `families` together."""
        return merge(getattr(self, family) for family in families)
