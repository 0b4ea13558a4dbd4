"""What own orders see of the book: prices with shares left, mids with and without us, the queue ahead.

`left` means without what own orders took, `untouched` with it: the market of history without us.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.book.feed import best_ask, best_bid, level_of, next_level
from nowake.book.ladder import first_at
from nowake.book.queries import level_totals
from nowake.book.state import NO_ASK, NONE, half
from nowake.core.jit import inline, kernel

__all__ = [
    "BUY",
    "NOWHERE",
    "SELL",
    "UNSEEN",
    "best_of",
    "in_the_way",
    "left_at",
    "note_mids",
    "own_best",
    "queue_at_entry",
    "recount",
    "touched",
    "untouched_mid2",
    "would_cross",
]

NOWHERE = NO_ASK  # |price| of an empty side
BUY, SELL = np.int64(1), np.int64(-1)  # not int: kernels are compiled anew for every literal
UNSEEN = 2**62  # shares ahead where the data does not show the queue: more than ever trade


@kernel
def _far_left(b, side, price):
    return level_totals(b, side, price)[0]


@inline
def left_at(b, side, price):
    """Return the shares of history left at (side, price): what own orders took is gone."""
    i = level_of(b, side, price)
    return b.level[i].quantity if i >= 0 else _far_left(b, side, price)


@inline
def best_of(b, side):
    """Return the best untouched price of `side`, -+NOWHERE if it is empty."""
    return best_bid(b) if side > 0 else best_ask(b)


@kernel
def _touched_beyond(b, side, p):
    while abs(p) != NOWHERE and left_at(b, side, p) == 0:
        p = next_level(b, side, p)
    return p


@inline
def touched(b, side):
    """Return the best price of `side` with shares left, -+NOWHERE if there is none; own orders not included."""
    p = best_of(b, side)
    if abs(p) != NOWHERE and left_at(b, side, p) == 0:
        p = _touched_beyond(b, side, p)
    return p


@inline
def own_best(w, side):
    """Return the price of the best own resting order on `side`, -+NOWHERE if there is none."""
    for k in range(w.live):
        if w.own[k].side == side:
            return w.own[k].price
    return -side * NOWHERE


@inline
def untouched_mid2(b):
    """Return twice the mid of history without us in ticks; NaN where a side is empty."""
    bid, ask = best_bid(b), best_ask(b)
    return np.nan if bid == -NOWHERE or ask == NOWHERE else np.float64(bid + ask)


@kernel
def note_mids(b, w):
    """Keep the mids (ticks) of this instant for the fills that follow: with own orders, and without any of us."""
    bid, ask = max(touched(b, BUY), own_best(w, BUY)), min(touched(b, SELL), own_best(w, SELL))
    w.mid = np.nan if bid == -NOWHERE or ask == NOWHERE else 0.5 * (bid + ask)
    w.mid_untouched = 0.5 * untouched_mid2(b)


@inline
def would_cross(w, side, price):
    """Tell whether a new order of history at (side, price) reaches an own resting order."""
    for k in range(w.live):
        if w.own[k].side == -side and side * price >= side * w.own[k].price:
            return True
    return False


@kernel
def in_the_way(b, side, limit):
    """Return the untouched shares on `side` that an order of the other side with `limit` reaches."""
    total = np.int64(0)
    p = best_of(b, side)
    while abs(p) != NOWHERE and side * p >= side * limit:
        left, taken, _ = level_totals(b, side, p)
        total += left + taken
        p = next_level(b, side, p)
    return total


@kernel
def queue_at_entry(b, w, side, price):
    """Return the shares ahead of an own order that comes to rest now; UNSEEN behind the touch of a quote feed."""
    best = best_of(b, side)
    if w.best_only != 0 and abs(best) != NOWHERE and side * price < side * best:
        return UNSEEN
    return left_at(b, side, price)


@kernel
def recount(b, w):
    """Count the queue ahead of every own order anew (level-3): the shares left of older orders at its price."""
    for k in range(w.live):
        o = w.own[k]
        side, ahead = np.int64(o.side), np.int64(0)
        s = first_at(b, half(side), side * o.price)
        while s != NONE:
            h = b.order[s]
            if h.price == o.price and h.seq <= o.seq:  # the far chain mixes prices
                ahead += h.quantity
            s = np.int64(h.next)
        o.ahead = ahead
