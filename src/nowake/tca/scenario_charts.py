"""The charts of several policies on the same markets: costs, gains, holdings, impact; and of one order that is told."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nowake.execution.outcome import POINTS, Outcome, Told
from nowake.tca.figure import INK, MUTED, clock_axis, new_figure, since_midnight, svg
from nowake.tca.gallery import Chart
from nowake.tca.paired import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nowake.core.values import Instrument

__all__ = ["COLOURS", "draw_costs", "draw_gains", "draw_holdings", "draw_impact", "draw_mids", "draw_progress", "made"]

COLOURS = ("#0072B2", "#009E73", "#E69F00", "#CC79A7", "#D55E00", "#56B4E9", "#8FBC5A")  # Okabe & Ito 2008
_GREY = "#9aa5b1"

Pairs = Sequence[Sequence[Outcome]]


def _names(pairs: Pairs) -> list[str]:
    return [one.policy for one in pairs[0]]


def _spread(values: np.ndarray, height: float) -> np.ndarray:
    """Return offsets within +-height that put equal values beside each other, the same on every run."""
    order = np.argsort(np.argsort(values))
    return height * (((order * 7) % 11) / 5 - 1)


def draw_costs(axes: "Axes", pairs: Pairs, found: Comparison) -> None:
    """Draw every order's shortfall as a dot, a row per policy, and the mean with its 95 % interval."""
    names = _names(pairs)
    for i, row in enumerate(found.policies):
        cost = np.array([pair[i].shortfall_bps for pair in pairs])
        y = len(names) - 1 - i
        axes.scatter(cost, y + _spread(cost, 0.22), s=13, color=COLOURS[i % len(COLOURS)], alpha=0.45, linewidths=0)
        low, high = row.shortfall_bps_ci
        axes.plot([low, high], [y, y], color=INK, linewidth=2.2, solid_capstyle="butt")
        axes.plot([row.shortfall_bps], [y], "D", color=INK, markersize=5)
    axes.axvline(0, color=_GREY, linewidth=0.9)
    axes.set_yticks(range(len(names)), list(reversed(names)))
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.tick_params(axis="y", labelcolor=INK, length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("shortfall of an order, bp of the arrival mid, fees included")


def draw_gains(axes: "Axes", pairs: Pairs, found: Comparison) -> None:
    """Draw the gain of each pair as a dot, and the mean gain with its 95 % interval, a row per policy."""
    names, gains = _names(pairs), found.improvement
    for i, gain in enumerate(gains):
        of, over = names.index(gain.of), names.index(gain.over)
        saved = np.array([pair[over].shortfall_bps - pair[of].shortfall_bps for pair in pairs])
        y = len(gains) - 1 - i
        axes.scatter(saved, y + _spread(saved, 0.22), s=13, color=COLOURS[of % len(COLOURS)], alpha=0.45, linewidths=0)
        axes.plot(gain.bps_ci, [y, y], color=INK, linewidth=2.2, solid_capstyle="butt")
        axes.plot([gain.bps], [y], "D", color=INK, markersize=5)
    axes.axvline(0, color=_GREY, linewidth=0.9)
    first = gains[0].over if gains else ""
    shown = [gain.of if gain.over == first else f"{gain.of} over {gain.over}" for gain in gains]
    axes.set_yticks(range(len(gains)), shown[::-1])
    axes.set_ylim(-0.6, len(gains) - 0.4)
    axes.tick_params(axis="y", labelcolor=INK, length=0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"saved against {first or 'nothing'} on the same market, bp")


def _clock(told: Told, instrument: "Instrument", count: int) -> np.ndarray:
    times = np.linspace(told.times[0], told.times[-1], count).astype(np.int64)
    zone = instrument.sessions[0].timezone if instrument.sessions else "UTC"
    return since_midnight(times, zone, int(told.times[0]))


def draw_holdings(axes: "Axes", pairs: Pairs, told: Told, instrument: "Instrument") -> None:
    """Draw what is still to be done, as a share of the order, averaged over orders, a line per policy."""
    x = _clock(told, instrument, POINTS)
    for i, name in enumerate(_names(pairs)):
        left = np.mean([1 - pair[i].done / pair[i].quantity for pair in pairs], axis=0)
        axes.plot(x, 100 * left, color=COLOURS[i % len(COLOURS)], linewidth=1.5, label=name)
    clock_axis(axes, float(x[0]), float(x[-1]))
    axes.set_ylim(0, 104)
    axes.set_ylabel("still to be done, %")


def draw_impact(axes: "Axes", pairs: Pairs, told: Told, instrument: "Instrument") -> None:
    """Draw the mid with the order less the mid of its twin, averaged over orders, with the 95 % band of the mean."""
    x = _clock(told, instrument, POINTS)
    for i, name in enumerate(_names(pairs)):
        moved = np.array([pair[i].impact / pair[i].arrival * 1e4 for pair in pairs])
        mean, half = moved.mean(axis=0), 1.96 * moved.std(axis=0, ddof=1) / np.sqrt(len(moved))
        axes.fill_between(x, mean - half, mean + half, color=COLOURS[i % len(COLOURS)], alpha=0.13, linewidth=0)
        axes.plot(x, mean, color=COLOURS[i % len(COLOURS)], linewidth=1.5, label=name)
    axes.axhline(0, color=_GREY, linewidth=0.9)
    clock_axis(axes, float(x[0]), float(x[-1]))
    axes.set_ylabel("impact, bp")


def _thin(told: Told, most: int = 1200) -> np.ndarray:
    return np.unique(np.linspace(0, len(told.times) - 1, min(len(told.times), most)).astype(int))


def draw_mids(axes: "Axes", told: Told, instrument: "Instrument") -> None:
    """Draw the mid with and without the told order, its arrival, and the average price that it got."""
    keep, one = _thin(told), told.outcome
    x = _clock(told, instrument, len(told.times))[keep]
    axes.plot(x, told.mid[keep], color=COLOURS[0], linewidth=1.1, label="mid with the order")
    axes.plot(x, told.twin_mid[keep], color=COLOURS[4], linewidth=1.1, label="mid of the twin, without it")
    axes.axhline(one.arrival * one.tick, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), label="arrival mid")
    if one.filled:
        average = one.paid / one.filled * one.tick
        axes.axhline(average, color="#7a5195", linewidth=1.0, linestyle=(0, (1, 2)), label="average price")
    clock_axis(axes, float(x[0]), float(x[-1]))
    axes.set_ylabel(f"price, {instrument.currency}")
    axes.ticklabel_format(axis="y", useOffset=False, style="plain")


