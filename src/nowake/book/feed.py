"""Feed operations: what a venue's messages do to the book. History is the truth: what does not fit is counted.

`apply` dispatches one EVENT to the primitives of `orders` (re-exported here). Level-2 and best-quote feeds keep one
aggregate order per (side, price). Counters of the record: `unknown` (reference to an id that is not live), `over` (more
shares than were left), `duplicate` (ADD of a live id: the new order wins), `invalid` (no side or no quantity).
"""

from typing import Any

from nowake.book.orders import (
    add,
    add_order,
    best_ask,
    best_bid,
    clear,
    drop,
    find,
    grow,
    level_of,
    next_level,
    reduce,
    reduce_order,
    remove,
    replace,
    take,
)
from nowake.book.state import AGGREGATE, AGGREGATE_ID, LIVE, NONE, PEG, half
from nowake.core.events import Flag, Kind
from nowake.core.jit import inline, kernel

__all__ = [
    "add",
    "apply",
    "apply_all",
    "apply_any",
    "apply_rare",
    "best_ask",
    "best_bid",
    "clear",
    "drop",
    "find",
    "grow",
    "level_of",
    "next_level",
    "reduce",
    "remove",
    "replace",
    "set_level",
    "set_touch",
    "take",
]

_ADD, _CANCEL, _DELETE, _EXECUTE = int(Kind.ADD), int(Kind.CANCEL), int(Kind.DELETE), int(Kind.EXECUTE)
_HIDDEN, _CROSS, _TRADE = int(Kind.HIDDEN), int(Kind.CROSS), int(Kind.TRADE)
_HALT, _RESUME, _REPLACE, _CLEAR = int(Kind.HALT), int(Kind.RESUME), int(Kind.REPLACE), int(Kind.CLEAR)
_LEVEL, _QUOTE = int(Kind.LEVEL), int(Kind.QUOTE)
_KEEP, _SILENT, _QUOTE_ONLY = int(Flag.KEEP_PRIORITY), int(Flag.UNPRINTED | Flag.BROKEN), int(Flag.QUOTE_ONLY)
_FAR = 2**60  # prices beyond would overflow


@kernel
def set_level(b: Any, side: Any, price: Any, qty: Any) -> Any:
    """Level-2: the total at (side, price) becomes `qty` (0: none), held by one aggregate order; its slot."""
    oid = AGGREGATE_ID + 2 * price + half(side)
    s = find(b, oid)
    if s == NONE:
        if qty > 0:
            s = add_order(b, oid, side, price, qty)
            b.order[s].status |= AGGREGATE
        return s
    have = b.order[s].quantity + b.order[s].taken
    if qty > have:
        grow(b, s, qty - have)
    elif qty < have:
        reduce_order(b, s, have - qty)
    return s if qty > 0 else NONE


@kernel
def _drop_others(b: Any, side: Any, keep: Any) -> Any:
    for s in range(1, b.fresh + 1):
        o = b.order[s]
        if s != keep and o.side == side and o.status & LIVE and not o.status & PEG:
            drop(b, s)


@kernel
def set_touch(b: Any, side: Any, price: Any, qty: Any) -> Any:
    """Best-quote feed: `side` consists of (price, qty) alone (0: of nothing); what we took there stays taken."""
    h = half(side)
    keep = find(b, AGGREGATE_ID + 2 * price + h)
    if b.resting[h] > (0 if keep == NONE else 1):
        _drop_others(b, side, keep)
    return set_level(b, side, price, qty)


@inline
def _print(b: Any, e: Any) -> Any:
    if e["flags"] & _SILENT == 0:
        b.volume += e.quantity
        b.trades += 1


@inline
def _on_add(b: Any, e: Any) -> Any:
    if e.quantity <= 0 or (e.side != 1 and e.side != -1) or not -_FAR < e.price < _FAR:
        b.invalid += 1
        return
    s = find(b, e.order_id) if e.order_id != 0 else NONE
    if s != NONE:
        b.duplicate += 1
        drop(b, s)
    add(b, e.order_id, e.side, e.price, e.quantity)


@inline
def _on_replace(b: Any, e: Any) -> Any:
    s = find(b, e.order_id)
    if s == NONE:
        b.unknown += 1
        if e.quantity > 0 and (e.side == 1 or e.side == -1) and -_FAR < e.price < _FAR:
            other = find(b, e.ref) if e.ref != 0 else NONE
            if other != NONE:
                b.duplicate += 1
                drop(b, other)
            add_order(b, e.ref, e.side, e.price, e.quantity)
    elif e.quantity <= 0 or not -_FAR < e.price < _FAR:
        b.invalid += 1
        drop(b, s)
    else:
        replace(b, s, e.ref, e.price, e.quantity, e["flags"] & _KEEP != 0)


@kernel
def _dispatch_rare(b: Any, e: Any) -> Any:
    """Everything but the four messages that make up nearly all of a level-3 feed."""
    kind = e.kind
    if kind == _REPLACE:
        _on_replace(b, e)
    elif kind in (_HIDDEN, _CROSS, _TRADE):
        _print(b, e)
    elif kind in (_LEVEL, _QUOTE):
        if (e.side != 1 and e.side != -1) or not -_FAR < e.price < _FAR:
            b.invalid += 1
        elif kind == _LEVEL:
            set_level(b, e.side, e.price, e.quantity)
        else:
            set_touch(b, e.side, e.price, e.quantity)
    elif kind == _CLEAR:
        clear(b, e.side)
    elif kind == _HALT:
        b.halted = 1
    elif kind == _RESUME:
        b.halted = 2 if e["flags"] & _QUOTE_ONLY else 0


@kernel
def apply_rare(b: Any, e: Any) -> Any:
    """Apply one EVENT record that is no ADD, CANCEL, DELETE or EXECUTE; like `apply`, not inlined."""
    b.events += 1
    _dispatch_rare(b, e)


@inline
def apply(b: Any, e: Any) -> Any:
    """Apply one EVENT record to the book."""
    kind = e.kind
    b.events += 1
    if kind == _ADD:
        _on_add(b, e)
    elif kind in (_DELETE, _CANCEL, _EXECUTE):
        s = find(b, e.order_id) if e.order_id != 0 else NONE
        if kind == _EXECUTE:
            _print(b, e)
        if s == NONE:
            b.unknown += 1
        elif kind != _DELETE:
            reduce(b, s, e.quantity)
        elif b.order[s].taken > 0:
            drop(b, s)
        else:
            remove(b, s)
    else:
        _dispatch_rare(b, e)


@kernel
def apply_any(b: Any, e: Any) -> Any:
    """Like `apply`, not inlined: for callers off the hot path."""
    apply(b, e)


@kernel
def apply_all(books: Any, i: Any, events: Any, lo: Any, hi: Any) -> Any:
    """Apply rows lo..hi-1 of the EVENT array `events` to book `i`."""
    b = books[i]
    for k in range(lo, hi):
        apply(b, events[k])
