"""The whole analysis: contract keys, golden JSON, edge cases."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.records import FILL, PRINT, QUOTE_PATH, Cause
from nowake.tca.summary import OrderFacts, analyse

NAN = float("nan")
GOLDEN = Path(__file__).parent / "golden" / "story.json"
PARENT = (
    *("side", "qty", "filled", "avg_price", "arrival_price", "vwap", "vwap_ex_own", "shortfall_bps"),
    *("vwap_slippage_bps", "participation", "children", "fills", "passive_share", "completion"),
)
PARTS = ("delay_bps", "spread_bps", "impact_bps", "timing_bps", "opportunity_bps", "fees_bps", "total_bps")


def close(got: object, want: object, where: str = "") -> None:
    """Assert that two JSON values are the same, floats to 1e-9."""
    if isinstance(want, dict):
        assert isinstance(got, dict), where
        assert list(got) == list(want), where
        for key in want:
            close(got[key], want[key], f"{where}.{key}")
    elif isinstance(want, list):
        assert isinstance(got, list), where
        assert len(got) == len(want), where
        for i, (a, b) in enumerate(zip(got, want, strict=True)):
            close(a, b, f"{where}[{i}]")
    elif isinstance(want, float):
        assert got == pytest.approx(want, abs=1e-9), where
    else:
        assert got == want, where


def test_json_is_the_golden_one(story) -> None:
    close(json.loads(json.dumps(story.as_json(), allow_nan=False)), json.loads(GOLDEN.read_text(encoding="utf-8")))


def test_json_has_exactly_the_keys_of_the_contract(story) -> None:
    data = story.as_json()
    assert tuple(data["parent"]) == PARENT
    assert tuple(data["decomposition"]) == PARTS
    assert data["parent"]["shortfall_bps"] == data["decomposition"]["total_bps"]
    assert data["parent"]["side"] == "buy"
    assert data["parent"]["arrival_price"] == 10.0
    assert sum(row["quantity"] for row in data["fills_by_cause"]) == data["parent"]["filled"] == 700


def test_shortfall_by_hand(story) -> None:
    paid = 300 * 999 + 100 * 1000 + 200 * 1004 + 100 * 1005
    want = (paid + 300 * 1008 - 1000 * 999 + 0.1 / 0.01) / (1000 * 999) * 1e4
    assert story.decomposition.total_bps == pytest.approx(want)
    assert story.average == pytest.approx(paid / 700)


def test_nothing_filled(story) -> None:
    none = analyse(story.facts, np.zeros(0, FILL), story.prints, story.quotes, story.schedule_path)
    data = none.as_json()
    assert data["parent"]["avg_price"] is None
    assert data["parent"]["vwap_slippage_bps"] is None
    assert data["parent"]["passive_share"] is None
    assert data["parent"]["shortfall_bps"] == data["decomposition"]["opportunity_bps"] == pytest.approx(9 / 999 * 1e4)
    assert data["fills_by_cause"] == []
    json.dumps(data, allow_nan=False)


def test_nothing_printed_and_no_quotes(story) -> None:
    bare = analyse(story.facts, story.fills, np.zeros(0, PRINT), np.zeros(0, QUOTE_PATH))
    data = bare.as_json()
    assert data["parent"]["vwap"] is None
    assert data["parent"]["vwap_ex_own"] is None
    assert data["schedule_deviation"] is None
    assert all(m["bps"] is None for m in data["markouts"])
    json.dumps(data, allow_nan=False)


def test_a_blind_fill_takes_the_last_mid_of_the_quotes(story, fills, order) -> None:
    own = fills((450, 1008, 100, NAN, NAN, Cause.TAKE, 0))  # bid empty from 400 to 500 s
    facts = OrderFacts(order(), 1000.0, 1000.0, 1000.0)
    parts = analyse(facts, own, story.prints, story.quotes).decomposition
    assert parts.carried == 1
    assert parts.impact_bps == 0
    assert parts.timing_bps == pytest.approx(100 * 6 / 1e6 * 1e4)
    assert parts.spread_bps == pytest.approx(100 * 2 / 1e6 * 1e4)


def test_fills_are_put_in_time_order_and_the_input_is_left_alone(story) -> None:
    mixed = story.fills[[2, 0, 3, 1]].copy()
    kept = mixed.copy()
    again = analyse(story.facts, mixed, story.prints, story.quotes, story.schedule_path)
    assert np.array_equal(mixed, kept)
    assert again.as_json() == story.as_json()


def test_fills_of_another_order_are_refused(story) -> None:
    small = replace(story.facts, order=replace(story.facts.order, quantity=100))
    with pytest.raises(InputError, match="at most the 100 ordered"):
        analyse(small, story.fills, story.prints, story.quotes)


def test_a_fill_without_a_cause_is_refused(story) -> None:
    own = story.fills.copy()
    own["cause"][0] = 0
    with pytest.raises(InputError, match=r"cause of a fill.*1 QUEUE.*got 0"):
        analyse(story.facts, own, story.prints, story.quotes)
