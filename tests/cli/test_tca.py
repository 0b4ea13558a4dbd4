"""`nowake tca` and `nowake data ingest --journal`: a journal in, numbers, a report and the store out."""

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ..service.journal_world import traded

DATA = Path(os.environ.get("NOWAKE_DATA", "")) / "tca_tcapy"
TCAPY = [DATA / f"small_test_{name}_df.csv" for name in ("order", "trade")]
real = pytest.mark.skipif(
    not os.environ.get("NOWAKE_DATA") or not TCAPY[0].exists(), reason="NOWAKE_DATA has no tca_tcapy"
)


@pytest.fixture(scope="module")
def journal() -> Path:
    return traded().journal


def test_one_object_with_every_order_venue_and_part(nowake: Any, journal: Path) -> None:
    done = nowake("tca", journal, "--json")
    body = done.json
    assert done.code == 0
    assert (body["schema"], body["seed"], body["conserved"], body["adds_up"]) == ("nowake.tca/1", 7, True, True)
    assert len(body["config_hash"]) == 16
    assert body["elapsed_s"] > 0
    assert body["orders_analysed"] == 3
    assert sum(row["filled"] for row in body["venues"]) == sum(row["filled"] for row in body["orders"])
    assert body["decomposition"]["total_bps"] == pytest.approx(
        sum(value for name, value in body["decomposition"].items() if name != "total_bps")
    )
    assert body["tape"] == str(journal.with_suffix(".tape"))
    assert body["notes"]
    assert nowake("tca", journal, "--json").json["orders"] == body["orders"]


@pytest.mark.parametrize(("by", "shown"), [("venue", "OPAL"), ("dealer", "NORTH"), ("algo", "scripted"),
                                           ("day", "2026-01-15"), ("symbol", "MIDC"), ("order", "1-1-1")])  # fmt: skip
def test_people_get_tables_by_what_they_ask(nowake: Any, journal: Path, by: str, shown: str) -> None:
    done = nowake("tca", journal, "--by", by)
    assert done.code == 0
    assert shown in done.out
    assert "opportunity" in done.out
    assert "note: " in done.out


def test_the_journal_of_the_state_is_the_default(nowake: Any, tmp_path: Path) -> None:
    assert "name one: nowake tca JOURNAL" in nowake("tca").refusal
    traded().copy(tmp_path / "home")
    assert nowake("tca", "--json").json["orders_analysed"] == 3


def test_a_pdf_without_what_makes_it_is_refused_before_the_work(
    nowake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nowake.tca.pdf.find_spec", lambda _: None)
    for command in (["tca", "none.db"], ["run"], ["route-bench"], ["realism"]):
        done = nowake(*command, "--report", tmp_path / "r.pdf")
        assert (done.code, done.out) == (3, "")
        assert "install nowake[pdf]" in done.err
    assert not (tmp_path / "r.pdf").exists()


@pytest.mark.parametrize("suffix", [".html", ".pdf", ".xlsx", ".json"])
def test_a_report_by_suffix(nowake: Any, journal: Path, tmp_path: Path, suffix: str) -> None:
    if suffix == ".pdf":
        pytest.importorskip("fpdf")
    target = tmp_path / f"report{suffix}"
    body = nowake("tca", journal, "--by", "venue", "--report", target, "--json").json
    assert body["report"] == str(target)
    data = target.read_bytes()
    if suffix == ".json":
        assert json.loads(data)["orders"] == body["orders"]
    elif suffix == ".html":
        assert b"own impact is part of timing" in data
        assert body["config_hash"].encode() in data
    else:
        assert data[:2] == (b"%P" if suffix == ".pdf" else b"PK")


def test_a_log_and_a_tape_may_lie_elsewhere(nowake: Any, journal: Path, tmp_path: Path) -> None:
    copy = traded().copy(tmp_path / "j")
    away = [copy.with_suffix(suffix).rename(tmp_path / f"away{suffix}") for suffix in (".tape", ".decisions")]
    assert "no market of MIDC is known" in nowake("tca", copy).refusal
    body = nowake("tca", copy, "--tape", away[0], "--log", away[1], "--json").json
    assert body["orders"] == nowake("tca", journal, "--json").json["orders"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--by", "venu"], "did you mean 'venue'?"),
        (["--number", "shortfal_bps"], "shortfall_bps"),
        (["--cluster", "week"], "day or order"),
        (["--seed", "-1"], "a whole number from 0"),
        (["--report", "r.doc"], ".html, .json, .pdf, .xlsx"),
        (["--report", "nowhere/r.html"], "existing folder"),
        (["--tape", "none.tape"], "an existing file"),
        (["--log", "none"], "an existing file"),
        (["more.db"], "one journal"),
        (["--tcapy"], "two files"),
        (["--bye", "venue"], "unknown option"),
    ],
)
def test_bad_input_says_what_was_expected(nowake: Any, journal: Path, options: list[str], said: str) -> None:
    assert said in nowake("tca", journal, *options).refusal


