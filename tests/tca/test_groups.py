"""Groups: sums that are the whole, planted differences found, noise left alone, outliers flagged and kept."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.tca.exact import add
from nowake.tca.groups import DIMENSIONS, SHOWN, compare_groups, group_orders, outliers_of
from nowake.tca.minimum import TOO_FEW, Minimum
from nowake.tca.order_row import OrderRow, order_rows


@pytest.fixture(scope="module")
def rows(desk) -> tuple[OrderRow, ...]:
    return order_rows(desk(days=14, orders=4, dear=12))


@pytest.mark.parametrize("by", DIMENSIONS)
def test_groups_are_the_whole(rows, by) -> None:
    found = group_orders(rows, by, least=Minimum(5, 3)).groups
    whole = add(row.exact.times(row.parent.rate) for row in rows)
    assert add(group.exact for group in found) == whole
    assert sorted(one for group in found for one in group.orders) == sorted(row.parent.order_id for row in rows)
    assert sum(group.filled for group in found) == sum(row.filled for row in rows)
    assert all(group.exact.adds_up for group in found)


def test_the_mean_of_a_group_is_its_money_over_its_notional(rows) -> None:
    for group in group_orders(rows, "algo").groups:
        cell = next(cell for cell in group.cells if cell.name == "shortfall_bps")
        assert cell.effect.value == pytest.approx(float(group.exact.total / group.exact.basis * 10_000), rel=1e-12)
        assert tuple(cell.name for cell in group.cells) == SHOWN


def test_a_planted_difference_is_found(rows) -> None:
    """Algorithm slow pays 12 half ticks of 10,000 more on the shares that it sends to exchanges and the pool."""
    found = {g.name: g for g in group_orders(rows, "algo", number="spread_bps").groups}
    slow, fast = found["slow"], found["fast"]
    assert (slow.verdict, fast.verdict) == ("dearer", "cheaper")
    assert 4 < slow.versus.low < slow.versus.value < slow.versus.high < 12
    assert slow.versus.value == pytest.approx(-fast.versus.value)
    assert slow.q <= 0.05


def test_nothing_is_said_of_noise(desk) -> None:
    said = []
    for seed in range(4):
        rows = order_rows(desk(days=12, orders=4, seed=seed))
        for by in ("algo", "account", "side"):
            said += [group.verdict for group in group_orders(rows, by, number="spread_bps").groups]
    assert set(said) <= {"not told apart", TOO_FEW}
    assert "not told apart" in said


def test_below_the_minimum_there_is_no_verdict(rows) -> None:
    few = group_orders(rows, "algo", number="spread_bps", least=Minimum(40, 10)).groups
    assert {group.verdict for group in few} == {TOO_FEW}
    days = group_orders(rows, "algo", number="spread_bps", least=Minimum(5, 15)).groups
    assert {group.verdict for group in days} == {TOO_FEW}
    assert all(group.q != group.q for group in (*few, *days))


def test_groups_without_sample_are_no_tests(rows) -> None:
    """A group that can have no verdict must not make it harder for the others."""
    parents = [replace(row.parent, algo="rare") if row.index == 0 else row.parent for row in rows]
    with_rare = [replace(row, parent=parent) for row, parent in zip(rows, parents, strict=True)]
    found = {g.name: g for g in group_orders(with_rare, "algo", number="spread_bps").groups}
    assert found["rare"].verdict == TOO_FEW
    assert found["slow"].q == found["slow"].versus.p or found["slow"].q <= 2 * found["slow"].versus.p


def test_outliers_are_flagged_and_stay(rows) -> None:
    far = rows[3]
    spoilt = [replace(row, values={**row.values, "shortfall_bps": 5_000.0}) if row is far else row for row in rows]
    assert far.parent.order_id in outliers_of(spoilt)
    group = next(g for g in group_orders(spoilt, "algo").groups if g.name == far.parent.algo)
    assert far.parent.order_id in group.outliers
    assert far.parent.order_id in group.orders
    cell = next(cell for cell in group.cells if cell.name == "shortfall_bps")
    inside = [row for row in spoilt if row.parent.algo == far.parent.algo]
    weights = np.array([float(row.exact.basis) for row in inside])
    values = np.array([row.values["shortfall_bps"] for row in inside])
    assert cell.effect.value == pytest.approx(float((weights * values).sum() / weights.sum()))


def test_days_are_compared_over_orders_and_orders_not_at_all(rows) -> None:
    assert group_orders(rows, "day").cluster == "order"
    single = group_orders(rows, "order")
    assert [group.name for group in single.groups] == [row.parent.order_id for row in rows]
    assert all(group.versus is None and group.verdict == TOO_FEW for group in single.groups)


def test_sources_of_a_group_are_those_of_its_orders(rows) -> None:
    for group in group_orders(rows, "account").groups:
        inside = [row for row in rows if row.parent.order_id in group.orders]
        want = {n for row in inside for low, high in row.sources.of(("order", "children", "fills"))
                for n in range(low, high + 1)}  # fmt: skip
        assert {n for low, high in group.sources for n in range(low, high + 1)} == want


def test_rates_weigh_currencies(rows) -> None:
    """A group of orders in two currencies weighs each by its value in the currency of the report."""
    two = [replace(row, parent=replace(row.parent, rate=2.5 if row.index % 2 else 1.0)) for row in rows]
    group = group_orders(two, "desk").groups[0]
    want = sum((Fraction(row.parent.rate) * row.exact.total for row in two), Fraction(0))
    assert group.exact.total == want


def test_an_unknown_dimension_is_refused_with_the_nearest(rows) -> None:
    with pytest.raises(InputError, match="--by") as refused:
        group_orders(rows, "symbl")
    assert refused.value.hint == "did you mean 'symbol'?"
    with pytest.raises(InputError, match="day or order"):
        group_orders(rows, "algo", cluster="week")


def test_two_groups_are_compared_directly(rows) -> None:
    effect, words = compare_groups(rows, "algo", ("slow", "fast"), number="spread_bps")
    back, other = compare_groups(rows, "algo", ("fast", "slow"), number="spread_bps")
    versus = {g.name: g for g in group_orders(rows, "algo", number="spread_bps").groups}["slow"].versus
    assert (words, other) == ("dearer", "cheaper")
    assert effect.value == pytest.approx(-back.value) == pytest.approx(versus.value)
    assert compare_groups(rows, "algo", ("slow", "fast"), least=Minimum(1000, 10))[1] == TOO_FEW
    with pytest.raises(InputError, match="algo to compare") as refused:
        compare_groups(rows, "algo", ("slow", "fst"))
    assert refused.value.hint == "did you mean 'fast'?"
