"""Drawing without surprises: figures with one look, clock axes, and SVG or PNG bytes that never change between runs.

matplotlib is imported inside the functions; where it is absent MissingError says how to get it.
"""

import base64
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nowake.core.errors import MissingError
from nowake.core.times import HOUR, MINUTE, SECOND, clock_time, local_midnight

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nowake.core.values import Instrument

__all__ = [
    "INK",
    "MUTED",
    "PRINTED_DPI",
    "clock_axis",
    "new_figure",
    "png",
    "printed",
    "since_midnight",
    "style",
    "svg",
    "timezone",
]

INK, MUTED, GRID = "#1f2933", "#5b6770", "#e3e8ec"
_STEPS = (
    SECOND,
    5 * SECOND,
    15 * SECOND,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
)
_LOOK: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#9aa5b1",
    "axes.labelcolor": MUTED,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "nowake",
    "path.simplify": True,
    "path.simplify_threshold": 0.3,
}


PRINTED_DPI = 200  # of pictures in `printed`
_PRINTED: ContextVar[bool] = ContextVar("printed", default=False)


@contextmanager
def printed() -> Iterator[None]:
    """Draw the figures of pages as pictures instead of SVG elements, for a layout that knows no SVG."""
    before = _PRINTED.set(True)
    try:
        yield
    finally:
        _PRINTED.reset(before)


@contextmanager
def style() -> Iterator[None]:
    """Draw with the look of the house; MissingError where matplotlib is absent."""
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise MissingError("charts need matplotlib: install nowake[report]") from error
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(cast("Any", _LOOK))
        yield


def new_figure(width: float, height: float, rows: tuple[float, ...] = (1.0,)) -> tuple["Figure", list["Axes"]]:
    """Return a figure of `width` x `height` inches and its axes, one below the other with heights in ratio `rows`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(len(rows), 1, sharex=len(rows) > 1, squeeze=False, gridspec_kw={"height_ratios": rows})
    return figure, list(axes[:, 0])


def _short(attribute: "re.Match[str]") -> str:
    """Return a path or coordinate attribute cut to a hundredth of a point: half the size, the same look."""
    return re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", attribute[0])


def svg(figure: "Figure", key: str) -> str:
    """Return `figure` as an ``<svg>`` element to stand inside a page, its ids prefixed with `key`.

    Nothing in it names an address: declaration, document type, metadata and name spaces are taken out, which HTML
    does not need. Inside `printed` it is an ``<img>`` that holds its picture.
    """
    if _PRINTED.get():
        return f'<img alt="" src="data:image/png;base64,{base64.b64encode(png(figure, PRINTED_DPI)).decode()}">'
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = out.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", text)
    text = re.sub(r'\bid="', f'id="{key}-', text)
    text = re.sub(r'href="#', f'href="#{key}-', text)
    text = text.replace("url(#", f"url(#{key}-")
    text = re.sub(r' (?:d|x|y)="[^"]*"', _short, text)
    head, rest = text.split(">", 1)
    head = re.sub(r'\s(?:width|height)="[^"]*"', "", head)
    return f'{head} aria-hidden="true" focusable="false">{rest}'


def png(figure: "Figure", dpi: int = 160) -> bytes:
    """Return `figure` as PNG bytes without time or program stamps."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    return out.getvalue()


def timezone(instrument: "Instrument") -> str:
    """Return the IANA zone in which the times of `instrument` are shown: that of its first session, else UTC."""
    return instrument.sessions[0].timezone if instrument.sessions else "UTC"


def since_midnight(times: np.ndarray, zone: str, origin: int) -> np.ndarray:
    """Return seconds (f8[n]) since the local midnight of the day of `origin` (ns UTC)."""
    midnight = local_midnight(clock_time(origin, zone).date(), zone)
    seconds: np.ndarray = (np.asarray(times, np.int64) - midnight) / SECOND
    return seconds


def clock_axis(axes: "Axes", low: float, high: float) -> None:
    """Label the x axis of `axes`, seconds since midnight from `low` to `high`, as times of day."""
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    span = (high - low) * SECOND
    step = next((s for s in _STEPS if span / s <= 9), 24 * HOUR) / SECOND

    def show(second: float, _: object) -> str:
        whole = round(second) % 86_400
        text = f"{whole // 3600:02d}:{whole % 3600 // 60:02d}"
        return text if step >= 60 else f"{text}:{whole % 60:02d}"

    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.xaxis.set_major_formatter(FuncFormatter(show))
