"""The readable twin of a level-3 replay with own orders: plain Python, every own order with the list of who is ahead.

Tests drive it and the kernels with the same history, the same own commands and the same latencies, and compare fills,
answers, queue positions and the book that is left. It knows no sequence numbers and no running sums: the queue ahead of
an own order is the list of historical orders that stood at its price when it came.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nowake.book.reference import ReferenceBook, ReferenceOrder
from nowake.core.draws import Draws
from nowake.core.events import Flag, Kind
from nowake.core.records import Cause
from nowake.data.replay.session import FOREVER
from nowake.data.replay.state import QUANTILES, Action, Answer, Reason, Terms

__all__ = ["Ask", "OwnOrder", "ReferenceReplay"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A command of ours, sent at `when` (ns UTC): `price` 0 is a market order."""

    when: int
    action: Action
    id: int
    side: int = 0
    quantity: int = 0
    price: int = 0
    terms: Terms = Terms.DAY


@dataclass(slots=True)
class OwnOrder:
    """An own resting order and, in `front`, the historical orders that stood at its price before it."""

    id: int
    side: int
    price: int
    leaves: int
    terms: Terms
    front: list[ReferenceOrder] = field(default_factory=list)


Fill = tuple[int, int, int, int, str, float | None, float | None]
"""(time, order id, price, quantity, cause, mid with us, mid without us)."""
Reply = tuple[int, int, Answer, Reason, int]
"""(time at the sender, order id, answer, reason, leaves)."""


