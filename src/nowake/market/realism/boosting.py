"""Two predictors for the hunt for alpha: ridge regression, and gradient-boosted trees of depth two.

Written here because the project carries no learning library; both are plain textbook forms (Hastie, Tibshirani &
Friedman 2009, 3.4.1 and 10.10), made to find structure, not to be fast on large data.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["Boosting", "boosted", "ridge"]

_BINS = 32


@dataclass(frozen=True, slots=True)
class Boosting:
    """`rounds` trees of two levels, each shrunk by `rate`; a leaf has at least `leaf` rows."""

    rounds: int = 60
    rate: float = 0.1
    leaf: int = 200


def ridge(x: np.ndarray, y: np.ndarray, new: np.ndarray, penalty: float = 1e-3) -> np.ndarray:
    """Return predictions f8[m] for `new` f8[m, k] of a ridge regression on `x` f8[n, k], `y` f8[n].

    Columns are standardised and cut at 5 deviations; `penalty` is relative to n. No intercept beyond the mean of y.
    """
    centre, scale = x.mean(0), x.std(0) + 1e-12
    z, z_new = np.clip((x - centre) / scale, -5, 5), np.clip((new - centre) / scale, -5, 5)
    weights = np.linalg.solve(z.T @ z + penalty * len(z) * np.eye(x.shape[1]), z.T @ (y - y.mean()))
    predicted: np.ndarray = y.mean() + z_new @ weights
    return predicted


def boosted(x: np.ndarray, y: np.ndarray, new: np.ndarray, how: Boosting = Boosting()) -> np.ndarray:
    """Return predictions f8[m] for `new` of least-squares gradient boosting on `x`, `y` (32 quantile bins a column)."""
    edges = [np.unique(np.quantile(column, np.arange(1, _BINS) / _BINS)) for column in x.T]
    codes, codes_new = _codes(x, edges), _codes(new, edges)
    offset = codes + _BINS * np.arange(x.shape[1])
    fitted, predicted = np.full(len(y), y.mean()), np.full(len(new), y.mean())
    for _ in range(how.rounds):
        rest = y - fitted
        root = _split(offset, rest, np.zeros(len(y), np.int64), 1, how.leaf)
        side, side_new = _descend(codes, root, None), _descend(codes_new, root, None)
        pair = _split(offset, rest, side, 2, how.leaf)
        leaf, leaf_new = _descend(codes, pair, side), _descend(codes_new, pair, side_new)
        count = np.bincount(leaf, minlength=4)
        value = how.rate * np.bincount(leaf, weights=rest, minlength=4) / np.maximum(count, 1)
        fitted += value[leaf]
        predicted += value[leaf_new]
    return predicted


def _codes(x: np.ndarray, edges: list[np.ndarray]) -> np.ndarray:
    return np.column_stack([np.searchsorted(e, column, side="right") for e, column in zip(edges, x.T, strict=True)])


def _split(offset: np.ndarray, rest: np.ndarray, node: np.ndarray, nodes: int, leaf: int) -> np.ndarray:
    """Return i8[nodes, 2]: the column and the last bin on the left of the split that lowers the squares most."""
    columns = offset.shape[1]
    cell = (offset + (node * columns * _BINS)[:, None]).ravel()
    size, shape = nodes * columns * _BINS, (nodes, columns, _BINS)
    total = np.bincount(cell, weights=np.repeat(rest, columns), minlength=size).reshape(shape)
    count = np.bincount(cell, minlength=size).reshape(shape)
    left, some = np.cumsum(total, 2), np.cumsum(count, 2)
    right, others = left[:, :, -1:] - left, some[:, :, -1:] - some
    gain = left**2 / np.maximum(some, 1) + right**2 / np.maximum(others, 1)
    gain = np.where((some >= leaf) & (others >= leaf), gain, -1.0).reshape(nodes, -1)
    best = gain.argmax(1)
    found = np.column_stack([best // _BINS, best % _BINS])
    found[gain.max(1) < 0] = (0, _BINS)  # no split: everything goes left
    return found


def _descend(codes: np.ndarray, split: np.ndarray, node: np.ndarray | None) -> np.ndarray:
    """Return the child (2 node + side) of every row."""
    at = np.zeros(len(codes), np.int64) if node is None else node
    child: np.ndarray = 2 * at + (codes[np.arange(len(codes)), split[at, 0]] > split[at, 1])
    return child
