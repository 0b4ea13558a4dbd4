"""The feature vector, declared once: names, units, ranges, warm-up. Training, replay and live read the same numbers.

A row has `time` (ns UTC), the last sound touch `bid` and `ask` (ticks; for labels, not a feature), `value` (float64[N])
and `ready` (uint8[N]). A value is finite from the first event on: it is
0 until something is known, and keeps its last sound value while the touch is one-sided or crossed; `ready` says whether
it may be relied upon now. Nothing is clipped: a range is one that the definition implies.
"""

from dataclasses import dataclass
from math import inf

import numpy as np

from nowake.core.errors import InputError, nearest

__all__ = ["CORE", "INDEX", "NAMES", "ROW", "VECTOR", "Feature", "index_of", "rows_for", "table"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One entry of the vector: `low` and `high` include their ends; `warm_up` says when `ready` becomes 1."""

    name: str
    unit: str
    low: float
    high: float
    warm_up: str
    description: str
    type: str = "float"


_TOUCH = "both sides, not crossed"
_DEPTH = "touch, and two levels on each side of a book"


def _per(
    stem: str, scales: tuple[int, ...], unit: str, low: float, high: float, text: str, **more: str
) -> list[Feature]:
    """Return the same feature per time scale in seconds; ``{h}`` in a text is the scale."""
    warm = more.pop("warm", "{h} s since the first touch")
    return [
        Feature(f"{stem}_{h}s", unit, low, high, warm.format(h=h), text.format(h=h), more.get("type", "float"))
        for h in scales
    ]


VECTOR: tuple[Feature, ...] = (
    Feature("microprice", "spreads", -inf, inf, _TOUCH,
            "fitted microprice less mid, over the spread; imbalance / 2, the weighted mid, where no table covers it"),
    Feature("imbalance", "1", -1, 1, _TOUCH, "(bid size - ask size) / (bid size + ask size) at the touch"),
    Feature("imbalance_depth", "1", -1, 1, _DEPTH, "the same over five levels, level l = 0..4 weighted exp(-0.65 l)"),
    Feature("spread_steps", "steps", 0, inf, _TOUCH, "ask less bid, in quoting increments"),
    Feature("spread_volatility", "1", 0, inf, "touch, and 64 s since the first touch, with a price move",
            "spread over mid x volatility_64s; 0 without volatility"),
    Feature("depth_ratio", "log", -inf, inf, _DEPTH, "log of the five best bid levels' shares over the ask levels'"),
    Feature("depth_touch", "log", -inf, inf, "touch, and 512 s since the first touch",
            "log of the shares at the touch over their time-weighted mean (decay 512 s)"),
    Feature("depth_share", "1", 0, 1, _DEPTH, "shares at the touch over those of five levels, both sides"),
    *_per("volatility", (64, 512, 4096), "bp", 0, inf,
          "EWMA volatility over {h} s: root of the decayed squared mid returns of all moves; low before ready"),
    *_per("realised", (64, 512, 4096), "bp", 0, inf,
          "realised volatility of the last {h} s: mid returns on a grid of 1/128 of it", warm="128 returns of {h} s"),
    *_per("two_scale", (64, 512, 4096), "bp", 0, inf,
          "two-scale volatility of the last {h} s (same grid, every 8th sample); 0 where the estimate is not positive",
          warm="128 returns of {h} s"),
    Feature("volatility_relative", "1", 0, inf, "512 s since the first touch, and a daily volatility",
            "volatility_512s scaled to the session by the root of time, over the reference daily volatility"),
    *_per("flow", (8, 64, 512), "shares", -inf, inf,
          "signed volume of others, aggressive buys less sells, of the last {h} s (16 slots)", type="integer",
          warm="{h} s since the first touch, and a trade"),
    *_per("flow_share", (8, 64, 512), "1", -1, 1, "flow_{h}s over the volume of the same slots",
          warm="{h} s since the first touch, and a trade in it"),
    *_per("ofi", (1, 8, 64), "depths", -inf, inf,
          "order-flow imbalance at the touch, decay {h} s, over the mean shares of a side (decay 512 s)"),
    *_per("ofi_deep", (1, 8, 64), "depths", -inf, inf,
          "the same, mean of five levels over the mean shares of a level", warm="{h} s since the first touch, a book"),
    *(Feature(f"sign_{n}", "1", -1, 1, f"{n} signed trades", f"EMA of the signs of aggressive orders over {n} trades")
      for n in (10, 100, 1000, 10_000)),
    *_per("intensity", (1, 8, 64), "1/s", 0, inf, "aggressive orders a second, exponential decay {h} s",
          warm="{h} s since the first touch, and a trade"),
    Feature("pace_day", "1", 0, inf, "60 s after open and first event, and a volume curve",
            "volume since the open, or the first event after it, over what the curve expects of that time"),
    Feature("pace_recent", "1", 0, inf, "60 s after open and first event, and a volume curve",
            "volume with decay 512 s over what the curve expects of it now"),
    Feature("vpin", "1", 0, 1, "50 volume buckets: a day's volume",
            "mean of |buy - sell| share over the last 50 buckets of 1/50 day's volume, split in bulk by price change"),
    Feature("queue_position", "1", 0, 1, "an own order rests at the touch",
            "shares ahead over the queues in which we rest, all venues"),
    Feature("queue_share", "1", 0, 1, "an own order rests at the touch",
            "own shares over the queues in which they rest"),
    Feature("own_share", "1", 0, 1, "a trade", "own fills over all volume, decay 512 s"),
    Feature("own_impact", "bp", -inf, inf, "an own fill, and touch",
            "move of the mid since own fills, against us positive, weighted by shares, decay 64 s"),
    Feature("lit_up", "1", 0, 1, "a board", "share of the lit venues that are up"),
    Feature("dark_up", "1", 0, 1, "a board with dark pools", "share of the dark pools that are up"),
    Feature("dealer_up", "1", 0, 1, "a board with dealers", "share of the dealers that are up"),
    Feature("dark_fill", "1", 0, 1, "an answer of a dark pool", "shares filled over shares sent, decay 4096 s"),
    Feature("dark_markout", "bp", -inf, inf, "a dark fill, 10 s later",
            "mark-out of dark fills by shares (negative: adverse), decay 4096 s"),
    Feature("feed_age", "s", 0, inf, "the first event", "time since the last event was heard"),
    Feature("venue_age", "s", 0, inf, "a board with lit venues", "time since the quietest lit venue that is up spoke"),
    Feature("news_score", "1", -1, 1, "a score that was known", "latest score known by now"),
    Feature("news_age", "s", 0, inf, "a score that was known", "time since that score became known"),
)  # fmt: skip
"""The vector in order; a position never changes its meaning without a new name."""

NAMES: tuple[str, ...] = tuple(f.name for f in VECTOR)
INDEX: dict[str, int] = {name: k for k, name in enumerate(NAMES)}
CORE: tuple[str, ...] = tuple(
    name for name in NAMES if name.partition("_")[0] in ("microprice", "imbalance", "volatility", "flow")
    and name not in ("imbalance_depth", "volatility_relative")
)  # fmt: skip
"""The core set: microprice, imbalance at the touch, volatility, trade flow."""

_FIELDS = [("time", "i8"), ("bid", "i8"), ("ask", "i8"), ("value", "f8", (len(NAMES),)), ("ready", "u1", (len(NAMES),))]
ROW = np.dtype([*_FIELDS, ("spare", "u1", (8 - len(NAMES) % 8,))], align=True)  # no hidden bytes: rows compare whole


def index_of(name: str) -> int:
    """Return the position of feature `name`; InputError with the nearest name if there is none."""
    if name not in INDEX:
        raise InputError(f"unknown feature '{name}'", expected=f"one of {len(NAMES)} names", got=repr(name),
                         hint=nearest(name, NAMES))  # fmt: skip
    return INDEX[name]


def rows_for(n: int) -> np.ndarray:
    """Return ROW[n], zeroed."""
    return np.zeros(n, ROW)


def _bound(x: float) -> str:
    return ("-∞" if x < 0 else "∞") if x in (inf, -inf) else f"{x:g}"


def table() -> list[str]:
    """Return the vector as the lines of a Markdown table; `docs/algorithms/features.md` shows them."""
    lines = ["| # | name | unit | type | range | ready after | what |", "|---|---|---|---|---|---|---|"]
    for k, f in enumerate(VECTOR):
        lines.append(
            f"| {k} | `{f.name}` | {f.unit} | {f.type} | {_bound(f.low)} to {_bound(f.high)} | {f.warm_up} | "
            f"{f.description.replace('|', chr(92) + '|')} |"
        )
    return lines
