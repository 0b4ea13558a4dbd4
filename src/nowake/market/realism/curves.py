"""The curves behind the facts, with bands: what a page of the gate draws, simulated beside real."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nowake.market.realism.bootstrap import LEVEL, Resampler
from nowake.market.realism.measure import series_of
from nowake.market.realism.reduced import Reduced, stacked
from nowake.market.realism.returns import CLUSTER_LAGS, LAGS, autocorrelation, variance_ratio
from nowake.market.realism.signs import CENTRES

__all__ = ["Curve", "curves"]

_SCALES = (100, 200, 500, 1000, 2000, 5000, 10_000)


@dataclass(frozen=True, slots=True)
class Curve:
    """`y` f8[n] over `x` f8[n] with its 95 % band; axis names with units, `log` of "x", "y" or both."""

    title: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray
    x_name: str
    y_name: str
    log: str = ""


def _curve(title: str, x: Sequence[float] | np.ndarray, values: np.ndarray, names: tuple[str, str], log: str) -> Curve:
    """Return the curve of f8[1 + draws, n]: row 0, and the quantiles of the rest."""
    drawn = np.where(np.isfinite(values[1:]), values[1:], np.nan)
    some = np.isfinite(drawn).any(0)
    band = np.full((2, values.shape[1]), np.nan)
    band[:, some] = np.nanquantile(drawn[:, some], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return Curve(title, np.asarray(x, float), values[0], band[0], band[1], *names, log)


def curves(days: Sequence[Reduced], r: Resampler) -> dict[int, Curve]:
    """Return a curve for facts 1-5, 16, 21 and 22, by id; what a sample is too short for is left out or NaN."""
    found = {}
    makers: dict[int, Callable[[Sequence[Reduced], Resampler], Curve]] = {
        1: _returns, 2: _tail, 3: _clusters, 4: _signs, 5: _signature, 16: _placements, 21: _volume, 22: _spreads
    }  # fmt: skip
    for number, make in makers.items():
        with np.errstate(all="ignore"):
            found[number] = make(days, r)
    return found


def _returns(days: Sequence[Reduced], r: Resampler) -> Curve:
    five = stacked(days, "five")
    values = autocorrelation(five - np.nanmean(five), LAGS, r)
    return _curve("autocorrelation of 5-min returns", LAGS, values, ("lag, bars of 5 min", "correlation"), "")


def _clusters(days: Sequence[Reduced], r: Resampler) -> Curve:
    size = np.abs(stacked(days, "five"))
    season = np.nanmean(size, axis=0)
    size = size / np.where(season > 0, season, np.nan)
    values = autocorrelation(size - np.nanmean(size), CLUSTER_LAGS, r)
    return _curve("volatility clustering", CLUSTER_LAGS, values, ("lag, bars of 5 min", "correlation of |r|"), "xy")


def _tail(days: Sequence[Reduced], r: Resampler) -> Curve:
    """Share of minutes whose return is larger than x deviations."""
    size = np.abs(stacked(days, "minute"))
    x = np.geomspace(0.5, 20, 25)
    scale = np.sqrt(np.nanmean(size**2))
    beyond = np.stack([np.sum(size > k * scale, axis=1) for k in x], axis=1)
    share = r.totals(beyond) / r.totals(np.isfinite(size).sum(1))[:, None]
    return _curve("tail of 1-min returns", x, share, ("|r| in deviations", "share of minutes beyond"), "xy")


def _signs(days: Sequence[Reduced], r: Resampler) -> Curve:
    total, bins = r.totals(stacked(days, "signs")), len(CENTRES)
    c = np.concatenate([total[:, :1] / total[:, 1:2], total[:, 2 : 2 + bins] / total[:, 2 + bins :]], axis=1)
    return _curve("memory of trade signs", np.append(1.0, CENTRES), c, ("lag, trades", "correlation of signs"), "xy")


def _signature(days: Sequence[Reduced], r: Resampler) -> Curve:
    paths, series = [day["path"] for day in days], series_of(days)
    parts = [variance_ratio(paths, series, r, short=_SCALES[0], long=scale) for scale in _SCALES]
    y, low, high = (np.array([getattr(p, name) for p in parts]) for name in ("value", "low", "high"))
    names = ("trades", "variance per trade over that at 100")
    return Curve("signature of the variance", np.array(_SCALES, float), y, low, high, *names, "x")


def _placements(days: Sequence[Reduced], r: Resampler) -> Curve:
    placed = r.totals(stacked(days, "distance"))
    share = placed / placed.sum(1, keepdims=True)
    steps = np.arange(1, share.shape[1] + 1)
    return _curve("limit orders behind the best", steps, share, ("distance, steps", "share of orders"), "xy")


def _clock(n: int) -> np.ndarray:
    """Return the middle of n bins of the day, in hours from the open of a session of 5-min bins."""
    middle: np.ndarray = (np.arange(n) + 0.5) / 12
    return middle


def _volume(days: Sequence[Reduced], r: Resampler) -> Curve:
    volume = r.totals(np.nan_to_num(stacked(days, "volume_curve")))
    share = volume / volume.sum(1, keepdims=True)
    return _curve("volume over the day", _clock(share.shape[1]), share, ("hours after the open", "share of shares"), "")


def _spreads(days: Sequence[Reduced], r: Resampler) -> Curve:
    spread = stacked(days, "spread_curve")
    mean = r.totals(np.nan_to_num(spread)) / r.totals(np.isfinite(spread))
    return _curve("spread over the day", _clock(mean.shape[1]), mean, ("hours after the open", "spread, steps"), "")
