"""Estimates with block-bootstrap intervals over days, from per-day sums: one matrix product for all draws.

Every statistic is a function of sums over days, so that a draw is a row of weights (how often each day was drawn) and
all draws together are ``weights @ sums``. Row 0 of the weights is the sample itself. Blocks are runs of consecutive
days of one series (Politis & Romano 1992, circular), because regimes and latent orders live longer than a day.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.core.streams import generator

__all__ = ["LEVEL", "Estimate", "Resampler", "estimate_of", "resampler"]

LEVEL = 0.95
DRAWS = 400


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval; NaN where there is not enough data."""

    value: float
    low: float
    high: float


def estimate_of(values: np.ndarray) -> Estimate:
    """Return the estimate from f8[1 + draws]: row 0 is the value, the rest its percentile interval.

    More than 5 % undefined draws leave the interval undefined.
    """
    value, drawn = float(values[0]), values[1:]
    known = drawn[np.isfinite(drawn)]
    if len(known) < LEVEL * len(drawn) or len(known) < 2:
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high))


@dataclass(frozen=True, slots=True)
class Resampler:
    """`weights` f8[1 + draws, days]: how often each day counts in each draw."""

    weights: np.ndarray

    def totals(self, sums: np.ndarray) -> np.ndarray:
        """Return f8[1 + draws, k] of per-day sums f8[days, k] (or f8[days])."""
        total: np.ndarray = self.weights @ np.asarray(sums, float)
        return total

    def estimate(self, combine: Callable[[np.ndarray], np.ndarray], sums: np.ndarray) -> Estimate:
        """Return the estimate of `combine`: f8[rows, k] of totals to f8[rows]."""
        with np.errstate(all="ignore"):
            return estimate_of(combine(self.totals(sums)))

    def ratio(self, top: np.ndarray, bottom: np.ndarray) -> Estimate:
        """Return the estimate of Σ top / Σ bottom, both f8[days]; NaN where the bottom is 0."""
        return self.estimate(lambda t: t[:, 0] / t[:, 1], np.column_stack([top, bottom]))


def resampler(series: np.ndarray, *, seed: int, draws: int = DRAWS, block: int = 5) -> Resampler:
    """Return `draws` draws of days for days of `series` i8[days] (consecutive days of one series stand together).

    A block has at most a fifth of the days of the shortest series. With one day intervals are unknown (NaN).
    """
    days = len(series)
    if days < 1 or draws < 1 or block < 1:
        raise InputError("bootstrap", expected="at least one day, draw, and day a block", got=(days, draws, block))
    if days == 1:
        return Resampler(np.vstack([np.ones(1), np.full((draws, 1), np.nan)]))
    _, member, counts = np.unique(series, return_inverse=True, return_counts=True)
    block = max(1, min(block, int(counts.min()) // 5))
    order = np.argsort(member, kind="stable")
    following = np.empty(days, np.int64)
    for group in np.split(order, np.cumsum(counts)[:-1]):
        following[group] = np.roll(group, -1)
    drawn = np.empty((draws, -(-days // block), block), np.int64)
    drawn[:, :, 0] = generator(seed, "realism.bootstrap").integers(0, days, size=drawn.shape[:2])
    for j in range(1, block):
        drawn[:, :, j] = following[drawn[:, :, j - 1]]
    flat = drawn.reshape(draws, -1)[:, :days] + days * np.arange(draws)[:, None]
    weights = np.bincount(flat.ravel(), minlength=draws * days).reshape(draws, days)
    return Resampler(np.vstack([np.ones(days), weights]).astype(float))
