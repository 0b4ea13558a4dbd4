"""`Book`: the book for people. Feed events or requests in, depth, quotes and queue positions out.

book = Book()
book.apply(events)            # an EVENT array
book.quote()                  # Quote(time=..., bid=..., bid_size=..., ask=..., ask_size=...)
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nowake.book import queries
from nowake.book.actions import RESULT, Request
from nowake.book.feed import apply_all
from nowake.book.matching import submit_all
from nowake.book.state import COUNTERS, REQUEST, SMALL, Preset, new_books
from nowake.core.errors import CapacityError
from nowake.core.jit import jit_disabled
from nowake.core.values import Quote

__all__ = ["Book"]


def _plain(records: np.ndarray) -> np.ndarray:
    """Return the array as kernels want it: a record array when the compiler is off."""
    return records.view(np.recarray) if jit_disabled() else records


def _touch(rows: np.ndarray) -> tuple[int | None, int]:
    """Return price and untouched quantity of the first of DEPTH `rows`."""
    return (int(rows["price"][0]), int(rows["quantity"][0] + rows["taken"][0])) if len(rows) else (None, 0)


class Book:
    """One limit order book of the given capacities (`SMALL`: 4,095 live orders; `REPLAY`: 2 million)."""

    def __init__(self, preset: Preset = SMALL) -> None:
        self.records = new_books(1, preset)
        self.time = 0

    def apply(self, events: np.ndarray) -> None:
        """Apply an EVENT array in order; CapacityError when the preset is too small."""
        try:
            apply_all(self.records, 0, _plain(events), 0, len(events))
        except IndexError as error:
            raise CapacityError(str(error)) from error
        if len(events):
            self.time = int(events["time"][-1])

    def submit(self, requests: Sequence[Request]) -> np.ndarray:
        """Carry out requests in order; returns a RESULT row for each. Trades wait in `trades`."""
        asked, results = np.zeros(len(requests), REQUEST), np.zeros(len(requests), RESULT)
        for row, request in zip(asked, requests, strict=True):
            for name in Request.__slots__:
                row[name] = int(getattr(request, name))
        try:
            submit_all(self.records, 0, _plain(asked), _plain(results), 0, len(requests))
        except IndexError as error:
            raise CapacityError(str(error)) from error
        return results

    def trades(self) -> np.ndarray:
        """Return the trades (TRADE_OUT) since the last call and forget them."""
        book: Any = self.records[0]
        found: np.ndarray = book["trade"][: book["printed"]].copy()
        book["printed"] = 0
        return found

    def depth(self, levels: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """Return the best bids and asks as DEPTH rows: price, quantity (left), taken, count."""
        sides = []
        for side in (1, -1):
            out = np.zeros(levels, queries.DEPTH)
            sides.append(out[: queries.depth(self.records, 0, side, _plain(out))])
        return sides[0], sides[1]

    def quote(self) -> Quote:
        """Return the untouched best bid and ask at the time of the last event."""
        (bid, bid_size), (ask, ask_size) = (_touch(rows) for rows in self.depth(1))
        return Quote(self.time, bid, bid_size, ask, ask_size)

    def queue_ahead(self, order_id: int) -> int | None:
        """Return the displayed shares ahead of a live order, None if there is no such order."""
        ahead = int(queries.queue_of(self.records, 0, order_id))
        return None if ahead < 0 else ahead

    def counters(self) -> dict[str, int]:
        """Return what was counted: live, volume, trades, unknown, over, duplicate, ghosts, ..."""
        return {name: int(self.records[0][name]) for name in COUNTERS}

    def digest(self) -> int:
        """Return the 64-bit digest of everything in the book, the same on every platform."""
        return int(queries.digest(self.records, 0))
