"""Fourth question of the guard: how much. Every limit on the quantity bounds it; the smallest bound wins."""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.board import Phase, PlaceKind
from nowake.core.intent import OrderKind
from nowake.core.jit import inline
from nowake.risk.guard_trust import refuse
from nowake.risk.limits import MICRO, PPM
from nowake.risk.reasons import Reason
from nowake.risk.switches import Level
from nowake.risk.usage import TOKEN

__all__ = ["displayed_at", "enough", "message", "room_of_order", "size_it"]

_ONE = np.int64(1)
_LARGEST = 2**31 - 1
_CONTINUOUS = int(Phase.CONTINUOUS)
_LIT, _DARK = int(PlaceKind.LIT), int(PlaceKind.DARK)
_LIMIT, _IOC, _POST_ONLY = (int(kind) for kind in (OrderKind.LIMIT, OrderKind.IOC, OrderKind.POST_ONLY))
_REDUCING = int(Level.REDUCE_ONLY)
_CHILD, _CHILD_MONEY, _ORDER_MONEY, _VENUE_MONEY, _DISPLAYED, _PARTICIPATION = (
    np.int64(reason)
    for reason in (
        Reason.CHILD,
        Reason.CHILD_NOTIONAL,
        Reason.ORDER_NOTIONAL,
        Reason.VENUE_NOTIONAL,
        Reason.DISPLAYED,
        Reason.PARTICIPATION,
    )
)
_POSITION, _SHORT, _OVERFILL, _DEVIATION, _REDUCE_ONLY, _LOSS, _LOT, _MINIMUM, _DARK_MINIMUM, _RATE = (
    np.int64(reason)
    for reason in (
        Reason.POSITION,
        Reason.SHORT,
        Reason.OVERFILL,
        Reason.DEVIATION,
        Reason.REDUCE_ONLY,
        Reason.LOSS,
        Reason.LOT,
        Reason.MINIMUM,
        Reason.DARK_MINIMUM,
        Reason.MESSAGE_RATE,
    )
)


@inline
def _at_most(j, bound, reason):
    """Bound the quantity by `bound` shares, 0 or more; note the reason if it is below what was asked."""
    if bound < j.quantity_before:
        j.reasons |= _ONE << reason
    if bound < j.quantity:
        j.quantity = max(bound, 0)
        j.binding = reason


@inline
def displayed_at(b, p, side, kind, price):
    """Return the displayed shares that a child takes from at the venue, or joins over all venues; -1: none needed."""
    if b.phase != _CONTINUOUS or p.kind != _LIT or (kind != _LIMIT and kind != _IOC and kind != _POST_ONLY):
        return np.int64(-1)
    far, shown = (p.ask, p.ask_size) if side > 0 else (p.bid, p.bid_size)
    if far > 0 and side * price >= side * far:
        return min(shown, _LARGEST)
    if kind == _IOC:
        return np.int64(0)
    return min(b.bid_size if side > 0 else b.ask_size, _LARGEST)


@inline
def room_of_order(m, u, b):
    """Return the shares that `_of_order` leaves to an order, below 0 where it has too many out already."""
    used = u.filled + u.working
    room = min(u.quantity, u.target + m.deviation * u.quantity // PPM) - used
    if m.participation < PPM:
        others = max(b.volume - u.volume_start - u.filled, 0)
        room = min(room, max(m.grace, m.participation * others // (PPM - m.participation)) - used)
    return room


@inline
def _of_order(j, m, u, b):
    """Bound by what is left of the parent, by its schedule, and by its part of the volume."""
    used = u.filled + u.working
    _at_most(j, u.quantity - used, _OVERFILL)
    _at_most(j, u.target + m.deviation * u.quantity // PPM - used, _DEVIATION)
    if m.participation < PPM:
        others = max(b.volume - u.volume_start - u.filled, 0)
        _at_most(j, max(m.grace, m.participation * others // (PPM - m.participation)) - used, _PARTICIPATION)


@inline
def _of_position(j, m, s, a, side, level):
    """Bound by the position, by what may be sold short, and by what only reduces it."""
    held, working = side * s.position, s.working_buy if side > 0 else s.working_sell
    _at_most(j, m.max_position - held - working, _POSITION)
    if side < 0 and m.short < 2:
        _at_most(j, s.position + m.short * m.located - working, _SHORT)
    if level >= _REDUCING:
        _at_most(j, max(-held, 0) - working, _REDUCE_ONLY)
    if a.pnl * MICRO <= -m.max_loss:
        _at_most(j, max(-held, 0) - working, _LOSS)


@inline
def size_it(j, m, u, s, a, b, i, level):
    """Shrink `j.quantity` until no limit is exceeded; `j` holds price, kind and the value of a share."""
    side, venue = np.int64(i.side), np.int64(i.venue)
    _at_most(j, m.max_child, _CHILD)
    _at_most(j, m.child_notional // j.value, _CHILD_MONEY)
    _at_most(j, (m.order_notional - u.money) // j.value, _ORDER_MONEY)
    _at_most(j, (m.venue_notional - a.venue_money[venue]) // j.value, _VENUE_MONEY)
    shown = displayed_at(b, b.place[venue], side, j.kind, j.price)
    if shown >= 0:
        _at_most(j, m.displayed * shown // PPM, _DISPLAYED)
    _of_order(j, m, u, b)
    _of_position(j, m, s, a, side, level)
    odd = j.quantity % m.lot
    if odd > 0:
        _at_most(j, j.quantity - odd, _LOT)


@inline
def enough(j, m, i, place):
    """Refuse if too little is left; raise the least execution of a dark order to the policy's. Tells whether it is."""
    if j.quantity < 1:
        return False
    if j.quantity < i.minimum:
        refuse(j, _MINIMUM)
        return False
    if place == _DARK and m.dark_minimum > 0:
        if j.quantity < m.dark_minimum:
            refuse(j, _DARK_MINIMUM)
            if j.quantity == j.quantity_before:
                j.binding = _DARK_MINIMUM
            return False
        if i.minimum < m.dark_minimum:
            j.minimum = m.dark_minimum
            j.reasons |= _ONE << _DARK_MINIMUM
            if j.binding == 0:
                j.binding = _DARK_MINIMUM
    return True


@inline
def message(j, m, a, venue, now):
    """Take a message from the bucket of the account at `venue`, refuse if it is empty. Tells whether it was taken.

    The bucket holds `message_burst` and gains `message_rate` a second: in no stretch of T seconds more than burst +
    rate T messages leave.
    """
    full = m.message_burst * TOKEN
    if a.token_time[venue] == 0:
        a.tokens[venue] += full
    else:
        passed, lacking = now - a.token_time[venue], full - a.tokens[venue]
        if lacking <= 0 or passed > lacking // m.message_rate:
            a.tokens[venue] = full
        else:
            a.tokens[venue] += max(passed, 0) * m.message_rate
    a.token_time[venue] = now
    if a.tokens[venue] < TOKEN:
        refuse(j, _RATE)
        j.binding = _RATE
        return False
    a.tokens[venue] -= TOKEN
    return True
