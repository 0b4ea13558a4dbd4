"""Recorded events with own orders present: what reaches us, what is left of history, where we stand in the queue.

The rule for every trade of v shares at price p, resting side s, and every own order on side s, best first:
better priced than p: the trade had to pass us, min(leaves, v); at p: the queue ahead is consumed first,
clamp(v - ahead, 0, leaves); worse than p: nothing. v shrinks by what we got. An arriving order that crosses an own
order fills it at our price. History's own orders then change as recorded.
"""

# mypy: disable-error-code="no-untyped-def"
from nowake.book.feed import apply, find, take
from nowake.book.state import LIVE, NONE
from nowake.core.events import Flag, Kind
from nowake.core.jit import inline, kernel
from nowake.core.records import Cause
from nowake.data.replay.orders import amend_own, book_fill, left_at, mid2, untouched_mid2
from nowake.data.replay.state import QueueModel

__all__ = ["apply_beside_own"]

_ADD, _CANCEL, _DELETE, _EXECUTE = int(Kind.ADD), int(Kind.CANCEL), int(Kind.DELETE), int(Kind.EXECUTE)
_HIDDEN, _TRADE, _REPLACE, _CLEAR = int(Kind.HIDDEN), int(Kind.TRADE), int(Kind.REPLACE), int(Kind.CLEAR)
_LEVEL, _QUOTE = int(Kind.LEVEL), int(Kind.QUOTE)
_SNAPSHOT, _NO_FILL = int(Flag.SNAPSHOT), int(Flag.BROKEN)
_AT, _THROUGH, _CROSSED, _MODEL = int(Cause.QUEUE), int(Cause.THROUGH), int(Cause.CROSSED), int(Cause.MODEL)
_HIDDEN_AT, _HIDDEN_THROUGH = int(Cause.HIDDEN_AT), int(Cause.HIDDEN_THROUGH)
_EXACT, _POWER = int(QueueModel.EXACT), int(QueueModel.POWER)


@inline
def _resting_side(b, e):
    """Return the resting side of a print; where the feed does not say, the side whose touch it lies at or beyond."""
    if e.side != 0:
        return e.side
    middle = untouched_mid2(b)
    return 1 if 2 * e.price < middle else -1 if 2 * e.price > middle else 0


@kernel
def _trade_reaches(b, w, side, price, volume, at, through):
    """Fill own orders on `side` from a trade of `volume` at `price`."""
    before, untouched = mid2(b, w), untouched_mid2(b)
    k = 0
    while k < w.live and volume > 0:
        o = w.own[k]
        if o.side != side or side * o.price < side * price:
            k += 1
            continue
        better = o.price != price
        q = min(o.leaves, volume if better else volume - o.ahead)
        if q <= 0:
            k += 1
            continue
        volume -= q
        book_fill(w, o.id, side, o.price, q, o.leaves - q, through if better else at, before, untouched)
        if not amend_own(w, k, q):
            k += 1


@kernel
def _cross_own(b, w, s, before, untouched):
    """Fill own orders on the other side from the order in slot `s` that has just arrived; it keeps the rest."""
    o = b.order[s]
    k = 0
    while k < w.live and o.quantity > 0:
        own = w.own[k]
        if own.side == o.side or own.side * own.price < own.side * o.price:
            k += 1
            continue
        q = min(own.leaves, o.quantity)
        book_fill(w, own.id, own.side, own.price, q, own.leaves - q, _CROSSED, before, untouched)
        take(b, s, q)
        if not amend_own(w, k, q):
            k += 1


@inline
def _would_cross(w, side, price):
    for k in range(w.live):
        if w.own[k].side == -side and side * price >= side * w.own[k].price:
            return True
    return False


@inline
def _move_up(w, side, price, seq, by):
    """The queue shrinks by `by` shares of an order of time `seq`: own orders behind it move up."""
    for k in range(w.live):
        o = w.own[k]
        if o.side == side and o.price == price and seq <= o.seq:
            o.ahead -= by


@inline
def _arrive(b, w, e, oid, side, price):
    """Apply an event after which a new order `oid` rests at (side, price), and match it against own orders."""
    crosses = b.halted == 0 and _would_cross(w, side, price)
    before, untouched = mid2(b, w), untouched_mid2(b)
    seq = b.seq
    apply(b, e)
    s = find(b, oid)
    if s == NONE or b.order[s].seq <= seq:
        return
    if crosses:
        _cross_own(b, w, s, before, untouched)
    elif e["flags"] & _SNAPSHOT:
        for k in range(w.live):
            o = w.own[k]
            if o.side == side and o.price == price:
                o.ahead += b.order[s].quantity
                o.seq = b.seq


