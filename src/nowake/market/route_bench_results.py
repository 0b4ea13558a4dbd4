"""Means with bootstrap intervals over pairs, gains pair by pair, and p-values that survive several comparisons.

Intervals are 95 % percentile intervals of DRAWS resamples of whole schools, the pairs that begin with what one learner
knew (Field & Welsh 2007: cluster bootstrap): luck in learning is in them. A gain's p-value is two-sided: twice the
smaller part of the resampled means on either side of 0, at least 1 / DRAWS. Holm 1979: the k-th smallest of m p-values
is multiplied by m - k + 1, and none is below the one before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.core.streams import generator
from nowake.market.route_bench import Parcel

__all__ = ["DRAWS", "Comparison", "Gain", "RouterRow", "compare", "holm"]

DRAWS = 10_000
Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class RouterRow:
    """A router over all pairs; bp of the arrival mid. `fill_rate` and `dark_share` of the shares offered."""

    name: str
    cost_bps_offered: float
    cost_bps_offered_ci: Ends
    fees_bps_offered: float
    fill_rate: float
    fill_rate_ci: Ends
    dark_share: float
    markout_bps: float
    markout_bps_ci: Ends
    dark_markout_bps: float
    leak_bps: float
    leak_bps_ci: Ends
    impact_bps: float
    impact_bps_ci: Ends
    children: float


@dataclass(frozen=True, slots=True)
class Gain:
    """What router `of` saves per share offered against `over` on the same markets; `win_rate`: pairs it won."""

    of: str
    over: str
    bps: float
    bps_ci: Ends
    sd_bps: float
    win_rate: float
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every router, and the last one against each other one."""

    routers: tuple[RouterRow, ...]
    improvement: tuple[Gain, ...]


def holm(p: Sequence[float]) -> list[float]:
    """Return the p-values corrected by Holm's step-down, in the order given."""
    order, out, least = np.argsort(p, kind="stable"), [0.0] * len(p), 0.0
    for rank, k in enumerate(order.tolist()):
        least = max(least, min((len(p) - rank) * p[k], 1.0))
        out[k] = least
    return out


class _Draws:
    """The same resamples for every number; pair k is of school k mod `schools`."""

    def __init__(self, pairs: int, seed: int, schools: int) -> None:
        source = generator(seed, "market.route_bench")
        drawn = source.integers(0, schools, size=(DRAWS, schools))
        counts = np.apply_along_axis(np.bincount, 1, drawn, minlength=schools).astype(float)
        self.weights = counts[:, np.arange(pairs) % schools]

    def ratio(self, top: np.ndarray, bottom: np.ndarray) -> tuple[float, Ends]:
        """Return Σ top / Σ bottom and its interval over pairs; NaN where the bottom is 0."""
        if not bottom.sum():
            return float("nan"), (float("nan"), float("nan"))
        with np.errstate(invalid="ignore", divide="ignore"):
            drawn = (self.weights @ top) / (self.weights @ bottom)
        low, high = np.quantile(drawn[np.isfinite(drawn)], (0.025, 0.975))
        return float(top.sum() / bottom.sum()), (float(low), float(high))

    def mean(self, values: np.ndarray) -> tuple[float, Ends]:
        """Return the mean and its interval."""
        return self.ratio(values, np.ones(len(values)))

    def p(self, values: np.ndarray) -> float:
        """Return the two-sided p-value of a mean of 0."""
        drawn = self.weights @ values
        return min(1.0, max(2 * min(float((drawn <= 0).mean()), float((drawn >= 0).mean())), 1 / DRAWS))


def _column(pairs: Sequence[Sequence[Parcel]], i: int, name: str) -> np.ndarray:
    return np.array([getattr(pair[i], name) for pair in pairs], float)


def _row(pairs: Sequence[Sequence[Parcel]], i: int, draws: _Draws) -> RouterRow:
    def column(name: str) -> np.ndarray:
        return _column(pairs, i, name)

    offered, filled, hidden = column("quantity"), column("filled"), column("hidden")
    cost, rate = draws.mean(column("cost")), draws.ratio(filled, offered)
    mark = draws.ratio(np.where(filled > 0, column("markout"), 0) * filled, filled)
    dark = draws.ratio(np.where(hidden > 0, column("dark_markout"), 0) * hidden, hidden)
    leak, impact = draws.mean(column("leak")), draws.mean(column("impact"))
    return RouterRow(
        pairs[0][i].router, *cost, float(column("fees").mean()), *rate, float(hidden.sum() / offered.sum()), *mark,
        dark[0], *leak, *impact, float(column("children").mean()),
    )  # fmt: skip


def compare(pairs: Sequence[Sequence[Parcel]], seed: int, schools: int | None = None) -> Comparison:
    """Return every router's row, and what the last router saves against each of the others.

    `schools`: how many there are, None: every pair is one. InputError unless there are two or more of them, and pairs
    with the same routers in the same order.
    """
    names = [one.router for one in pairs[0]] if pairs else []
    if len(pairs) < 2 or len(names) < 2 or any([one.router for one in pair] != names for pair in pairs):
        raise InputError("pairs", expected="two or more, each with the same routers", got=f"{len(pairs)} of {names}")
    schools = len(pairs) if schools is None else schools
    if not 2 <= schools <= max(len(pairs), 2):
        raise InputError("schools", expected=f"2 to the number of pairs, {len(pairs)}", got=schools)
    draws, last = _Draws(len(pairs), seed, schools), len(names) - 1
    saved = [_column(pairs, i, "cost") - _column(pairs, last, "cost") for i in range(last)]
    raw = [draws.p(values) for values in saved]
    gains = [
        Gain(names[last], names[i], *draws.mean(v), float(v.std(ddof=1)), float((v > 0).mean()), raw[i], corrected)
        for i, (v, corrected) in enumerate(zip(saved, holm(raw), strict=True))
    ]
    return Comparison(tuple(_row(pairs, i, draws) for i in range(len(names))), tuple(gains))