class ReferenceReplay:
    """History in a `ReferenceBook`, own orders beside it in a list: best price first, then oldest.

    `events` and `asks` in the order of their times; `entry` and `response` are delays (ns) by quantile.
    """

    def __init__(
        self,
        events: Iterable[Any],
        asks: Iterable[Ask],
        entry: Iterable[int] = (0,) * QUANTILES,
        response: Iterable[int] = (0,) * QUANTILES,
    ) -> None:
        self.book = ReferenceBook()
        self.own: list[OwnOrder] = []
        self.fills: list[Fill] = []
        self.replies: list[Reply] = []
        self._delays = list(entry), list(response)
        self._draws = Draws(0), Draws(0)
        self._last = [0, 0]
        self.now = 0
        self._events = list(events)
        self._waiting = [(self._after(0, ask.when), ask) for ask in asks]

    # --- time -------------------------------------------------------------------------------------------------------

    def play(self, until: int = FOREVER) -> None:
        """Let all that is due before `until` happen in the order of its arrival; history first at equal times."""
        while True:
            event = int(self._events[0]["time"]) if self._events else FOREVER
            command = self._waiting[0][0] if self._waiting else FOREVER
            if min(event, command) >= until:
                return
            if event <= command:
                self.now = max(self.now, event)
                self._happen(self._events.pop(0))
            else:
                self._arrive(*self._waiting.pop(0))

    def _arrive(self, when: int, ask: Ask) -> None:
        self.now = max(self.now, when)
        self._carry_out(ask)

    def _after(self, leg: int, when: int) -> int:
        """Return when a message sent at `when` arrives: never before the one sent before it."""
        delay = self._delays[leg][int(self._draws[leg].uniform() * QUANTILES)]
        self._last[leg] = max(self._last[leg], when + delay)
        return self._last[leg]

    def _reply(self, oid: int, answer: Answer, reason: Reason = Reason.NONE, leaves: int = 0) -> None:
        self.replies.append((self._after(1, self.now), oid, answer, reason, leaves))

    # --- what we see ------------------------------------------------------------------------------------------------

    def ahead(self, order: OwnOrder) -> int:
        """Return the shares left of the orders in front of `order` that still stand at its price."""
        queue = self.book.queues.get((order.side, order.price), [])
        return sum(o.quantity for o in order.front if any(o is there for there in queue))

    def _own_side(self, side: int) -> list[OwnOrder]:
        return [o for o in self.own if o.side == side]

    def _mids(self) -> tuple[float | None, float | None]:
        """Return the mids with us (what we took is gone, what we show is there) and of history alone."""
        both = []
        for side in (1, -1):
            prices = [self.book.touched_best(side), *(o.price for o in self._own_side(side))]
            both.append(max((side * p for p in prices if p is not None), default=None))
        bid, ask = self.book.best(1), self.book.best(-1)
        ours = None if both[0] is None or both[1] is None else (both[0] - both[1]) / 2
        return ours, None if bid is None or ask is None else (bid + ask) / 2

    def _fill(self, order: OwnOrder, quantity: int, cause: Cause, mids: tuple[float | None, float | None]) -> None:
        """Fill a resting order at its price."""
        order.leaves -= quantity
        self.fills.append((self.now, order.id, order.price, quantity, cause.name, *mids))
        self._reply(order.id, Answer.FILL, leaves=order.leaves)
        if order.leaves == 0:
            self.own.remove(order)

    # --- history ----------------------------------------------------------------------------------------------------

    def _happen(self, e: Any) -> None:
        kind, flags = Kind(int(e["kind"])), Flag(int(e["flags"]))
        halted = self.book.count["halted"]
        if not halted:
            self._trade(e, kind, flags)
        if kind in (Kind.ADD, Kind.REPLACE):
            self._enter(e, kind, flags, halted)
            return
        self.book.apply(e)
        if kind is Kind.RESUME and halted and not self.book.count["halted"]:
            self._uncross()

    def _trade(self, e: Any, kind: Kind, flags: Flag) -> None:
        """Let a print of history reach own orders before it changes the book."""
        side, price, volume = int(e["side"]), int(e["price"]), int(e["quantity"])
        order = self.book.ids.get(int(e["order_id"])) if kind is Kind.EXECUTE else None
        if order is not None:
            side, price = order.side, order.price
        elif kind in (Kind.HIDDEN, Kind.TRADE) and side == 0:
            middle = self._mids()[1]
            side = 0 if middle is None or price == middle else 1 if price < middle else -1
        if kind is Kind.EXECUTE and not flags & Flag.BROKEN and side and price > 0:
            self._reach(side, price, volume, Cause.QUEUE if order else None, Cause.THROUGH)
        elif kind is Kind.HIDDEN and not flags & (Flag.BROKEN | Flag.OUTLIER) and side:
            self._reach(side, price, volume, Cause.HIDDEN_AT, Cause.HIDDEN_THROUGH)
        elif kind is Kind.TRADE and not flags & (Flag.BROKEN | Flag.OUTLIER) and side:
            self._reach(side, price, volume, None if flags & Flag.UNKNOWN else Cause.QUEUE, Cause.THROUGH)

    def _reach(self, side: int, price: int, volume: int, at: Cause | None, through: Cause) -> None:
        mids = self._mids()
        for order in self._own_side(side):
            if order.price == price:
                got = 0 if at is None else min(order.leaves, volume - self.ahead(order))
            else:
                got = min(order.leaves, volume) if side * order.price > side * price else 0
            if got > 0:
                volume -= got
                self._fill(order, got, at if at and order.price == price else through, mids)

    def _enter(self, e: Any, kind: Kind, flags: Flag, halted: int) -> None:
        """Apply an ADD or REPLACE; what comes to rest across our prices meets us first."""
        mids, last = self._mids(), self.book.count["seq"]
        old = self.book.ids.get(int(e["order_id"])) if kind is Kind.REPLACE else None
        side = old.side if old else int(e["side"])
        self.book.apply(e)
        if self.book.count["seq"] == last:
            return
        price = int(e["price"])
        new = self.book.queues[side, price][-1]
        if flags & Flag.SNAPSHOT:
            for order in self._own_side(side):
                if order.price == price:
                    order.front = list(self.book.queues[side, price])
        if not halted:
            self._meet(new, mids)

    def _meet(self, new: ReferenceOrder, mids: tuple[float | None, float | None]) -> None:
        """Own orders get of a new order what no historical order on their side stands ready to trade with."""
        waiting = [p for s, p in self.book.queues if s == -new.side and new.side * (new.price - p) >= 0]
        blocked = sum(o.quantity + o.taken for p in waiting for o in self.book.queues[-new.side, p])
        room = min(new.quantity, new.quantity + new.taken - blocked)
        for order in self._own_side(-new.side):
            got = min(order.leaves, room)
            if got > 0 and new.side * (new.price - order.price) >= 0:
                room -= got
                self.book.take(new, got)
                self._fill(order, got, Cause.CROSSED, mids)

    def _uncross(self) -> None:
        """Trading resumes: own orders meet what came to rest across their prices."""
        for order in list(self.own):
            for other in self._opposite(order.side, order.price):
                got = min(order.leaves, other.quantity)
                if got > 0:
                    mids = self._mids()
                    self.book.take(other, got)
                    self._fill(order, got, Cause.CROSSED, mids)

    def _opposite(self, side: int, limit: int | None) -> list[ReferenceOrder]:
        """Return the historical orders that a `side` order with `limit` reaches, in price-time order."""
        prices = [p for p in self.book.prices(-side) if limit is None or side * p <= side * limit]
        return [o for p in prices for o in self.book.queues[-side, p]]

    # --- own commands -----------------------------------------------------------------------------------------------

    def _carry_out(self, ask: Ask) -> None:
        order = next((o for o in self.own if o.id == ask.id), None)
        if ask.action is Action.NEW:
            self._new(ask, order)
        elif order is None:
            self._reply(ask.id, Answer.REJECTED, Reason.UNKNOWN)
        elif ask.action is Action.CANCEL:
            self.own.remove(order)
            self._reply(ask.id, Answer.CANCELLED, Reason.ASKED)
        else:
            self._replace(ask, order)

    def _obstacle(self, side: int, limit: int | None, terms: Terms) -> Reason:
        if any(limit is None or side * o.price <= side * limit for o in self._own_side(-side)):
            return Reason.SELF_TRADE
        if terms is Terms.POST_ONLY and any(o.quantity for o in self._opposite(side, limit)):
            return Reason.WOULD_CROSS
        return Reason.NONE

    def _new(self, ask: Ask, same: OwnOrder | None) -> None:
        reason = self._obstacle(ask.side, ask.price or None, ask.terms)
        reason = Reason.INVALID if same else Reason.HALTED if self.book.count["halted"] else reason
        if reason is not Reason.NONE:
            self._reply(ask.id, Answer.REJECTED, reason)
            return
        self._reply(ask.id, Answer.ACK, leaves=ask.quantity)
        self._work(ask, ask.side, ask.terms)

    def _replace(self, ask: Ask, order: OwnOrder) -> None:
        stays = ask.price == order.price and ask.quantity <= order.leaves
        reason = Reason.NONE if stays else self._obstacle(order.side, ask.price, order.terms)
        reason = Reason.HALTED if self.book.count["halted"] else reason
        reason = Reason.INVALID if ask.price <= 0 else reason
        if reason is not Reason.NONE:
            self._reply(ask.id, Answer.REJECTED, reason, order.leaves)
            return
        self._reply(ask.id, Answer.REPLACED, leaves=ask.quantity)
        if stays:
            order.leaves = ask.quantity
        else:
            self.own.remove(order)
            self._work(ask, order.side, order.terms)

    def _work(self, ask: Ask, side: int, terms: Terms) -> None:
        """Take what the price allows, order by order at their prices; rest with what is missing."""
        left = ask.quantity
        for other in self._opposite(side, ask.price or None):
            got = min(left, other.quantity)
            if got > 0:
                left -= got
                mids = self._mids()
                self.book.take(other, got)
                self.fills.append((self.now, ask.id, other.price, got, Cause.TAKE.name, *mids))
                self._reply(ask.id, Answer.FILL, leaves=left)
        if left and (ask.price == 0 or terms is Terms.IOC):
            self._reply(ask.id, Answer.CANCELLED, Reason.IOC_REST)
        elif left:
            front = list(self.book.queues.get((side, ask.price), []))
            self.own.append(OwnOrder(ask.id, side, ask.price, left, terms, front))
            self.own.sort(key=lambda o: (-o.side, -o.side * o.price))  # stable: older first
