"""Orders that nobody sees: the dark pools, and what waits at the mid of the lit venues.

Both are pools (`dark`): rows 0..darks-1 of `pool` are the dark pools of the preset, row `darks` + j holds the hidden
orders of lit venue j. Background orders are slices of the hidden parents, so that what trades there carries their
information. An order for a lit venue meets the hidden ones there before it takes what is displayed.
"""

from typing import Any

import numpy as np

from nowake.book.state import half
from nowake.core.events import Kind
from nowake.core.jit import inline, kernel
from nowake.market.dark import arrive, cross, take
from nowake.market.dark_state import FILLED
from nowake.market.world.causes import OFFBOOK
from nowake.market.world.feed import print_mid
from nowake.market.world.mine import fill_own
from nowake.market.world.state import OWNER, PARENTS_MOST, SEEN

__all__ = ["CHILD", "cross_pool", "meet", "note_quote", "pool_of", "retry", "slice_to"]

_HIDDEN, _TRADE = int(Kind.HIDDEN), int(Kind.TRADE)
CHILD = 3  # lots that a child of a hidden parent takes, about: so much is behind each of those still to come


@inline
def note_quote(w: Any) -> None:
    """Remember the consolidated quote of this moment; within one moment the last counts."""
    n = w.seen_count
    if n == 0 or w.seen[(n - 1) % SEEN].time != w.now:
        n += 1
        w.seen_count = n
    s = w.seen[(n - 1) % SEEN]
    s.time, s.bid, s.ask = w.now, w.bid, w.ask


@inline
def _seen(w: Any, time: Any) -> Any:
    """Return the row of `seen` that stood at `time`, the oldest one kept if that was earlier."""
    n = w.seen_count - 1
    oldest = max(w.seen_count - SEEN, 0)
    while n > oldest and w.seen[n % SEEN].time > time:
        n -= 1
    return n % SEEN


@inline
def pool_of(w: Any, venue: Any) -> Any:
    """Return the row of `pool` behind venue number `venue`, lit or dark."""
    return venue - w.venues if venue >= w.venues else w.darks + venue


@kernel
def _party(w: Any, p: Any, k: Any, venue: Any, row: Any, r: Any, side: Any) -> None:
    """Fill the own order on `side` of a row that a pool gave out."""
    passive = 1 if r.side != side else 0
    fee = w.pool[k].fee
    if k >= w.darks:
        fee = p.maker_fee[venue] if passive else p.taker_fee[venue]
    fill_own(w, row, venue, r.price2, r.quantity, fee, passive)


@inline
def _credit(w: Any, tag: Any, quantity: Any) -> None:
    """Take note that hidden parent `tag` has traded `quantity` unseen, if it is still there."""
    parent = w.parent[tag % PARENTS_MOST]
    if tag > 0 and parent.born == tag // PARENTS_MOST:
        parent.ahead += quantity


@kernel
def _publish(w: Any, p: Any, feed: Any, k: Any, swept: Any) -> None:
    """Print what pool `k` gave out and tell own orders; `swept`: a lit sweep counts volume and trade itself."""
    d = w.pool[k]
    venue = w.venues + k if k < w.darks else k - w.darks
    for n in range(d.printed):
        r = d.out[n]
        if r.kind != FILLED:
            continue
        if k < w.darks:
            print_mid(w, feed, venue, _TRADE, 0, r.price2, r.quantity, 1)
            w.dark += r.quantity
        else:
            print_mid(w, feed, venue, _HIDDEN, -np.int64(r.side), r.price2, r.quantity, 0)
            w.hidden += r.quantity
        if swept == 0:
            w.volume += r.quantity
            w.trades += 1
        if r.buy_owner == OWNER:
            _party(w, p, k, venue, r.buy_tag, r, 1)
        elif r.buy_id < 0:
            _credit(w, r.buy_tag, r.quantity)
        if r.sell_owner == OWNER:
            _party(w, p, k, venue, r.sell_tag, r, -1)
        elif r.sell_id < 0:
            _credit(w, r.sell_tag, r.quantity)
    d.printed = 0


@kernel
def cross_pool(w: Any, p: Any, feed: Any, k: Any) -> None:
    """Let pool `k` trade what fits at the mid of the quote it sees; a refused price is tried again soon."""
    d = w.pool[k]
    s = w.seen[_seen(w, w.now - d.quote_latency)]
    cross(d, s.bid, s.ask, w.bid, w.ask, w.now)
    _publish(w, p, feed, k, 0)
    if d.pending != 0:
        w.due[OFFBOOK] = min(w.due[OFFBOOK], w.now + max(d.quote_latency, 1000))


@kernel
def retry(w: Any, p: Any, feed: Any) -> None:
    """Cross every pool whose price was refused."""
    for k in range(w.darks + w.venues):
        if w.pool[k].pending != 0:
            cross_pool(w, p, feed, k)


@inline
def meet(w: Any, p: Any, feed: Any, venue: Any, side: Any, quantity: Any, oid: Any, owner: Any, row: Any) -> Any:
    """Let an order for lit `venue` meet what waits there at the mid; returns what is left of `quantity`."""
    k = w.darks + venue
    if w.pool[k].resting[half(-side)] == 0:
        return quantity
    return _met(w, p, feed, k, side, quantity, oid, owner, row)


@kernel
def _met(w: Any, p: Any, feed: Any, k: Any, side: Any, quantity: Any, oid: Any, owner: Any, row: Any) -> Any:
    price2 = w.bid + w.ask
    left = take(w.pool[k], oid, owner, row, side, quantity, price2, w.now)
    w.paid += 0.5 * price2 * (quantity - left)
    _publish(w, p, feed, k, 1)
    return left


@kernel
def slice_to(w: Any, p: Any, feed: Any, k: Any, number: Any, i: Any) -> None:
    """Hidden parent `i` sends slice `number` to pool `k` instead of the displayed market."""
    parent = w.parent[i]
    tag = parent.born * PARENTS_MOST + i
    arrive(w.pool[k], number, parent.sign, parent.left * CHILD * p.lot, tag, 2 * w.value - w.bid - w.ask, w.now)
    cross_pool(w, p, feed, k)
