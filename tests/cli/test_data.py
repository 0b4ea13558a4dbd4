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
    assert nowake("data", "check", faulty, "--quarantine", tmp_path / "no").code == 2


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
