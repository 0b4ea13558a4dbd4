"""The id table: open addressing with linear probing inside the record, backward-shift deletion, growth by rehash.

An entry packs the high 32 bits of the id's hash over the slot number, so probing and deletion stay inside the table; 0
is free. The table starts at 1024 entries and doubles while more than half would be in use, up to twice the orders of
the preset: it can not run full before the slots do. Order id 0 means "no id" and is never entered.
"""

from typing import Any

from nowake.book.bits import scramble
from nowake.book.state import LIVE, NONE
from nowake.core.jit import inline, kernel

__all__ = ["enter_id", "erase_id", "find", "rename_id"]

_HIGH = -(1 << 32)
_LOW = (1 << 32) - 1


@inline
def find(b: Any, oid: Any) -> Any:
    """Return the slot of order `oid`, NONE (0) if it is not live."""
    mask = b.mask
    tag = scramble(oid)
    i = (tag >> b.shift) & mask
    while True:
        t = b.table[i]
        if t == 0:
            return NONE
        if (t ^ tag) & _HIGH == 0:
            s = t & _LOW
            if b.order[s].id == oid:
                return s
        i = (i + 1) & mask


@inline
def _put(b: Any, oid: Any, s: Any) -> Any:
    mask = b.mask
    tag = scramble(oid)
    i = (tag >> b.shift) & mask
    while b.table[i] != 0:
        i = (i + 1) & mask
    b.table[i] = (tag & _HIGH) | s


@kernel
def _grow(b: Any) -> Any:
    """Double the table and enter all live orders again."""
    size = max(min(1024, b.table.shape[0]), 2 * (b.mask + 1))
    b.table[:size] = 0
    b.mask = size - 1
    b.shift = 64
    while size > 1:
        b.shift -= 1
        size >>= 1
    for s in range(1, b.fresh + 1):
        o = b.order[s]
        if o.status & LIVE and o.id != 0:
            _put(b, o.id, s)


@inline
def enter_id(b: Any, oid: Any, s: Any) -> Any:
    """Enter `oid` -> `s`; the id must not be in the table, and the slot not yet be marked LIVE."""
    if 2 * (b.live + 1) > b.mask + 1:
        _grow(b)
    _put(b, oid, s)


@inline
def erase_id(b: Any, oid: Any, s: Any) -> Any:
    """Take `oid`, held by slot `s`, out of the table and close the gap."""
    mask, shift = b.mask, b.shift
    i = (scramble(oid) >> shift) & mask
    while b.table[i] & _LOW != s:
        i = (i + 1) & mask
    j = i
    while True:
        j = (j + 1) & mask
        t = b.table[j]
        if t == 0:
            break
        home = (t >> shift) & mask
        if (j - home) & mask >= (j - i) & mask:
            b.table[i] = t
            i = j
    b.table[i] = 0


@inline
def rename_id(b: Any, s: Any, oid: Any) -> Any:
    """Give slot `s` the id `oid`, which must not be in the table."""
    o = b.order[s]
    if o.id != 0:
        erase_id(b, o.id, s)
    o.id = oid
    if oid != 0:
        if b.mask == 0:
            _grow(b)
        else:
            _put(b, oid, s)
