"""A page of the house as a PDF: the tags that its templates use, laid out on A4 landscape.

`printed` makes charts pictures while a page is rendered, and `pdf_of` sets that page: headings, paragraphs, cards,
figures, lists, tables (heads repeated; as many columns as fit side by side, the others below with the first repeated).
Needs the extra `pdf` (fpdf2), and of the extra `report` the fonts of matplotlib. The same page gives the same bytes.
"""

import base64
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nowake.core.errors import MissingError
from nowake.tca.figure import PRINTED_DPI
from nowake.tca.page_tree import Node, tree_of

if TYPE_CHECKING:
    from fpdf import FPDF

__all__ = ["need_pdf", "pdf_of"]

_FONT, _CARD, _BODY, _SMALL, _LEAST = "DejaVu", 11.0, 9.0, 8.0, 5.5  # points
_INK, _MUTED, _LINE = (31, 41, 51), (91, 103, 112), (200, 207, 213)
_HEADINGS = {"h1": 17.0, "h2": 12.5, "h3": 10.5, "summary": 10.5}
_MARGIN, _PAD = 12.0, 1.2  # mm
_CARDS = 6  # in a row
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # of making: a stamp would differ from run to run


def need_pdf() -> None:
    """Raise MissingError where no PDF can be written; before the work, not after it."""
    if find_spec("fpdf") is None:
        raise MissingError("PDF reports need fpdf2: install nowake[pdf]")
    if find_spec("matplotlib") is None:
        raise MissingError("PDF reports need matplotlib: install nowake[report]")


def pdf_of(page: str) -> bytes:
    """Return the HTML `page`, rendered inside `figure.printed`, as a PDF; MissingError without its libraries."""
    need_pdf()
    from fpdf import FPDF
    from matplotlib import get_data_path

    pdf, root = FPDF(orientation="landscape", unit="mm", format="A4"), tree_of(page)
    fonts = Path(get_data_path()) / "fonts" / "ttf"
    for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
        pdf.add_font(_FONT, style, str(fonts / name))
    pdf.set_margin(_MARGIN)
    pdf.set_auto_page_break(auto=True, margin=_MARGIN)
    pdf.set_creation_date(_EPOCH)
    pdf.set_title(root.find("title").text() if root.find("title").children else "nowake")
    pdf.set_lang("en")
    pdf.add_page()
    _set(pdf, root.find("main"))
    return bytes(pdf.output())


def _set(pdf: "FPDF", node: Node) -> None:
    """Set what `node` holds, block by block."""
    tags = [child for child in node.children if not isinstance(child, str)]
    for child in node.children:
        if isinstance(child, str):
            if child.strip():
                _words(pdf, " ".join(child.split()), _BODY)
        elif child.tag in _HEADINGS:
            following = tags[tags.index(child) + 1 : tags.index(child) + 2]
            _heading(pdf, child.text(), _HEADINGS[child.tag], following)
        elif child.tag == "p":
            _words(pdf, child.text(), _SMALL if "note" in child.classes else _BODY, gap=1.5)
        elif child.tag == "dl":
            _cards(pdf, child)
        elif child.tag == "img":
            _picture(pdf, child)
        elif child.tag in ("figcaption", "caption"):
            _words(pdf, child.text(), _SMALL, muted=True, gap=3.0)
        elif child.tag == "li":
            _words(pdf, f"• {child.text()}", _SMALL)
        elif child.tag == "table":
            _table(pdf, child)
        elif child.tag not in ("style", "svg", "head"):
            _set(pdf, child)


def _ink(pdf: "FPDF", size: float, style: str = "", *, muted: bool = False) -> float:
    """Choose font and colour; returns the height of a line in mm."""
    pdf.set_font(_FONT, style, size)
    pdf.set_text_color(*(_MUTED if muted else _INK))
    return size * 0.3528 * 1.35


