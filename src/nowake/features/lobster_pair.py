"""LOBSTER messages with their order-book file: prints from one, the touch from the other.

Message files of few levels do not say what leaves the levels shown, so a book that is built from them goes crossed. The
order-book file beside them has the truth of the touch. Depth beyond the touch is not taken from it.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from nowake.core.errors import DataError
from nowake.core.events import Kind, empty_events
from nowake.data.formats.lobster import Reader as Messages
from nowake.data.formats.lobster_book import EMPTY, read_orderbook
from nowake.data.reader import Chunk, ReaderMeta, ReaderOptions, Rule

__all__ = ["PairReader", "companion"]

_OTHERS = (Kind.CROSS, Kind.HALT, Kind.RESUME)


def companion(path: Path) -> tuple[Path, Path] | None:
    """Return (message file, order-book file) if `path` is one of a pair whose other file lies beside it."""
    for mine, other in (("_message", "_orderbook"), ("_orderbook", "_message")):
        if mine in path.name:
            beside = path.with_name(path.name.replace(mine, other))
            if beside.is_file():
                return (path, beside) if mine == "_message" else (beside, path)
    return None


class PairReader:
    """Streams a pair as best quotes and prints; DataError where the files do not have the same number of rows."""

    def __init__(self, messages: Path, orderbook: Path, options: ReaderOptions) -> None:
        self._messages, self._orderbook = Messages(messages, options), orderbook
        note = f"touch from {orderbook.name}, prints from {messages.name}"
        meta = self._messages.meta
        self._meta = replace(meta, level="quotes", notes=(*meta.notes, note))

    @property
    def meta(self) -> ReaderMeta:
        """Return the meta of the messages as a best-quote feed."""
        return self._meta

    def findings(self) -> tuple[Rule, ...]:
        """Return nothing: a row is an event or an error."""
        return ()

    def chunks(self) -> Iterator[Chunk]:
        """Yield prints and best quotes in file order; at one row the print comes first."""
        blocks = read_orderbook(self._orderbook)
        waiting = np.zeros((0, 4), np.int64)
        last = np.zeros(4, np.int64)
        for chunk in self._messages.chunks():
            while len(waiting) < len(chunk.events):
                block = next(blocks, None)
                if block is None:
                    raise self._uneven(int(chunk.where[len(waiting)]), "the end of the order book")
                waiting = np.concatenate((waiting, block[:, :4]))
            touch, waiting = waiting[: len(chunk.events)], waiting[len(chunk.events) :]
            yield _merged(chunk, touch, last)
            last = touch[-1]
        if len(waiting) or next(blocks, None) is not None:
            raise self._uneven(None, "more rows of the order book")

    def _uneven(self, line: int | None, got: str) -> DataError:
        return DataError("order book", path=self._orderbook, line=line, expected="a row for each message", got=got)


def _merged(chunk: Chunk, touch: np.ndarray, last: np.ndarray) -> Chunk:
    """Return up to three events a row: the print, the bid if it changed, the ask if it changed."""
    source, n = chunk.events, len(chunk.events)
    before = np.concatenate((last[None], touch[:-1]))
    events, keep = empty_events(3 * n), np.zeros(3 * n, bool)
    prints = np.isin(source["kind"], (Kind.EXECUTE, Kind.HIDDEN))
    events[0::3] = source
    events[0::3]["kind"][source["kind"] == Kind.EXECUTE] = Kind.TRADE
    keep[0::3] = prints | np.isin(source["kind"], _OTHERS)
    for offset, side, column in ((1, 1, 2), (2, -1, 0)):  # ask price, ask size, bid price, bid size
        rows, price, size = events[offset::3], touch[:, column], touch[:, column + 1]
        there = (np.abs(price) != EMPTY) & (size > 0)
        rows["time"], rows["kind"], rows["side"] = source["time"], Kind.QUOTE, side
        rows["price"], rows["quantity"] = np.where(there, price, 0), np.where(there, size, 0)
        keep[offset::3] = (touch[:, column : column + 2] != before[:, column : column + 2]).any(axis=1)
    return Chunk(events[keep], np.repeat(chunk.where, 3)[keep])
