"""Dark pools: hidden orders that meet at the mid of the consolidated quote, first come first served.

A trade needs both minimum quantities, both limits, two owners, and a mid inside the consolidated quote (price check).
Background orders come from the hidden parents of the world (`arrive`), so dark fills carry information; small ones are
informed more often and then trade only in the direction that hurts their counterparty: pi(s) = informed *
(informed_size / (informed_size + s))^2, a rational stand-in for an exponential. Own entries and own partial fills are
pings; each leaks with probability leak * s / (s + leak_size), and leaked shares fade with `leak_life`.

Every kernel takes the record of one pool first. Nothing here draws because of our presence except `leak`, which has
a stream of its own.
"""

from typing import Any

from nowake.book.state import NO_ASK, half
from nowake.core.draws import next_below, next_exponential, next_uniform
from nowake.core.jit import inline, kernel
from nowake.market.dark_queue import find, fits, leaked, link, new_row, new_slot, note, ping_at, remove
from nowake.market.dark_state import (
    BEHAVIOUR,
    DUPLICATE,
    EXPIRED,
    FILLED,
    INVALID,
    LIFE,
    MOST_QUANTITY,
    NEVER,
    NO_LIMIT,
    NONE,
    QUANTILES,
    SIZE,
)
from nowake.market.keyed import seek

__all__ = ["arrive", "cancel", "cross", "empty", "enter", "expire", "leaked", "ping_at", "reduce", "take"]


@kernel
def enter(
    d: Any, oid: Any, owner: Any, side: Any, quantity: Any, minimum: Any, limit2: Any, expires: Any, tag: Any, now: Any
) -> Any:
    """Rest a hidden order at the back of its queue; returns its slot, or INVALID, DUPLICATE. `cross` afterwards.

    Own orders: `oid`, `owner` > 0. `limit2` = side * NO_LIMIT takes any mid; `expires` (ns) may be NEVER.
    """
    if oid == 0 or (side != 1 and side != -1) or not 0 < quantity <= MOST_QUANTITY or not 0 <= minimum <= quantity:
        return INVALID
    if owner < 0 or expires <= now:
        return INVALID
    if owner > 0 and find(d, oid) != NONE:
        return DUPLICATE
    s, h = new_slot(d), half(side)
    o = d.order[s]
    d.seq += 1
    o.id, o.owner, o.side, o.quantity, o.minimum, o.limit2 = oid, owner, side, quantity, minimum, limit2
    o.entered, o.expires, o.tag, o.seq = now, expires, tag, d.seq
    link(d, s, h)
    d.entered[h] += quantity
    d.resting[h] += quantity
    d.wake = min(d.wake, expires)
    if owner > 0:
        t, found = d.head[1 - h], 0
        while t != NONE and found == 0:
            found = 1 if fits(d, s, t) else 0
            t = d.order[t].next
        note(d, side, quantity, found, now)
    return s


@kernel
def cancel(d: Any, oid: Any) -> Any:
    """Withdraw order `oid`; returns the shares that were left, 0 if it does not wait here."""
    s = find(d, oid)
    if s == NONE:
        return 0
    left, h = d.order[s].quantity, half(d.order[s].side)
    d.cancelled[h] += left
    d.resting[h] -= left
    remove(d, s)
    return left


@kernel
def reduce(d: Any, oid: Any, left: Any) -> Any:
    """Reduce order `oid` to `left` shares in its place; returns the shares withdrawn, 0 if that is no reduction."""
    s = find(d, oid)
    if s == NONE or not 0 < left < d.order[s].quantity:
        return 0
    o, h = d.order[s], half(d.order[s].side)
    off = o.quantity - left
    o.quantity = left
    d.cancelled[h] += off
    d.resting[h] -= off
    return off


@kernel
def expire(d: Any, now: Any) -> None:
    """Remove every order whose time is over; own ones leave a row in `out`. Due when `wake` <= now."""
    if now < d.wake:
        return
    wake = NEVER
    for h in range(2):
        s = d.head[h]
        while s != NONE:
            o = d.order[s]
            after = o.next
            if o.expires > now:
                wake = min(wake, o.expires)
            else:
                if o.owner > 0:
                    r = new_row(d, EXPIRED, now)
                    r.side, r.quantity = o.side, o.quantity
                    if h == 0:
                        r.buy_id, r.buy_owner, r.buy_tag = o.id, o.owner, o.tag
                    else:
                        r.sell_id, r.sell_owner, r.sell_tag = o.id, o.owner, o.tag
                d.expired[h] += o.quantity
                d.resting[h] -= o.quantity
                remove(d, s)
            s = after
    d.wake = wake  # only now: where `out` was full, the next call goes on


@inline
def _use(d: Any, s: Any, quantity: Any, now: Any) -> None:
    o = d.order[s]
    o.quantity -= quantity
    d.resting[half(o.side)] -= quantity
    if o.quantity == 0:
        remove(d, s)
    elif o.owner > 0:
        note(d, o.side, quantity, 1, now)


