"""Dealers in the market, like `desks`."""

import math

from nowake.core.events import Kind
from nowake.market.dealers_state import EXPIRED as GONE
from nowake.market.dealers_state import FILLED as DEALT
from nowake.market.dealers_state import LATE
from nowake.market.world.causes import ACTIVITY, NEVER, OFFBOOK
from nowake.market.world.desks import GROUP
from nowake.market.world.feed import EXPIRED, FILLED, QUOTED, REJECTED
from nowake.market.world.reference.state import World
from nowake.market.world.reference.takers import sweep
from nowake.market.world.words import Reason

__all__ = ["ask", "serve", "take_quote", "unwind"]


def _alarm(w: World) -> None:
    for desk in w.desks:
        w.causes.due[OFFBOOK] = min(w.causes.due[OFFBOOK], max(desk.alarm, w.now))


def ask(w: World, j: int, qid: int, side: int, quantity: int) -> None:
    """Ask dealer `j` for a price."""
    desk, venue = w.desks[j], w.venues + w.darks + j
    root = math.sqrt(w.p.value_rate * w.variance)
    place = desk.quote(qid, side, quantity, w.bid + w.ask, 2.0 * root, w.now)
    q = desk.quotes[place] if place >= 0 else None
    if q is None:
        w.tell(REJECTED, qid, venue, 0, quantity, why=Reason.DECLINED)
    else:
        desk.set_alarm(q.expires)
        w.tell(QUOTED, qid, venue, q.price2, q.size)
    _alarm(w)


def _trade(w: World, j: int, flow: int) -> None:
    """Trade signed shares of dealer `j` lit; what the market does not give goes back to him."""
    if flow:
        side = 1 if flow > 0 else -1
        w.desks[j].inventory -= side * sweep(w, side, abs(flow), side * NEVER)


def take_quote(w: World, j: int, qid: int) -> None:
    """Accept the whole of a quote; the others of its group have lost."""
    desk = w.desks[j]
    q = desk.find(qid)
    size = q.size if q else 0
    found = desk.accept(qid, max(size, 1), w.now)
    if found < 0:
        why = Reason.LATE if found == LATE else Reason.UNKNOWN
        w.tell(REJECTED, qid, w.venues + w.darks + j, 0, size, why=why)
        return
    desk.set_alarm(found)
    mid2 = w.bid + w.ask
    for k, other in enumerate(w.desks):
        for place in range(len(other.quotes) if k != j else 0):
            lost = other.quotes[place]
            if lost and lost.id // GROUP == qid // GROUP:
                _trade(w, k, other.lose(lost.id, mid2, w.now))
    serve(w)


def serve(w: World) -> None:
    """Let every dealer do what is due, and tell what came of it."""
    for j, desk in enumerate(w.desks):
        desk.look(w.bid + w.ask, w.now)
        venue = w.venues + w.darks + j
        for _, qid, price2, quantity, _, _, kind in desk.answers:
            if kind == DEALT:
                w.add("dealt", quantity)
                w.add("volume", quantity)
                w.print_mid(venue, Kind.TRADE, 0, price2, quantity, dark=True)
                w.tell(FILLED, qid, venue, price2, quantity)
            elif kind == GONE:
                w.tell(EXPIRED, qid, venue, price2, quantity)
            else:
                w.tell(REJECTED, qid, venue, price2, quantity, why=Reason.LAST_LOOK)
        desk.answers.clear()
    _alarm(w)


def unwind(w: World) -> None:
    """Let every dealer hedge part of what he holds."""
    for j, desk in enumerate(w.desks):
        if desk.inventory:
            _trade(w, j, desk.hedge(w.causes.number[ACTIVITY], w.p.epoch * 1e-9, w.p.lot))
