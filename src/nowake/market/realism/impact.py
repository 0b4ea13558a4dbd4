"""Facts 6 to 10: the square-root law of impact, its prefactor, path, decay, and the cost of speed, from twin pairs.

A pair is one order on one stream: impact is side · (mid with it - mid of its twin without) / arrival mid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nowake.core.errors import InputError
from nowake.core.streams import generator
from nowake.market.realism.bootstrap import DRAWS, Estimate, estimate_of
from nowake.market.realism.power import fit_power, fit_two_powers, precision

__all__ = ["FRACTIONS", "ImpactRow", "estimate"]

FRACTIONS = np.arange(1, 11) / 10
_HALF_DAY = 0.5


@dataclass(frozen=True, slots=True)
class ImpactRow:
    """One size at one participation: `size` = Q/V, `participation` of volume, `horizon` T in days, `sigma` daily.

    `path` f8[pairs, 10]: impact when x = .1, .2, … 1 of the order is done; `after` f8[pairs]: impact at 2T (NaN where
    the day was over); `shortfall` f8[pairs]: mean of side · (fill - twin mid at that time) / arrival over the fills;
    all relative to the arrival price. `stream` i8[pairs]: pairs of one stream (both sides, other rows) are drawn
    together; by default every pair is its own.
    """

    size: float
    participation: float
    horizon: float
    sigma: float
    path: np.ndarray
    after: np.ndarray
    shortfall: np.ndarray
    stream: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        n = len(self.path)
        shapes = self.path.shape == (n, len(FRACTIONS)) and len(self.after) == len(self.shortfall) == n
        if n < 2 or not shapes or len(self.stream) not in (0, n):
            raise InputError("impact row", expected="2 or more pairs, path [n, 10], after and shortfall [n]", got=n)
        if min(self.size, self.participation, self.horizon, self.sigma) <= 0:
            raise InputError("impact row", expected="size, participation, horizon, sigma > 0", got=self.size)


@dataclass(frozen=True, slots=True)
class _Means:
    """Drawn means of every row: `path` f8[1 + draws, rows, 10], `after`, `temporary` f8[1 + draws, rows], errors."""

    path: np.ndarray
    after: np.ndarray
    temporary: np.ndarray
    error: np.ndarray
    after_error: np.ndarray
    temporary_error: np.ndarray


def _draw(rows: Sequence[ImpactRow], seed: int, draws: int) -> list[np.ndarray]:
    """Return f8[1 + draws, pairs] a row: how often each pair counts; named streams are drawn for all rows together."""
    named = [row.stream for row in rows if len(row.stream)]
    names = np.unique(np.concatenate(named)) if named else np.zeros(0, np.int64)
    rng = generator(seed, "realism.impact")
    together, weights = _counts(rng, len(names), draws), []
    for row in rows:
        known = len(row.stream) > 0
        weights.append(together[:, np.searchsorted(names, row.stream)] if known else _counts(rng, len(row.path), draws))
    return weights


def _counts(rng: np.random.Generator, n: int, draws: int) -> np.ndarray:
    """Return f8[1 + draws, n]: how often each of n is drawn, with replacement; row 0 is the sample."""
    if n == 0:
        return np.ones((1 + draws, 0))
    drawn = rng.integers(0, n, size=(draws, n)) + n * np.arange(draws)[:, None]
    return np.vstack([np.ones(n), np.bincount(drawn.ravel(), minlength=draws * n).reshape(draws, n)])


def _means(rows: Sequence[ImpactRow], seed: int, draws: int) -> _Means:
    weights = _draw(rows, seed, draws)

    def drawn(values: Sequence[np.ndarray]) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.stack(
                [
                    (w @ v) / (w.sum(1) if v.ndim == 1 else w.sum(1)[:, None])
                    for w, v in zip(weights, values, strict=True)
                ],
                axis=1,
            )

    def errors(values: Sequence[np.ndarray]) -> np.ndarray:
        return np.array([v.std(ddof=1) / np.sqrt(len(v)) for v in values])

    after = [row.after if row.horizon <= _HALF_DAY else np.full(len(row.path), np.nan) for row in rows]
    temporary = [row.shortfall - a / 2 for row, a in zip(rows, after, strict=True)]
    return _Means(
        drawn([row.path for row in rows]), drawn(after), drawn(temporary),
        errors([row.path[:, -1] for row in rows]), errors(after), errors(temporary),
    )  # fmt: skip


def estimate(rows: Sequence[ImpactRow], *, seed: int = 0, draws: int = DRAWS) -> dict[str, Estimate]:
    """Return the parts of facts 6 to 10 from rows of several sizes at several participations.

    Intervals by bootstrap over streams. InputError with fewer than three rows.
    """
    if len(rows) < 3:
        raise InputError("impact", expected="three rows or more", got=len(rows))
    m = _means(rows, seed, draws)
    size = np.array([row.size for row in rows])
    scale = np.array([row.sigma for row in rows])
    group = np.array([round(100 * row.participation) for row in rows])
    parts = _exponents(size, scale, group, m)
    root = scale * np.sqrt(size)
    weights = precision(m.path[0, :, -1], m.error)
    for p in np.unique(group):
        use = group == p
        parts[f"prefactor_{p}"] = estimate_of(_level(m.path[:, use, -1], root[use], weights[use]))
    parts["prefactor"] = estimate_of(_level(m.path[:, :, -1], root, weights))
    parts |= _path(m, root, weights) | _decay(m, root)
    parts["rate_exponent"] = _rate(rows, m)
    return parts


def _exponents(size: np.ndarray, scale: np.ndarray, group: np.ndarray, m: _Means) -> dict[str, Estimate]:
    """Return δ of I = Y_p σ (Q/V)^δ over all rows (a prefactor for each participation), and for each participation."""
    y = m.path[:, :, -1] / scale
    weights = precision(y[0], m.error / scale)
    parts = {"exponent": estimate_of(fit_power(size, y, weights, group))}
    for p in np.unique(group):
        use = group == p
        if use.sum() > 1:
            parts[f"exponent_{p}"] = estimate_of(fit_power(size[use], y[:, use], weights[use], group[use]))
    return parts


def _level(values: np.ndarray, root: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Y f8[draws] of I = Y σ √(Q/V) by weighted least squares over rows."""
    level: np.ndarray = (values * weights) @ root / np.sum(weights * root * root)
    return level


