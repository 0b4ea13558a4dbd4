"""The readable twin of feed and queries in plain Python: lists of orders per price, nothing clever.

Tests drive it and the kernels with the same operations and compare everything; `reference_matching` adds the match
engine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nowake.book.state import COUNTERS
from nowake.core.events import Flag, Kind

__all__ = ["ReferenceBook", "ReferenceOrder"]

_PRICES = 2**60
_AGGREGATE_ID = -(2**62)
_WORD = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15


@dataclass(slots=True)
class ReferenceOrder:
    """One resting order; the fields are those of the ORDER record."""

    id: int
    side: int
    price: int
    quantity: int
    seq: int
    taken: int = 0
    reserve: int = 0
    display: int = 0
    owner: int = 0
    status: int = 1

    def fields(self) -> tuple[int, ...]:
        """Return what the digest covers, in its order."""
        first = (self.id, self.price, self.quantity, self.taken, self.seq)
        return (*first, self.reserve, self.display, self.owner, self.side, self.status)


def _mix(x: int, y: int) -> int:
    z = (x * _GOLDEN + y + _GOLDEN) & _WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return z ^ (z >> 31)


class ReferenceBook:
    """Order queues by (side, price), ids in a dict, hidden mid-pegs in a list per side."""

    def __init__(self) -> None:
        self.queues: dict[tuple[int, int], list[ReferenceOrder]] = {}
        self.ids: dict[int, ReferenceOrder] = {}
        self.pegs: dict[int, list[ReferenceOrder]] = {1: [], -1: []}
        self.count = dict.fromkeys(COUNTERS, 0)

    def prices(self, side: int) -> list[int]:
        """Return the non-empty prices of `side`, best first."""
        return sorted((p for s, p in self.queues if s == side), key=lambda p: -side * p)

    def best(self, side: int) -> int | None:
        """Return the best untouched price of `side`."""
        return next(iter(self.prices(side)), None)

    def touched_best(self, side: int) -> int | None:
        """Return the best price of `side` with shares left."""
        return next((p for p in self.prices(side) if sum(o.quantity for o in self.queues[side, p])), None)

    def depth(self, side: int) -> list[tuple[int, int, int, int]]:
        """Return (price, quantity left, taken, orders) of every level, best first."""
        rows = [(p, self.queues[side, p]) for p in self.prices(side)]
        return [(p, sum(o.quantity for o in q), sum(o.taken for o in q), len(q)) for p, q in rows]

    def queue_ahead(self, oid: int) -> int:
        """Return the displayed shares ahead of a live displayed order."""
        o = self.ids[oid]
        return sum(p.quantity for p in self.queues[o.side, o.price] if p.seq < o.seq)

    def orders(self) -> Iterator[ReferenceOrder]:
        """Yield every live order, displayed and pegged."""
        for queue in self.queues.values():
            yield from queue
        for side in (1, -1):
            yield from self.pegs[side]

    def digest(self) -> int:
        """Return the same digest as `queries.digest`."""
        total = 0
        for o in self.orders():
            h, *rest = o.fields()
            for value in rest:
                h = _mix(h, value)
            total ^= h
        for name in COUNTERS:
            total = _mix(total, self.count[name])
        for side in (1, -1):
            resting = sum(len(q) for (s, _), q in self.queues.items() if s == side)
            best = self.best(side)
            total = _mix(_mix(total, resting), -(2**62) if best is None else side * best)
        return total - 2**64 if total >> 63 else total

    def add(self, oid: int, side: int, price: int, quantity: int, status: int = 1) -> ReferenceOrder:
        """Rest an order at the back of its queue."""
        self.count["seq"] += 1
        self.count["live"] += 1
        self.count["added"] += 1
        order = ReferenceOrder(oid, side, price, quantity, self.count["seq"], status=status)
        self.queues.setdefault((side, price), []).append(order)
        if oid:
            self.ids[oid] = order
        return order

    def unlink(self, order: ReferenceOrder) -> None:
        """Take a displayed order out of its queue."""
        queue = self.queues[order.side, order.price]
        queue[:] = [o for o in queue if o is not order]
        if not queue:
            del self.queues[order.side, order.price]

    def forget(self, order: ReferenceOrder) -> None:
        """Drop the id of an order that hangs in no queue any more."""
        self.ids.pop(order.id, None)
        self.count["live"] -= 1

    def remove(self, order: ReferenceOrder) -> None:
        """Take a displayed order out of the book."""
        self.unlink(order)
        self.forget(order)

    def drop(self, order: ReferenceOrder) -> None:
        """Withdraw by history; what own orders took is a ghost."""
        self._ghost(order.taken)
        self.remove(order)

    def _ghost(self, shares: int) -> None:
        if shares > 0:
            self.count["ghosts"] += 1
            self.count["ghost_shares"] += shares

    def reduce(self, order: ReferenceOrder, by: int) -> None:
        """Take shares off by history: first what is left, then what was taken."""
        off = min(by, order.quantity)
        ghost = min(by - off, order.taken)
        self.count["over"] += by > off + ghost
        self._ghost(ghost)
        order.quantity -= off
        order.taken -= ghost
        if order.quantity + order.taken == 0:
            self.remove(order)

    def take(self, order: ReferenceOrder, by: int) -> None:
        """Own orders take `by` shares."""
        order.quantity -= by
        order.taken += by

    def resize(self, order: ReferenceOrder, total: int) -> None:
        """Make left + taken equal to `total` in its place."""
        have = order.quantity + order.taken
        if total > have:
            order.quantity += total - have
        elif total < have:
            self.reduce(order, have - total)

    def replace(self, order: ReferenceOrder, oid: int, price: int, quantity: int, *, keep: bool) -> None:
        """Give an order a new id, price and quantity; in its place only if `keep` at the same price."""
        if oid != order.id and oid in self.ids:
            self.count["duplicate"] += 1
            self.drop(self.ids[oid])
        if keep and price == order.price:
            self.rename(order, oid)
            self.resize(order, quantity)
        else:
            self.drop(order)
            self.add(oid, order.side, price, quantity)

    def rename(self, order: ReferenceOrder, oid: int) -> None:
        """Give an order another id."""
        self.ids.pop(order.id, None)
        order.id = oid
        if oid:
            self.ids[oid] = order

    def set_level(self, side: int, price: int, quantity: int) -> None:
        """Level-2: the total at a price."""
        oid = _AGGREGATE_ID + 2 * price + (side < 0)
        order = self.ids.get(oid)
        if order is not None:
            self.resize(order, quantity)
        elif quantity > 0:
            self.add(oid, side, price, quantity, status=5)

    def set_touch(self, side: int, price: int, quantity: int) -> None:
        """Best-quote feed: the side is this level alone."""
        keep = self.ids.get(_AGGREGATE_ID + 2 * price + (side < 0))
        for order in [o for (s, _), q in self.queues.items() if s == side for o in q if o is not keep]:
            self.drop(order)
        self.set_level(side, price, quantity)

    def clear(self, side: int) -> None:
        """Remove every displayed order of a side (0: of both)."""
        for order in [o for (s, _), q in self.queues.items() if side in (0, s) for o in q]:
            self.remove(order)

    def apply(self, e: Any) -> None:
        """Apply one event: a mapping with the fields of EVENT."""
        kind, flags = Kind(int(e["kind"])), Flag(int(e["flags"]))
        quantity = int(e["quantity"])
        self.count["events"] += 1
        printed = kind in (Kind.EXECUTE, Kind.HIDDEN, Kind.CROSS, Kind.TRADE)
        if printed and not flags & (Flag.UNPRINTED | Flag.BROKEN):
            self.count["volume"] += quantity
            self.count["trades"] += 1
        if kind in (Kind.CANCEL, Kind.DELETE, Kind.EXECUTE, Kind.REPLACE):
            self._refer(e, kind, flags, quantity)
        elif kind in (Kind.ADD, Kind.LEVEL, Kind.QUOTE):
            self._show(e, kind, quantity)
        elif kind is Kind.CLEAR:
            self.clear(int(e["side"]))
        elif kind is Kind.HALT:
            self.count["halted"] = 1
        elif kind is Kind.RESUME:
            self.count["halted"] = 2 if flags & Flag.QUOTE_ONLY else 0

    def _refer(self, e: Any, kind: Kind, flags: Flag, quantity: int) -> None:
        """Messages that refer to a live order."""
        side, price, ref = int(e["side"]), int(e["price"]), int(e["ref"])
        order = self.ids.get(int(e["order_id"]))
        if order is None:
            self.count["unknown"] += 1
            if kind is Kind.REPLACE and quantity > 0 and side and abs(price) < _PRICES:
                self._enter(ref, side, price, quantity)
        elif kind is Kind.DELETE:
            self.drop(order)
        elif kind is not Kind.REPLACE:
            self.reduce(order, quantity)
        elif quantity <= 0 or abs(price) >= _PRICES:
            self.count["invalid"] += 1
            self.drop(order)
        else:
            self.replace(order, ref, price, quantity, keep=bool(flags & Flag.KEEP_PRIORITY))

    def _enter(self, oid: int, side: int, price: int, quantity: int) -> None:
        if oid in self.ids:
            self.count["duplicate"] += 1
            self.drop(self.ids[oid])
        self.add(oid, side, price, quantity)

    def _show(self, e: Any, kind: Kind, quantity: int) -> None:
        """Messages that state an order or a level."""
        side, price = int(e["side"]), int(e["price"])
        if not side or abs(price) >= _PRICES or (kind is Kind.ADD and quantity <= 0):
            self.count["invalid"] += 1
        elif kind is Kind.ADD:
            self._enter(int(e["order_id"]), side, price, quantity)
        elif kind is Kind.LEVEL:
            self.set_level(side, price, quantity)
        else:
            self.set_touch(side, price, quantity)
