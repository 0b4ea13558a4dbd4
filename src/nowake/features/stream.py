"""Events and boards become state: `look` before the book applies an event, `update` after it; `run` does all of it.

    for k in range(lo, hi):                      # inside a kernel
        side, price = look(b, events[k])         # which order is meant, while it is still there
        apply(b, events[k])                      # or a replay's `step`
        update(b, f, events[k], side, price)

`update_feed` does the same live, where an instrument has a book per venue and a BOARD row that shows the touch of all;
with one venue, and while it is up, both give the same state bit for bit.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.book.feed import apply, find
from nowake.book.state import NO_KEY, NONE
from nowake.core.events import Flag, Kind
from nowake.core.jit import inline, kernel
from nowake.features.depth import shares_at, update_level, walk
from nowake.features.own import hear_news, venue_states
from nowake.features.touch import see, settle_mid
from nowake.features.trades import auction, trade
from nowake.features.venues import read_levels, read_touch
from nowake.features.write import write

__all__ = ["look", "run", "step", "update", "update_feed", "write_board", "write_now"]

_ADD, _CANCEL, _DELETE, _EXECUTE = int(Kind.ADD), int(Kind.CANCEL), int(Kind.DELETE), int(Kind.EXECUTE)
_HIDDEN, _CROSS, _TRADE, _REPLACE = int(Kind.HIDDEN), int(Kind.CROSS), int(Kind.TRADE), int(Kind.REPLACE)
_CLEAR, _LEVEL, _QUOTE = int(Kind.CLEAR), int(Kind.LEVEL), int(Kind.QUOTE)
_NO_VOLUME = int(Flag.UNPRINTED | Flag.BROKEN | Flag.OUTLIER | Flag.SNAPSHOT)
_HALF, _SNAPSHOT = int(Flag.HALF), int(Flag.SNAPSHOT)


@inline
def look(b, e):
    """Return (side, price) of the resting order that `e` is about, as the book has it; of the event where it has not.

    To be called before the book applies the event, which may remove the order.
    """
    side, price = np.int64(e.side), e.price
    kind = e.kind
    if kind == _DELETE or kind == _CANCEL or kind == _EXECUTE or kind == _REPLACE:
        s = find(b, e.order_id) if e.order_id != 0 else NONE
        if s != NONE:
            o = b.order[s]
            side, price = np.int64(o.side), o.price
    return side, price


@inline
def _sign_of(f, price2, resting):
    """Return the sign of the aggressor: against the resting side, else by the quote rule, 0 at the mid or without."""
    if resting != 0:
        return -resting
    if f.sound == 0 or price2 == f.mid2:
        return np.int64(0)
    return np.int64(1) if price2 > f.mid2 else np.int64(-1)


@inline
def _hear(f, t):
    """An event of time `t` (ns UTC) has come."""
    f.now = max(f.now, t)
    if f.events == 0:
        f.heard = t
    f.events += 1


@inline
def _print(f, e, side, price):
    """A print, less own fills that were reported and not seen yet; its own price counts where it has one."""
    at = e.price if e.price != 0 else price
    if e["flags"] & _NO_VOLUME != 0 or e.quantity <= 0 or (at == 0 and e.kind != _CROSS):
        return
    own = min(max(f.own_pending, 0), e.quantity)
    f.own_pending -= own
    quantity = e.quantity - own
    if quantity == 0:
        return
    if e.kind == _CROSS:
        auction(f, f.now, quantity)
        return
    price2 = 2 * at + (1 if e["flags"] & _HALF != 0 else 0)
    trade(f, f.now, price2, quantity, _sign_of(f, price2, side))


@inline
def _read_touch(b, f):
    """Compare the touch of the book with that of the record."""
    changed = False
    for h in range(2):
        resting = b.resting[h] > 0
        key = b.best[h] if resting else NO_KEY
        shares = shares_at(b, h, key) if resting else 0
        if see(f, h, key, shares):
            changed = True
    if changed:
        settle_mid(f, f.now)


@inline
def _read_depth(b, f, e, side, price):
    """Bring the five levels of each side in step with the book, which may have been there before the features."""
    kind = e.kind
    if f.events == 1 or b.duplicate != f.duplicates or (kind == _CLEAR and side == 0):
        f.duplicates = b.duplicate
        walk(b, f, 0, f.now)
        walk(b, f, 1, f.now)
        return
    if side == 0:
        return
    h = (1 - side) >> 1
    if kind == _CLEAR or kind == _QUOTE:
        walk(b, f, h, f.now)
    elif kind == _ADD or kind == _DELETE or kind == _CANCEL or kind == _EXECUTE or kind == _LEVEL:
        update_level(b, f, h, side * price, f.now)
    elif kind == _REPLACE:
        update_level(b, f, h, side * price, f.now)
        if e.price != price:
            update_level(b, f, h, side * e.price, f.now)


@inline
def update(b, f, e, side, price):
    """Take in event `e`, which book `b` has just applied; (side, price) is what `look` said before.

    The touch is that of the market without own orders: shares that own orders took count as standing.
    """
    _hear(f, e.time)
    kind = e.kind
    if kind == _EXECUTE or kind == _HIDDEN or kind == _TRADE or kind == _CROSS:
        _print(f, e, side, price)
    if f.depth != 0:
        _read_depth(b, f, e, side, price)
    _read_touch(b, f)


@inline
def step(b, f, e):
    """Apply one event to the book and take it in."""
    side, price = look(b, e)
    apply(b, e)
    update(b, f, e, side, price)


@kernel
def run(books, features, i, events, span, every, rows, news):
    """Apply events[span[0]:span[1]] to book and features `i` and write rows; returns (next event, rows written).

    `every` > 0: a row at each multiple of so many ns, from all events up to it; 0: a row after each event; below 0:
    none. Stops early when `rows` (ROW) is full. `news`: NEWS array, from its start at the first call.
    """
    b, f = books[i], features[i]
    n = 0
    for k in range(span[0], span[1]):
        e = events[k]
        t = max(f.now, e.time)
        if every > 0:
            if f.events == 0:
                f.due = (t + every - 1) // every * every
            while f.due < t:
                if n == rows.shape[0]:
                    return k, n
                hear_news(f, news, f.due)
                write(f, f.due, rows[n])
                n += 1
                f.due += every
        elif every == 0 and n == rows.shape[0]:
            return k, n
        step(b, f, e)
        if every == 0:
            hear_news(f, news, f.now)
            write(f, f.now, rows[n])
            n += 1
    return span[1], n


@inline
def update_feed(books, first, board, f, e, side, price, mine, moved, anew):
    """Take in event `e` of a place of BOARD row `board`, which the board and books[first + place] have just followed.

    (side, price) as for `update`. `mine` says that it is about an own order, which is in no book; `moved` that the
    touch of the board may have, `anew` that more than what the event names has changed. A snapshot is no news: it is
    looked at once, when the next event comes.
    """
    _hear(f, e.time)
    kind = e.kind
    if kind == _EXECUTE or kind == _HIDDEN or kind == _TRADE or kind == _CROSS:
        if not mine:
            _print(f, e, side, price)
        elif e["flags"] & _NO_VOLUME == 0:
            f.own_pending -= e.quantity
    if e["flags"] & _SNAPSHOT != 0:
        f.loading = 1
        return
    whole = anew or f.loading != 0
    f.loading = 0
    if f.depth != 0 and (whole or not mine):
        read_levels(books, first, board, f, e, side, price, whole)
    if moved or whole:
        read_touch(f, board)


@kernel
def write_board(features, boards, i, t, rows, k, news):
    """Fill rows[k] with the vector of instrument `i` at `t`, venue states of its board included."""
    f = features[i]
    venue_states(f, boards[i])
    hear_news(f, news, t)
    write(f, t, rows[k])


@kernel
def write_now(features, i, t, rows, k, news):
    """Fill rows[k] with the vector of instrument `i` at `t` (ns UTC, not before its last event)."""
    f = features[i]
    hear_news(f, news, t)
    write(f, t, rows[k])
