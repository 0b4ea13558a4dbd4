"""Recorded events with own orders present: what reaches us, what is left of history, where we stand in the queue.

The rule for every trade of v shares at price p, resting side s, and every own order on side s, best first:
better priced than p: the trade had to pass us, min(leaves, v); at p: the queue ahead is consumed first,
clamp(v - ahead, 0, leaves); worse than p: nothing. v shrinks by what we got. A trade with an order that the book never
saw (flag UNKNOWN) was ahead of us at our price; a print marked BROKEN or, without an order, OUTLIER fills nobody, and
nothing fills during a halt.

An arriving order that crosses an own order fills it at our price, as far as it would have come to rest in history (the
feed reports what it traded there). History's own orders then change as recorded.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.book.feed import apply, apply_any, apply_rare, find, level_of, take
from nowake.book.ladder import first_at, next_at
from nowake.book.state import LIVE, NONE, half
from nowake.core.events import Flag, Kind
from nowake.core.jit import inline, kernel
from nowake.core.records import Cause
from nowake.data.replay.orders import amend_own, book_fill
from nowake.data.replay.queue import NOWHERE, in_the_way, note_mids, recount, touched, untouched_mid2, would_cross
from nowake.data.replay.state import QueueModel

__all__ = [
    "add_beside_own",
    "change_beside_own",
    "cross_own",
    "print_beside_own",
    "rare_beside_own",
    "replace_beside_own",
]

_EXECUTE, _HIDDEN = int(Kind.EXECUTE), int(Kind.HIDDEN)
_CLEAR, _RESUME = int(Kind.CLEAR), int(Kind.RESUME)
_SNAPSHOT, _BROKEN, _UNKNOWN = int(Flag.SNAPSHOT), int(Flag.BROKEN), int(Flag.UNKNOWN)
_NO_FILL = int(Flag.BROKEN | Flag.OUTLIER)
# np.int64, not int: kernels are compiled anew for every literal that they are called with.
_AT, _THROUGH, _HIDDEN_AT = np.int64(Cause.QUEUE), np.int64(Cause.THROUGH), np.int64(Cause.HIDDEN_AT)
_HIDDEN_THROUGH, _CROSSED = np.int64(Cause.HIDDEN_THROUGH), np.int64(Cause.CROSSED)
_MODEL, _NEVER = np.int64(Cause.MODEL), np.int64(0)  # 0, no cause: does not fill
_EXACT = int(QueueModel.EXACT)


@inline
def _resting_side(b, e):
    """Return the resting side of a print; where the feed does not say, the side whose touch it lies at or beyond."""
    if e.side != 0:
        return np.int64(e.side)
    middle = untouched_mid2(b)
    return np.int64(1) if 2 * e.price < middle else np.int64(-1) if 2 * e.price > middle else np.int64(0)


@kernel
def _trade_reaches(b, w, side, price, volume, at, through):
    """Fill own orders on `side` from a trade of `volume` at `price`, by cause `at` their price or `through` it."""
    k, noted = 0, False
    while k < w.live and volume > 0:
        o = w.own[k]
        q = np.int64(0)
        if o.side == side and side * o.price > side * price:
            q = min(o.leaves, volume)
        elif o.side == side and o.price == price and at != _NEVER:
            q = min(o.leaves, volume - o.ahead)
        if q <= 0:
            k += 1
            continue
        if not noted:
            note_mids(b, w)
            noted = True
        volume -= q
        book_fill(w, o.id, side, o.price, q, o.leaves - q, at if o.price == price else through)
        if not amend_own(w, k, q):
            k += 1


@kernel
def cross_own(b, w, s):
    """Fill own orders on the other side from the order in slot `s` that has just come to rest; it keeps the rest.

    `note_mids` comes before, when the order was not there yet.
    """
    o = b.order[s]
    side = np.int64(o.side)
    room = min(o.quantity, o.quantity + o.taken - in_the_way(b, -side, o.price))
    k = 0
    while k < w.live and room > 0:
        own = w.own[k]
        if own.side == side or own.side * own.price < own.side * o.price:
            k += 1
            continue
        q = min(own.leaves, room)
        room -= q
        book_fill(w, own.id, -side, own.price, q, own.leaves - q, _CROSSED)
        take(b, s, q)
        if not amend_own(w, k, q):
            k += 1


@kernel
def _uncross(b, w):
    """Trading resumes: what came to rest across our prices during the halt fills us at them."""
    k = 0
    while k < w.live:
        o = w.own[k]
        side = np.int64(o.side)
        p = touched(b, -side)
        if abs(p) == NOWHERE or side * o.price < side * p:
            k += 1
            continue
        s = first_at(b, half(-side), -side * p)
        while b.order[s].quantity == 0:
            s = next_at(b, np.int64(b.order[s].next), -side * p)
        q = min(o.leaves, b.order[s].quantity)
        note_mids(b, w)
        take(b, s, q)
        book_fill(w, o.id, side, o.price, q, o.leaves - q, _CROSSED)
        if amend_own(w, k, q):
            continue


@inline
def _move_up(w, side, price, seq, by):
    """The queue shrinks by `by` shares of an order of time `seq`: own orders behind it move up."""
    for k in range(w.live):
        o = w.own[k]
        if o.side == side and o.price == price and seq <= o.seq:
            o.ahead -= by


@inline
def _newest(b, side, price):
    """Return the slot of the order that came to rest last at (side, price)."""
    i = level_of(b, side, price)
    return np.int64(b.level[i].tail) if i >= 0 else np.int64(b.far_tail[half(side)])


@kernel
def _fall_back(b, w, side, price):
    """A snapshot shows an order at our price: we stand behind all that is there."""
    for k in range(w.live):
        o = w.own[k]
        if o.side == side and o.price == price:
            o.seq = b.seq
    recount(b, w)


@inline
def _crosses(b, w, side, price):
    """Tell whether what arrives at (side, price) now reaches an own order; notes the mids of before if it does."""
    crosses = b.halted == 0 and would_cross(w, side, price)
    if crosses:
        note_mids(b, w)
    return crosses


@kernel
def _arrived(b, w, e, side, crosses):
    """An order has come to rest at (side, price of `e`): a snapshot's stands ahead of us, one that crosses fills us."""
    if e["flags"] & _SNAPSHOT:
        _fall_back(b, w, side, e.price)
    if crosses:
        cross_own(b, w, _newest(b, side, e.price))


