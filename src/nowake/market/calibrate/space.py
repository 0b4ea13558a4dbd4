"""The free parameters of a preset: what may move, in which scale, between which bounds.

The search sees coordinates: 0 is the start, 1 a first step. Rates, times and sizes are searched in logarithms, shares
in log-odds, exponents that must exceed one in the logarithm of what is above it. Two coordinates are no keys of the
file: `value.deviation`, the daily deviation of the public value with its jumps over that of the instrument, and
`value.jumps`, the share of its variance that jumps have; together they give `lit.sigma` and `lit.jump_size`, so that
every point is a valid preset.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nowake.core.config import parse
from nowake.market.preset import check
from nowake.market.preset_model import Preset

__all__ = ["FREE", "Free", "Space", "changed", "read", "rounded", "table_of", "write"]

Scale = Literal["log", "logit", "above_one"]
_DIGITS = 5  # of a parameter: what is simulated is what is written
Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Free:
    """A free parameter: bounds `low`..`high` are factors of the start if `relative`; `step` in its scale."""

    key: str
    scale: Scale
    low: float
    high: float
    relative: bool = False
    step: float = 0.5
    whole: bool = False


FREE: tuple[Free, ...] = (
    Free("lit.limit_rate", "log", 0.2, 5, relative=True, step=0.3),
    Free("instrument.round_lot", "log", 0.3, 3, relative=True, step=0.3, whole=True),
    Free("lit.life", "log", 0.05, 20, relative=True),
    Free("lit.life_power", "log", 0.02, 3),
    Free("lit.placement_tail", "log", 0.1, 4, step=0.4),
    Free("lit.spread", "log", 0.1, 10, relative=True),
    Free("lit.taker_rate", "log", 0.2, 5, relative=True, step=0.3),
    Free("lit.taker_fraction", "log", 0.2, 30),
    Free("lit.pareto", "above_one", 1.05, 4),
    Free("lit.parents", "log", 1, 64, whole=True),
    Free("lit.burst", "logit", 0.002, 0.9, step=0.8),
    Free("value.deviation", "log", 0.51, 1.19, step=0.2),
    Free("value.jumps", "logit", 0.002, 0.9, step=1.0),
    Free("lit.jump_rate", "log", 0.2, 200, step=0.7),
    Free("lit.reprice_delay", "log", 0.01, 120, step=0.8),
    Free("lit.chase_delay", "log", 0.01, 120, step=0.8),
    Free("lit.informed_probability", "logit", 0.002, 0.9, step=0.8),
    Free("lit.informed_delay", "log", 0.005, 30, step=0.7),
    Free("lit.investor_slope", "log", 0.05, 20, relative=True),
    Free("lit.investor_rate", "log", 0.02, 50, relative=True, step=0.7),
    Free("lit.activity_vol.0", "log", 0.03, 2.0),
    Free("lit.activity_vol.1", "log", 0.03, 2.0),
    Free("lit.activity_time.0", "log", 1800, 100_000, step=0.4),
    Free("lit.activity_time.1", "log", 20, 1800, step=0.4),
    Free("lit.u_shape", "log", 0.05, 20),
    Free("lit.open_multiplier", "above_one", 1.02, 8),
    Free("lit.depth_elasticity", "log", 0.05, 3),
    Free("hidden.share", "logit", 0.005, 0.95, step=0.6),
    Free("hidden.life", "log", 1, 3600, step=0.7),
    Free("followers.momentum", "log", 0.001, 1, step=0.7),
)
"""All free parameters with their bounds; those that a preset does not have are left out."""


def table_of(preset: Preset) -> Table:
    """Return `preset` as plain tables, lists for arrays."""
    table: Table = preset.model_dump(mode="json")
    return table


def rounded(value: float) -> float:
    """Return `value` to five significant digits."""
    return float(f"{value:.{_DIGITS}g}")


def _step_in(place: Any, part: str) -> Any:
    return place[int(part)] if isinstance(place, list) else place[part]


def _daily(table: Mapping[str, Any]) -> float:
    """Return the instrument's daily deviation in ticks."""
    one = table["instrument"]
    return float(one["daily_volatility"] * one["price"] / one["tick"])


