"""A page as a PDF: its words and pictures, wide and long tables, the same bytes again, and what is missing named."""

import re
from pathlib import Path
from typing import Any

import pytest

from nowake.core.errors import MissingError
from nowake.tca import pdf
from nowake.tca.figure import new_figure, printed, style, svg
from nowake.tca.report import write_page

HEAD = "<html><head><title>Test</title></head><body><main>"


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect what is set on pages."""
    fpdf, said = pytest.importorskip("fpdf"), list[str]()

    def noting(name: str) -> None:
        before = getattr(fpdf.FPDF, name)

        def noted(self: Any, w: Any = None, h: Any = None, text: str = "", *args: Any, **more: Any) -> Any:
            said.append(text)
            return before(self, w, h, text, *args, **more)

        monkeypatch.setattr(fpdf.FPDF, name, noted)

    noting("multi_cell")
    noting("cell")
    return said


def pages(data: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", data))


def table(columns: int, rows: int) -> str:
    heads = "".join(f"<th>head of {k}</th>" for k in range(columns))
    body = "".join(
        f"<tr>{''.join(f'<td class=n>r{row}c{k}</td>' for k in range(columns))}</tr>"
        f"<tr><td colspan={columns}>why {row}</td></tr>"
        for row in range(rows)
    )
    return f"<table><caption>Cap</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def test_every_word_and_picture_of_a_page_is_set(words: list[str]) -> None:
    with style(), printed():
        figure, (axes,) = new_figure(4.0, 2.0)
        axes.plot([0, 1], [0, 1])
        picture = svg(figure, "one")
    page = (
        f"{HEAD}<h1>Große σ – 1</h1><dl><div><dt>Cost</dt><dd>+1.2 <small>bp</small></dd></div></dl><p>Para</p>"
        f"<figure>{picture}<figcaption>Below</figcaption></figure><ul><li>Item</li></ul>{table(3, 2)}<pre>bare</pre>"
        "</main></body></html>"
    )
    data = pdf.pdf_of(page)
    assert data.startswith(b"%PDF-")
    assert data.count(b"/Subtype /Image") >= 1
    for word in (
        "Große σ – 1",
        "Cost",
        "+1.2",
        "bp",
        "Para",
        "Below",
        "• Item",
        "Cap",
        "head of 2",
        "r1c2",
        "why 1",
        "bare",
    ):
        assert word in words, word
    assert pdf.pdf_of(page) == data


def test_a_long_table_goes_over_pages_with_its_head_on_each(words: list[str]) -> None:
    data = pdf.pdf_of(f"{HEAD}{table(3, 80)}</main></body></html>")
    assert pages(data) > 2
    assert words.count("head of 1") >= pages(data)
    assert words.count("why 79") == words.count("why 0") > 0


def test_columns_that_do_not_fit_stand_below_with_the_first_one_repeated(words: list[str]) -> None:
    wide = table(40, 2).replace("head of", "averylonghead")
    pdf.pdf_of(f"{HEAD}{wide}</main></body></html>")
    assert all(f"r1c{k}" in words for k in range(40))
    once = words.count("r1c39")  # a cell is measured before it is set
    assert words.count("r1c0") > once
    assert words.count("why 1") == once


def test_the_suffix_decides_how_a_page_is_written(tmp_path: Path) -> None:
    pytest.importorskip("fpdf")

    def render() -> str:
        with style():
            figure, (axes,) = new_figure(4.0, 2.0)
            axes.plot([0, 1], [0, 1])
            return f"{HEAD}{svg(figure, 'one')}</main></body></html>"

    write_page(tmp_path / "r.html", render)
    write_page(tmp_path / "r.PDF", render)
    assert "<svg" in (tmp_path / "r.html").read_text()
    assert (tmp_path / "r.PDF").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(("missing", "extra"), [("fpdf", "pdf"), ("matplotlib", "report")])
def test_what_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, missing: str, extra: str) -> None:
    monkeypatch.setattr(pdf, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(MissingError, match=rf"install nowake\[{extra}\]"):
        pdf.pdf_of("<html></html>")
