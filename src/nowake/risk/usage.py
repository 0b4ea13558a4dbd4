"""USAGE: what has been used of the limits, as one aligned record per parent order, symbol and account.

The three kinds of rows share one dtype: a parent's row names the rows of its symbol and of its account, which may be
the row itself (one parent alone) or shared by many (a desk). The guard books what it passes; the order path books fills
(`filled`) and ends (`closed`), and rebuilds everything that works after a restart (`recount`). Quantities are shares,
money micro-units of the currency, prices ticks (half ticks where a name ends in 2), times ns UTC.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.board import PLACES
from nowake.core.errors import InputError
from nowake.core.intent import OrderKind
from nowake.core.jit import inline, kernel
from nowake.data.reader import kernel_view
from nowake.risk.limits import NONE
from nowake.risk.reasons import Reason

__all__ = ["LEVELS", "TOKEN", "USAGE", "WORKING", "closed", "filled", "new_usages", "recount", "sent", "spend"]

TOKEN = 1_000_000_000  # parts of a message
LEVELS = 6  # switches that a parent hangs on: firm, desk, strategy and its kind, symbol, order
_REASONS = len(Reason)
_MID_PEG, _ON_CLOSE = int(OrderKind.MID_PEG), int(OrderKind.ON_CLOSE)
_LIMIT, _POST_ONLY = int(OrderKind.LIMIT), int(OrderKind.POST_ONLY)

USAGE = np.dtype(
    [
        ("symbol", "i8"),  # row of the symbol
        ("account", "i8"),  # row of the account
        ("board", "i8"),  # row of BOARD
        ("switch", "i8", (LEVELS,)),  # rows of SWITCH
        ("venue_switch", "i8", (PLACES,)),
        # of a parent
        ("side", "i8"),
        ("quantity", "i8"),
        ("filled", "i8"),
        ("working", "i8"),
        ("target", "i8"),  # cumulative shares that the schedule wants by now; NONE: missing
        ("limit", "i8"),  # 0: none
        ("arrival2", "i8"),  # 0: missing
        ("volume_start", "i8"),  # BOARD.volume when the order started
        ("money", "i8"),  # done and working
        ("open_orders", "i8"),
        # of a symbol
        ("position", "i8"),
        ("working_buy", "i8"),
        ("working_sell", "i8"),
        ("own_bid", "i8"),  # best own resting price, 0: none
        ("own_ask", "i8"),
        ("peg_buy", "i8"),  # own shares at the mid
        ("peg_sell", "i8"),
        ("close_buy", "i8"),  # own shares in the closing auction
        ("close_sell", "i8"),
        # of a symbol: what the day has brought (`marking`)
        ("cash2", "i8"),  # half ticks times shares, what was sold less what was bought today
        ("fees", "i8"),  # paid today, billionths of the currency
        ("carried", "i8"),  # the position before the first fill of today
        ("open2", "i8"),  # the mid at which it counts, half ticks; 0: no quote yet
        ("marked", "i8"),  # 1: counted already in this marking
        # of an account
        ("pnl", "f8"),  # of the day, currency; NaN: not known
        ("clock", "i8"),  # the last time that was seen, 0: none
        ("jumped", "i8"),  # when it jumped, until market data are newer
        ("tokens", "i8", (PLACES,)),  # messages left at each venue, in billionths; full where token_time is 0
        ("token_time", "i8", (PLACES,)),
        ("venue_money", "i8", (PLACES,)),  # done and working today
        # counters of a parent
        ("seen", "i8"),
        ("passed", "i8"),
        ("projected", "i8"),
        ("refused", "i8"),
        ("by_reason", "i8", (_REASONS,)),
    ],
    align=True,
)

WORKING = np.dtype(
    [
        ("id", "i8"),
        ("parent", "i8"),
        ("venue", "i8"),
        ("side", "i8"),
        ("kind", "i8"),
        ("price", "i8"),
        ("leaves", "i8"),
        ("minimum", "i8"),
        ("value", "i8"),  # micro-units of the currency that each share was booked at (PROJECTION.value)
        ("time", "i8"),
    ],
    align=True,
)


def new_usages(n: int) -> np.ndarray:
    """Return USAGE[n]: each row its own symbol and account and of board row 0..n-1, nothing done, target missing."""
    if n < 1:
        raise InputError("rows of usage", expected="1 or more", got=n)
    usages = np.zeros(n, USAGE)
    for name in ("symbol", "account", "board"):
        usages[name] = np.arange(n)
    usages["target"] = NONE
    return kernel_view(usages)


@inline
def rest(s, side, kind, price):
    """Remember that an own order of `side` rests at `price`."""
    if kind != _LIMIT and kind != _POST_ONLY:
        return
    if side > 0:
        s.own_bid = max(s.own_bid, price)
    elif s.own_ask == 0 or price < s.own_ask:
        s.own_ask = price


@inline
def book(u, s, side, kind, quantity):
    """Move `quantity` of a child of `side` to working (below 0: back)."""
    u.working += quantity
    if side > 0:
        s.working_buy += quantity
        if kind == _MID_PEG:
            s.peg_buy += quantity
        elif kind == _ON_CLOSE:
            s.close_buy += quantity
    else:
        s.working_sell += quantity
        if kind == _MID_PEG:
            s.peg_sell += quantity
        elif kind == _ON_CLOSE:
            s.close_sell += quantity


@kernel
def sent(usages, working, k):
    """Book child `working[k]` as sent, as the guard does with what it passes (recovery, orders made elsewhere)."""
    w = working[k]
    u = usages[w.parent]
    s, a = usages[u.symbol], usages[u.account]
    book(u, s, w.side, w.kind, w.leaves)
    rest(s, w.side, w.kind, w.price)
    u.open_orders += 1
    u.money += w.leaves * w.value
    a.venue_money[w.venue] += w.leaves * w.value


@kernel
def filled(usages, working, k, quantity):
    """Book a fill of `quantity` shares of child `working[k]`: working becomes filled and position; money stays used."""
    w = working[k]
    u = usages[w.parent]
    s = usages[u.symbol]
    book(u, s, w.side, w.kind, -quantity)
    w.leaves -= quantity
    u.filled += quantity
    s.position += w.side * quantity


@kernel
def closed(usages, working, k):
    """Book the end of child `working[k]`: what it had open, and its money, are free again.

    The best own prices are those of `recount`, which the caller runs when a resting order has ended.
    """
    w = working[k]
    u = usages[w.parent]
    s, a = usages[u.symbol], usages[u.account]
    book(u, s, w.side, w.kind, -w.leaves)
    u.open_orders -= 1
    u.money -= w.leaves * w.value
    a.venue_money[w.venue] -= w.leaves * w.value
    w.leaves = 0


@kernel
def spend(usages, i, venue):
    """Take a message at `venue` from the account of row `i` for a cancel or replace, which is never refused.

    The bucket may fall below zero: new orders wait the longer.
    """
    usages[usages[i].account].tokens[venue] -= TOKEN


@kernel
def recount(usages, working, n):
    """Rebuild all that works, and the best own prices, from the first `n` rows of `working`; ended ones count nothing.

    Money is left as it is.
    """
    for i in range(usages.shape[0]):
        u = usages[i]
        u.working = u.open_orders = u.working_buy = u.working_sell = 0
        u.own_bid = u.own_ask = u.peg_buy = u.peg_sell = u.close_buy = u.close_sell = 0
    for k in range(n):
        w = working[k]
        if w.leaves > 0:
            u = usages[w.parent]
            s = usages[u.symbol]
            book(u, s, w.side, w.kind, w.leaves)
            rest(s, w.side, w.kind, w.price)
            u.open_orders += 1
