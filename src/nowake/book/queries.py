"""Questions to a book: depth, the touch without what own orders took, the queue ahead, a digest of everything."""

from typing import Any

import numpy as np

from nowake.book.bits import mix
from nowake.book.index import find
from nowake.book.ladder import best_key, first_at, in_window, index_of, next_at, next_key
from nowake.book.state import LIVE, NO_KEY, NONE, half
from nowake.core.jit import inline, kernel

__all__ = ["DEPTH", "depth", "digest", "level_totals", "queue_ahead", "queue_of", "touched_best"]

DEPTH = np.dtype([("price", "i8"), ("quantity", "i8"), ("taken", "i8"), ("count", "i8")], align=True)


@kernel
def level_totals(b: Any, side: Any, price: Any) -> Any:
    """Return (quantity left, taken, orders) at (side, price), wherever the window is."""
    h = half(side)
    key = side * price
    if in_window(b, h, key):
        v = b.level[index_of(b, h, key)]
        return np.int64(v.quantity), np.int64(v.taken), np.int64(v.count)
    quantity, taken, count = np.int64(0), np.int64(0), np.int64(0)
    s = first_at(b, h, key)
    while s != NONE:
        o = b.order[s]
        quantity += o.quantity
        taken += o.taken
        count += 1
        s = next_at(b, np.int64(o.next), key)
    return quantity, taken, count


@kernel
def touched_best(b: Any, side: Any) -> Any:
    """Return the best price of `side` with shares left after what own orders took; NO_BID or NO_ASK if none."""
    h = half(side)
    key = best_key(b, h)
    while key != NO_KEY and level_totals(b, side, side * key)[0] == 0:
        key = next_key(b, h, key)
    return side * key


@kernel
def depth(books: Any, i: Any, side: Any, out: Any) -> Any:
    """Fill `out` (DEPTH) with the best levels of `side` of book `i`; returns how many there are in it."""
    b = books[i]
    h = half(side)
    key = best_key(b, h)
    n = 0
    while key != NO_KEY and n < out.shape[0]:
        row = out[n]
        row.price = side * key
        row.quantity, row.taken, row.count = level_totals(b, side, side * key)
        key = next_key(b, h, key)
        n += 1
    return n


@inline
def queue_ahead(b: Any, slot: Any) -> Any:
    """Return the displayed shares ahead of `slot` in the queue of its price."""
    o = b.order[slot]
    key, side = o.side * o.price, o.side
    ahead = np.int64(0)
    s = np.int64(o.prev)
    while s != NONE:
        p = b.order[s]
        if p.side == side and p.side * p.price == key:  # the far chain mixes prices
            ahead += p.quantity
        s = np.int64(p.prev)
    return ahead


@kernel
def queue_of(books: Any, i: Any, oid: Any) -> Any:
    """Return the shares ahead of order `oid` in book `i`, -1 if it is not live."""
    b = books[i]
    s = find(b, oid) if oid != 0 else NONE
    return queue_ahead(b, s) if s != NONE else np.int64(-1)


@inline
def _order_digest(o: Any) -> Any:
    h = mix(o.id, o.price)
    h = mix(h, o.quantity)
    h = mix(h, o.taken)
    h = mix(h, o.seq)
    h = mix(h, o.reserve)
    h = mix(h, o.display)
    h = mix(h, o.owner)
    h = mix(h, o.side)
    return mix(h, o.status)


@kernel
def digest(books: Any, i: Any) -> Any:
    """Return a 64-bit digest of book `i`: every order with its time priority, and every counter.

    Integers only, and independent of slots, window and preset: the same operations give the same digest everywhere.
    """
    b = books[i]
    total = np.int64(0)
    for s in range(1, b.fresh + 1):
        if b.order[s].status & LIVE:
            total = total ^ _order_digest(b.order[s])
    total = mix(total, b.live)
    total = mix(total, b.added)
    total = mix(total, b.events)
    total = mix(total, b.volume)
    total = mix(total, b.trades)
    total = mix(total, b.unknown)
    total = mix(total, b.over)
    total = mix(total, b.duplicate)
    total = mix(total, b.invalid)
    total = mix(total, b.ghosts)
    total = mix(total, b.ghost_shares)
    total = mix(total, b.halted)
    total = mix(total, b.seq)
    for h in range(2):
        total = mix(total, b.resting[h])
        total = mix(total, best_key(b, h))
    return total
