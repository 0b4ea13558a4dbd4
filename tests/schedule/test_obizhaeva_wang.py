"""Obizhaeva & Wang: block, rate, block, and what it saves."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.schedule.conformance import states
from nowake.schedule.obizhaeva_wang import Book, ObizhaevaWang, constant_rate_cost, obizhaeva_wang, saving


def test_vector_quarter_half_quarter() -> None:
    path = obizhaeva_wang(100_000, 1.0, 2.0)
    assert path.trades.tolist() == [25_000, 50_000, 25_000]
    assert path.times.tolist() == [0, 0, 1, 1]
    assert round(100 * saving(1.0, 2.0), 2) == 11.92


def test_cost_with_a_book_is_the_closed_form() -> None:
    book = Book(depth=50_000, permanent=5e-6)
    path = obizhaeva_wang(100_000, 1.0, 2.0, book)
    assert path.expected_cost == pytest.approx(5e-6 * 1e10 / 2 + 1.5e-5 * 1e10 / 4)
    transient = constant_rate_cost(100_000, 1.0, 2.0, book) - 5e-6 * 1e10 / 2
    assert 1 - (path.expected_cost - 25_000) / transient == pytest.approx(saving(1.0, 2.0))


def simulated_cost(blocks: tuple[float, float], total: float, rho: float, n: int = 20_000) -> float:
    """Cost of block, constant rate, block for K = 1, stepping the decaying deviation through time."""
    step = 1.0 / n
    slices = np.full(n, (total - sum(blocks)) / n)
    deviation, cost = blocks[0], blocks[0] ** 2 / 2
    fade = math.exp(-rho * step / 2)
    for quantity in slices:
        deviation *= fade
        cost += quantity * (deviation + quantity / 2)
        deviation = (deviation + quantity) * fade
    return cost + blocks[1] * (deviation + blocks[1] / 2)


def test_cost_agrees_with_a_book_stepped_through_time() -> None:
    book = Book(depth=1.0)
    assert simulated_cost((25.0, 25.0), 100.0, 2.0) == pytest.approx(
        obizhaeva_wang(100, 1.0, 2.0, book).expected_cost, rel=1e-4
    )
    assert simulated_cost((0.0, 0.0), 100.0, 2.0) == pytest.approx(constant_rate_cost(100, 1.0, 2.0, book), rel=1e-4)


@pytest.mark.parametrize("blocks", [(24.0, 26.0), (20.0, 20.0), (30.0, 30.0), (50.0, 50.0), (0.0, 0.0), (100.0, 0.0)])
def test_other_blocks_cost_more(blocks: tuple[float, float]) -> None:
    assert simulated_cost(blocks, 100.0, 2.0, 2000) > simulated_cost((25.0, 25.0), 100.0, 2.0, 2000)


@settings(max_examples=100, deadline=None)
@given(quantity=st.integers(1, 2**31 - 1), horizon=st.floats(1e-3, 1e3), rho=st.floats(1e-6, 1e4))
def test_trades_add_up_and_blocks_always_save(quantity: int, horizon: float, rho: float) -> None:
    path = obizhaeva_wang(quantity, horizon, rho)
    assert path.trades.sum() == pytest.approx(quantity)
    assert np.all(path.trades > 0)
    assert -1e-9 <= saving(horizon, rho) < 1 / 3


def test_limits_are_two_halves_and_a_constant_rate() -> None:
    assert obizhaeva_wang(100, 1.0, 1e-9).trades == pytest.approx([50, 0, 50], abs=1e-6)
    assert obizhaeva_wang(100, 1.0, 1e9).trades == pytest.approx([0, 100, 0], abs=1e-6)
    assert saving(1.0, 0.9999e-4) == pytest.approx(saving(1.0, 1.0001e-4), abs=1e-7)


def test_engine_starts_and_ends_with_a_block() -> None:
    targets = [target for _, target in states(ObizhaevaWang(2.0), 100_000, 10)]
    assert targets[0] == 25_000 + 5_000
    assert np.diff(targets[:-1]).tolist() == [5_000] * 8
    assert targets[-1] - targets[-2] == 25_000 + 5_000


@pytest.mark.parametrize("wrong", [(0, 1.0, 1.0), (10, 0.0, 1.0), (10, 1.0, 0.0), (10, 1.0, -1.0), (10, math.inf, 1.0)])
def test_impossible_parameters_are_refused(wrong: tuple[int, float, float]) -> None:
    with pytest.raises(InputError):
        obizhaeva_wang(*wrong)


def test_permanent_impact_must_leave_something_to_decay() -> None:
    with pytest.raises(InputError, match="below 1/depth"):
        Book(depth=100.0, permanent=0.01)
