"""Alfonsi, Fruth & Schied: the vector, kernel inversion, and the continuous limit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.schedule.afs import AlfonsiFruthSchied, afs, kernel_cost, kernel_trades
from nowake.schedule.conformance import states
from nowake.schedule.obizhaeva_wang import Book, obizhaeva_wang


def exponential(rho: float):
    return lambda t: np.exp(-rho * t)


def test_vector_ten_bins() -> None:
    path = afs(100_000, 1.0, 10, 20.0)
    assert [round(float(n), 4) for n in path.trades] == [10222.8767, *[8839.3607] * 9, 10222.8767]
    assert path.holdings[0] == 100_000
    assert path.holdings[-1] == 0


def test_vector_equals_kernel_inversion() -> None:
    trades = kernel_trades(100_000, np.linspace(0, 1, 11), exponential(20.0))
    assert trades == pytest.approx(afs(100_000, 1.0, 10, 20.0).trades, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(bins=st.integers(1, 40), horizon=st.floats(0.1, 10), rho=st.floats(0.1, 50))
def test_closed_form_equals_kernel_inversion(bins: int, horizon: float, rho: float) -> None:
    path, times = afs(1000, horizon, bins, rho, depth=1.0), np.linspace(0, horizon, bins + 1)
    assert kernel_trades(1000, times, exponential(rho)) == pytest.approx(path.trades, rel=1e-6)
    assert path.expected_cost == pytest.approx(kernel_cost(path.trades, times, exponential(rho)), rel=1e-9)
    even = np.full(bins + 1, 1000 / (bins + 1))
    assert path.expected_cost <= kernel_cost(even, times, exponential(rho)) * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), bins=st.integers(1, 20), power=st.floats(0.1, 0.9))
def test_no_perturbation_of_a_power_law_kernel_costs_less(seed: int, bins: int, power: float) -> None:
    times, kernel = np.linspace(0, 1, bins + 1), lambda t: (1 + t) ** -power
    best = kernel_trades(1000, times, kernel)
    shift = np.random.default_rng(seed).normal(0, 10, bins + 1)
    other = best + shift - shift.mean()
    assert best.sum() == pytest.approx(1000)
    assert np.all(best > 0)
    assert kernel_cost(other, times, kernel) >= kernel_cost(best, times, kernel) * (1 - 1e-12)


def test_many_bins_tend_to_obizhaeva_wang() -> None:
    fine, smooth = afs(100_000, 1.0, 20_000, 2.0, depth=1.0), obizhaeva_wang(100_000, 1.0, 2.0, Book(1.0))
    assert fine.trades[0] == pytest.approx(25_000, rel=1e-4)
    assert fine.trades[1:-1].sum() == pytest.approx(50_000, rel=1e-4)
    assert fine.expected_cost == pytest.approx(smooth.expected_cost, rel=1e-4)


def test_one_bin_is_two_halves_and_quick_refill_is_even() -> None:
    assert afs(100, 1.0, 1, 3.0).trades.tolist() == [50, 50]
    assert afs(110, 1.0, 10, 1e4).trades == pytest.approx([10] * 11)


def test_kernel_that_pays_round_trips_is_refused() -> None:
    with pytest.raises(InputError, match="positive definite"):
        kernel_trades(100, [0.0, 1.0, 2.0], lambda t: 1 + t)
    with pytest.raises(InputError, match="increasing"):
        kernel_trades(100, [0.0, 0.0], exponential(1.0))


def test_engine_trades_once_per_slice() -> None:
    targets = [target for _, target in states(AlfonsiFruthSchied(20.0), 100_000, 11)]
    trades = np.diff(targets, prepend=0)
    assert trades == pytest.approx(afs(100_000, 1.0, 10, 20.0).trades, abs=1)


@pytest.mark.parametrize(
    "wrong", [(0, 1.0, 5, 1.0), (9, -1.0, 5, 1.0), (9, 1.0, 0, 1.0), (9, 1.0, 5, 0.0), (9, 1.0, 5, 1.0, 0.0)]
)
def test_impossible_parameters_are_refused(wrong: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        afs(*wrong)  # type: ignore[arg-type]
