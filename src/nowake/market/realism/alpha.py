"""Fact 26: nothing that everybody sees predicts the next minute's return, for a line or for boosted trees."""

from collections.abc import Sequence

import numpy as np

from nowake.core.errors import InputError
from nowake.core.streams import generator
from nowake.core.times import MINUTE
from nowake.market.realism.boosting import boosted, ridge
from nowake.market.realism.bootstrap import Estimate, Resampler
from nowake.market.realism.flow import imbalance_events
from nowake.market.realism.reduced import Reduced
from nowake.market.realism.view import DayView

__all__ = ["FEATURES", "PLANTED", "estimate", "out_of_sample", "reduce"]

PLANTED = 0.03
FEATURES = (
    *("return_1", "return_2", "return_5", "return_15", "return_60"),
    *("flow_1", "flow_5", "flow_15", "flow_60", "ofi_1", "ofi_5"),
    *("imbalance", "micro", "spread", "depth", "volatility", "clock"),
)
"""Seen at the minute: returns, signed volume, order flow imbalance over so many minutes past; the book, the clock."""
_FOLDS = 5


def _past(per_minute: np.ndarray, minutes: int) -> np.ndarray:
    """Return the sum over the last `minutes` at each minute's end, less at the open."""
    upto = np.concatenate([np.zeros(minutes), np.cumsum(per_minute)])
    total: np.ndarray = upto[minutes:] - upto[: len(per_minute)]
    return total


def reduce(view: DayView) -> Reduced:
    """Return features f8[n, 17] known at each minute and the log return of the minute after it, f8[n]."""
    grid = view.grid(MINUTE)
    change = np.diff(np.log(view.mid_at(grid)))
    trades, cells = view.trades, len(grid) - 1
    signed = np.bincount(
        view.bins(trades["time"], MINUTE), weights=trades["sign"] * trades["quantity"], minlength=cells
    )
    ofi = np.bincount(view.bins(view.time[1:], MINUTE), weights=imbalance_events(view), minlength=cells)
    rows = view.rows_at(grid[1:], before=True)  # what happens at the very end of the minute is not known yet
    bid, ask, qb, qa = view.bid[rows], view.ask[rows], view.bid_size[rows], view.ask_size[rows]
    imbalance = qb / np.maximum(qb + qa, 1)
    columns = [*(_past(change, k) for k in (1, 2, 5, 15, 60)), *(_past(signed, k) for k in (1, 5, 15, 60))]
    columns += [_past(ofi, 1), _past(ofi, 5), imbalance, (ask - bid) * (imbalance - 0.5)]
    columns += [(ask - bid).astype(float), np.log1p(qb + qa), np.log1p(_past(np.abs(change), 15) * 1e4)]
    columns.append(np.linspace(0, 1, cells))
    return {"seen": np.column_stack(columns)[:-1], "next": change[1:]}


def out_of_sample(x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ridge and boosted predictions f8[n] of `y`, each row predicted by a model that never saw its fold."""
    line, trees = np.zeros(len(y)), np.zeros(len(y))
    for k in np.unique(fold):
        test = fold == k
        line[test] = ridge(x[~test], y[~test], x[test])
        trees[test] = boosted(x[~test], y[~test], x[test])
    return line, trees


def estimate(days: Sequence[Reduced], r: Resampler, *, seed: int = 0, regime: str = "") -> dict[str, Estimate]:
    """Return R² = 1 - Σ(y - ŷ)² / Σ(y - ȳ)² out of sample of both predictors, and of the same on a planted predictor.

    Five folds of consecutive days; returns of the training days decide, those of the fold are predicted. The planted
    column z makes 3 % of the variance of y + c z. Part names end in `regime`. InputError with fewer than five days.
    """
    if len(days) < _FOLDS:
        raise InputError("null alpha", expected=f"at least {_FOLDS} days", got=len(days))
    x, y = np.concatenate([d["seen"] for d in days]), np.concatenate([d["next"] for d in days])
    day = np.repeat(np.arange(len(days)), [len(d["next"]) for d in days])
    fold = day * _FOLDS // len(days)
    z = generator(seed, "realism.planted").standard_normal(len(y))
    planted = y + np.sqrt(PLANTED / (1 - PLANTED)) * y.std() * z
    end = f"_{regime}" if regime else ""
    line, trees = out_of_sample(x, y, fold)
    parts = {f"linear_r2{end}": _r2(y, line, day, r), f"boosted_r2{end}": _r2(y, trees, day, r)}
    line, trees = out_of_sample(np.column_stack([x, z]), planted, fold)
    parts |= {f"planted_linear_r2{end}": _r2(planted, line, day, r)}
    return parts | {f"planted_boosted_r2{end}": _r2(planted, trees, day, r)}


def _r2(y: np.ndarray, predicted: np.ndarray, day: np.ndarray, r: Resampler) -> Estimate:
    """Return R² out of sample against the mean return."""
    rest, all_of_it = (y - predicted) ** 2, (y - y.mean()) ** 2
    sums = np.column_stack([np.bincount(day, weights=v) for v in (rest, all_of_it)])
    return r.estimate(lambda t: 1 - t[:, 0] / t[:, 1], sums)