@kernel
def _trade(d: Any, s: Any, t: Any, price2: Any, now: Any) -> Any:
    """Trade buy slot `s` with sell slot `t`; raises before anything of this trade has changed."""
    r, x, y = new_row(d, FILLED, now), d.order[s], d.order[t]
    q = min(x.quantity, y.quantity)
    r.price2, r.quantity, r.side = price2, q, 1 if x.seq > y.seq else -1
    r.buy_id, r.buy_owner, r.buy_tag, r.buy_left = x.id, x.owner, x.tag, x.quantity - q
    r.sell_id, r.sell_owner, r.sell_tag, r.sell_left = y.id, y.owner, y.tag, y.quantity - q
    d.volume += q
    d.trades += 1
    _use(d, s, q, now)
    _use(d, t, q, now)
    return q


@kernel
def _pass(d: Any, price2: Any, now: Any) -> Any:
    """Go once through all pairs, both sides in time priority; returns the shares traded."""
    total, s = 0, d.head[0]
    while s != NONE:
        after, left, t = d.order[s].next, d.order[s].quantity, d.head[1]
        if price2 <= d.order[s].limit2:
            while t != NONE and left > 0:
                following = d.order[t].next
                if price2 >= d.order[t].limit2 and fits(d, s, t):
                    q = _trade(d, s, t, price2, now)
                    left -= q
                    total += q
                t = following
        s = after
    return total


@kernel
def cross(d: Any, seen_bid: Any, seen_ask: Any, bid: Any, ask: Any, now: Any) -> Any:
    """Trade all that fits at the mid of the quote the pool sees (ticks); returns the shares traded.

    Nothing trades while either quote is empty (0 or a sentinel), locked or crossed, nor when the mid lies outside the
    consolidated quote `bid`, `ask` of this moment: then `pending` asks for another call at the next change of quote.
    """
    expire(d, now)
    d.pending = 0
    if d.count[0] == 0 or d.count[1] == 0:
        return 0
    price2 = seen_bid + seen_ask
    sane = 0 < seen_bid < seen_ask < NO_ASK and 0 < bid < ask < NO_ASK
    if not sane or price2 < 2 * bid or price2 > 2 * ask:
        d.pending = 1
        d.blocked += 1
        return 0
    total, traded = 0, 1
    while traded > 0:  # an order that was passed over may suit what is left of another
        traded = _pass(d, price2, now)
        total += traded
    return total


@kernel
def take(d: Any, oid: Any, owner: Any, tag: Any, side: Any, quantity: Any, price2: Any, now: Any) -> Any:
    """Trade up to `quantity` of an incoming order with what waits on the other side at the mid; returns what is left.

    The incoming order never waits; its part of every row of `out` is (oid, owner, tag). Orders of its own owner and
    orders that want a larger execution are passed over.
    """
    expire(d, now)
    h, left = half(-side), quantity
    t = d.head[h]
    while t != NONE and left > 0:
        o = d.order[t]
        after, q = o.next, min(left, o.quantity)
        accepts = q >= min(o.minimum, o.quantity) and o.side * price2 <= o.side * o.limit2
        if accepts and (o.owner == 0 or o.owner != owner):
            r = new_row(d, FILLED, now)
            r.price2, r.quantity, r.side = price2, q, side
            if side > 0:
                r.buy_id, r.buy_owner, r.buy_tag, r.buy_left = oid, owner, tag, left - q
                r.sell_id, r.sell_owner, r.sell_tag, r.sell_left = o.id, o.owner, o.tag, o.quantity - q
            else:
                r.buy_id, r.buy_owner, r.buy_tag, r.buy_left = o.id, o.owner, o.tag, o.quantity - q
                r.sell_id, r.sell_owner, r.sell_tag, r.sell_left = oid, owner, tag, left - q
            _use(d, t, q, now)
            left -= q
            d.trades += 1
        t = after
    d.volume += quantity - left
    d.entered[half(side)] += quantity - left
    return left


@kernel
def empty(d: Any) -> None:
    """Withdraw every order: the session is over."""
    for h in range(2):
        s = d.head[h]
        while s != NONE:
            after = d.order[s].next
            d.cancelled[h] += d.order[s].quantity
            d.resting[h] -= d.order[s].quantity
            remove(d, s)
            s = after
    d.wake, d.pending = NEVER, 0


@kernel
def arrive(d: Any, k: Any, sign: Any, quantity: Any, tag: Any, edge2: Any, now: Any) -> Any:
    """Rest arrival `k` of a hidden parent (`sign`, `quantity` left, `tag`); returns its signed shares, 0 if none came.

    `edge2` = public value - mid in half ticks: an informed arrival takes its sign, where it is large enough, and has
    tag 0. All draws belong to `k`.
    """
    seek(d, SIZE, k)
    if quantity <= 0 or next_uniform(d, SIZE) < d.zero:
        return 0
    size = min(quantity, d.sizes[next_below(d, SIZE, QUANTILES)])
    seek(d, BEHAVIOUR, k)
    near = d.informed_size / (d.informed_size + size)
    informed = next_uniform(d, BEHAVIOUR) < d.informed * near * near
    minimum = min(size, d.minimum) if next_uniform(d, BEHAVIOUR) < d.picky else 0
    seek(d, LIFE, k)
    expires = now + 1 + int(next_exponential(d, LIFE) * d.life * 1e9)
    if informed and (edge2 >= d.informed_edge2 or edge2 <= -d.informed_edge2):
        sign, tag, minimum = 1 if edge2 > 0 else -1, 0, 0
        d.informed_entries += 1
    d.arrivals += 1
    enter(d, -1 - k, 0, sign, size, minimum, sign * NO_LIMIT, expires, tag, now)
    return sign * size