@inline
def _change(b, w, e):
    """Apply an event that changes the resting order it names, and move own orders up behind it."""
    s = find(b, e.order_id)
    if s == NONE:
        apply(b, e)
        return
    o = b.order[s]
    side, price, seq, before = o.side, o.price, o.seq, o.quantity
    if e.kind == _EXECUTE:
        _trade_reaches(b, w, side, price, e.quantity, _AT, _THROUGH)
    if e.kind == _REPLACE:
        _arrive(b, w, e, e.ref, side, e.price)
    else:
        apply(b, e)
    o = b.order[s]
    after = o.quantity if o.status & LIVE and o.seq == seq else 0
    if after != before:
        _move_up(w, side, price, seq, before - after)


@inline
def _print(b, w, e):
    """Apply a print without an order reference (or of a hidden order)."""
    side = _resting_side(b, e)
    if side != 0 and e["flags"] & _NO_FILL == 0 and b.halted == 0:
        if e.kind == _HIDDEN:
            _trade_reaches(b, w, side, e.price, e.quantity, _HIDDEN_AT, _HIDDEN_THROUGH)
        elif w.queue_model == _EXACT:
            _trade_reaches(b, w, side, e.price, e.quantity, _AT, _THROUGH)
        else:
            _trade_reaches(b, w, side, e.price, e.quantity, _MODEL, _MODEL)
            _consume_ahead(w, side, e.price, e.quantity)
    apply(b, e)


@inline
def _consume_ahead(w, side, price, volume):
    """Level-2: a trade takes the front of the queue; remember it, the level update will show it again."""
    h = (1 - side) >> 1
    if w.traded_price[h] != price:
        w.traded_price[h], w.traded[h] = price, 0
    w.traded[h] += volume
    for k in range(w.live):
        o = w.own[k]
        if o.side == side and o.price == price:
            o.ahead = max(o.ahead - volume, 0)


@inline
def _cancelled_ahead(w, o, gone, before):
    """Level-2: return how many of `gone` cancelled shares the queue model places ahead of own order `o`."""
    if w.queue_model != _POWER or gone <= 0 or o.ahead == 0:
        return 0
    ahead, behind = float(o.ahead), float(max(before - o.ahead, 0))
    f, g = ahead**w.queue_power, behind**w.queue_power
    exact = min(gone * f / (f + g), ahead) + o.part
    whole = int(exact)
    o.part = exact - whole
    return whole


@inline
def _level(b, w, e):
    """Apply a level-2 update: the declared queue model says who cancelled; an update that crosses us fills us."""
    h = (1 - e.side) >> 1
    own_price = -1
    for k in range(w.live):
        if w.own[k].side == e.side and (e.kind == _QUOTE or w.own[k].price == e.price):
            own_price = w.own[k].price
            break
    was = left_at(b, e.side, own_price) if own_price >= 0 else 0
    crosses = e.quantity > 0 and b.halted == 0 and _would_cross(w, e.side, e.price)
    before, untouched = mid2(b, w), untouched_mid2(b)
    apply(b, e)
    if crosses:
        i = find(b, -(2**62) + 2 * e.price + h)
        if i != NONE:
            _cross_own(b, w, i, before, untouched)
    if own_price < 0:
        return
    now = left_at(b, e.side, own_price)
    traded = w.traded[h] if w.traded_price[h] == own_price else 0
    w.traded[h] = 0
    for k in range(w.live):
        o = w.own[k]
        if o.side == e.side and o.price == own_price:
            o.ahead = min(o.ahead - _cancelled_ahead(w, o, was - now - traded, was - traded), now)


@kernel
def apply_beside_own(b, w, e):
    """Apply one recorded event while own orders rest at the venue."""
    kind = e.kind
    if kind == _ADD:
        _arrive(b, w, e, e.order_id, e.side, e.price)
    elif kind == _CANCEL or kind == _DELETE or kind == _EXECUTE or kind == _REPLACE:
        _change(b, w, e)
    elif kind == _HIDDEN or kind == _TRADE:
        _print(b, w, e)
    elif kind == _LEVEL or kind == _QUOTE:
        _level(b, w, e)
    else:
        apply(b, e)
        if kind == _CLEAR:
            for k in range(w.live):
                if e.side == 0 or w.own[k].side == e.side:
                    w.own[k].ahead = 0
