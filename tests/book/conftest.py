"""A record and its plain twin, driven together."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nowake.book import queries
from nowake.book.actions import Request
from nowake.book.audit import audit, pegs, queues
from nowake.book.book import Book
from nowake.book.feed import find, take
from nowake.book.reference_matching import ReferenceVenue
from nowake.book.state import COUNTERS, NO_ASK, NO_BID, SMALL, Preset
from nowake.core.events import empty_events
from nowake.core.jit import jit_disabled, kernel


@kernel
def take_from(books, i, oid, by):
    b = books[i]
    take(b, find(b, oid), by)


@kernel
def touched(books, i, side):
    return queries.touched_best(books[i], side)


class Pair:
    """Does everything twice and compares."""

    def __init__(self, preset: Preset = SMALL) -> None:
        self.book = Book(preset)
        self.twin = ReferenceVenue()

    @property
    def record(self) -> Any:
        return self.book.records.view(np.ndarray)[0] if jit_disabled() else self.book.records[0]

    def event(self, **fields: int) -> None:
        row = empty_events(1)
        for name, value in fields.items():
            row[name] = value
        self.book.apply(row)
        self.twin.apply(row[0])

    def take(self, oid: int, by: int) -> None:
        order = self.twin.ids.get(oid)
        if order is not None and min(by, order.quantity) > 0:
            by = min(by, order.quantity)
            take_from(self.book.records, 0, oid, by)
            self.twin.take(order, by)

    def submit(self, request: Request) -> Any:
        self.twin.trades.clear()
        result = self.book.submit([request])[0]
        assert (result["outcome"], result["filled"], result["cut"]) == self.twin.submit(request), request
        got = [(int(t["maker"]), int(t["taker"]), int(t["price2"]), int(t["quantity"])) for t in self.book.trades()]
        assert got == [t[:4] for t in self.twin.trades], request
        return result

    def same_digest(self) -> None:
        assert self.book.digest() == self.twin.digest()

    def same(self) -> None:
        """Compare full state, and check that the record is sound."""
        assert audit(self.record) == []
        assert self.book.counters() == {name: self.twin.count[name] for name in COUNTERS}
        twin = {place: [(*o.fields(),) for o in queue] for place, queue in self.twin.queues.items()}
        assert queues(self.record) == twin
        for side, rows in zip((1, -1), self.book.depth(1000), strict=True):
            assert [tuple(map(int, row)) for row in rows.tolist()] == self.twin.depth(side)
            assert pegs(self.record, side) == [o.fields() for o in self.twin.pegs[side]]
            best = self.twin.touched_best(side)
            assert touched(self.book.records, 0, side) == ((NO_BID if side == 1 else NO_ASK) if best is None else best)
        for oid, order in self.twin.ids.items():
            if not order.status & 2:
                assert self.book.queue_ahead(oid) == self.twin.queue_ahead(oid)
        self.same_digest()


@pytest.fixture
def pair() -> Pair:
    return Pair()


@pytest.fixture(scope="session")
def new_pair() -> Callable[..., Pair]:
    return Pair
