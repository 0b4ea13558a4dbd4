"""Fact 25: no round trip earns by moving the price. Judged on trips that a hunter made; noise cannot pass.

Manipulation profit of a trip = its P&L minus the P&L of the same trades priced on the twin without our orders, per
share, in spreads. Every trip runs buy first and sell first on one stream; the stream is the independent unit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from nowake.core.errors import InputError
from nowake.market.realism.bootstrap import LEVEL, Estimate

__all__ = ["Trips", "estimate", "holm", "lower_bound"]

_ALPHA = 1 - LEVEL
_BLOCKS = 3
_REGIMES = ("calm", "volatile", "thin")


@dataclass(frozen=True, slots=True)
class Trips:
    """Round trips of one `family` and `size`: profits f8[n] in spreads per share, with stream and regime of each.

    `manipulation`: twin-priced profit; `raw`: plain P&L; `stream` i8[n]: the seed (two trips a stream, one a sign);
    `regime`: names [n], empty where regimes are not told apart.
    """

    family: str
    size: float
    manipulation: np.ndarray
    raw: np.ndarray
    stream: np.ndarray
    regime: np.ndarray = field(default_factory=lambda: np.zeros(0, "U1"))

    def __post_init__(self) -> None:
        n = len(self.manipulation)
        if n < 2 or not len(self.raw) == len(self.stream) == n or len(self.regime) not in (0, n):
            raise InputError(f"trips of {self.family}", expected="2 or more, arrays of one length", got=n)


def _by_stream(values: np.ndarray, stream: np.ndarray) -> np.ndarray:
    """Return the mean of every stream."""
    _, member, count = np.unique(stream, return_inverse=True, return_counts=True)
    mean: np.ndarray = np.bincount(member, weights=values) / count
    return mean


def _quantile(p: float, freedom: int) -> float:
    """Return the p-quantile of Student's t (Cornish-Fisher, Abramowitz & Stegun 26.7.5)."""
    z = NormalDist().inv_cdf(p)
    g1, g2 = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + g1 / freedom + g2 / freedom**2 + g3 / freedom**3


def lower_bound(values: np.ndarray, stream: np.ndarray, alpha: float) -> float:
    """Return the one-sided lower 1 - `alpha` bound of the mean, streams independent; -inf with one stream."""
    means = _by_stream(values, stream)
    if len(means) < 2:
        return float("-inf")
    error = float(means.std(ddof=1)) / math.sqrt(len(means))
    return float(means.mean() - _quantile(1 - alpha, len(means) - 1) * error)


def holm(cells: Sequence[tuple[np.ndarray, np.ndarray]], alpha: float = _ALPHA) -> float:
    """Return the largest Holm-corrected lower bound of cells (values, stream): above 0 where a mean surely is.

    Holm 1979: the most significant of m cells is tested at alpha / m; if it stays, all stay.
    """
    if not cells:
        return float("nan")
    return max(lower_bound(values, stream, alpha / len(cells)) for values, stream in cells)


def _half_width(trips: Sequence[Trips]) -> float:
    """Return the half-width of the 95 % interval of a family's mean over its sizes."""
    values = np.concatenate([t.manipulation for t in trips])
    means = _by_stream(values, np.concatenate([t.stream for t in trips]))
    if len(means) < 2:
        return float("inf")
    return _quantile(1 - _ALPHA / 2, len(means) - 1) * float(means.std(ddof=1)) / math.sqrt(len(means))


def _blocks(trips: Sequence[Trips]) -> float:
    """Return the share of three disjoint blocks of streams whose verdict differs from that on all."""
    whole = holm([(t.manipulation, t.stream) for t in trips]) > 0
    names = np.unique(np.concatenate([t.stream for t in trips]))
    verdicts = []
    for block in np.array_split(names, _BLOCKS):
        chosen = [np.isin(t.stream, block) for t in trips]
        verdicts.append(holm([(t.manipulation[c], t.stream[c]) for t, c in zip(trips, chosen, strict=True)]) > 0)
    return sum(v != whole for v in verdicts) / _BLOCKS


def estimate(trips: Sequence[Trips], planted: Sequence[Trips] = ()) -> dict[str, Estimate]:
    """Return the parts of fact 25, in spreads per share; `planted`: trips in markets with a flaw, one entry a flaw.

    `profit`: largest Holm-corrected lower bound over families x sizes; `half_width`: largest of any family; `trips` and
    `families`: how many there are (trips: of the smallest family x size); `raw_<regime>`: like profit for plain P&L;
    `blocks`: share of three seed blocks that disagree; `planted`: the lower bound of the flaw that is caught least.
    """
    families: dict[str, list[Trips]] = {}
    for t in trips:
        families.setdefault(t.family, []).append(t)
    if not families:
        raise InputError("arbitrage", expected="round trips", got="none")
    parts = {
        "profit": holm([(t.manipulation, t.stream) for t in trips]),
        "half_width": max(_half_width(group) for group in families.values()),
        "trips": float(min(len(t.manipulation) for t in trips)),
        "families": float(len(families)),
        "blocks": _blocks(trips),
    }
    for regime in _REGIMES:
        chosen = [(t, t.regime == regime) for t in trips if len(t.regime)]
        parts[f"raw_{regime}"] = holm([(t.raw[c], t.stream[c]) for t, c in chosen if c.any()])
    flaws = [lower_bound(t.manipulation, t.stream, _ALPHA / len(planted)) for t in planted]
    parts["planted"] = min(flaws, default=float("nan"))
    return {name: Estimate(value, value, value) for name, value in parts.items()}
