"""A study and its reports: everything adds up, the three reports say the same, and noise gets no verdict."""

import html
import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.core.times import show_time
from nowake.tca.command import BY, asked_for, compute_tca, report_path, shown, write_report
from nowake.tca.kpis import KPIS
from nowake.tca.minimum import TOO_FEW, Minimum
from nowake.tca.provenance import Provenance
from nowake.tca.study import Asked, Study, analyse_tables
from nowake.tca.study_body import study_body
from nowake.tca.study_page import render_study
from nowake.tca.study_report import study_workbook, write_study
from nowake.tca.study_tables import grids, show_ranges

MADE = Provenance(source="a desk <b>&", config_hash="c0ffee", version="0.1.0", seed=7)


@pytest.fixture(scope="module")
def study(desk) -> Study:
    return analyse_tables(desk(days=14, orders=4, dear=12, rejecting=True), Asked("algo", "spread_bps"))


@pytest.fixture(scope="module")
def page(study) -> str:
    return render_study(study, MADE)


class Tables(HTMLParser):
    """Rows of text of every table by id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self._table: list[list[str]] | None = None
        self._in = False
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        if tag == "table":
            self._table = self.found.setdefault(dict(attrs)["id"], [])
        elif tag == "tr" and self._table is not None:
            self._table.append([])
        elif tag in ("td", "th") and self._table:
            self._table[-1].append("")
            self._in = True
        elif tag == "small" and self._in:
            self._table[-1][-1] += " | "

    def handle_endtag(self, tag) -> None:
        if tag in ("td", "th"):
            self._in = False
        elif tag == "table":
            self._table = None

    def handle_data(self, data) -> None:
        if self._in and self._table:
            self._table[-1][-1] += data


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 4), st.integers(-9, 9), st.booleans())
def test_any_desk_adds_up_exactly(desk, seed, days, orders, dear, rejecting) -> None:
    tables = desk(seed=seed, days=days, orders=orders, dear=dear, rejecting=rejecting)
    found = analyse_tables(tables, Asked("venue", least=Minimum(2, 2)))
    assert found.adds_up
    assert found.total.total == sum((row.exact.total for row in found.rows), Fraction(0))
    bought = sum(int(row["quantity"]) for row in tables.fills)
    assert sum(row.filled for row in found.rows) == bought == sum(venue.filled for venue in found.venues)
    assert sum(row.exact.fees for row in found.rows) == sum(
        (Fraction(float(f)) for f in tables.fills["fee"]), Fraction(0)
    )


def test_a_wrong_part_would_be_seen(study) -> None:
    broken = replace(
        study.rows[0], exact=replace(study.rows[0].exact, delay=study.rows[0].exact.delay + Fraction(1, 10**9))
    )
    assert study.adds_up
    assert not replace(study, rows=(broken, *study.rows[1:])).adds_up


def test_the_body_is_plain_json_with_intervals_and_sources(study) -> None:
    body = json.loads(json.dumps(study_body(study), allow_nan=False))
    assert body["adds_up"] is True
    assert body["decomposition"]["total_bps"] == pytest.approx(study.total.bps()["total_bps"])
    assert body["mean_ci"][0] < body["mean"] < body["mean_ci"][1]
    slow = next(group for group in body["groups"] if group["name"] == "slow")
    assert slow["verdict"] == "dearer"
    assert slow["versus_others_ci"][0] < slow["versus_others"] < slow["versus_others_ci"][1]
    assert set(slow["numbers"]) >= {"shortfall_bps", "shortfall_bps_ci"}
    assert len(body["orders"]) == 56
    for order in body["orders"]:
        assert set(order["numbers"]) == set(body["numbers"]) == {one.name for one in KPIS}
        for name, value in order["numbers"].items():
            links = [span for family in body["numbers"][name]["sources"] for span in order["sources"][family]]
            assert value is None or links, name
    assert {venue["venue"] for venue in body["venues"]} == {"ALPHA", "BETA", "OPAL", "DLR0", "DLR1"}
    assert all(venue["sources"] for venue in body["venues"])
    assert body["calibration"]["n"] == 56


def test_sources_are_journal_numbers_of_the_tables(study) -> None:
    one = study_body(study)["orders"][0]
    parent = study.tables.parents[0]
    assert one["sources"]["order"] == [[min(parent.seqs), max(parent.seqs)]]
    fills = {n for low, high in one["sources"]["fills"] for n in range(low, high + 1)}
    assert fills == set(study.rows[0].facts["seq"].tolist())
    prints = {n for low, high in one["sources"]["prints"] for n in range(low, high + 1)}
    tape = study.tables.tapes["XYZ", study.rows[0].day]
    assert prints <= set(tape.prints["seq"].tolist())
    assert prints


def test_the_page_says_what_the_study_says(study, page) -> None:
    found = Tables(page).found
    groups = {row[0]: row for row in found["groups"][1:]}
    for group in study.grouping.groups:
        cell = next(cell.effect for cell in group.cells if cell.name == "spread_bps")
        value, ends = groups[group.name][3].split(" | ")
        assert float(value) == pytest.approx(cell.value, abs=0.0051)
        assert [float(end) for end in ends.split(" to ")] == pytest.approx([cell.low, cell.high], abs=0.0051)
        assert group.verdict in groups[group.name]
    assert len(found["orders"]) == len(study.rows) + 1
    assert {row[0] for row in found["venues"][1:]} == {venue.venue for venue in study.venues}
    assert len(found["dealers"]) == 3
    parts = {row[0]: float(row[1]) for row in found["decomposition"][1:]}
    assert parts["total"] == pytest.approx(study.total.bps()["total_bps"], abs=0.0051)
    assert "a desk &lt;b&gt;&amp;" in page


def texts_of(page: str, key: str) -> list[str]:
    """Return what is written in a chart."""
    (chart,) = re.findall(rf'<svg[^>]*>(?:(?!</svg>).)*id="{key}-(?:(?!</svg>).)*</svg>', page, re.DOTALL)
    return re.findall(r"<text[^>]*>([^<]*)</text>", chart)


@pytest.mark.parametrize("orders", [1, 3])
def test_orders_of_one_day_are_drawn_by_the_time_of_day(desk, orders) -> None:
    found = analyse_tables(desk(days=1, orders=orders), Asked("order"))
    zone = found.tables.instruments[found.rows[0].parent.symbol].sessions[0].timezone
    page = render_study(found, MADE)
    hours = [text for text in texts_of(page, "orders") if re.fullmatch(r"\d\d:\d\d(:\d\d)?", text)]
    times = sorted((one.parent.start, one.parent.end) for one in found.rows)
    first, last = (show_time(time, zone)[:8] for time in (times[0][0], max(end for _, end in times)))
    assert len(hours) >= 3
    assert first[:5] <= hours[0]
    assert hours[-1] <= last
    assert not any("20" in text and "-" in text for text in texts_of(page, "orders"))
    assert f"Each order by its start ({zone})." in page


def test_orders_of_several_days_are_drawn_by_date(study, page) -> None:
    dates = [text for text in texts_of(page, "orders") if re.fullmatch(r"[\d-]{5,10}( \d\d)?", text)]
    assert len(dates) >= 3


def test_the_page_is_self_contained(page) -> None:
    assert not re.search(r"(?i)\b\w+://|@import|url\((?!#)|<script|<link|<img", page)
    assert page.count("<svg") == 5
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for label in re.findall(r'role="img" aria-label="([^"]*)"', page):
        assert len(html.unescape(label)) > 20


def test_the_page_of_the_same_study_is_the_same(study, page) -> None:
    assert render_study(study, MADE) == page


def test_too_few_is_all_that_is_said(desk) -> None:
    found = analyse_tables(desk(days=2), Asked("algo"))
    words = {group.verdict for group in found.grouping.groups} | {venue.verdict for venue in found.venues}
    assert words == {TOO_FEW}
    text = render_study(found, MADE)
    assert TOO_FEW in text
    assert not re.search(r"\b(dearer|cheaper)\b", text)


def sheets(content: bytes) -> dict[str, list[list[str]]]:
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    out = {}
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for i, sheet in enumerate(ET.fromstring(packed.read("xl/workbook.xml")).iter(f"{space}sheet"), 1):
            rows = ET.fromstring(packed.read(f"xl/worksheets/sheet{i}.xml")).iter(f"{space}row")
            out[sheet.get("name")] = [["".join(c.itertext()) for c in row.iter(f"{space}c")] for row in rows]
    return out


def test_the_workbook_has_every_number_of_every_order(study) -> None:
    found = sheets(study_workbook(study, MADE))
    assert list(found) == ["Cost", "Groups", "Orders", "Venues", "After fills", "Dealers", "Estimates", "About"]
    assert len(found["Orders"]) == len(study.rows) + 1
    head = found["Orders"][0]
    assert len(head) == 13 + len(KPIS) + 3
    assert float(found["Cost"][-1][1]) == pytest.approx(study.total.bps()["total_bps"])
    assert "Half spread, bp, low" in found["Venues"][0]
    assert ["Data", "a desk <b>&"] in found["About"]


@pytest.mark.parametrize("by", BY)
def test_every_way_to_look_at_it_has_its_tables(desk, by, tmp_path) -> None:
    done = compute_tca(desk(days=2, orders=2), asked_for(by, least=Minimum(2, 2)))
    tables = shown(done)
    assert done.body["cluster"] == ("order" if by == "day" else "day")
    assert "parts" in tables
    assert len(tables) >= 2
    assert (done.body["groups"] == []) == (by in ("venue", "dealer"))
    target = report_path(tmp_path / "report.html")
    assert target is not None
    assert "<svg" in write_report(target, done, MADE).read_text()


def test_reports_are_written_by_suffix(study, tmp_path) -> None:
    done = compute_tca(study.tables, study.asked)
    written = write_report(tmp_path / "a.json", done, MADE, {**done.body, "seed": 7})
    assert json.loads(written.read_text())["seed"] == 7
    assert json.loads(write_study(tmp_path / "b.json", study).read_text()) == json.loads(json.dumps(done.body))
    assert write_study(tmp_path / "c.xlsx", study, MADE).read_bytes() == study_workbook(study, MADE)
    with pytest.raises(InputError, match=r"\.html or \.json or \.pdf or \.xlsx"):
        report_path(tmp_path / "d.doc")
    assert report_path(None) is None


@pytest.mark.parametrize(
    ("options", "words", "hint"),
    [
        ({"by": "venues"}, "--by", "did you mean 'venue'?"),
        ({"number": "shortfall"}, "number of an order", "did you mean 'shortfall_bps'?"),
        ({"cluster": "week"}, "day or order", None),
        ({"seed": -1}, "--seed", None),
    ],
)
def test_wrong_options_are_refused(options, words, hint) -> None:
    with pytest.raises(InputError, match=words) as refused:
        asked_for(**options)
    assert refused.value.hint == hint


def test_the_same_tables_give_the_same_numbers(study) -> None:
    again = study_body(analyse_tables(study.tables, study.asked))
    assert json.dumps(again) == json.dumps(study_body(study))


def test_long_ranges_are_cut_and_say_so() -> None:
    assert show_ranges(((1, 1), (3, 5))) == "1, 3-5"
    assert show_ranges(tuple((i, i) for i in range(1, 60, 2))).endswith("and 10 more")


def test_rows_of_the_page_are_limited_and_it_says_so(study, monkeypatch) -> None:
    from nowake.tca import study_page

    grid = grids(study)["orders"]
    table = study_page._table(grid, 10)
    assert len(table["rows"]) == 10
    assert table["caption"].endswith("The first 10 of 56 rows.")


def test_a_number_that_nobody_has_is_said_so(desk) -> None:
    tables = desk(days=2, orders=2)
    bare = replace(tables, parents=tuple(replace(one, estimate=None) for one in tables.parents))
    found = analyse_tables(bare, Asked("algo", "estimate_z"))
    text = render_study(found, MADE)
    assert "No order has this number." in text
    assert not re.search(r"\b[+-]?nan\b", text)
    assert study_body(found)["mean"] is None
    assert study_body(found)["calibration"] is None


def test_one_order_that_never_traded_is_a_study(desk) -> None:
    tables = desk(days=1, orders=1)
    idle = tuple(replace(one, filled=0, accepted=False) for one in tables.children)
    found = analyse_tables(replace(tables, children=idle, fills=tables.fills[:0]))
    assert found.adds_up
    assert found.total.total == found.total.opportunity
    assert "1 order" in render_study(found, MADE)
    assert json.dumps(study_body(found), allow_nan=False)
    assert len(sheets(study_workbook(found, MADE))["Orders"]) == 2
