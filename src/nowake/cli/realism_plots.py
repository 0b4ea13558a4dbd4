"""The plots of the page of the gate: a curve where a fact is one, else every part on an axis with its range."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nowake.market.realism.curves import Curve, curves
from nowake.market.realism.facts import Fact, Part
from nowake.market.realism.impact import FRACTIONS, ImpactRow
from nowake.market.realism.measure import resampler_of
from nowake.market.realism.reduced import Reduced
from nowake.tca.figure import INK, MUTED, new_figure, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Drawn", "draw_fact", "fact_curves"]

MARKET, DATA, RANGE = "#0072B2", "#D55E00", "#d9e8dd"
_LEGEND: dict[str, Any] = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": 4}
_SHADES = ("#56B4E9", "#0072B2", "#1b3a57")
_MARKS = ("o", "s", "^")
_BANDS = frozenset({1, 5})  # facts whose range is one of the curve itself


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the plots draw: curves of the market and of data by fact (either may be empty), rows of impact."""

    market: dict[int, Curve]
    data: dict[int, Curve]
    rows: tuple[ImpactRow, ...]


def fact_curves(days: Sequence[Reduced], seed: int) -> dict[int, Curve]:
    """Return the curves of these days, none without days."""
    return curves(days, resampler_of(days, seed=seed)) if days else {}


def draw_fact(fact: Fact, beside: Fact | None, drawn: Drawn) -> str:
    """Return the plot of a fact as an ``<svg>`` element; `beside`: the same fact of data. Draw within `style()`."""
    key = f"fact{fact.id}"
    own, other = drawn.market.get(fact.id), drawn.data.get(fact.id)
    if own or other:
        figure, (axes,) = new_figure(9.0, 3.1)
        if fact.id in _BANDS and (part := fact.parts[0]).low is not None and part.high is not None:
            axes.axhspan(part.low, part.high, color=RANGE, label="accepted")
        _curves(axes, own, other)
        return svg(figure, key)
    if drawn.rows and fact.id in _IMPACT:
        figure, (axes,) = new_figure(9.0, 3.3)
        _IMPACT[fact.id](axes, drawn.rows, fact)
        return svg(figure, key)
    return _gauges(fact, beside, key)


