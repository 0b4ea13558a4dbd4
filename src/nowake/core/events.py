"""One normalised market event record: what every reader yields, what the book, the replay and the store consume.

EVENT is one aligned numpy record of 48 bytes.

| field      | meaning |
|------------|---------|
| time       | nanoseconds UTC (exchange time) |
| order_id   | 64-bit order reference of the venue; 0 where the feed has none |
| price      | integer ticks; 0 where the kind has none |
| quantity   | integer shares or lots; for LEVEL and QUOTE the new total at the price |
| ref        | REPLACE: the new order id (may be the same) · prints: match number · LEVEL, QUOTE: sequence · else 0 |
| instrument | index into the reader's table of symbols |
| kind       | a `Kind` |
| side       | +1 buy, -1 sell: side of the **resting** order; 0 where unknown. TRADE: side of the resting party too |
| flags      | bits of `Flag` |
"""

from enum import IntEnum, IntFlag

import numpy as np

__all__ = ["EVENT", "Flag", "Kind", "empty_events"]


class Kind(IntEnum):
    """What happened; the numbers 1-7 are those of the LOBSTER message format."""

    ADD = 1  # a visible limit order rests: order_id, side, price, quantity
    CANCEL = 2  # `quantity` shares of order_id are withdrawn, priority kept; all that is left = a delete
    DELETE = 3  # order_id is withdrawn; quantity is what the feed says was left (0: not said)
    EXECUTE = (
        4  # `quantity` shares of the visible order_id trade; price is the print's (flag PRICED if not the order's)
    )
    HIDDEN = 5  # `quantity` shares of an invisible order trade at price; side is that of the hidden order
    CROSS = 6  # an auction or cross print: price, quantity; touches no visible order
    HALT = 7  # trading stops
    RESUME = 8  # trading goes on (quotation alone may resume earlier: flag QUOTE_ONLY)
    REPLACE = 9  # order_id becomes ref at price, quantity; loses priority unless flag KEEP_PRIORITY
    CLEAR = 10  # snapshot reset: every order of the instrument is gone (side +1/-1: of that side only)
    LEVEL = 11  # level-2: the total quantity at (side, price) is now `quantity`
    QUOTE = 12  # best-quote feed: the best of `side` is (price, quantity) and nothing better exists; quantity 0: none
    TRADE = 13  # a print without an order reference (level-2 and best-quote feeds; executions of unknown orders)
    TICK = 14  # a statistic that carries no book change (heartbeat, end of packet, definition): ignored by books


class Flag(IntFlag):
    """Bits of `flags`."""

    NONE = 0
    KEEP_PRIORITY = 1  # REPLACE keeps its place in the queue
    PRICED = 2  # EXECUTE printed at another price than the order's
    UNPRINTED = 4  # EXECUTE that must not be counted as volume (its print comes elsewhere)
    SNAPSHOT = 8  # part of a snapshot, not news
    LAST = 16  # last event of its packet: the book is consistent again after it
    QUOTE_ONLY = 32
    OUTLIER = 64  # print far from the market: kept, left out of benchmarks
    REPAIRED = 128  # changed by the quality rules
    UNKNOWN = 256  # refers to an order that the book never saw
    ODD_LOT = 512
    BROKEN = 1024  # a print that the venue later cancelled
    AUCTION = 2048  # of a PRINT record: an auction or cross (kind CROSS)
    HALF = 4096  # the price is half a tick higher than `price` (fills at the mid)
    DARK = 8192  # a print away from every displayed book: a dark pool or a dealer


EVENT = np.dtype(
    [
        ("time", "i8"),
        ("order_id", "i8"),
        ("price", "i8"),
        ("quantity", "i8"),
        ("ref", "i8"),
        ("instrument", "i4"),
        ("kind", "u1"),
        ("side", "i1"),
        ("flags", "u2"),
    ],
    align=True,
)


def empty_events(n: int) -> np.ndarray:
    """Return `n` zeroed EVENT records."""
    return np.zeros(n, EVENT)
