"""The charts of a page, each an inline SVG with a caption and its content in words for those who do not see it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nowake.tca import charts
from nowake.tca.figure import new_figure, svg
from nowake.tca.shortfall import PARTS
from nowake.tca.summary import Analysis

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

__all__ = ["Chart", "gallery"]


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawn chart: its key, the ``<svg>`` element, what it shows in words, and the caption."""

    key: str
    svg: "Markup"
    alt: str
    caption: str


def _draw(key: str, draw: Callable[["Axes", Analysis], None], analysis: Analysis, size: tuple[float, float]) -> str:
    figure, (axes,) = new_figure(*size)
    draw(axes, analysis)
    if key in ("price", "quantity"):
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=5)
    return svg(figure, key)


_DRAWN: dict[str, tuple[Callable[["Axes", Analysis], None], tuple[float, float]]] = {
    "price": (charts.draw_price, (10.4, 4.3)),
    "quantity": (charts.draw_quantity, (10.4, 3.0)),
    "waterfall": (charts.draw_waterfall, (10.4, 3.1)),
    "causes": (charts.draw_causes, (5.4, 3.0)),
    "markouts": (charts.draw_mark_outs, (5.4, 3.3)),
}


def _price(analysis: Analysis, ticks: float | None) -> str:
    return "none" if ticks is None else f"{analysis.facts.order.instrument.price(ticks):.4f}"


def _words(analysis: Analysis) -> dict[str, tuple[str, str]]:
    """Return alternative text and caption of each chart."""
    parts, n = analysis.decomposition.bps(), len(analysis.fills)
    said = ", ".join(f"{name} {parts[f'{name}_bps']:+.2f}" for name in (*PARTS, "total"))
    marks = ", ".join(f"{m.horizon_s:g} s {m.bps:+.2f}" for m in analysis.mark_outs if m.bps is not None)
    causes = ", ".join(f"{charts.CAUSES[row.cause][1]} {row.quantity:,}" for row in analysis.causes)
    thinned = f" Of {n:,} fills {charts.MARKERS:,} are drawn." if n > charts.MARKERS else ""
    return {
        "price": (
            f"Price over time with {n:,} fills at {_price(analysis, analysis.average)} on average, "
            f"arrival mid {_price(analysis, analysis.facts.arrival_mid)}.",
            "Best bid to best ask with our fills: dots are passive, triangles aggressive, size is quantity." + thinned,
        ),
        "quantity": (
            f"Executed quantity over time: {analysis.filled:,} of {analysis.facts.order.quantity:,} ordered.",
            "Executed quantity against what the schedule asked for."
            if analysis.schedule_path
            else "Executed quantity over time; no schedule was given.",
        ),
        "waterfall": (f"Parts of the shortfall in basis points: {said}.", "From nothing to the total, part by part."),
        "causes": (f"Quantity by cause of fill: {causes}.", "Quantity by cause."),
        "markouts": (
            f"Mark-outs in basis points: {marks or 'none within the data'}.",
            "Quantity-weighted mark-out. Below zero the price moved against our fills: adverse selection.",
        ),
    }


def gallery(analysis: Analysis) -> dict[str, Chart]:
    """Return the charts of `analysis` by name; those about fills only where there are fills. Draw within `style()`."""
    from markupsafe import Markup

    words, names = _words(analysis), list(_DRAWN) if len(analysis.fills) else ["price", "quantity", "waterfall"]
    drawn = {name: _draw(name, _DRAWN[name][0], analysis, _DRAWN[name][1]) for name in names}
    return {name: Chart(name, Markup(text), *words[name]) for name, text in drawn.items()}
