"""The whole state of a book is one aligned record: a C struct that numpy can copy, compare, save and print.

An all-zero record is an empty book: slot 0 and index 0 of every chain mean "none", so `np.zeros` (calloc) makes large
capacities free until they are touched.

**Keys.** Both sides are stored mirrored: the key of an order is ``side * price``, so that on either side a higher key
is better, and side 0 of every pair is the buy side (`half(side)`: +1 -> 0, -1 -> 1). `best[half]` is a key.

**Window.** `level` holds, per side, a ring of LEVELS queues for the keys floor[half] .. floor[half] + LEVELS - 1 at
ring index ``key & (LEVELS - 1)``. The best key of a side that is not empty always lies in its window; orders with lower
keys wait in the far chain of the side, in arrival order, until the window slides over them.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nowake.core.errors import InputError
from nowake.core.jit import inline, jit_disabled

__all__ = [
    "AGGREGATE",
    "AGGREGATE_ID",
    "COUNTERS",
    "LEVEL",
    "LIVE",
    "NONE",
    "NO_ASK",
    "NO_BID",
    "NO_KEY",
    "ORDER",
    "PEG",
    "REPLAY",
    "REQUEST",
    "SMALL",
    "TRADE_OUT",
    "Preset",
    "book_dtype",
    "half",
    "new_books",
]

NONE = 0  # no slot, no order
NO_KEY = -(2**62)  # worse than every key
NO_BID, NO_ASK = -(2**62), 2**62  # what best_bid and best_ask return for an empty side

AGGREGATE_ID = NO_KEY  # level-2: the one order at (side, price) has the id AGGREGATE_ID + 2 * price + half
LIVE, PEG, AGGREGATE = 1, 2, 4  # bits of ORDER.status: slot in use; hidden mid-peg; level-2 node

ORDER = np.dtype(
    [
        ("id", "i8"),
        ("price", "i8"),
        ("quantity", "i8"),  # what is left; of an iceberg the displayed part
        ("taken", "i8"),  # shares of a historical order that own orders took
        ("seq", "i8"),  # time priority, monotone per book
        ("next", "i4"),
        ("prev", "i4"),
        ("reserve", "i4"),  # iceberg: hidden rest
        ("display", "i4"),  # iceberg: displayed peak; mid-peg: least quantity per execution
        ("owner", "i4"),  # for self-trade prevention; 0: nobody
        ("side", "i1"),
        ("status", "u1"),
        ("spare", "u2"),
    ],
    align=True,
)
LEVEL = np.dtype(
    [("head", "i4"), ("tail", "i4"), ("count", "i4"), ("spare", "i4"), ("quantity", "i8"), ("taken", "i8")], align=True
)
TRADE_OUT = np.dtype(
    [
        ("maker", "i8"),
        ("taker", "i8"),
        ("price2", "i8"),  # half ticks
        ("quantity", "i8"),
        ("slot", "i4"),  # the maker's slot (it may be free again)
        ("maker_owner", "i4"),
        ("taker_owner", "i4"),
        ("side", "i1"),  # of the taker
        ("hidden", "u1"),  # the maker was a mid-peg
        ("spare", "u2"),
    ],
    align=True,
)
REQUEST = np.dtype(
    [
        ("id", "i8"),
        ("price", "i8"),
        ("quantity", "i8"),
        ("ref", "i8"),  # REPLACE: the new id
        ("display", "i4"),
        ("minimum", "i4"),
        ("owner", "i4"),
        ("kind", "u1"),  # matching.Action
        ("side", "i1"),
        ("prevention", "u1"),  # matching.Prevention
        ("spare", "u1"),
    ],
    align=True,
)

COUNTERS = (
    *("live", "added", "events", "volume", "trades", "unknown", "over", "duplicate", "invalid", "ghosts"),
    *("ghost_shares", "halted", "seq"),
)
"""What a book counts: live orders, orders ever, messages, shares traded, prints; references to ids that are not live,
reductions beyond what was left, ADDs of a live id, impossible messages, messages and shares that history took of what
own orders had taken; 0 trading, 1 halted, 2 quotation only; the last time priority."""
_SCALARS = (
    *COUNTERS,
    *("fresh", "free", "mask", "shift", "printed", "filled", "rested", "slides"),
    *("cut", "stopped"),
)
_PAIRS = ("best", "resting", "floor", "far_head", "far_tail", "far_count", "top", "peg_head", "peg_tail", "peg_count")


@dataclass(frozen=True, slots=True)
class Preset:
    """Capacities of a book, part of its compiled type: use the two below, each new one compiles for seconds."""

    levels: int
    orders: int
    trades: int

    def __post_init__(self) -> None:
        powers = all(n > 0 and n & (n - 1) == 0 for n in (self.levels, self.orders))
        if not (powers and 64 <= self.levels <= 2**18 and self.orders <= 2**30 and self.trades > 0):
            raise InputError(
                "book preset", expected="powers of two: levels 64..2^18, orders up to 2^30; trades > 0", got=self
            )


REPLAY = Preset(levels=65536, orders=2**21, trades=256)
SMALL = Preset(levels=2048, orders=4096, trades=1024)


@lru_cache(maxsize=8)
def book_dtype(preset: Preset) -> np.dtype:
    """Return the record of a book of these capacities; orders and levels start on cache lines."""
    words = preset.levels // 64
    fields: list[tuple[str, object] | tuple[str, object, tuple[int, ...]]] = [(name, "i8") for name in _SCALARS]
    fields += [(name, "i8", (2,)) for name in _PAIRS]
    used = 8 * len(_SCALARS) + 16 * len(_PAIRS) + REQUEST.itemsize
    fields += [("now", REQUEST, (1,))]
    fields += [("pad", "i8", (8 + (-used // 8) % 8,))]
    fields += [("mid", "i8", (2 * max(8, words // 64),)), ("word", "i8", (2 * max(8, words),))]
    fields += [("level", LEVEL, (2 * preset.levels,)), ("table", "i8", (2 * preset.orders,))]
    fields += [("order", ORDER, (preset.orders,)), ("trade", TRADE_OUT, (preset.trades,))]
    fields += [("tail_pad", "i8", (8 + (-preset.trades * TRADE_OUT.itemsize // 8) % 8,))]
    return np.dtype(fields, align=True)


def new_books(n: int = 1, preset: Preset = SMALL) -> np.ndarray:
    """Return `n` empty books of `preset` (a record array when the compiler is off), aligned to cache lines."""
    dtype = book_dtype(preset)
    raw = np.zeros(n * dtype.itemsize + 64, np.uint8)
    start = -raw.ctypes.data % 64
    books = raw[start : start + n * dtype.itemsize].view(dtype)
    return books.view(np.recarray) if jit_disabled() else books


@inline
def half(side: Any) -> Any:
    """Return 0 for +1 (buy) and 1 for -1 (sell): the index of a side in every pair."""
    return (1 - np.int64(side)) >> 1
