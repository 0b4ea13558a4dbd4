"""Cartea, Jaimungal & Penalva: depths against the vector, a dense matrix exponential and the differential equation."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.schedule.cartea_jaimungal import LimitOrders, depths, log_values, market_order_times

BOOK = LimitOrders(quantity=3, horizon=60.0, intensity=50 / 60, kappa=100.0, alpha=0.001)


def dense_exponential(matrix: np.ndarray) -> np.ndarray:
    """Scaling and squaring with a Taylor series: a second, plain way."""
    squarings = max(0, math.ceil(math.log2(max(np.abs(matrix).sum(axis=1).max(), 1e-9)))) + 4
    small, term = matrix / 2**squarings, np.eye(len(matrix))
    out = term.copy()
    for k in range(1, 20):
        term = term @ small / k
        out += term
    for _ in range(squarings):
        out = out @ out
    return out


def plain_values(problem: LimitOrders, tau: float) -> np.ndarray:
    q = np.arange(problem.quantity + 1)
    matrix = np.diag(-problem.kappa * problem.phi * q**2.0) + np.diag(
        np.full(problem.quantity, problem.intensity / math.e), -1
    )
    return dense_exponential(matrix * tau) @ np.exp(-problem.kappa * problem.alpha * q**2)


def test_vector_without_running_penalty() -> None:
    assert [f"{d:.6f}" for d in depths(BOOK)] == ["0.039600", "0.032683", "0.028643"]


@settings(max_examples=60, deadline=None)
@given(
    quantity=st.integers(1, 8),
    tau=st.floats(0.01, 60),
    alpha=st.floats(0, 0.01),
    phi=st.one_of(st.just(0.0), st.floats(1e-7, 1e-3)),
)
def test_values_equal_the_dense_matrix_exponential(quantity: int, tau: float, alpha: float, phi: float) -> None:
    problem = replace(BOOK, quantity=quantity, alpha=alpha, phi=phi)
    assert np.exp(log_values(problem, tau)) == pytest.approx(plain_values(problem, tau), rel=1e-8)


def test_running_penalty_to_zero_is_the_closed_form() -> None:
    wide = replace(BOOK, quantity=40)
    assert depths(replace(wide, phi=1e-13)) == pytest.approx(depths(wide), abs=1e-8)


def test_depths_solve_the_differential_equation() -> None:
    problem = replace(BOOK, quantity=6, phi=1e-4)
    step, kappa = 1e-4, problem.kappa
    rate = (log_values(problem, 30 + step) - log_values(problem, 30 - step)) / (2 * step * kappa)
    q, depth = np.arange(1, 7), depths(problem, 30.0)
    gain = problem.intensity / kappa * np.exp(-kappa * depth)
    assert rate[1:] == pytest.approx(gain - problem.phi * q**2, rel=1e-5, abs=1e-9)


def test_at_the_end_depths_are_those_of_the_terminal_penalty() -> None:
    q = np.arange(1, 4)
    assert depths(BOOK, 0.0) == pytest.approx((1 - 100 * 0.001 * (2 * q - 1)) / 100)


@settings(max_examples=40, deadline=None)
@given(phi=st.sampled_from([0.0, 1e-6, 1e-4]), tau=st.floats(0.1, 60), alpha=st.floats(1e-5, 0.01))
def test_more_inventory_posts_closer(phi: float, tau: float, alpha: float) -> None:
    path = depths(replace(BOOK, quantity=12, phi=phi, alpha=alpha), tau)
    assert np.all(np.diff(path) < 1e-12)
    assert np.all(path >= depths(replace(BOOK, quantity=12, phi=phi * 2 + 1e-9, alpha=alpha), tau) - 1e-9)


def test_large_inventories_neither_underflow_nor_overflow() -> None:
    for problem in (replace(BOOK, quantity=1000), replace(BOOK, quantity=60, phi=1e-4), replace(BOOK, intensity=1e4)):
        found = depths(problem)
        assert found.shape == (problem.quantity,)
        assert np.all(np.isfinite(found))


def test_market_orders_come_late_and_earlier_for_more_inventory() -> None:
    problem = replace(BOOK, quantity=6, phi=1e-5)
    times = market_order_times(problem, 0.005)
    assert np.all(np.isnan(times[:3]))
    assert np.all(np.diff(times[3:]) < 0)
    assert np.all((times[3:] >= 0) & (times[3:] <= 60))


def test_market_order_threshold_at_the_end_compares_spread_and_penalty() -> None:
    times = market_order_times(replace(BOOK, quantity=8), 0.0089)
    sent = ~np.isnan(times)
    penalty = 0.001 * (2 * np.arange(1, 9) - 1)
    assert sent.tolist() == (penalty > 0.0089).tolist()


def test_wide_spread_never_crosses_and_free_crossing_always_does() -> None:
    assert np.all(np.isnan(market_order_times(BOOK, 10.0, steps=50)))
    assert market_order_times(replace(BOOK, phi=0.01), 0.0, steps=50).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 0},
        {"quantity": 2001},
        {"horizon": 0.0},
        {"intensity": 0.0},
        {"kappa": -1.0},
        {"alpha": -1e-9},
        {"phi": -1.0},
        {"phi": 1e6},
    ],
)
def test_impossible_problems_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(InputError):
        replace(BOOK, **change)  # type: ignore[arg-type]


def test_time_to_go_beyond_the_horizon_is_refused() -> None:
    with pytest.raises(InputError, match="time to go"):
        depths(BOOK, 61.0)
    with pytest.raises(InputError, match="steps"):
        market_order_times(replace(BOOK, quantity=1000), 0.01, steps=1000)
