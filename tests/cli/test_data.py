"""`nowake data`: check, verify, ingest, ls, show, sql on a small file."""

import csv
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def faulty(day: Path) -> Path:
    """The small day with a repeated row, an order that nobody added, and a size of zero."""
    rows = day.read_text().splitlines()
    rows.insert(2, rows[1])
    rows.insert(5, "34240.000000000,3,99,100,1000000,1")
    rows.insert(6, "34250.000000000,1,16,0,1000000,1")
    day.write_text("\n".join(rows) + "\n")
    return day


def test_check_of_a_clean_file(nowake: Any, day: Path) -> None:
    done = nowake("data", "check", day, "--json")
    body = done.json
    assert done.code == 0
    assert body["schema"] == "nowake.data.check/1"
    assert body["quality"]["rows_in"] == body["quality"]["kept"] == 10
    assert body["quarantine_file"] is None


def test_check_counts_rows_once_and_names_their_lines(nowake: Any, faulty: Path) -> None:
    done = nowake("data", "check", faulty, "--json")
    quality, rules = done.json["quality"], {rule["id"]: rule for rule in done.json["rules"]}
    assert done.code == 1
    assert quality["rows_in"] == quality["kept"] + quality["repaired"] + quality["quarantined"] == 13
    assert quality["quarantined"] >= 2
    assert {"id", "count", "action", "examples"} == set(rules["unknown_order"])
    assert rules["unknown_order"]["examples"][0]["line"] == 6
    met = {name for name, rule in rules.items() if rule["count"]}
    assert {"duplicate", "unknown_order"} <= met
    assert any("size" in name for name in met)


def test_refused_rows_are_written_beside_the_data(nowake: Any, faulty: Path) -> None:
    body = nowake("data", "check", faulty, "--json").json
    target = Path(body["quarantine_file"])
    assert target.parent == faulty.parent
    with target.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == body["quality"]["quarantined"]
    assert all(row["reason"] and row["line"] for row in rows)


def test_refused_rows_can_go_elsewhere_or_nowhere(nowake: Any, faulty: Path, tmp_path: Path) -> None:
    folder = tmp_path / "refused"
    folder.mkdir()
    before = set(faulty.parent.iterdir())
    assert nowake("data", "check", faulty, "--quarantine", "none").code == 1
    done = nowake("data", "check", faulty, "--quarantine", folder, "--json")
    assert set(faulty.parent.iterdir()) == before
    assert Path(done.json["quarantine_file"]).parent == folder
    lines = list(csv.DictReader(Path(done.json["quarantine_file"]).read_text().splitlines()))
    assert {row["line"]: row["raw"] for row in lines}["6"] == "34240.000000000,3,99,100,1000000,1"
    assert nowake("data", "check", faulty, "--quarantine", tmp_path / "no").code == 2
    assert nowake("data", "ingest", faulty, "--store", tmp_path / "s", "--quarantine", folder).code == 0
    assert set(faulty.parent.iterdir()) - before <= {tmp_path / "s"}


def test_check_for_people(nowake: Any, faulty: Path) -> None:
    done = nowake("data", "check", faulty)
    assert "unknown_order" in done.out
    assert "13 rows:" in done.out
    assert "refused rows:" in done.out


def test_check_of_a_generated_day(nowake: Any) -> None:
    done = nowake("data", "check", "generated:7", "--json")
    assert done.code == 0
    assert done.json["quality"]["kept"] == 89_513


BOOK = [
    "-9999999999,0,1000000,100", "1000200,200,1000000,100", "1000200,200,1000000,100", "1000200,150,1000000,100",
    "1000200,150,1000000,100", "1000200,150,999900,300", "1000200,150,1000000,400", "1000200,150,1000000,400",
    "1000300,100,1000000,400", "1000300,100,1000000,400",
]  # fmt: skip


def book(day: Path, rows: list[str]) -> Path:
    target = day.with_name(day.name.replace("message", "orderbook"))
    target.write_text("\n".join(rows) + "\n")
    return target


def test_verify_agrees_row_by_row(nowake: Any, day: Path) -> None:
    done = nowake("data", "verify", day, "--orderbook", book(day, BOOK), "--json")
    body = done.json
    assert (done.code, body["different"]) == (0, 0)
    assert body["compared"] == body["equal"] + body["different"]
    assert body["compared"] + body["not_determined"] == 10
    assert body["first_difference"] is None


def test_verify_reports_the_first_difference_and_is_1(nowake: Any, day: Path) -> None:
    wrong = [*BOOK]
    wrong[6] = "1000200,150,1000000,500"
    done = nowake("data", "verify", day, "--orderbook", book(day, wrong), "--json")
    assert done.code == 1
    assert done.json["different"] >= 1
    assert done.json["first_difference"]["row"] == 7
    text = nowake("data", "verify", day, "--orderbook", book(day, wrong)).out
    assert "first difference: row 7" in text


