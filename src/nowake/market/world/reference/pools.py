"""The reference pool and dealer of the market, with what only the world asks of them."""

from dataclasses import dataclass

from nowake.market.dark_reference import Hidden, ReferencePool
from nowake.market.dealers_reference import ReferenceDealer
from nowake.market.dealers_state import NEVER

__all__ = ["Desk", "Pool"]


@dataclass(slots=True)
class Pool(ReferencePool):
    """A dark pool, or what waits unseen at the mid of a lit venue."""

    def take(self, oid: int, owner: int, side: int, quantity: int, price2: int, now: int) -> int:
        """Trade an incoming order, which never waits, with the other side at the mid; returns what is left of it."""
        self.expire(now)
        left = quantity
        for o in list(self.waiting[-side]):
            q = min(left, o.quantity)
            accepts = q >= min(o.minimum, o.quantity) and o.side * price2 <= o.side * o.limit2
            if q and accepts and (o.owner == 0 or o.owner != owner):
                buyer, seller = (oid, o.id) if side > 0 else (o.id, oid)
                self.trades.append((now, price2, q, buyer, seller, side))
                self._use(o, q, now)
                left -= q
        return left

    def _use(self, o: Hidden, q: int, now: int) -> None:
        o.quantity -= q
        if o.quantity == 0:
            self.waiting[o.side].remove(o)
        elif o.owner:
            self.ping(o.side, q, True, now)


@dataclass(slots=True)
class Desk(ReferenceDealer):
    """A dealer with an alarm: it rings when something is due, and also where that has come to nothing meanwhile."""

    alarm: int = NEVER

    def set_alarm(self, time: int) -> None:
        """Let the alarm ring at `time` (ns) at the latest."""
        self.alarm = min(self.alarm, time)

    def look(self, mid2: int, now: int) -> None:
        """Do what is due, if the alarm has rung, and set it for what is still to come."""
        if now < self.alarm:
            return
        self.attend(mid2, now)
        ends = [q.expires if q.due is None else q.due for q in self.quotes if q]
        self.alarm = min([NEVER, *ends, *(due for due, _, _ in self.marks)])
