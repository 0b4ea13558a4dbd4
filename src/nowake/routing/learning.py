"""What the venue statistics learn from: every child that ended, every mark-out of a fill."""

from typing import Any

from nowake.core.board import PlaceKind
from nowake.core.jit import kernel
from nowake.routing.queues import hear_queue
from nowake.routing.tails import heard_pool
from nowake.routing.toxicity import hear_mark

__all__ = ["heard", "marked"]

_LIT, _DARK = int(PlaceKind.LIT), int(PlaceKind.DARK)


@kernel
def heard(stats: Any, params: Any, reports: Any, r: Any) -> None:
    """Learn from report `r`: one child is over (filled, cancelled, expired or rejected).

    A hidden order teaches the tail of its pool, a resting lit one (`ahead` of 0 or more) the outflow of its queue.
    """
    t, p = reports[r], params[0]
    v = stats[t.stats].venue[t.venue]
    v.total += 1
    v.time = t.time
    v.children = v.children * p.discount + 1.0
    v.sent = v.sent * p.discount + t.sent
    v.filled = v.filled * p.discount + t.filled
    if t.kind == _DARK:
        heard_pool(v, p, t.sent, t.filled, t.minimum)
        v.short = t.time if t.filled < t.sent else 0
    elif t.kind == _LIT and t.ahead >= 0:
        hear_queue(v, p, t.sent, t.filled, t.ahead)


@kernel
def marked(stats: Any, params: Any, markouts: Any, m: Any) -> None:
    """Learn from mark-out `m`: how the mid went after one fill, signed, 1, 10 and 60 s later."""
    t, p = markouts[m], params[0]
    s = stats[t.stats]
    hear_mark(s, s.venue[t.venue], t.after, t.quantity // p.lot)
