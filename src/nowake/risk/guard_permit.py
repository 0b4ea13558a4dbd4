"""Second questions of the guard: whether such an order is allowed now, at this venue, of this kind, on this side."""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.board import PlaceKind, PlaceState
from nowake.core.intent import OrderKind
from nowake.core.jit import inline
from nowake.risk.guard_trust import refuse
from nowake.risk.reasons import Reason
from nowake.risk.switches import Level
from nowake.risk.usage import LEVELS

__all__ = ["level_of", "permit"]

_ONE = np.int64(1)
_NONE, _LIT, _DEALER = int(PlaceKind.NONE), int(PlaceKind.LIT), int(PlaceKind.DEALER)
_UP = int(PlaceState.UP)
_MARKET, _IOC, _ON_CLOSE, _QUOTE = (
    int(kind) for kind in (OrderKind.MARKET, OrderKind.IOC, OrderKind.ON_CLOSE, OrderKind.QUOTE)
)
_PAUSE, _CANCEL_ALL = np.int64(Level.PAUSE), np.int64(Level.CANCEL_ALL)
_KILLED, _RESTRICTED, _PHASE, _SIDE, _ORDER_TYPE, _VENUE, _CLASS, _DEALER_LIST, _DOWN, _SILENT, _OPEN = (
    np.int64(reason)
    for reason in (
        Reason.KILLED,
        Reason.RESTRICTED,
        Reason.PHASE,
        Reason.SIDE,
        Reason.ORDER_TYPE,
        Reason.VENUE,
        Reason.VENUE_CLASS,
        Reason.DEALER,
        Reason.VENUE_DOWN,
        Reason.VENUE_STALE,
        Reason.OPEN_ORDERS,
    )
)


@inline
def _row(switches, row):
    """Return the level of a switch; one that does not exist counts as pressed."""
    if 0 <= row < switches.shape[0]:
        return switches[row].level
    return _CANCEL_ALL


@inline
def level_of(switches, u, venue):
    """Return the largest level of the kill switches that the parent `u` and the venue hang on."""
    level = max(_row(switches, 0), _row(switches, u.venue_switch[venue]))
    for k in range(LEVELS):
        level = max(level, _row(switches, u.switch[k]))
    return level


@inline
def _kind_fits(m, kind, place):
    """Tell whether the order type is allowed, and can be at such a venue; a market order leaves as an IOC."""
    allowed = (m.kinds >> kind) & 1
    if kind == _MARKET:
        allowed &= (m.kinds >> _IOC) & 1
    if (kind == _QUOTE) != (place == _DEALER) or (kind == _ON_CLOSE and place != _LIT):
        return False
    return allowed == 1


@inline
def _place(j, m, p, venue, now):
    """Refuse a venue that is not listed, not of an allowed class, down, or silent."""
    if p.kind == _NONE:
        refuse(j, _VENUE)
        return
    if not (m.classes >> p.kind) & 1:
        refuse(j, _CLASS)
    if p.kind == _DEALER:
        if not (m.dealers >> venue) & 1:
            refuse(j, _DEALER_LIST)
    elif not (m.venues >> venue) & 1:
        refuse(j, _VENUE)
    if p.state != _UP:
        refuse(j, _DOWN)
    if p.kind == _LIT and not 0 <= now - p.time <= m.venue_silence:
        refuse(j, _SILENT)


@inline
def permit(j, m, u, b, i, level, now):
    """Refuse what is not allowed now, for every reason there is."""
    venue, kind, side = np.int64(i.venue), np.int64(i.kind), np.int64(i.side)
    if level >= _PAUSE:
        refuse(j, _KILLED)
    if m.restricted != 0:
        refuse(j, _RESTRICTED)
    if not (m.phases >> np.int64(b.phase)) & 1:
        refuse(j, _PHASE)
    if side != u.side or not m.sides & (_ONE if side > 0 else _ONE + _ONE):
        refuse(j, _SIDE)
    p = b.place[venue]
    if venue >= b.places:
        refuse(j, _VENUE)
    else:
        _place(j, m, p, venue, now)
    if not _kind_fits(m, kind, p.kind):
        refuse(j, _ORDER_TYPE)
    if u.open_orders >= m.open_orders:
        refuse(j, _OPEN)
