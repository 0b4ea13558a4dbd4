"""The calls at the open and the close, like `auction`."""

import math

from nowake.core.events import Flag, Kind
from nowake.market.world.causes import AUCTION
from nowake.market.world.feed import EXPIRED
from nowake.market.world.reference.makers import normal
from nowake.market.world.reference.offbook import fill_own
from nowake.market.world.reference.state import World
from nowake.market.world.state import REACH
from nowake.market.world.words import Reason

__all__ = ["cross_close", "cross_open"]

_CHILDREN, _LOTS = 20, 3


def _print(w: World, price: int, quantity: int) -> None:
    w.matches += 1
    w.publish(0, Kind.CROSS, 0, 0, price, quantity, w.matches)
    w.flag(Flag.AUCTION)
    w.add("auctioned", quantity)


def cross_open(w: World) -> None:
    """Open the first session at the public value."""
    draws = w.causes.rekey(AUCTION, 2)
    lots = int(w.p.open_auction * (0.5 + draws.uniform()) / w.p.lot)
    if lots > 0:
        _print(w, w.value, lots * w.p.lot)


def cross_close(w: World) -> None:
    """Hold the closing auction; what it leaves of own orders for it has expired."""
    w.crossed = True
    p = w.p
    imbalance = int(normal(w.causes.rekey(AUCTION, 3)) * p.auction_noise)
    for parent in w.parents:
        imbalance += parent.sign * min(parent.left, _CHILDREN) * _LOTS * p.lot
    base, middle = int(p.close_auction), math.floor(w.calm_mid + 0.5)
    ours = [m for _, m in sorted(w.mine.items()) if m.waits == "auction"]

    def wanted(side: int, price: int) -> int:
        total = base + max(side * imbalance, 0) + int(p.auction_depth * max(side * (middle - price), 0))
        return total + sum(m.leaves for m in ours if m.side == side and (not m.price or side * price <= side * m.price))

    def merit(price: int) -> tuple[int, int, int, int]:
        bought, sold = wanted(1, price), wanted(-1, price)
        return min(bought, sold), -abs(bought - sold), -abs(price - middle), price

    best = max((merit(price) for price in range(middle - REACH + 1, middle + REACH + 1)), default=(0, 0, 0, middle))
    traded, price = best[0], best[3]
    if traded > 0:
        _print(w, price, traded)
    totals = {side: wanted(side, price) for side in (1, -1)}
    for m in ours:
        if totals[m.side] > 0 and (m.price == 0 or m.side * price <= m.side * m.price):
            part = math.floor(m.leaves * (traded / totals[m.side]))
            if part > 0:
                fill_own(w, m, 0, 2 * price, part, p.taker_fee[0], 0)
        if m.live:
            m.live = False
            del w.mine[m.row]
            left, m.leaves = m.leaves, 0
            w.tell(EXPIRED, m, 0, 2 * m.price, left, why=Reason.UNFILLED)