def test_a_journal_that_is_none_damaged_or_newer_is_refused(nowake: Any, tmp_path: Path) -> None:
    assert "an existing file" in nowake("tca", tmp_path / "none.db").refusal
    (tmp_path / "text.db").write_text("no journal at all, but text\n" * 200)
    assert "is no journal" in nowake("tca", tmp_path / "text.db").refusal
    damaged = traded().copy(tmp_path / "j")
    with sqlite3.connect(damaged) as db:
        db.execute("UPDATE event SET payload = X'00' WHERE sequence = 99")
    for command in (["tca", damaged], ["data", "ingest", "--journal", damaged]):
        assert "event 99: the chain of hashes breaks" in nowake(*command).refusal
    with sqlite3.connect(damaged) as db:
        db.execute("PRAGMA user_version = 77")
    assert "77" in nowake("tca", damaged).refusal


@real
@pytest.mark.realdata
def test_tcapys_files_are_analysed_by_the_same_command(nowake: Any, tmp_path: Path) -> None:
    body = nowake("tca", "--tcapy", *TCAPY, "--by", "algo", "--report", tmp_path / "r.html", "--json").json
    assert (body["orders_analysed"], body["conserved"], body["adds_up"]) == (322, True, True)
    assert len(body["groups"]) == 6
    assert "an existing file" in nowake("tca", "--tcapy", TCAPY[0], tmp_path / "none.csv").refusal
    assert "header" in nowake("tca", "--tcapy", TCAPY[1], TCAPY[0]).refusal


def test_ingest_puts_the_journal_into_the_store_once(nowake: Any, journal: Path) -> None:
    body = nowake("data", "ingest", "--journal", journal, "--json").json
    assert (body["written"], body["replaced"], body["already_there"]) == (3, 0, False)
    again = nowake("data", "ingest", "--journal", journal, "--json").json
    assert (again["written"], again["already_there"], again["tables"]) == (0, True, body["tables"])
    assert "all of it was there" in nowake("data", "ingest", "--journal", journal).out
    listed = nowake("data", "ls", "--json").json["partitions"]
    assert {row["kind"]: row["rows"] for row in listed} == body["tables"]
    found = nowake("data", "sql", "select sum(quantity) q from fills where maker", "--json").json
    assert found["columns"] == ["q"]
    assert found["rows"][0][0] > 0


def test_ingest_takes_files_or_a_journal(nowake: Any, journal: Path, day: Path) -> None:
    assert "no FILE beside it" in nowake("data", "ingest", day, "--journal", journal).refusal
    assert "or --journal" in nowake("data", "ingest").refusal
    assert "an existing file" in nowake("data", "ingest", "--journal", "none.db").refusal
    assert nowake("data", "ingest", day, "--json").json["rows"] > 0
