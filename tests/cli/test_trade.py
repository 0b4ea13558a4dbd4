"""`nowake trade`: one JSON object, lines and tables for people, every bad option refused before anything begins."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from nowake.cli.trade import kept_after
from nowake.execution.decision_reader import DecisionLog
from nowake.execution.policy import OWN
from nowake.features.vector import NAMES
from nowake.risk.policy import policy_text

SMALL = ("--qty", "600", "--horizon", "90s", "--speed", "max", "--strategy", "twap", "--after", "0s")


def test_a_trade_prints_one_object_and_the_next_command_finds_its_journal(nowake: Any, tmp_path: Path) -> None:
    done = nowake("trade", *SMALL, "--seed", 5, "--limit", "80", "--json")
    assert done.code == 0, done.err
    body = done.json
    assert body["schema"] == "nowake.trade/1"
    assert body["seed"] == 5
    assert len(body["config_hash"]) == 16
    order = body["parent"]
    assert set(order) >= {
        "order_id", "side", "qty", "filled", "avg_price", "arrival_price", "vwap", "shortfall_bps", "completion",
        "children", "fills", "fees",
    }  # fmt: skip
    assert (order["side"], order["qty"], order["filled"], order["completion"]) == ("buy", 600, 600, 1.0)
    assert body["conserved"] is True
    assert body["journal"] == str(tmp_path / "home" / "journal.db")
    assert [row["kind"] for row in body["venues"]] == ["lit"] * 3 + ["dark"] * 2 + ["dealer"] * 3
    assert set(body["venues"][0]) >= {"name", "kind", "children", "filled", "fill_rate", "fees"}
    assert done.err.startswith("starts market and trader: midcap, 2026-01-15, seed 5\n")
    listed = nowake("oms", "orders", "--json").json["orders"]
    assert listed[0]["order_id"] == order["order_id"]
    assert len(listed) == 1 + order["children"] + order["requests_lapsed"]
    study = nowake("tca", "--by", "desk", "--json").json
    numbers = study["orders"][0]["numbers"]
    assert (numbers["children"], numbers["requests_lapsed"]) == (order["children"], order["requests_lapsed"])
    assert [row["children"] for row in study["venues"]] == [
        next(one["children"] for one in body["venues"] if one["name"] == row["venue"]) for row in study["venues"]
    ]
    assert [group["name"] for group in study["groups"]] == ["program"]
    verified = nowake("oms", "verify", "--json").json
    assert verified["differences"] == []
    assert verified["events"] == body["events"]
    child = next(row["order_id"] for row in listed if row["filled"] and "parent_id" in row)
    assert "ALPHA" in nowake("explain", child).out or nowake("explain", child).code == 0


def test_people_read_what_it_cost_and_where_it_was_done(nowake: Any, tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text(policy_text("default").replace('title = "Default', 'title = "Mine'))
    journal = tmp_path / "other.db"
    done = nowake(
        "trade", *SMALL, "--side", "sell", "--strategy", "pov", "--participation", "0.2", "--policy", rules,
        "--journal", journal, "--mode", "strict",
    )  # fmt: skip
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("sell 600 MIDC: ")
    assert "against arrival, fees included" in lines[1]
    assert any(line.startswith("│ OPAL") for line in lines)
    assert lines[-2].startswith(f"journal {journal}, ")
    assert lines[-2].endswith("shares conserved")
    assert journal.exists()


@pytest.mark.parametrize(
    ("text", "speed", "seconds"),
    [
        (None, 0.0, 1800.0), (None, 60.0, 1800.0), (None, 1.0, 60.0), (None, 10.0, 600.0), ("0s", 60.0, 0.0),
        ("1h30m", 1.0, 5400.0), ("close", 60.0, 86_400.0), ("9d", 0.0, 86_400.0),
    ],
)  # fmt: skip
def test_the_market_is_kept_for_half_an_hour_but_no_more_than_a_minute_of_real_time_unless_asked_for(
    text: str | None, speed: float, seconds: float
) -> None:
    assert kept_after(text, speed) == seconds


def spoil(journal: Path, part: float) -> int:
    """Change an event of a journal, at this part of its length; returns which."""
    db = sqlite3.connect(journal)
    ((events,),) = db.execute("SELECT count(*) FROM event")
    at = int(part * events)
    db.execute("UPDATE event SET payload = x'90' WHERE sequence = ?", (at,))
    db.commit()
    db.close()
    return at


def test_from_a_damaged_journal_to_an_intact_one_that_every_command_knows_and_its_order_goes_on(
    nowake: Any, tmp_path: Path
) -> None:
    journal, intact = tmp_path / "d.db", tmp_path / "d-intact.db"
    first = nowake("trade", *SMALL, "--journal", journal, "--json").json
    at = spoil(journal, 0.6)
    before = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for words in (("oms", "orders", "--journal", journal), ("tca", journal), ("trade", *SMALL, "--journal", journal)):
        refused = nowake(*words).err
        assert f"event {at}" in refused
        assert "nowake oms recover --journal" in refused
    saved = nowake("oms", "recover", "--journal", journal, "--json").json
    assert (saved["into"], saved["broken_at"], saved["intact"]) == (str(intact), at, at - 1)
    names = [f"d-intact.{end}" for end in ("decisions", "tape", "venues", "market")]
    assert saved["beside"] == [str(tmp_path / name) for name in names]
    assert nowake("oms", "verify", "--journal", intact).code == 0
    listed = nowake("oms", "orders", "--journal", intact, "--json").json["orders"]
    assert 0 < listed[0]["filled"] < 600
    child = next(row["order_id"] for row in listed if row["filled"] and "parent_id" in row)
    assert nowake("explain", child, "--journal", intact, "--json").json["order_id"] == child
    told = nowake("tca", intact, "--json")
    assert told.code == 0, told.err
    assert told.json["tape"] == str(tmp_path / "d-intact.tape")
    other = nowake("trade", *SMALL, "--qty", "500", "--journal", intact)
    assert "--unfinished resume goes on with it" in other.refusal
    done = nowake("trade", *SMALL, "--journal", intact, "--unfinished", "resume", "--json")
    assert done.code == 0, done.err
    assert done.json["conserved"]
    assert done.json["parent"]["filled"] == 600 == first["parent"]["filled"]
    assert nowake("oms", "verify", "--journal", intact).code == 0
    assert {name: (tmp_path / name).read_bytes() for name in before if name.startswith("d.")} == {
        name: data for name, data in before.items() if name.startswith("d.")
    }


def test_an_order_of_a_journal_that_was_recovered_can_be_cancelled(nowake: Any, tmp_path: Path) -> None:
    journal, intact = tmp_path / "d.db", tmp_path / "d-intact.db"
    nowake("trade", *SMALL, "--journal", journal)
    spoil(journal, 0.8)
    nowake("oms", "recover", "--journal", journal)
    done = nowake("trade", *SMALL, "--qty", "300", "--journal", intact, "--unfinished", "cancel", "--json")
    assert done.code == 0, done.err
    assert done.json["day"] == "2026-01-16"
    states = [row["status"] for row in nowake("oms", "orders", "--journal", intact, "--json").json["orders"]
              if "parent_id" not in row]  # fmt: skip
    assert states[0] in ("canceled", "filled")
    assert states[1] == "filled"
    assert nowake("oms", "verify", "--journal", intact).code == 0


BAD = {
    "--preset": ("midcup", "midcap"),
    "--side": ("bye", "buy or sell"),
    "--qty": ("-5", "a whole number"),
    "--horizon": ("soon", "like 90s"),
    "--speed": ("fast", "0.1x to 10000x, or max"),
    "--seed": ("-1", "a whole number from 0"),
    "--regime": ("calmer", "calm"),
    "--strategy": ("twop", "twap"),
    "--urgency": ("-2", "a number above 0"),
    "--participation": ("0.2", "pov"),
    "--limit": ("0", "a number above 0"),
    "--policy": ("defualt", "default"),
    "--journal": ("nowhere/j.db", "a file in an existing folder"),
    "--mode": ("loose", "strict"),
    "--unfinished": ("maybe", "ask, resume, cancel"),
    "--after": ("later", "like 90s"),
    "--micro": ("nowhere.json", "nothing there"),
}


def test_the_desk_sees_the_microprice_of_a_fitted_table(nowake: Any, tmp_path: Path) -> None:
    table = tmp_path / "micro.json"
    table.write_text(json.dumps({"edges": [k / 10 for k in range(1, 10)], "table": [[0.375] * 10] * 32}))
    journal = tmp_path / "j.db"
    assert nowake("trade", *SMALL, "--micro", table, "--journal", journal, "--json").code == 0
    column = len(OWN) + NAMES.index("microprice")
    seen = [float(one["observation"][column]) for one in DecisionLog(journal.with_suffix(".decisions")).decisions()]
    assert seen
    assert all(0.375 / value == pytest.approx(round(0.375 / value)) for value in seen if value)  # of the spread
    assert any(seen)


@pytest.mark.parametrize("option", BAD)
def test_every_option_with_a_wrong_value_is_refused(nowake: Any, tmp_path: Path, option: str) -> None:
    value, expected = BAD[option]
    message = nowake("trade", *SMALL, *(("--strategy", "ac") if option == "--urgency" else ()), option, value).refusal
    assert expected in message
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


MORE = [
    (("--horizon", "59s"), "at least 60s"),
    (("--horizon", "7h"), "at most 5.983h: the order starts at 10:00:00"),
    (("--speed", "0x"), "0.1x to 10000x, or max"),
    (("--speed", "nanx"), "0.1x to 10000x, or max"),
    (("--qty", "1.5"), "a whole number"),
    (("--qty", "90%adv", "--horizon", "1h"), "max_participation of firm lets"),
    (("--limit", "50.005"), "a multiple of 0.01"),
    (("--limit", "cheap"), "a number above 0"),
    (("--limit", "1e400"), "--limit (expected a number above 0, below 10,000,000,000, got '1e400')"),
    (("--horizon", "long"), "--horizon (expected a duration like 90s, 4h, 1h30m or 250ms, got 'long')"),
    (("--horizon", f"{'9' * 400}h"), "--horizon (expected a duration"),
    (("--after", "a while"), "--after (expected a duration"),
    (
        ("--policy", "missing.toml"),
        "missing.toml (expected a readable TOML file, got nothing there)",
    ),
    (("--urgency", "2"), "a schedule that has one: ac, adaptive, ow"),
    (("--strategy", "ac", "--urgency", "101"), "at most 100"),
    (("--strategy", "pov", "--participation", "1"), "above 0 and below 1"),
    (("--strategy", "pov", "--participation", "0.6"), "max_participation of the execution policy"),
    (("--journal", "mysql://u@h/d"), "or postgresql://USER@HOST:PORT/DATABASE"),
    (("--folder", "."), "a journal on a server: the files of another lie beside it"),
    (("--journal", "."), "a directory"),
    (("--unfinished", "resume"), "an order that is not over"),
    (("--preset", "futures", "--qty", "1"), "none of GLOBE"),
]


@pytest.mark.parametrize(("options", "expected"), MORE, ids=[" ".join(options) for options, _ in MORE])
def test_what_does_not_fit_together_is_refused(
    nowake: Any, tmp_path: Path, options: tuple[str, ...], expected: str
) -> None:
    assert expected in nowake("trade", *SMALL, *options).refusal
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


BASKET = "side,qty,horizon,client,algo\nbuy,400,90s,first,twap\nsell,300,2m,second,twap\n"


def test_a_basket_has_a_result_for_every_order_and_is_shown_as_a_tree(nowake: Any, tmp_path: Path) -> None:
    file = tmp_path / "pair.csv"
    file.write_text(BASKET)
    body = nowake("trade", "--basket", file, "--speed", "max", "--json").json
    assert (body["schema"], body["basket"], body["conserved"]) == ("nowake.trade/1", "pair", True)
    assert [(one["client"], one["completion"]) for one in body["orders"]] == [("first", 1.0), ("second", 1.0)]
    assert "parent" not in body
    listed = nowake("oms", "orders", "--json").json
    assert listed["baskets"] == [{"name": "pair", "orders": [one["order_id"] for one in body["orders"]]}]
    assert nowake("oms", "orders").out.index("basket pair") < nowake("oms", "orders").out.index("· 1-1-")
    file.write_text(BASKET.replace("first", "third").replace("second", "fourth"))
    lines = nowake("trade", "--basket", file, "--speed", "max").out.splitlines()
    assert lines[0].startswith("buy 400 MIDC: ")
    assert any(line.startswith("sell 300 MIDC: ") for line in lines)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--qty", "5"), "--qty with --basket"), (("--side", "sell"), "--side with --basket"),
        (("--side", "buy"), "--side with --basket (expected the columns of the file to say it, got 'buy')"),
        (("--qty", "500000"), "--qty with --basket"), (("--horizon", "4h"), "--horizon with --basket"),
        (("--strategy", "ac"), "--strategy with --basket"), (("--qty", "none"), "--qty with --basket"),
        (("--strategy", "twap"), "--strategy with --basket"), (("--limit", "50"), "--limit with --basket"),
        (("--staged",), "got --speed max"), (("--basket", "nothing.csv"), "an existing file"),
    ],
)  # fmt: skip
def test_what_a_file_says_no_option_says(nowake: Any, tmp_path: Path, options: tuple[str, ...], expected: str) -> None:
    file = tmp_path / "pair.csv"
    file.write_text(BASKET)
    assert expected in nowake("trade", "--basket", file, "--speed", "max", *options).refusal
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


def test_a_mistake_of_a_basket_is_told_with_line_and_column(nowake: Any, tmp_path: Path) -> None:
    file = tmp_path / "pair.csv"
    file.write_text(BASKET.replace("300", "3x0"))
    said = nowake("trade", "--basket", file).refusal
    assert f"{file}, line 3, column qty (expected a whole number of shares above 0, got '3x0')" in said
