"""Many markets at once: an order of equal market children worked through each."""

from typing import Any

from nowake.core.jit import kernel
from nowake.market.world.causes import NEVER
from nowake.market.world.loop import advance
from nowake.market.world.takers import sweep

__all__ = ["work"]


@kernel
def work(
    worlds: Any, params: Any, books: Any, lo: Any, hi: Any, side: Any, children: Any, quantity: Any, gap: Any,
    pause: Any, mids: Any, peaks: Any, costs: Any, feed: Any,
) -> None:  # fmt: skip
    """In markets lo..hi-1 send a market order every `gap` ns, `children` times, `quantity` shares in all, and go on.

    `mids` (f8[n, samples]): the consolidated mid at the end of each gap; `peaks` (f8[n, children]): `pause` ns after
    each child, or at the end of a shorter gap. `costs` (f8[n, children, 2]): shares filled of every child and what was
    paid for them (ticks x shares). side 0 sends nothing and reads at the same times: the twin.
    """
    for i in range(lo, hi):
        w, p = worlds[i], params[0]
        for k in range(mids.shape[1]):
            end = w.now + gap
            if side != 0 and k < children:
                child = quantity * (k + 1) // children - quantity * k // children
                left = sweep(w, p, books, feed, side, child, side * NEVER, -1, -1)
                costs[i, k, 0] = child - left
                costs[i, k, 1] = w.paid
            if k < children:
                advance(worlds, params, books, i, min(w.now + pause, end), feed)
                peaks[i, k] = 0.5 * (w.bid + w.ask)
            advance(worlds, params, books, i, end, feed)
            mids[i, k] = 0.5 * (w.bid + w.ask)
