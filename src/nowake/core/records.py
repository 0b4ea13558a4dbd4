"""Numpy records that cross package borders: own fills, and prints of the market.

FILL (own executions): price2 is in **half ticks** (mid fills lie between ticks); `mid` and `mid_untouched` are the mid
prices in ticks just before the fill, of the book that we trade in and of the market without our orders (NaN: no mid).
PRINT (the market's trades, own ones not included): price2 in half ticks too.
"""

from enum import IntEnum

import numpy as np

__all__ = ["FILL", "PRINT", "QUOTE_PATH", "Cause"]


class Cause(IntEnum):
    """Why an own order was filled."""

    QUEUE = 1  # a trade at our price consumed the queue ahead and reached us
    THROUGH = 2  # a visible trade at a worse price had to pass us
    HIDDEN_AT = 3  # a hidden execution at our price: display outranks hidden
    HIDDEN_THROUGH = 4  # a hidden execution at a worse price had to pass us
    CROSSED = 5  # an arriving order crossed our resting price
    TAKE = 6  # we took resting orders
    MODEL = 7  # a queue model of level-2 or quote data says that the queue ahead is gone


FILL = np.dtype(
    [
        ("time", "i8"),
        ("order_id", "i8"),
        ("price2", "i8"),
        ("quantity", "i8"),
        ("fee", "f8"),
        ("mid", "f8"),
        ("mid_untouched", "f8"),
        ("side", "i1"),
        ("passive", "u1"),
        ("cause", "u1"),
    ],
    align=True,
)

PRINT = np.dtype(
    [("time", "i8"), ("price2", "i8"), ("quantity", "i8"), ("side", "i1"), ("hidden", "u1"), ("flags", "u2")],
    align=True,
)

# Best quotes over time, a row per change: prices in ticks, quantities of the untouched market; 0 where a side is empty.
QUOTE_PATH = np.dtype(
    [("time", "i8"), ("bid", "i8"), ("ask", "i8"), ("bid_size", "i8"), ("ask_size", "i8")], align=True
)
