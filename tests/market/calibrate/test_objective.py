"""Simulated days as data: the same definitions, the same seeds the same loss, and markets that cannot be measured."""

from dataclasses import replace

import pytest

from nowake.market.calibrate.objective import FAILED, Plan, Unusable, days_of, evaluate, plan_of, seeds_of
from nowake.market.calibrate.space import changed
from nowake.market.calibrate.targets import Target, measure_all
from nowake.market.preset import Preset


def test_a_simulated_day_measures_as_the_stored_one(target: Target, quiet: Preset) -> None:
    days = list(days_of(quiet, 3, 3, 10**7))
    found = measure_all(days)
    assert found["volume"].value == target.parts["volume"].value
    assert found["sign_acf_1"].value == target.parts["sign_acf_1"].value
    assert found["cancels_per_trade"].value == target.parts["cancels_per_trade"].value


def test_the_same_seeds_give_the_same_loss(target: Target, quiet: Preset) -> None:
    plan = Plan(1, 2, 10**6)
    first, again, other = (evaluate(quiet, [seed], plan, target)[0] for seed in (11, 11, 12))
    assert first == again != other
    worse = changed(quiet, {"lit.taker_rate": 0.15, "lit.life": 10.0})
    assert evaluate(worse, [11], plan, target)[0] > first + 1


def test_a_market_that_cannot_be_measured_fails(target: Target, quiet: Preset) -> None:
    silent = changed(quiet, {"lit.taker_rate": 0.0, "lit.investor_rate": 0.0, "lit.informed_probability": 0.0})
    assert evaluate(silent, [1], Plan(1, 1, 10**6), target) == (FAILED, {})
    with pytest.raises(Unusable, match="more than 1000 events"):
        list(days_of(quiet, 1, 1, 1000))
    crowded = changed(quiet, {"lit.life": 1e5})
    with pytest.raises(Unusable, match="half full"):
        list(days_of(crowded, 1, 1, 10**7))


def test_plans_follow_the_data_and_roles_share_no_seed(target: Target) -> None:
    plan = plan_of(target)
    assert plan.days == 3
    assert 1 <= plan.paths <= plan_of(target, factor=3).paths
    assert plan_of(replace(target, dates=target.dates[:1])).days == 2
    roles = [set(seeds_of(seed, role, 50)) for seed in (0, 1) for role in ("search", "runoff", "judge")]
    assert len(set.union(*roles)) == 300