def _words(pdf: "FPDF", text: str, size: float, *, muted: bool = False, gap: float = 0.5) -> None:
    height = _ink(pdf, size, muted=muted)
    pdf.set_x(pdf.l_margin)
    pdf.multi_cell(0, height, text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(gap)


def _heading(pdf: "FPDF", text: str, size: float, following: Sequence[Node]) -> None:
    """Set a heading, on the page of the picture that follows or of some lines."""
    height = _ink(pdf, size, "B")
    pictures = [one for node in following for one in ([node] if node.tag == "img" else node.all("img"))[:1]]
    if pdf.will_page_break(height + 4 + max([25.0, *(_size(pdf, one)[2] for one in pictures)])):
        pdf.add_page()
    pdf.ln(2.0 if pdf.get_y() > _MARGIN else 0)
    pdf.multi_cell(0, height, text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(1.0)


def _cards(pdf: "FPDF", node: Node) -> None:
    """Set headline numbers side by side: the name above the value, and its unit below."""
    cards = []
    for one in node.all("div"):
        value = one.find("dd")
        words = " ".join(piece.strip() for piece in value.children if isinstance(piece, str))
        cards.append((one.find("dt").text(), words.strip(), value.find("small").text()))
    for first in range(0, len(cards), _CARDS):
        row = cards[first : first + _CARDS]
        width = pdf.epw / _CARDS
        for at, (size, style) in enumerate(((_SMALL, ""), (_CARD, "B"), (_SMALL, ""))):
            height = _ink(pdf, size, style, muted=at != 1)
            for card in row:
                pdf.cell(width, height, _cut(pdf, card[at], width))
            pdf.ln(height)
        pdf.ln(2.0)


def _cut(pdf: "FPDF", text: str, width: float) -> str:
    """Return what of one line fits into `width` mm, with an ellipsis where something was cut."""
    if pdf.get_string_width(text) <= width - 2:
        return text
    while text and pdf.get_string_width(f"{text}…") > width - 2:
        text = text[:-1]
    return f"{text}…"


def _size(pdf: "FPDF", node: Node) -> tuple[bytes, float, float]:
    """Return a picture of a data address, its width and height in mm: as it was drawn, or what there is room for."""
    from PIL import Image

    data = base64.b64decode(node.attributes["src"].partition("base64,")[2])
    with Image.open(io.BytesIO(data)) as image:
        width, ratio = image.width / PRINTED_DPI * 25.4, image.height / image.width
    width = min(width, pdf.epw, (pdf.eph - 16) / ratio)
    return data, width, width * ratio


def _picture(pdf: "FPDF", node: Node) -> None:
    """Set a picture."""
    data, width, height = _size(pdf, node)
    if pdf.will_page_break(height):
        pdf.add_page()
    pdf.image(io.BytesIO(data), x=pdf.l_margin, w=width)
    pdf.ln(1.0)


def _table(pdf: "FPDF", node: Node) -> None:
    """Set a table, in several stretches where not all columns fit beside each other."""
    lines = [row.all("th", "td") for row in node.all("tr")]
    heads = sum(len(part.all("tr")) for part in node.all("thead"))
    if node.find("caption").children:
        _words(pdf, node.find("caption").text(), _SMALL, muted=True)
    columns = max(map(len, lines), default=0)
    full = [[cell.text() for cell in line] for line in lines if len(line) == columns]
    numbers = {
        k for line in lines if len(line) == columns for k, cell in enumerate(line) if "n" in cell.classes.split()
    }
    for begun, (chosen, widths, size) in enumerate(_stretches(pdf, full) if columns else ()):
        rows = [
            [line[k].lines() for k in chosen] if len(line) == columns else [line[0].lines()]
            for line in lines
            if len(line) == columns or not begun  # what spans a row stands in the first stretch alone
        ]
        _grid(pdf, rows, widths, ["R" if k in numbers else "L" for k in chosen], (size, heads))
    pdf.ln(2.0)


def _stretches(pdf: "FPDF", rows: Sequence[Sequence[str]]) -> list[tuple[list[int], list[float], float]]:
    """Return which columns stand beside each other, how wide they are (mm), and the size of their font."""
    size = _SMALL
    while True:
        _ink(pdf, size, "B")
        extra = 2 * _PAD + 1.0
        longest = [max(pdf.get_string_width(max(c.split() or [""], key=len)) for c in col) + extra
                   for col in zip(*rows, strict=True)]  # fmt: skip
        if sum(longest) <= pdf.epw or size <= _LEAST:
            break
        size -= 0.5
    whole = [max(pdf.get_string_width(line) for cell in col for line in cell.split("\n")) + extra
             for col in zip(*rows, strict=True)]  # fmt: skip
    found, start = [], 0
    while start < len(longest):
        chosen = [0, max(start, 1)][: len(longest)]
        start = chosen[-1] + 1
        while start < len(longest) and sum(longest[k] for k in [*chosen, start]) <= pdf.epw:
            chosen.append(start)
            start += 1
        found.append((chosen, _widths([longest[k] for k in chosen], [whole[k] for k in chosen], pdf.epw), size))
    return found


def _widths(least: list[float], whole: list[float], room: float) -> list[float]:
    """Return widths between the longest word and the whole text, what room there is shared by what is wanted."""
    if sum(whole) <= room:
        return whole
    wanted = [max(w - one, 0.0) for w, one in zip(whole, least, strict=True)]
    left, total = room - sum(least), sum(wanted)
    if left <= 0 or total <= 0:
        return [one * room / sum(least) for one in least]
    return [one + left * want / total for one, want in zip(least, wanted, strict=True)]


def _grid(
    pdf: "FPDF", rows: Sequence[Sequence[str]], widths: Sequence[float], align: Sequence[str], look: tuple[float, int]
) -> None:
    """Set rows as a table whose first rows are repeated on every page; `look`: size of the font, how many those are.

    A row of one cell spans all columns.
    """
    from fpdf.fonts import FontFace

    size, heads = look
    height = _ink(pdf, size)
    pdf.set_draw_color(*_LINE)
    options: dict[str, Any] = {"headings_style": FontFace(emphasis="BOLD", color=_INK)} if heads else {}
    with pdf.table(
        width=min(sum(widths), pdf.epw), col_widths=tuple(widths), text_align=tuple(align), line_height=height,
        padding=_PAD / 2, borders_layout="HORIZONTAL_LINES", first_row_as_headings=heads > 0,
        num_heading_rows=max(heads, 1), align="LEFT", **options,
    ) as table:  # fmt: skip
        for cells in rows:
            row = table.row()
            for text in cells:
                row.cell(text, colspan=len(widths) if len(cells) == 1 else 1, align="L" if len(cells) == 1 else None)
