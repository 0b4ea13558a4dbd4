"""Facts 14, 21, 22 and 23: the day's shape in volume and spread, and depth and volume against volatility."""

from collections.abc import Sequence

import numpy as np

from nowake.core.times import HOUR, MINUTE, SECOND
from nowake.market.realism.bootstrap import Estimate, Resampler
from nowake.market.realism.reduced import Reduced, correlation, moments, stacked
from nowake.market.realism.view import DayView

__all__ = ["estimate", "reduce"]

_BIN = 5 * MINUTE


def reduce(view: DayView) -> Reduced:
    """Return correlation moments of 5-min bins, shares traded by part of the day, spreads at the open and at midday."""
    edges = view.grid(_BIN)
    depth = view.averages((view.bid_size + view.ask_size) / 2, edges)
    fine = np.diff(np.log(view.mid_at(view.grid(10 * SECOND)))) ** 2
    per = _BIN // (10 * SECOND)
    sigma = np.sqrt(fine[: len(fine) // per * per].reshape(-1, per).sum(1))
    prints = view.record.trades
    volume = np.bincount(view.bins(prints["time"], _BIN), weights=prints["quantity"], minlength=len(edges) - 1)
    with np.errstate(divide="ignore"):
        logs = np.log(depth), np.log(sigma), np.log(volume[: len(sigma)])
    return {
        "depth_sigma": moments(logs[0], logs[1]),
        "volume_sigma": moments(logs[2], logs[1]),
        "shape": _shares(view),
        "volume_curve": volume,
        "spread_curve": view.averages(view.ask - view.bid, edges) / view.record.step,
        "wide": _spreads(view),
    }


def _shares(view: DayView) -> np.ndarray:
    """Return shares traded in the first 30 minutes, the last 30, the middle hour, and in all."""
    time, quantity = view.record.trades["time"], view.record.trades["quantity"].astype(float)
    opened, closed = view.record.open, view.record.close
    middle = (opened + closed) // 2
    parts = (
        time < opened + 30 * MINUTE,
        time >= closed - 30 * MINUTE,
        np.abs(time - middle) < HOUR // 2,
        np.ones(len(time), bool),
    )
    return np.array([quantity[part].sum() for part in parts])


def _spreads(view: DayView) -> np.ndarray:
    """Return the time-weighted spread (ticks) of the first quarter of an hour and of the two hours around midday."""
    opened, middle = view.record.open, (view.record.open + view.record.close) // 2
    spread = view.ask - view.bid
    early = view.averages(spread, np.array([opened, opened + 15 * MINUTE]))
    return np.concatenate([early, view.averages(spread, np.array([middle - HOUR, middle + HOUR]))])


def estimate(days: Sequence[Reduced], r: Resampler) -> dict[str, Estimate]:
    """Return the parts of facts 14, 21, 22 and 23; correlations are those of logarithms, volatility from 10-s mids."""
    shape, wide = stacked(days, "shape"), stacked(days, "wide")
    return {
        "depth_volatility": r.estimate(correlation, stacked(days, "depth_sigma")),
        "volume_first": r.ratio(shape[:, 0], shape[:, 3]),
        "volume_last": r.ratio(shape[:, 1], shape[:, 3]),
        "volume_middle": r.ratio(shape[:, 2], shape[:, 3]),
        "spread_open": r.ratio(wide[:, 0], wide[:, 1]),
        "volume_volatility": r.estimate(correlation, stacked(days, "volume_sigma")),
    }
