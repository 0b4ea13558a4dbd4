"""Power-law impact: b = 1 is the closed form, and no other schedule is cheaper."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.schedule.almgren_chriss import Liquidation, solve
from nowake.schedule.impact import Impact, expected_cost, variance
from nowake.schedule.power_impact import minimise, solve_tridiagonal

PAPER = Impact(sigma=0.95, gamma=2.5e-7, eta=2.5e-6)


def problem(power: float, risk_aversion: float, bins: int = 20, gamma: float = 0.0, drift: float = 0.0) -> Liquidation:
    impact = Impact(0.95, gamma, 2.5e-6 * 2e5 ** (1 - power), 0.0, power)
    return Liquidation(1_000_000, 5.0, bins, impact, risk_aversion, drift)


def total(case: Liquidation, holdings: np.ndarray) -> float:
    cost = expected_cost(holdings, case.tau, case.impact, case.drift)
    return cost + case.risk_aversion * variance(holdings, case.tau, case.impact)


@pytest.mark.parametrize("risk_aversion", [0.0, 1e-7, 1e-6, 1e-5])
@pytest.mark.parametrize("drift", [0.0, 0.02])
def test_newton_at_power_one_is_the_linear_closed_form(risk_aversion: float, drift: float) -> None:
    case = Liquidation(1_000_000, 5.0, 20, PAPER, risk_aversion, drift)
    assert 1e6 * minimise(case) == pytest.approx(solve(case).holdings, rel=1e-7, abs=1e-2)


@pytest.mark.parametrize("power", [0.999999, 1.000001])
def test_powers_beside_one_are_continuous(power: float) -> None:
    case = problem(1.0, 1e-6)
    beside = replace(case, impact=replace(case.impact, power=power))
    assert solve(beside).holdings == pytest.approx(solve(case).holdings, rel=1e-3, abs=1.0)


@pytest.mark.parametrize("power", [0.3, 0.6, 1.5, 2.0])
def test_without_risk_aversion_every_power_trades_evenly(power: float) -> None:
    assert solve(problem(power, 0.0)).trades == pytest.approx(np.full(20, 5e4), rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    power=st.floats(0.3, 2.0),
    risk_aversion=st.sampled_from([0.0, 1e-7, 1e-6, 1e-5]),
    drift=st.sampled_from([0.0, 0.02]),
    bins=st.integers(2, 25),
    seed=st.integers(0, 2**32 - 1),
    size=st.sampled_from([10.0, 1e3, 1e5]),
)
def test_no_perturbation_costs_less(
    power: float, risk_aversion: float, drift: float, bins: int, seed: int, size: float
) -> None:
    case = problem(power, risk_aversion, bins, drift=drift)
    best = solve(case).holdings
    other = best.copy()
    other[1:-1] += np.random.default_rng(seed).normal(0, size, bins - 1)
    assert total(case, other) >= total(case, best) * (1 - 1e-9) - 1e-6


def test_marginal_costs_balance_bin_by_bin() -> None:
    case = problem(0.6, 1e-6)
    path = solve(case)
    price = case.impact.eta * 1.6 * (path.trades / case.tau) ** 0.6
    carry = 2 * case.risk_aversion * case.impact.sigma**2 * case.tau * path.holdings[1:-1]
    assert price[:-1] - price[1:] == pytest.approx(carry, rel=1e-5, abs=1e-7)


def test_permanent_impact_is_allowed_while_the_problem_is_convex() -> None:
    path = solve(problem(0.6, 1e-6, gamma=1e-8))
    assert np.all(path.trades > 0)
    with pytest.raises(InputError, match="convex"):
        solve(problem(0.6, 1e-6, gamma=1e-3))
    with pytest.raises(InputError, match="convex"):
        solve(problem(1.5, 1e-6, gamma=1e-9))


def test_what_is_not_convex_or_too_large_is_refused() -> None:
    with pytest.raises(InputError, match="0 or more"):
        solve(problem(0.6, -1e-9))
    with pytest.raises(InputError, match="impact power"):
        solve(problem(0.1, 1e-6))
    with pytest.raises(InputError, match="bins"):
        solve(problem(0.6, 1e-6, bins=5001))


def test_one_bin_takes_everything() -> None:
    assert solve(problem(0.6, 1e-6, bins=1)).holdings.tolist() == [1e6, 0.0]


@settings(max_examples=50, deadline=None)
@given(n=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_tridiagonal_elimination_solves_the_dense_system(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    off, right = rng.normal(size=n - 1), rng.normal(size=n)
    diagonal = 1 + np.abs(np.append(off, 0)) + np.abs(np.insert(off, 0, 0))
    dense = np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1)
    assert solve_tridiagonal(diagonal, off, right) == pytest.approx(np.linalg.solve(dense, right), abs=1e-9)
