"""Policies on the same markets: costs, paired gains and luck, from orders whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.execution.outcome import POINTS, Outcome
from nowake.tca.paired import compare, luck_of, percentile_of
from nowake.tca.statistics import mean_interval, student

PLAIN = Outcome(
    policy="old", seed=0, side=1, quantity=1_000, tick=0.01, arrival=5_000.0, end=5_010.0, filled=1_000,
    paid=1_000 * 5_005.0, fees=5.0, maker=250, dark=100, dealer=50, children=10, fills=20, rejects=1, impact_end=20.0,
    impact_paid=10.0, impact_child=1.0, impact=np.zeros(POINTS), done=np.zeros(POINTS),
)  # fmt: skip


def moved(order: Outcome, policy: str, ticks: float, market: float) -> Outcome:
    """The order by another policy that pays `ticks` more, in a market that moves by `market`."""
    return replace(order, policy=policy, paid=order.filled * (5_005.0 + ticks + market))


def test_the_shortfall_has_its_parts() -> None:
    assert PLAIN.fees_bps == pytest.approx(1.0)  # 5 USD on 50,000
    assert PLAIN.shortfall_bps == pytest.approx(10.0 + 1.0)  # 5 ticks on 5,000
    half = replace(PLAIN, filled=500, paid=500 * 5_005.0, fees=0.0)
    assert half.shortfall_bps == pytest.approx(5.0 + 10.0)  # half at 5 ticks, half missed at 10
    sold = replace(PLAIN, side=-1)
    assert sold.shortfall_bps == pytest.approx(-10.0 + 1.0)


def pairs(n: int = 12) -> list[list[Outcome]]:
    moves = np.random.default_rng(1).normal(0, 400, n)
    gains = np.random.default_rng(2).normal(2, 1, n)
    return [
        [moved(PLAIN, "new", -gain, move), moved(PLAIN, "old", 0.0, move)]
        for move, gain in zip(moves.tolist(), gains.tolist(), strict=True)
    ]


def test_the_market_falls_out_of_a_paired_gain() -> None:
    found = compare(pairs(), "old")
    (gain,) = found.improvement
    new, old = found.policies
    assert (gain.of, gain.over, gain.n) == ("new", "old", 12)
    assert gain.bps == pytest.approx(old.shortfall_bps - new.shortfall_bps)
    assert gain.bps_ci[0] > 0
    assert gain.sd_bps < 5 < 100 < old.shortfall_sd_bps
    assert gain.win_rate > 0.9
    assert found.best.name == "new"


def test_further_pairs_are_compared_where_both_are_there() -> None:
    found = compare(pairs(), "old", [("old", "new"), ("new", "none"), ("none", "old")])
    assert [(gain.of, gain.over) for gain in found.improvement] == [("new", "old"), ("old", "new")]
    assert found.improvement[0].bps == pytest.approx(-found.improvement[1].bps)


def test_the_row_of_a_policy() -> None:
    row = compare(pairs(), "old").policies[1]
    assert (row.completion, row.passive_share, row.dark_share, row.dealer_share) == (1.0, 0.25, 0.1, 0.05)
    assert row.parent_impact_bps == pytest.approx(40.0)
    assert row.paid_impact_bps == pytest.approx(20.0)
    assert row.child_impact_bps == pytest.approx(2.0)
    assert row.rejects == 12
    low, high = row.shortfall_bps_ci
    assert low < row.shortfall_bps < high


def test_luck_is_that_of_the_formulas() -> None:
    orders = pairs()
    found = compare(orders, "old")
    luck = luck_of(orders, found, "new", risk_bps=200 * (4 / 6.5 / 3) ** 0.5, claim_bps=6.0)
    assert luck.orders_unpaired == pytest.approx(14_300, rel=0.01)
    assert luck.orders_paired < 10
    assert 0 < luck.by_chance < 1
    costs = np.array([pair[0].shortfall_bps for pair in orders])
    assert luck.seen == (costs <= -6.0).mean()


def test_percentiles() -> None:
    costs = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert [percentile_of(costs, c) for c in (1.0, 3.0, 5.0)] == pytest.approx([10.0, 50.0, 90.0])


@pytest.mark.parametrize(
    ("freedom", "value"), [(1, 12.706), (2, 4.303), (3, 3.182), (10, 2.228), (31, 2.040), (400, 1.966)]
)
def test_student_is_the_table_of_every_textbook(freedom: int, value: float) -> None:
    assert student(freedom) == pytest.approx(value, abs=5e-4)


def test_the_interval_of_a_mean_covers_it_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    found = [mean_interval(rng.normal(1.0, 2.0, 5)) for _ in range(2_000)]
    assert np.mean([one.low < 1.0 < one.high for one in found]) == pytest.approx(0.95, abs=0.015)
    assert np.isnan(mean_interval(np.array([1.0])).low)


@pytest.mark.parametrize("over", ["nobody", ""])
def test_impossible_comparisons(over: str) -> None:
    with pytest.raises(InputError):
        compare(pairs(), over)
    with pytest.raises(InputError):
        compare([], "old")
    with pytest.raises(InputError):
        compare([pairs()[0], pairs()[0][::-1]], "old")
    with pytest.raises(InputError):
        student(0)
