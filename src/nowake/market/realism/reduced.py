"""What is kept of a day: a few small arrays by name, so that days can be measured one by one and then forgotten."""

from collections.abc import Sequence

import numpy as np

__all__ = ["Reduced", "correlation", "moments", "stacked", "within"]

Reduced = dict[str, np.ndarray]
"""Arrays by statistic: f8[k] sums of a day, or its series on a grid."""


def stacked(days: Sequence[Reduced], name: str) -> np.ndarray:
    """Return f8[days, k] of array `name` of every day; shorter days (half sessions) are filled up with NaN."""
    rows = [np.atleast_1d(np.asarray(day[name], float)) for day in days]
    out = np.full((len(rows), max(len(row) for row in rows)), np.nan)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out


def within(values: np.ndarray, lags: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return Σ x_t x_{t+lag} and the number of pairs inside each day, both f8[days, lags], of f8[days, n]."""
    pairs = [values[:, :-lag] * values[:, lag:] for lag in lags]
    top = np.column_stack([np.nansum(p, axis=1) for p in pairs])
    return top, np.column_stack([np.isfinite(p).sum(1) for p in pairs]).astype(float)


def moments(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return f8[..., 6]: n, Σx, Σy, Σx², Σy², Σxy over the last axis, pairs that are not finite left out."""
    use = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(use, x, 0.0), np.where(use, y, 0.0)
    sums = (use.sum(-1), x.sum(-1), y.sum(-1), (x * x).sum(-1), (y * y).sum(-1), (x * y).sum(-1))
    return np.stack([np.asarray(s, float) for s in sums], axis=-1)


def correlation(sums: np.ndarray) -> np.ndarray:
    """Return the correlation f8[rows] of `moments` f8[rows, 6]."""
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    found: np.ndarray = (xy - x * y / n) / np.sqrt((xx - x * x / n) * (yy - y * y / n))
    return found
