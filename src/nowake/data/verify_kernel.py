"""Compares our book with a vendor's published levels after every message.

What can be known of a side is its prices at or better than `limit`, the deepest price of the vendor's previous row (a
row with an empty level shows the whole side: no limit). A vendor level beyond it cannot be determined and is adopted
as one aggregate order (a seed); messages of orders that we never saw come off the seed at their price.
"""

# mypy: disable-error-code="no-untyped-call,no-any-return"
from typing import Any

from nowake.book.feed import add, apply_all, best_ask, best_bid, find, level_of, next_level, remove
from nowake.book.state import NO_ASK, NO_BID, NO_KEY, NONE
from nowake.core.events import Kind
from nowake.core.jit import inline, kernel

__all__ = ["EQUAL_ROW", "compare_rows", "seed_book"]

_ADD, _CANCEL, _DELETE, _EXECUTE = int(Kind.ADD), int(Kind.CANCEL), int(Kind.DELETE), int(Kind.EXECUTE)
EQUAL_ROW, DIFFERENT_ROW, UNDETERMINED_ROW = 0, 1, 2
EQUAL_SIDE, DIFFERENT_SIDE, TOUCH_UNKNOWN = 0, 1, 2


@inline
def _seed_id(side: int, price: int) -> int:
    return -(4 * price + 1 + side) - 8


@inline
def _vendor(table: Any, row: int, side: int, k: int) -> tuple[int, int]:
    """Return (price, size) of the vendor's level `k` of `side`; size 0: there is none."""
    at = 4 * k + (2 if side > 0 else 0)
    return table[row, at], table[row, at + 1]


@inline
def _first(b: Any, side: int) -> int:
    return best_bid(b) if side > 0 else best_ask(b)


@inline
def _exists(price: int) -> bool:
    return price != NO_BID and price != NO_ASK


@inline
def _size(b: Any, side: int, price: int) -> int:
    """Return our size at a price that exists, -1 if it lies outside the book's window."""
    at = level_of(b, side, price)
    return b.level[at].quantity if at >= 0 else -1


@kernel
def _wipe(books: Any, side: int, price: int) -> None:
    """Remove every order at (side, price)."""
    b = books[0]
    at = level_of(b, side, price)
    while at >= 0 and b.level[at].count > 0:
        remove(b, b.level[at].head)


@kernel
def _adopt(books: Any, table: Any, row: int, side: int, limit: Any) -> None:
    """Take over the vendor's levels beyond the limit, forget ours beyond its deepest, and set the new limit."""
    b = books[0]
    h = 0 if side > 0 else 1
    known = limit[h]
    price = _first(b, side)
    while _exists(price):
        after = next_level(b, side, price)
        if side * price < known:
            _wipe(books, side, price)
        price = after
    levels = table.shape[1] // 4
    limit[h] = NO_KEY
    for k in range(levels):
        price, size = _vendor(table, row, side, k)
        if size > 0 and side * price < known:
            add(b, _seed_id(side, price), side, price, size)
        if k == levels - 1 and size > 0:
            limit[h] = side * price
    price = _first(b, side)
    while _exists(price):
        after = next_level(b, side, price)
        if side * price < limit[h]:
            _wipe(books, side, price)
        price = after


@kernel
def seed_book(books: Any, table: Any, limit: Any) -> None:
    """Fill the empty book with the first vendor row of `table` (i8[rows, 4 * levels])."""
    for side in (1, -1):
        limit[0 if side > 0 else 1] = -NO_KEY  # nothing is known yet
        _adopt(books, table, 0, side, limit)


@kernel
def _compare_side(books: Any, table: Any, row: int, side: int, known: int, first: Any) -> int:
    """Compare one side level by level; a difference is written to `first` (level from 1, side, ours, theirs)."""
    b = books[0]
    ours = _first(b, side)
    verdict = EQUAL_SIDE
    for k in range(table.shape[1] // 4):
        price, size = _vendor(table, row, side, k)
        inside = _exists(ours) and side * ours >= known
        mine = _size(b, side, ours) if inside else 0
        if mine < 0:
            break
        if size <= 0 or side * price < known:
            if not inside:
                verdict = TOUCH_UNKNOWN if k == 0 and size > 0 else verdict
                break
        elif inside and ours == price and mine == size:
            ours = next_level(b, side, ours)
            continue
        first[0], first[1], first[2], first[3] = k + 1, side, ours if inside else 0, mine
        first[4], first[5] = price, size
        return DIFFERENT_SIDE
    return verdict


@inline
def _apply(books: Any, events: Any, row: int) -> None:
    """Apply one message; what refers to an order that we never saw comes off the seed at its price."""
    e = events[row]
    kind = e.kind
    b = books[0]
    if kind in (_CANCEL, _DELETE, _EXECUTE) and find(b, e.order_id) == NONE:
        e.order_id = _seed_id(e.side, e.price)
        if kind == _DELETE:
            e.kind = _CANCEL
    apply_all(books, 0, events, row, row + 1)


@kernel
def compare_rows(books: Any, events: Any, table: Any, limit: Any, verdicts: Any, first: Any) -> int:
    """Apply `events` one by one and compare with the rows of `table`; `verdicts` u1[n].

    Returns the first row that differs, or -1; `first` (i8[6]) describes it: level, side, our price, size, theirs.
    """
    where = -1
    found = first.copy()
    for row in range(events.size):
        _apply(books, events, row)
        verdict = EQUAL_ROW
        for side in (1, -1):
            h = 0 if side > 0 else 1
            of_side = _compare_side(books, table, row, side, limit[h], found)
            if of_side != DIFFERENT_SIDE:
                _adopt(books, table, row, side, limit)
                if of_side == TOUCH_UNKNOWN and verdict == EQUAL_ROW:
                    verdict = UNDETERMINED_ROW
            else:
                verdict = DIFFERENT_ROW
                if where < 0:
                    where = row
                    first[:] = found
        verdicts[row] = verdict
    return where
