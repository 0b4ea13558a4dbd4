"""Faults on demand: what venues do to those who depend on them. For the tests of everything that trades here.

Every fault is an own event, and public where the market would see it. Nothing is drawn: twins stay aligned.
"""

from typing import Any

from nowake.core.events import Flag, Kind
from nowake.core.jit import kernel
from nowake.market.dark import empty
from nowake.market.world.causes import (
    BUYERS,
    FOLLOWERS,
    INFORMED,
    LIMITS,
    NEVER,
    OFFBOOK,
    SELLERS,
    TAKERS,
    again,
    turn,
)
from nowake.market.world.feed import CANCELLED, CORRECTED, HALTED, OUTAGE, emit, tell
from nowake.market.world.orders import leave
from nowake.market.world.state import MINE, ORDERS
from nowake.market.world.touch import settle
from nowake.market.world.wheel import put, take_out
from nowake.market.world.withdraw import lift
from nowake.market.world.words import Fault, Reason

__all__ = ["end_faults", "fault", "pause", "put_off"]

_OUTAGE, _SLOW, _STORM = int(Fault.OUTAGE), int(Fault.SLOW), int(Fault.STORM)
_STUCK, _HALT, _BUST = int(Fault.STUCK), int(Fault.HALT), int(Fault.BUST)
_OUT, _HALTED, _RESUMED, _BUSTED = int(Reason.OUTAGE), int(Reason.HALTED), int(Reason.RESUMED), int(Reason.BUSTED)
_STOP, _GO, _TRADE = int(Kind.HALT), int(Kind.RESUME), int(Kind.TRADE)
_BROKEN, _HALF, _DARK = int(Flag.BROKEN), int(Flag.HALF), int(Flag.DARK)


@kernel
def fault(w: Any, p: Any, books: Any, feed: Any, kind: Any, venue: Any, length: Any, by: Any) -> None:
    """Let `kind` begin at `venue` for `length` ns; `by` (ns) is how slow a slow venue is."""
    until = w.now + length
    if kind == _OUTAGE:
        w.out_until[venue] = until
        _go_dark(w, p, books, feed, venue)
        tell(w, OUTAGE, -1, 0, venue, 0, 0, 0.0, 0, _OUT)
        w.due[OFFBOOK] = min(w.due[OFFBOOK], until)
    elif kind == _SLOW:
        w.slow_until[venue], w.slow_by[venue] = until, by
    elif kind == _STORM:
        w.storm_until[venue] = until
    elif kind == _STUCK:
        w.stuck_until[venue] = until
    elif kind == _HALT:
        w.halt_until, w.halt_for = until, length
        for j in range(w.venues):
            emit(w, feed, j, _STOP, 0, 0, 0, 0, 0)
        tell(w, HALTED, -1, 0, -1, 0, 0, 0.0, 0, _HALTED)
        w.due[OFFBOOK] = min(w.due[OFFBOOK], until)
    elif kind == _BUST:
        _bust(w, feed, venue)


@kernel
def _go_dark(w: Any, p: Any, books: Any, feed: Any, venue: Any) -> None:
    """Withdraw every order at `venue`, ours included."""
    for row in range(MINE):
        m = w.mine[row]
        if m.live != 0 and m.venue == venue:
            lift(w, p, books, feed, row)
            left = m.leaves
            m.leaves = 0
            tell(w, CANCELLED, row, m.oid, venue, 2 * m.price, left, 0.0, 1, _OUT)
    if venue >= w.venues:
        if venue < w.venues + w.darks:
            empty(w.pool[venue - w.venues])
        return
    empty(w.pool[w.darks + venue])
    b = books[w.first + venue]
    for s in range(1, b.fresh + 1):
        if b.order[s].status != 0:
            leave(w, books, feed, venue * ORDERS + s)
    settle(w, p, books, feed, 1)
    settle(w, p, books, feed, -1)


@kernel
def _bust(w: Any, feed: Any, venue: Any) -> None:
    """Take the last own fill at `venue` back, once."""
    r = w.last[venue]
    if r.quantity == 0:
        return
    emit(w, feed, venue, _TRADE, 0, 0, r.price2 >> 1, r.quantity, 0)
    if feed.shape[0] > 0:
        feed[w.fed - 1]["flags"] = _BROKEN | (_HALF if r.price2 & 1 else 0) | (_DARK if venue >= w.venues else 0)
    tell(w, CORRECTED, -1, r.oid, venue, r.price2, r.quantity, -r.fee, r.passive, _BUSTED)
    r.quantity = 0


@kernel
def end_faults(w: Any, feed: Any) -> None:
    """End the halt and the outages whose time is over; the clock is set for the next."""
    if 0 < w.halt_until <= w.now:
        w.halt_until = 0
        for j in range(w.venues):
            emit(w, feed, j, _GO, 0, 0, 0, 0, 0)
        tell(w, HALTED, -1, 0, -1, 0, 0, 0.0, 0, _RESUMED)
    if w.halt_until > 0:
        w.due[OFFBOOK] = min(w.due[OFFBOOK], w.halt_until)
    for j in range(w.venues + w.darks + w.dealers):
        if 0 < w.out_until[j] <= w.now:
            w.out_until[j] = 0
            tell(w, OUTAGE, -1, 0, j, 0, 0, 0.0, 0, _RESUMED)
        elif w.out_until[j] > 0:
            w.due[OFFBOOK] = min(w.due[OFFBOOK], w.out_until[j])


@kernel
def pause(w: Any, cause: Any) -> bool:
    """Let an event of `cause` pass without an act while trading is halted; False if it takes place."""
    if w.halt_until <= w.now:
        return False
    if cause == INFORMED:
        w.due[INFORMED] = NEVER
        return True
    if cause in (LIMITS, TAKERS, SELLERS, BUYERS, FOLLOWERS):
        turn(w, cause)
        again(w, cause)
        return True
    return False


@kernel
def put_off(w: Any, node: Any) -> None:
    """Let a resting order act as much later as the halt lasts."""
    take_out(w, node)
    w.agent[node].due += w.halt_for
    put(w, node)
