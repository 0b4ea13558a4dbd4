"""Placement exponent, and the shares of what is posted, cancelled, hidden and dark."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.market.realism.bootstrap import resampler
from nowake.market.realism.day import PLACEMENTS
from nowake.market.realism.supply import FARTHEST, estimate, placement_exponent, reduce
from nowake.market.realism.view import view_of


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 2.0), st.integers(0, 99))
def test_the_exponent_of_power_law_placements_is_found(mu: float, seed: int) -> None:
    steps = np.arange(1, FARTHEST + 1)
    p = steps ** -(1 + mu)
    drawn = np.random.default_rng(seed).choice(steps, 20_000, p=p / p.sum())
    found = placement_exponent(np.array([20_000.0]), np.array([np.log(drawn).sum()]))
    assert found[0] == pytest.approx(mu, abs=0.05)


def test_a_day_without_limit_orders_has_no_exponent() -> None:
    assert np.isnan(placement_exponent(np.zeros(1), np.zeros(1))[0])


def test_shares_are_those_of_the_definitions(make_day) -> None:
    placements = np.zeros(PLACEMENTS, np.int64)
    placements[:4] = (100, 30, 8, 2)
    trades = {
        "time": np.arange(5), "price2": 200, "order": [1, 1, 2, 3, 4], "sign": [1, 1, -1, 1, 0],
        "quantity": [30, 10, 20, 20, 20], "hidden": [0, 1, 0, 0, 0], "dark": [0, 0, 0, 0, 1],
    }  # fmt: skip
    day = make_day(None, trades, adds=140, cancels=60, posted=2000, placements=placements)
    found = estimate([reduce(view_of(day))] * 2, resampler(np.zeros(2, int), seed=0))
    assert found["traded_over_posted"].value == pytest.approx(70 / 2000)
    assert found["cancels_per_trade"].value == pytest.approx(60 / 3)
    assert found["hidden_share"].value == pytest.approx(10 / 80)
    assert found["dark_share"].value == pytest.approx(20 / 100)
    assert found["placement_mu"].low == found["placement_mu"].value
