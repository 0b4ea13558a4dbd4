"""The fitted market against the base, on random streams that the search has not seen: facts, distances, intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nowake.market.calibrate.objective import Plan, Unusable, days_of
from nowake.market.calibrate.targets import Target, compare, measure_all
from nowake.market.preset_model import Preset
from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.distance import Gap, distance
from nowake.market.realism.reduced import Reduced

__all__ = ["Distance", "Row", "Shown", "distance_of", "profile_rows", "rows", "show"]

_ENOUGH = 10_000_000  # messages


@dataclass(frozen=True, slots=True)
class Shown:
    """What a preset shows: its parts over all days, the days by path, and how many paths could not be measured."""

    parts: Mapping[str, Estimate]
    paths: tuple[tuple[Reduced, ...], ...]
    failed: int


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a fact (or of the profile: id 0): the data's value, the base's, the fitted one's, and z of both."""

    id: int
    part: str
    target: float
    before: float
    after: float
    z_before: float
    z_after: float


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance with its 95 % interval over simulated paths (None with one); the data's own error is in its z."""

    value: float
    ci: tuple[float, float] | None


def show(preset: Preset, seeds: Sequence[int], plan: Plan) -> Shown:
    """Return what `preset` shows on these seeds; of a busy market two paths or more, until it has had _ENOUGH."""
    paths: list[tuple[Reduced, ...]] = []
    messages, failed = 0.0, 0
    for seed in seeds:
        if len(paths) >= 2 and messages >= _ENOUGH:
            break
        try:
            paths.append(tuple(days_of(preset, seed, plan.days, plan.most)))
        except Unusable:
            failed += 1
        else:
            messages += sum(float(day["profile"][3]) for day in paths[-1])
    days = [day for path in paths for day in path]
    return Shown(measure_all(days, draws=2) if days else {}, tuple(paths), failed)


def rows(target: Target, before: Shown, after: Shown) -> list[Row]:
    """Return a row per part that the data knows, facts in order."""
    return _paired(compare(target, before.parts)[0], compare(target, after.parts)[0])


def profile_rows(target: Target, before: Shown, after: Shown) -> list[Row]:
    """Return a row per number of the profile: spread, volume, volatility, events, trades a day."""
    return _paired(compare(target, before.parts)[1], compare(target, after.parts)[1])


def _paired(first: Sequence[Gap], second: Sequence[Gap]) -> list[Row]:
    pairs = zip(first, second, strict=True)
    return [Row(a.id, a.part, a.target, a.value, b.value, a.z, b.z) for a, b in pairs]


def distance_of(target: Target, shown: Shown) -> Distance:
    """Return the distance of the facts; its interval is normal, from a jackknife over paths."""
    value, n = distance(compare(target, shown.parts)[0]), len(shown.paths)
    if n < 2:
        return Distance(value, None)
    left = []
    for out in range(n):
        days = [day for k, path in enumerate(shown.paths) if k != out for day in path]
        left.append(distance(compare(target, measure_all(days, draws=2))[0]))
    reach = 1.96 * float(np.std(left)) * (n - 1) ** 0.5
    return Distance(value, (value - reach, value + reach))
