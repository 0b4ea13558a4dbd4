"""`nowake replay`: the object of the contract, determinism, the report, the table."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

ORDER = ("--algo", "twap", "--side", "buy", "--qty", "300")
SHORT = ("--start", "10:00", "--end", "10:20")

PARENT = {
    "side", "qty", "filled", "avg_price", "arrival_price", "vwap", "vwap_ex_own", "shortfall_bps", "vwap_slippage_bps",
    "participation", "children", "fills", "passive_share", "completion",
}  # fmt: skip
PARTS = {"delay_bps", "spread_bps", "impact_bps", "timing_bps", "opportunity_bps", "fees_bps", "total_bps"}


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [x for item in value.values() for x in numbers(item)]
    if isinstance(value, list):
        return [x for item in value for x in numbers(item)]
    return [value] if isinstance(value, float) else []


@pytest.fixture
def body(nowake: Any) -> dict[str, Any]:
    return dict(nowake("replay", "generated:7", *ORDER, *SHORT, "--json").json)


def test_the_object_has_the_keys_of_the_contract(body: dict[str, Any]) -> None:
    assert body["schema"] == "nowake.replay/1"
    assert {"seed", "config_hash", "elapsed_s", "events", "events_per_s", "digest", "conserved"} <= set(body)
    assert {"rows_in", "kept", "repaired", "quarantined"} <= set(body["quality"])
    assert set(body["parent"]) >= PARENT
    assert set(body["decomposition"]) == PARTS
    assert all(math.isfinite(x) for x in numbers(body))


def test_the_numbers_fit_together(body: dict[str, Any]) -> None:
    parent, parts, quality = body["parent"], body["decomposition"], body["quality"]
    assert body["conserved"] is True
    assert (parent["side"], parent["qty"]) == ("buy", 300)
    assert parent["filled"] == 300
    assert parent["completion"] == 1.0
    assert quality["rows_in"] == quality["kept"] + quality["repaired"] + quality["quarantined"] == body["events"]
    total = math.fsum(value for name, value in parts.items() if name != "total_bps")
    assert abs(total - parts["total_bps"]) < 1e-9
    assert parent["shortfall_bps"] == parts["total_bps"]
    assert 49 < parent["avg_price"] < 51


def test_the_same_order_gives_the_same_digest(nowake: Any, body: dict[str, Any]) -> None:
    again = nowake("replay", "generated:7", *ORDER, *SHORT, "--json").json
    other = nowake("replay", "generated:8", *ORDER, *SHORT, "--json").json
    assert (again["digest"], again["config_hash"]) == (body["digest"], body["config_hash"])
    assert other["digest"] != body["digest"]
    assert other["config_hash"] != body["config_hash"]


@pytest.mark.parametrize(
    "options",
    [
        ("--algo", "vwap"),
        ("--algo", "pov", "--participation", "0.05"),
        ("--algo", "ac", "--urgency", "3"),
        ("--algo", "ow", "--urgency", "20"),
    ],
    ids=lambda o: o[1],
)
def test_every_algorithm_works_an_order(nowake: Any, options: tuple[str, ...]) -> None:
    body = nowake("replay", "generated:7", "--side", "sell", "--qty", "400", *SHORT, *options, "--json").json
    assert body["algo"] == options[1]
    assert body["conserved"] is True
    assert body["parent"]["side"] == "sell"
    assert 0 < body["parent"]["filled"] <= 400


def test_a_share_of_the_daily_volume(nowake: Any) -> None:
    body = nowake("replay", "generated:7", "--algo", "twap", "--side", "buy", "--qty", "0.1%adv", "--json", *SHORT).json
    assert body["parent"]["qty"] == 721


def test_delay_runs_from_the_decision(nowake: Any) -> None:
    body = nowake("replay", "generated:7", *ORDER, *SHORT, "--decided", "09:45", "--json").json
    assert body["decomposition"]["delay_bps"] != 0
    assert nowake("replay", "generated:7", *ORDER, *SHORT, "--json").json["decomposition"]["delay_bps"] == 0


def test_fees_are_paid(nowake: Any) -> None:
    body = nowake("replay", "generated:7", *ORDER, *SHORT, "--fees", "0.01,0.01", "--json").json
    assert body["decomposition"]["fees_bps"] == pytest.approx(3 / (300 * body["parent"]["arrival_price"]) * 1e4)


@pytest.mark.parametrize("entry", ["5", "0,5,5", "1,5,5:0.5"])
def test_latency_changes_the_fills(nowake: Any, body: dict[str, Any], entry: str) -> None:
    slow = nowake("replay", "generated:7", *ORDER, *SHORT, "--latency-ms", entry, "--json").json
    assert slow["conserved"] is True
    assert slow["config_hash"] != body["config_hash"]


def test_a_limit_leaves_the_rest_unfilled(nowake: Any) -> None:
    body = nowake("replay", "generated:7", *ORDER, *SHORT, "--limit", "49.70", "--json").json
    assert body["parent"]["completion"] < 1
    assert body["conserved"] is True


def test_a_volume_curve_from_fit(nowake: Any, tmp_path: Path) -> None:
    curve = tmp_path / "curve.json"
    curve.write_text(json.dumps({"bins": ["09:30", "10:00", "10:30"], "shares": [0.6, 0.3, 0.1]}))
    order = ("--side", "buy", "--qty", "2000", "--start", "09:35", "--end", "10:25", "--algo", "vwap", "--json")
    front = nowake("replay", "generated:7", *order, "--curve", curve).json
    assert front["digest"] != nowake("replay", "generated:7", *order).json["digest"]


def test_a_volume_curve_from_a_table_uses_earlier_days_only(nowake: Any, tmp_path: Path) -> None:
    table = tmp_path / "volume.csv"
    table.write_text("bin,2026-01-13,2026-01-14,2026-01-15\n09:30,5,5,1\n12:45,1,1,90\n")
    order = ("--side", "buy", "--qty", "2000", "--start", "12:30", "--end", "13:00", "--algo", "vwap", "--json")
    seen = nowake("replay", "generated:7", *order, "--curve", table).json
    table.write_text("bin,2026-01-13,2026-01-14\n09:30,5,5\n12:45,1,1\n")
    assert nowake("replay", "generated:7", *order, "--curve", table).json["digest"] == seen["digest"]


def test_a_file_replays(nowake: Any, day: Path) -> None:
    body = nowake("replay", day, "--algo", "twap", "--side", "sell", "--qty", "100", "--json").json
    assert (body["symbol"], body["date"], body["format"], body["level"]) == ("TST", "2012-06-21", "lobster", "l3")
    assert body["events"] == 10


def test_people_see_what_it_cost_against_which_benchmark_and_why(nowake: Any) -> None:
    done = nowake("replay", "generated:7", *ORDER, *SHORT)
    assert done.code == 0
    assert done.err == ""
    for words in (
        "TWAP buy 300 ZI",
        "what it cost",
        "delay",
        "opportunity",
        "total",
        "interval VWAP",
        "arrival price",
        "89,513 rows",
    ):
        assert words in done.out


def test_reports_are_written_whole(nowake: Any, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    done = nowake("replay", "generated:7", *ORDER, *SHORT, "--report", target, "--json")
    written = json.loads(target.read_text())
    assert done.json["report"] == str(target)
    assert written["digest"] == done.json["digest"]
    assert {p.name for p in tmp_path.iterdir() if p.is_file()} == {"report.json"}


def test_an_html_report_is_one_page(nowake: Any, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    done = nowake("replay", "generated:7", *ORDER, *SHORT, "--report", target)
    page = target.read_text(encoding="utf-8")
    assert f"report: {target}" in done.out.replace("\n", "")
    assert page.lstrip().lower().startswith("<!doctype html")
    assert "<script src" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_an_interrupted_replay_leaves_nothing(nowake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nowake.tca.report as report

    def stop(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "write_report", stop)
    done = nowake("replay", "generated:7", *ORDER, *SHORT, "--report", tmp_path / "r.html")
    assert (done.code, done.out) == (130, "")
    assert not (tmp_path / "r.html").exists()
