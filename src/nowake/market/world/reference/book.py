"""A displayed book as a dict of queues by price, and the agenda: who among the resting orders acts next."""

import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from nowake.market.world.causes import NEVER

__all__ = ["Agenda", "Book", "Own", "Resting"]


@dataclass(eq=False, slots=True)
class Own:
    """An own order that is alive, or on its way through the market: a row of `mine`."""

    oid: int
    row: int
    leaves: int
    side: int = 0
    price: int = 0
    venue: int = 0
    live: bool = False
    waits: str = "book"  # or "pool", or "auction"


@dataclass(eq=False, slots=True)
class Resting:
    """A displayed order, and when it acts."""

    id: int
    venue: int
    side: int
    price: int
    quantity: int
    birth: int = 0  # identity of its draws
    value: int = 0  # the public value when it was priced
    moves: int = 0
    trades: int = 0
    due: int = NEVER
    plan: str = "stays"  # or "follows" the public value, or is "fixed"
    own: Own | None = None
    ticket: int = 0  # of its valid entry in the agenda; 0: none


@dataclass(slots=True)
class Book:
    """Queues by side and price. An empty side has its best price 2^62 ticks away."""

    queues: dict[int, dict[int, deque[Resting]]] = field(default_factory=lambda: {1: {}, -1: {}})
    top: dict[int, int] = field(default_factory=lambda: {1: -NEVER, -1: NEVER})

    def best(self, side: int) -> int:
        """Return the best price of `side`."""
        return self.top[side]

    def at(self, side: int, price: int) -> Iterable[Resting]:
        """Return the orders at a price, first come first."""
        return self.queues[side].get(price, ())

    def first(self, side: int, price: int) -> Resting | None:
        """Return the first order at a price."""
        return next(iter(self.at(side, price)), None)

    def add(self, o: Resting) -> None:
        """Put an order at the back of its queue."""
        self.queues[o.side].setdefault(o.price, deque()).append(o)
        if o.side * o.price > o.side * self.top[o.side]:
            self.top[o.side] = o.price

    def remove(self, o: Resting) -> None:
        """Take an order out of its queue."""
        side = self.queues[o.side]
        side[o.price].remove(o)
        if not side[o.price]:
            del side[o.price]
            self.top[o.side] = o.side * max((o.side * price for price in side), default=-NEVER)


class Agenda:
    """Due times of resting orders; among equal ones the order written down last acts first."""

    def __init__(self) -> None:
        self.heap: list[tuple[int, int, Resting]] = []
        self.written = 0

    def put(self, o: Resting) -> None:
        """Write down that `o` acts at `o.due`; an earlier entry of it no longer counts."""
        self.written += 1
        o.ticket = self.written
        heapq.heappush(self.heap, (o.due, -self.written, o))

    def first(self) -> Resting | None:
        """Return the order that is due first."""
        while self.heap and self.heap[0][2].ticket != -self.heap[0][1]:
            heapq.heappop(self.heap)
        return self.heap[0][2] if self.heap else None