def read(table: Mapping[str, Any], key: str) -> float:
    """Return the value at the dotted path `key`, or one of the two derived values."""
    if key.startswith("value."):
        f = table["lit"]
        jumps = f["jump_rate"] * f["jump_size"] ** 2
        own = f["sigma"] ** 2 + jumps
        return math.sqrt(own) / _daily(table) if key == "value.deviation" else jumps / max(own, 1e-12)
    place: Any = table
    for part in key.split("."):
        place = _step_in(place, part)
    return float(place)


def write(table: Table, key: str, value: float) -> None:
    """Set the value at the dotted path `key` (no derived one)."""
    *path, last = key.split(".")
    place: Any = table
    for part in path:
        place = _step_in(place, part)
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value


def changed(preset: Preset, values: Mapping[str, float]) -> Preset:
    """Return `preset` with other values by key, checked; derived keys after all others."""
    table = table_of(preset)
    for key, value in values.items():
        if not key.startswith("value."):
            write(table, key, value)
    if any(key.startswith("value.") for key in values):
        deviation = values.get("value.deviation", read(table, "value.deviation")) * _daily(table)
        jumps, f = values.get("value.jumps", read(table, "value.jumps")), table["lit"]
        f["sigma"] = rounded(deviation * math.sqrt(1 - jumps))
        f["jump_size"] = rounded(deviation * math.sqrt(jumps / f["jump_rate"])) if f["jump_rate"] > 0 else 0.0
    return check(parse(table, Preset))


def _scaled(free: Free, value: float) -> float:
    if free.scale == "logit":
        return math.log(value / (1 - value))
    return math.log(value - 1 if free.scale == "above_one" else value)


def _plain(free: Free, x: float) -> float:
    if free.scale == "logit":
        return 1 / (1 + math.exp(-x))
    return math.exp(x) + (1 if free.scale == "above_one" else 0)


def _movable(free: Free, preset: Preset) -> bool:
    """Tell whether `preset` has the parameter and may change it: lots and sizes of dark pools stand in round lots."""
    table, place = table_of(preset), free.key.split(".")
    if place[0] != "value" and place[1] not in table.get(place[0], {}):
        return False
    return free.key != "instrument.round_lot" or (preset.instrument.lot == 1 and not preset.dark)


class Space:
    """Coordinates around the preset `start`; `names`, `bounds` f8[k, 2] in coordinates."""

    def __init__(self, start: Preset) -> None:
        self.start, table = start, table_of(start)
        self.free = tuple(f for f in FREE if _movable(f, start))
        self.names = tuple(f.key for f in self.free)
        self._origin, edges = [], []
        for f in self.free:
            value = read(table, f.key)
            low, high = (value * f.low, value * f.high) if f.relative and value > 0 else (f.low, f.high)
            self._origin.append(_scaled(f, min(max(value, low), high)))
            edges.append([(_scaled(f, edge) - self._origin[-1]) / f.step for edge in (low, high)])
        self.bounds = np.array(edges)

    def values(self, x: np.ndarray) -> dict[str, float]:
        """Return the parameter values at coordinates `x` f8[k]."""
        inside = np.clip(x, self.bounds[:, 0], self.bounds[:, 1])
        found = {}
        for f, origin, u in zip(self.free, self._origin, inside.tolist(), strict=True):
            value = _plain(f, origin + u * f.step)
            found[f.key] = max(round(value), 1) if f.whole else rounded(value)
        return found

    def preset(self, x: np.ndarray) -> Preset:
        """Return the preset at coordinates `x` f8[k]."""
        return changed(self.start, self.values(x))
