"""From messages to boards: every event goes into its venue's book, and what changed of the touch onto the board.

Orders of our own are left out of the books (their ids start at `own_from`), so that the board shows what others
display; what trades against them counts as volume of the board all the same. EVENT.instrument is the row of
BOARD.place. The features follow every event, with the levels of all books.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.book.feed import apply
from nowake.book.ladder import best_key
from nowake.book.queries import level_totals
from nowake.book.state import NO_KEY
from nowake.core.board import PlaceKind, PlaceState
from nowake.core.events import Flag, Kind
from nowake.core.jit import inline, kernel
from nowake.features.stream import look, update_feed

__all__ = ["hear_feed", "settle"]

_EXECUTE, _HIDDEN, _CROSS, _TRADE = int(Kind.EXECUTE), int(Kind.HIDDEN), int(Kind.CROSS), int(Kind.TRADE)
_HALT, _RESUME = int(Kind.HALT), int(Kind.RESUME)
_NO_VOLUME = int(Flag.UNPRINTED | Flag.BROKEN | Flag.SNAPSHOT)
_HALF, _ONE = int(Flag.HALF), np.int64(1)
_LIT, _UP, _HALTED = int(PlaceKind.LIT), int(PlaceState.UP), int(PlaceState.HALTED)


@inline
def _touch(b, half):
    """Return (price, shares) of the best level of a side, 0 where it is empty."""
    key = best_key(b, half)
    if key == NO_KEY:
        return np.int64(0), np.int64(0)
    side = 1 - 2 * half
    quantity, _, _ = level_totals(b, side, side * key)
    return side * key, quantity


@kernel
def settle(board):
    """Find the best bid and offer over the lit places that are up, and the shares displayed there.

    Returns these places, one bit each.
    """
    board.bid = board.ask = board.bid_size = board.ask_size = 0
    counted = np.int64(0)
    for k in range(np.int64(board.places)):
        p = board.place[k]
        if p.kind != _LIT or p.state != _UP:
            continue
        counted |= _ONE << k
        if p.bid > board.bid:
            board.bid, board.bid_size = p.bid, p.bid_size
        elif p.bid == board.bid and p.bid > 0:
            board.bid_size += p.bid_size
        if p.ask > 0 and (board.ask == 0 or p.ask < board.ask):
            board.ask, board.ask_size = p.ask, p.ask_size
        elif p.ask == board.ask and p.ask > 0:
            board.ask_size += p.ask_size
    return counted


@inline
def _volume(board, e):
    """Count what an event prints."""
    kind = e.kind
    prints = kind == _EXECUTE or kind == _HIDDEN or kind == _TRADE or kind == _CROSS
    if prints and e["flags"] & _NO_VOLUME == 0 and e.quantity > 0:
        board.volume += e.quantity
        board.trades += 1
        if e.price > 0:
            board.last2 = 2 * e.price + (1 if e["flags"] & _HALF != 0 else 0)


@kernel
def hear_feed(books, boards, features, i, first, own_from, events, lo, hi, heard):
    """Take events[lo:hi] into books[first + venue], board `i` and features `i`; `heard` (ns): when they came here.

    Returns how often the best bid or offer, or the shares there, changed.
    """
    board, f = boards[i], features[i]
    changes = 0
    for k in range(lo, hi):
        e = events[k]
        v = np.int64(e.instrument)
        p = board.place[v]
        board.time, board.heard = max(board.time, e.time), heard
        p.time = max(p.time, e.time)
        _volume(board, e)
        moved, anew, mine = False, False, e.order_id >= own_from
        side, price = np.int64(e.side), e.price
        if e.kind == _HALT or e.kind == _RESUME:
            p.state = _HALTED if e.kind == _HALT else _UP
            moved = True
        if p.kind == _LIT:
            b = books[first + v]
            if not mine:
                duplicates = b.duplicate
                side, price = look(b, e)
                apply(b, e)
                anew = b.duplicate != duplicates
            bid, bid_size = _touch(b, 0)
            ask, ask_size = _touch(b, 1)
            if bid != p.bid or ask != p.ask or bid_size != p.bid_size or ask_size != p.ask_size:
                p.bid, p.ask, p.bid_size, p.ask_size = bid, ask, bid_size, ask_size
                moved = True
        if moved:
            b0, a0, bs, ask_shares = board.bid, board.ask, board.bid_size, board.ask_size
            counted = settle(board)
            if counted != f.venues:
                f.venues, anew = counted, True
            if b0 != board.bid or a0 != board.ask or bs != board.bid_size or ask_shares != board.ask_size:
                changes += 1
        update_feed(books, first, board, f, e, side, price, mine, moved, anew)
    return changes
