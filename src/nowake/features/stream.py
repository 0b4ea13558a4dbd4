"""Events and boards become state: `look` before the book applies an event, `update` after it; `run` does all of it.

    for k in range(lo, hi):                      # inside a kernel
        side, price = look(b, events[k])         # which order is meant, while it is still there
        apply(b, events[k])                      # or a replay's `step`
        update(b, f, events[k], side, price)

`update_board` does the same from a BOARD row, which shows the touch over all venues and the volume. There the depth
features are absent: 0, never ready.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.book.feed import apply, find
from nowake.book.state import NO_KEY, NONE
from nowake.core.events import Flag, Kind
from nowake.core.jit import inline, kernel
from nowake.features.decay import bring_forward
from nowake.features.depth import shares_at, update_level, walk
from nowake.features.own import hear_news, venue_states
from nowake.features.touch import settle_mid, turn
from nowake.features.trades import auction, trade
from nowake.features.write import write

__all__ = ["look", "run", "step", "update", "update_board", "update_boards", "write_board", "write_now"]

_ADD, _CANCEL, _DELETE, _EXECUTE = int(Kind.ADD), int(Kind.CANCEL), int(Kind.DELETE), int(Kind.EXECUTE)
_HIDDEN, _CROSS, _TRADE, _REPLACE = int(Kind.HIDDEN), int(Kind.CROSS), int(Kind.TRADE), int(Kind.REPLACE)
_CLEAR, _LEVEL, _QUOTE = int(Kind.CLEAR), int(Kind.LEVEL), int(Kind.QUOTE)
_NO_VOLUME = int(Flag.UNPRINTED | Flag.BROKEN | Flag.OUTLIER | Flag.SNAPSHOT)
_HALF = int(Flag.HALF)


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
def _print(f, e, side, price):
    """A print of history; its own price counts where it has one."""
    if e["flags"] & _NO_VOLUME != 0 or e.quantity <= 0:
        return
    if e.kind == _CROSS:
        auction(f, f.now, e.quantity)
        return
    at = e.price if e.price != 0 else price
    if at == 0:
        return
    price2 = 2 * at + (1 if e["flags"] & _HALF != 0 else 0)
    trade(f, f.now, price2, e.quantity, _sign_of(f, price2, side))


@inline
def _read_touch(b, f):
    """Compare the touch of the book with that of the record."""
    changed = False
    for h in range(2):
        resting = b.resting[h] > 0
        key = b.best[h] if resting else NO_KEY
        shares = shares_at(b, h, key) if resting else 0
        if shares != f.shown[h] or (key != f.best[h] and shares != 0):
            bring_forward(f, f.now)
            turn(f, h, key, shares)
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
    f.now = max(f.now, e.time)
    f.events += 1
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
def _board_volume(f, board):
    """What the board printed since the last look, own fills taken out as they were reported."""
    more = board.volume - f.board_volume
    f.board_volume = board.volume
    own = min(more, f.own_pending)
    if own > 0:
        f.own_pending -= own
        more -= own
    if more > 0 and board.last2 > 0:
        trade(f, f.now, board.last2, more, _sign_of(f, board.last2, np.int64(0)))


@inline
def update_board(f, board):
    """Take in a BOARD row after each message that changed it; the prints of one message are one trade at `last2`."""
    f.now = max(f.now, board.time)
    f.events += 1
    if board.volume > f.board_volume:
        _board_volume(f, board)
    changed = False
    for h in range(2):
        shares = board.bid_size if h == 0 else board.ask_size
        price = board.bid if h == 0 else -board.ask
        key = price if price != 0 and shares > 0 else NO_KEY
        shares = shares if key != NO_KEY else 0
        if shares != f.shown[h] or (key != f.best[h] and shares != 0):
            bring_forward(f, f.now)
            turn(f, h, key, shares)
            changed = True
    if changed:
        settle_mid(f, f.now)


@kernel
def update_boards(features, boards, lo, hi):
    """Take in rows lo..hi-1 of a BOARD array, features and board with the same index."""
    for i in range(lo, hi):
        update_board(features[i], boards[i])


@kernel
def write_board(features, boards, i, t, rows, news):
    """Fill rows[i] with the vector of instrument `i` at `t`, venue states of its board included."""
    f = features[i]
    venue_states(f, boards[i])
    hear_news(f, news, t)
    write(f, t, rows[i])


@kernel
def write_now(features, i, t, rows, k, news):
    """Fill rows[k] with the vector of instrument `i` at `t` (ns UTC, not before its last event)."""
    f = features[i]
    hear_news(f, news, t)
    write(f, t, rows[k])
