"""Facts 1, 2, 3 and 5: returns of the mid without memory, with fat tails, clustered, and diffusive.

Returns are differences of the log mid inside a day; the night is left out everywhere.
"""

from collections.abc import Sequence

import numpy as np

from nowake.core.times import MINUTE
from nowake.market.realism.bootstrap import Estimate, Resampler, estimate_of
from nowake.market.realism.power import fit_power, precision
from nowake.market.realism.reduced import Reduced, stacked, within
from nowake.market.realism.view import DayView

__all__ = ["CLUSTER_LAGS", "LAGS", "autocorrelation", "estimate", "hill", "kurtosis", "reduce", "variance_ratio"]

LAGS = tuple(range(1, 21))
CLUSTER_LAGS = (1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36)  # 5-min bars, three hours
SHORT, LONG = 100, 10_000  # trades
_TAIL = 0.05


def reduce(view: DayView) -> Reduced:
    """Return minute and 5-min log returns, the day's, moments of trade price changes, log mids before trades."""
    change = np.diff(view.trades["price"])
    pairs = np.array([np.sum(change[1:] * change[:-1]), max(len(change) - 1, 0), np.sum(change**2), len(change)])
    minute = np.log(view.mid_at(view.grid(MINUTE)))
    return {
        "minute": np.diff(minute),
        "five": np.diff(minute[::5]),
        "day": minute[-1:] - minute[0],
        "bounce": pairs,
        "path": np.log(view.mid_at(view.trades["time"], before=True)),
    }


def estimate(days: Sequence[Reduced], series: np.ndarray, r: Resampler) -> dict[str, Estimate]:
    """Return the parts of facts 1, 2, 3 and 5."""
    five, minute, day = (stacked(days, name) for name in ("five", "minute", "day"))
    count = float(np.isfinite(five).sum())
    rho = autocorrelation(five - np.nanmean(five), LAGS, r)
    parts = {f"acf_5min_{lag}": estimate_of(column) for lag, column in zip(LAGS, rho.T, strict=True)}
    parts["returns_5min"] = Estimate(count, count, count)
    parts["acf_trade_1"] = r.estimate(lambda t: (t[:, 0] / t[:, 1]) / (t[:, 2] / t[:, 3]), stacked(days, "bounce"))
    parts["hill_1min"] = hill(minute, r)
    parts["kurtosis_1min"], parts["kurtosis_day"] = kurtosis(minute, r), kurtosis(day, r)
    parts["days"] = Estimate(len(days), len(days), len(days))
    parts["acf_abs_1"], parts["acf_abs_decay"] = _clustering(five, r)
    parts["variance_ratio"] = variance_ratio([d["path"] for d in days], series, r)
    return parts


def autocorrelation(centred: np.ndarray, lags: Sequence[int], r: Resampler) -> np.ndarray:
    """Return ρ_k = (Σ x_t x_{t+k} / n_k) / (Σ x² / n) of f8[days, n] at `lags`, f8[1 + draws, lags]."""
    top, pairs = within(centred, lags)
    both = r.totals(np.column_stack([np.nansum(centred**2, 1), np.isfinite(centred).sum(1)]))
    with np.errstate(all="ignore"):
        rho: np.ndarray = (r.totals(top) / r.totals(pairs)) / (both[:, :1] / both[:, 1:])
    return rho


def hill(returns: np.ndarray, r: Resampler, tail: float = _TAIL) -> Estimate:
    """Return the tail index of |returns| f8[days, n] over the largest `tail` of them.

    Hill 1975: 1 / mean(ln x_i / x_(k)) over the k largest; each draw finds its own threshold.
    """
    day = np.broadcast_to(np.arange(len(returns))[:, None], returns.shape)
    known = np.isfinite(returns)
    size, owner = np.abs(returns[known]), day[known]
    top = np.argsort(-size)[: int(4 * tail * len(size)) + 2]
    logs = np.log(np.maximum(size[top], 1e-300))
    weights = r.weights[:, owner[top]]
    wanted = tail * r.totals(known.sum(1))
    upto = np.cumsum(weights, axis=1)
    k = np.minimum((upto <= wanted[:, None]).sum(1), len(top) - 1)
    inside = np.arange(len(top)) < k[:, None]
    number = np.sum(weights * inside, 1)
    with np.errstate(all="ignore"):
        return estimate_of(number / (np.sum(weights * inside * logs, 1) - number * logs[k]))


def kurtosis(returns: np.ndarray, r: Resampler) -> Estimate:
    """Return the excess kurtosis n Σr⁴ / (Σr²)² - 3 around the mean of all returns f8[days, n]."""
    x = returns - np.nanmean(returns)
    sums = np.column_stack([np.isfinite(x).sum(1), np.nansum(x**2, 1), np.nansum(x**4, 1)])
    return r.estimate(lambda t: t[:, 0] * t[:, 2] / t[:, 1] ** 2 - 3, sums)


def _clustering(returns: np.ndarray, r: Resampler) -> tuple[Estimate, Estimate]:
    """Return the autocorrelation of |r| at lag 1 and the exponent b of its decay ~ lag^-b.

    |r| is divided by its mean at that time of day (the U shape is no clustering); lags are weighted by their error.
    """
    size = np.abs(returns)
    with np.errstate(all="ignore"):
        size = size / np.nanmean(size, axis=0)
    centred = size - np.nanmean(size)
    rho, pairs = autocorrelation(centred, CLUSTER_LAGS, r), within(centred, CLUSTER_LAGS)[1].sum(0)
    if not np.all(pairs > 0):
        return estimate_of(rho[:, 0]), estimate_of(np.full(len(rho), np.nan))
    weights = precision(rho[0], 1 / np.sqrt(pairs))
    decay = fit_power(1 / np.array(CLUSTER_LAGS, float), rho, weights, np.zeros(len(pairs)))
    return estimate_of(rho[:, 0]), estimate_of(decay)


def variance_ratio(
    paths: Sequence[np.ndarray], series: np.ndarray, r: Resampler, *, short: int = SHORT, long: int = LONG
) -> Estimate:
    """Return Var(m_{t+long} - m_t) / Var(m_{t+short} - m_t) · short / long in trade time.

    `paths` holds the log mid before every trade, an array a day. Days of a series are joined without the night; a
    window belongs to the day that it starts in. NaN where no series is longer than `long` trades.
    """
    sums = np.zeros((len(paths), 4))
    for name in np.unique(series):
        days = np.flatnonzero(series == name)
        steps = [np.diff(paths[int(d)]) for d in days]
        owner = np.repeat(days, [len(s) for s in steps])
        price = np.concatenate([[0.0], np.cumsum(np.concatenate(steps))])
        for j, scale in enumerate((short, long)):
            if len(owner) >= scale:
                square = (price[scale:] - price[:-scale]) ** 2
                start = owner[: len(square)]
                sums[:, 2 * j] += np.bincount(start, weights=square, minlength=len(paths))
                sums[:, 2 * j + 1] += np.bincount(start, minlength=len(paths))
    return r.estimate(lambda t: (t[:, 2] / t[:, 3]) / (t[:, 0] / t[:, 1]) * short / long, sums)
