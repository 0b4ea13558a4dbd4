"""First questions of the guard: whether intent, limits, account, clock and market data can be trusted at all.

Each answers by a reason in the projection `j`; any reason here means no new risk. `m` LIMITS, `u` `s` `a` USAGE of
parent, symbol and account, `b` BOARD, `i` INTENT.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.board import PLACES, Phase
from nowake.core.intent import OrderKind
from nowake.core.jit import inline
from nowake.risk.limits import NONE
from nowake.risk.reasons import Reason

__all__ = ["BIG", "HUGE", "clock", "data", "refuse", "trust", "well_formed"]

BIG = 2**40  # beyond any price, quantity or volume
HUGE = 2**60  # beyond any amount of money
_LARGEST = 2**31 - 1
_MOST = 1e12
_ONE = np.int64(1)
_CONTINUOUS = int(Phase.CONTINUOUS)
_LIMIT, _MARKET, _IOC, _POST_ONLY, _QUOTE = (
    int(kind) for kind in (OrderKind.LIMIT, OrderKind.MARKET, OrderKind.IOC, OrderKind.POST_ONLY, OrderKind.QUOTE)
)
_MALFORMED, _MISSING, _BAD_STATE, _NAN = (
    np.int64(reason) for reason in (Reason.MALFORMED, Reason.MISSING, Reason.BAD_STATE, Reason.NOT_A_NUMBER)
)
_CLOCK, _STALE, _CROSSED, _NO_REFERENCE = (
    np.int64(reason) for reason in (Reason.CLOCK, Reason.STALE, Reason.CROSSED, Reason.NO_REFERENCE)
)


@inline
def refuse(j, reason):
    """Note `reason`; the first one noted is the binding one."""
    j.reasons |= _ONE << reason
    if j.binding == 0:
        j.binding = reason


@inline
def well_formed(i):
    """Tell whether the intent is an order at all: side, kind, quantity, price, least execution, venue."""
    kind, price = i.kind, i.price
    if (i.side != 1 and i.side != -1) or kind < _LIMIT or kind > _QUOTE:
        return False
    if not 0 < i.quantity <= _LARGEST or not 0 <= i.minimum <= i.quantity or not 0 <= i.venue < PLACES:
        return False
    if kind == _LIMIT or kind == _IOC or kind == _POST_ONLY:
        return 0 < price < BIG
    return price == 0 if kind == _MARKET else 0 <= price < BIG


@inline
def _complete(m):
    """Tell whether every limit is set, and none is impossible."""
    low = min(m.kinds, m.classes, m.venues, m.dealers, m.phases, m.sides, m.restricted, m.short)
    low = min(low, m.grace, m.dark_minimum, m.collar_arrival, m.collar_last, m.collar_quote, m.max_position, m.located)
    least = min(m.max_child, m.child_notional, m.order_notional, m.venue_notional, m.displayed, m.participation)
    least = min(least, m.deviation, m.open_orders, m.message_rate, m.message_burst, m.max_loss, m.step, m.lot)
    least = min(least, m.stale_after, m.venue_silence, m.clock_step, m.value_num, m.value_den)
    return m.valid == 1 and low >= 0 and least >= 1


@inline
def _between(x, low, high):
    return low <= x and x <= high


@inline
def _sane(u, s, a, v):
    """Tell whether the account's numbers can be: nothing negative that counts, nothing beyond reason."""
    low = min(u.filled, u.working, u.limit, u.arrival2, u.volume_start, u.money, u.open_orders)
    low = min(low, s.working_buy, s.working_sell, s.own_bid, s.own_ask, s.peg_buy, s.peg_sell, s.close_buy)
    low = min(low, s.close_sell, a.clock, a.jumped, a.token_time[v], a.venue_money[v], u.target)
    high = max(u.filled, u.working, u.limit, u.volume_start, u.open_orders, s.working_buy, s.working_sell)
    high = max(high, s.own_bid, s.own_ask, s.peg_buy, s.peg_sell, s.close_buy, s.close_sell, u.target, u.arrival2 // 2)
    money = max(u.money, a.venue_money[v])
    tokens = _between(a.tokens[v], -HUGE, HUGE)
    side = u.side == 1 or u.side == -1
    bounded = _between(s.position, -BIG, BIG) and _between(u.quantity, 1, _LARGEST)
    return low >= 0 and high <= BIG and bounded and money <= HUGE and tokens and side


@inline
def _plausible(b, p):
    """Tell whether the board's numbers can be."""
    low = min(b.bid, b.ask, b.bid_size, b.ask_size, b.last2, b.volume, p.bid, p.ask, p.bid_size, p.ask_size)
    high = max(b.bid, b.ask, b.bid_size, b.ask_size, b.volume, p.bid, p.ask, p.bid_size, p.ask_size)
    return low >= 0 and high <= BIG and b.last2 // 2 <= BIG and b.places <= PLACES


@inline
def clock(m, a, now):
    """Look at the clock: back is an error until it has caught up, a jump until newer data have been heard."""
    if now <= 0 or now < a.clock:
        return False
    if a.clock > 0 and now - a.clock > m.clock_step:
        a.jumped = now
    a.clock = now
    return True


@inline
def data(j, m, a, b, now, side):
    """Refuse what stale, crossed or missing market data would decide."""
    if b.heard > now or b.heard < a.jumped:
        refuse(j, _CLOCK)
    elif now - b.heard > m.stale_after:
        refuse(j, _STALE)
    if b.phase != _CONTINUOUS:
        return
    if b.bid > 0 and b.ask > 0 and b.bid > b.ask:
        refuse(j, _CROSSED)
    if (b.ask if side > 0 else b.bid) == 0:
        refuse(j, _NO_REFERENCE)


@inline
def trust(j, m, u, s, a, b, i, now):
    """Refuse unless everything that the later questions read can be trusted; the intent is well formed."""
    if not _complete(m) or u.target == NONE:
        refuse(j, _MISSING)
        return
    if not np.isfinite(i.score) or not abs(a.pnl) <= _MOST:
        refuse(j, _NAN)
    if not _sane(u, s, a, i.venue) or not _plausible(b, b.place[i.venue]):
        refuse(j, _BAD_STATE)
        return
    if not clock(m, a, now):
        refuse(j, _CLOCK)
    data(j, m, a, b, now, i.side)
    if u.arrival2 == 0 or b.last2 == 0:
        refuse(j, _NO_REFERENCE)
