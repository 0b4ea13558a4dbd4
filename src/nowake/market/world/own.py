"""Own orders: commands on their way, what the venue does with them, and what it says.

An own order rests in the book like any other, behind those who were there before; its slot in AGENT names its row in
`mine`. Rejects say why (`Reason`). A market or immediate order never rests; what it could not fill is cancelled, and
so is the rest of a limit order that would lock or cross the quote of another venue (or of an own order).
"""

from enum import IntEnum
from typing import Any

import numpy as np

from nowake.book.orders import add_order, grow, remove
from nowake.core.events import Kind
from nowake.core.jit import inline, kernel
from nowake.market.world.causes import NEVER, OWN
from nowake.market.world.feed import ACK, CANCELLED, REJECTED, emit, tell
from nowake.market.world.state import FIXED, INBOX, MINE, ORDERS, OWNER
from nowake.market.world.takers import sweep
from nowake.market.world.touch import improve, settle

__all__ = ["Action", "OrderKind", "Reason", "carry_out", "post", "send"]


class Action(IntEnum):
    """COMMAND.action."""

    NEW = 1
    CANCEL = 2
    REPLACE = 3  # a smaller quantity at the same price keeps its place


class OrderKind(IntEnum):
    """COMMAND.kind of a new order."""

    LIMIT = 1
    MARKET = 2
    IOC = 3
    POST_ONLY = 4


class Reason(IntEnum):
    """Why a command was rejected or an order cancelled."""

    NONE = 0
    UNKNOWN = 1  # finished or never there
    WOULD_CROSS = 2  # post-only
    UNFILLED = 3  # the rest of an order that may not rest
    ASKED = 4
    FULL = 5  # too many own orders alive
    CLOSED = 6  # the session is over
    WOULD_LOCK = 7  # the rest of an order for one venue that would lock or cross the quote of another


_NEW, _CANCEL = int(Action.NEW), int(Action.CANCEL)
_LIMIT, _MARKET, _POST = int(OrderKind.LIMIT), int(OrderKind.MARKET), int(OrderKind.POST_ONLY)
_UNKNOWN, _CROSS, _UNFILLED = int(Reason.UNKNOWN), int(Reason.WOULD_CROSS), int(Reason.UNFILLED)
_ASKED, _FULL, _LOCK = int(Reason.ASKED), int(Reason.FULL), int(Reason.WOULD_LOCK)
_ADD, _DELETE, _PARTLY = int(Kind.ADD), int(Kind.DELETE), int(Kind.CANCEL)
_BASE = 2**40  # own orders are numbered apart, so that nobody else's number depends on them


@kernel
def post(w: Any, time: Any, action: Any, oid: Any, side: Any, price: Any, quantity: Any, venue: Any, kind: Any) -> None:
    """Send a command that arrives at `time` (ns), not before the one sent before it."""
    if w.inbox_count >= INBOX:
        raise IndexError("too many own commands under way: raise `INBOX`")
    at = (w.inbox_head + w.inbox_count) % INBOX
    if w.inbox_count > 0:
        time = max(time, w.inbox[(at - 1) % INBOX].time)
    c = w.inbox[at]
    c.time, c.oid, c.price, c.quantity = max(time, w.now), oid, price, quantity
    c.action, c.kind, c.side, c.venue = action, kind, side, venue
    w.inbox_count += 1
    w.due[OWN] = w.inbox[w.inbox_head].time


@kernel
def send(
    worlds: Any, i: Any, time: Any, action: Any, oid: Any, side: Any, price: Any, quantity: Any, venue: Any, kind: Any
) -> None:
    """Send a command to market `i`: `post` from outside."""
    post(worlds[i], time, action, oid, side, price, quantity, venue, kind)


@inline
def _row(w: Any, oid: Any) -> Any:
    """Return the row of a live own order in `mine`, -1 if there is none."""
    found = np.int64(-1)
    if w.mine_live > 0:
        for i in range(MINE):
            if w.mine[i].live != 0 and w.mine[i].oid == oid:
                found = np.int64(i)
                break
    return found


@inline
def _free_row(w: Any) -> Any:
    found = np.int64(-1)
    for i in range(MINE):
        if w.mine[i].live == 0:
            found = np.int64(i)
            break
    return found


