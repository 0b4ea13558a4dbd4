"""Calls at the open and at the close, at the first venue: one price for everybody.

The close: the hidden parents alive and a random imbalance come at any price; others add `auction_depth` shares per tick
by which the price leaves the mean mid of the last ten minutes, against it. The price is the one that trades most, then
leaves least over, then is nearest to that mean. Own orders compete like the rest: where one side has too much, every
order of it gets the same part (pro rata, whole shares).
"""

from typing import Any

import numpy as np

from nowake.core.draws import next_uniform
from nowake.core.events import Flag, Kind
from nowake.core.jit import inline, kernel
from nowake.market.world.causes import AUCTION, rekey
from nowake.market.world.feed import EXPIRED, emit, tell
from nowake.market.world.mine import fill_own
from nowake.market.world.state import MINE, REACH
from nowake.market.world.words import Reason

__all__ = ["cross_close", "cross_open"]

_CROSS, _AUCTION, _UNFILLED = int(Kind.CROSS), int(Flag.AUCTION), int(Reason.UNFILLED)
_CHILDREN, _LOTS = 20, 3  # of a hidden parent that come to the close at most; lots of one


@kernel
def _print(w: Any, feed: Any, price: Any, quantity: Any) -> None:
    w.match += 1
    emit(w, feed, 0, _CROSS, 0, 0, price, quantity, w.match)
    if feed.shape[0] > 0:
        feed[w.fed - 1]["flags"] = _AUCTION
    w.auctioned += quantity


@kernel
def cross_open(w: Any, p: Any, feed: Any) -> None:
    """Open where the first book will stand; between half and one and a half times the usual volume trades."""
    rekey(w, AUCTION, 2 * w.days)
    lots = np.int64(p.open_auction * (0.5 + next_uniform(w, AUCTION)) / p.lot)
    if lots > 0:
        _print(w, feed, w.value + w.gap, lots * p.lot)


@inline
def _wanted(w: Any, p: Any, side: Any, at_any_price: Any, middle: Any, price: Any) -> Any:
    """Return the shares that `side` trades at `price` or better."""
    total = at_any_price + np.int64(p.auction_depth * max(side * (middle - price), 0))
    for row in range(MINE):
        m = w.mine[row]
        if m.live != 0 and m.unseen == 2 and m.side == side and (m.price == 0 or side * price <= side * m.price):
            total += m.leaves
    return total


@kernel
def cross_close(w: Any, p: Any, feed: Any) -> None:
    """Hold the closing auction; what it leaves of own orders for it has expired."""
    w.crossed = 1
    rekey(w, AUCTION, 2 * w.days + 1)
    noise = -6.0
    for _ in range(12):
        noise += next_uniform(w, AUCTION)
    imbalance: Any = np.int64(noise * p.auction_noise)
    for k in range(p.parents):
        imbalance += w.parent[k].sign * min(w.parent[k].left, _CHILDREN) * _LOTS * p.lot
    base: Any = np.int64(p.close_auction)
    middle = np.int64(np.floor(w.calm_mid + 0.5))
    most, least, best = np.int64(-1), np.int64(0), middle
    for away in range(2 * REACH):
        price = middle + (away + 1) // 2 * (1 if away % 2 == 1 else -1)  # the nearest prices first
        bought = _wanted(w, p, 1, base + max(imbalance, 0), middle, price)
        sold = _wanted(w, p, -1, base + max(-imbalance, 0), middle, price)
        traded, over = min(bought, sold), abs(bought - sold)
        if traded > most or (traded == most and over < least):
            most, least, best = traded, over, price
    if most > 0:
        _print(w, feed, best, most)
    _share_out(w, p, best, most, base, imbalance, middle)


@kernel
def _share_out(w: Any, p: Any, price: Any, traded: Any, base: Any, imbalance: Any, middle: Any) -> None:
    bought = _wanted(w, p, 1, base + max(imbalance, 0), middle, price)
    sold = _wanted(w, p, -1, base + max(-imbalance, 0), middle, price)
    for row in range(MINE):
        m = w.mine[row]
        if m.live == 0 or m.unseen != 2:
            continue
        side = np.int64(m.side)
        total = bought if side > 0 else sold
        if total > 0 and (m.price == 0 or side * price <= side * m.price):
            part = np.int64(np.floor(m.leaves * (traded / total)))
            if part > 0:
                fill_own(w, row, 0, 2 * price, part, p.taker_fee[0], 0)
        if m.live != 0:
            m.live = 0
            w.mine_live -= 1
            left = m.leaves
            m.leaves = 0
            tell(w, EXPIRED, row, m.oid, 0, 2 * m.price, left, 0.0, 0, _UNFILLED)
