"""Primitives on single orders and sides: they keep queues, levels, the id table and the counters consistent.

Every reduction of a resting order goes through `reduce`, every removal through `remove`. Shares that own orders took
from a historical order move from `quantity` to `taken` (`take`): the order stays where the market without us still has
it. Later history first reduces what is left; the excess is a ghost.
"""

from typing import Any

from nowake.book.index import enter_id, erase_id, find, rename_id
from nowake.book.ladder import best_key, in_window, index_of, link, next_key, unlink
from nowake.book.state import LIVE, NONE, half
from nowake.core.jit import inline, kernel

__all__ = [
    "add",
    "add_order",
    "best_ask",
    "best_bid",
    "clear",
    "drop",
    "find",
    "free_slot",
    "grow",
    "level_of",
    "new_slot",
    "next_level",
    "reduce",
    "reduce_order",
    "remove",
    "replace",
    "take",
]


@inline
def best_bid(b: Any) -> Any:
    """Return the best untouched bid in ticks, NO_BID if there is none."""
    return best_key(b, 0)


@inline
def best_ask(b: Any) -> Any:
    """Return the best untouched ask in ticks, NO_ASK if there is none."""
    return -best_key(b, 1)


@inline
def next_level(b: Any, side: Any, price: Any) -> Any:
    """Return the next non-empty price worse than `price` on `side`, NO_BID or NO_ASK if there is none."""
    return side * next_key(b, half(side), side * price)


@inline
def level_of(b: Any, side: Any, price: Any) -> Any:
    """Return the index into `level` of (side, price), -1 if that price lies outside the window of the side."""
    h = half(side)
    return index_of(b, h, side * price) if in_window(b, h, side * price) else -1


@inline
def new_slot(b: Any) -> Any:
    """Return a free slot; raises before anything has changed."""
    s = b.free
    if s != NONE:
        b.free = b.order[s].next
        return s
    if b.fresh + 1 >= b.order.shape[0]:
        raise IndexError("no free order slot: raise `orders` of the book preset")
    b.fresh += 1
    return b.fresh


@inline
def add(b: Any, oid: Any, side: Any, price: Any, qty: Any) -> Any:
    """Rest a new order at the back of its queue; returns its slot. The id must not be live."""
    s = new_slot(b)
    if oid != 0:
        enter_id(b, oid, s)
    o = b.order[s]
    o.id, o.price, o.quantity, o.side = oid, price, qty, side
    o.taken = o.reserve = o.display = o.owner = 0
    o.status = LIVE
    b.seq += 1
    o.seq = b.seq
    b.live += 1
    b.added += 1
    link(b, s)
    return s


@inline
def free_slot(b: Any, s: Any) -> Any:
    """Forget a slot that hangs in no queue any more."""
    o = b.order[s]
    if o.id != 0:
        erase_id(b, o.id, s)
    o.status = 0
    o.next, b.free = b.free, s
    b.live -= 1


@inline
def remove(b: Any, slot: Any) -> Any:
    """Take a visible order out of the book and free its slot."""
    unlink(b, slot)
    free_slot(b, slot)


@kernel
def add_order(b: Any, oid: Any, side: Any, price: Any, qty: Any) -> Any:
    """Like `add`, not inlined: for callers off the hot path, which would compile slowly else."""
    return add(b, oid, side, price, qty)


@kernel
def drop(b: Any, slot: Any) -> Any:
    """Withdraw an order by history: like `remove`, and what own orders had taken of it is a ghost. Not inlined."""
    taken = b.order[slot].taken
    if taken > 0:
        b.ghosts += 1
        b.ghost_shares += taken
    remove(b, slot)


@inline
def _change(b: Any, slot: Any, left: Any, taken: Any) -> Any:
    """Add to what is left and what is taken of an order and of its level."""
    o = b.order[slot]
    o.quantity += left
    o.taken += taken
    h = half(o.side)
    key = o.side * o.price
    if key >= b.floor[h]:
        v = b.level[index_of(b, h, key)]
        v.quantity += left
        v.taken += taken


@inline
def reduce(b: Any, slot: Any, by: Any) -> Any:
    """Take `by` shares off an order by history: what is left first, the excess off `taken` (a ghost).

    An order of which nothing remains is removed. More than remains is clamped and counted in `over`. Returns the shares
    that came off what was left.
    """
    o = b.order[slot]
    left = o.quantity
    if by < left:
        _change(b, slot, -by, 0)
        return by
    excess = by - left
    if excess > o.taken:
        b.over += 1
        excess = o.taken
    if excess > 0:
        b.ghosts += 1
        b.ghost_shares += excess
    if excess == o.taken:
        remove(b, slot)
    else:
        _change(b, slot, -left, -excess)
    return left


@inline
def take(b: Any, slot: Any, by: Any) -> Any:
    """Own shares take `by` <= quantity of a historical order: they leave `quantity` and stay in `taken`."""
    _change(b, slot, -by, by)


@inline
def grow(b: Any, slot: Any, by: Any) -> Any:
    """Add `by` shares to an order in its place."""
    _change(b, slot, by, 0)


@kernel
def reduce_order(b: Any, slot: Any, by: Any) -> Any:
    """Like `reduce`, not inlined."""
    return reduce(b, slot, by)


@kernel
def replace(b: Any, slot: Any, oid: Any, price: Any, qty: Any, keep: Any) -> Any:
    """Order `slot` becomes (oid, price, qty), in its place if `keep` at the same price, else at the back; new slot."""
    o = b.order[slot]
    side = o.side
    if oid != o.id:
        other = find(b, oid) if oid != 0 else NONE
        if other != NONE:
            b.duplicate += 1
            drop(b, other)
    if keep and price == o.price:
        if oid != o.id:
            rename_id(b, slot, oid)
        have = o.quantity + o.taken
        if qty > have:
            grow(b, slot, qty - have)
        elif qty < have:
            reduce_order(b, slot, have - qty)
        return slot
    drop(b, slot)
    return add_order(b, oid, side, price, qty)


@kernel
def clear(b: Any, side: Any) -> Any:
    """Remove every visible order of `side` (0: of both sides)."""
    for h in range(2):
        if side == 0 or half(side) == h:
            while b.resting[h] > 0:
                s = b.far_head[h]
                remove(b, s if s != NONE else b.level[index_of(b, h, b.best[h])].head)
