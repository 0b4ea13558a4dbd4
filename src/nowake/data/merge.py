"""Trades and quotes of one instrument as one stream, for feeds that keep them in two files."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from nowake.data.reader import CHUNK, Chunk, Reader, ReaderMeta, Rule

__all__ = ["Merged"]

# A trade is printed before the quote that it leaves behind; the other way round it would leave the queue twice.
NOTE = "trades and quotes merged by time, trades first at equal times; where: the line in its own file"


class Merged:
    """The rows of two readers by time; at equal times trades come first, within each the file's order is kept."""

    def __init__(self, trades: Reader, quotes: Reader) -> None:
        self._trades, self._quotes = trades, quotes

    @property
    def meta(self) -> ReaderMeta:
        """Return the quotes' meta with a note on the merge."""
        base = self._quotes.meta
        return replace(base, notes=(*base.notes, NOTE))

    def findings(self) -> tuple[Rule, ...]:
        """Return what both readers met."""
        return self._quotes.findings() + self._trades.findings()

    def chunks(self) -> Iterator[Chunk]:
        """Yield both streams as one."""
        quotes, trades = self._quotes.chunks(), self._trades.chunks()
        a, b = next(quotes, None), next(trades, None)
        while a is not None and b is not None:
            end = min(_latest(a), _latest(b))
            a_cut, b_cut = _cut(a, end), _cut(b, end)
            yield from _pieces(_merge(_slice(b, 0, b_cut), _slice(a, 0, a_cut)))
            a = _slice(a, a_cut, None) if a_cut < len(a.events) else next(quotes, None)
            b = _slice(b, b_cut, None) if b_cut < len(b.events) else next(trades, None)
        while a is not None:
            yield a
            a = next(quotes, None)
        while b is not None:
            yield b
            b = next(trades, None)


def _latest(chunk: Chunk) -> int:
    return int(chunk.events["time"].max())


def _cut(chunk: Chunk, end: int) -> int:
    """Return how many leading rows are not after `end`, judged by the highest time so far."""
    return int(np.searchsorted(np.maximum.accumulate(chunk.events["time"]), end, side="right"))


def _slice(chunk: Chunk, lo: int, hi: int | None) -> Chunk:
    return Chunk(chunk.events[lo:hi], chunk.where[lo:hi])


def _merge(first: Chunk, second: Chunk) -> Chunk:
    events = np.concatenate((first.events, second.events))
    keys = np.concatenate([np.maximum.accumulate(c.events["time"]) for c in (first, second)])
    order = np.argsort(keys, kind="stable")
    return Chunk(events[order], np.concatenate((first.where, second.where))[order])


def _pieces(chunk: Chunk) -> Iterator[Chunk]:
    """Yield the rows CHUNK at a time."""
    for lo in range(0, len(chunk.events), CHUNK):
        yield _slice(chunk, lo, lo + CHUNK)
