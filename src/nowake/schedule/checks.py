"""The few questions that every algorithm asks about its parameters; InputError names what, expected and got."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nowake.core.errors import InputError
from nowake.core.values import check_quantity

__all__ = ["MAX_BINS", "finite", "fraction", "not_negative", "positive", "shares_of", "whole_bins", "whole_quantity"]

MAX_BINS = 100_000


def finite(value: float, what: str) -> float:
    """Return `value` as a float if it is a finite number; InputError else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(what, expected="a finite number", got=value)
    return float(value)


def positive(value: float, what: str) -> float:
    """Return `value` if it is finite and above 0; InputError else."""
    if not finite(value, what) > 0:
        raise InputError(what, expected="a number above 0", got=value)
    return float(value)


def not_negative(value: float, what: str) -> float:
    """Return `value` if it is finite and 0 or more; InputError else."""
    if not finite(value, what) >= 0:
        raise InputError(what, expected="a number of 0 or more", got=value)
    return float(value)


def fraction(value: float, what: str) -> float:
    """Return `value` if it lies strictly between 0 and 1; InputError else."""
    if not 0 < finite(value, what) < 1:
        raise InputError(what, expected="a fraction above 0 and below 1", got=value)
    return float(value)


def whole_quantity(value: int) -> int:
    """Return `value` if it is a whole quantity (int) in 1..2^31-1; OrderError else."""
    return check_quantity(value)


def whole_bins(value: int) -> int:
    """Return `value` if it is a whole number of bins in 1..MAX_BINS; InputError else."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_BINS:
        raise InputError("bins", expected=f"a whole number from 1 to {MAX_BINS}", got=value)
    return value


def shares_of(weights: Sequence[float] | NDArray[np.float64], what: str) -> NDArray[np.float64]:
    """Return `weights` (n,) divided by their sum; InputError unless finite, 0 or more, and not all 0."""
    array = np.asarray(weights, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise InputError(what, expected="one number per bin, at least one", got=f"shape {array.shape}")
    bad = np.flatnonzero(~np.isfinite(array) | (array < 0))
    if bad.size:
        raise InputError(what, expected="finite numbers of 0 or more", got=f"{array[bad[0]]} in bin {bad[0] + 1}")
    total = float(array.sum())
    if not 0 < total < math.inf:
        raise InputError(what, expected="a sum above 0", got=total)
    return array / total
