"""The readable twin of the match engine: `ReferenceVenue` is a `ReferenceBook` that takes requests."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from nowake.book.actions import Action, Outcome, Prevention, Request
from nowake.book.reference import ReferenceBook, ReferenceOrder

__all__ = ["ReferenceTrade", "ReferenceVenue"]

_ANY_PRICE = 2**60
_MAX = 2**31 - 1


class ReferenceTrade(NamedTuple):
    """A trade; price in half ticks, side of the taker."""

    maker: int
    taker: int
    price2: int
    quantity: int
    side: int
    hidden: bool


@dataclass(slots=True)
class _Progress:
    """How far the request in hand has come."""

    left: int
    filled: int = 0
    cut: int = 0
    stopped: bool = False
    rested: int = 0
    trades: list[ReferenceTrade] = field(default_factory=list)


def _suits(peg: ReferenceOrder, left: int, minimum: int) -> bool:
    q = min(left, peg.quantity)
    return q >= min(peg.display, peg.quantity) and q >= min(minimum, left)


class ReferenceVenue(ReferenceBook):
    """A book with a match engine."""

    def __init__(self) -> None:
        super().__init__()
        self.trades: list[ReferenceTrade] = []
        self.now = _Progress(0)

    def mid2(self) -> int | None:
        """Return the mid in half ticks, None while pegs are inactive."""
        bid, ask = self.best(1), self.best(-1)
        return None if bid is None or ask is None or bid >= ask else bid + ask

    def submit(self, r: Request) -> tuple[Outcome, int, int]:
        """Carry out a request; returns (outcome, filled, cut)."""
        self.count["events"] += 1
        self.now = _Progress(r.quantity)
        order = self.ids.get(r.id)
        if r.kind is Action.CANCEL:
            if order is None:
                return Outcome.UNKNOWN, 0, 0
            self.withdraw(order)
            outcome = Outcome.DONE
        elif self.count["halted"]:
            return Outcome.HALTED, 0, 0
        elif r.kind is Action.REPLACE:
            outcome = self._replace(r, order) if order else Outcome.UNKNOWN
        elif not self._valid(r):
            outcome = Outcome.INVALID
        elif order is not None:
            outcome = Outcome.DUPLICATE
        else:
            outcome = self._enter_request(r)
        self._settle()
        return outcome, self.now.filled, self.now.cut

    def withdraw(self, order: ReferenceOrder) -> None:
        """Cancel an order, displayed or pegged."""
        if order.status & 2:
            self.pegs[order.side] = [o for o in self.pegs[order.side] if o is not order]
            self.forget(order)
        else:
            self.remove(order)

    @staticmethod
    def _valid(r: Request) -> bool:
        sizes = 0 < r.quantity <= _MAX and 0 <= r.display <= r.quantity and 0 <= r.minimum <= r.quantity
        priced = r.kind in (Action.MARKET, Action.PEG) or abs(r.price) < _ANY_PRICE
        return r.id != 0 and r.side in (1, -1) and sizes and priced

    def _blocked(self, r: Request, maker: ReferenceOrder) -> bool:
        return r.prevention is not Prevention.NONE and r.owner != 0 and maker.owner == r.owner

    def _trade(self, maker: ReferenceOrder, taker: int, side: int, price2: int, quantity: int) -> None:
        self.trades.append(ReferenceTrade(maker.id, taker, price2, quantity, side, bool(maker.status & 2)))
        self.count["volume"] += quantity
        self.count["trades"] += 1

    def _use(self, maker: ReferenceOrder, quantity: int) -> None:
        maker.quantity -= quantity
        if maker.quantity:
            return
        if maker.reserve:
            self.unlink(maker)
            maker.quantity = min(maker.display, maker.reserve)
            maker.reserve -= maker.quantity
            self.count["seq"] += 1
            maker.seq = self.count["seq"]
            self.queues.setdefault((maker.side, maker.price), []).append(maker)
        else:
            self.withdraw(maker)

    def _meet(self, r: Request, maker: ReferenceOrder, price2: int) -> None:
        """Trade with one maker, or apply self-trade prevention."""
        now = self.now
        q = min(now.left, maker.quantity)
        if not self._blocked(r, maker):
            self._trade(maker, r.id, r.side, price2, q)
            now.filled += q
        elif r.prevention is Prevention.NEWEST:
            now.stopped = True
            return
        elif r.prevention is Prevention.OLDEST:
            self.withdraw(maker)
            return
        else:
            now.cut += q
        now.left -= q
        self._use(maker, q)

    def _reachable_pegs(self, side: int, limit: int) -> list[ReferenceOrder]:
        mid2 = self.mid2()
        return list(self.pegs[-side]) if mid2 is not None and side * mid2 <= side * 2 * limit else []

    def _reachable(self, side: int, limit: int) -> int | None:
        best = self.best(-side)
        return best if best is not None and side * best <= side * limit else None

    def _fillable(self, r: Request, limit: int) -> int:
        """Return how much would fill at once."""
        got = 0
        for peg in self._reachable_pegs(r.side, limit):
            if got < r.quantity and _suits(peg, r.quantity - got, 0):
                if not self._blocked(r, peg):
                    got += min(r.quantity - got, peg.quantity)
                elif r.prevention is not Prevention.OLDEST:
                    return got
        for price in self.prices(-r.side):
            if r.side * price > r.side * limit or got >= r.quantity:
                break
            hidden = 0
            for o in self.queues[-r.side, price]:
                if not self._blocked(r, o):
                    got, hidden = got + o.quantity, hidden + o.reserve
                elif r.prevention is not Prevention.OLDEST:
                    return min(got, r.quantity)
            got += hidden
        return min(got, r.quantity)

    def _enter_request(self, r: Request) -> Outcome:
        now = self.now
        limit = r.side * _ANY_PRICE if r.kind in (Action.MARKET, Action.PEG) else r.price
        if r.kind is Action.POST:
            pegs = any(_suits(p, r.quantity, 0) for p in self._reachable_pegs(r.side, limit))
            if pegs or self._reachable(r.side, limit) is not None:
                return Outcome.CROSSING
        need = {Action.FOK: r.quantity, Action.IOC: r.minimum}.get(r.kind, 0)
        if need and self._fillable(r, limit) < need:
            return Outcome.KILLED
        self._match(r, limit)
        if now.left == 0:
            return Outcome.PREVENTED if now.cut else Outcome.FILLED
        if now.stopped:
            return Outcome.PREVENTED
        if r.kind not in (Action.LIMIT, Action.POST, Action.PEG):
            return Outcome.CANCELLED
        self._rest(r, now.left)
        return Outcome.RESTING

    def _match(self, r: Request, limit: int) -> None:
        now, mid2 = self.now, self.mid2() or 0
        minimum = r.minimum if r.kind is Action.PEG else 0
        for peg in self._reachable_pegs(r.side, limit):
            if now.left and not now.stopped and _suits(peg, now.left, minimum):
                self._meet(r, peg, mid2)
        while r.kind is not Action.PEG and now.left and not now.stopped:
            price = self._reachable(r.side, limit)
            if price is None:
                break
            self._meet(r, self.queues[-r.side, price][0], 2 * price)

    def _rest(self, r: Request, left: int) -> None:
        if r.kind is Action.PEG:
            order = self.add(r.id, r.side, 0, left, status=3)
            self.unlink(order)
            self.pegs[r.side].append(order)
            order.display = r.minimum
        else:
            shown = min(r.display, left) if r.display else left
            order = self.add(r.id, r.side, r.price, shown)
            order.display, order.reserve = r.display, left - shown
        order.owner = r.owner
        self.now.rested = order.id

    def _replace(self, r: Request, order: ReferenceOrder) -> Outcome:
        new = r.ref or r.id
        if new != r.id and new in self.ids:
            return Outcome.DUPLICATE
        if not 0 < r.quantity <= _MAX or abs(r.price) >= _ANY_PRICE:
            return Outcome.INVALID
        pegged = bool(order.status & 2)
        if (pegged or r.price == order.price) and r.quantity <= order.quantity + order.reserve:
            self.rename(order, new)
            off = order.quantity + order.reserve - r.quantity
            hidden = min(off, order.reserve)
            order.reserve -= hidden
            order.quantity -= off - hidden
            return Outcome.DONE
        self.withdraw(order)
        size = min(order.display, r.quantity)
        again = replace(r, id=new, side=order.side, owner=order.owner, display=0, minimum=0)
        if pegged:
            return self._enter_request(replace(again, kind=Action.PEG, minimum=size))
        return self._enter_request(replace(again, kind=Action.LIMIT, display=size))

    def _settle(self) -> None:
        """Trade resting pegs of both sides with each other."""
        mid2 = self.mid2()
        if mid2 is None:
            return
        for buy in list(self.pegs[1]):
            for sell in list(self.pegs[-1]):
                if not buy.quantity or not _suits(sell, buy.quantity, buy.display):
                    continue
                if buy.owner and buy.owner == sell.owner:
                    continue
                q = min(buy.quantity, sell.quantity)
                taker, maker = (buy, sell) if buy.seq > sell.seq else (sell, buy)
                self._trade(maker, taker.id, taker.side, mid2, q)
                self._use(sell, q)
                self._use(buy, q)
