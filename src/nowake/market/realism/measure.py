"""From days to the parts of every fact that trading days can tell: reduce each day, then estimate over all of them."""

from collections.abc import Sequence

import numpy as np

from nowake.core.errors import InputError
from nowake.market.realism import alpha, flow, intraday, profile, returns, signs, spread, supply
from nowake.market.realism.bootstrap import DRAWS, Estimate, Resampler, resampler
from nowake.market.realism.day import DayRecord
from nowake.market.realism.reduced import Reduced
from nowake.market.realism.view import view_of

__all__ = ["measure", "reduce_day", "resampler_of", "series_of", "unmeasured_of"]

_MODULES = (profile, returns, signs, spread, flow, supply, intraday, alpha)


def reduce_day(record: DayRecord) -> Reduced:
    """Return what the facts need of a day (about half a megabyte); the record can be forgotten then."""
    view = view_of(record)
    reduced: Reduced = {"series": np.array([record.series]), "unmeasured": np.array(sorted(record.unmeasured))}
    for module in _MODULES:
        reduced |= module.reduce(view)
    return reduced


def series_of(days: Sequence[Reduced]) -> np.ndarray:
    """Return the series (seed) of each day, i8[days]."""
    return np.array([int(day["series"][0]) for day in days])


def unmeasured_of(days: Sequence[Reduced]) -> frozenset[int]:
    """Return the ids of the facts that one of these days cannot tell."""
    return frozenset(int(k) for day in days for k in day["unmeasured"])


def resampler_of(days: Sequence[Reduced], *, seed: int = 0, draws: int = DRAWS) -> Resampler:
    """Return the block bootstrap over these days."""
    return resampler(series_of(days), seed=seed, draws=draws)


def measure(days: Sequence[Reduced], *, seed: int = 0, draws: int = DRAWS) -> dict[str, Estimate]:
    """Return the estimates of all parts that days can tell, by part name (facts 6-10, 11's R², 25, 26 come apart).

    Days of one series stand in their order. InputError without any day.
    """
    if not days:
        raise InputError("realism", expected="at least one day", got="none")
    r = resampler_of(days, seed=seed, draws=draws)
    parts = returns.estimate(days, series_of(days), r)
    for module in (signs, spread, flow, supply, intraday):
        parts |= module.estimate(days, r)
    return parts