def _path(m: _Means, root: np.ndarray, weights: np.ndarray) -> dict[str, Estimate]:
    """Return I(x)/I(1) for x = .1 … .9, and how concave it is: 2 ∫ I(x)/I(1) dx - 1 (0: a straight line)."""
    levels = np.stack([_level(m.path[:, :, k], root, weights) for k in range(len(FRACTIONS))], axis=1)
    with np.errstate(all="ignore"):
        ratio = levels / levels[:, -1:]
    parts = {f"path_{10 * (k + 1)}": estimate_of(ratio[:, k]) for k in range(len(FRACTIONS) - 1)}
    area = (ratio.sum(1) - ratio[:, -1] / 2) * 0.1
    parts["concavity"] = estimate_of(2 * area - 1)
    return parts


def _decay(m: _Means, root: np.ndarray) -> dict[str, Estimate]:
    """Return I(2T)/I(T) over the rows of at most half a day."""
    use = np.isfinite(m.after[0])
    if not use.any():
        return {}
    weights = precision(m.path[0, use, -1], np.maximum(m.error[use], m.after_error[use]))
    top, bottom = _level(m.after[:, use], root[use], weights), _level(m.path[:, use, -1], root[use], weights)
    with np.errstate(all="ignore"):
        return {"decay": estimate_of(top / bottom)}


def _rate(rows: Sequence[ImpactRow], m: _Means) -> Estimate:
    """Return the exponent of temporary impact J - I(2T)/2 against the rate X/(VT), at equal T.

    Almgren, Thum, Hauptmann & Li 2005; T enters with an exponent of its own, so that the size does not pass for speed.
    """
    use = np.isfinite(m.temporary[0]) & (m.temporary[0] > 2 * m.temporary_error)
    if use.sum() < 4:
        return Estimate(float("nan"), float("nan"), float("nan"))
    rate = np.array([row.size / row.horizon for row in rows])[use]
    horizon = np.array([row.horizon for row in rows])[use]
    sigma = np.array([row.sigma for row in rows])[use]
    mean, error = m.temporary[0, use], m.temporary_error[use]
    return estimate_of(fit_two_powers(rate, horizon, m.temporary[:, use] / sigma, precision(mean, error) * mean**2))
