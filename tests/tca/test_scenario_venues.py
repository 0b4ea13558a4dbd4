"""Venues over orders on twin markets: ratios of sums, their intervals, and lines that add up."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nowake.execution.outcome import VENUE, Outcome
from nowake.tca.scenario_venues import kind_lines, ratio, venue_lines
from nowake.tca.statistics import student

from .test_paired import PLAIN

PLACES = (("ALPHA", "lit"), ("BETA", "lit"), ("OPAL", "dark"), ("NORTH", "dealer"))


def rows(*filled: int) -> np.ndarray:
    """Every share paid 2 ticks of half spread at a lit place, nothing elsewhere, and gained 1 tick after 10 s."""
    out = np.zeros(len(PLACES), VENUE)
    for k, shares in enumerate(filled):
        lit = PLACES[k][1] == "lit"
        out[k] = (4, 2 * shares, shares, 2, 0, 2.0 * shares * lit, 0.001 * shares, (shares, 0), (shares, 0))
    return out


def order(*filled: int, policy: str = "twap", arrival: float = 5_000.0) -> Outcome:
    return replace(
        PLAIN, policy=policy, arrival=arrival, filled=sum(filled), quantity=sum(filled), places=PLACES,
        venues=rows(*filled),
    )  # fmt: skip


PAIRS = [
    [order(600, 200, 200, 0), order(900, 100, 0, 0, policy="old")],
    [order(300, 300, 400, 0), order(1000, 0, 0, 0, policy="old")],
]


def test_a_line_per_venue_from_the_sums() -> None:
    alpha, beta, opal, north = venue_lines(PAIRS, "twap")
    assert [line.venue for line in (alpha, beta, opal, north)] == ["ALPHA", "BETA", "OPAL", "NORTH"]
    assert (alpha.filled, alpha.offered, alpha.orders, alpha.children, alpha.fills) == (900, 1_800, 2, 8, 4)
    assert alpha.share == pytest.approx(0.45)
    assert alpha.fill_rate == 0.5
    assert alpha.spread_bps == pytest.approx(4.0)  # 2 of 5,000 ticks
    assert alpha.fees_bps == pytest.approx(0.2)  # 0.1 tick a share
    assert alpha.all_in_bps == pytest.approx(4.2)
    assert alpha.markout_bps[0] == pytest.approx(2.0)
    assert np.isnan(alpha.markout_bps[1])  # no fill had one
    assert (opal.spread_bps, opal.kind) == (0.0, "dark")


def test_a_venue_without_fills_claims_nothing() -> None:
    north = venue_lines(PAIRS, "twap")[-1]
    assert (north.filled, north.share) == (0, 0.0)
    assert np.isnan([north.spread_bps, north.all_in_bps, *north.markout_bps, north.fill_rate]).all()


def test_kinds_are_the_sums_of_their_venues() -> None:
    lit, dark, dealer = kind_lines(PAIRS, "twap")
    venues = venue_lines(PAIRS, "twap")
    assert [line.kind for line in (lit, dark, dealer)] == ["lit", "dark", "dealer"]
    assert lit.filled == venues[0].filled + venues[1].filled
    assert lit.share + dark.share + dealer.share == pytest.approx(1.0)
    assert lit.spread_bps == pytest.approx(4.0)


def test_an_unknown_policy_has_no_lines() -> None:
    assert venue_lines(PAIRS, "magic") == ()


def test_orders_count_by_their_shares() -> None:
    both = [[order(100, 0, 0, 0)], [order(300, 0, 0, 0, arrival=10_000.0)]]
    (alpha, *_) = venue_lines(both, "twap")
    assert alpha.spread_bps == pytest.approx((100 * 2 + 300 * 2) / (100 * 5_000 + 300 * 10_000) * 1e4)


def test_the_interval_of_a_mean_where_all_weigh_the_same() -> None:
    values = np.array([1.0, 2.0, 4.0, 9.0])
    value, (low, high) = ratio(values, np.ones(4))
    half = student(3) * values.std(ddof=1) / 2
    assert value == 4.0
    assert (low, high) == pytest.approx((4.0 - half, 4.0 + half))


def test_rows_without_weight_are_no_observations() -> None:
    assert ratio(np.array([1.0, 0.0, 3.0]), np.array([1.0, 0.0, 1.0])) == ratio(np.array([1.0, 3.0]), np.ones(2))
    value, ends = ratio(np.array([3.0, 0.0]), np.array([2.0, 0.0]))
    assert value == 1.5
    assert np.isnan(ends).all()
    assert np.isnan(ratio(np.zeros(2), np.zeros(2))[0])


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.5, 100)), min_size=2, max_size=20), st.floats(0.1, 10))
def test_a_ratio_scales_with_its_top_and_lies_inside(parts: list[tuple[float, float]], scale: float) -> None:
    top, bottom = (np.array(column) for column in zip(*parts, strict=True))
    value, (low, high) = ratio(top, bottom)
    assert low <= value <= high
    assert min(top / bottom) - 1e-9 <= value <= max(top / bottom) + 1e-9
    bigger, ends = ratio(scale * top, bottom)
    assert bigger == pytest.approx(scale * value, abs=1e-9)
    assert ends == pytest.approx((scale * low, scale * high), abs=1e-6)


@given(st.floats(0.01, 10))
def test_constant_costs_have_no_width(cost: float) -> None:
    weights = np.array([10.0, 20.0, 5.0])
    value, (low, high) = ratio(cost * weights, weights)
    assert value == pytest.approx(cost)
    assert high - low == pytest.approx(0.0, abs=1e-9)