def _curves(axes: "Axes", own: Curve | None, other: Curve | None) -> None:
    """Draw the curve of the market, that of data, and their bands."""
    for curve, colour, name in ((own, MARKET, "market"), (other, DATA, "data")):
        if curve is None:
            continue
        y, low, high = (_positive(v) if "y" in curve.log else v for v in (curve.y, curve.low, curve.high))
        axes.fill_between(curve.x, low, high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(curve.x, y, color=colour, linewidth=1.6, label=name)
        if len(curve.x) <= 25:
            axes.plot(curve.x, y, ".", color=colour)
    first = own or other
    assert first is not None
    axes.set_xlabel(first.x_name)
    axes.set_ylabel(first.y_name)
    _logarithmic(axes, first.log)
    if first.log == "" and np.nanmin(first.y) < 0 < np.nanmax(first.y):
        axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.legend(**_LEGEND)


def _logarithmic(axes: "Axes", which: str) -> None:
    """Draw these axes ("x", "y" or both) in logs, unless nothing on them is above zero."""
    for axis, high in (("x", axes.dataLim.x1), ("y", axes.dataLim.y1)):
        if axis in which and np.isfinite(high) and high > 0:
            getattr(axes, f"set_{axis}scale")("log")


def _positive(values: np.ndarray) -> np.ndarray:
    positive: np.ndarray = np.where(values > 0, values, np.nan)
    return positive


def _groups(rows: Sequence[ImpactRow]) -> list[tuple[str, list[ImpactRow], str, str]]:
    """Return (label, rows, colour, marker) of every participation."""
    names = sorted({row.participation for row in rows})
    return [
        (f"{100 * p:.0f} % of volume", [r for r in rows if r.participation == p], _SHADES[k % 3], _MARKS[k % 3])
        for k, p in enumerate(names)
    ]


def _mean(values: np.ndarray) -> tuple[float, float]:
    """Return the mean and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def _points(axes: "Axes", group: Sequence[tuple[float, float, float]], label: str, colour: str, marker: str) -> None:
    x, y, error = (np.array(column) for column in zip(*group, strict=True))
    axes.errorbar(x, y, 1.96 * error, fmt=marker, color=colour, label=label, markersize=5, linewidth=1.1)


def _law(axes: "Axes", rows: Sequence[ImpactRow], _: Fact) -> None:
    """Draw impact over size in logs: I / σ against Q / V, and the accepted prefactors of the square root."""
    x = np.geomspace(min(r.size for r in rows) / 1.5, max(r.size for r in rows) * 1.5, 50)
    axes.fill_between(x, 0.5 * np.sqrt(x), 1.5 * np.sqrt(x), color=RANGE, label="Y √(Q/V), Y .5 to 1.5")
    for label, group, colour, marker in _groups(rows):
        found = [(r.size, *_mean(r.path[:, -1] / r.sigma)) for r in group]
        if positive := [point for point in found if point[1] > 0]:
            _points(axes, positive, label, colour, marker)
    hidden = sum(r.path[:, -1].mean() <= 0 for r in rows)
    if hidden:
        words = f"not drawn: {hidden} of {len(rows)} orders, impact not above zero"
        axes.text(0.99, 0.03, words, transform=axes.transAxes, ha="right", color=MUTED, fontsize=8)
    axes.set(xlabel="size, Q / V", ylabel="impact, daily deviations")
    _logarithmic(axes, "xy")
    lowest = min((r.path[:, -1].mean() / r.sigma for r in rows if r.path[:, -1].mean() > 0), default=1e-3)
    axes.set_ylim(bottom=max(lowest / 3, 1e-5))
    axes.legend(**_LEGEND)


def _path(axes: "Axes", rows: Sequence[ImpactRow], fact: Fact) -> None:
    """Draw impact along the order between its accepted bounds."""
    x = np.linspace(0.05, 1, 60)
    axes.fill_between(x, x**0.7 - 0.1, x**0.5 + 0.1, color=RANGE, label="accepted")
    parts = [p for p in fact.parts if p.name.startswith("path_") and p.value is not None]
    at = [int(p.name.split("_")[1]) / 100 for p in parts]
    y = [p.value for p in parts if p.value is not None]
    low, high = ([p.ci[k] if p.ci else np.nan for p in parts] for k in (0, 1))
    axes.vlines(at, low, high, color=MARKET, linewidth=1.4)
    axes.plot(at, y, "o", color=MARKET, label="all orders")
    for label, group, colour, _ in _groups(rows):
        total = np.sum([r.path.mean(0) for r in group], axis=0)
        if total[-1] > 0:
            axes.plot(FRACTIONS, total / total[-1], color=colour, linewidth=0.9, label=label)
    axes.set(xlabel="part of the order that is done, x", ylabel="I(x) / I(1)")
    axes.legend(**{**_LEGEND, "ncols": 5})


def _decay(axes: "Axes", rows: Sequence[ImpactRow], _: Fact) -> None:
    """Draw what is left of the impact one horizon after the end of the order."""
    axes.axhspan(0.5, 0.85, color=RANGE, label="accepted, all orders together")
    axes.axhline(2 / 3, color=MUTED, linewidth=0.8, linestyle="--", label="2/3")
    for label, group, colour, marker in _groups(rows):
        points = []
        for r in group:
            if np.isfinite(r.after).all() and r.path[:, -1].mean() > 3 * _mean(r.path[:, -1])[1]:
                peak, (left, error) = r.path[:, -1].mean(), _mean(r.after)
                points.append((r.horizon, left / peak, error / peak))
        if points:
            _points(axes, points, label, colour, marker)
    axes.set(xlabel="time of the order T, days", ylabel="I(2T) / I(T)")
    _logarithmic(axes, "x")
    axes.legend(**{**_LEGEND, "ncols": 5})


def _speed(axes: "Axes", rows: Sequence[ImpactRow], _: Fact) -> None:
    """Draw temporary impact over the rate of trading in logs."""
    for label, group, colour, marker in _groups(rows):
        points = []
        for r in group:
            cost, error = _mean(r.shortfall - r.after / 2)
            if np.isfinite(cost) and cost > 0:
                points.append((r.horizon, cost / r.sigma, error / r.sigma))
        if points:
            _points(axes, points, label, colour, marker)
    axes.set(xlabel="time of the order T, days", ylabel="temporary impact, deviations")
    _logarithmic(axes, "xy")
    if axes.has_data():
        axes.legend(**_LEGEND)


_IMPACT: dict[int, Any] = {6: _law, 7: _law, 8: _path, 9: _decay, 10: _speed}


def _gauges(fact: Fact, beside: Fact | None, key: str) -> str:
    """Return one axis per part: its accepted range, the market's value with its interval, and that of data."""
    from matplotlib.figure import Figure

    n = len(fact.parts)
    figure = Figure(figsize=(9.0, 0.62 * n + 0.35), layout="constrained")
    for axes, part in zip(figure.subplots(n, 1, squeeze=False)[:, 0], fact.parts, strict=True):
        other = next((p for p in beside.parts if p.name == part.name), None) if beside else None
        _gauge(axes, part, other)
    return svg(figure, key)


def _gauge(axes: "Axes", part: Part, other: Part | None) -> None:
    known = [v for p in (part, other) if p for v in (p.value, *(p.ci or ())) if v is not None]
    known += [v for v in (part.low, part.high) if v is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    room = 0.08 * (high - low) or abs(high) * 0.2 or 1.0
    low, high = low - room, high + room
    axes.axvspan(low if part.low is None else part.low, high if part.high is None else part.high, color=RANGE)
    for one, colour, y in ((part, MARKET, 0.62), (other, DATA, 0.3)):
        if one is not None and one.value is not None:
            if one.ci is not None:
                axes.plot(one.ci, (y, y), color=colour, linewidth=2.2, solid_capstyle="butt")
            axes.plot(one.value, y, "o" if one is part else "D", color=colour, markersize=5)
    if part.value is None and (other is None or other.value is None):
        axes.text(0.5, 0.5, "no value", transform=axes.transAxes, ha="center", va="center", color=MUTED)
    axes.set(xlim=(low, high), ylim=(0, 1), yticks=[])
    axes.set_ylabel(part.name.replace("_", " "), rotation=0, ha="right", va="center", color=INK)
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelsize=7.5)
