"""The Santa Fe flow as a kernel: Poisson limit orders, market orders and cancels on a price-time book.

Limit orders arrive at rate `limit_rate` per second, cent and side, uniformly 1..band cents from the opposite best;
market orders at `market_rate` per side; every resting order is cancelled at `cancel_rate` (Daniels et al. 2003). All
rates are multiplied by u(t) = (1 + c x^2) / (1 + c/3), x from -1 at the open to 1 at the close. Hidden liquidity is an
addition: a market order meets a hidden order inside the spread, or one behind the displayed orders of a level that it
has swept.
"""

from typing import Any

import numpy as np

from nowake.core.draws import next_below, next_exponential, next_uniform
from nowake.core.events import Flag, Kind
from nowake.core.jit import inline, kernel
from nowake.market.parameters import CENT
from nowake.market.state import CANCELS, CLOCK, HIDDEN, LEVELS, LIMITS, MARKETS, ORDERS, SIZES

__all__ = ["MARGIN", "advance", "fill_book"]

MARGIN = 4096  # events that one market order may cause at most
BUY, SELL = 1, -1
ADD, CANCEL, DELETE = int(Kind.ADD), int(Kind.CANCEL), int(Kind.DELETE)
EXECUTE, HIDE, LAST = int(Kind.EXECUTE), int(Kind.HIDDEN), int(Flag.LAST)


@inline
def emit(w: Any, e: Any, kind: int, side: int, oid: int, price: int, quantity: int, ref: int) -> None:
    """Write one event; `price` in ticks."""
    e.time, e.kind, e.side, e.order_id, e.price, e.quantity, e.ref = w.now, kind, side, oid, price, quantity, ref
    e.flags = 0
    e.instrument = 0


@inline
def draw_size(w: Any) -> Any:
    """Return an order size: 5 % odd lots, else round lots of 100 to 1,000; mean about 200."""
    u = next_uniform(w, SIZES)
    if u < 0.05:
        return 1 + next_below(w, SIZES, 99)
    if u < 0.65:
        return 100
    if u < 0.80:
        return 200
    if u < 0.88:
        return 300
    return 500 if u < 0.95 else 1000


@inline
def rest(w: Any, side: int, price: int, quantity: int) -> Any:
    """Append an order at the back of its queue; return its slot."""
    if price < 1 or price >= LEVELS:
        raise IndexError("price outside the generated market: raise `levels`")
    s = w.free
    if s:
        w.free = w.order[s].next
    else:
        s = w.fresh
        if s >= ORDERS:
            raise IndexError("too many resting orders: raise `orders`")
        w.fresh += 1
    o, v = w.order[s], w.level[price]
    o.id, o.price, o.quantity, o.side, o.next, o.prev, o.place = w.next_id, price, quantity, side, 0, v.tail, w.live
    w.alive[w.live] = s
    w.live += 1
    w.next_id += 1
    if v.tail:
        w.order[v.tail].next = s
    else:
        v.head = s
    v.tail = s
    if side == BUY:
        w.bid = max(w.bid, price)
    elif w.ask == 0 or price < w.ask:
        w.ask = price
    return s


@inline
def remove(w: Any, s: int) -> None:
    """Unlink an order, free its slot, repair the best price of its side (0: the side is empty)."""
    o = w.order[s]
    v = w.level[o.price]
    if o.prev:
        w.order[o.prev].next = o.next
    else:
        v.head = o.next
    if o.next:
        w.order[o.next].prev = o.prev
    else:
        v.tail = o.prev
    w.live -= 1
    moved = w.alive[w.live]
    w.alive[o.place] = moved
    w.order[moved].place = o.place
    o.next, w.free = w.free, s
    if v.head == 0:
        if o.price == w.bid:
            w.last_bid = w.bid
            while w.bid > 0 and w.level[w.bid].head == 0:
                w.bid -= 1
        elif o.price == w.ask:
            w.last_ask = w.ask
            while w.ask < LEVELS and w.level[w.ask].head == 0:
                w.ask += 1
            if w.ask == LEVELS:
                w.ask = 0


@inline
def arrive(w: Any, e: Any) -> None:
    """Rest a limit order."""
    side = BUY if next_uniform(w, LIMITS) < 0.5 else SELL
    away = 1 + next_below(w, LIMITS, w.band)
    if side == BUY:
        price = (w.ask if w.ask else max(w.last_ask, w.bid + 1)) - away
    else:
        price = (w.bid if w.bid else (min(w.last_bid, w.ask - 1) if w.ask else w.last_bid)) + away
    s = rest(w, side, price, draw_size(w))
    emit(w, e, ADD, side, w.order[s].id, price * CENT, w.order[s].quantity, 0)


