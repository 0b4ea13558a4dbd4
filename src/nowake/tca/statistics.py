"""Honest averages over orders: value-weighted means with a cluster bootstrap interval, and robust outliers."""

import math
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.core.streams import generator

__all__ = ["Interval", "mad_outliers", "mean_interval", "student", "weighted_mean", "weighted_mean_interval"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its interval, the observations and the independent clusters behind it."""

    value: float
    low: float
    high: float
    n: int
    clusters: int


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> float:
    """Return Σ w x / Σ w over finite values; NaN where no weight is left."""
    use = np.isfinite(values) & (weights > 0)
    total = float(np.sum(weights[use]))
    return float(np.sum(values[use] * weights[use]) / total) if total else float("nan")


def weighted_mean_interval(
    values: np.ndarray,
    weights: np.ndarray,
    clusters: np.ndarray,
    *,
    seed: int,
    level: float = 0.95,
    draws: int = 2000,
) -> Interval:
    """Return the value-weighted mean and its percentile interval from resampling whole clusters (days, orders).

    Cameron, Gelbach & Miller 2008: observations of one cluster move together, so clusters are drawn, not rows. With
    fewer than two clusters the interval is unknown (NaN).
    """
    if not len(values) == len(weights) == len(clusters) or not 0 < level < 1 or draws < 1:
        raise InputError(
            "weighted mean", expected="arrays of one length, level in (0, 1)", got=f"{len(values)}, {level}"
        )
    use = np.isfinite(values) & (weights > 0)
    names, member = np.unique(clusters[use], return_inverse=True)
    mean, k = weighted_mean(values, weights), len(names)
    if k < 2:
        return Interval(mean, float("nan"), float("nan"), int(use.sum()), k)
    top = np.bincount(member, weights=values[use] * weights[use], minlength=k)
    bottom = np.bincount(member, weights=weights[use], minlength=k)
    drawn = generator(seed, "tca.bootstrap").integers(0, k, size=(draws, k))
    low, high = np.quantile(top[drawn].sum(1) / bottom[drawn].sum(1), [(1 - level) / 2, (1 + level) / 2])
    return Interval(mean, float(low), float(high), int(use.sum()), k)


def student(freedom: int, level: float = 0.95) -> float:
    """Return t with P(|T| <= t) = `level` for Student's law of `freedom` degrees, by its finite sum.

    Abramowitz & Stegun 26.7.3-4: with theta = atan(t/sqrt(freedom)), sums of even or odd powers of cos(theta).
    """
    if freedom < 1 or not 0 < level < 1:
        raise InputError("Student's t", expected="freedom from 1, level in (0, 1)", got=f"{freedom}, {level}")

    def within(t: float) -> float:
        angle, odd = math.atan(t / math.sqrt(freedom)), freedom % 2
        term, total = (math.cos(angle) if odd else 1.0), 0.0
        for k in range(1 + odd, freedom, 2):
            total += term
            term *= k / (k + 1) * math.cos(angle) ** 2
        return (2 / math.pi * (angle + math.sin(angle) * total)) if odd else math.sin(angle) * total

    low, high = 0.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle) < level else (low, middle)
    return high


def mean_interval(values: np.ndarray, level: float = 0.95) -> Interval:
    """Return the mean of independent finite values and its interval by Student's t; NaN where fewer than two."""
    use = values[np.isfinite(values)]
    n = len(use)
    if n < 2:
        return Interval(float(use.mean()) if n else float("nan"), float("nan"), float("nan"), n, n)
    half = student(n - 1, level) * float(use.std(ddof=1)) / math.sqrt(n)
    return Interval(float(use.mean()), float(use.mean()) - half, float(use.mean()) + half, n, n)


def mad_outliers(values: np.ndarray, cutoff: float = 3.5) -> np.ndarray:
    """Return bool[n]: 0.6745 |x - median| / MAD > cutoff (Iglewicz & Hoaglin 1993); NaN is never an outlier.

    Where more than half of the values are equal the MAD is 0 and every other value counts as an outlier.
    """
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.zeros(len(values), bool)
    distance = np.abs(values - np.median(finite))
    spread = float(np.median(distance[np.isfinite(values)]))
    far = distance > cutoff * spread / 0.6745
    return np.asarray(far & np.isfinite(values))
