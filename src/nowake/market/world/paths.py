"""Many markets at once: samples of the quote, and an order of equal market children worked through each."""

from typing import Any

import numpy as np

from nowake.core.jit import kernel
from nowake.market.world.causes import NEVER
from nowake.market.world.loop import advance
from nowake.market.world.takers import sweep

__all__ = ["SAMPLE", "sample", "work"]

SAMPLE = np.dtype([("bid", "i8"), ("ask", "i8"), ("value", "i8"), ("volume", "i8"), ("trades", "i8")], align=True)


@kernel
def sample(worlds: Any, params: Any, books: Any, i: Any, step: Any, out: Any, feed: Any) -> None:
    """Fill `out` (SAMPLE[n]) every `step` ns of market `i`; `feed` has length 0."""
    w = worlds[i]
    for k in range(out.shape[0]):
        advance(worlds, params, books, i, w.now + step, feed)
        r = out[k]
        r.bid, r.ask, r.value, r.volume, r.trades = w.bid, w.ask, w.value, w.volume, w.trades


@kernel
def work(
    worlds: Any, params: Any, books: Any, lo: Any, hi: Any, side: Any, children: Any, quantity: Any, gap: Any,
    mids: Any, costs: Any, feed: Any,
) -> None:  # fmt: skip
    """In markets lo..hi-1 send a market order every `gap` ns, `children` times, `quantity` shares in all, and go on.

    `mids` (f8[n, samples]): the consolidated mid at the end of each gap. `costs` (f8[n, 2]): shares filled and what was
    paid for them (ticks x shares). side 0 sends nothing: the twin.
    """
    for i in range(lo, hi):
        w, p = worlds[i], params[0]
        for k in range(mids.shape[1]):
            if side != 0 and k < children:
                child = quantity * (k + 1) // children - quantity * k // children
                left = sweep(w, p, books, feed, side, child, side * NEVER, -1, -1)
                costs[i, 0] += child - left
                costs[i, 1] += w.paid
            advance(worlds, params, books, i, w.now + gap, feed)
            mids[i, k] = 0.5 * (w.bid + w.ask)
