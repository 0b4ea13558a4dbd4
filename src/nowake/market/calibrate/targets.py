"""What the market is fitted to: the parts of every fact on the data, its profile, and what the data cannot tell."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isfinite

import numpy as np

from nowake.core.errors import InputError
from nowake.core.values import Instrument
from nowake.market.calibrate.data import Recording
from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.distance import Gap, gaps
from nowake.market.realism.events import SHALLOW, SINGLE_VENUE
from nowake.market.realism.measure import measure, resampler_of
from nowake.market.realism.profile import profile
from nowake.market.realism.reduced import Reduced
from nowake.market.realism.table import FACTS

__all__ = ["PROFILE", "Target", "Unmeasured", "compare", "measure_all", "target_of", "with_errors"]

PROFILE = ("spread", "volume", "volatility", "events", "trades")
_LEAST = 0.05  # as realism.distance: no target counts as known better than to this share of its value
_HOPELESS = 10.0


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A fact without a value in this data, and why."""

    id: int
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Target:
    """`parts`: estimates of the facts by part name and of the profile by `PROFILE` name, over all days.

    `price` and `step` in currency, `adds` visible entries a day.
    """

    instrument: Instrument
    dates: tuple[date, ...]
    price: float
    step: float
    adds: float
    parts: Mapping[str, Estimate]
    unmeasured: tuple[Unmeasured, ...]

    @property
    def left_out(self) -> frozenset[int]:
        """Return the ids of the facts that do not count."""
        return frozenset(fact.id for fact in self.unmeasured)

    def known(self, name: str) -> float:
        """Return the value of a part; InputError where the data does not give it."""
        value = self.parts[name].value
        if not (isfinite(value) and value > 0):
            raise InputError(f"{name} of the data", expected="a value above 0", got=value)
        return value


def measure_all(days: Sequence[Reduced], *, draws: int = 400) -> dict[str, Estimate]:
    """Return the parts of the facts and the profile of `days`; `draws` of the bootstrap, 2 where only values matter."""
    with np.errstate(all="ignore"):  # a point of the search may be an absurd market
        return measure(days, draws=draws) | profile(days, resampler_of(days, draws=draws))


def target_of(days: Sequence[Recording]) -> Target:
    """Return what `days` of one instrument say."""
    parts = measure_all([day.reduced for day in days])
    first, barred = days[0], frozenset(k for day in days for k in day.unmeasured)
    return Target(
        first.instrument, tuple(day.date for day in days), first.price, first.step,
        float(np.mean([day.adds for day in days])), parts, _unmeasured(parts, barred),
    )  # fmt: skip


def _unmeasured(parts: Mapping[str, Estimate], barred: frozenset[int]) -> tuple[Unmeasured, ...]:
    known = {row.id for row in gaps(parts, parts, barred)}
    return tuple(Unmeasured(f.id, f.name, _why(f.id, barred, parts)) for f in FACTS if f.id not in known)


def _why(number: int, barred: frozenset[int], parts: Mapping[str, Estimate]) -> str:
    names = [part.name for part in FACTS[number - 1].parts]
    if number in barred & SINGLE_VENUE:
        return "one recorded venue: no own orders, no dark pools"
    if number in barred & SHALLOW:
        return "only the best levels were recorded"
    return "too few days or trades" if any(name in parts for name in names) else "needs a simulated market"


def with_errors(target: Target, singles: Iterable[Mapping[str, Estimate]]) -> Target:
    """Return `target` with intervals of ± 2 deviations of `singles` (measured on one day each) where it has none.

    One day of data has no bootstrap; its error is taken from single days of a market like it.
    """
    rows, parts = list(singles), dict(target.parts)
    for name, estimate in target.parts.items():
        values = np.array([row[name].value for row in rows if name in row])
        values = values[np.isfinite(values)]
        if len(values) > 1 and not isfinite(estimate.high - estimate.low):
            reach = 2 * float(values.std(ddof=1))
            parts[name] = Estimate(estimate.value, estimate.value - reach, estimate.value + reach)
    return replace(target, parts=parts)


def compare(target: Target, found: Mapping[str, Estimate]) -> tuple[list[Gap], list[Gap]]:
    """Return the gaps of the facts, and those of the profile (as fact 0).

    A part that the data knows and the market has no value for counts as ten standard errors off.
    """
    known = {row.part: row for row in gaps(target.parts, target.parts, target.left_out)}
    rows = {row.part: row for row in gaps(target.parts, found, target.left_out)}
    facts = [rows.get(name, Gap(row.id, name, row.target, float("nan"), _HOPELESS)) for name, row in known.items()]
    return facts, [_profile_gap(name, target.parts[name], found.get(name)) for name in PROFILE]


def _profile_gap(name: str, target: Estimate, found: Estimate | None) -> Gap:
    width, value = target.high - target.low, found.value if found else float("nan")
    error = max(width / 4 if isfinite(width) else 0.0, _LEAST * abs(target.value))
    z = (value - target.value) / error if isfinite(value) and error > 0 else _HOPELESS
    return Gap(0, name, target.value, value, z)
