"""Latency laws as a table of quantiles, from which the kernels draw: constant, lognormal, or measured."""

from statistics import NormalDist

import numpy as np

from nowake.core.errors import InputError
from nowake.data.replay.state import QUANTILES

__all__ = ["quantiles"]


def quantiles(median: int, sigma: float = 0.0, table: tuple[int, ...] = ()) -> np.ndarray:
    """Return int64[QUANTILES] delays in ns: `table` resampled if given, else lognormal (sigma 0: constant).

    Quantile k stands for the probability (k + 1/2) / QUANTILES. InputError for negative delays.
    """
    p = (np.arange(QUANTILES) + 0.5) / QUANTILES
    if table:
        if min(table) < 0:
            raise InputError("latency table", expected="delays from 0 ns", got=min(table))
        drawn: np.ndarray = np.quantile(np.asarray(table, float), p, method="inverted_cdf").astype(np.int64)
        return drawn
    if median < 0 or sigma < 0:
        raise InputError("latency", expected="median and sigma from 0", got=f"{median} ns, {sigma}")
    if sigma == 0:
        return np.full(QUANTILES, median, np.int64)
    normal = NormalDist()
    return np.array([round(median * np.exp(sigma * normal.inv_cdf(float(x)))) for x in p], np.int64)
