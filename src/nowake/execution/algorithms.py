"""From the name of an algorithm to the schedule object that the slices ask."""

from collections.abc import Callable

import numpy as np

from nowake.core.times import HOUR, MINUTE, SECOND
from nowake.execution.feed import Window
from nowake.execution.request import Curve, ReplayRequest
from nowake.schedule.almgren_chriss import Urgency
from nowake.schedule.obizhaeva_wang import ObizhaevaWang
from nowake.schedule.pov import Pov
from nowake.schedule.protocol import Schedule, ScheduleState
from nowake.schedule.twap import Twap
from nowake.schedule.vwap import DynamicVwap, StaticVwap, u_shape

__all__ = ["make_schedule", "slice_edges", "spread_over"]

_AROUND_THE_CLOCK = 20 * HOUR  # a session this long has no open and close of its own

Seen = Callable[[int, int, int], np.ndarray]
"""(open, width, n) -> volumes printed so far in the first n bins of `width` ns from `open` (ns UTC)."""


def slice_edges(request: ReplayRequest, window: Window) -> np.ndarray:
    """Return the edges of equal slices of at most `slice_ns`, int64[n + 1], ns UTC."""
    longest = request.slice_ns or (30 * SECOND if request.algo == "pov" else 5 * MINUTE)
    slices = max(1, -(-(window.end - window.start) // longest))
    return np.array([window.start + (window.end - window.start) * k // slices for k in range(slices + 1)], np.int64)


def spread_over(shares: np.ndarray, open_: int, width: int, edges: np.ndarray) -> np.ndarray:
    """Return the shares of the intervals between `edges` under a curve of constant density inside each of its bins.

    `shares` f8[bins] from `open_` (same clock as `edges`, ns), `width` ns each; what lies outside the curve counts with
    the density of its nearest bin, so that no slice is ever without volume.
    """
    grid = open_ + width * np.arange(len(shares) + 1, dtype=np.float64)
    density = np.asarray(shares, float) / width
    total = np.concatenate(([0.0], np.cumsum(shares)))
    at = np.interp(edges, grid, total)
    at += np.minimum(edges - grid[0], 0) * density[0] + np.maximum(edges - grid[-1], 0) * density[-1]
    return np.diff(at)


def _default_curve(window: Window, edges: np.ndarray) -> np.ndarray:
    """Return shares per slice: U-shaped over the instrument's session, flat around the clock or outside of it."""
    session = window.session
    if session is not None and session.close - session.open < _AROUND_THE_CLOCK:
        bins = max(1, (session.close - session.open) // (5 * MINUTE))
        width = (session.close - session.open) // bins
        open_ = window.midnight + session.open
        if open_ <= window.start and window.end <= window.midnight + session.close:
            return spread_over(u_shape(bins), open_, width, edges.astype(float))
    return np.diff(edges).astype(float)


def _vwap(curve: Curve | None, window: Window, edges: np.ndarray, seen: Seen) -> Schedule:
    if curve is None:
        return StaticVwap(tuple(_default_curve(window, edges)))
    open_ = window.midnight + curve.open
    if not curve.dynamic:
        shares = curve.forecast.shares(0, ())
        return StaticVwap(tuple(spread_over(shares, open_, curve.width, edges.astype(float))))

    def forecast(state: ScheduleState) -> np.ndarray:
        bin_ = min(max(0, (state.now - open_) // curve.width), curve.bins - 1)
        rest = curve.forecast.shares(bin_, seen(open_, curve.width, bin_))
        return spread_over(rest, open_ + bin_ * curve.width, curve.width, edges[state.index :].astype(float))

    return DynamicVwap(forecast)


def make_schedule(request: ReplayRequest, window: Window, edges: np.ndarray, seen: Seen) -> Schedule:
    """Return the schedule of `request` for slices between `edges`."""
    if request.algo == "vwap":
        return _vwap(request.curve, window, edges, seen)
    if request.algo == "pov":
        return Pov(request.participation)
    if request.algo == "ac":
        return Urgency(request.urgency)
    if request.algo == "ow":
        return ObizhaevaWang(request.urgency)
    return Twap()
