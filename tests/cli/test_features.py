"""`nowake features`: rows of days into a store, from files, queries and generated days; news and options refused."""

import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.core.times import MINUTE, SECOND, local_midnight
from nowake.features.parts import read_rows, stored
from nowake.features.vector import INDEX, NAMES

NEWS = """\
time,symbol,negative,neutral,positive
2012-06-21 09:30:30,TST,0.1,0.2,0.7
2012-06-21 09:31:00,ELSE,0.9,0.1,0.0
"""


def test_a_generated_day_is_written_and_reads_back(nowake: Any, tmp_path: Path) -> None:
    out = tmp_path / "rows"
    body = nowake("features", "generated:7", "--every", "10m", "--out", out, "--json").json
    assert body["schema"] == "nowake.features/1"
    assert {"config_hash", "elapsed_s", "conventions", "notes"} <= set(body)
    assert (body["symbol"], body["days"], body["rows"], body["features"]) == ("ZI", 1, 39, len(NAMES))
    (part,) = body["parts"]
    assert part["rows"] == 39
    assert stored(out, "ZI", "10m") == [part["name"]]
    rows = read_rows(out, part["name"])
    assert (np.diff(rows["time"]) == 10 * MINUTE).all()
    assert rows["ready"][:, INDEX["imbalance"]].mean() == body["ready"]["imbalance"]
    assert list(body["ready"]) == list(NAMES)
    again = nowake("features", "generated:7", "--every", "10m", "--out", out, "--json").json
    assert again["parts"] == body["parts"]
    other = nowake("features", "generated:7", "--every", "10m", "--out", out, "--date", "2026-01-16", "--json").json
    assert other["parts"][0]["date"] == "2026-01-16"


def test_event_writes_a_row_after_each_event(nowake: Any, day: Path, tmp_path: Path) -> None:
    body = nowake("features", day, "--every", "event", "--out", tmp_path / "rows", "--json").json
    assert (body["symbol"], body["rows"]) == ("TST", 10)
    rows = read_rows(tmp_path / "rows", body["parts"][0]["name"])
    midnight = local_midnight(date(2012, 6, 21), "America/New_York")
    assert rows["time"][[0, -1]].tolist() == [midnight + 34_200 * SECOND, midnight + 34_600 * SECOND]
    assert (rows["bid"][1], rows["ask"][1]) == (1_000_000, 1_000_200)


def test_a_query_gives_the_rows_of_its_file(nowake: Any, day: Path, tmp_path: Path) -> None:
    assert nowake("data", "ingest", day, "--quarantine", "none").code == 0
    of_file = nowake("features", day, "--every", "1s", "--out", tmp_path / "a", "--json").json
    of_query = nowake("features", "symbol=TST", "--every", "1s", "--out", tmp_path / "b", "--json").json
    assert of_query["rows"] == of_file["rows"] > 300
    a, b = (read_rows(tmp_path / name, body["parts"][0]["name"]) for name, body in (("a", of_file), ("b", of_query)))
    assert a.tobytes() == b.tobytes()


def test_news_is_seen_from_when_it_is_known(nowake: Any, day: Path, tmp_path: Path) -> None:
    (tmp_path / "news.csv").write_text(NEWS)
    options = ("--news", tmp_path / "news.csv", "--news-timezone", "America/New_York")
    known = {}
    for name, more in (("now", ()), ("late", ("--news-delay", "30s"))):
        body = nowake(
            "features", day, "--every", "1s", "--out", tmp_path / name, *options, *more, "--json"
        ).json  # fmt: skip
        rows = read_rows(tmp_path / name, body["parts"][0]["name"])
        seen = rows["ready"][:, INDEX["news_score"]] > 0
        assert rows["value"][seen, INDEX["news_score"]] == pytest.approx(0.6)
        known[name] = rows["time"][seen][0]
    assert known["late"] - known["now"] == 30 * SECOND
    other = nowake("features", day, "--every", "1s", "--out", tmp_path / "else", *options, "--news-symbol", "ELSE")
    assert other.code == 0
    assert "did you mean 'ELSE'?" in nowake(
        "features", day, "--every", "1s", "--out", tmp_path / "none", *options, "--news-symbol", "ELSA"
    ).refusal  # fmt: skip


def test_people_read_what_was_written_and_what_was_never_ready(nowake: Any, day: Path, tmp_path: Path) -> None:
    text = nowake("features", day, "--every", "1m", "--out", tmp_path / "rows").out
    assert "features of TST, every 1m" in text
    assert "2012-06-21" in text
    assert "never ready: " in text
    assert "news_score" in text


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--every", "often"), "duration"),
        (("--every", "1us"), "event, or 1ms and longer"),
        (("--micro", "nowhere.json"), "nothing there"),
        (("--micro", "{day}"), "the JSON of nowake fit microprice"),
        (("--news", "nowhere.csv"), "nothing there"),
        (("--news", "{day}"), "column for time"),
        (("--news-delay", "5s"), "--news-delay (expected --news FILE beside it"),
        (("--news-symbol", "TST"), "--news-symbol"),
        (("--news-timezone", "UTC"), "--news-timezone"),
        (("--date", "yesterday"), "--date"),
        (("--tick", "0"), "--tick"),
        (("--format", "lobstr"), "did you mean 'lobster'?"),
        (("--timezone", "Mars/Base"), "time zone"),
        (("--evry", "1s"), "did you mean '--every'?"),
        (("--out", "{day}"), "a folder that can be written"),
    ],
    ids=" ".join,
)
def test_bad_options_are_refused_and_nothing_is_written(
    nowake: Any, day: Path, tmp_path: Path, options: tuple[str, ...], what: str
) -> None:
    more = [word.replace("{day}", str(day)) for word in options]
    assert what in nowake("features", day, "--every", "1m", "--out", tmp_path / "rows", *more).refusal
    assert not (tmp_path / "rows").exists()


@pytest.mark.parametrize(
    ("source", "options", "what"),
    [
        ("nowhere.csv", (), "nothing there"),
        ("generated:x", (), "generated:SEED"),
        ("generated:7", ("--symbol", "ZI"), "--symbol (expected none: a generated day says it"),
        ("generated:7", ("--format", "lobster"), "--format"),
        ("symbol=TST", ("--tick", "0.01"), "--tick (expected none: the query"),
        ("symbol=TST", (), "store"),
    ],
)
def test_bad_sources_are_refused(nowake: Any, tmp_path: Path, source: str, options: tuple[str, ...], what: str) -> None:
    assert what in nowake("features", source, "--every", "1m", "--out", tmp_path / "rows", *options).refusal
    assert not (tmp_path / "rows").exists()


@pytest.mark.parametrize("body", ["[]", "{}", '{"edges": [0.5], "table": [[0]]}', '{"edges": ["x"], "table": [[]]}'])
def test_a_table_that_is_none_is_refused(nowake: Any, day: Path, tmp_path: Path, body: str) -> None:
    path = tmp_path / "micro.json"
    path.write_text(body)
    assert "microprice table" in nowake(
        "features", day, "--every", "1m", "--out", tmp_path / "rows", "--micro", path
    ).refusal  # fmt: skip


def test_without_the_extra_it_is_3(nowake: Any, monkeypatch: pytest.MonkeyPatch, day: Path, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    done = nowake("features", day, "--every", "1m", "--out", tmp_path / "rows")
    assert (done.code, done.out) == (3, "")
    assert "nowake[data]" in done.err
