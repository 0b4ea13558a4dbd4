"""Level-2 and best-quote updates with own orders present: the declared queue model says who cancelled.

A level at our price that shrinks by more than was printed there lost the difference to cancellations: all of them
behind us (``pessimistic``), or ahead with probability f(ahead) / (f(ahead) + f(behind)), f(x) = x^n, in expectation
(``power:n``). The queue ahead is never longer than the level.

A best-quote feed shows one price per side: at the quote we know the level; a quote worse than our price says that
nobody is there; behind a better quote the level is unseen, and the queue stays as it was last known.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.book.feed import apply_rare, find
from nowake.book.state import AGGREGATE_ID, NONE, half
from nowake.core.events import Kind
from nowake.core.jit import inline, kernel
from nowake.data.replay.history import cross_own
from nowake.data.replay.queue import UNSEEN, best_of, left_at, note_mids, would_cross
from nowake.data.replay.state import QueueModel

__all__ = ["level_beside_own"]

_QUOTE, _POWER = int(Kind.QUOTE), int(QueueModel.POWER)


@inline
def _cancelled_ahead(w, o, gone, before):
    """Return how many of `gone` cancelled shares of a level of `before` the model places ahead of own order `o`."""
    if w.queue_model != _POWER or gone <= 0 or o.ahead <= 0 or 2 * o.ahead >= UNSEEN:
        return np.int64(0)
    behind = float(max(before - o.ahead, 0))
    share = 1.0 / (1.0 + (behind / float(o.ahead)) ** w.queue_power)
    exact = min(gone * share, float(o.ahead)) + o.part
    whole = np.int64(exact)
    o.part = exact - whole
    return whole


@kernel
def _follow(w, e, was, shown, now):
    """Move own orders on the side of update `e` to where the queue model puts them.

    `was` and `now` are the shares left at its price before and after; `shown` tells whether `was` could be seen.
    """
    quote = e.kind == _QUOTE
    for k in range(w.live):
        o = w.own[k]
        if o.side != e.side:
            continue
        better = np.int64(o.side) * o.price > np.int64(o.side) * e.price
        if o.price == e.price and (e.quantity > 0 or not quote):
            if shown:
                o.ahead -= _cancelled_ahead(w, o, was - now - o.traded, was - o.traded)
            o.ahead = min(o.ahead, now)
            o.traded = 0
        elif quote and (better or e.quantity == 0):
            o.ahead = o.traded = 0


@kernel
def level_beside_own(b, w, e):
    """Apply a LEVEL or QUOTE while own orders rest; one that crosses an own order fills it."""
    side = np.int64(e.side)
    if side != 1 and side != -1:
        apply_rare(b, e)
        return
    shown = e.kind != _QUOTE or best_of(b, side) == e.price
    was = left_at(b, side, e.price)
    crosses = e.quantity > 0 and b.halted == 0 and would_cross(w, side, e.price)
    if crosses:
        note_mids(b, w)
    apply_rare(b, e)
    s = find(b, AGGREGATE_ID + 2 * e.price + half(side)) if crosses else np.int64(NONE)
    if s != NONE:
        cross_own(b, w, s)
    _follow(w, e, was, shown, left_at(b, side, e.price))
