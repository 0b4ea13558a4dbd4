"""What a dark pool is made of: its two queues, what its orders accept, its output, and what others may hear of us."""

from typing import Any

from nowake.book.state import half
from nowake.core.draws import next_uniform
from nowake.core.jit import inline, kernel
from nowake.market.dark_state import LEAK, NONE, PINGS
from nowake.market.keyed import decay, seek

__all__ = ["find", "fits", "leaked", "link", "new_row", "new_slot", "note", "ping_at", "remove"]


@inline
def find(d: Any, oid: Any) -> Any:
    """Return the slot of order `oid`, NONE if it does not wait here."""
    for h in range(2):
        s = d.head[h]
        while s != NONE:
            if d.order[s].id == oid:
                return s
            s = d.order[s].next
    return NONE


@inline
def new_slot(d: Any) -> Any:
    """Return a free slot; raises before anything has changed."""
    s = d.free
    if s != NONE:
        d.free = d.order[s].next
        return s
    if d.fresh + 1 >= d.order.shape[0]:
        raise IndexError("no free slot in a dark pool: raise `orders`")
    d.fresh += 1
    return d.fresh


@inline
def link(d: Any, s: Any, h: Any) -> None:
    """Put slot `s` at the back of queue `h`."""
    o = d.order[s]
    o.next, o.prev = NONE, d.tail[h]
    if d.tail[h] == NONE:
        d.head[h] = s
    else:
        d.order[d.tail[h]].next = s
    d.tail[h] = s
    d.count[h] += 1


@kernel
def remove(d: Any, s: Any) -> None:
    """Take slot `s` out of its queue and free it."""
    o = d.order[s]
    h = half(o.side)
    if o.prev == NONE:
        d.head[h] = o.next
    else:
        d.order[o.prev].next = o.next
    if o.next == NONE:
        d.tail[h] = o.prev
    else:
        d.order[o.next].prev = o.prev
    d.count[h] -= 1
    o.id, o.next, d.free = 0, d.free, s


@inline
def fits(d: Any, s: Any, t: Any) -> Any:
    """Tell whether two orders accept each other's size and owner."""
    x, y = d.order[s], d.order[t]
    q = min(x.quantity, y.quantity)
    if q < min(x.minimum, x.quantity) or q < min(y.minimum, y.quantity):
        return False
    return x.owner == 0 or x.owner != y.owner


@kernel
def note(d: Any, side: Any, quantity: Any, found: Any, now: Any) -> None:
    """Write a ping of an own order; it leaks by a draw of its own."""
    seek(d, LEAK, d.pings)
    p = d.ping[d.pings % PINGS]
    p.time, p.side, p.quantity, p.found = now, side, quantity, found
    p.leaked = 1 if next_uniform(d, LEAK) * (quantity + d.leak_size) < d.leak * quantity else 0
    d.pings += 1
    if p.leaked:
        d.leaks += 1
        d.heat = leaked(d, now) + side * quantity
        d.heat_time = now


@inline
def leaked(d: Any, now: Any) -> Any:
    """Return the signed leaked shares that followers still remember: sum of leaks * exp(-age / leak_life)."""
    return d.heat * decay((now - d.heat_time) / (1e9 * d.leak_life))


@inline
def ping_at(d: Any, n: Any) -> Any:
    """Return the PING number `n` (from 0, below `pings`); IndexError once PINGS newer ones have come."""
    if n < 0 or n >= d.pings or n + PINGS < d.pings:
        raise IndexError("that ping is not held any more: read sooner, or raise `PINGS`")
    return d.ping[n % PINGS]


@inline
def new_row(d: Any, kind: Any, now: Any) -> Any:
    """Return the next row of `out`, cleared; raises before anything has changed."""
    if d.printed >= d.out.shape[0]:
        raise IndexError("no free row in a dark pool: drain `out`, or raise `outs`")
    r = d.out[d.printed]
    r.time, r.kind, r.price2 = now, kind, 0
    r.buy_id = r.sell_id = r.buy_tag = r.sell_tag = r.buy_left = r.sell_left = 0
    r.buy_owner = r.sell_owner = 0
    d.printed += 1
    return r
