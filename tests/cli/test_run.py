"""`nowake run`: keys, sums, determinism, reports, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

SMALL = ("run", "--pairs", 3, "--horizon", "3m", "--qty", 3_000, "--seed", 5, "--processes", 1)
POLICY = {
    "name", "shortfall_bps", "shortfall_bps_ci", "parent_impact_bps", "parent_impact_bps_ci", "child_impact_bps",
    "completion", "dark_share", "dealer_share", "better_than_arrival",
}  # fmt: skip


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """The object and the page of one small run."""
    from nowake.cli.main import main

    folder = tmp_path_factory.mktemp("run")
    where = [text for name in ("r.json", "r.html") for text in ("--report", str(folder / name))]
    where += ["--log", str(folder / "r.decisions")]
    assert main([*map(str, SMALL), *where]) == 0
    return json.loads((folder / "r.json").read_text(encoding="utf-8")), folder / "r.html"


def test_the_object_has_the_keys_of_the_contract(reports: tuple[dict[str, Any], Path]) -> None:
    body, _ = reports
    assert {"schema", "seed", "config_hash", "elapsed_s", "pairs", "policies", "improvement", "story", "report"} <= set(
        body
    )
    assert body["schema"] == "nowake.run/1"
    assert body["pairs"] == 3
    assert [row["name"] for row in body["policies"]] == ["twap", "vwap", "pov", "ac", "lit only", "previous"]
    assert all(set(row) >= POLICY for row in body["policies"])
    assert all(set(row) >= {"of", "over", "bps", "bps_ci", "win_rate", "n"} for row in body["improvement"])
    assert {"seed", "percentile", "children"} <= set(body["story"])


def test_shares_and_cash_of_the_told_order_add_up(reports: tuple[dict[str, Any], Path]) -> None:
    story = reports[0]["story"]
    children = story["children"]
    filled = sum(child["filled"] for child in children)
    assert filled == story["filled"] <= 3_000
    assert all(child["filled"] <= child["quantity"] for child in children)
    arrival = story["arrival"]
    paid = sum(child["filled"] * child["average"] for child in children if child["filled"])
    assert filled == 3_000
    fees = sum(child["fee"] for child in children)
    assert (paid - filled * arrival + fees) / (filled * arrival) * 1e4 == pytest.approx(story["shortfall_bps"])
    assert fees / (filled * arrival) * 1e4 == pytest.approx(story["fees_bps"])
    assert [child["time"] for child in children] == sorted(child["time"] for child in children)


def test_the_told_order_is_the_median_of_its_policy(reports: tuple[dict[str, Any], Path]) -> None:
    body, _ = reports
    assert body["story"]["percentile"] == pytest.approx(50.0)
    everywhere = [row for row in body["policies"] if row["name"] not in ("lit only", "previous")]
    assert body["story"]["policy"] == min(everywhere, key=lambda row: row["shortfall_bps"])["name"]


def test_gains_are_differences_of_the_means(reports: tuple[dict[str, Any], Path]) -> None:
    body, _ = reports
    costs = {row["name"]: row["shortfall_bps"] for row in body["policies"]}
    compared = [(gain["of"], gain["over"]) for gain in body["improvement"]]
    assert compared == [*((name, "previous") for name in costs if name != "previous"), ("twap", "lit only")]
    for gain in body["improvement"]:
        assert gain["bps"] == pytest.approx(costs[gain["over"]] - costs[gain["of"]])
        assert gain["bps_ci"][0] < gain["bps"] < gain["bps_ci"][1]
        assert gain["win_rate"] in (0, 1 / 3, 2 / 3, 1)


def test_orders_are_filled_and_the_lit_only_ones_trade_there(reports: tuple[dict[str, Any], Path]) -> None:
    rows = {row["name"]: row for row in reports[0]["policies"]}
    assert all(row["completion"] == 1 for row in rows.values())
    assert all(rows[name]["dark_share"] == rows[name]["dealer_share"] == 0 for name in ("lit only", "previous"))
    assert all(rows[name]["dark_share"] > 0 for name in ("twap", "vwap", "ac"))
    assert rows["previous"]["passive_share"] == 0
    assert all(rows[name]["passive_share"] > 0 for name in ("twap", "vwap", "ac"))


def test_venues_add_up_to_their_policies(reports: tuple[dict[str, Any], Path]) -> None:
    body, _ = reports
    for policy in body["policies"]:
        for lines in (body["venues"], body["kinds"]):
            mine = [line for line in lines if line["policy"] == policy["name"]]
            assert sum(line["filled"] for line in mine) == 3 * 3_000
            assert sum(line["share"] for line in mine) == pytest.approx(1)
        dark = [line for line in body["kinds"] if (line["policy"], line["kind"]) == (policy["name"], "dark")]
        assert [line["share"] for line in dark] == pytest.approx([policy["dark_share"]])


def test_the_told_order_says_why_of_every_child(reports: tuple[dict[str, Any], Path], nowake: Any) -> None:
    body, page = reports
    story, log = body["story"], page.with_suffix(".decisions")
    assert body["log"] == str(log)
    for child in story["children"]:
        assert set(child["answers"]) == {"venue", "size", "price", "moment", "guard"}
    assert sum(one["children"] for one in story["decisions"]) == len(story["children"])
    last = story["children"][-1]
    asked = nowake("explain", str(last["order_id"]), "--log", log, "--json").json
    assert asked["why"] == last["answers"]
    assert asked["venue"] in last["answers"]["venue"]


def test_the_page_stands_alone_and_says_what_the_numbers_mean(reports: tuple[dict[str, Any], Path]) -> None:
    page = reports[1].read_text(encoding="utf-8")
    assert page.count("<svg") == 6
    assert "http" not in page
    for word in ("This order", "Child level", "Venues", "Luck", "Skill", "Where the numbers come from"):
        assert f"{word}" in page
    for word in ("OPAL", "Its decisions", "Its children, and why", "This moment", "The guard", "Mark-out 60s"):
        assert word in page
    assert page.count("<details>") == min(len(reports[0]["story"]["children"]), 120)
    assert page.count("<tr>") > 15


def test_the_same_seed_gives_the_same_numbers(nowake: Any, reports: tuple[dict[str, Any], Path]) -> None:
    again = nowake(*SMALL, "--json").json
    moving = ("elapsed_s", "report", "reports", "log")
    assert {k: v for k, v in again.items() if k not in moving} == {
        k: v for k, v in reports[0].items() if k not in moving
    }


@pytest.mark.slow
def test_processes_change_nothing(nowake: Any, reports: tuple[dict[str, Any], Path]) -> None:
    spread = nowake(*SMALL[:-1], 2, "--json").json
    assert spread["policies"] == reports[0]["policies"]
    assert spread["improvement"] == reports[0]["improvement"]


def test_the_table_is_for_people(nowake: Any) -> None:
    out = nowake("run", "--pairs", 2, "--horizon", "1m", "--qty", "0.05%adv", "--side", "sell", "--processes", 1).out
    assert "sell 1,000 MIDC in" in out
    for word in ("previous", "saved on the same markets", "Luck.", "Skill.", "Venues.", "mark-out 60s", "lit only"):
        assert word in out


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (("--horizon", "7h"), "horizon (expected 10 s to 21600 s"),
        (("--horizon", "1s"), "horizon"),
        (("--horizon", "soon"), "duration"),
        (("--qty", "0"), "--qty"),
        (("--qty", "9000000"), "quantity (expected 1 to 8,000,000 shares"),
        (("--qty", "500%adv"), "quantity"),
        (("--qty", "1200000"), "max_order_notional of firm lets 1,000,000 of 1,200,000 shares of MIDC fill"),
        (("--preset", "futures", "--qty", "10"), "none of GLOBE is named there"),
        (("--policy", "defualt"), "did you mean 'default'"),
        (("--log", "why.txt"), "--log"),
        (("--preset", "midcop"), "did you mean 'midcap'"),
        (("--pairs", "1"), "pairs (expected 2 to 100,000, got 1)"),
        (("--side", "hold"), "side"),
        (("--seed", "-1"), "seed"),
        (("--regime", "clam"), "did you mean 'calm'"),
        (("--processes", "-1"), "--processes"),
        (("--report", "out.doc"), "--report"),
        (("--report", "no/such/folder/r.html"), "--report"),
    ],
)
def test_impossible_requests(nowake: Any, argv: tuple[str, ...], what: str) -> None:
    assert what in nowake("run", *argv).refusal
