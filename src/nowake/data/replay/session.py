"""Time moves here: recorded events and own commands in the order of their arrival at the venue.

At equal times history comes first (we lose the race). Prints and best quotes of history are recorded on the way, where
the arrays handed in have room for them; an array of length 0 records nothing.
"""

# mypy: disable-error-code="no-untyped-def"
from nowake.book.feed import apply, best_ask, best_bid, find, level_of
from nowake.book.state import NO_ASK, NONE
from nowake.core.events import Flag, Kind
from nowake.core.jit import inline, kernel
from nowake.data.replay.history import (
    add_beside_own,
    change_beside_own,
    print_beside_own,
    rare_beside_own,
    replace_beside_own,
)
from nowake.data.replay.levels import level_beside_own
from nowake.data.replay.orders import process

__all__ = ["FOREVER", "advance", "carry_out_next", "next_command", "step"]

FOREVER = 2**62
_EXECUTE, _HIDDEN, _CROSS, _TRADE = int(Kind.EXECUTE), int(Kind.HIDDEN), int(Kind.CROSS), int(Kind.TRADE)
_ADD, _CANCEL, _DELETE = int(Kind.ADD), int(Kind.CANCEL), int(Kind.DELETE)
_REPLACE, _LEVEL, _QUOTE = int(Kind.REPLACE), int(Kind.LEVEL), int(Kind.QUOTE)
_PRICED, _UNPRINTED, _AUCTION = int(Flag.PRICED), int(Flag.UNPRINTED), int(Flag.AUCTION)


@kernel
def _record_print(b, w, e, prints):
    """Note a trade of history: price of the print, or of the order where the feed leaves it out."""
    side, price = e.side, e.price
    if e.kind == _EXECUTE and (price == 0 or (side == 0 and e["flags"] & _PRICED == 0)):
        s = find(b, e.order_id)
        if s != NONE:
            side = b.order[s].side
            if price == 0:
                price = b.order[s].price
    if price == 0 or e["flags"] & _UNPRINTED != 0:
        return
    p = prints[w.prints]
    p.time, p.price2, p.quantity, p.side, p["flags"] = e.time, 2 * price, e.quantity, side, e["flags"]
    p.hidden = 1 if e.kind == _HIDDEN else 0
    if e.kind == _CROSS:
        p["flags"] = e["flags"] | _AUCTION
    w.prints += 1
    w.print_volume += e.quantity


@inline
def _size_at(b, side, price):
    i = level_of(b, side, price)
    return b.level[i].quantity + b.level[i].taken if i >= 0 else 0


@inline
def _record_quote(b, w, time, quotes):
    """Note the best untouched prices and sizes when one of them changed; prices 0 where a side is empty."""
    bid, ask = best_bid(b), best_ask(b)
    bid_size, ask_size = 0, 0
    if bid == -NO_ASK:
        bid = 0
    else:
        bid_size = _size_at(b, 1, bid)
    if ask == NO_ASK:
        ask = 0
    else:
        ask_size = _size_at(b, -1, ask)
    if bid == w.bid and ask == w.ask and bid_size == w.bid_size and ask_size == w.ask_size:
        return
    w.bid, w.ask, w.bid_size, w.ask_size = bid, ask, bid_size, ask_size
    if w.quotes > 0 and quotes[w.quotes - 1].time == time:
        w.quotes -= 1
    q = quotes[w.quotes]
    q.time, q.bid, q.ask, q.bid_size, q.ask_size = time, bid, ask, bid_size, ask_size
    w.quotes += 1


@inline
def _apply_beside_own(b, w, e):
    """Apply one recorded event while own orders rest at the venue."""
    kind = e.kind
    if kind == _ADD:
        add_beside_own(b, w, e)
    elif kind == _DELETE or kind == _EXECUTE or kind == _CANCEL:
        change_beside_own(b, w, e)
    elif kind == _REPLACE:
        replace_beside_own(b, w, e)
    elif kind == _LEVEL or kind == _QUOTE:
        level_beside_own(b, w, e)
    elif kind == _HIDDEN or kind == _TRADE:
        print_beside_own(b, w, e)
    else:
        rare_beside_own(b, w, e)


@inline
def step(b, w, e, prints, quotes):
    """Apply one recorded event at its time (a snapshot's may be older: time never goes back here)."""
    w.now = max(w.now, e.time)
    kind = e.kind
    if prints.shape[0] > 0 and (kind == _EXECUTE or kind == _HIDDEN or kind == _CROSS or kind == _TRADE):
        _record_print(b, w, e, prints)
    if w.live == 0:
        apply(b, e)
    else:
        _apply_beside_own(b, w, e)
    if quotes.shape[0] > 0:
        _record_quote(b, w, w.now, quotes)


@inline
def next_command(w):
    """Return the arrival time of the next command under way, FOREVER if there is none."""
    return w.inbox[w.inbox_head].time if w.inbox_count > 0 else FOREVER


@kernel
def carry_out_next(b, w):
    """Carry out the next command under way, at its arrival."""
    c = w.inbox[w.inbox_head]
    w.now = max(w.now, c.time)
    process(b, w, c)
    w.inbox_head = (w.inbox_head + 1) % w.inbox.shape[0]
    w.inbox_count -= 1


@kernel
def advance(books, venues, i, events, lo, until, final, prints, quotes):
    """Apply events[lo:] and the commands under way that are due before `until` (ns UTC).

    Returns the index of the first event not applied. Commands wait for events that may still come before them, unless
    `final` says that there are no more.
    """
    b, w = books[i], venues[i]
    k, n = lo, events.shape[0]
    due = next_command(w)
    while True:
        bound = min(due, until - 1)
        while k < n and events[k].time <= bound:
            step(b, w, events[k], prints, quotes)
            k += 1
        if due >= until or (k >= n and not final):
            return k
        carry_out_next(b, w)
        due = next_command(w)
