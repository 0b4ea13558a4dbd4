"""Takers: hidden parents whose children keep their sign, informed traders, and the sweep that all of them use.

The sign of a market order is that of one of `parents` live hidden parents, whose lengths are Pareto: signs remember
(Lillo, Mike & Farmer 2005). With probability `burst` it is the parent of the last one. A child takes a fraction f of
what is displayed at the best price, with density P(f) = zeta (1-f)^(zeta-1); some are sent out of sight instead, and
what trades there comes off the later children. An informed trader who sees the public value move takes what has not
yet been re-priced.
"""

from typing import Any

import numpy as np

from nowake.book.ladder import best_key, first_at
from nowake.book.state import NONE, half
from nowake.core.draws import next_below, next_uniform
from nowake.core.jit import kernel
from nowake.market.keyed import decay
from nowake.market.world.causes import INFORMED, NEVER, PARENTS, TAKERS, again, turn
from nowake.market.world.mine import fill_own
from nowake.market.world.offbook import CHILD, meet, slice_to
from nowake.market.world.orders import draw, hit
from nowake.market.world.state import ORDERS, OWNER, SCALES
from nowake.market.world.touch import displayed, fade, pick_venue, regard, settle

__all__ = ["informed", "new_parent", "sweep", "take"]


@kernel
def sweep(w: Any, p: Any, books: Any, feed: Any, side: Any, quantity: Any, limit: Any, only: Any, row: Any) -> Any:
    """Take up to `quantity` shares up to price `limit`, by price, then by venue; returns what was not filled.

    `only` >= 0 names one venue. `row` >= 0 is an own order: it tells of its fills and stops at an own resting order.
    `w.paid` is then the sum of price times quantity (ticks x shares).
    """
    h = half(-side)
    left = quantity
    w.paid = 0.0
    owner = OWNER if row >= 0 else 0
    venue = 0
    while left > 0 and venue < w.venues:
        price = w.ask if side > 0 else w.bid
        if only >= 0:
            price = -side * best_key(books[w.first + only], h)
        if side * price > side * limit:
            break
        b = books[w.first + venue]
        if best_key(b, h) != -side * price or (only >= 0 and venue != only):
            venue += 1
            continue
        left = meet(w, p, feed, venue, side, left, w.mine[row].oid if row >= 0 else 0, owner, row)
        if left == 0:
            break
        s = first_at(b, h, -side * price)
        if s == NONE or (row >= 0 and b.order[s].owner == OWNER):
            break
        q = min(left, b.order[s].quantity)
        whole = q == b.order[s].quantity
        hit(w, p, books, feed, venue, s, q)
        left -= q
        w.paid += price * q
        if row >= 0:
            fill_own(w, row, venue, 2 * price, q, p.taker_fee[venue], 0)
        if whole and price == (w.ask if side > 0 else w.bid):
            settle(w, p, books, feed, -side)
            if (w.ask if side > 0 else w.bid) != price or best_key(b, h) != -side * price:
                venue = 0
    if left < quantity:
        w.trades += 1
        w.volume += quantity - left
        _remember(w, p, side, quantity - left)
        regard(w, p, books)
        if p.fade > 0.0:
            fade(w, p, books, feed, -side, quantity - left)
    return left


@kernel
def _remember(w: Any, p: Any, side: Any, shares: Any) -> None:
    """Let a market order sink in: what makers predict from it at every scale, and the trend that followers see."""
    w.trend = w.trend * decay((w.now - w.trend_time) / (1e9 * p.memory)) + side * shares
    w.trend_time = w.now
    w.sold = w.sold * decay((w.now - w.sold_time) / p.skew_time) + side * shares
    w.sold_time = w.now
    w.tilt = 0.0
    for k in range(SCALES):
        keep = decay(shares / p.lean_time[k])
        w.scale[k] = w.scale[k] * keep + side * (1.0 - keep)
        w.tilt += p.lean[k] * w.scale[k]
    w.tilt = min(max(w.tilt, -0.9), 0.9)


@kernel
def new_parent(w: Any, p: Any, i: Any) -> None:
    """Replace hidden parent `i` by a new one."""
    w.parent[i].born, w.parent[i].ahead = turn(w, PARENTS), 0
    w.parent[i].sign = 1 if next_uniform(w, PARENTS) < 0.5 else -1
    u, scale = next_uniform(w, PARENTS), 1.0
    while u * p.parent_length.shape[0] < 1.0:  # the longest quantile is the same law again, on a larger scale
        u, scale = next_uniform(w, PARENTS), scale * p.parent_tail
    w.parent[i].left = np.int64(draw(p.parent_length, u) * scale)


@kernel
def _out_of_sight(w: Any, p: Any, feed: Any, number: Any, i: Any, where: Any) -> None:
    """Send a slice of hidden parent `i` to a dark pool, or to wait unseen at a lit venue, by the draw `where`."""
    k = 0
    while k < w.darks and where >= p.dark_share[k]:
        k += 1
    if k == w.darks:  # what is left of the draw is a uniform of its own
        k += pick_venue(w, p, (where - p.dark_share[p.dark_share.shape[0] - 1]) / p.hidden_share)
    if k >= w.darks or w.out_until[w.venues + k] <= w.now:
        slice_to(w, p, feed, k, number, i)


@kernel
def take(w: Any, p: Any, books: Any, feed: Any) -> None:
    """A hidden parent sends a market order."""
    number = turn(w, TAKERS)
    i = next_below(w, TAKERS, p.parents)
    fraction = draw(p.fraction, next_uniform(w, TAKERS))
    where = next_uniform(w, TAKERS)
    again(w, TAKERS)
    if next_uniform(w, TAKERS) < p.burst:
        i = w.active
    w.active = i
    sign = w.parent[i].sign
    gone = where < p.dark_share[p.dark_share.shape[0] - 1] + p.hidden_share
    if gone:
        _out_of_sight(w, p, feed, number, i, where)
    elif w.parent[i].ahead >= CHILD * p.lot:  # this child has been traded unseen
        gone = True
        w.parent[i].ahead -= CHILD * p.lot
    w.parent[i].left -= 1
    if w.parent[i].left <= 0:
        new_parent(w, p, i)
    if gone:
        return
    price = w.ask if sign > 0 else w.bid
    shares = np.int64(fraction * displayed(w, books, -sign, price) / p.lot + 0.5) * p.lot
    sweep(w, p, books, feed, sign, max(shares, p.lot), sign * NEVER, -1, -1)


@kernel
def informed(w: Any, p: Any, books: Any, feed: Any) -> None:
    """An informed trader takes the orders at the touch that have not followed the public value."""
    w.due[INFORMED] = NEVER
    side = w.informed_sign
    price = w.ask if side > 0 else w.bid
    h = half(-side)
    shares = np.int64(0)
    for j in range(w.venues):
        b = books[w.first + j]
        if best_key(b, h) != -side * price:
            continue
        s = first_at(b, h, -side * price)
        while s != NONE and (w.fair - w.agent[j * ORDERS + s].value) * side > 0:
            shares += b.order[s].quantity
            s = np.int64(b.order[s].next)
    if shares > 0:
        w.informed += 1
        sweep(w, p, books, feed, side, min(shares, p.informed_most), price, -1, -1)
