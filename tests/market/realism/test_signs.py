"""Sign memory of the order-splitting pool, durations, trades by aggressive order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.market.realism.bootstrap import resampler
from nowake.market.realism.signs import estimate, memory, reduce, sign_sums
from nowake.market.realism.view import view_of


def pool(rng: np.random.Generator, n: int, parents: int, alpha: float) -> np.ndarray:
    """Return n signs, each from one of `parents` orders of Pareto length that are replaced when done (LMF 2005)."""
    chosen = rng.integers(0, parents, n)
    signs = np.zeros(n)
    for k in range(parents):
        mine = np.flatnonzero(chosen == k)
        lengths = np.ceil(rng.random(len(mine)) ** (-1 / alpha)).astype(np.int64)
        lengths = lengths[: np.searchsorted(np.cumsum(lengths), len(mine)) + 1]
        signs[mine] = np.repeat(rng.choice([-1, 1], len(lengths)), lengths)[: len(mine)]
    return signs


def test_the_pool_of_parents_has_gamma_alpha_minus_one() -> None:
    """Parents so long move every single path: the median of five, and intervals as wide as that."""
    found = []
    for seed in range(5):
        days = np.split(pool(np.random.default_rng(seed), 1_600_000, 4, 1.5), 40)
        found.append(memory(np.array([sign_sums(day) for day in days]), resampler(np.arange(40), seed=1)))
    assert np.median([gamma.value for gamma, _ in found]) == pytest.approx(0.5, abs=0.08)
    assert all(0.1 < gamma.high - gamma.low < 0.3 for gamma, _ in found)
    assert all(0.15 < first.value < 0.22 for _, first in found)


def test_signs_without_memory_do_not_pass() -> None:
    rng = np.random.default_rng(12)
    sums = np.array([sign_sums(rng.choice([-1.0, 1.0], 10_000)) for _ in range(40)])
    gamma, first = memory(sums, resampler(np.arange(40), seed=1))
    assert abs(first.value) < 0.01
    assert not gamma.high - gamma.low < 0.3


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([-1, 1]), min_size=2, max_size=60))
def test_products_by_lag_are_those_of_the_definition(signs: list[int]) -> None:
    s, n = np.array(signs, float), len(signs)
    found = sign_sums(s)
    assert found[0] == pytest.approx(float(np.sum(s[:-1] * s[1:])), abs=1e-9)
    assert found[1] == n - 1
    half = (len(found) - 2) // 2
    products = sum(float(np.sum(s[:-lag] * s[lag:])) for lag in range(10, n))
    assert found[2 : 2 + half].sum() == pytest.approx(products, abs=1e-8)
    assert found[2 + half :].sum() == sum(n - lag for lag in range(10, n))


@pytest.mark.parametrize(("law", "cv"), [("exponential", 1.0), ("gamma", 2.0)])
def test_durations_have_the_coefficient_of_their_law(make_day, law: str, cv: float) -> None:
    rng, days = np.random.default_rng(13), []
    for _ in range(10):
        gaps = rng.exponential(1e9, 20_000) if law == "exponential" else rng.gamma(0.25, 4e9, 20_000)
        times = np.cumsum(gaps).astype(np.int64)
        day = make_day(None, {"time": times, "price2": 200, "quantity": 1, "order": np.arange(20_000), "sign": 1})
        days.append(reduce(view_of(day)))
    found = estimate(days, resampler(np.arange(10), seed=1))["duration_cv"]
    assert found.value == pytest.approx(cv, rel=0.05)


def test_prints_of_one_aggressive_order_are_one_trade(make_day) -> None:
    trades = {
        "time": [10, 10, 10, 20, 30, 40], "order": [7, 7, 9, 7, 11, 12], "sign": [1, 1, -1, 1, 0, 1],
        "price2": [202, 204, 198, 206, 200, 210], "quantity": [1, 2, 3, 4, 5, 6], "dark": [0, 0, 0, 0, 1, 1],
    }  # fmt: skip
    found = view_of(make_day(None, trades)).trades
    assert found.tolist() == [(10, 103.0, 7, 1), (10, 99.0, 3, -1)]
