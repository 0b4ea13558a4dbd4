"""The whole state of a dark pool is one aligned record: hidden orders of both sides, what came out, who may know.

Slot 0 means "none". Pairs are indexed by `half(side)`: 0 buy, 1 sell. Prices are half ticks (`price2`), quantities
shares, times nanoseconds. Shares are conserved per side: entered = volume + cancelled + expired + resting.

Sizes of background orders: nothing with probability `zero`, else a power law P(s) ~ s^-tail between one lot and
`largest` (Ganchev, Kearns, Nevmyvaka & Vaughan 2010 fitted this family to pool data), held as a table of quantiles.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from nowake.core.jit import jit_disabled
from nowake.core.streams import stream_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nowake.market.preset_model import DarkPool

__all__ = [
    "BEHAVIOUR",
    "DARK_ORDER",
    "DARK_OUT",
    "DUPLICATE",
    "EXPIRED",
    "FILLED",
    "INVALID",
    "LEAK",
    "LIFE",
    "MOST_QUANTITY",
    "NEVER",
    "NONE",
    "NO_LIMIT",
    "PING",
    "PINGS",
    "QUANTILES",
    "SIZE",
    "STREAMS",
    "new_pools",
    "pool_dtype",
    "size_table",
]

NONE = 0  # no slot
NEVER = 2**62  # an expiry that does not come
NO_LIMIT = 2**62  # limit2 of an order that takes any mid is side * NO_LIMIT
INVALID, DUPLICATE = -1, -2  # what `enter` returns instead of a slot
FILLED, EXPIRED = 1, 2  # kinds of DARK_OUT
MOST_QUANTITY = 2**31 - 1
QUANTILES = 256  # of the size law
PINGS = 64  # ring of what followers may read
STREAMS = ("size", "behaviour", "life", "leak")
SIZE, BEHAVIOUR, LIFE, LEAK = range(4)

DARK_ORDER = np.dtype(
    [
        ("id", "i8"),  # own: above 0; background: -1 - k of its arrival
        ("quantity", "i8"),  # what is left
        ("minimum", "i8"),  # least execution; when less is left, what is left
        ("limit2", "i8"),  # worst mid, half ticks
        ("entered", "i8"),  # ns
        ("expires", "i8"),  # ns, or NEVER
        ("tag", "i8"),  # the hidden parent behind it, for the caller
        ("seq", "i8"),  # time priority, monotone per pool
        ("owner", "i4"),  # above 0: own order; 0: background
        ("next", "i4"),
        ("prev", "i4"),
        ("side", "i1"),
        ("spare", "u1"),
        ("spare2", "u2"),
    ],
    align=True,
)
DARK_OUT = np.dtype(
    [
        ("time", "i8"),
        ("price2", "i8"),  # half ticks
        ("quantity", "i8"),  # EXPIRED: what was left
        ("buy_id", "i8"),
        ("sell_id", "i8"),
        ("buy_tag", "i8"),
        ("sell_tag", "i8"),
        ("buy_left", "i8"),
        ("sell_left", "i8"),
        ("buy_owner", "i4"),
        ("sell_owner", "i4"),
        ("side", "i1"),  # of the order that came later
        ("kind", "u1"),  # FILLED, or EXPIRED: an own order (only its half is filled in)
        ("spare", "u2"),
        ("spare2", "u4"),
    ],
    align=True,
)
PING = np.dtype(
    [
        ("time", "i8"),
        ("quantity", "i8"),
        ("side", "i1"),
        ("found", "u1"),  # contra was there; else it waits
        ("leaked", "u1"),  # followers may know
        ("spare", "u1"),
        ("spare2", "u4"),
    ],
    align=True,
)

_COUNTERS = (
    *("volume", "trades", "blocked", "pending", "informed_entries", "arrivals", "pings", "leaks"),
    *("printed", "wake", "seq", "fresh", "free", "heat_time", "minimum", "latency", "quote_latency"),
)
"""Shares and trades done; crosses that the price check refused, and whether one waits for a better quote; informed and
all background entries; own pings and those that leaked; rows of `out`; earliest expiry; list keeping; time of `heat`;
shares that a picky background order wants at least; ns to the pool, ns by which it sees the quote late."""
_PAIRS = ("head", "tail", "count", "resting", "entered", "cancelled", "expired")
_REALS = (
    *("zero", "life", "picky", "informed", "informed_size", "informed_edge2"),
    *("leak", "leak_size", "leak_life", "heat", "share", "fee"),
)
_COPIED = tuple(name for name in _REALS if name not in ("heat", "informed_edge2"))


@lru_cache(maxsize=8)
def pool_dtype(orders: int = 512, outs: int = 256) -> np.dtype:
    """Return the record of a pool that holds `orders` - 1 hidden orders and `outs` undrained rows."""
    fields: list[tuple[str, object] | tuple[str, object, tuple[int, ...]]] = [(name, "i8") for name in _COUNTERS]
    fields += [(name, "f8") for name in _REALS]
    fields += [(name, "i8", (2,)) for name in _PAIRS]
    fields += [("key", "u8", (len(STREAMS),)), ("stream", "u8", (len(STREAMS),))]
    fields += [("sizes", "i8", (QUANTILES,)), ("order", DARK_ORDER, (orders,))]
    fields += [("out", DARK_OUT, (outs,)), ("ping", PING, (PINGS,))]
    return np.dtype(fields, align=True)


def size_table(tail: float, lot: int, largest: int) -> np.ndarray:
    """Return int64[QUANTILES] sizes in shares of the law P(s) ~ s^-tail over `lot`, 2 `lot`, ... `largest`."""
    lots = np.arange(1, max(largest // lot, 1) + 1)
    reached = np.cumsum(lots**-tail)
    at = np.searchsorted(reached / reached[-1], (np.arange(QUANTILES) + 0.5) / QUANTILES)
    return (lots[np.minimum(at, lots.size - 1)] * lot).astype(np.int64)


def new_pools(seed: int, pools: "Sequence[DarkPool]", lot: int = 100, orders: int = 512, outs: int = 256) -> np.ndarray:
    """Return one empty pool record per configuration, with keys of its own under `seed`."""
    records = np.zeros(len(pools), pool_dtype(orders, outs))
    for record, pool in zip(records, pools, strict=True):
        for name in (*_COPIED, "minimum"):
            record[name] = getattr(pool, name)
        for name in ("latency", "quote_latency"):
            record[name] = round(getattr(pool, name) * 1e9)
        record["informed_edge2"] = 2.0 * pool.informed_edge
        record["wake"] = NEVER
        record["sizes"] = size_table(pool.size_tail, lot, pool.largest)
        record["key"] = [stream_key(seed, f"market/dark/{pool.name}/{name}") for name in STREAMS]
    return records.view(np.recarray) if jit_disabled() else records