def test_a_check_for_people_shows_every_rule(nowake: Any, day: Path, faulty: Path) -> None:
    said = nowake("data", "check", faulty, "--quarantine", "none").out
    rules = nowake("data", "check", faulty, "--quarantine", "none", "--json").json["rules"]
    quiet = next(line for line in said.splitlines() if line.startswith("rules that met nothing: "))
    assert all((f" {r['id']}" in quiet) == (r["count"] == 0) for r in rules)
    assert "lobster, l3, TST, 2012-06-21" in said
    assert "note: times local to America/New_York" in said


def test_a_check_of_a_clean_file_says_that_no_rule_was_met(nowake: Any, day: Path) -> None:
    assert "no rule was met: unknown_order, duplicate, " in nowake("data", "check", day).out


@pytest.fixture
def store(nowake: Any, day: Path, tmp_path: Path) -> Path:
    place = tmp_path / "store"
    assert nowake("data", "ingest", day, "--store", place).code == 0
    return place


def test_ingest_twice_is_once(nowake: Any, day: Path, store: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in store.rglob("*.parquet")}
    body = nowake("data", "ingest", day, "--store", store, "--json").json
    assert body["files"][0]["already_there"] is True
    assert body["files"][0]["written"] == 0
    assert {p: p.stat().st_mtime_ns for p in store.rglob("*.parquet")} == before


def test_ingest_writes_refused_rows_beside_the_data_or_not_at_all(nowake: Any, faulty: Path, tmp_path: Path) -> None:
    beside = faulty.with_name(f"{faulty.name}.quarantine.csv")
    assert nowake("data", "ingest", faulty, "--store", tmp_path / "one", "--quarantine", "none").code == 0
    assert not beside.exists()
    assert nowake("data", "ingest", faulty, "--store", tmp_path / "two").code == 0
    assert beside.exists()


def test_a_refused_file_leaves_no_half_store(nowake: Any, day: Path, tmp_path: Path) -> None:
    day.write_text(day.read_text() + "broken\n")
    assert nowake("data", "ingest", day, "--store", tmp_path / "fresh").code == 2
    assert not (tmp_path / "fresh").exists()


def test_ls_shows_the_partitions(nowake: Any, store: Path) -> None:
    body = nowake("data", "ls", "--store", store, "--json").json
    assert [(p["kind"], p["date"], p["symbol"], p["rows"]) for p in body["partitions"]] == [
        ("l3", "2012-06-21", "TST", 10)
    ]
    assert "TST" in nowake("data", "ls", "--store", store).out
    assert "nothing stored" in nowake("data", "ls").out


def test_show_prints_the_first_events(nowake: Any, store: Path) -> None:
    query = f"{store}?symbol=TST&date=2012-06-21"
    events = nowake("data", "show", query, "--rows", 2, "--json").json["events"]
    assert [(e["kind"], e["side"], e["price"], e["quantity"]) for e in events] == [
        ("add", "buy", 100.0, 100),
        ("add", "sell", 100.02, 200),
    ]
    assert "100.02" in nowake("data", "show", "symbol=TST", "--store", store).out
    assert "100.02" in nowake("data", "show", "TST", "--store", store).out
    assert nowake("data", "show", query, "--rows", "0").code == 2


def test_shown_times_are_local_and_legible(nowake: Any, store: Path) -> None:
    said = nowake("data", "show", "TST", "--store", store, "--rows", 2).out
    assert "time, America/New_York" in said
    assert "│ 2012-06-21 09:30:00.100 │ add  │ sell │   100.0200 │      200 │       12 │" in said
    event = nowake("data", "show", "TST", "--store", store, "--rows", 1, "--json").json["events"][0]
    assert (event["time"], event["time_ns"]) == ("2012-06-21T09:30:00-04:00", 1_340_285_400_000_000_000)


def test_a_stored_query_can_be_checked_and_fitted(nowake: Any, store: Path) -> None:
    query = f"{store}?symbol=TST"
    assert nowake("data", "check", query, "--json").json["quality"]["kept"] == 10
    fitted = ("fit", "volume", query, "--minutes", "15", "--session", "09:30-10:00", "--json")
    assert nowake(*fitted).json["bins"] == ["09:30", "09:45"]
    assert nowake(*fitted[:-2], "9-10").code == 2


def test_sql_answers(nowake: Any, store: Path) -> None:
    body = nowake(
        "data", "sql", "select symbol, count(*) as n from l3 group by symbol", "--store", store, "--json"
    ).json
    assert (body["columns"], body["rows"], body["n"]) == (["symbol", "n"], [["TST", 10]], 1)


def test_a_query_replays_like_its_file(nowake: Any, day: Path, store: Path) -> None:
    order = ("--algo", "twap", "--side", "buy", "--qty", "100", "--json")
    stored = nowake("replay", f"{store}?symbol=TST&date=2012-06-21", *order).json
    direct = nowake("replay", day, *order).json
    assert (stored["digest"], stored["parent"]) == (direct["digest"], direct["parent"])
    assert nowake("replay", "symbol=TST", *order, "--store", store).json["digest"] == direct["digest"]
