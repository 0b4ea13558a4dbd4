"""The charts of a study: parts of the cost, groups and venues with intervals, orders over time, PIT of estimates."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nowake.core.times import clock_time
from nowake.tca.charts import draw_parts
from nowake.tca.figure import INK, MUTED, clock_axis, new_figure, since_midnight, svg, timezone
from nowake.tca.gallery import Chart
from nowake.tca.groups import Group
from nowake.tca.inference import Effect
from nowake.tca.kpis import kpi
from nowake.tca.study import Study
from nowake.tca.study_tables import titled
from nowake.tca.tables import Parent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOST_BARS", "made"]

MOST_BARS = 40  # groups drawn at most
_OWN, _FAR, _LINE = "#0b5fa5", "#c8553d", "#9aa5b1"


def _draw(key: str, size: tuple[float, float], draw: Callable[["Axes"], None], words: tuple[str, str]) -> Chart:
    from markupsafe import Markup

    figure, (axes,) = new_figure(*size)
    draw(axes)
    return Chart(key, Markup(svg(figure, key)), *words)


def _forest(axes: "Axes", rows: Sequence[tuple[str, Effect]], middle: float | None, label: str) -> None:
    """Draw a mean with its interval per row, top to bottom; `middle` is that of all together."""
    for i, (_, effect) in enumerate(reversed(rows)):
        if math.isfinite(effect.low):
            axes.plot([effect.low, effect.high], [i, i], color=_OWN, linewidth=1.6, solid_capstyle="butt")
        axes.plot([effect.value], [i], color=_OWN, marker="o", markersize=4.5, linestyle="none")
    axes.axvline(0, color=_LINE, linewidth=0.9)
    if middle is not None and math.isfinite(middle):
        axes.axvline(middle, color=_FAR, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set_yticks(range(len(rows)), [f"{name[:28]} ({effect.n})" for name, effect in reversed(rows)])
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(label)


def _of_number(group: Group, number: str) -> Effect | None:
    return next((cell.effect for cell in group.cells if cell.name == number), None)


def _said(rows: Sequence[tuple[str, Effect]]) -> str:
    return "; ".join(f"{name} {e.value:+.2f} [{e.low:+.2f}, {e.high:+.2f}] from {e.n}" for name, e in rows)


def _groups(study: Study) -> Chart | None:
    found, number = study.grouping, study.asked.number
    if found is None or found.by == "order":
        return None
    rows = [(g.name, e) for g in found.groups if (e := _of_number(g, number)) is not None and math.isfinite(e.value)]
    rows, one = rows[:MOST_BARS], kpi(number)
    if not rows:
        return None
    caption = f"{titled(one.words)} by {found.by}: value-weighted mean and 95 % interval, orders in brackets;"
    caption += " dashed: all orders."
    label = f"{one.words}, {one.unit}"
    size = (10.4, 0.9 + 0.28 * len(rows))
    return _draw("groups", size, lambda axes: _forest(axes, rows, study.mean.value, label), (_said(rows), caption))


def _venues(study: Study) -> Chart | None:
    found = [(row.venue, row.all_in if row.compared == "all_in" else row.paid) for row in study.venues]
    rows = [(venue, effect) for venue, effect in found if math.isfinite(effect.value)][:MOST_BARS]
    if not rows:
        return None
    what = "Realised half spread after 60 s" if study.venues[0].compared == "all_in" else "Half spread"
    caption = f"{what} plus fees by venue, 95 % interval, orders in brackets."
    size, label = (10.4, 0.9 + 0.28 * len(rows)), f"{what.lower()} + fees, bp"
    return _draw("venues", size, lambda axes: _forest(axes, rows, None, label), (_said(rows), caption))


def _zone(study: Study) -> str:
    """Return the time zone that all orders trade in, UTC where there are several."""
    zones = {timezone(study.tables.instruments[row.parent.symbol]) for row in study.rows}
    return zones.pop() if len(zones) == 1 else "UTC"


def _starts(axes: "Axes", parents: Sequence[Parent], zone: str) -> np.ndarray:
    """Return the starts of orders as `axes` has them: times of a day, from the first start to the last end, or dates.

    Dates where there are several days.
    """
    local = [clock_time(one.start, zone).replace(tzinfo=None) for one in parents]
    if len({when.date() for when in local}) > 1:
        return np.array(local, "M8[us]")
    first = parents[0].start
    seconds = since_midnight(np.array([one.start for one in parents]), zone, first)
    last = since_midnight(np.array([one.end for one in parents]), zone, first).max()
    margin = 0.02 * (last - seconds.min())
    clock_axis(axes, seconds.min() - margin, last + margin)
    return seconds


def _orders(study: Study) -> Chart:
    rows, number = study.rows, study.asked.number
    value = np.array([np.nan if (v := row.values[number]) is None else v for row in rows], float)
    far = np.array([row.parent.order_id in study.outliers for row in rows])
    one, zone = kpi(number), _zone(study)

    def draw(axes: "Axes") -> None:
        when = _starts(axes, [row.parent for row in rows], zone)
        axes.plot(when[~far], value[~far], "o", color=_OWN, markersize=3.5, label="order")
        axes.plot(when[far], value[far], "o", color=_FAR, markersize=4, fillstyle="none", label="outlier, kept")
        axes.axhline(0, color=_LINE, linewidth=0.9)
        axes.axhline(study.mean.value, color=INK, linewidth=0.9, linestyle=(0, (4, 3)), label="mean by value")
        axes.tick_params(axis="x", labelrotation=0, labelsize=8)
        axes.set_ylabel(f"{one.words}, {one.unit}")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)

    known = value[np.isfinite(value)]
    alt = "No order has this number."
    if len(known):
        alt = f"{one.words} of {len(known):,} orders over time, from {known.min():.2f} to {known.max():.2f}."
    caption = f"Each order by its start ({zone}). {int(far.sum())} lie far from the median; they stay in every mean."
    return _draw("orders", (10.4, 3.3), draw, (alt, caption))


def _pit(study: Study) -> Chart | None:
    found = study.calibration
    if found is None or not found.pit_counts:
        return None
    counts = found.pit_counts

    def draw(axes: "Axes") -> None:
        axes.bar(np.arange(10) / 10 + 0.05, counts, width=0.09, color=_OWN)
        axes.axhline(found.n / 10, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.set_xlabel("probability that the estimate gave to costs up to the one that came")
        axes.set_ylabel("orders")

    alt = f"Counts in ten bins: {', '.join(map(str, counts))}."
    caption = "Flat (dashed) if the estimates are calibrated; heaped at the right if they are too low."
    return _draw("pit", (10.4, 2.6), draw, (alt, caption))


def made(study: Study) -> dict[str, Chart]:
    """Return the charts of `study` by name; those without data are left out. Draw within `figure.style()`."""
    bps = study.total.bps()
    said = ", ".join(f"{name.removesuffix('_bps')} {value:+.2f}" for name, value in bps.items())
    parts = _draw(
        "parts", (10.4, 3.1), lambda axes: draw_parts(axes, bps),
        (f"Parts of the shortfall of all orders in basis points: {said}.", "All orders: from nothing to the total."),
    )  # fmt: skip
    found = [parts, _groups(study), _orders(study), _venues(study), _pit(study)]
    return {chart.key: chart for chart in found if chart is not None}
