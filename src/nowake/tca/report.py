"""Write the report of an order: HTML, PDF or JSON by suffix, whole or not at all; and the picture of it, PNG or SVG.

`write_page` is the one place that makes a file of a page, whoever rendered it.
"""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nowake.core.errors import InputError
from nowake.tca.figure import printed
from nowake.tca.pdf import need_pdf, pdf_of
from nowake.tca.provenance import Provenance
from nowake.tca.summary import Analysis

__all__ = ["check_path", "picture", "write_page", "write_report", "write_whole"]

_SUFFIXES = (".html", ".json", ".pdf")
_SPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def check_path(path: str | Path, suffixes: tuple[str, ...] = _SUFFIXES) -> Path:
    """Return `path` if a report can be written there; InputError else. Call it before the work, not after.

    MissingError where a PDF is wanted and cannot be made.
    """
    target = Path(path)
    if target.suffix.lower() not in suffixes:
        raise InputError(
            f"report {target}", expected=f"a name ending in {' or '.join(suffixes)}", got=target.suffix or "none"
        )
    if target.is_dir() or not target.parent.is_dir():
        got = "a folder" if target.is_dir() else f"no folder {target.parent}"
        raise InputError(f"report {target}", expected="a file in a folder that exists", got=got)
    if not os.access(target.parent, os.W_OK):
        raise InputError(f"report {target}", expected="a folder one may write to", got=str(target.parent))
    if target.suffix.lower() == ".pdf":
        need_pdf()
    return target


def write_whole(target: Path, content: bytes) -> None:
    """Write `content` beside `target` and move it there in one step; InputError where that cannot be."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise InputError(f"report {target}", expected="a folder one may write to", got=error.strerror) from error
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise InputError(f"report {target}", expected="a file one may write", got=error.strerror) from error
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_page(target: Path, render: Callable[[], str]) -> None:
    """Write the page that `render` returns: as it is, or set as a PDF where the name ends so."""
    if target.suffix.lower() == ".pdf":
        with printed():
            write_whole(target, pdf_of(render()))
    else:
        write_whole(target, render().encode())


def write_report(
    path: str | Path,
    analysis: Analysis,
    provenance: Provenance | None = None,
    *,
    payload: Mapping[str, Any] | None = None,
) -> Path:
    """Write the report to `path` and return it; HTML is one self-contained page, PDF the same on paper.

    JSON is `payload` or the analysis.

    InputError for another suffix or a place that cannot be written; MissingError where an HTML page lacks its library.
    """
    target = check_path(path)
    if target.suffix.lower() == ".json":
        whole = dict(analysis.as_json() if payload is None else payload)
        write_whole(target, (json.dumps(whole, indent=2, allow_nan=False) + "\n").encode())
    else:
        from nowake.tca.page import render

        write_page(target, lambda: render(analysis, provenance or Provenance()))
    return target


def picture(path: str | Path, analysis: Analysis, *, title: str | None = None) -> Path:
    """Draw price with fills above executed quantity against schedule into `path` (.png or .svg) and return it."""
    from nowake.tca import charts
    from nowake.tca.figure import new_figure, png, style, svg

    target, order = check_path(path, (".png", ".svg")), analysis.facts.order
    with style():
        figure, (upper, lower) = new_figure(10.0, 6.0, (1.7, 1.0))
        charts.draw_price(upper, analysis)
        charts.draw_quantity(lower, analysis)
        words = f"{str(order.side).capitalize()} {order.quantity:,} {order.instrument.symbol}"
        cost = f"shortfall {analysis.decomposition.total_bps:+.2f} bp"
        figure.align_ylabels([upper, lower])
        figure.suptitle(title or f"{words}: {cost}", x=0.01, ha="left", fontsize=12, fontweight="bold")
        upper.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        lower.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        if target.suffix.lower() == ".png":
            content = png(figure)
        else:
            content = svg(figure, "picture").replace("<svg", f"<svg {_SPACES}", 1).encode()
    write_whole(target, content)
    return target
