"""VWAP: in proportion to the volume expected in each bin, from a fixed curve or a forecast that learns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.schedule.checks import MAX_BINS, positive, shares_of, whole_bins, whole_quantity
from nowake.schedule.protocol import ScheduleState, cumulative, round_share
from nowake.schedule.trajectory import FloatArray, Trajectory, along

__all__ = ["DynamicVwap", "Forecast", "StaticVwap", "u_shape", "vwap"]

Forecast = Callable[[ScheduleState], Sequence[float] | FloatArray]
"""Expected volume (any unit) of the bins ``state.index .. state.slices - 1``, given what has been seen."""


@dataclass(frozen=True, slots=True)
class StaticVwap:
    """Along a fixed volume curve: `curve` (slices,) relative volumes of the slices of the order's window.

    An order with another number of slices reads the curve as piecewise constant over the same window.
    """

    curve: tuple[float, ...]

    def __post_init__(self) -> None:
        shares_of(self.curve, "volume curve")

    def target(self, state: ScheduleState) -> int:
        """Return total times the expected share of volume up to the end of the slice."""
        if state.index + 1 >= state.slices:
            return state.total
        if state.slices == len(self.curve):
            return int(cumulative(state.total, self.curve)[state.index])
        edges = np.concatenate(([0.0], np.cumsum(shares_of(self.curve, "volume curve"))))
        place = (state.index + 1) / state.slices * len(self.curve)
        return round_share(state.total, float(np.interp(place, np.arange(edges.size), edges)))


@dataclass(frozen=True, slots=True)
class DynamicVwap:
    """n_j = x_j v_j / sum_{i>=j} v_i: what is left, over the volume still expected, renormalised in each bin.

    x_j is what was left when the slice began; fills that lag are spread over the rest of the window instead of being
    chased at once. `forecast(state)` gives v_j, ..., v_{N-1}; a model that updates on `state.volumes` makes it
    adaptive.
    """

    forecast: Forecast

    def target(self, state: ScheduleState) -> int:
        """Return what was filled when the slice began plus this slice's part; InputError on a bad forecast."""
        expected = np.asarray(self.forecast(state), dtype=np.float64)
        wanted = state.slices - state.index
        if expected.shape != (wanted,):
            raise InputError("volume forecast", expected=f"{wanted} remaining bins", got=f"shape {expected.shape}")
        left = state.total - state.filled_before
        if wanted == 1:
            return state.total
        return state.filled_before + round_share(left, float(shares_of(expected, "volume forecast")[0]))


def u_shape(bins: int, depth: float = 3.0) -> FloatArray:
    """Return the shares (bins,) of a generic U-shaped day: density 1 + depth (2u - 1)^2 for u in 0..1.

    A stand-in where no curve has been fitted: depth 3 puts 13.7 % into each outer half hour of 6.5 hours.
    """
    u = np.linspace(0.0, 1.0, whole_bins(bins) + 1)
    edges = (u + depth / 6 * ((2 * u - 1) ** 3 + 1)) / (1 + depth / 3)
    return np.diff(edges)


def vwap(quantity: int, horizon: float, curve: Sequence[float] | FloatArray) -> Trajectory:
    """Return whole trades in proportion to `curve` (bins,), equal bins over `horizon`, that sum to `quantity`."""
    total = whole_quantity(quantity)
    if len(curve) > MAX_BINS:
        raise InputError("volume curve", expected=f"at most {MAX_BINS} bins", got=len(curve))
    done = cumulative(total, curve)
    times = np.linspace(0.0, positive(horizon, "T"), done.size + 1)
    return along(times, total - np.concatenate(([0], done)))
