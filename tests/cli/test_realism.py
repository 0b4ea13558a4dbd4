"""`nowake realism`: the object, the table, the page, the exit codes, recorded days."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

KEYS = {
    "schema", "seed", "config_hash", "elapsed_s", "preset", "regime", "seeds", "days", "safe", "realistic", "facts",
    "passed",
}  # fmt: skip


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    """A preset that trades for an hour a day."""
    from nowake.market.preset import preset_text

    text = preset_text("midcap").replace('close = "16:00"', 'close = "10:30"').replace('"midcap"', '"brief"')
    path = tmp_path / "brief.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_object_has_the_keys_of_the_contract(nowake: Any) -> None:
    done = nowake("realism", "--facts", "12,17", "--seeds", 1, "--days", 2, "--json")
    body = done.json
    assert body.keys() >= KEYS
    assert (body["schema"], body["preset"], body["regime"]) == ("nowake.realism/1", "midcap", "switching")
    assert (body["seed"], body["seeds"], body["days"]) == (7, 1, 2)
    assert (body["safe"], body["realistic"], body["verdict_kept"]) == (None, None, False)
    assert [fact["id"] for fact in body["facts"]] == [12, 17]
    for fact in body["facts"]:
        assert fact.keys() >= {"id", "name", "must", "pass", "parts"}
        for part in fact["parts"]:
            assert part.keys() >= {"name", "value", "ci", "low", "high", "pass"}
            assert part["ci"][0] <= part["value"] <= part["ci"][1]
    assert body["passed"] == sum(fact["pass"] for fact in body["facts"])
    assert done.code == (0 if body["passed"] == 2 else 1)
    again = nowake("realism", "--facts", "12,17", "--seeds", 1, "--days", 2, "--json").json
    assert again["facts"] == body["facts"]


def test_a_fact_that_fails_is_exit_code_1(nowake: Any, tmp_path: Path) -> None:
    done = nowake("realism", "--facts", "2", "--seeds", 1, "--days", 2)
    assert done.code == 1
    assert "0 of 1 facts passed; no verdict: not every fact was run" in done.out
    assert not (tmp_path / "home").exists()


def test_recorded_days_of_the_store_stand_beside_the_ranges_and_beside_the_market(
    nowake: Any, brief: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    nowake("simulate", "--preset", brief, "--days", 2, "--seed", 3, "--out", store)
    query = f"{store}?symbol=MIDC"
    done = nowake("realism", query, "--json")
    body = done.json
    assert done.code == 0
    assert (body["preset"], body["safe"], body["realistic"], body["days"]) == (None, None, None, 2)
    assert len(body["facts"]) == 26
    assert set(body["unmeasured"]) >= {6, 7, 8, 9, 10, 20, 25, 26}
    notes = {fact["id"]: fact["note"] for fact in body["facts"]}
    assert notes[6] == "this data cannot tell"
    assert "no verdict" in nowake("realism", query).out
    page = tmp_path / "page.html"
    done = nowake(
        "realism", "--preset", brief, "--facts", "1,12,21", "--seeds", 1, "--days", 2, "--data", query, "--report", page
    )
    assert f"report: {page}" in done.out
    html = page.read_text(encoding="utf-8")
    assert html.count("<svg") == 3
    assert "recorded days" in html
    assert not re.search(r"(?:src|href)=\"(?!#)", html)
    assert nowake("realism", query, "--report", page).code == 0
    assert page.read_text(encoding="utf-8").count("<svg") == 26


def test_a_report_can_be_json(nowake: Any, brief: Path, tmp_path: Path) -> None:
    page = tmp_path / "gate.json"
    body = nowake(
        "realism", "--preset", brief, "--facts", "17", "--seeds", 1, "--days", 1, "--report", page, "--json"
    ).json
    assert json.loads(page.read_text(encoding="utf-8"))["facts"] == body["facts"]


def still(*_: object, **__: object) -> tuple[list[Any], list[Any]]:
    """What a hunt returns that finds nothing; its own tests hunt."""
    from nowake.market.realism.arbitrage import Trips

    trips = [Trips("still", 0.001, np.zeros(4), np.zeros(4), np.arange(4))]
    return trips, trips


def test_a_whole_small_run_judges_and_keeps_nothing(
    nowake: Any, brief: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nowake.market.gate.gate.hunt", still)
    page = tmp_path / "gate.html"
    done = nowake("realism", "--preset", brief, "--seeds", 1, "--days", 1, "--report", page)
    assert done.code == 1
    assert "of 26 facts passed: not safe, not realistic" in done.out
    assert "verdict not kept" in done.out
    assert page.read_text(encoding="utf-8").count("<svg") == 26
    assert not (tmp_path / "home" / "verdicts").exists()


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (("--preset", "midcop"), "did you mean 'midcap'"),
        (("--preset", "nowhere.toml"), "nowhere.toml"),
        (("--regime", "clam"), "did you mean 'calm'"),
        (("--facts", "0"), "ids from 1 to 26"),
        (("--facts", "1,x"), "ids from 1 to 26"),
        (("--facts", ""), "ids from 1 to 26"),
        (("--seeds", "0"), "--seeds"),
        (("--days", "-1"), "--days"),
        (("--days", "x"), "--days"),
        (("--seed", "-1"), "--seed"),
        (("--report", "page.doc"), ".html"),
        (("--report", "nowhere/page.html"), "no folder"),
        (("--data", "nowhere.csv", "--facts", "12"), "nowhere.csv"),
        (("nowhere.csv",), "nowhere.csv"),
        (("nowhere.csv", "--preset", "midcap"), "--data shows recorded days beside a market"),
        (("generated:x",), "generated:SEED"),
        (("--quik",), "did you mean '--quick'"),
    ],
)
def test_impossible_requests(nowake: Any, argv: tuple[str, ...], what: str) -> None:
    assert what in nowake("realism", *argv).refusal


def test_data_without_orders_is_refused(nowake: Any, tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text("time,price\n1,2\n", encoding="ascii")
    assert "bars.csv" in nowake("realism", path).refusal
