"""The whole state of a generated market is one aligned record; prices are cents, slot 0 and level 0 stay empty.

Constants here are compiled into kernels: naming nowake.core.jit puts this file into the cache key.
"""

import numpy as np

from nowake.core.streams import stream_key
from nowake.market.parameters import CENT, ZeroIntelligence

__all__ = [
    "CANCELS",
    "CLOCK",
    "HIDDEN",
    "LEVELS",
    "LIMITS",
    "MARKETS",
    "ORDERS",
    "SIZES",
    "STREAMS",
    "WORLD",
    "new_world",
]

LEVELS = 16384  # cents: prices up to 163.83 USD
ORDERS = 16384  # resting orders at one time
STREAMS = ("clock", "limit", "market", "cancel", "hidden", "size")
CLOCK, LIMITS, MARKETS, CANCELS, HIDDEN, SIZES = range(6)

ORDER = np.dtype(
    [
        ("id", "i8"),
        ("price", "i8"),
        ("quantity", "i8"),
        ("next", "i4"),
        ("prev", "i4"),
        ("place", "i4"),
        ("side", "i4"),
    ],
    align=True,
)
LEVEL = np.dtype([("head", "i4"), ("tail", "i4")], align=True)
WORLD = np.dtype(
    [
        ("now", "i8"),
        ("open", "i8"),
        ("close", "i8"),
        ("bid", "i8"),
        ("ask", "i8"),
        ("last_bid", "i8"),
        ("last_ask", "i8"),
        ("live", "i8"),
        ("fresh", "i8"),
        ("free", "i8"),
        ("next_id", "i8"),
        ("match", "i8"),
        ("band", "i8"),
        ("limit_rate", "f8"),
        ("market_rate", "f8"),
        ("cancel_rate", "f8"),
        ("hidden_share", "f8"),
        ("partial_share", "f8"),
        ("u_shape", "f8"),
        ("stream", "u8", (len(STREAMS),)),
        ("level", LEVEL, (LEVELS,)),
        ("order", ORDER, (ORDERS,)),
        ("alive", "i4", (ORDERS,)),
    ],
    align=True,
)


def new_world(seed: int, open_ns: int, close_ns: int, parameters: ZeroIntelligence) -> np.ndarray:
    """Return an array of one empty WORLD that trades from `open_ns` to `close_ns` (ns UTC)."""
    worlds = np.zeros(1, WORLD)
    world = worlds[0]
    world["now"] = world["open"] = open_ns
    world["close"] = close_ns
    middle = parameters.open_price // CENT
    world["last_bid"], world["last_ask"] = middle, middle + 1
    world["fresh"] = world["next_id"] = world["match"] = 1
    for name in ("band", "limit_rate", "market_rate", "cancel_rate", "hidden_share", "partial_share", "u_shape"):
        world[name] = getattr(parameters, name)
    world["stream"] = np.array([stream_key(seed, f"market/{name}") for name in STREAMS], np.uint64)
    return worlds
