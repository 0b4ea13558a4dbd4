"""The page says what the analysis says, names no address, and is written whole or not at all."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from nowake.core.errors import InputError, MissingError
from nowake.core.records import FILL, PRINT, QUOTE_PATH
from nowake.tca.page import MAX_FILLS, render
from nowake.tca.provenance import Provenance
from nowake.tca.report import check_path, picture, write_report
from nowake.tca.summary import analyse

MADE = Provenance(
    source="day.csv <b>&",
    algorithm="vwap",
    config_hash="c0ffee",
    digest="9f8e7d6c",
    version="0.1.0",
    seed=7,
    quality={
        "rows_in": 1000,
        "kept": 990,
        "repaired": 4,
        "quarantined": 6,
        "rules": [{"id": "duplicate", "count": 6, "action": "quarantined"}],
    },
    conventions=("Latency 1 ms.",),
)


class Tables(HTMLParser):
    """Rows of text of every table by id, and the attributes of every element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._rows: list[list[str]] | None = None
        self._cell = False
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self._rows = self.tables.setdefault(dict(attrs)["id"], [])
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag) -> None:
        if tag == "table":
            self._rows = None
        elif tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data) -> None:
        if self._cell and self._rows:
            self._rows[-1][-1] += data


@pytest.fixture(scope="module")
def page(story) -> str:
    return render(story, MADE)


@pytest.fixture(scope="module")
def parsed(page) -> Tables:
    return Tables(page)


def number(text: str) -> float:
    return float(text.replace(",", "").replace(" %", "").replace(" s", "").replace(" bp", ""))


def test_decomposition_table_equals_the_analysis(parsed, story) -> None:
    rows = {row[0].lower(): row for row in parsed.tables["decomposition"][1:]}
    money = story.decomposition.money()
    for name in ("delay", "spread", "impact", "timing", "opportunity", "fees", "total"):
        row = rows["own impact" if name == "impact" else name]
        assert number(row[1]) == pytest.approx(story.decomposition.bps()[f"{name}_bps"], abs=5.1e-4)
        assert number(row[2]) == pytest.approx(money[name], abs=5.1e-3)


def test_benchmark_table_equals_the_analysis(parsed, story) -> None:
    rows = {row[0]: row for row in parsed.tables["benchmarks"][1:]}
    data = story.as_json()["benchmarks"]
    for name, key in (("VWAP, start to end", "vwap"), ("VWAP without own volume", "vwap_ex_own"), ("Close", "close")):
        assert number(rows[name][1]) == pytest.approx(data[key]["price"], abs=5.1e-5)
        assert number(rows[name][2]) == pytest.approx(data[key]["slippage_bps"], abs=5.1e-3)
    assert len(rows) == 10


def test_fills_table_has_every_fill(parsed, story) -> None:
    rows = parsed.tables["fills"][1:]
    assert len(rows) == len(story.fills)
    assert rows[0] == ["10:00:30.000", "1", "300", "9.9900", "10.0000", "passive", "queue reached us", "-0.6000"]
    assert sum(number(row[2]) for row in rows) == story.filled
    causes = parsed.tables["causes"][1:]
    assert sum(number(row[2]) for row in causes) == story.filled
    assert [row[0] for row in causes] == ["queue reached us", "traded through our price", "we took"]


def test_only_the_first_fills_are_listed_and_it_says_so(story) -> None:
    n = MAX_FILLS + 20
    many = np.repeat(story.fills[:1], n)
    many["quantity"] = 1
    text = render(analyse(story.facts, many, story.prints, story.quotes), Provenance())
    assert len(Tables(text).tables["fills"]) == MAX_FILLS + 1
    assert f"The first {MAX_FILLS} of {n} fills." in text


def test_page_names_no_address_and_loads_nothing(page, parsed) -> None:
    assert not re.search(r"(?i)\b\w+://|@import|url\((?!#)", page)
    assert not {tag for tag, _ in parsed.tags} & {"script", "link", "img", "iframe", "object"}
    assert all("src" not in attrs for _, attrs in parsed.tags)
    links = [v for _, attrs in parsed.tags for k, v in attrs.items() if k.endswith("href")]
    assert all(v and v.startswith("#") for v in links)
    assert len(page.encode()) < 1_500_000


