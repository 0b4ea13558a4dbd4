"""Verification against a published book: our book after every message, level by level, against the vendor's file.

The book is seeded from the vendor's first row (the state after message 1), which is therefore not compared. Levels
whose size cannot be known (never seen, or out of the vendor's sight since) are not compared but taken over; a row
whose best bid or ask is such a level counts as `not_determined`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nowake.core.errors import DataError
from nowake.core.values import Side
from nowake.data.formats.lobster import Reader
from nowake.data.formats.lobster_book import levels_of, read_orderbook
from nowake.data.reader import ReaderOptions, kernel_view

__all__ = ["Difference", "VerifyReport", "verify"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A level that differs: row and level from 1, (price, size) of ours and of theirs, (0, 0) where there is none."""

    row: int
    level: int
    side: Side
    ours: tuple[int, int]
    theirs: tuple[int, int]


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """Rows ``compared = equal + different``; `not_determined` rows are apart."""

    compared: int
    equal: int
    different: int
    not_determined: int
    first_difference: Difference | None = None


def verify(messages: str | Path, orderbook: str | Path, *, options: ReaderOptions | None = None) -> VerifyReport:
    """Return how our book of a LOBSTER message file compares with the published order-book file.

    DataError if a file is not what it should be or the two have different numbers of rows.
    """
    from nowake.book.state import REPLAY, new_books
    from nowake.data.verify_kernel import compare_rows, seed_book

    books, limit, found = new_books(1, REPLAY), np.zeros(2, np.int64), np.zeros(6, np.int64)
    counts, first = np.zeros(3, np.int64), None
    row = 0
    for events, table in _pairs(Path(messages), Path(orderbook), options or ReaderOptions()):
        start = 0
        if row == 0:
            seed_book(books, table, limit)
            counts[2] += 1
            start = 1
        verdicts = np.zeros(len(events) - start, np.uint8)
        at = int(compare_rows(books, events[start:], table[start:], limit, verdicts, found))
        if at >= 0 and first is None:
            first = _difference(row + start + at + 1, found)
        counts += np.bincount(verdicts, minlength=3)
        row += len(events)
    equal, different, unknown = (int(n) for n in counts)
    return VerifyReport(equal + different, equal, different, unknown, first)


def _difference(row: int, found: np.ndarray) -> Difference:
    level, side, price, size, their_price, their_size = (int(n) for n in found)
    theirs = (their_price, their_size) if their_size else (0, 0)
    return Difference(row, level, Side(side), (price, size), theirs)


def _pairs(messages: Path, orderbook: Path, options: ReaderOptions) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield equally long stretches of both files, events as copies; DataError if one ends before the other."""
    tables = read_orderbook(orderbook, options.block_bytes)
    table = np.empty((0, 4 * levels_of(orderbook)), np.int64)
    rows = 0
    for chunk in Reader(messages, options).chunks():
        events = chunk.events
        while len(events):
            if not len(table):
                table = next(tables, table)
                if not len(table):
                    raise _rows(orderbook, f"at least {rows + len(events)} as in {messages.name}", rows)
            n = min(len(events), len(table))
            yield kernel_view(events[:n].copy()), np.ascontiguousarray(table[:n])
            events, table, rows = events[n:], table[n:], rows + n
    extra = len(table) + sum(len(t) for t in tables)
    if extra:
        raise _rows(orderbook, f"{rows} as in {messages.name}", rows + extra)


def _rows(orderbook: Path, expected: str, got: int) -> DataError:
    return DataError("order-book file with another number of rows", path=orderbook, expected=expected, got=got)
