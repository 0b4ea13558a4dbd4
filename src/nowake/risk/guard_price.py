"""Third question of the guard: at which price. Collars and the parent's limit bound it on the aggressive side.

Everything is computed in signed prices x = side * price, so that larger is more aggressive for buys and sells alike.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.board import Phase
from nowake.core.intent import OrderKind
from nowake.core.jit import inline
from nowake.risk.guard_trust import HUGE, refuse
from nowake.risk.limits import PPM
from nowake.risk.reasons import Reason

__all__ = ["crosses_own", "price_it", "share_value"]

_ZERO, _ONE = np.int64(0), np.int64(1)
_CONTINUOUS = int(Phase.CONTINUOUS)
_MARKET, _IOC, _MID_PEG, _ON_CLOSE, _QUOTE = (
    int(kind) for kind in (OrderKind.MARKET, OrderKind.IOC, OrderKind.MID_PEG, OrderKind.ON_CLOSE, OrderKind.QUOTE)
)
_ARRIVAL, _LAST, _NEAR_FAR, _LIMIT, _STEP, _PROTECTED = (
    np.int64(reason)
    for reason in (
        Reason.COLLAR_ARRIVAL,
        Reason.COLLAR_LAST,
        Reason.COLLAR_QUOTE,
        Reason.LIMIT_PRICE,
        Reason.STEP,
        Reason.PROTECTED,
    )
)


@inline
def _beyond(half_ticks, side, collar):
    """Return the signed price `collar` parts per million beyond a reference in half ticks, rounded to the safe side."""
    return half_ticks * (side * PPM + collar) // (2 * PPM)


@inline
def _tighten(j, x, worst, bound, reason):
    """Return the tighter of two signed bounds; note `reason` where the intent's price `x` lies beyond `bound`."""
    if x > bound:
        j.reasons |= _ONE << reason
        if bound < worst:
            j.binding = reason
    return min(worst, bound)


@inline
def _worst(j, m, u, b, side, x):
    """Return the most aggressive signed price that is allowed; the reasons of what the price `x` exceeds are noted."""
    worst = _tighten(j, x, np.int64(HUGE), _beyond(u.arrival2, side, m.collar_arrival), _ARRIVAL)
    worst = _tighten(j, x, worst, _beyond(b.last2, side, m.collar_last), _LAST)
    if b.phase == _CONTINUOUS:
        far = b.ask if side > 0 else b.bid
        worst = _tighten(j, x, worst, _beyond(2 * far, side, m.collar_quote), _NEAR_FAR)
    if u.limit > 0:
        worst = _tighten(j, x, worst, side * u.limit, _LIMIT)
    worst -= worst % m.step
    return worst if side > 0 else min(worst, -m.step)


@inline
def price_it(j, m, u, b, side, kind, price):
    """Return the price (ticks) with which an intent may leave, 0 if there is none; what changed is noted in `j`.

    An order without a price gets the worst one that is allowed, so that it cannot trade beyond it.
    """
    if price == 0:
        worst = _worst(j, m, u, b, side, np.int64(-HUGE))
        j.reasons |= _ONE << _PROTECTED
        j.kind = _IOC if kind == _MARKET else kind
        return max(side * worst, 0)
    x = side * price
    worst = _worst(j, m, u, b, side, x)
    if x % m.step != 0:
        x -= x % m.step
        refuse(j, _STEP)  # noted only: the order leaves at the step before
    return max(side * min(x, worst), 0)


@inline
def crosses_own(s, b, side, kind, price):
    """Tell whether an order could trade with an own resting one: at its price, at the mid, or in the auction."""
    best = s.own_ask if side > 0 else s.own_bid
    pegged = s.peg_sell if side > 0 else s.peg_buy
    closing = s.close_sell if side > 0 else s.close_buy
    blind = b.bid == 0 or b.ask == 0
    if kind == _QUOTE:
        return False
    if kind == _ON_CLOSE:
        return closing > 0 or (best > 0 and side * price >= side * best)
    mid2 = b.bid + b.ask
    if kind == _MID_PEG:
        return pegged > 0 or (best > 0 and (blind or side * mid2 >= side * 2 * best))
    if pegged > 0 and (blind or side * 2 * price >= side * mid2):
        return True
    return best > 0 and side * price >= side * best


@inline
def share_value(m, b, side, price):
    """Return the most that a share can be worth in micro-units of the currency, 1 or more: the price for a buy.

    A sell may trade better than its price: the far quote and the last print count too. 0: beyond what can be computed.
    """
    most = price if side > 0 else max(price, b.ask, -(-b.last2 // 2))
    if most > HUGE // m.value_num:
        return _ZERO
    return max(_ONE, -(-most * m.value_num // m.value_den))
