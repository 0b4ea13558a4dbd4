"""Generated market data for benchmarks: the same stream for us and for every peer.

`l3_stream(n, seed)` returns EVENT rows of one day of a level-3 feed: about 1,500 live orders, geometric distance from a
moving touch, prices in ticks of 0.0001 with a cent as the step, and adds, deletes, partial cancels and executions at
the best price in the proportions of a lit US venue (about 47 : 39 : 3 : 11). Executions always hit the oldest order of
the best level, so the stream is a possible history of a real book.
"""

import numpy as np

from nowake.book.feed import apply, best_ask, best_bid
from nowake.book.ladder import index_of
from nowake.book.state import LIVE, NO_ASK, NO_BID, REPLAY, new_books
from nowake.core.draws import next_below, next_exponential, next_uniform
from nowake.core.events import EVENT
from nowake.core.jit import inline, kernel
from nowake.core.streams import stream_key

OPEN = 1_704_205_800_000_000_000  # 2024-01-02 09:30 New York, ns UTC
SESSION = 23_400_000_000_000  # 6.5 hours
STEP = 100
_DRAWS = np.dtype([("stream", "u8", (4,))])


def l3_stream(n: int, seed: int = 1, live: int = 1500) -> np.ndarray:
    """Return `n` EVENT rows of a generated day with about `live` resting orders; the same for the same arguments."""
    events = np.zeros(n, EVENT)
    draws = np.zeros(1, _DRAWS)
    draws["stream"] = [[stream_key(seed, name) for name in ("time", "kind", "order", "price")]]
    _fill(new_books(1, REPLAY), draws, events, live, SESSION / n)
    return events


@inline
def _distance(g):
    """Steps from the other side's best: mostly near, one in fifty far."""
    if next_uniform(g, 3) < 0.02:
        return 1 + next_below(g, 3, 400)
    steps = 1
    while next_uniform(g, 3) < 0.85:
        steps += 1
    return steps


@inline
def _new(b, g, e, oid):
    side = 1 if next_uniform(g, 3) < 0.5 else -1
    bid, ask = best_bid(b), best_ask(b)
    if bid == NO_BID:
        bid = 1_000_000 if ask == NO_ASK else ask - STEP
    if ask == NO_ASK:
        ask = bid + STEP
    e.kind, e.order_id, e.side = 1, oid, side
    e.price = (ask if side == 1 else bid) - side * STEP * _distance(g)
    e.quantity = 100 * (1 + next_below(g, 2, 5)) if next_uniform(g, 2) < 0.7 else 1 + next_below(g, 2, 100)


@inline
def _pick(b, g):
    while True:
        s = 1 + next_below(g, 2, b.fresh)
        if b.order[s].status & LIVE:
            return s


@kernel
def _fill(books, draws, events, live, mean_gap):
    b, g = books[0], draws[0]
    when, oid = OPEN, 0
    for k in range(events.size):
        e = events[k]
        when += np.int64(next_exponential(g, 0) * mean_gap)
        e.time = when
        u = next_uniform(g, 1)
        if b.live < live // 2 or u < (0.47 if b.live < live else 0.44):
            oid += 1
            _new(b, g, e, oid)
        elif u > 0.89 and b.resting[0] > 8 and b.resting[1] > 8:
            h = next_below(g, 2, 2)
            _part(b, e, 4, b.level[index_of(b, h, b.best[h])].head)
            if next_uniform(g, 2) < 0.3:
                e.quantity = 1 + next_below(g, 2, e.quantity)
        else:
            s = _pick(b, g)
            _part(b, e, 3, s)
            if u > 0.86 and e.quantity > 1:
                e.kind = 2
                e.quantity = 1 + next_below(g, 2, e.quantity - 1)
        apply(b, e)


@inline
def _part(b, e, kind, s):
    o = b.order[s]
    e.kind, e.order_id, e.side, e.price, e.quantity = kind, o.id, o.side, o.price, o.quantity
