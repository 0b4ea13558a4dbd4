"""The charts of an order: price with fills, quantity against schedule, cost waterfall, fills by cause, mark-outs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nowake.core.records import Cause
from nowake.core.values import Side
from nowake.tca import quotes as path
from nowake.tca.figure import INK, MUTED, clock_axis, since_midnight, timezone
from nowake.tca.shortfall import PARTS
from nowake.tca.summary import Analysis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "CAUSES",
    "MARKERS",
    "draw_causes",
    "draw_mark_outs",
    "draw_parts",
    "draw_price",
    "draw_quantity",
    "draw_waterfall",
    "window",
]

MARKERS = 1500  # fills drawn at most
_POINTS = 1200  # of a quote path
_COST, _GAIN, _BAND, _OWN = "#c8553d", "#2a7f62", "#b9c9d9", "#0b5fa5"

# Colours of Okabe & Ito 2008, apart from each other for every kind of colour vision.
CAUSES: dict[Cause, tuple[str, str]] = {
    Cause.QUEUE: ("#0072B2", "queue reached us"),
    Cause.THROUGH: ("#56B4E9", "traded through our price"),
    Cause.HIDDEN_AT: ("#009E73", "hidden print at our price"),
    Cause.HIDDEN_THROUGH: ("#8FBC5A", "hidden print through our price"),
    Cause.CROSSED: ("#CC79A7", "arrival crossed our price"),
    Cause.TAKE: ("#D55E00", "we took"),
    Cause.MODEL: ("#E69F00", "queue model"),
}


def window(analysis: Analysis) -> tuple[int, int]:
    """Return the times (ns) between which the order is drawn: decision or start to end or last fill, and a margin."""
    order = analysis.facts.order
    low = order.start if order.decided is None else order.decided
    high = max(order.end, int(analysis.fills["time"][-1]) if len(analysis.fills) else order.end)
    margin = max((high - low) // 50, 1)
    return low - margin, high + margin


def _seconds(analysis: Analysis, times: np.ndarray) -> np.ndarray:
    order = analysis.facts.order
    return since_midnight(times, timezone(order.instrument), order.start)


def _thin(fills: np.ndarray) -> np.ndarray:
    """Return at most MARKERS of `fills`, evenly chosen."""
    if len(fills) <= MARKERS:
        return fills
    chosen: np.ndarray = fills[np.linspace(0, len(fills) - 1, MARKERS).astype(int)]
    return chosen


def _band(analysis: Analysis, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return best bid and ask in currency at `times`, NaN where a side is empty."""
    quotes, tick = analysis.quotes, float(analysis.facts.order.instrument.tick_size)
    if not len(quotes):
        return np.full(len(times), np.nan), np.full(len(times), np.nan)
    row = np.searchsorted(quotes["time"], times, side="right") - 1
    two_sided = (row >= 0) & np.isfinite(path.mids(quotes))[np.maximum(row, 0)]
    return (
        np.where(two_sided, quotes["bid"][row] * tick, np.nan),
        np.where(two_sided, quotes["ask"][row] * tick, np.nan),
    )


def draw_price(axes: "Axes", analysis: Analysis) -> None:
    """Draw fills by cause (dot passive, triangle aggressive) over the best bid and ask, arrival price and VWAP."""
    low, high = window(analysis)
    instrument, times = analysis.facts.order.instrument, np.linspace(low, high, _POINTS).astype(np.int64)
    bid, ask = _band(analysis, times)
    x = _seconds(analysis, times)
    axes.fill_between(x, bid, ask, step="post", color=_BAND, linewidth=0.6, label="best bid to ask")
    arrival = instrument.price(analysis.facts.arrival_mid)
    axes.axhline(arrival, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), label="arrival mid")
    if analysis.benchmarks.vwap is not None:
        vwap = instrument.price(analysis.benchmarks.vwap)
        axes.axhline(vwap, color="#7a5195", linewidth=1.0, linestyle=(0, (1, 2)), label="VWAP of the window")
    limit = analysis.facts.order.limit
    if limit is not None:
        axes.axhline(instrument.price(limit), color=_COST, linewidth=0.9, label="limit price")
    _draw_fills(axes, analysis)
    clock_axis(axes, float(x[0]), float(x[-1]))
    axes.set_ylabel(f"price, {instrument.currency}")
    axes.ticklabel_format(axis="y", useOffset=False, style="plain")


def _draw_fills(axes: "Axes", analysis: Analysis) -> None:
    fills, instrument = _thin(analysis.fills), analysis.facts.order.instrument
    away = "^" if analysis.facts.order.side is Side.BUY else "v"
    largest = max(float(fills["quantity"].max(initial=1)), 1.0)
    for cause, (colour, words) in CAUSES.items():
        for passive, marker in ((1, "o"), (0, away)):
            own = fills[(fills["cause"] == cause) & ((fills["passive"] != 0) == passive)]
            if len(own):
                axes.scatter(
                    _seconds(analysis, own["time"]),
                    own["price2"] / 2 * float(instrument.tick_size),
                    s=7 + 33 * own["quantity"] / largest,
                    c=colour,
                    marker=marker,
                    linewidths=0.4,
                    edgecolors="white",
                    zorder=3,
                    label=f"fill: {words}" + ("" if passive == (cause is not Cause.TAKE) else f" ({_kind(passive)})"),
                )


