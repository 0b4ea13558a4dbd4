"""What the day has brought an account, marked to the market: the number that `max_daily_loss` is held against.

    pnl = (cash2 + position mid2 - carried open2) / 2 x worth of a share at one tick - fees,   summed over its symbols

Cash counts the fills of today (`paid`, busts taken back); what was held before them counts from the first mid of the
day. The mid is that of the board, outside of continuous trading the last print where a side is empty. Before the day's
first quote an account that has not traded today stands at 0 (the guard lets nothing leave then); a position without a
mid later on is not a number, and nothing leaves either.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.board import Phase
from nowake.core.jit import inline, kernel
from nowake.risk.limits import MICRO

__all__ = ["mark", "mid2_of", "paid"]

_CONTINUOUS = int(Phase.CONTINUOUS)
_NANO = 1e-9


@inline
def mid2_of(b):
    """Return the price at which a position counts, half ticks; 0: there is none."""
    if b.bid > 0 and b.ask > 0:
        return b.bid + b.ask
    return np.int64(0) if b.phase == _CONTINUOUS else b.last2


@inline
def _brought(s, mid2, worth):
    """Return what symbol `s` has brought today, currency, a share being worth `worth` at one tick."""
    if mid2 > 0 and s.open2 == 0:
        s.open2 = mid2
    if mid2 > 0 or (s.position == 0 and s.carried == 0):
        half = s.cash2 + np.float64(s.position) * mid2 - np.float64(s.carried) * s.open2
        return half / 2.0 * worth - s.fees * _NANO
    if s.open2 == 0 and s.cash2 == 0 and s.position == s.carried:
        return 0.0
    return np.nan


@kernel
def mark(limits, usages, boards, lo, hi):
    """Mark the accounts of parents `lo..hi-1`, all of theirs, to their boards."""
    for i in range(lo, hi):
        u = usages[i]
        usages[u.account].pnl = 0.0
        usages[u.symbol].marked = 0
    for i in range(lo, hi):
        u, m = usages[i], limits[i]
        s = usages[u.symbol]
        if s.marked == 0:
            s.marked = 1
            worth = m.value_num / m.value_den / MICRO
            usages[u.account].pnl += _brought(s, mid2_of(boards[u.board]), worth)


def paid(usages: np.ndarray, i: int, side: int, shares: int, price2: int, fee: float) -> None:
    """Book a fill of parent `i` (shares below 0: one that was taken back); `price2` half ticks, `fee` in currency."""
    s = usages[usages[i]["symbol"]]
    s["cash2"] -= side * shares * price2
    s["fees"] += round(fee * 1e9)