def draw_progress(axes: "Axes", told: Told, instrument: "Instrument") -> None:
    """Draw the shares done by the told order against its schedule."""
    keep, one = _thin(told), told.outcome
    x = _clock(told, instrument, len(told.times))[keep]
    axes.plot(x, told.due[keep], color="#b07d1a", linewidth=1.2, label="schedule")
    axes.step(x, told.done[keep], where="post", color=COLOURS[0], linewidth=1.5, label="done")
    axes.axhline(one.quantity, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), label="ordered")
    clock_axis(axes, float(x[0]), float(x[-1]))
    axes.set_ylim(0, one.quantity * 1.06)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_ylabel("shares")


def made(pairs: Pairs, found: Comparison, told: Told, instrument: "Instrument") -> dict[str, Chart]:
    """Return the charts by name. Draw within `figure.style()`."""
    from markupsafe import Markup

    tall = 0.75 + 0.45 * len(found.policies)
    figures = {
        name: new_figure(*size)
        for name, size in {
            "costs": (5.4, tall), "gains": (5.4, tall), "holdings": (5.4, 3.2), "impact": (5.4, 3.2),
            "mids": (10.4, 3.6), "progress": (10.4, 2.6),
        }.items()
    }  # fmt: skip
    draw_costs(figures["costs"][1][0], pairs, found)
    draw_gains(figures["gains"][1][0], pairs, found)
    draw_holdings(figures["holdings"][1][0], pairs, told, instrument)
    draw_impact(figures["impact"][1][0], pairs, told, instrument)
    draw_mids(figures["mids"][1][0], told, instrument)
    draw_progress(figures["progress"][1][0], told, instrument)
    for name in ("holdings", "impact", "mids", "progress"):
        wide = 4 if name in ("mids", "progress") else 3
        figures[name][1][0].legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=wide)
    words = _words(found, told)
    return {name: Chart(name, Markup(svg(figure, name)), *words[name]) for name, (figure, _) in figures.items()}


def _words(found: Comparison, told: Told) -> dict[str, tuple[str, str]]:
    """Return alternative text and caption of each chart."""
    costs = ", ".join(f"{row.name} {row.shortfall_bps:+.1f}" for row in found.policies)
    gains = ", ".join(f"{gain.of} over {gain.over} {gain.bps:+.1f}" for gain in found.improvement)
    ends = ", ".join(f"{row.name} {row.parent_impact_bps:+.1f}" for row in found.policies)
    policy = told.outcome.policy
    return {
        "costs": (f"Mean shortfall in bp: {costs}.", "A dot per order; diamond and bar: mean and 95 % interval."),
        "gains": (f"Mean gain in bp: {gains}.", "The same markets, so the market's own move falls out."),
        "holdings": ("What is left of the order over time, by policy.", "What is left of the order, mean over orders."),
        "impact": (
            f"Impact at the end in bp: {ends}.",
            "Mid with the order less mid of its twin; mean over orders and its 95 % band.",
        ),
        "mids": (f"Mid with and without one order of {policy}.", f"One order of {policy}, and the market without it."),
        "progress": (f"Shares done by one order of {policy} against its schedule.", "Done against schedule."),
    }