def _kind(passive: int) -> str:
    return "passive" if passive else "aggressive"


def draw_quantity(axes: "Axes", analysis: Analysis) -> None:
    """Draw the executed quantity over time against the schedule and its band."""
    order, fills, plan = analysis.facts.order, analysis.fills, analysis.schedule_path
    low, high = window(analysis)
    if plan is not None:
        _draw_plan(axes, analysis, low, high)
    times = np.concatenate([[low], fills["time"], [high]])
    done = np.concatenate([[0], np.cumsum(fills["quantity"]), [analysis.filled]])
    keep = np.unique(np.linspace(0, len(times) - 1, min(len(times), _POINTS)).astype(int))
    axes.step(_seconds(analysis, times[keep]), done[keep], where="post", color=_OWN, linewidth=1.7, label="executed")
    axes.axhline(order.quantity, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), label="ordered")
    clock_axis(axes, *(float(v) for v in _seconds(analysis, np.array([low, high]))))
    axes.set_ylim(0, order.quantity * 1.06)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_ylabel("quantity")


def _draw_plan(axes: "Axes", analysis: Analysis, low: int, high: int) -> None:
    plan = analysis.schedule_path
    assert plan is not None
    times = np.unique(np.concatenate([np.linspace(low, high, 400).astype(np.int64), np.asarray(plan.times, np.int64)]))
    if plan.low is not None and plan.high is not None:
        x = _seconds(analysis, np.asarray(plan.times, np.int64))
        axes.fill_between(x, plan.low, plan.high, color="#f0d9a8", linewidth=0, alpha=0.7, label="schedule band")
    axes.plot(_seconds(analysis, times), plan.at(times), color="#b07d1a", linewidth=1.2, label="schedule")


def draw_waterfall(axes: "Axes", analysis: Analysis) -> None:
    """Draw the parts of the shortfall as steps to the total, costs and gains told apart by colour, sign and label."""
    draw_parts(axes, analysis.decomposition.bps())


def draw_parts(axes: "Axes", bps: Mapping[str, float]) -> None:
    """Draw parts of a shortfall, in bp by key of the command line contract, as `draw_waterfall` does."""
    values = [bps[f"{name}_bps"] for name in (*PARTS, "total")]
    base = np.concatenate([[0.0], np.cumsum(values[:-1])])
    bottoms = [*base[:-1], 0.0]
    colours = [_COST if value > 0 else _GAIN for value in values]
    colours[-1] = INK
    span = max(float(np.ptp([*base, values[-1], 0.0])), 1e-9)
    axes.bar(range(len(values)), values, bottom=bottoms, color=colours, width=0.62, zorder=2)
    for i in range(len(values) - 1):
        axes.plot([i + 0.31, i + 0.69], [base[i + 1]] * 2, color="#9aa5b1", linewidth=0.8)
    for i, (value, bottom) in enumerate(zip(values, bottoms, strict=True)):
        top = max(bottom, bottom + value)
        axes.text(i, top + span * 0.025, f"{value:+.2f}" if value else "0", ha="center", va="bottom", fontsize=9)
    axes.set_xticks(range(len(values)), ["delay", "spread", "own impact", "timing", "opportunity", "fees", "total"])
    axes.tick_params(axis="x", labelsize=9, labelcolor=INK, length=0)
    axes.axhline(0, color="#9aa5b1", linewidth=0.9)
    axes.use_sticky_edges = False  # bars would hold the margin, and the labels need it
    axes.margins(y=0.14)
    axes.grid(visible=False, axis="x")
    axes.set_ylabel("bp of the decision notional")


def draw_causes(axes: "Axes", analysis: Analysis) -> None:
    """Draw the executed quantity by cause of fill."""
    rows = list(reversed(analysis.causes))
    names = [CAUSES[row.cause][1] for row in rows]
    axes.barh(names, [row.quantity for row in rows], color=[CAUSES[row.cause][0] for row in rows], height=0.6)
    for i, row in enumerate(rows):
        share = row.quantity / analysis.filled
        where: dict[str, Any] = {"xytext": (4, 0), "textcoords": "offset points", "va": "center", "fontsize": 8.5}
        axes.annotate(f"{row.quantity:,} ({share:.0%})", (row.quantity, i), **where)
    axes.margins(x=0.28)
    axes.grid(visible=False, axis="y")
    axes.locator_params(axis="x", nbins=4)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("quantity")


def draw_mark_outs(axes: "Axes", analysis: Analysis) -> None:
    """Draw the quantity-weighted mark-out by horizon; below zero the price moved against our fills."""
    rows = [m for m in analysis.mark_outs if m.bps is not None]
    values = [0.0 if m.bps is None else m.bps for m in rows]
    axes.axhline(0, color="#9aa5b1", linewidth=0.9)
    axes.plot(range(len(rows)), values, color=_OWN, linewidth=1.4, marker="o", markersize=5)
    span = max(float(np.ptp([*values, 0.0])), 1e-9)
    for i, value in enumerate(values):
        axes.text(i, value + span * 0.06, f"{value:+.2f}", ha="center", va="bottom", fontsize=8.5)
    axes.set_xticks(range(len(rows)), [f"{m.horizon_s:g} s" for m in rows])
    axes.margins(x=0.1, y=0.2)
    axes.set_xlabel("time after the fill")
    axes.set_ylabel("bp, positive = in our favour")
