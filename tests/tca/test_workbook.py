"""Workbooks: what went in can be read out again, text stays text, and the bytes never change."""

import io
import xml.etree.ElementTree as ET
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.tca.workbook import Sheet, workbook

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read(content: bytes) -> dict[str, list[dict[str, str]]]:
    """Rows of every sheet, cells by column letters."""
    out = {}
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        names = ET.fromstring(packed.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
        for i, sheet in enumerate(names, 1):
            found = ET.fromstring(packed.read(f"xl/worksheets/sheet{i}.xml")).iter(f"{MAIN}row")
            rows = [{c.get("r").rstrip("0123456789"): "".join(c.itertext()) for c in row} for row in found]
            out[sheet.get("name")] = rows
    return out


def test_cells_come_back() -> None:
    sheet = Sheet(
        "Orders & co", ("name", "cost", "n", "far"), [["=1+1 <b>", 1.25, 3, True], [None, float("nan"), -2, False]]
    )
    found = read(workbook([sheet, Sheet("Other", ("x",), [])]))
    assert found["Orders & co"][0] == {"A": "name", "B": "cost", "C": "n", "D": "far"}
    assert found["Orders & co"][1] == {"A": "=1+1 <b>", "B": "1.25", "C": "3", "D": "1"}
    assert found["Orders & co"][2] == {"C": "-2", "D": "0"}
    assert found["Other"] == [{"A": "x"}]


def test_text_is_never_a_formula() -> None:
    content = workbook([Sheet("A", ("x",), [["=HYPERLINK(1)"]])])
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        text = packed.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in text
    assert 't="inlineStr"' in text


def test_every_part_is_declared_and_linked() -> None:
    content = workbook([Sheet("A", ("x",), [[1]]), Sheet("B", ("x",), [[2]])])
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = {name for name in packed.namelist() if name.startswith("xl/") and "_rels" not in name}
        types = ET.fromstring(packed.read("[Content_Types].xml"))
        links = ET.fromstring(packed.read("xl/_rels/workbook.xml.rels"))
        book = ET.fromstring(packed.read("xl/workbook.xml"))
    declared = {e.get("PartName").lstrip("/") for e in types if e.get("PartName")}
    assert declared == parts
    assert {f"xl/{e.get('Target')}" for e in links} == parts - {"xl/workbook.xml"}
    ids = [value for e in book.iter(f"{MAIN}sheet") for key, value in e.attrib.items() if key.endswith("}id")]
    assert set(ids) <= {e.get("Id") for e in links}


def test_columns_beyond_z() -> None:
    header = tuple(f"c{i}" for i in range(703))
    row = read(workbook([Sheet("Wide", header, [])]))["Wide"][0]
    assert (row["Z"], row["AA"], row["AZ"], row["ZZ"], row["AAA"]) == ("c25", "c26", "c51", "c701", "c702")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.one_of(st.text(max_size=20), st.integers(-(2**53), 2**53)), min_size=2, max_size=2), max_size=5
    )
)
def test_any_text_and_number_survives(rows) -> None:
    content = workbook([Sheet("S", ("a", "b"), rows)])
    assert content == workbook([Sheet("S", ("a", "b"), rows)])
    for row, found in zip(rows, read(content)["S"][1:], strict=True):
        for letter, value in zip("AB", row, strict=True):
            if isinstance(value, int):
                assert int(found[letter]) == value
            elif value.isprintable():
                assert found[letter] == value


@pytest.mark.parametrize("name", ["", "x" * 32, "a/b", "a[1]"])
def test_a_name_that_excel_refuses_is_refused(name) -> None:
    with pytest.raises(InputError, match="sheet name"):
        Sheet(name, ("x",), [])


def test_rows_must_fit_the_header_and_names_differ() -> None:
    with pytest.raises(InputError, match="rows of 2 cells"):
        Sheet("A", ("x", "y"), [[1]])
    with pytest.raises(InputError, match="each with its own name"):
        workbook([Sheet("A", ("x",), []), Sheet("a", ("x",), [])])
    with pytest.raises(InputError, match="one sheet or more"):
        workbook([])
