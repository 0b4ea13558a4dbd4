"""What may leave at all: places that are shut to the router, and intents cut to what is known to be allowed.

The guard asks the same of every child, and more. What is cut here it need not refuse: a placer that leans on it looks
like a decider that leaves its envelope.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.board import PlaceKind, PlaceState
from nowake.core.intent import OrderKind
from nowake.core.jit import inline, kernel
from nowake.execution.desk_state import NEVER
from nowake.risk.guard_permit import level_of
from nowake.risk.guard_size import displayed_at, room_of_order
from nowake.risk.limits import PPM
from nowake.risk.switches import Level

__all__ = ["close", "fit", "one_request", "reopen", "shut_places"]

_LIT, _DARK, _DEALER = int(PlaceKind.LIT), int(PlaceKind.DARK), int(PlaceKind.DEALER)
_UP, _OUTAGE = int(PlaceState.UP), int(PlaceState.OUTAGE)
_IOC, _QUOTE, _STOPPED = int(OrderKind.IOC), int(OrderKind.QUOTE), int(Level.PAUSE)
_ONE = np.int64(1)


@kernel
def shut_places(d, m, u, switches, board, now):
    """Return the places that may not be used now, one bit each: barred, not of the policy, silent, or killed."""
    shut = np.int64(0)
    for v in range(np.int64(board.places)):
        p = board.place[v]
        listed = m.dealers if p.kind == _DEALER else m.venues
        silent = p.kind == _LIT and not 0 <= now - p.time <= m.venue_silence
        open_ = (listed >> v) & (m.classes >> p.kind) & ~(d.barred >> v) & 1
        if open_ == 0 or silent or level_of(switches, u, v) >= _STOPPED:
            shut |= _ONE << v
    return shut


@kernel
def close(board, shut):
    """Take the places `shut` away from the router; returns those that were up."""
    were = np.int64(0)
    for v in range(np.int64(board.places)):
        p = board.place[v]
        if (shut >> v) & 1 != 0 and p.state == _UP:
            were |= _ONE << v
            p.state = _OUTAGE
    return were


@kernel
def reopen(board, were):
    """Give back what `close` took away."""
    for v in range(np.int64(board.places)):
        if (were >> v) & 1 != 0:
            board.place[v].state = _UP


@inline
def _copy(a, b):
    """Copy intent `b` to `a`."""
    a.parent, a.price, a.quantity, a.minimum, a.time = b.parent, b.price, b.quantity, b.minimum, b.time
    a.venue, a.side, a.kind, a.tactic, a.origin = b.venue, b.side, b.kind, b.tactic, b.origin
    a.score, a.reason = b.score, b.reason


@kernel
def fit(limits, usages, board, intents, i, count, lot):
    """Keep to what is known to be allowed: kinds, displayed size, size of a child, least dark execution; how many stay.

    Of a request for quotes also the order's part of the volume: it is for a block or for nothing.

    What is cut off is not placed now. The guard would do the same, but it counts: a placer that leans on it looks like
    a model that leaves its envelope. A taker that is cut leaves shares at its price: none goes to a worse one.
    """
    m, kept, before, worst = limits[i], 0, np.int64(0), np.int64(NEVER)
    for k in range(count):
        t = intents[k]
        p = board.place[t.venue]
        taker = t.kind == _IOC and p.kind == _LIT
        if taker and t.side * t.price > worst:
            continue
        most = min(t.quantity, m.max_child) if m.max_child > 0 else t.quantity
        shown = displayed_at(board, p, np.int64(t.side), np.int64(t.kind), t.price)
        if shown >= 0:
            most = min(most, m.displayed * shown // PPM)
        if t.kind == _QUOTE:
            most = min(most, room_of_order(m, usages[i], board) - before)
        if p.kind == _DARK:
            t.minimum = max(t.minimum, m.dark_minimum)
            most = most if most >= t.minimum else np.int64(0)
        if (m.kinds >> np.int64(t.kind)) & 1 == 0:
            most = np.int64(0)
        if most < t.quantity:
            most -= most % lot
            worst = t.side * t.price if taker else worst
        if most <= 0:
            continue
        t.quantity = most
        before += most if t.kind != _QUOTE else 0
        if kept != k:
            _copy(intents[kept], t)
        kept += 1
    return kept


@kernel
def one_request(intents, n, least):
    """Merge requests to several dealers into the first, drop those of less than `least`; returns (intents, asked)."""
    kept, asked = 0, np.int64(0)
    for k in range(n):
        if intents[k].kind == _QUOTE:
            if intents[k].quantity < least:
                continue
            asked |= _ONE << np.int64(intents[k].venue)
            if asked & (asked - 1) != 0:
                continue
        if kept != k:
            _copy(intents[kept], intents[k])
        kept += 1
    return kept, asked
