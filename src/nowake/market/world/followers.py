"""Followers: momentum traders who see the prints, and predators who hear what a dark pool has leaked.

All of them together hold a position. What they want is `momentum` shares per share of net aggressive volume that is
still remembered, plus `predation` shares per share of leaked interest, at most `most` either way; at every look they
trade one market order towards it. As memory fades they trade out again: nothing is kept.
"""

from typing import Any

import numpy as np

from nowake.core.draws import next_uniform
from nowake.core.jit import kernel
from nowake.market.dark import leaked
from nowake.market.keyed import decay
from nowake.market.world.causes import FOLLOWERS, NEVER, again, turn
from nowake.market.world.orders import draw
from nowake.market.world.takers import sweep

__all__ = ["follow"]


@kernel
def follow(w: Any, p: Any, books: Any, feed: Any) -> None:
    """Look once: trade towards the position that trend and leaks make desirable."""
    turn(w, FOLLOWERS)
    size = draw(p.quantity, next_uniform(w, FOLLOWERS))
    again(w, FOLLOWERS)
    heat = 0.0
    for k in range(w.darks):
        heat += leaked(w.pool[k], w.now)
    wanted = p.momentum * w.trend * decay((w.now - w.trend_time) / (1e9 * p.memory)) + p.predation * heat
    wanted = min(max(wanted, -1.0 * p.follow_most), 1.0 * p.follow_most)
    gap = np.int64(np.floor(wanted / p.lot + 0.5)) * p.lot - w.held
    if gap == 0:
        return
    side = 1 if gap > 0 else -1
    shares = min(abs(gap), size)
    done = shares - sweep(w, p, books, feed, side, shares, side * NEVER, -1, -1)
    w.held += side * done
    w.followed += done
