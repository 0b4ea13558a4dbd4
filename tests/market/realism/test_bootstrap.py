"""Draws of days: blocks stay inside their series, intervals are those of theory, the seed decides everything."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.market.realism.bootstrap import estimate_of, resampler


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.integers(1, 8), st.integers(0, 9))
def test_every_draw_has_as_many_days_as_the_sample(runs: list[int], block: int, seed: int) -> None:
    series = np.repeat(np.arange(len(runs)), runs)
    r = resampler(series, seed=seed, draws=20, block=block)
    if len(series) > 1:
        assert np.array_equal(r.weights[1:].sum(1), np.full(20, len(series)))
    assert np.array_equal(r.weights[0], np.ones(len(series)))


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    x = np.random.default_rng(3).normal(5, 2, 400)
    found = resampler(np.arange(400), seed=1, draws=2000).ratio(x, np.ones(400))
    half = 1.96 * x.std() / 20
    assert found.value == pytest.approx(x.mean())
    assert (found.low, found.high) == pytest.approx((x.mean() - half, x.mean() + half), abs=0.02)


def test_blocks_widen_the_interval_of_days_that_move_together() -> None:
    rng = np.random.default_rng(5)
    level = np.repeat(rng.normal(size=200), 5)
    series = np.repeat(np.arange(10), 100)
    one = resampler(series, seed=1, block=1).ratio(level, np.ones(1000))
    five = resampler(series, seed=1, block=5).ratio(level, np.ones(1000))
    assert five.high - five.low > 1.5 * (one.high - one.low)


def test_one_day_has_no_interval() -> None:
    found = resampler(np.zeros(1, int), seed=0).ratio(np.array([3.0]), np.array([2.0]))
    assert found.value == 1.5
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_undefined_draws_leave_the_interval_undefined() -> None:
    assert np.isnan(estimate_of(np.array([1.0, *[np.nan] * 20, *[1.0] * 80])).low)
    assert estimate_of(np.array([1.0, np.nan, *[1.0] * 99])).low == 1.0


def test_the_seed_decides_the_draws() -> None:
    series = np.repeat([1, 2], 10)
    first, again, other = (resampler(series, seed=s).weights for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_no_day_is_refused() -> None:
    with pytest.raises(InputError, match="at least one day"):
        resampler(np.zeros(0, int), seed=0)
