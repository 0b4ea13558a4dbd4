"""`nowake simulate` and `nowake impact`."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    """A preset that trades for four minutes a day."""
    from nowake.market.preset import preset_text

    text = (
        preset_text("midcap").replace('close = "16:00"', 'close = "09:34"').replace('name = "midcap"', 'name = "brief"')
    )
    path = tmp_path / "brief.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_simulate_says_what_happened(nowake: Any, brief: Path) -> None:
    body = nowake("simulate", "--preset", brief, "--seed", 3, "--days", 2, "--json").json
    again = nowake("simulate", "--preset", brief, "--seed", 3, "--days", 2, "--json").json
    assert body["schema"] == "nowake.simulate/1"
    assert body["digest"] == again["digest"]
    assert body["days"] == 2
    assert 0 < body["trades"] < body["events"]
    assert 0.5 < body["spread_ticks"] < 10
    assert 0 < body["volatility_daily"] < 0.05
    assert body["events_per_s"] > 0
    other = nowake("simulate", "--preset", brief, "--seed", 4, "--days", 2, "--json").json
    assert other["digest"] != body["digest"]


def test_kept_days_are_data_like_any_other(nowake: Any, brief: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    ask = ("simulate", "--preset", brief, "--seed", 3, "--days", 2, "--out", store)
    body = nowake(*ask, "--json").json
    rows = nowake("data", "ls", "--store", store, "--json").json["partitions"]
    assert sorted((r["kind"], r["date"]) for r in rows) == [
        (kind, day) for kind in ("l3", "quotes", "trades") for day in ("2026-01-15", "2026-01-16")
    ]
    assert sum(r["rows"] for r in rows if r["kind"] == "l3") == body["events"] - 3  # the resets between the two days
    executions = sum(r["rows"] for r in rows if r["kind"] == "trades")
    auctions = 4  # two opens, two closes
    assert body["events"] == body["adds"] + body["cancels"] + executions + 3 + auctions
    assert executions >= body["trades"]
    nowake(*ask)
    assert nowake("data", "ls", "--store", store, "--json").json["partitions"] == rows
    query = f"{store}?symbol=MIDC&date=2026-01-15&kind=l3"
    worked = nowake("replay", query, "--algo", "twap", "--side", "buy", "--qty", 1000, "--slice", "30s", "--json").json
    assert worked["conserved"]
    assert worked["unknown_orders"] == 0
    assert worked["quality"]["quarantined"] == 0
    volume = nowake("data", "sql", "select sum(quantity) as v from trades", "--store", store, "--json").json
    assert str(body["volume"]) in str(volume)


def test_impact_has_the_keys_of_the_contract(nowake: Any) -> None:
    body = nowake("impact", "--sizes", "0.05,0.2", "--horizon", "20s", "--pairs", 4, "--json").json
    row = body["rows"][0]
    assert {
        "size_adv", "participation", "horizon_s", "pairs", "impact_bps", "impact_bps_ci", "impact_1x_bps",
        "impact_2x_bps", "child_bps", "shortfall_bps", "vrf",
    } <= set(row)  # fmt: skip
    assert [r["size_adv"] for r in body["rows"]] == [0.0005, 0.002]
    assert {"exponent", "exponent_ci", "Y", "Y_ci"} <= set(body)
    assert body["judged"] is False
    assert "impact in US mid-cap" in nowake("impact", "--sizes", "0.05,0.2", "--horizon", "20s", "--pairs", 4).out


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (("simulate", "--preset", "midcop"), "did you mean 'midcap'"),
        (("simulate", "--preset", "nowhere.toml"), "nowhere.toml"),
        (("simulate", "--regime", "clam"), "did you mean 'calm'"),
        (("simulate", "--days", "0"), "1 to 10000"),
        (("simulate", "--days", "x"), "days"),
        (("simulate", "--seed", "-1"), "seed"),
        (("impact", "--sizes", "1,x"), "--sizes"),
        (("impact", "--sizes", "0"), "sizes"),
        (("impact", "--horizon", "1h", "--participation", "0.1"), "a horizon or a participation"),
        (("impact", "--participation", "2"), "participation"),
        (("impact", "--pairs", "1"), "pairs"),
        (("impact", "--algo", "vwap"), "unknown algorithm"),
        (("impact", "--side", "hold"), "side"),
        (("impact", "--seed", "-1"), "seed"),
    ],
)
def test_impossible_requests(nowake: Any, argv: tuple[str, ...], what: str) -> None:
    assert what in nowake(*argv).refusal