@kernel
def _stand(w: Any, p: Any, books: Any, feed: Any, row: Any, venue: Any, side: Any, price: Any, quantity: Any) -> None:
    """Rest an own order whose row in `mine` is filled in but for its slot."""
    b = books[w.first + venue]
    m = w.mine[row]
    s = add_order(b, _BASE + m.oid, side, price, quantity)
    b.order[s].owner = OWNER
    a = w.agent[venue * ORDERS + s]
    a.birth, a.plan, a.value, a.moves = row, FIXED, w.value, 0
    m.slot, m.price, m.leaves, m.side, m.venue, m.live = s, price, quantity, side, venue, 1
    w.mine_live += 1
    emit(w, feed, venue, _ADD, side, _BASE + m.oid, price, quantity, 0)
    improve(w, p, books, side, price)


@kernel
def _lift(w: Any, p: Any, books: Any, feed: Any, row: Any) -> None:
    """Take an own order out of its book."""
    m = w.mine[row]
    b = books[w.first + m.venue]
    emit(w, feed, m.venue, _DELETE, m.side, _BASE + m.oid, m.price, m.leaves, 0)
    remove(b, m.slot)
    m.live = 0
    w.mine_live -= 1
    if m.price == (w.bid if m.side > 0 else w.ask):
        settle(w, p, books, feed, m.side)


@kernel
def _new(
    w: Any, p: Any, books: Any, feed: Any, oid: Any, side: Any, price: Any, quantity: Any, venue: Any, kind: Any
) -> None:
    touch = w.ask if side > 0 else w.bid
    crosses = kind == _MARKET or side * price >= side * touch
    row = _free_row(w)
    if row < 0 or (kind == _POST and crosses):
        tell(w, REJECTED, -1, oid, venue, 2 * price, quantity, 0.0, 0, _FULL if row < 0 else _CROSS)
        return
    m = w.mine[row]
    m.oid, m.leaves, m.live = oid, quantity, 0
    tell(w, ACK, row, oid, venue, 2 * price, quantity, 0.0, 0, 0)
    left = quantity
    if crosses:
        left = sweep(w, p, books, feed, side, quantity, side * NEVER if kind == _MARKET else price, venue, row)
    m.leaves = left
    rests = kind == _LIMIT or kind == _POST
    locks = rests and side * price >= side * (w.ask if side > 0 else w.bid)
    if left > 0 and rests and not locks:
        _stand(w, p, books, feed, row, max(venue, 0), side, price, left)
    elif left > 0:
        m.leaves = 0
        tell(w, CANCELLED, row, oid, venue, 2 * price, left, 0.0, 0, _LOCK if locks else _UNFILLED)


@kernel
def _replace(w: Any, p: Any, books: Any, feed: Any, row: Any, price: Any, quantity: Any) -> None:
    m = w.mine[row]
    oid, side, venue = m.oid, np.int64(m.side), np.int64(m.venue)
    if price == m.price and quantity <= m.leaves:
        gone = m.leaves - quantity
        if gone > 0:
            emit(w, feed, venue, _PARTLY, side, _BASE + oid, price, gone, 0)
            grow(books[w.first + venue], m.slot, -gone)
            m.leaves = quantity
        tell(w, ACK, row, oid, venue, 2 * price, quantity, 0.0, 1, 0)
        return
    _lift(w, p, books, feed, row)
    _new(w, p, books, feed, oid, side, price, quantity, venue, _LIMIT)


@kernel
def carry_out(w: Any, p: Any, books: Any, feed: Any) -> None:
    """Carry out the next own command at its arrival."""
    c = w.inbox[w.inbox_head]
    action, kind, oid, side = c.action, c.kind, c.oid, np.int64(c.side)
    price, quantity, venue = c.price, c.quantity, np.int64(c.venue)
    w.inbox_head = (w.inbox_head + 1) % INBOX
    w.inbox_count -= 1
    w.due[OWN] = w.inbox[w.inbox_head].time if w.inbox_count > 0 else NEVER
    if action == _NEW:
        _new(w, p, books, feed, oid, side, price, quantity, venue, kind)
        return
    row = _row(w, oid)
    if row < 0:
        tell(w, REJECTED, -1, oid, venue, 2 * price, quantity, 0.0, 0, _UNKNOWN)
    elif action == _CANCEL:
        _lift(w, p, books, feed, row)
        left = w.mine[row].leaves
        w.mine[row].leaves = 0
        tell(w, CANCELLED, row, oid, w.mine[row].venue, 2 * w.mine[row].price, left, 0.0, 1, _ASKED)
    else:
        _replace(w, p, books, feed, row, price, quantity)
