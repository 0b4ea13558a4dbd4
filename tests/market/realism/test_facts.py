"""The table of facts and the judge: ranges of the specification, what passes, what cannot, the JSON shape."""

import json
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.facts import judge, judge_part, report_row, verdict
from nowake.market.realism.table import FACTS, PartRange

SAFE = {1, 5, 6, 7, 9, 25, 26}
REALISTIC = {2, 4, 8, 11, 12, 13, 17, 18, 20, 21, 24}
RANGES = {
    "acf_5min_1": (-0.05, 0.05), "acf_5min_20": (-0.05, 0.05), "acf_trade_1": (-0.4, -0.02), "hill_1min": (2.5, 5),
    "kurtosis_1min": (5, 50), "acf_abs_1": (0.15, 0.4), "acf_abs_decay": (0.2, 0.4), "sign_gamma": (0.4, 0.7),
    "sign_acf_1": (0.15, 0.6), "variance_ratio": (0.8, 1.25), "exponent": (0.4, 0.6), "prefactor_15": (0.5, 1.5),
    "decay": (0.5, 0.85), "rate_exponent": (0.5, 0.7), "spread_over_sigma": (1, 2.5), "spread_r2": (0.9, 1),
    "ofi_r2": (0.4, 0.8), "ofi_depth_cv": (0, 0.3), "next_up": (0.65, 0.9), "depth_volatility": (-0.7, -0.2),
    "queue_shape": (0.5, 2), "placement_mu": (0.4, 1.2), "traded_over_posted": (0.025, 0.042),
    "cancels_per_trade": (10, 35), "hidden_share": (0.05, 0.15), "dark_share": (0.12, 0.18),
    "volume_first": (0.1, 0.2), "volume_last": (0.1, 0.2), "volume_middle": (0, 0.12), "spread_open": (1.5, 3),
    "volume_volatility": (0.3, 0.7), "duration_cv": (1.5, 5), "half_width": (0, 0.5), "profit": (None, 0),
    "linear_r2_calm": (None, 0.01), "boosted_r2_thin": (None, 0.01), "trips": (200, None),
}  # fmt: skip


def good() -> dict[str, Estimate]:
    """A value in the middle of every range, with a tenth of it as interval."""
    values = {}
    for spec in FACTS:
        for p in spec.parts:
            low = p.high - 1 if p.low is None and p.high is not None else p.low
            high = p.low + 1 if p.high is None and p.low is not None else p.high
            assert low is not None
            assert high is not None
            half = min((high - low) / 20, (p.widest or inf) / 4)
            values[p.name] = Estimate((low + high) / 2, (low + high) / 2 - half, (low + high) / 2 + half)
    return values


def test_the_table_is_that_of_the_specification() -> None:
    assert [spec.id for spec in FACTS] == list(range(1, 27))
    assert {spec.id for spec in FACTS if spec.must == "safe"} == SAFE
    assert {spec.id for spec in FACTS if spec.must == "realistic"} == REALISTIC
    ranges = {p.name: (p.low, p.high) for spec in FACTS for p in spec.parts}
    assert {name: ranges[name] for name in RANGES} == RANGES
    assert sum(len(spec.parts) for spec in FACTS) == len(ranges), "a part name stands twice"
    assert ranges["path_10"] == pytest.approx((0.1**0.7 - 0.1, 0.1**0.5 + 0.1))


def test_a_market_inside_all_ranges_is_realistic() -> None:
    outcome = verdict(judge(good()))
    assert (outcome.safe, outcome.realistic, outcome.passed) == (True, True, 26)


@pytest.mark.parametrize("spec", FACTS, ids=lambda spec: spec.name)
def test_one_missing_fact_costs_the_verdict_that_needs_it(spec) -> None:
    outcome = verdict(judge(good(), unmeasured=[spec.id]))
    assert outcome.safe == (spec.id not in SAFE)
    assert outcome.realistic == (spec.id not in SAFE | REALISTIC)
    assert outcome.passed == 25


def test_fewer_than_23_facts_are_not_realistic() -> None:
    assert verdict(judge(good(), unmeasured=[3, 10, 14])).realistic
    assert not verdict(judge(good(), unmeasured=[3, 10, 14, 15])).realistic


numbers = st.floats(-10, 10) | st.just(nan)
ends = st.none() | st.floats(-5, 5)


@settings(max_examples=200, deadline=None)
@given(numbers, numbers, numbers, ends, ends, st.none() | st.floats(0, 5))
def test_a_part_passes_only_inside_and_with_a_narrow_interval(value, low_ci, high_ci, low, high, widest) -> None:
    part = judge_part(PartRange("x", low, high, widest), Estimate(value, low_ci, high_ci))
    if part.passed:
        assert part.value is not None
        assert part.ci is not None
        assert low is None or value >= low
        assert high is None or value <= high
        assert low is None or high is None or high_ci - low_ci < high - low
        assert widest is None or high_ci - low_ci <= widest


def test_noise_cannot_pass() -> None:
    accepted = PartRange("x", 0.4, 0.6)
    assert judge_part(accepted, Estimate(0.5, 0.45, 0.55)).passed
    assert not judge_part(accepted, Estimate(0.5, 0.3, 0.7)).passed
    assert not judge_part(accepted, Estimate(0.5, nan, nan)).passed
    assert not judge_part(PartRange("x", 0.4, 0.6, widest=0.05), Estimate(0.5, 0.45, 0.55)).passed
    assert not judge_part(PartRange("x", None, 0.01, widest=0.01), Estimate(-0.2, -0.5, 0.1)).passed


def test_the_report_is_json_with_null_on_open_sides() -> None:
    row = report_row(judge(good() | {"profit": Estimate(nan, nan, nan)}, unmeasured=[20]))
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    assert row.keys() == {"safe", "realistic", "facts", "passed"}
    facts = {fact["id"]: fact for fact in row["facts"]}
    assert {"id", "name", "must", "pass", "parts"} <= facts[1].keys()
    assert facts[1]["parts"][0].keys() == {"name", "value", "ci", "low", "high", "pass"}
    assert facts[25]["parts"][0] == {
        "name": "profit", "value": None, "ci": None, "low": None, "high": 0, "pass": False
    }  # fmt: skip
    assert facts[25]["note"] == "no value: profit"
    assert facts[20]["note"] == "this data cannot tell"
    assert facts[20]["pass"] is False
