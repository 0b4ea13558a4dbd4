"""Power laws through noisy means: y = c_g x^δ, one exponent and a prefactor for each group, for all draws at once."""

import numpy as np

__all__ = ["fit_power", "fit_two_powers", "precision"]

_GRID = np.linspace(-0.5, 2.5, 1201)
_MODEL = 0.05  # no row is trusted to better than this share of its value: laws are not exact


def precision(mean: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the weights 1 / (error² + (5 % of the mean)²) of rows.

    A row of nothing but zeros (every mid came back) is not known exactly: it counts as known like the best of the rest.
    """
    least = np.min(error[error > 0], initial=np.inf)
    blind = (error == 0) & (mean == 0)
    error = np.where(blind, least if np.isfinite(least) else 0.0, error)
    weights: np.ndarray = 1 / (error**2 + (_MODEL * mean) ** 2 + 1e-300)
    return weights


def fit_power(x: np.ndarray, y: np.ndarray, weights: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return δ f8[draws] of y f8[draws, rows] ≈ c_g x^δ by weighted least squares, `x`, `weights`, `group` [rows].

    Linear in c, so that only δ is searched: on a grid over -.5..2.5, then by a parabola through the best three points.
    Not in logarithms: means may be negative by chance.
    """
    logs = np.log(x)
    powers = np.exp((logs - logs.mean())[:, None] * _GRID)  # rows, grid
    gain = np.zeros((len(y), len(_GRID)))
    for g in np.unique(group):
        use = group == g
        with np.errstate(invalid="ignore"):  # a draw without a value gets no exponent
            top = (y[:, use] * weights[use]) @ powers[use]
            gain += np.maximum(top, 0) ** 2 / (weights[use] @ powers[use] ** 2)
    best = np.clip(gain.argmax(1), 1, len(_GRID) - 2)
    row = np.arange(len(y))
    low, mid, high = gain[row, best - 1], gain[row, best], gain[row, best + 1]
    with np.errstate(all="ignore"):
        bend = low - 2 * mid + high
        shift = np.where(bend < 0, np.clip(0.5 * (low - high) / bend, -1, 1), 0.0)
    found: np.ndarray = _GRID[best] + shift * (_GRID[1] - _GRID[0])
    return np.where(gain[row, best] > 0, found, np.nan)


def fit_two_powers(x: np.ndarray, z: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return β f8[draws] of y f8[draws, rows] ≈ c x^β z^κ by least squares of the logs; NaN where a y is not above 0.

    `weights` f8[rows] are those of the logs.
    """
    columns = np.column_stack([np.ones(len(x)), np.log(x), np.log(z)])
    with np.errstate(all="ignore"):
        logs = np.log(np.where(y > 0, y, np.nan))
    scaled = columns * weights[:, None]
    found: np.ndarray = (logs @ scaled) @ np.linalg.pinv(columns.T @ scaled)
    return found[:, 1]
