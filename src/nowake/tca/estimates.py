"""What an order was expected to cost against what it cost: z-score, and whether the estimates are calibrated.

An estimate is read as two halves of normal curves that meet at its median and pass its 10 and 90 % quantiles. PIT: the
probability that the estimate gave to a cost below the one that came; of calibrated estimates it is uniform (Dawid 1984;
Diebold, Gunther & Tay 1998). Coverage: how often the cost fell between the 10 and the 90 % quantile; 75 to 85 % is
accepted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from nowake.tca.minimum import TOO_FEW, Minimum
from nowake.tca.tables import Estimate

__all__ = ["COVERAGE", "Calibration", "calibrate", "deviation_of", "kolmogorov", "pit", "wilson", "z_score"]

COVERAGE = (0.75, 0.85)
_NORMAL = NormalDist()
_Z90 = _NORMAL.inv_cdf(0.9)


def deviation_of(estimate: Estimate) -> float:
    """Return the standard deviation (bp) that the 10 and 90 % quantiles give."""
    return (estimate.q90_bps - estimate.q10_bps) / (2 * _Z90)


def z_score(estimate: Estimate, cost_bps: float) -> float:
    """Return how many deviations the cost lies above its mean estimate."""
    return (cost_bps - estimate.mean_bps) / deviation_of(estimate)


def pit(estimate: Estimate, cost_bps: float) -> float:
    """Return the probability that the estimate gave to costs up to `cost_bps`: 0.1, 0.5, 0.9 at its quantiles."""
    low, middle, high = estimate.q10_bps, estimate.q50_bps, estimate.q90_bps
    scale = (middle - low if cost_bps < middle else high - middle) / _Z90
    return _NORMAL.cdf((cost_bps - middle) / scale)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the estimates of `n` orders did: bias and deviation of z (0 and 1 are right), PIT counts in ten bins.

    `ks` is the largest distance of the PIT from uniform and `p` its probability under calibration; `coverage` that of
    the 80 % interval with its Wilson interval. `verdict`: calibrated, biased or too narrow/wide, or too few.
    """

    n: int
    mean_z: float
    sd_z: float
    pit_counts: tuple[int, ...]
    ks: float
    p: float
    coverage: float
    coverage_ci: tuple[float, float]
    verdict: str


def wilson(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share (Wilson 1927)."""
    if not n:
        return float("nan"), float("nan")
    z = _NORMAL.inv_cdf((1 + level) / 2)
    share, extra = hits / n, z * z / n
    middle = (share + extra / 2) / (1 + extra)
    half = z * math.sqrt(share * (1 - share) / n + extra / (4 * n)) / (1 + extra)
    return middle - half, middle + half


def kolmogorov(values: np.ndarray) -> tuple[float, float]:
    """Return the distance of `values` in [0, 1] from the uniform law and its probability (Stephens 1970)."""
    n = len(values)
    if not n:
        return float("nan"), float("nan")
    ordered = np.sort(values)
    steps = np.arange(1, n + 1) / n
    distance = float(max((steps - ordered).max(), (ordered - steps + 1 / n).max()))
    root = math.sqrt(n)
    x = (root + 0.12 + 0.11 / root) * distance
    tail = 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101))
    return distance, 1.0 if x < 0.2 else min(max(tail, 0.0), 1.0)  # the series is 1 to 1e-12 below 0.2


def _verdict(least: Minimum, covered: tuple[float, float], p: float, mean_z: float) -> str:
    """Return the verdict; coverage is wrong only where its whole interval lies outside the accepted range."""
    if covered[1] < COVERAGE[0]:
        return "too narrow"
    if covered[0] > COVERAGE[1]:
        return "too wide"
    if p < least.alpha:
        return "too low" if mean_z > 0 else "too high"
    return "not told apart from calibrated"


def calibrate(estimates: Sequence[Estimate], costs_bps: Sequence[float], least: Minimum) -> Calibration:
    """Return how `estimates` did against `costs_bps`, one each; below the least number of orders `n` alone."""
    z = np.array([z_score(e, c) for e, c in zip(estimates, costs_bps, strict=True)])
    u = np.array([pit(e, c) for e, c in zip(estimates, costs_bps, strict=True)])
    n, inside = len(z), int(((u >= 0.1) & (u <= 0.9)).sum())
    if n < least.rows:
        nan = float("nan")
        return Calibration(n, nan, nan, (), nan, nan, nan, (nan, nan), TOO_FEW)
    counts = np.histogram(u, bins=10, range=(0.0, 1.0))[0]
    ks, p = kolmogorov(u)
    interval, mean = wilson(inside, n), float(z.mean())
    return Calibration(
        n=n, mean_z=mean, sd_z=float(z.std(ddof=1)), pit_counts=tuple(counts.tolist()),
        ks=ks, p=p, coverage=inside / n, coverage_ci=interval,
        verdict=_verdict(least, interval, p, mean),
    )  # fmt: skip
