"""Draw the picture of the README: an order worked through the generated day, and what it cost.

    python docs/picture.py [FOLDER]

Writes images/day.svg (by default beside this file). The same seed gives the same bytes: tests/docs compares.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nowake.core.values import Side
from nowake.execution.replay import replay_order
from nowake.execution.request import ReplayRequest
from nowake.market.reader import open_generated
from nowake.tca import charts
from nowake.tca.figure import png, style, svg
from nowake.tca.schedule_path import SchedulePath
from nowake.tca.summary import Analysis, OrderFacts, analyse

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DAY = "generated:7"
NAME = "day.svg"
SIZE = (11.0, 6.8)  # inches
SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
HEADS = (
    "Our fills, over the best bid and ask of the market without us",
    "Executed against the schedule",
    "What it cost, and why (positive = cost)",
)


def worked() -> Analysis:
    """Return the analysis of VWAP, buy 20,000, from open to close of the generated day."""
    request = ReplayRequest(reader=open_generated(DAY), source=DAY, algo="vwap", side=Side.BUY, quantity=20_000)
    result = replay_order(request)
    facts = OrderFacts(result.order, result.decision_mid, result.arrival_mid, result.end_mid, result.children)
    path = SchedulePath.of_slices(result.slice_times, result.targets)
    return analyse(facts, result.fills, result.prints, result.quotes, path)


def figure_of(analysis: Analysis) -> "Figure":
    """Draw price with fills above; quantity and the parts of the cost below. Call within `style()`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=(1.5, 1.0), width_ratios=(1.0, 1.15))
    price, quantity, parts = (figure.add_subplot(cell) for cell in (grid[0, :], grid[1, 0], grid[1, 1]))
    charts.draw_price(price, analysis)
    charts.draw_quantity(quantity, analysis)
    charts.draw_waterfall(parts, analysis)
    for axes, head in zip((price, quantity, parts), HEADS, strict=True):
        axes.set_title(head)
    price.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=4)
    quantity.legend(loc="lower right")
    parts.tick_params(axis="x", labelsize=8)
    return figure


def draw() -> bytes:
    """Return the picture as a standalone SVG file."""
    with style():
        text = svg(figure_of(worked()), "day")
    root = f'width="{SIZE[0] * 90:.0f}" height="{SIZE[1] * 90:.0f}" {SPACES}'
    return (text.replace("<svg", f"<svg {root}", 1) + "\n").encode()


def main(arguments: list[str]) -> None:
    """Write the picture; with a name ending in .png, draw that instead (to look at)."""
    target = Path(arguments[0]) if arguments else Path(__file__).parent / "images" / NAME
    if target.suffix == ".png":
        with style():
            target.write_bytes(png(figure_of(worked())))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(draw())
    print(target.name)


if __name__ == "__main__":
    main(sys.argv[1:])
