"""What every venue has taught, one aligned record per instrument (or instrument and regime) with a row per place.

Zeros are a valid start: nothing known, priors alone. Counts are discounted, so they are floats. Money is ticks per
share, positive mark-outs are good for us. `risk` and `ended` are the Kaplan-Meier counts of the size steps EDGES (in
lots): step j is from EDGES[j - 1] (0 at first) to EDGES[j].
"""

import numpy as np

from nowake.core.board import PLACES
from nowake.data.reader import kernel_view

__all__ = [
    "CLASSES",
    "EDGES",
    "EXTRA",
    "HORIZONS",
    "MARKOUT",
    "REPORT",
    "SIZES",
    "STATS",
    "VENUE_STATS",
    "new_draws",
    "new_markouts",
    "new_reports",
    "new_stats",
]

EDGES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)  # lots
SIZES = len(EDGES)
HORIZONS = (1, 10, 60)  # seconds of mark-outs
CLASSES = 4  # of fill sizes, for mark-outs: below 2, 5, 17 lots, and above
EXTRA = PLACES + 1  # the places and the intercept of the leak regression

VENUE_STATS = np.dtype(
    [
        ("total", "i8"),  # children heard of, ever
        ("time", "i8"),  # of the last one, ns
        ("children", "f8"),
        ("sent", "f8"),
        ("filled", "f8"),
        ("risk", "f8", (SIZES,)),
        ("ended", "f8", (SIZES,)),
        ("short", "i8"),  # when the last hidden order came back short of what was sent, ns; 0: it filled whole
        ("outflow", "f8"),  # shares that leave the best queue while an order waits
        ("outflows", "f8"),  # how many orders told of it
        ("raw", "f8", (3,)),  # mean mark-outs at 1, 10 and 60 s
        ("mark", "f8"),  # mean mark-out, increments weighted for equal noise
        ("marks", "f8"),
        ("near", "f8", (CLASSES,)),  # the same by size of the fill
        ("nears", "f8", (CLASSES,)),
        ("high", "f8"),  # two CUSUMs on the mark-outs: statistic, number and sum since it was 0
        ("highs", "f8"),
        ("high_sum", "f8"),
        ("low", "f8"),
        ("lows", "f8"),
        ("low_sum", "f8"),
        ("alarms", "i8"),
        ("asked", "f8"),  # dealers: requests, answers, wins
        ("answered", "f8"),
        ("won", "f8"),
        ("offset", "f8"),  # mean distance of their quotes from the mid, ticks
        ("offset_square", "f8"),
        ("held", "f8"),  # last looks, those that ended in a rejection, mean ns
        ("refused", "f8"),
        ("hold", "f8"),
        ("refused_move", "f8"),  # mean move of the mid against us while a refused order was held
    ],
    align=True,
)

STATS = np.dtype(
    [
        ("venue", VENUE_STATS, (PLACES,)),
        ("decisions", "i8"),  # dark ones
        ("moves", "f8"),
        ("move", "f8", (3,)),  # mean square of the mark-out's increments, over all venues
        ("noise", "f8"),  # mean square of the weighted mark-out about its venue's mean
        ("drifts", "f8"),
        ("residual", "f8"),  # of the leak regression, mean square
        ("beta", "f8", (EXTRA,)),
        ("cov", "f8", (EXTRA, EXTRA)),  # of `beta`, in units of `residual`
        ("swing", "f8", (EXTRA,)),  # desk: cov times the regressors
    ],
    align=True,
)

REPORT = np.dtype(
    [
        ("time", "i8"),
        ("sent", "i8"),
        ("filled", "i8"),
        ("minimum", "i8"),
        ("ahead", "i8"),  # shares before a resting lit order when it joined; -1: not known
        ("stats", "i8"),
        ("venue", "i2"),
        ("kind", "u1"),  # PlaceKind
    ],
    align=True,
)
MARKOUT = np.dtype(
    [("stats", "i8"), ("quantity", "i8"), ("after", "f8", (3,)), ("venue", "i2")], align=True
)  # `after`: signed ticks per share at 1, 10 and 60 s
DRAWS = np.dtype([("stream", "u8", (1,))], align=True)


def _records(dtype: np.dtype, n: int) -> np.ndarray:
    records = np.zeros(n, dtype)
    return kernel_view(records)


def new_stats(n: int) -> np.ndarray:
    """Return STATS[n]: nothing learnt."""
    return _records(STATS, n)


def new_reports(n: int) -> np.ndarray:
    """Return REPORT[n], zeroed."""
    return _records(REPORT, n)


def new_markouts(n: int) -> np.ndarray:
    """Return MARKOUT[n], zeroed."""
    return _records(MARKOUT, n)


def new_draws(keys: list[int]) -> np.ndarray:
    """Return the counters of the router's draws, one row per board, from `core.streams.stream_key` keys."""
    draws = _records(DRAWS, len(keys))
    draws["stream"] = np.array(keys, np.uint64).reshape(-1, 1)
    return draws
