"""Facts 4 and 24: the long memory of trade signs, and bunched times between trades."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from nowake.market.realism.bootstrap import Estimate, Resampler, estimate_of
from nowake.market.realism.power import fit_power, precision
from nowake.market.realism.reduced import Reduced, stacked
from nowake.market.realism.view import DayView

__all__ = ["CENTRES", "estimate", "memory", "reduce", "sign_sums"]

_EDGES = np.unique(np.round(np.geomspace(10, 1001, 13)).astype(np.int64))  # lags 10..1000 in 12 bins
CENTRES = np.array([np.exp(np.mean(np.log(np.arange(lo, hi)))) for lo, hi in pairwise(_EDGES)])


def reduce(view: DayView) -> Reduced:
    """Return the products of signs by lag, and the moments (n, Σ, Σ²) of the seconds between trades."""
    gaps = np.diff(view.trades["time"]) / 1e9
    return {
        "signs": sign_sums(view.trades["sign"]),
        "gaps": np.array([len(gaps), gaps.sum(), (gaps**2).sum()]),
    }


def sign_sums(signs: np.ndarray) -> np.ndarray:
    """Return f8[2 + 2 bins]: Σ s_t s_{t+1} and its number, then Σ and number for every bin of lags."""
    n = len(signs)
    size = 1 << max(n + 1001, 2).bit_length()
    product = np.fft.irfft(np.abs(np.fft.rfft(signs.astype(float), size)) ** 2, size)[:1001]
    pairs = np.maximum(n - np.arange(1001.0), 0)
    top = np.add.reduceat(product[:1001], _EDGES[:-1])
    return np.concatenate([[product[1], pairs[1]], top, np.add.reduceat(pairs, _EDGES[:-1])])


def memory(sums: np.ndarray, r: Resampler) -> tuple[Estimate, Estimate]:
    """Return γ of C(τ) = ⟨s_t s_{t+τ}⟩ ~ τ^-γ for τ = 10..1000, and C(1), from `sign_sums` f8[days, k].

    Lags are averaged in 12 logarithmic bins, weighted by their error: where C is well known this is the straight line
    in logarithms, and it stays a fit where noise makes C negative. Lillo, Mike & Farmer 2005: γ = α - 1 for parents of
    Pareto length α.
    """
    total, bins = r.totals(sums), len(CENTRES)
    with np.errstate(all="ignore"):
        c, first = total[:, 2 : 2 + bins] / total[:, 2 + bins :], total[:, 0] / total[:, 1]
    known = total[0, 2 + bins :] > 0
    if known.sum() < 3:
        return estimate_of(np.full(len(c), np.nan)), estimate_of(first)
    c, pairs = c[:, known], total[0, 2 + bins :][known]
    weights = precision(c[0], 1 / np.sqrt(pairs))
    return estimate_of(fit_power(1 / CENTRES[known], c, weights, np.zeros(len(pairs)))), estimate_of(first)


def estimate(days: Sequence[Reduced], r: Resampler) -> dict[str, Estimate]:
    """Return the parts of facts 4 and 24: γ, C(1), and the standard deviation of durations over their mean."""
    gamma, first = memory(stacked(days, "signs"), r)
    spread = r.estimate(lambda t: np.sqrt(t[:, 2] * t[:, 0] / t[:, 1] ** 2 - 1), stacked(days, "gaps"))
    return {"sign_gamma": gamma, "sign_acf_1": first, "duration_cv": spread}
