"""The state of the features of one instrument: one aligned record; all zeros is an instrument not yet heard.

Decayed sums share one time base: `decayed` is when they were last brought forward. A scale is a power of eight seconds,
so one exponential gives all decays by squaring. Sides are halves as in the book: index 0 bid, 1 ask, keys mirrored
(``side * price``), so on either side a higher key is better.
"""

import numpy as np

from nowake.data.reader import kernel_view

__all__ = [
    "BUCKETS", "CURVE_BINS", "DECILES", "FEATURES", "LEVELS", "NEWS", "SAMPLES", "SLOTS", "SPREADS", "WIDTH",
    "new_features",
]  # fmt: skip

LEVELS = 5  # price levels a side that depth features look at
SAMPLES = 129  # mids on the grid of a volatility window: 128 returns
SLOTS = 16  # slots of a flow window
BUCKETS = 50  # volume buckets of VPIN
CURVE_BINS = 128  # most bins of a volume curve
DECILES = 10  # imbalance buckets of a microprice table
SPREADS = 32  # most spreads, in steps, of a microprice table
WIDTH = (500_000_000, 4_000_000_000, 32_000_000_000)  # ns: grid of 64, 512, 4096 s, and slot of 8, 64, 512 s

NEWS = np.dtype([("known_at", "i8"), ("score", "f8")], align=True)
"""Scores in the order in which they became known (ns UTC), each the newest known then; see `news.visible`."""

FEATURES = np.dtype(
    [
        # what is heard
        ("now", "i8"),  # time of the last event, never backwards
        ("events", "i8"),
        ("heard", "i8"),  # time of the first event
        ("first", "i8"),  # time of the first sound touch
        ("started", "i8"),  # 1 after it
        ("sound", "i8"),  # 1: both sides are there, not crossed
        ("best", "i8", (2,)),  # keys of the touch
        ("shown", "i8", (2,)),  # shares at it
        ("mid2", "i8"),  # last sound mid, half ticks
        ("last_shown", "i8", (2,)),  # shares of the last sound touch
        ("last_spread", "i8"),  # ticks
        ("duplicates", "i8"),  # of the book, when last looked at
        ("venues", "i8"),  # lit places of the board that counted when last looked at, one bit each
        ("loading", "i8"),  # 1: a snapshot is being told, which is looked at when it is over
        # decayed sums
        ("decayed", "i8"),
        ("ofi", "f8", (3,)),  # 1, 8, 64 s
        ("deep", "f8", (3,)),
        ("arrivals", "f8", (3,)),
        ("variance", "f8", (3,)),  # 64, 512, 4096 s
        ("depth_mean", "f8"),  # shares of a side, 512 s, time-weighted
        ("level_mean", "f8"),  # shares of a level, 512 s
        ("traded", "f8"),  # 512 s
        ("own", "f8"),  # 512 s
        ("own_weight", "f8"),  # 64 s
        ("own_signed", "f8"),
        ("own_moved", "f8"),  # half ticks x shares
        ("dark_sent", "f8"),  # 4096 s
        ("dark_done", "f8"),
        ("dark_marked", "f8"),
        ("dark_weight", "f8"),
        # five levels a side: keys and shares, bid first
        ("depth", "i8"),  # 1: keep them
        ("levels", "i8", (2,)),
        ("key", "i8", (2 * LEVELS,)),
        ("held", "i8", (2 * LEVELS,)),
        ("depth_total", "i8", (2,)),  # shares of these levels
        # trades
        ("volume", "i8"),  # of others since the open of the curve
        ("trades", "i8"),  # aggressive orders
        ("signed", "i8"),  # those with a side
        ("sign", "f8", (4,)),
        ("trade_time", "i8"),
        ("trade_sign", "i8"),
        ("slot_end", "i8", (3,)),
        ("slot_now", "i8", (3,)),
        ("flow", "i8", (3,)),
        ("total", "i8", (3,)),
        ("slot_flow", "i8", (3 * SLOTS,)),
        ("slot_total", "i8", (3 * SLOTS,)),
        ("own_pending", "i8"),  # own fills not yet seen among the prints
        # mids on the grid
        ("next_sample", "i8", (3,)),
        ("samples", "i8", (3,)),
        ("sampled", "i8", (3 * SAMPLES,)),
        ("measured", "i8", (3,)),  # samples when the two below were computed
        ("realised", "f8", (3,)),
        ("two_scale", "f8", (3,)),
        # VPIN
        ("bucket", "i8"),  # shares of a bucket, 0: none
        ("bucket_filled", "i8"),
        ("bucket_open2", "i8"),
        ("buckets", "i8"),
        ("bucket_square", "f8"),  # sum of squared price changes
        ("bucket_share", "f8", (BUCKETS,)),
        # context: what is known before the day
        ("step", "i8"),
        ("daily_volatility", "f8"),  # bp, 0: none
        ("session_ns", "i8"),
        ("day_volume", "f8"),  # expected, 0: none
        ("curve_open", "i8"),
        ("curve_width", "i8"),
        ("curve_bins", "i8"),
        ("curve", "f8", (CURVE_BINS + 1,)),  # cumulative share at the edges
        ("micro_spreads", "i8"),  # 0: no table
        ("micro_edge", "f8", (DECILES - 1,)),
        ("micro", "f8", (SPREADS * DECILES,)),  # steps; see micro_known
        ("micro_known", "u1", (SPREADS * DECILES,)),
        # set from outside
        ("queue_ahead", "i8"),
        ("queue_own", "i8"),
        ("queue_behind", "i8"),
        ("kinds", "i8", (3,)),  # venues of a board: lit, dark, dealer
        ("up", "i8", (3,)),
        ("quietest", "i8"),  # time of the last message of the quietest lit venue that is up
        ("news_known", "i8"),
        ("news_at", "i8"),
        ("news_score", "f8"),
        ("news_next", "i8"),  # next row of the news array
        ("due", "i8"),  # when the next row is written
    ],
    align=True,
)  # fmt: skip


def new_features(n: int = 1, *, step: int = 1, depth: bool = False) -> np.ndarray:
    """Return FEATURES[n] of instruments with quoting increment `step` (ticks); `depth`: a book shows several levels."""
    records = np.zeros(n, FEATURES)
    records["step"], records["depth"] = step, int(depth)
    return kernel_view(records)
