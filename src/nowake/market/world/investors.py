"""Investors: latent supply and demand, V-shaped around a centre that follows the public value, and partly the price.

sellers(x) = slope * max(x, 0) shares per tick at x ticks above the centre, buyers mirrored. What was used up comes back
over `renewal` days. Investors for whom the market has become better than their reservation price act, the keenest
first. The centre moves with the public value at once and towards the traded price within `recentre`: that share of the
impact of order flow stays (Toth et al. 2011; Mastromatteo, Toth & Bouchaud 2014 for the latent book).
"""

from typing import Any

import numpy as np

from nowake.core.draws import next_uniform
from nowake.core.jit import kernel
from nowake.market.world.causes import BUYERS, NEVER, SELLERS, again, pace, turn
from nowake.market.world.orders import draw
from nowake.market.world.state import REACH
from nowake.market.world.takers import sweep

__all__ = ["invest", "renew"]


@kernel
def renew(w: Any, p: Any) -> None:
    """Move the centre, renew the profile by one epoch, and set the rates at which marketable investors act."""
    w.centre += (0.5 * (w.bid + w.ask) - w.value - w.centre) * p.recentre
    w.shift = np.int64(np.floor(w.centre + 0.5))
    low, high = w.bid - w.value - w.shift + REACH, w.ask - w.value - w.shift + REACH
    sell = buy = 0.0
    for i in range(2 * REACH):
        x = i - REACH
        w.sellers[i] += p.renewal * (p.slope * max(x, 0) - w.sellers[i])
        w.buyers[i] += p.renewal * (p.slope * max(-x, 0) - w.buyers[i])
        if i <= low:
            sell += w.sellers[i]
        if i >= high:
            buy += w.buyers[i]
    pace(w, SELLERS, sell * p.investor_rate)
    pace(w, BUYERS, buy * p.investor_rate)


@kernel
def invest(w: Any, p: Any, books: Any, feed: Any, cause: Any) -> None:
    """The keenest seller (cause SELLERS) or buyer (BUYERS) with a lot to trade sends a market order."""
    side = -1 if cause == SELLERS else 1
    turn(w, cause)
    again(w, cause)
    size = draw(p.quantity, next_uniform(w, cause))
    i = 0 if side < 0 else 2 * REACH - 1
    last = (w.bid if side < 0 else w.ask) - w.value - w.shift + REACH
    while side * i >= side * last and (w.sellers[i] if side < 0 else w.buyers[i]) < p.lot:
        i -= side
    if side * i < side * last:
        return
    waiting = np.int64(w.sellers[i] if side < 0 else w.buyers[i])
    shares = max(min(size, waiting) // p.lot * p.lot, p.lot)
    if side < 0:
        w.sellers[i] -= shares
    else:
        w.buyers[i] -= shares
    w.investors += 1
    sweep(w, p, books, feed, side, shares, side * NEVER, -1, -1)
