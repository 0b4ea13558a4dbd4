"""One pass over level-3 events through a book: trades, best quotes and message counts of a session."""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.book.feed import apply, find
from nowake.book.state import NO_ASK, NONE
from nowake.core.events import Flag, Kind
from nowake.core.jit import inline, kernel
from nowake.data.replay.queue import best_of, left_at

__all__ = ["COUNTS", "record_day"]

COUNTS = np.dtype([(name, "i8") for name in ("trades", "quotes", "adds", "cancels", "posted", "order")], align=True)
_ADD, _CANCEL, _DELETE, _REPLACE = int(Kind.ADD), int(Kind.CANCEL), int(Kind.DELETE), int(Kind.REPLACE)
_EXECUTE, _HIDDEN, _TRADE = int(Kind.EXECUTE), int(Kind.HIDDEN), int(Kind.TRADE)
_SKIP = int(Flag.UNPRINTED | Flag.BROKEN | Flag.OUTLIER)
_SNAPSHOT, _KEEP = int(Flag.SNAPSHOT), int(Flag.KEEP_PRIORITY)
_HALF, _DARK = int(Flag.HALF), int(Flag.DARK)


@inline
def _write_trade(b, e, c, trades, joined):
    """Note a print; `joined`: it belongs to the aggressive order of the print before it."""
    side, price = np.int64(e.side), e.price
    if e.kind == _EXECUTE:
        s = find(b, e.order_id) if e.order_id != 0 else np.int64(NONE)
        if s != NONE:
            side = np.int64(b.order[s].side)
            price = price if price > 0 else b.order[s].price
    price2, dark = 2 * price + (1 if e["flags"] & _HALF else 0), e["flags"] & _DARK != 0
    bid, ask = best_of(b, 1), best_of(b, -1)
    if side == 0 and not dark and bid != -NO_ASK and ask != NO_ASK:
        side = np.int64(1) if price2 < bid + ask else np.int64(-1) if price2 > bid + ask else np.int64(0)
    if price2 <= 0 or e.quantity <= 0:
        return
    n = c.trades
    if not (joined and n > 0 and trades[n - 1].time == e.time and trades[n - 1].sign == -side):
        c.order += 1
    t = trades[n]
    t.time, t.price2, t.quantity, t.order, t.sign = e.time, price2, e.quantity, c.order, -side
    t.hidden = 1 if e.kind == _HIDDEN else 0
    t.dark = 1 if dark else 0
    c.trades = n + 1


@inline
def _count_add(b, e, c, placements, step):
    """Count a new visible limit order and where it stands behind the best of its side."""
    c.adds += 1
    c.posted += e.quantity
    side = np.int64(e.side)
    best = best_of(b, side) if side != 0 else NO_ASK
    if abs(best) != NO_ASK:
        distance = max(side * (best - e.price), 0) // step
        placements[min(distance, placements.shape[0] - 1)] += 1


@inline
def _count_message(b, e, c, placements, step):
    """Count an ADD, CANCEL, DELETE or REPLACE (a cancellation and an entry, or a reduction that keeps its place)."""
    kind = e.kind
    if kind == _CANCEL or kind == _DELETE or kind == _REPLACE:
        c.cancels += 1
    if (kind == _ADD and e["flags"] & _SNAPSHOT == 0) or (kind == _REPLACE and e["flags"] & _KEEP == 0):
        _count_add(b, e, c, placements, step)


@inline
def _write_quote(b, c, time, quotes):
    """Note the best prices and sizes if one of them changed; zeros where a side is empty."""
    bid, ask = best_of(b, 1), best_of(b, -1)
    bid_size = left_at(b, 1, bid) if bid != -NO_ASK else np.int64(0)
    ask_size = left_at(b, -1, ask) if ask != NO_ASK else np.int64(0)
    bid = bid if bid != -NO_ASK else np.int64(0)
    ask = ask if ask != NO_ASK else np.int64(0)
    n = c.quotes
    if n > 0:
        q = quotes[n - 1]
        if q.bid == bid and q.ask == ask and q.bid_size == bid_size and q.ask_size == ask_size:
            return
    q = quotes[n]
    q.time, q.bid, q.ask, q.bid_size, q.ask_size = time, bid, ask, bid_size, ask_size
    c.quotes = n + 1


@kernel
def record_day(books, events, start, end, step, counts, trades, quotes, placements):
    """Apply `events` to book 0 and note what happens from `start` to `end` (ns UTC).

    `trades` needs room for a row, `quotes` for a row and one more, per event. Prints of one time and resting side with
    nothing between them are taken for one aggressive order: feeds do not name it.
    """
    b, c = books[0], counts[0]
    joined = False
    for k in range(events.shape[0]):
        e = events[k]
        if e.time > end:
            break
        if e.time >= start:
            if c.quotes == 0:
                _write_quote(b, c, start, quotes)
            kind = e.kind
            printed = kind == _EXECUTE or kind == _HIDDEN or kind == _TRADE
            if printed and e["flags"] & _SKIP == 0:
                _write_trade(b, e, c, trades, joined)
            elif not printed:
                _count_message(b, e, c, placements, step)
            joined = printed and e["flags"] & _DARK == 0
        apply(b, e)
        if e.time >= start:
            _write_quote(b, c, e.time, quotes)
