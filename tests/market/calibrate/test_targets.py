"""Gaps: zero to itself, ten where a market has no value; one day takes its errors from days of a market like it."""

import math
from dataclasses import replace

import pytest

from nowake.core.errors import InputError
from nowake.market.calibrate.objective import loss
from nowake.market.calibrate.targets import PROFILE, Target, compare, with_errors
from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.distance import Gap, distance


def test_data_is_no_distance_from_itself(target: Target) -> None:
    facts, profile = compare(target, target.parts)
    assert loss(facts, profile) == distance(facts) == 0
    assert [row.part for row in profile] == list(PROFILE)
    assert {4, 11, 12, 15, 18, 24} <= {row.id for row in facts}
    assert not {row.id for row in facts} & target.left_out


def test_a_part_without_a_value_is_hopeless_and_still_counts(target: Target) -> None:
    facts, profile = compare(target, {})
    assert {row.z for row in (*facts, *profile)} == {10.0}
    assert distance(facts) == pytest.approx(10.0)
    found = {**target.parts, "next_up": Estimate(math.nan, math.nan, math.nan)}
    assert [row.part for row in compare(target, found)[0] if row.z] == ["next_up"]


def test_the_loss_is_the_distance_until_a_gap_is_cut() -> None:
    facts = [Gap(4, "sign_gamma", 0.5, 0.6, 3.0), Gap(4, "sign_acf_1", 0.3, 0.4, 1.0), Gap(18, "x", 1, 2, -4.0)]
    assert loss(facts, []) == pytest.approx(distance(facts)) == pytest.approx(math.sqrt((5 + 16) / 2))
    near, far = (loss([Gap(4, "sign_gamma", 0.5, 0.6, z)], []) for z in (15.0, 30.0))
    assert 10 < near < far < 10.3
    assert loss([], [Gap(0, "spread", 1, 2, 2.0)]) == pytest.approx(2.0)
    assert loss(facts[2:], [Gap(0, "spread", 1, 2, 2.0)]) == pytest.approx(math.sqrt((16 + 3 * 4) / 4))


def test_errors_of_one_day_are_those_of_single_days(target: Target) -> None:
    one = replace(target, parts={"next_up": Estimate(0.6, math.nan, math.nan), "spread": Estimate(0.02, 0.01, 0.03)})
    singles = [{"next_up": Estimate(value, 0, 0), "spread": Estimate(value, 0, 0)} for value in (0.5, 0.6, 0.7)]
    found = with_errors(one, singles).parts
    assert found["next_up"] == Estimate(0.6, pytest.approx(0.4), pytest.approx(0.8))
    assert found["spread"] == one.parts["spread"]


def test_numbers_that_are_needed_must_be_there(target: Target) -> None:
    with pytest.raises(InputError, match="volume of the data"):
        replace(target, parts={"volume": Estimate(0.0, 0.0, 0.0)}).known("volume")
