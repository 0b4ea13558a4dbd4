"""Fact 11: the spread is the volatility per trade (Wyart, Bouchaud, Kockelkoren, Potters & Vettorazzo 2008)."""

from collections.abc import Sequence

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import MINUTE
from nowake.market.realism.bootstrap import Estimate, Resampler, estimate_of
from nowake.market.realism.reduced import Reduced, correlation, moments, stacked
from nowake.market.realism.view import DayView

__all__ = ["across_assets", "estimate", "reduce"]


def reduce(view: DayView) -> Reduced:
    """Return Σ relative spread before trades, trades, and the realised variance of 5-min mids."""
    rows = view.rows_at(view.trades["time"], before=True)
    spread = (view.ask[rows] - view.bid[rows]) / ((view.ask[rows] + view.bid[rows]) / 2)
    variance = np.sum(np.diff(np.log(view.mid_at(view.grid(5 * MINUTE)))) ** 2)
    return {"spread": np.array([spread.sum(), len(rows), variance])}


def _ratio(total: np.ndarray) -> np.ndarray:
    """Return S / σ_trade = mean spread / √(realised variance per trade), f8[rows] of f8[rows, 3]."""
    ratio: np.ndarray = (total[:, 0] / total[:, 1]) / np.sqrt(total[:, 2] / total[:, 1])
    return ratio


def estimate(days: Sequence[Reduced], r: Resampler) -> dict[str, Estimate]:
    """Return the single-asset part of fact 11."""
    return {"spread_over_sigma": r.estimate(_ratio, stacked(days, "spread"))}


def across_assets(assets: Sequence[tuple[Sequence[Reduced], Resampler]]) -> dict[str, Estimate]:
    """Return R² of the mean spread on σ_trade across assets (presets), each with days of its own, and their number.

    Every resampler needs the same number of draws; the interval is that of the days inside the assets.
    """
    draws = {len(r.weights) for _, r in assets}
    if len(assets) < 3 or len(draws) != 1:
        raise InputError("spread across assets", expected="3 or more assets, equal draws", got=(len(assets), draws))
    totals = np.stack([r.totals(stacked(days, "spread")) for days, r in assets], axis=1)  # draws, assets, 3
    with np.errstate(all="ignore"):
        spread, sigma = totals[..., 0] / totals[..., 1], np.sqrt(totals[..., 2] / totals[..., 1])
        r2 = estimate_of(correlation(moments(spread, sigma)) ** 2)
    number = float(len(assets))
    return {"spread_r2": r2, "assets": Estimate(number, number, number)}
