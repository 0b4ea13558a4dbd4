"""Many markets by one call: own commands go in as an array, own events and observations come out as arrays."""

from typing import Any

from nowake.core.jit import inline, kernel
from nowake.market.world.loop import advance
from nowake.market.world.own import post
from nowake.market.world.touch import displayed

__all__ = ["look", "step_many"]


@inline
def _collect(w: Any, i: Any, out: Any, n: Any) -> Any:
    """Copy the own events of market `i` to row `n` and on; returns the next free row."""
    if n + w.own_events > out.shape[0]:
        raise IndexError("too many own events in one step: raise `room`")
    for k in range(w.own_events):
        r, e = out[n + k], w.own[k]
        r.market, r.time, r.oid, r.price2, r.quantity, r.leaves = i, e.time, e.oid, e.price2, e.quantity, e.leaves
        r.fee, r.kind, r.venue, r.passive, r.reason = e.fee, e.kind, e.venue, e.passive, e.reason
    n += w.own_events
    w.own_events = 0
    return n


@kernel
def step_many(
    worlds: Any, params: Any, books: Any, lo: Any, hi: Any, until: Any, orders: Any, first: Any, out: Any, feed: Any
) -> Any:
    """Send the commands of markets lo..hi-1, let each run up to until[i] (ns), and write own events; returns how many.

    `orders` in the order of their markets: those of market i are rows first[i] .. first[i + 1] - 1.
    """
    p, n = params[0], 0
    for i in range(lo, hi):
        w = worlds[i]
        for k in range(first[i], first[i + 1]):
            c = orders[k]
            at = max(c.venue, 0)
            late = p.latency[at] + (w.slow_by[at] if w.slow_until[at] > w.now else 0)
            post(w, w.now + late, c.action, c.oid, c.side, c.price, c.quantity, c.venue, c.kind, c.minimum)
        while not advance(worlds, params, books, i, until[i], feed):
            n = _collect(w, i, out, n)
        n = _collect(w, i, out, n)
    return n


@kernel
def look(worlds: Any, books: Any, lo: Any, hi: Any, out: Any) -> None:
    """Write what stands in markets lo..hi-1 at this moment to the same rows of `out`."""
    for i in range(lo, hi):
        w, r = worlds[i], out[i]
        r.time, r.bid, r.ask = w.now, w.bid, w.ask
        r.bid_size, r.ask_size = displayed(w, books, 1, w.bid), displayed(w, books, -1, w.ask)
        r.volume, r.trades, r.events = w.volume, w.trades, w.events
        r.trend = w.trend
