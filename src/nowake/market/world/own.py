"""Own orders: commands on their way, what the venue does with them, and what it says.

An own order rests in the book like any other, behind those who were there before; its slot in AGENT names its row in
`mine`. One that waits at the mid lies in a pool (`offbook`). Rejects say why (`Reason`). A market or immediate order
never rests; what it could not fill is cancelled, and so is the rest of a limit order that would lock or cross the quote
of another venue (or of an own order).
"""

from typing import Any

import numpy as np

from nowake.book.orders import add_order, grow
from nowake.core.events import Kind
from nowake.core.jit import inline, kernel
from nowake.market.dark import enter, reduce
from nowake.market.dark_state import NEVER as NO_EXPIRY
from nowake.market.dark_state import NO_LIMIT
from nowake.market.world.causes import NEVER, OWN
from nowake.market.world.desks import ask, take_quote
from nowake.market.world.faults import fault
from nowake.market.world.feed import ACK, CANCELLED, REJECTED, REPLACED, emit, tell
from nowake.market.world.mine import free_row, row_of
from nowake.market.world.offbook import cross_pool, pool_of
from nowake.market.world.state import FIXED, INBOX, MINE, ORDERS, OWN_IDS, OWNER
from nowake.market.world.takers import sweep
from nowake.market.world.touch import improve
from nowake.market.world.withdraw import lift
from nowake.market.world.words import Action, OrderKind, Reason

__all__ = ["carry_out", "post", "send"]

_NEW, _CANCEL, _REPLACE, _MASS = int(Action.NEW), int(Action.CANCEL), int(Action.REPLACE), int(Action.MASS_CANCEL)
_ASK, _ACCEPT, _FAULT = int(Action.ASK), int(Action.ACCEPT), int(Action.FAULT)
_LIMIT, _MARKET, _POST = int(OrderKind.LIMIT), int(OrderKind.MARKET), int(OrderKind.POST_ONLY)
_IOC, _MID, _CLOSING = int(OrderKind.IOC), int(OrderKind.MID_PEG), int(OrderKind.ON_CLOSE)
_UNKNOWN, _CROSS, _UNFILLED = int(Reason.UNKNOWN), int(Reason.WOULD_CROSS), int(Reason.UNFILLED)
_ASKED, _FULL, _LOCK = int(Reason.ASKED), int(Reason.FULL), int(Reason.WOULD_LOCK)
_NOT_HERE, _INVALID, _THROTTLED = int(Reason.NOT_HERE), int(Reason.INVALID), int(Reason.THROTTLED)
_OUT, _STORM, _HALTED = int(Reason.OUTAGE), int(Reason.STORM), int(Reason.HALTED)
_CLOSED = int(Reason.CLOSED)
_ADD, _PARTLY = int(Kind.ADD), int(Kind.CANCEL)
_SECOND = 1_000_000_000


@inline
def _copy(c: Any, to: Any) -> None:
    to.time, to.oid, to.price, to.quantity, to.minimum = c.time, c.oid, c.price, c.quantity, c.minimum
    to.action, to.kind, to.side, to.venue = c.action, c.kind, c.side, c.venue


@kernel
def post(
    w: Any, time: Any, action: Any, oid: Any, side: Any, price: Any, quantity: Any, venue: Any, kind: Any, minimum: Any
) -> None:
    """Send a command that arrives at `time` (ns), not before the one sent to its venue before it."""
    if w.inbox_count >= INBOX:
        raise IndexError("too many own commands under way: raise `INBOX`")
    time = max(time, w.now)
    if action != _FAULT:
        time = max(time, w.last_sent[max(venue, 0)])
        w.last_sent[max(venue, 0)] = time
    at = w.inbox_head + w.inbox_count
    while at > w.inbox_head and w.inbox[(at - 1) % INBOX].time > time:  # in the order of arrival
        _copy(w.inbox[(at - 1) % INBOX], w.inbox[at % INBOX])
        at -= 1
    c = w.inbox[at % INBOX]
    c.time, c.oid, c.price, c.quantity, c.minimum = time, oid, price, quantity, minimum
    c.action, c.kind, c.side, c.venue = action, kind, side, venue
    w.inbox_count += 1
    w.due[OWN] = w.inbox[w.inbox_head].time


@kernel
def send(
    worlds: Any, i: Any, time: Any, action: Any, oid: Any, side: Any, price: Any, quantity: Any, venue: Any, kind: Any,
    minimum: Any,
) -> None:  # fmt: skip
    """Send a command to market `i`: `post` from outside."""
    post(worlds[i], time, action, oid, side, price, quantity, venue, kind, minimum)


