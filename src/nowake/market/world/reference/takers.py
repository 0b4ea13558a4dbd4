"""Who takes: hidden parents, informed traders, investors, followers, and the sweep of all, like `takers` and others."""

import math

from nowake.market.keyed import decayed
from nowake.market.world.causes import BUYERS, FOLLOWERS, INFORMED, NEVER, PARENTS, SELLERS, TAKERS
from nowake.market.world.reference.book import Own
from nowake.market.world.reference.offbook import CHILD, fill_own, meet, slice_to
from nowake.market.world.reference.state import Parent, World
from nowake.market.world.reference.touch import displayed, fade, hit, pick_venue, regard, settle
from nowake.market.world.state import REACH

__all__ = ["draw", "follow", "informed", "invest", "new_parent", "sweep", "take"]


def draw(table: list[int], u: float) -> int:
    """Return the quantile `u` of a table."""
    return table[int(u * len(table))]


def sweep(w: World, side: int, quantity: int, limit: int, only: int = -1, own: Own | None = None) -> int:
    """Take up to `quantity` shares up to price `limit`, by price, then by venue; returns what was not filled."""
    left, venue, w.paid = quantity, 0, 0.0
    while left > 0 and venue < w.venues:
        price = w.books[only].best(-side) if only >= 0 else w.touch(-side)
        if side * price > side * limit:
            break
        if w.books[venue].best(-side) != price or only not in (-1, venue):
            venue += 1
            continue
        left = meet(w, venue, side, left, own)
        o = w.books[venue].first(-side, price)
        if left == 0 or o is None or (own and o.own):
            break
        q = min(left, o.quantity)
        hit(w, o, q)
        left -= q
        w.paid += price * q
        if own:
            fill_own(w, own, venue, 2 * price, q, w.p.taker_fee[venue], 0)
        if o.quantity == 0 and price == w.touch(-side):
            settle(w, -side)
            if w.touch(-side) != price or w.books[venue].best(-side) != price:
                venue = 0
    _remember(w, side, quantity - left)
    return left


def _remember(w: World, side: int, shares: int) -> None:
    """Let what was taken sink in: with makers, followers, and those at the touch."""
    if shares == 0:
        return
    w.add("trades")
    w.add("volume", shares)
    w.trend = w.trend * decayed((w.now - w.trend_time) / (1e9 * w.p.memory)) + side * shares
    w.trend_time = w.now
    w.sold = w.sold * decayed((w.now - w.sold_time) / w.p.skew_time) + side * shares
    w.sold_time = w.now
    w.tilt = 0.0
    for k, span in enumerate(w.p.lean_time):
        keep = decayed(shares / span)
        w.scale[k] = w.scale[k] * keep + side * (1.0 - keep)
        w.tilt += w.p.lean[k] * w.scale[k]
    w.tilt = min(max(w.tilt, -0.9), 0.9)
    regard(w)
    if w.p.fade > 0.0:
        fade(w, -side, shares)


def new_parent(w: World, i: int) -> None:
    """Replace hidden parent `i`."""
    draws, table = w.causes.turn(PARENTS), w.p.parent_length
    sign = 1 if draws.uniform() < 0.5 else -1
    u, scale = draws.uniform(), 1.0
    while u * len(table) < 1.0:
        u, scale = draws.uniform(), scale * w.p.parent_tail
    w.parents[i] = Parent(sign, int(table[int(u * len(table))] * scale), w.causes.number[PARENTS])


def _pool_for(w: World, where: float) -> int:
    """Return the pool of a draw: a dark pool, else the hidden orders of a lit venue."""
    k = next((k for k in range(w.darks) if where < w.p.dark_share[k]), w.darks)
    if k == w.darks:
        k += pick_venue(w, (where - w.p.dark_share[-1]) / w.p.hidden_share)
    return k


def take(w: World) -> None:
    """A hidden parent sends a market order, or a slice to where nobody sees it."""
    draws, p = w.causes.turn(TAKERS), w.p
    number = w.causes.number[TAKERS]
    i = draws.below(p.parents)
    fraction = draw(p.fraction, draws.uniform())
    where = draws.uniform()
    w.causes.again(TAKERS, w.now)
    if draws.uniform() < p.burst:
        i = w.active
    w.active = i
    parent = w.parents[i]
    sign = parent.sign
    gone = where < p.dark_share[-1] + p.hidden_share
    if gone:
        slice_to(w, _pool_for(w, where), number, i)
    elif parent.ahead >= CHILD * p.lot:
        gone = True
        parent.ahead -= CHILD * p.lot
    parent.left -= 1
    if parent.left <= 0:
        new_parent(w, i)
    if not gone:
        shares = int(fraction * displayed(w, -sign, w.touch(-sign)) / p.lot + 0.5) * p.lot
        sweep(w, sign, max(shares, p.lot), sign * NEVER)


def informed(w: World) -> None:
    """An informed trader takes the orders at the touch that have not followed the public value."""
    w.causes.due[INFORMED] = NEVER
    side, shares = w.informed_sign, 0
    price = w.touch(-side)
    for book in w.books:
        if book.best(-side) != price:
            continue
        for o in book.at(-side, price):
            if (w.fair - o.value) * side <= 0:
                break
            shares += o.quantity
    if shares > 0:
        w.add("informed")
        sweep(w, side, min(shares, w.p.informed_most), price)


def invest(w: World, cause: int) -> None:
    """The keenest seller or buyer with a lot to trade sends a market order."""
    assert cause in (SELLERS, BUYERS)
    side, waiting = (-1, w.sellers) if cause == SELLERS else (1, w.buyers)
    draws = w.causes.turn(cause)
    w.causes.again(cause, w.now)
    size = draw(w.p.quantity, draws.uniform())
    last = w.touch(-side) - w.value - w.shift + REACH
    keenest = range(last + 1) if side < 0 else range(2 * REACH - 1, last - 1, -1)
    x = next((x for x in keenest if waiting[x] >= w.p.lot), None)
    if x is None:
        return
    shares = max(min(size, int(waiting[x])) // w.p.lot * w.p.lot, w.p.lot)
    waiting[x] -= shares
    w.add("investors")
    sweep(w, side, shares, side * NEVER)


def follow(w: World) -> None:
    """Followers trade towards the position that trend and leaks make desirable."""
    p = w.p
    size = draw(p.quantity, w.causes.turn(FOLLOWERS).uniform())
    w.causes.again(FOLLOWERS, w.now)
    heat = 0.0
    for pool in w.pools[: w.darks]:
        heat += pool.leaked(w.now)
    wanted = p.momentum * w.trend * decayed((w.now - w.trend_time) / (1e9 * p.memory)) + p.predation * heat
    wanted = min(max(wanted, -1.0 * p.follow_most), 1.0 * p.follow_most)
    gap = math.floor(wanted / p.lot + 0.5) * p.lot - w.held
    if gap == 0:
        return
    side = 1 if gap > 0 else -1
    shares = min(abs(gap), size)
    done = shares - sweep(w, side, shares, side * NEVER)
    w.held += side * done
    w.add("followed", done)
