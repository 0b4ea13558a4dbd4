"""The replay's own side as one record: own orders, messages under way, fills, fees, latency, counters.

An all-zero record is an idle venue without latency and fees. The book stands beside it in its own array; own orders
never enter the queues of the book: each knows the shares of history ahead of it (`ahead`) and its place in time
(`seq`), so that the market without us stays readable from the same book.
"""

from enum import IntEnum

import numpy as np

from nowake.core.jit import jit_disabled
from nowake.core.records import FILL

__all__ = [
    "COMMAND",
    "OWN",
    "QUANTILES",
    "RESPONSE",
    "VENUE",
    "Action",
    "Answer",
    "QueueModel",
    "Reason",
    "Terms",
    "new_venues",
]

QUANTILES = 256  # latency is drawn from a table of this many quantiles
MAX_OWN = 32
MAX_UNDER_WAY = 128
MAX_FILLS = 2**14  # between two collections; responses under way too


class Action(IntEnum):
    """What a command asks for."""

    NEW = 1
    CANCEL = 2
    REPLACE = 3  # new price and quantity; loses priority unless only the quantity shrinks


class Terms(IntEnum):
    """How long and on what terms an order lives."""

    DAY = 0
    IOC = 1
    POST_ONLY = 2


class Answer(IntEnum):
    """What the venue answers."""

    ACK = 1
    FILL = 2
    CANCELLED = 3
    REJECTED = 4
    REPLACED = 5


class Reason(IntEnum):
    """Why it was rejected or cancelled."""

    NONE = 0
    ASKED = 1
    IOC_REST = 2  # the rest of an immediate order
    WOULD_CROSS = 3  # post-only
    HALTED = 4
    UNKNOWN = 5  # no such live order
    SELF_TRADE = 6
    INVALID = 7
    TOO_MANY = 8


class QueueModel(IntEnum):
    """How queue position is known: exactly (level-3), or by a declared model of level-2 cancellations."""

    EXACT = 0
    PESSIMISTIC = 1  # all cancellations happen behind us
    POWER = 2  # a cancellation is ahead with probability f(ahead) / (f(ahead) + f(behind)), f(x) = x^n, in expectation


OWN = np.dtype(
    [
        ("id", "i8"),
        ("price", "i8"),
        ("leaves", "i8"),
        ("ahead", "i8"),
        ("seq", "i8"),
        ("traded", "i8"),  # queue model: shares printed at its price since the last update of the level
        ("part", "f8"),  # queue model: fraction of a share ahead that a rounding step left over
        ("side", "i1"),
        ("terms", "u1"),
    ],
    align=True,
)
COMMAND = np.dtype(
    [
        ("time", "i8"),  # arrival at the venue
        ("id", "i8"),
        ("price", "i8"),
        ("quantity", "i8"),
        ("action", "u1"),
        ("terms", "u1"),
        ("side", "i1"),
    ],
    align=True,
)
RESPONSE = np.dtype(
    [
        ("time", "i8"),  # arrival at the sender
        ("id", "i8"),
        ("price2", "i8"),
        ("quantity", "i8"),
        ("leaves", "i8"),
        ("answer", "u1"),
        ("reason", "u1"),
        ("side", "i1"),
    ],
    align=True,
)

# `diverted`: shares of history's prints that own resting orders got instead
_COUNTERS = ("sent", "rejected", "prints", "quotes", "print_volume", "fills", "filled", "diverted")
_TIMES = ("now", "last_entry", "last_response")
_RINGS = ("inbox_head", "inbox_count", "outbox_head", "outbox_count", "live")
_QUOTE = ("bid", "ask", "bid_size", "ask_size")

VENUE = np.dtype(
    [
        *((name, "i8") for name in (*_TIMES, *_RINGS, *_COUNTERS, *_QUOTE)),
        ("queue_model", "i8"),
        ("queue_power", "f8"),
        ("best_only", "i8"),  # 1: the feed shows best quotes only, queues behind them are unseen
        ("mid", "f8"),  # ticks, just before the fill under way, own orders included; NaN: none
        ("mid_untouched", "f8"),
        ("tick_value", "f8"),  # currency per tick and unit of quantity, for fees
        ("maker_share", "f8"),
        ("taker_share", "f8"),
        ("maker_bps", "f8"),
        ("taker_bps", "f8"),
        ("feed_latency", "i8"),
        ("latency", "i8", (2, QUANTILES)),  # 0: order entry, 1: response
        ("stream", "u8", (2,)),
        ("own", OWN, (MAX_OWN,)),
        ("inbox", COMMAND, (MAX_UNDER_WAY,)),
        ("outbox", RESPONSE, (MAX_FILLS,)),
        ("execution", FILL, (MAX_FILLS,)),
    ],
    align=True,
)


def new_venues(n: int = 1) -> np.ndarray:
    """Return `n` idle venues without latency and fees (a record array when the compiler is off)."""
    venues = np.zeros(n, VENUE)
    venues["tick_value"] = 1.0
    return venues.view(np.recarray) if jit_disabled() else venues
