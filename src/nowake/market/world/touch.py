"""The consolidated best quote over all venues, and what happens when it changes.

`w.bid` and `w.ask` are the best prices of the market. When a best price is used up, investors whose reservation price
has been reached show themselves there before the touch moves on. Orders at a new touch whose public value is stale plan
to follow it: quickly where they could be picked off, slowly where they were left behind. After a trade some of what is
left at the touch leaves at once: the makers there are faster than anybody who could hit them next.
"""

from typing import Any

import numpy as np

from nowake.book.bits import mix
from nowake.book.ladder import best_key, first_at
from nowake.book.queries import level_totals
from nowake.book.state import NO_KEY, NONE, half
from nowake.core.draws import next_exponential, next_uniform
from nowake.core.jit import inline, kernel
from nowake.market.keyed import decay
from nowake.market.world.causes import FADES, LATENT, WAKE, rekey, turn
from nowake.market.world.offbook import note_quote
from nowake.market.world.orders import leave, rest
from nowake.market.world.state import FIXED, FOLLOWS, ORDERS, OWNER, REACH, STAYS
from nowake.market.world.wheel import put, take_out

__all__ = ["displayed", "fade", "improve", "pick_venue", "regard", "settle", "stale", "wake"]


@inline
def pick_venue(w: Any, p: Any, u: Any) -> Any:
    """Return the venue of a draw `u`, by shares of flow."""
    venue = 0
    while venue < w.venues - 1 and u >= p.share[venue]:
        venue += 1
    while w.out_until[venue] > w.now:  # one venue at least is there: `faults` sees to it
        venue = (venue + 1) % w.venues
    return venue


@kernel
def displayed(w: Any, books: Any, side: Any, price: Any) -> Any:
    """Return the shares that others display at (side, price) over all venues; no price may be better than `price`.

    Own orders are left out: how much takers want does not grow with what we offer.
    """
    total = np.int64(0)
    h = half(side)
    for j in range(w.venues):
        b = books[w.first + j]
        if best_key(b, h) < side * price:
            continue
        if w.mine_live == 0:
            total += level_totals(b, side, price)[0]
        else:
            s = first_at(b, h, side * price)
            while s != NONE:
                if b.order[s].owner != OWNER:
                    total += b.order[s].quantity
                s = np.int64(b.order[s].next)
    return total


@kernel
def wake(w: Any, p: Any, books: Any, side: Any) -> None:
    """Let the orders at the best price of `side` plan to follow the public value."""
    h = half(side)
    price = w.bid if side > 0 else w.ask
    for j in range(w.venues):
        b = books[w.first + j]
        if best_key(b, h) != side * price:
            continue
        s = first_at(b, h, side * price)
        while s != NONE:
            node = j * ORDERS + s
            a = w.agent[node]
            gone = w.fair - a.value
            if a.plan == STAYS and gone != 0 and b.order[s].owner != OWNER:
                rekey(w, WAKE, mix(a.birth, w.fair * 64 + a.moves))
                mean = p.reprice_delay if gone * side < 0 else p.chase_delay
                due = w.now + np.int64(next_exponential(w, WAKE) * mean)
                if due < a.due:
                    take_out(w, node)
                    a.due, a.plan = due, FOLLOWS
                    put(w, node)
            s = np.int64(b.order[s].next)


@kernel
def regard(w: Any, p: Any, books: Any) -> None:
    """Let makers look again at the public value and at what they have sold of late; orders at the touch follow."""
    sold = w.sold * decay((w.now - w.sold_time) / p.skew_time)
    fair = w.value + np.int64(np.floor(p.skew * sold + 0.5))
    if fair != w.fair:
        w.fair = fair
        wake(w, p, books, 1)
        wake(w, p, books, -1)


