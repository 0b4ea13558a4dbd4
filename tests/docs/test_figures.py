"""What the pages show is what the code gives today: the picture, and every measured table."""

import os
import re

import measure
import picture
import pytest
from blocks import DOCS, pages, stated

SLOW = {"queues"}


def test_the_committed_picture_is_what_the_code_draws() -> None:
    committed = (DOCS / "images" / picture.NAME).read_bytes()
    assert committed == picture.draw(), "make picture draws it anew"


def test_every_table_has_one_place_and_every_place_its_table() -> None:
    places = [
        (page, name)
        for page in pages()
        for name in re.findall(r"^<!-- (?!end |output )(\w+) -->$", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert sorted(places) == sorted((page, name) for name, (page, _) in measure.TABLES.items())


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in measure.TABLES]
)
def test_tables_are_what_is_measured(name: str) -> None:
    if not os.environ.get("NOWAKE_DATA"):
        pytest.skip("no market data: set NOWAKE_DATA")
    page, measured = measure.TABLES[name]
    assert stated(page, name) == measure.markdown(measured()), "docs/measure.py writes it anew"