def test_every_chart_has_words_and_ids_are_unique(page, parsed) -> None:
    images = [attrs for tag, attrs in parsed.tags if attrs.get("role") == "img"]
    assert len(images) == sum(tag == "svg" for tag, _ in parsed.tags) == 5
    assert all(len(attrs["aria-label"] or "") > 30 for attrs in images)
    assert ("html", {"lang": "en"}) in parsed.tags
    ids = [attrs["id"] for _, attrs in parsed.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    known = set(ids)
    assert all(v[1:] in known for _, attrs in parsed.tags for k, v in attrs.items() if k.endswith("href") and v)


def test_provenance_and_quality_are_shown_and_escaped(page, parsed) -> None:
    rows = dict(parsed.tables["provenance"])
    assert rows["Data"] == "day.csv <b>&"
    assert "<b>" not in page
    assert (rows["Digest of fills"], rows["Configuration hash"], rows["Seed"]) == ("9f8e7d6c", "c0ffee", "7")
    assert "Generated" not in rows
    assert parsed.tables["quality"][1] == ["duplicate", "6", "quarantined"]
    assert "1,000 rows in = 990 kept + 4 repaired + 6 quarantined" in page
    assert "Latency 1 ms." in page


def test_same_analysis_same_bytes(page, story) -> None:
    assert render(story, MADE) == page


@pytest.mark.parametrize("bare", [True, False])
def test_an_order_without_fills_has_a_page(story, bare) -> None:
    market = (np.zeros(0, PRINT), np.zeros(0, QUOTE_PATH)) if bare else (story.prints, story.quotes)
    text = render(analyse(story.facts, np.zeros(0, FILL), *market), Provenance())
    assert "Nothing was filled" in text
    assert "fills" not in Tables(text).tables
    assert not re.search(r"(?i)nan", text)


def test_sell_with_limit_and_no_session(story) -> None:
    instrument = replace(story.facts.order.instrument, sessions=())
    order = replace(story.facts.order, instrument=instrument, limit=995, side=-story.facts.order.side)
    own = story.fills.copy()
    own["side"] = -1
    sold = analyse(replace(story.facts, order=order), own, story.prints, story.quotes, story.schedule_path)
    text = render(sold, Provenance())
    assert "limit price" in text
    assert "UTC" in text


def test_json_report_is_the_analysis_or_what_the_caller_says(story, tmp_path) -> None:
    path = write_report(tmp_path / "a.json", story)
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(json.dumps(story.as_json()))
    write_report(tmp_path / "a.json", story, payload={"schema": "replay/1"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"schema": "replay/1"}


def test_html_report_is_written_whole(story, page, tmp_path) -> None:
    path = write_report(tmp_path / "order.html", story, MADE)
    assert path.read_text(encoding="utf-8") == page
    assert [p.name for p in tmp_path.iterdir()] == ["order.html"]


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.htm"])
def test_other_suffixes_are_refused_with_what_is_known(story, tmp_path, name) -> None:
    with pytest.raises(InputError, match=r"\.html or \.json"):
        write_report(tmp_path / name, story)
    assert not list(tmp_path.iterdir())


def test_places_that_cannot_be_written_are_refused(story, tmp_path) -> None:
    with pytest.raises(InputError, match="folder that exists"):
        check_path(tmp_path / "none" / "a.html")
    (tmp_path / "b.html").mkdir()
    with pytest.raises(InputError, match="a folder"):
        check_path(tmp_path / "b.html")


def test_a_failed_write_leaves_nothing(story, tmp_path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nowake.tca.report.os.fsync", refuse)
    with pytest.raises(InputError, match="No space left"):
        write_report(tmp_path / "a.json", story)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("module", "extra"), [("matplotlib", "matplotlib"), ("jinja2", "jinja2")])
def test_an_absent_library_is_named_with_its_extra(story, monkeypatch, module, extra) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(MissingError, match=rf"{extra}.*nowake\[report\]"):
        render(story, Provenance())


def test_pictures_are_the_same_every_time(story, tmp_path) -> None:
    one, two = (picture(tmp_path / f"{n}.png", story).read_bytes() for n in "ab")
    assert one == two
    assert one.startswith(b"\x89PNG")
    drawn = picture(tmp_path / "a.svg", story).read_text(encoding="utf-8")
    assert drawn.startswith("<svg xmlns=")
    assert "executed" in drawn
    with pytest.raises(InputError, match=r"\.png or \.svg"):
        picture(tmp_path / "a.jpg", story)