@kernel
def _stand(w: Any, p: Any, books: Any, feed: Any, row: Any, venue: Any, side: Any, price: Any, quantity: Any) -> None:
    """Rest an own order whose row in `mine` is filled in but for its slot."""
    b = books[w.first + venue]
    m = w.mine[row]
    s = add_order(b, OWN_IDS + m.oid, side, price, quantity)
    b.order[s].owner = OWNER
    a = w.agent[venue * ORDERS + s]
    a.birth, a.plan, a.value, a.moves = row, FIXED, w.fair, 0
    m.slot, m.price, m.leaves, m.side, m.venue, m.live, m.unseen = s, price, quantity, side, venue, 1, 0
    w.mine_live += 1
    emit(w, feed, venue, _ADD, side, OWN_IDS + m.oid, price, quantity, 0)
    improve(w, p, books, side, price)


@kernel
def _new(
    w: Any, p: Any, books: Any, feed: Any, oid: Any, side: Any, price: Any, quantity: Any, venue: Any, kind: Any,
    word: Any,
) -> None:  # fmt: skip
    """Enter an order; `word` says that it was accepted: ACK, or REPLACED."""
    touch = w.ask if side > 0 else w.bid
    crosses = kind == _MARKET or side * price >= side * touch
    row = free_row(w)
    if row < 0 or (kind == _POST and crosses):
        tell(w, REJECTED, -1, oid, venue, 2 * price, quantity, 0.0, 0, _FULL if row < 0 else _CROSS)
        return
    m = w.mine[row]
    m.oid, m.leaves, m.live = oid, quantity, 0
    tell(w, word, row, oid, venue, 2 * price, quantity, 0.0, 0, 0)
    left = quantity
    if crosses:
        left = sweep(w, p, books, feed, side, quantity, side * NEVER if kind == _MARKET else price, venue, row)
    m.leaves = left
    rests = kind == _LIMIT or kind == _POST
    locks = rests and side * price >= side * (w.ask if side > 0 else w.bid)
    if left > 0 and rests and not locks:
        _stand(w, p, books, feed, row, _there(w, venue), side, price, left)
    elif left > 0:
        m.leaves = 0
        tell(w, CANCELLED, row, oid, venue, 2 * price, left, 0.0, 0, _LOCK if locks else _UNFILLED)


@inline
def _there(w: Any, venue: Any) -> Any:
    """Return the venue at which the rest of an order stands: the first that is there, if none is named."""
    at = max(venue, 0)
    while venue < 0 and w.out_until[at] > w.now:
        at += 1
    return at


@kernel
def _new_unseen(
    w: Any, p: Any, books: Any, feed: Any, oid: Any, side: Any, price: Any, quantity: Any, venue: Any, kind: Any,
    minimum: Any, word: Any,
) -> None:  # fmt: skip
    """Enter an order that waits at the mid: in a dark pool, or unseen at a lit venue; price 0 takes any mid."""
    row = free_row(w)
    if row < 0:
        tell(w, REJECTED, -1, oid, venue, 2 * price, quantity, 0.0, 0, _FULL)
        return
    k = pool_of(w, venue)
    limit2 = 2 * price if price > 0 else side * NO_LIMIT
    s = enter(w.pool[k], oid, OWNER, side, quantity, minimum, limit2, NO_EXPIRY, row, w.now)
    if s < 0:
        tell(w, REJECTED, -1, oid, venue, 2 * price, quantity, 0.0, 0, _INVALID)
        return
    m = w.mine[row]
    m.oid, m.slot, m.price, m.leaves, m.side, m.venue, m.live, m.unseen = oid, 0, price, quantity, side, venue, 1, 1
    w.mine_live += 1
    tell(w, word, row, oid, venue, 2 * price, quantity, 0.0, 0, 0)
    cross_pool(w, p, feed, k)
    if kind == _IOC and m.live != 0:
        lift(w, p, books, feed, row)
        left = m.leaves
        m.leaves = 0
        tell(w, CANCELLED, row, oid, venue, 2 * price, left, 0.0, 0, _UNFILLED)


@kernel
def _new_closing(w: Any, oid: Any, side: Any, price: Any, quantity: Any, word: Any) -> None:
    """Keep an order for the closing auction of the first venue; price 0 takes any."""
    row = free_row(w)
    if row < 0 or w.crossed != 0:
        tell(w, REJECTED, -1, oid, 0, 2 * price, quantity, 0.0, 0, _FULL if row < 0 else _CLOSED)
        return
    m = w.mine[row]
    m.oid, m.slot, m.price, m.leaves, m.side, m.venue, m.live, m.unseen = oid, 0, price, quantity, side, 0, 1, 2
    w.mine_live += 1
    tell(w, word, row, oid, 0, 2 * price, quantity, 0.0, 0, 0)


