"""Means and differences of value-weighted costs over clusters, with p-values that survive looking at many groups.

A mean is the ratio M = Σ w x / Σ w. Rows of one cluster (a day, an order) move together, so a cluster is one draw. With
the cluster's residual e_g = Σ_{i in g} w_i (x_i - M) / Σ w the error is sqrt(G/(G-1) Σ e_g²) (Cameron, Gelbach & Miller
2008); a difference of two means has e_g = difference of both residuals, so that what a day does to both sides cancels.
Clusters are redrawn, t* = (M* - M)/se*, and the symmetric quantile of |t*| gives interval and p-value: the studentised
bootstrap, which few clusters distort less than percentiles (the same paper). A draw without data for a side counts as
infinitely far, so that it widens the interval.

Among many p-values, q-values of Benjamini & Hochberg 1995: rejecting q <= alpha keeps the expected share of false ones
among the rejected at most alpha.
"""

import math
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.core.streams import generator
from nowake.tca.minimum import TOO_FEW, Minimum

__all__ = ["Effect", "difference", "draws_for", "mean", "q_values", "verdict"]

_BLOCK = 2_000_000  # draws x clusters held at once
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Effect:
    """A mean or a difference with its interval, error and p-value against 0; `n` rows in `clusters` clusters."""

    value: float
    low: float
    high: float
    se: float
    p: float
    n: int
    clusters: int


@dataclass(frozen=True, slots=True)
class _Sums:
    """Σ w x and Σ w of one side by cluster."""

    top: np.ndarray
    bottom: np.ndarray


def _sums(values: np.ndarray, weights: np.ndarray, member: np.ndarray, k: int) -> _Sums:
    return _Sums(np.bincount(member, weights * values, k), np.bincount(member, weights, k))


def _estimate(sides: list[_Sums], drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return value and error for each draw (rows of `drawn`: clusters); NaN where a side has no data."""
    value, residual, k = np.zeros(len(drawn)), np.zeros(drawn.shape), drawn.shape[1]
    for sign, side in zip((1.0, -1.0), sides, strict=False):
        top, bottom = side.top[drawn], side.bottom[drawn]
        whole = bottom.sum(1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = top.sum(1) / whole
            residual += sign * (top - ratio[:, None] * bottom) / whole[:, None]
        value += sign * ratio
    return value, np.sqrt(k / (k - 1) * (residual**2).sum(1))


def _bootstrap(sides: list[_Sums], value: float, k: int, seed: int, draws: int) -> np.ndarray:
    """Return |t*| of `draws` draws of `k` clusters, infinite where a draw has no data or no spread."""
    source, out, step = generator(seed, "tca.inference"), np.empty(draws), max(_BLOCK // k, 1)
    for i in range(0, draws, step):
        n = min(step, draws - i)
        found, error = _estimate(sides, source.integers(0, k, size=(n, k)))
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.abs(found - value) / error
        out[i : i + n] = np.where(np.isfinite(t), t, np.inf)
    return out


def _effect(sides: list[_Sums], n: int, k: int, *, seed: int, level: float, draws: int) -> Effect:
    if k < 2:
        value = _estimate_one(sides)
        return Effect(value, NAN, NAN, NAN, NAN, n, k)
    found, error = _estimate(sides, np.arange(k)[None, :])
    value, se = float(found[0]), float(error[0])
    if not math.isfinite(value) or se == 0:
        return Effect(value, NAN, NAN, se, NAN, n, k)
    far = _bootstrap(sides, value, k, seed, draws)
    half = float(np.sort(far)[min(math.ceil(level * (draws + 1)) - 1, draws - 1)]) * se
    p = (1 + int((far >= abs(value) / se).sum())) / (draws + 1)
    return Effect(value, value - half, value + half, se, p, n, k)


def _estimate_one(sides: list[_Sums]) -> float:
    """Return the value of fewer than two clusters."""
    parts = [float(s.top.sum() / s.bottom.sum()) if s.bottom.sum() > 0 else NAN for s in sides]
    return parts[0] - (parts[1] if len(parts) > 1 else 0.0)


def _usable(values: np.ndarray, weights: np.ndarray, clusters: np.ndarray, level: float, draws: int) -> np.ndarray:
    if not len(values) == len(weights) == len(clusters) or not 0 < level < 1 or draws < 1:
        got = f"{len(values)}, {len(weights)}, {len(clusters)}; {level}; {draws}"
        raise InputError("inference", expected="arrays of one length, level in (0, 1), draws from 1", got=got)
    use: np.ndarray = np.isfinite(values) & np.isfinite(weights) & (weights > 0)
    return use


def mean(
    values: np.ndarray, weights: np.ndarray, clusters: np.ndarray, *, seed: int, level: float = 0.95, draws: int = 4999
) -> Effect:
    """Return the weighted mean of the finite `values`; interval and p-value are NaN below two clusters."""
    use = _usable(values, weights, clusters, level, draws)
    names, member = np.unique(clusters[use], return_inverse=True)
    sums = _sums(values[use], weights[use], member, len(names))
    return _effect([sums], int(use.sum()), len(names), seed=seed, level=level, draws=draws)


def difference(
    values: np.ndarray,
    weights: np.ndarray,
    clusters: np.ndarray,
    first: np.ndarray,
    *,
    seed: int,
    level: float = 0.95,
    draws: int = 4999,
) -> Effect:
    """Return the mean of the rows `first` (bool[n]) less that of the others, clusters drawn for both together.

    `n` counts the rows of the smaller side, `clusters` those of the side that has fewer.
    """
    use = _usable(values, weights, clusters, level, draws) & (np.ones(len(values), bool))
    names, member = np.unique(clusters[use], return_inverse=True)
    k, sides, rows, seen = len(names), [], [], []
    for mask in (first[use], ~first[use]):
        sides.append(_sums(values[use][mask], weights[use][mask], member[mask], k))
        rows.append(int(mask.sum()))
        seen.append(len(np.unique(member[mask])))
    found = _effect(sides, min(rows), k, seed=seed, level=level, draws=draws)
    return Effect(found.value, found.low, found.high, found.se, found.p, found.n, min(seen))


def draws_for(groups: int, alpha: float) -> int:
    """Return draws enough that the smallest p-value can pass the strictest of `groups` thresholds four times over."""
    return max(4999, math.ceil(4 * max(groups, 1) / alpha) - 1)


def q_values(p: np.ndarray) -> np.ndarray:
    """Return q-values f8[n]: min over ranks r from its own of p_(r) m / r; NaN stays NaN and is no test."""
    out = np.full(len(p), NAN)
    tested = np.flatnonzero(np.isfinite(p))
    if not len(tested):
        return out
    order = tested[np.argsort(p[tested], kind="stable")]
    m = len(order)
    raw = p[order] * m / np.arange(1, m + 1)
    out[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return out


def verdict(effect: Effect, q: float, least: Minimum, words: tuple[str, str] = ("dearer", "cheaper")) -> str:
    """Return `words` for an effect above and below 0 that q-value and minimum sample bear out, else why not."""
    if effect.n < least.rows or effect.clusters < least.clusters or not math.isfinite(effect.p):
        return TOO_FEW
    if not q <= least.alpha:
        return "not told apart"
    return words[0] if effect.value > 0 else words[1]
