"""Own orders at the venue: entry, taking, resting, cancelling, and the messages that go with them.

Own resting orders stand sorted by side (buys first), price (best first) and time. `seq` is the book's sequence at
entry: historical orders with a smaller or equal `seq` at the same price are ahead.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.book.feed import take
from nowake.book.ladder import first_at, next_at
from nowake.book.state import NONE, half
from nowake.core.draws import next_uniform
from nowake.core.jit import inline, kernel
from nowake.core.records import Cause
from nowake.data.replay.queue import NOWHERE, note_mids, own_best, queue_at_entry, touched
from nowake.data.replay.state import QUANTILES, Action, Answer, Reason, Terms

__all__ = ["amend_own", "book_fill", "process", "send"]

# np.int64, not int: kernels are compiled anew for every literal that they are called with.
_NEW, _CANCEL = int(Action.NEW), int(Action.CANCEL)
_IOC, _POST = int(Terms.IOC), int(Terms.POST_ONLY)
_ACK, _FILL, _CANCELLED = np.int64(Answer.ACK), np.int64(Answer.FILL), np.int64(Answer.CANCELLED)
_REJECTED, _REPLACED = np.int64(Answer.REJECTED), np.int64(Answer.REPLACED)
_ASKED, _REST, _CROSS = np.int64(Reason.ASKED), np.int64(Reason.IOC_REST), np.int64(Reason.WOULD_CROSS)
_HALTED, _UNKNOWN, _SELF = np.int64(Reason.HALTED), np.int64(Reason.UNKNOWN), np.int64(Reason.SELF_TRADE)
_INVALID, _MANY, _NONE = np.int64(Reason.INVALID), np.int64(Reason.TOO_MANY), np.int64(Reason.NONE)
_TAKE, _CROSSED, _ZERO = np.int64(Cause.TAKE), int(Cause.CROSSED), np.int64(0)


@inline
def _delay(w, leg):
    return w.latency[leg, int(next_uniform(w, leg) * QUANTILES)]


@kernel
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


@kernel
def _respond(w, oid, side, answer, reason, price2, quantity, leaves):
    size = w.outbox.shape[0]
    if w.outbox_count >= size:
        raise IndexError("too many responses under way: raise `MAX_FILLS`")
    w.last_response = max(w.last_response, w.now + _delay(w, 1))
    r = w.outbox[(w.outbox_head + w.outbox_count) % size]
    r.time, r.id, r.price2, r.quantity, r.leaves = w.last_response, oid, price2, quantity, leaves
    r.answer, r.reason, r.side = answer, reason, side
    w.outbox_count += 1


@kernel
def book_fill(w, oid, side, price, quantity, leaves, cause):
    """Record an execution of an own order at the mids noted last, and put its report on the way."""
    if w.fills >= w.execution.shape[0]:
        raise IndexError("too many fills before they were collected: raise `MAX_FILLS`")
    f = w.execution[w.fills]
    f.time, f.order_id, f.price2, f.quantity = w.now, oid, 2 * price, quantity
    f.side, f.cause = side, cause
    f.passive = 0 if cause == _TAKE else 1
    f.mid, f.mid_untouched = w.mid, w.mid_untouched
    share, bps = (w.taker_share, w.taker_bps) if cause == _TAKE else (w.maker_share, w.maker_bps)
    f.fee = share * quantity + bps * 1e-4 * price * w.tick_value * quantity
    w.fills += 1
    w.filled += quantity
    if cause != _TAKE and cause != _CROSSED:
        w.diverted += quantity
    _respond(w, oid, np.int64(side), _FILL, _NONE, 2 * price, quantity, leaves)


@inline
def _find_own(w, oid):
    for k in range(w.live):
        if w.own[k].id == oid:
            return k
    return -1


@inline
def _copy_own(a, c):
    a.id, a.price, a.leaves, a.ahead, a.seq = c.id, c.price, c.leaves, c.ahead, c.seq
    a.traded, a.part, a.side, a.terms = c.traded, c.part, c.side, c.terms


@kernel
def _remove_own(w, k):
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
        _remove_own(w, k)
    return done


@kernel
def _rest(b, w, c, quantity):
    """Put what is left of command `c` behind everybody at its price."""
    k, side = w.live, np.int64(c.side)
    while k > 0:
        o = w.own[k - 1]
        if o.side > side or (o.side == side and side * o.price >= side * c.price):
            break
        _copy_own(w.own[k], o)
        k -= 1
    o = w.own[k]
    o.id, o.side, o.price, o.leaves, o.terms = c.id, side, c.price, quantity, c.terms
    o.ahead, o.seq, o.traded, o.part = queue_at_entry(b, w, side, c.price), b.seq, 0, 0.0
    w.live += 1


@kernel
def _take_along(b, w, oid, side, limit, quantity):
    """Take resting shares of history in price-time order at their prices up to `limit`; returns what is missing."""
    p = touched(b, -side)
    while quantity > 0 and abs(p) != NOWHERE and side * p <= side * limit:
        s = first_at(b, half(-side), -side * p)
        while s != NONE and quantity > 0:
            o = b.order[s]
            if o.quantity > 0:
                q = min(quantity, o.quantity)
                note_mids(b, w)
                take(b, s, q)
                quantity -= q
                book_fill(w, oid, side, p, q, quantity, _TAKE)
            s = next_at(b, np.int64(o.next), -side * p)
        p = touched(b, -side)
    return quantity


@inline
def _meets(b, w, side, limit, terms):
    """Return the reason not to let an order of these terms meet the other side, 0 if there is none."""
    if side * own_best(w, -side) <= side * limit:
        return _SELF
    if terms == _POST and side * touched(b, -side) <= side * limit:
        return _CROSS
    return _NONE


@inline
def _refusal(b, w, c, limit):
    """Return the reason to reject a new order, 0 if there is none."""
    if c.quantity <= 0 or (c.side != 1 and c.side != -1) or c.price < 0 or _find_own(w, c.id) >= 0:
        return _INVALID
    if b.halted != 0:
        return _HALTED
    if w.live >= w.own.shape[0]:
        return _MANY
    return _meets(b, w, np.int64(c.side), limit, c.terms)


@kernel
def _enter(b, w, c, limit):
    left = _take_along(b, w, c.id, np.int64(c.side), limit, c.quantity)
    if left > 0:
        if c.terms == _IOC or c.price == 0:
            _respond(w, c.id, np.int64(c.side), _CANCELLED, _REST, _ZERO, left, _ZERO)
        else:
            _rest(b, w, c, left)


@inline
def _new(b, w, c):
    limit = c.price if c.price != 0 else np.int64(c.side) * (NOWHERE - 1)
    reason = _refusal(b, w, c, limit)
    if reason != 0:
        w.rejected += 1
        _respond(w, c.id, np.int64(c.side), _REJECTED, reason, _ZERO, c.quantity, _ZERO)
    else:
        _respond(w, c.id, np.int64(c.side), _ACK, _NONE, 2 * c.price, c.quantity, c.quantity)
        _enter(b, w, c, limit)


@inline
def _no_replacement(b, w, c, o, stays):
    """Return the reason not to amend own order `o` as `c` asks, 0 if there is none."""
    if c.quantity <= 0 or c.price <= 0:
        return _INVALID
    if b.halted != 0:
        return _HALTED
    return _NONE if stays else _meets(b, w, np.int64(o.side), c.price, o.terms)


@inline
def _replace(b, w, c, k):
    """Amend own order `k` to the price and open quantity of `c`: in its place if only smaller, else anew."""
    o = w.own[k]
    stays = c.price == o.price and c.quantity <= o.leaves
    reason = _no_replacement(b, w, c, o, stays)
    if reason != 0:
        w.rejected += 1
        _respond(w, c.id, np.int64(o.side), _REJECTED, reason, _ZERO, c.quantity, o.leaves)
    elif stays:
        o.leaves = c.quantity
        _respond(w, c.id, np.int64(o.side), _REPLACED, _NONE, 2 * c.price, c.quantity, c.quantity)
    else:
        c.side, c.terms = o.side, o.terms
        _remove_own(w, k)
        _respond(w, c.id, np.int64(c.side), _REPLACED, _NONE, 2 * c.price, c.quantity, c.quantity)
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
        _respond(w, c.id, np.int64(c.side), _REJECTED, _UNKNOWN, _ZERO, c.quantity, _ZERO)
    elif c.action == _CANCEL:
        _respond(w, c.id, np.int64(w.own[k].side), _CANCELLED, _ASKED, _ZERO, w.own[k].leaves, _ZERO)
        _remove_own(w, k)
    else:
        _replace(b, w, c, k)