@kernel
def add_beside_own(b, w, e):
    """Apply an ADD while own orders rest."""
    side, duplicate, last = np.int64(e.side), b.duplicate, b.seq
    crosses = _crosses(b, w, side, e.price)
    apply(b, e)
    if b.duplicate != duplicate:
        recount(b, w)
    if (crosses or e["flags"] & _SNAPSHOT) and b.seq != last:
        _arrived(b, w, e, side, crosses)


@kernel
def replace_beside_own(b, w, e):
    """Apply a REPLACE while own orders rest: the old order goes (or keeps its place), the new one arrives."""
    s = np.int64(find(b, e.order_id)) if e.order_id != 0 else np.int64(NONE)
    side, price, seq, before = np.int64(e.side), e.price, np.int64(0), np.int64(0)
    if s != NONE:
        o = b.order[s]
        side, price, seq, before = np.int64(o.side), o.price, o.seq, o.quantity
    crosses = _crosses(b, w, side, e.price)
    duplicate, last = b.duplicate, b.seq
    apply_rare(b, e)
    if b.duplicate != duplicate:
        recount(b, w)
    elif s != NONE:
        o = b.order[s]
        after = o.quantity if o.status & LIVE and o.seq == seq else np.int64(0)
        _move_up(w, side, price, seq, before - after)
    if b.seq != last:
        _arrived(b, w, e, side, crosses)


@kernel
def change_beside_own(b, w, e):
    """Apply a CANCEL, DELETE or EXECUTE while own orders rest."""
    s = np.int64(find(b, e.order_id)) if e.order_id != 0 else np.int64(NONE)
    trades = e.kind == _EXECUTE and b.halted == 0 and e["flags"] & _BROKEN == 0
    if s == NONE:
        if trades and e.side != 0 and e.price > 0:
            _trade_reaches(b, w, np.int64(e.side), e.price, e.quantity, _NEVER, _THROUGH)
        apply_any(b, e)
        return
    o = b.order[s]
    side, price, seq, before = np.int64(o.side), o.price, o.seq, o.quantity
    if trades:
        _trade_reaches(b, w, side, price, e.quantity, _AT, _THROUGH)
    apply(b, e)
    o = b.order[s]
    after = o.quantity if o.status & LIVE and o.seq == seq else np.int64(0)
    if after != before:
        _move_up(w, side, price, seq, before - after)


@kernel
def _consume_ahead(w, side, price, volume):
    """Level-2: a trade takes the front of the queue; remember it, the level's next update will show it again."""
    for k in range(w.live):
        o = w.own[k]
        if o.side == side and o.price == price:
            o.ahead = max(o.ahead - volume, 0)
            o.traded += volume


@kernel
def print_beside_own(b, w, e):
    """Apply a print without an order (TRADE), or of a hidden one (HIDDEN), while own orders rest."""
    side = _resting_side(b, e)
    if side != 0 and e["flags"] & _NO_FILL == 0 and b.halted == 0:
        if e.kind == _HIDDEN:
            _trade_reaches(b, w, side, e.price, e.quantity, _HIDDEN_AT, _HIDDEN_THROUGH)
        elif w.queue_model == _EXACT:
            _trade_reaches(b, w, side, e.price, e.quantity, _NEVER if e["flags"] & _UNKNOWN else _AT, _THROUGH)
        else:
            _trade_reaches(b, w, side, e.price, e.quantity, _MODEL, _THROUGH)
            _consume_ahead(w, side, e.price, e.quantity)
    apply_rare(b, e)


@kernel
def rare_beside_own(b, w, e):
    """Apply what names neither an order nor a level: halts, crosses, snapshot resets, statistics."""
    halted = b.halted
    apply_rare(b, e)
    if e.kind == _RESUME and halted != 0 and b.halted == 0:
        _uncross(b, w)
    elif e.kind == _CLEAR:
        for k in range(w.live):
            o = w.own[k]
            if e.side == 0 or o.side == e.side:
                o.traded = 0
                if w.queue_model == _EXACT:
                    o.ahead = 0
