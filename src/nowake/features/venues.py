"""Five price levels a side over the books of several venues, and the touch of their board.

A level is a price: its shares are those of all lit venues that are up. With one venue this is `depth` of its book.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.book.ladder import next_key
from nowake.book.state import NO_KEY
from nowake.core.board import PlaceKind, PlaceState
from nowake.core.events import Kind
from nowake.core.jit import inline, kernel
from nowake.features.decay import bring_forward
from nowake.features.depth import FAR, rank_of, resize, set_rank, settle_ranks, shares_at
from nowake.features.state import LEVELS
from nowake.features.touch import see, settle_mid

__all__ = ["read_levels", "read_touch"]

_LIT, _UP = int(PlaceKind.LIT), int(PlaceState.UP)
_ADD, _CANCEL, _DELETE, _EXECUTE = int(Kind.ADD), int(Kind.CANCEL), int(Kind.DELETE), int(Kind.EXECUTE)
_CLEAR, _LEVEL, _QUOTE, _REPLACE = int(Kind.CLEAR), int(Kind.LEVEL), int(Kind.QUOTE), int(Kind.REPLACE)
_BEFORE_ALL = 2**62  # better than every key


@kernel
def _next_over(books, first, board, h, key):
    """Return the best key < `key` of half `h` over the venues, NO_KEY if none."""
    found = NO_KEY
    for v in range(np.int64(board.places)):
        p = board.place[v]
        if p.kind == _LIT and p.state == _UP:
            found = max(found, next_key(books[first + v], h, key))
    return found


@kernel
def _shares_over(books, first, board, h, key):
    """Return the shares at `key` of half `h` over the venues."""
    shares = np.int64(0)
    for v in range(np.int64(board.places)):
        p = board.place[v]
        if p.kind == _LIT and p.state == _UP:
            shares += shares_at(books[first + v], h, key)
    return shares


@kernel
def _walk_over(books, first, board, f, h, t):
    """Read the five best levels of half `h` anew."""
    bring_forward(f, t)
    key = _next_over(books, first, board, h, _BEFORE_ALL)
    n, total, flow = 0, np.int64(0), np.int64(0)
    for j in range(LEVELS):
        shares = np.int64(0)
        if key != NO_KEY:
            shares = _shares_over(books, first, board, h, key)
            n += 1
        flow += set_rank(f, h, j, key, shares)
        total += shares
        if key != NO_KEY:
            key = _next_over(books, first, board, h, key)
    settle_ranks(f, h, n, total, flow)


@kernel
def _update_over(books, first, board, f, h, key, t):
    """An event touched `key` of half `h` of one of the books."""
    k = rank_of(f, h, key)
    if k == FAR:
        return
    if k >= 0:
        shares = _shares_over(books, first, board, h, key)
        if shares > 0:
            resize(f, h, k, shares, t)
            return
    _walk_over(books, first, board, f, h, t)


@inline
def read_levels(books, first, board, f, e, side, price, anew):
    """Bring the levels in step with books[first + place] after event `e`; `anew`: read all of them again."""
    kind = e.kind
    if anew or f.events == 1 or (kind == _CLEAR and side == 0):
        _walk_over(books, first, board, f, 0, f.now)
        _walk_over(books, first, board, f, 1, f.now)
        return
    if side == 0:
        return
    h = (1 - side) >> 1
    if kind == _CLEAR or kind == _QUOTE:
        _walk_over(books, first, board, f, h, f.now)
    elif kind == _ADD or kind == _DELETE or kind == _CANCEL or kind == _EXECUTE or kind == _LEVEL or kind == _REPLACE:
        _update_over(books, first, board, f, h, side * price, f.now)
        if kind == _REPLACE and e.price != price:
            _update_over(books, first, board, f, h, side * e.price, f.now)


@inline
def read_touch(f, board):
    """Compare the touch of the board with that of the record."""
    changed = False
    for h in range(2):
        shares = board.bid_size if h == 0 else board.ask_size
        price = board.bid if h == 0 else -board.ask
        key = price if price != 0 and shares > 0 else NO_KEY
        shares = shares if key != NO_KEY else 0
        if see(f, h, key, shares):
            changed = True
    if changed:
        settle_mid(f, f.now)