@inline
def improve(w: Any, p: Any, books: Any, side: Any, price: Any) -> None:
    """Take note of an order that has come to rest at (side, price)."""
    if side > 0:
        if price > w.bid:
            w.bid = price
            note_quote(w)
            wake(w, p, books, side)
    elif price < w.ask:
        w.ask = price
        note_quote(w)
        wake(w, p, books, side)


@kernel
def stale(w: Any, books: Any, side: Any) -> Any:
    """Return how many ticks the public value has moved since the touch of `side` was priced.

    Of its orders the least stale one counts: the touch stays where it is until that one has followed as well.
    """
    h = half(side)
    price = w.bid if side > 0 else w.ask
    least = np.int64(0)
    found = False
    for j in range(w.venues):
        b = books[w.first + j]
        if best_key(b, h) != side * price:
            continue
        s = first_at(b, h, side * price)
        while s != NONE:
            if b.order[s].owner != OWNER:
                gone = w.fair - w.agent[j * ORDERS + s].value
                if gone == 0:
                    return np.int64(0)
                if not found or abs(gone) < abs(least):
                    least, found = gone, True
            s = np.int64(b.order[s].next)
    return least


@inline
def _show(w: Any, p: Any, books: Any, feed: Any, side: Any, price: Any) -> Any:
    """Let an investor waiting at (side, price) show some shares; tells whether one did."""
    x = price - w.value - w.shift + REACH
    if x < 0 or x >= 2 * REACH:
        return False
    waiting = w.buyers[x] if side > 0 else w.sellers[x]
    if waiting < p.lot:
        return False
    shares = min(np.int64(waiting) // p.lot * p.lot, p.investor_show)
    if side > 0:
        w.buyers[x] -= shares
    else:
        w.sellers[x] -= shares
    k = turn(w, LATENT)
    venue = pick_venue(w, p, next_uniform(w, LATENT))
    due = w.now + np.int64(next_exponential(w, LATENT) * p.investor_life)
    rest(w, books, feed, venue, side, price, shares, mix(LATENT, k), due, FIXED)
    w.shown += 1
    return True


@kernel
def _best(w: Any, books: Any, side: Any) -> Any:
    """Return the best key of `side` over all venues, NO_KEY where nobody quotes."""
    key = NO_KEY
    for j in range(w.venues):
        key = max(key, best_key(books[w.first + j], half(side)))
    return key


@kernel
def settle(w: Any, p: Any, books: Any, feed: Any, side: Any) -> None:
    """Find the touch of `side` again after orders have left it."""
    old = w.bid if side > 0 else w.ask
    key = _best(w, books, side)
    if key == side * old:
        return
    price = old
    while side * price > key:
        if _show(w, p, books, feed, side, price):
            break
        price -= side
        if abs(price - old) > 4 * REACH:
            raise IndexError("a side of the market is empty: raise `limit_rate` or `investor_slope`")
    if side > 0:
        w.bid = price
    else:
        w.ask = price
    if price != old:
        note_quote(w)
        wake(w, p, books, side)


@kernel
def fade(w: Any, p: Any, books: Any, feed: Any, side: Any, taken: Any) -> None:
    """Let orders at the touch of `side` leave after a trade there, each with `fade` times the part that was taken."""
    price = w.bid if side > 0 else w.ask
    chance = p.fade * taken / (taken + displayed(w, books, side, price))
    h = half(side)
    for j in range(w.venues):
        b = books[w.first + j]
        if best_key(b, h) != side * price:
            continue
        s = first_at(b, h, side * price)
        while s != NONE:
            after = np.int64(b.order[s].next)
            node = j * ORDERS + s
            a = w.agent[node]
            if a.plan == STAYS and b.order[s].owner != OWNER:
                trades = (np.int64(a.trades) + 1) % 256
                a.trades = trades
                rekey(w, WAKE, mix(a.birth, FADES + trades * 64 + a.moves))
                if next_uniform(w, WAKE) < chance:
                    leave(w, books, feed, node)
            s = after
    settle(w, p, books, feed, side)