@kernel
def _replace(w: Any, p: Any, books: Any, feed: Any, row: Any, price: Any, quantity: Any) -> None:
    m = w.mine[row]
    oid, side, venue, unseen = m.oid, np.int64(m.side), np.int64(m.venue), m.unseen
    if price == m.price and quantity <= m.leaves:
        gone = m.leaves - quantity
        if gone > 0 and unseen == 1:
            reduce(w.pool[pool_of(w, venue)], oid, quantity)
        elif gone > 0 and unseen == 0:
            emit(w, feed, venue, _PARTLY, side, OWN_IDS + oid, price, gone, 0)
            grow(books[w.first + venue], m.slot, -gone)
        m.leaves = quantity
        tell(w, REPLACED, row, oid, venue, 2 * price, quantity, 0.0, 1, 0)
        return
    lift(w, p, books, feed, row)
    if unseen == 2:
        _new_closing(w, oid, side, price, quantity, REPLACED)
    elif unseen == 1:
        _new_unseen(w, p, books, feed, oid, side, price, quantity, venue, _MID, 0, REPLACED)
    else:
        _new(w, p, books, feed, oid, side, price, quantity, venue, _LIMIT, REPLACED)


@kernel
def _cancel(w: Any, p: Any, books: Any, feed: Any, row: Any, why: Any) -> None:
    lift(w, p, books, feed, row)
    m = w.mine[row]
    left = m.leaves
    m.leaves = 0
    tell(w, CANCELLED, row, m.oid, m.venue, 2 * m.price, left, 0.0, 1, why)


@inline
def _refused(w: Any, p: Any, action: Any, kind: Any, venue: Any) -> Any:
    """Return why the venue does not even look at a command, 0 if it does."""
    at, why = max(venue, 0), 0
    if w.now // _SECOND != w.sent_second[at]:
        w.sent_second[at], w.sent[at] = w.now // _SECOND, 0
    w.sent[at] += 1
    new, enters = action == _NEW, action == _NEW or action == _REPLACE
    nowhere = venue < 0 and kind == _MID
    unlit = (venue >= w.venues and kind != _MID and kind != _IOC) or (venue > 0 and kind == _CLOSING)
    if p.message_limit[at] > 0 and w.sent[at] > p.message_limit[at]:
        why = _THROTTLED
    elif w.out_until[at] > w.now and (venue >= 0 or not new):
        why = _OUT
    elif w.halt_until > w.now and (enters or action == _ASK or action == _ACCEPT):
        why = _HALTED
    elif w.storm_until[at] > w.now and enters:
        why = _STORM
    elif new and (nowhere or unlit or venue >= w.venues + w.darks):
        why = _NOT_HERE
    return why


@kernel
def carry_out(w: Any, p: Any, books: Any, feed: Any) -> None:
    """Carry out the next own command at its arrival."""
    c = w.inbox[w.inbox_head]
    action, kind, oid, side = c.action, c.kind, c.oid, np.int64(c.side)
    price, quantity, minimum, venue = c.price, c.quantity, c.minimum, np.int64(c.venue)
    w.inbox_head = (w.inbox_head + 1) % INBOX
    w.inbox_count -= 1
    w.due[OWN] = w.inbox[w.inbox_head].time if w.inbox_count > 0 else NEVER
    if action == _FAULT:
        fault(w, p, books, feed, kind, venue, quantity, price)
        return
    where = venue
    if action == _CANCEL or action == _REPLACE:
        row = row_of(w, oid)
        where = np.int64(w.mine[row].venue) if row >= 0 else venue
    why = _refused(w, p, action, kind, where)
    if why != 0:
        tell(w, REJECTED, -1, oid, venue, 2 * price, quantity, 0.0, 0, why)
    elif action == _NEW and (kind == _MID or venue >= w.venues):
        _new_unseen(w, p, books, feed, oid, side, price, quantity, venue, kind, minimum, ACK)
    elif action == _NEW and kind == _CLOSING:
        _new_closing(w, oid, side, price, quantity, ACK)
    elif action == _NEW:
        _new(w, p, books, feed, oid, side, price, quantity, venue, kind, ACK)
    elif action == _ASK:
        ask(w, p, venue - w.venues - w.darks, oid, side, quantity)
    elif action == _ACCEPT:
        take_quote(w, p, books, feed, venue - w.venues - w.darks, oid)
    elif action == _MASS:
        for row in range(MINE):
            m = w.mine[row]
            if m.live != 0 and (venue < 0 or venue == m.venue) and w.stuck_until[m.venue] <= w.now:
                _cancel(w, p, books, feed, row, _ASKED)
    else:
        _change(w, p, books, feed, action, oid, venue, price, quantity)


@kernel
def _change(
    w: Any, p: Any, books: Any, feed: Any, action: Any, oid: Any, venue: Any, price: Any, quantity: Any
) -> None:
    """Cancel or replace an own order."""
    row = row_of(w, oid)
    at = np.int64(w.mine[row].venue) if row >= 0 else max(venue, 0)
    if action == _CANCEL and w.stuck_until[at] > w.now:
        return
    if row < 0:
        tell(w, REJECTED, -1, oid, venue, 2 * price, quantity, 0.0, 0, _UNKNOWN)
    elif action == _CANCEL:
        _cancel(w, p, books, feed, row, _ASKED)
    else:
        _replace(w, p, books, feed, row, price, quantity)
