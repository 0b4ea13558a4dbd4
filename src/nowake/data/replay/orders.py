"""Own orders at the venue: entry, taking, resting, cancelling, and the messages that go with them.

Own resting orders stand sorted by side (buys first), price (best first) and time. `seq` is the book's sequence at
entry: historical orders with a smaller or equal `seq` at the same price are ahead.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.book.feed import best_ask, best_bid, level_of, next_level, take
from nowake.book.state import NO_ASK, NONE
from nowake.core.draws import next_uniform
from nowake.core.jit import inline, kernel
from nowake.core.records import Cause
from nowake.data.replay.state import QUANTILES, Action, Answer, Reason, Terms

__all__ = ["amend_own", "book_fill", "left_at", "mid2", "own_best", "process", "send", "touched", "untouched_mid2"]

_NEW, _CANCEL = int(Action.NEW), int(Action.CANCEL)
_IOC, _POST = int(Terms.IOC), int(Terms.POST_ONLY)
_ACK, _FILL, _CANCELLED = int(Answer.ACK), int(Answer.FILL), int(Answer.CANCELLED)
_REJECTED, _REPLACED = int(Answer.REJECTED), int(Answer.REPLACED)
_ASKED, _REST, _CROSS = int(Reason.ASKED), int(Reason.IOC_REST), int(Reason.WOULD_CROSS)
_HALTED, _UNKNOWN, _SELF = int(Reason.HALTED), int(Reason.UNKNOWN), int(Reason.SELF_TRADE)
_INVALID, _MANY = int(Reason.INVALID), int(Reason.TOO_MANY)
_TAKE = int(Cause.TAKE)
NOWHERE = NO_ASK  # |price| of an empty side


@kernel
def _far_left(b, side, price):
    total = 0
    s = b.far_head[(1 - side) >> 1]
    while s != NONE:
        o = b.order[s]
        if o.price == price:
            total += o.quantity
        s = b.order[s].next
    return total


@inline
def left_at(b, side, price):
    """Return the shares of history left at (side, price): what own orders took is gone."""
    i = level_of(b, side, price)
    return b.level[i].quantity if i >= 0 else _far_left(b, side, price)


@inline
def touched(b, side):
    """Return the best price of `side` with shares left, +-NOWHERE if there is none; own orders not included."""
    p = best_bid(b) if side > 0 else best_ask(b)
    while abs(p) != NOWHERE and left_at(b, side, p) == 0:
        p = next_level(b, side, p)
    return p


@inline
def own_best(w, side):
    """Return the price of the best own resting order on `side`, -+NOWHERE if there is none."""
    for k in range(w.live):
        if w.own[k].side == side:
            return w.own[k].price
    return -side * NOWHERE


@inline
def mid2(b, w):
    """Return twice the mid of the book that we trade in, own resting orders included; NaN where a side is empty."""
    bid, ask = max(touched(b, 1), own_best(w, 1)), min(touched(b, -1), own_best(w, -1))
    return np.nan if bid == -NOWHERE or ask == NOWHERE else np.float64(bid + ask)


@inline
def untouched_mid2(b):
    """Return twice the mid of history without us; NaN where a side is empty."""
    bid, ask = best_bid(b), best_ask(b)
    return np.nan if bid == -NOWHERE or ask == NOWHERE else np.float64(bid + ask)


@inline
def _delay(w, leg):
    return w.latency[leg, int(next_uniform(w, leg) * QUANTILES)]


@inline
def send(w, local_time, action, oid, side, price, quantity, terms):
    """Put a command on its way at `local_time`; commands arrive in the order sent."""
    size = w.inbox.shape[0]
    if w.inbox_count >= size:
        raise IndexError("too many commands under way: raise `MAX_UNDER_WAY`")
    w.last_entry = max(w.last_entry, local_time + _delay(w, 0))
    c = w.inbox[(w.inbox_head + w.inbox_count) % size]
    c.time, c.id, c.price, c.quantity = w.last_entry, oid, price, quantity
    c.action, c.terms, c.side = action, terms, side
    w.inbox_count += 1
    w.sent += 1


@inline
def _respond(w, oid, side, answer, reason, price2, quantity, leaves):
    size = w.outbox.shape[0]
    if w.outbox_count >= size:
        raise IndexError("too many responses under way: raise `MAX_UNDER_WAY`")
    w.last_response = max(w.last_response, w.now + _delay(w, 1))
    r = w.outbox[(w.outbox_head + w.outbox_count) % size]
    r.time, r.id, r.price2, r.quantity, r.leaves = w.last_response, oid, price2, quantity, leaves
    r.answer, r.reason, r.side = answer, reason, side
    w.outbox_count += 1


@inline
def book_fill(w, oid, side, price, quantity, leaves, cause, mid_before2, untouched2):
    """Record an execution of an own order and put its report on the way."""
    if w.fills >= w.fill.shape[0]:
        raise IndexError("too many fills before they were collected: raise `MAX_FILLS`")
    f = w.fill[w.fills]
    f.time, f.order_id, f.price2, f.quantity = w.now, oid, 2 * price, quantity
    f.side, f.cause = side, cause
    f.passive = 0 if cause == _TAKE else 1
    f.mid, f.mid_untouched = 0.5 * mid_before2, 0.5 * untouched2
    share, bps = (w.taker_share, w.taker_bps) if cause == _TAKE else (w.maker_share, w.maker_bps)
    f.fee = share * quantity + bps * 1e-4 * price * w.tick_value * quantity
    w.fills += 1
    w.filled += quantity
    if cause != _TAKE:
        w.passive_filled += quantity
    _respond(w, oid, side, _FILL, 0, 2 * price, quantity, leaves)


@inline
def _find_own(w, oid):
    for k in range(w.live):
        if w.own[k].id == oid:
            return k
    return -1


@inline
def _copy_own(a, c):
    a.id, a.price, a.leaves, a.ahead, a.seq, a.part, a.side = c.id, c.price, c.leaves, c.ahead, c.seq, c.part, c.side


@inline
def remove_own(w, k):
    """Take own order `k` out, the others keep their order."""
    w.live -= 1
    for j in range(k, w.live):
        _copy_own(w.own[j], w.own[j + 1])


@inline
def amend_own(w, k, quantity):
    """Take filled shares off own order `k`; tell whether it is complete (and gone)."""
    w.own[k].leaves -= quantity
    done = w.own[k].leaves == 0
    if done:
        remove_own(w, k)
    return done


@inline
def _rest(b, w, oid, side, price, quantity):
    k = w.live
    while k > 0:
        o = w.own[k - 1]
        if o.side > side or (o.side == side and side * o.price >= side * price):
            break
        _copy_own(w.own[k], o)
        k -= 1
    o = w.own[k]
    o.id, o.side, o.price, o.leaves = oid, side, price, quantity
    o.ahead, o.seq, o.part = left_at(b, side, price), b.seq, 0.0
    w.live += 1


@inline
def _first_at(b, side, price):
    i = level_of(b, side, price)
    if i >= 0:
        return b.level[i].head
    s = b.far_head[(1 - side) >> 1]
    while s != NONE and b.order[s].price != price:
        s = b.order[s].next
    return s


@kernel
def _take_along(b, w, oid, side, limit, quantity):
    """Take resting shares of history in price-time order at their prices up to `limit`; returns what is missing."""
    p = touched(b, -side)
    while quantity > 0 and abs(p) != NOWHERE and side * p <= side * limit:
        s = _first_at(b, -side, p)
        while s != NONE and quantity > 0:
            o = b.order[s]
            if o.price == p and o.quantity > 0:
                q = min(quantity, o.quantity)
                before, untouched = mid2(b, w), untouched_mid2(b)
                take(b, s, q)
                quantity -= q
                book_fill(w, oid, side, p, q, quantity, _TAKE, before, untouched)
            s = b.order[s].next
        p = touched(b, -side)
    return quantity


@inline
def _refusal(b, w, c, limit):
    """Return the reason to reject a new order, 0 if there is none."""
    if c.quantity <= 0 or (c.side != 1 and c.side != -1) or c.price < 0 or _find_own(w, c.id) >= 0:
        return _INVALID
    if b.halted != 0:
        return _HALTED
    if w.live >= w.own.shape[0]:
        return _MANY
    if c.side * own_best(w, -c.side) <= c.side * limit:
        return _SELF
    if c.terms == _POST and c.side * touched(b, -c.side) <= c.side * limit:
        return _CROSS
    return 0


@inline
def _enter(b, w, c, limit):
    left = _take_along(b, w, c.id, c.side, limit, c.quantity)
    if left > 0:
        if c.terms == _IOC or c.price == 0:
            _respond(w, c.id, c.side, _CANCELLED, _REST, 0, left, 0)
        else:
            _rest(b, w, c.id, c.side, c.price, left)


@inline
def _new(b, w, c):
    limit = c.price if c.price != 0 else c.side * (NOWHERE - 1)
    reason = _refusal(b, w, c, limit)
    if reason != 0:
        w.rejected += 1
        _respond(w, c.id, c.side, _REJECTED, reason, 0, c.quantity, 0)
    else:
        _respond(w, c.id, c.side, _ACK, 0, 2 * c.price, c.quantity, c.quantity)
        _enter(b, w, c, limit)


@inline
def _replace(b, w, c, k):
    """Amend own order `k` to the price and open quantity of `c`: in its place if only smaller, else anew."""
    o = w.own[k]
    if c.quantity <= 0 or c.price <= 0 or b.halted != 0:
        w.rejected += 1
        _respond(w, c.id, o.side, _REJECTED, _HALTED if b.halted != 0 else _INVALID, 0, c.quantity, o.leaves)
    elif c.price == o.price and c.quantity <= o.leaves:
        o.leaves = c.quantity
        _respond(w, c.id, o.side, _REPLACED, 0, 2 * c.price, c.quantity, c.quantity)
    else:
        c.side = o.side
        remove_own(w, k)
        _respond(w, c.id, c.side, _REPLACED, 0, 2 * c.price, c.quantity, c.quantity)
        _enter(b, w, c, c.price)


@kernel
def process(b, w, c):
    """Carry out command `c` at its arrival, `w.now`."""
    if c.action == _NEW:
        _new(b, w, c)
        return
    k = _find_own(w, c.id)
    if k < 0:
        w.rejected += 1
        _respond(w, c.id, c.side, _REJECTED, _UNKNOWN, 0, c.quantity, 0)
    elif c.action == _CANCEL:
        _respond(w, c.id, w.own[k].side, _CANCELLED, _ASKED, 0, w.own[k].leaves, 0)
        remove_own(w, k)
    else:
        _replace(b, w, c, k)