@inline
def withdraw(w: Any, e: Any) -> None:
    """Cancel one resting order, each as likely as any other, wholly or by half."""
    s = w.alive[next_below(w, CANCELS, w.live)]
    o = w.order[s]
    half = o.quantity // 2
    if next_uniform(w, CANCELS) < w.partial_share and half > 0:
        o.quantity -= half
        emit(w, e, CANCEL, o.side, o.id, o.price * CENT, half, 0)
    else:
        emit(w, e, DELETE, o.side, o.id, o.price * CENT, o.quantity, 0)
        remove(w, s)


@inline
def hidden_inside(w: Any, e: Any, side: int, quantity: int) -> None:
    """Print against a hidden order of `side` strictly inside the spread, on the half-cent grid; w.bid, w.ask > 0."""
    places = 2 * (w.ask - w.bid) - 1
    price = w.bid * CENT + (CENT // 2) * (1 + next_below(w, HIDDEN, places))
    emit(w, e, HIDE, side, 0, price, quantity, w.match)
    w.match += 1


@inline
def trade(w: Any, events: np.ndarray, n: int) -> int:
    """Let a market order meet a hidden order inside the spread or eat the other side; return the next free row."""
    passive = SELL if next_uniform(w, MARKETS) < 0.5 else BUY
    left = draw_size(w)
    hides = next_uniform(w, HIDDEN) < w.hidden_share
    if hides and w.bid > 0 and w.ask > 0:
        hidden_inside(w, events[n], passive, left)
        return n + 1
    stop = n + MARGIN - 2
    while left > 0:
        price = w.ask if passive == SELL else w.bid
        if price == 0:
            break
        if n >= stop:
            raise IndexError("one market order met too many resting orders: raise `margin`")
        s = w.level[price].head
        o = w.order[s]
        quantity = min(left, o.quantity)
        left -= quantity
        emit(w, events[n], EXECUTE, passive, o.id, price * CENT, quantity, w.match)
        w.match += 1
        n += 1
        if quantity < o.quantity:
            o.quantity -= quantity
            break
        remove(w, s)
        if left > 0 and w.level[price].head == 0 and next_uniform(w, HIDDEN) < w.hidden_share:
            quantity = min(left, draw_size(w))
            left -= quantity
            emit(w, events[n], HIDE, passive, 0, price * CENT, quantity, w.match)
            w.match += 1
            n += 1
    return n


@kernel
def fill_book(worlds: np.ndarray, i: int, events: np.ndarray) -> int:
    """Rest the expected number of orders of a stationary market, a microsecond apart; return the number of events."""
    w = worlds[i]
    middle = w.last_bid
    count = min(np_round(2 * w.band * w.limit_rate / w.cancel_rate), ORDERS // 2)
    for n in range(count):
        side = BUY if n % 2 == 0 else SELL
        away = next_below(w, LIMITS, w.band)
        s = rest(w, side, middle - away if side == BUY else middle + 1 + away, draw_size(w))
        emit(w, events[n], ADD, side, w.order[s].id, w.order[s].price * CENT, w.order[s].quantity, 0)
        events[n].flags = LAST
        w.now += 1000
    return count


@inline
def np_round(x: float) -> int:
    """Round half up to an integer."""
    return int(x + 0.5)


@inline
def wait(w: Any, total: float) -> None:
    """Move the clock by an exponential time at rate `total` times the hour's intensity, a nanosecond at least."""
    x = 2.0 * (w.now - w.open) / (w.close - w.open) - 1.0
    speed = total * (1.0 + w.u_shape * x * x) / (1.0 + w.u_shape / 3.0)
    w.now += max(int(next_exponential(w, CLOCK) * (1e9 / speed)), 1)


@kernel
def advance(worlds: np.ndarray, i: int, events: np.ndarray) -> int:
    """Write events until the close or until fewer than MARGIN rows are free; return the number of events."""
    w = worlds[i]
    n = 0
    limits, markets = 2.0 * w.band * w.limit_rate, 2.0 * w.market_rate
    while n + MARGIN <= events.size:
        total = limits + markets + w.cancel_rate * w.live
        wait(w, total)
        if w.now >= w.close:
            break
        u = next_uniform(w, CLOCK) * total
        before = n
        if u < limits:
            arrive(w, events[n])
            n += 1
        elif u < limits + markets:
            n = trade(w, events, n)
        elif w.live > 0:
            withdraw(w, events[n])
            n += 1
        if n > before:
            events[n - 1].flags = LAST
    return n
