"""Hidden orders pegged to the mid: a FIFO per side outside the ladder.

The price is the mid of the displayed touch in half ticks (bid + ask); pegs are inactive while a side is empty or the
touch is locked or crossed. An active peg always lies inside the spread, so it has price priority over the displayed
touch. `display` of a peg is its minimum quantity per execution; when less than that is left, what is left.
"""

from typing import Any

from nowake.book.actions import Prevention
from nowake.book.index import enter_id
from nowake.book.orders import free_slot, new_slot
from nowake.book.printing import own, print_trade
from nowake.book.state import LIVE, NONE, PEG, half
from nowake.core.jit import inline, kernel

__all__ = ["active", "cross_pegs", "mid2", "peg_ready", "remove_peg", "rest_peg", "settle", "suits", "within"]

_NEWEST, _OLDEST = int(Prevention.NEWEST), int(Prevention.OLDEST)


@inline
def active(b: Any) -> Any:
    """Tell whether there is a mid: both sides displayed, neither locked nor crossed."""
    return b.resting[0] > 0 and b.resting[1] > 0 and b.best[0] + b.best[1] < 0


@inline
def mid2(b: Any) -> Any:
    """Return the mid in half ticks; only where `active`."""
    return b.best[0] - b.best[1]


@inline
def suits(b: Any, s: Any, left: Any, minimum: Any) -> Any:
    """Tell whether peg `s` and a counterparty of `left` shares with a `minimum` accept each other's size."""
    o = b.order[s]
    q = min(left, o.quantity)
    return q >= min(o.display, o.quantity) and q >= min(minimum, left)


@kernel
def rest_peg(b: Any, quantity: Any) -> Any:
    """Rest what is left of the request in hand as a mid-peg; returns its slot."""
    r = b.now[0]
    s = new_slot(b)
    enter_id(b, r.id, s)
    o = b.order[s]
    h = half(r.side)
    o.id, o.price, o.quantity, o.side = r.id, 0, quantity, r.side
    o.taken, o.reserve, o.display, o.owner = 0, 0, r.minimum, r.owner
    o.status = LIVE | PEG
    b.seq += 1
    o.seq = b.seq
    b.live += 1
    b.added += 1
    o.next, o.prev = NONE, b.peg_tail[h]
    if b.peg_tail[h] == NONE:
        b.peg_head[h] = s
    else:
        b.order[b.peg_tail[h]].next = s
    b.peg_tail[h] = s
    b.peg_count[h] += 1
    return s


@kernel
def remove_peg(b: Any, s: Any) -> None:
    """Take peg `s` out of its list and free its slot."""
    o = b.order[s]
    h = half(o.side)
    if o.prev == NONE:
        b.peg_head[h] = o.next
    else:
        b.order[o.prev].next = o.next
    if o.next == NONE:
        b.peg_tail[h] = o.prev
    else:
        b.order[o.next].prev = o.prev
    b.peg_count[h] -= 1
    free_slot(b, s)


@inline
def _use(b: Any, s: Any, quantity: Any) -> None:
    b.order[s].quantity -= quantity
    if b.order[s].quantity == 0:
        remove_peg(b, s)


@inline
def within(b: Any, side: Any, limit: Any) -> Any:
    """Tell whether a taker of `side` with `limit` (ticks) reaches active pegs of the other side."""
    return b.peg_count[half(-side)] > 0 and active(b) and side * mid2(b) <= side * 2 * limit


@kernel
def peg_ready(b: Any, side: Any, limit: Any, quantity: Any) -> Any:
    """Tell whether a taker would trade with a peg."""
    if within(b, side, limit):
        s = b.peg_head[half(-side)]
        while s != NONE:
            if suits(b, s, quantity, 0):
                return True
            s = b.order[s].next
    return False


@kernel
def cross_pegs(b: Any, limit: Any, left: Any, minimum: Any) -> Any:
    """Trade the request in hand with the pegs of the other side, first come first served; returns what is left."""
    r = b.now[0]
    if not within(b, r.side, limit):
        return left
    price2 = mid2(b)
    s = b.peg_head[half(-r.side)]
    while s != NONE and left > 0:
        after = b.order[s].next
        if suits(b, s, left, minimum):
            q = min(left, b.order[s].quantity)
            if not own(b, r.owner, s):
                print_trade(b, s, r.id, r.owner, r.side, price2, q, 1)
                b.filled += q
                left -= q
                _use(b, s, q)
            elif r.prevention == _NEWEST:
                b.stopped = 1
                return left
            elif r.prevention == _OLDEST:
                remove_peg(b, s)
            else:
                b.cut += q
                left -= q
                _use(b, s, q)
        s = after
    return left


@kernel
def settle(b: Any) -> None:
    """Trade resting pegs of both sides with each other once there is a mid; the later one is the taker.

    Pegs of one owner leave each other alone.
    """
    if b.peg_count[0] == 0 or b.peg_count[1] == 0 or not active(b):
        return
    price2 = mid2(b)
    s = b.peg_head[0]
    while s != NONE:
        after_s = b.order[s].next
        left = b.order[s].quantity
        t = b.peg_head[1]
        while t != NONE and left > 0:
            after_t = b.order[t].next
            x, y = b.order[s], b.order[t]
            if suits(b, t, left, x.display) and (x.owner == 0 or x.owner != y.owner):
                q = min(left, y.quantity)
                if x.seq > y.seq:
                    print_trade(b, t, x.id, x.owner, 1, price2, q, 1)
                else:
                    print_trade(b, s, y.id, y.owner, -1, price2, q, 1)
                left -= q
                _use(b, t, q)
                _use(b, s, q)
            t = after_t
        s = after_s
