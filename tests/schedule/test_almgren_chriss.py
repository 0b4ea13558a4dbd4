"""Almgren & Chriss 2000: the paper's numbers, the limits, and optimality by brute force."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.schedule.almgren_chriss import AlmgrenChriss, Liquidation, Urgency, risk_aversion_of, solve
from nowake.schedule.conformance import states
from nowake.schedule.impact import Impact, expected_cost, variance

PAPER = Impact(sigma=0.95, gamma=2.5e-7, eta=2.5e-6, epsilon=0.0625)


def paper(risk_aversion: float, drift: float = 0.0, bins: int = 5) -> Liquidation:
    return Liquidation(1_000_000, 5.0, bins, PAPER, risk_aversion, drift)


def objective(problem: Liquidation, holdings: np.ndarray) -> float:
    """E + lambda V share by share, from the paper's eq. 8-9 in their own form (not the module's)."""
    tau, impact = problem.tau, problem.impact
    trades = -np.diff(holdings)
    eta = impact.eta - impact.gamma * tau / 2
    cost = impact.gamma * problem.quantity**2 / 2 + impact.epsilon * trades.sum() + eta / tau * (trades**2).sum()
    risk = impact.sigma**2 * tau * (holdings[1:] ** 2).sum()
    return float(cost - problem.drift * tau * holdings[1:].sum() + problem.risk_aversion * risk)


def by_linear_system(problem: Liquidation) -> np.ndarray:
    """Holdings from the dense stationarity equations."""
    tau, n = problem.tau, problem.bins - 1
    eta = problem.impact.eta - problem.impact.gamma * tau / 2
    matrix = (2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)) * eta / tau
    matrix += problem.risk_aversion * problem.impact.sigma**2 * tau * np.eye(n)
    right = np.full(n, problem.drift * tau / 2)
    right[0] += eta / tau * problem.quantity
    return np.concatenate(([problem.quantity], np.linalg.solve(matrix, right), [0.0]))


def test_without_risk_aversion_the_paper_trades_evenly() -> None:
    path = solve(paper(0.0))
    assert path.holdings == pytest.approx([1e6, 8e5, 6e5, 4e5, 2e5, 0], abs=1e-6)
    assert path.expected_cost == pytest.approx(662_500, abs=1e-6)
    assert path.variance == pytest.approx(1.083e12, rel=1e-12)
    assert (path.kappa, path.half_life) == (0.0, None)


def test_with_risk_aversion_1e_6_the_papers_trajectory() -> None:
    path = solve(paper(1e-6))
    assert path.kappa is not None
    assert path.half_life is not None
    assert round(path.kappa, 6) == 0.607076
    assert path.half_life == pytest.approx(1 / path.kappa)
    assert [round(float(x), 1) for x in path.holdings[1:5]] == [541955.6, 289854.2, 147897.5, 62141.8]
    assert path.expected_cost == pytest.approx(911_227, abs=0.5)
    assert path.variance == pytest.approx(3.64129e11, rel=2e-6)


def test_trades_follow_the_closed_form_of_the_paper() -> None:
    path = solve(paper(1e-6))
    kappa, middle = path.kappa, np.arange(5) + 0.5
    assert kappa is not None
    trades = 1e6 * 2 * np.sinh(kappa / 2) * np.cosh(kappa * (5 - middle)) / np.sinh(kappa * 5)
    assert path.trades == pytest.approx(trades, rel=1e-12)


def test_drift_pulls_towards_the_static_holding() -> None:
    long = solve(Liquidation(1_000_000, 200.0, 200, PAPER, 1e-6, 0.02))
    assert long.holdings[100] == pytest.approx(11_080.33, abs=0.01)
    assert solve(paper(1e-6, 0.02)).holdings == pytest.approx(by_linear_system(paper(1e-6, 0.02)), rel=1e-12, abs=1e-6)


@pytest.mark.parametrize("risk_aversion", [-2e-7, -1e-8, 0.0, 1e-14, 1e-9, 1e-6, 1e-3])
@pytest.mark.parametrize("drift", [0.0, 0.02, -0.1])
def test_closed_form_solves_the_stationarity_equations(risk_aversion: float, drift: float) -> None:
    problem = paper(risk_aversion, drift, bins=20)
    assert solve(problem).holdings == pytest.approx(by_linear_system(problem), rel=1e-7, abs=1e-3)


def test_risk_seeking_is_refused_once_kappa_t_reaches_pi() -> None:
    eta = PAPER.eta - PAPER.gamma / 2
    edge = -((2 * math.sin(math.pi / 10)) ** 2) * eta / PAPER.sigma**2
    inside = solve(paper(edge * 0.99))
    assert inside.imaginary
    assert inside.kappa is not None
    assert inside.kappa * 5 < math.pi
    with pytest.raises(InputError, match="below pi"):
        solve(paper(edge * 1.01))
    with pytest.raises(InputError, match="below pi"):
        solve(paper(-1.0))


def test_kappa_to_zero_is_twap_and_kappa_to_infinity_is_at_once() -> None:
    assert solve(paper(1e-18)).holdings == pytest.approx(solve(paper(0)).holdings, rel=1e-9, abs=1e-6)
    assert solve(paper(1e6)).holdings[1:] == pytest.approx([0] * 5, abs=1e-3)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    risk_aversion=st.sampled_from([-1e-7, 0.0, 1e-7, 1e-6, 1e-5]),
    drift=st.sampled_from([0.0, 0.05]),
    bins=st.integers(2, 30),
)
def test_no_perturbation_costs_less(seed: int, risk_aversion: float, drift: float, bins: int) -> None:
    problem = paper(risk_aversion, drift, bins)
    best = solve(problem).holdings
    other = best.copy()
    other[1:-1] += np.random.default_rng(seed).normal(0, 5e3, bins - 1)
    assert objective(problem, other) >= objective(problem, best)


@settings(max_examples=50, deadline=None)
@given(
    quantity=st.integers(1, 10**7), bins=st.integers(1, 60), risk_aversion=st.floats(0, 1e-4), eta=st.floats(1e-6, 1e-4)
)
def test_cost_and_variance_are_those_of_the_trades(quantity: int, bins: int, risk_aversion: float, eta: float) -> None:
    problem = Liquidation(quantity, 5.0, bins, Impact(0.95, 2.5e-7, eta, 0.0625), risk_aversion)
    path = solve(problem)
    price, cost = 0.0, 0.0
    for trade in path.trades:
        cost -= trade * (price - 0.0625 - eta * trade / problem.tau)
        price -= 2.5e-7 * trade
    assert path.expected_cost == pytest.approx(cost, rel=1e-9)
    assert path.variance == pytest.approx(
        0.95**2 * problem.tau * sum(float(x) ** 2 for x in path.holdings[1:]), rel=1e-9
    )
    assert np.all(path.trades > -1e-6)
    assert path.trades.sum() == pytest.approx(quantity)


def test_urgency_and_risk_aversion_say_the_same() -> None:
    aversion = risk_aversion_of(3.0, 5.0, 5, PAPER)
    path = solve(paper(aversion))
    assert path.kappa is not None
    assert path.kappa * 5 == pytest.approx(3.0)
    assert risk_aversion_of(0.0, 5.0, 5, PAPER) == 0.0
    by_urgency = [target for _, target in states(Urgency(3.0), 1_000_000, 5)]
    by_parameters = [target for _, target in states(AlmgrenChriss(5.0, PAPER, aversion), 1_000_000, 5)]
    assert by_urgency == by_parameters == [int(1e6 - x + 0.5) for x in path.holdings[1:]]


def test_engine_never_trades_against_the_parent_for_a_drift() -> None:
    assert min(solve(paper(1e-7, 2.0)).trades) < 0
    targets = [target for _, target in states(AlmgrenChriss(5.0, PAPER, 1e-7, 2.0), 1_000_000, 5)]
    assert targets == sorted(targets)
    assert targets[-1] == 1_000_000


def test_permanent_impact_beyond_the_temporary_one_is_refused() -> None:
    with pytest.raises(InputError, match="above 0"):
        Liquidation(1000, 5.0, 1, Impact(1.0, gamma=1.0, eta=2.0))


@pytest.mark.parametrize(
    "change",
    [
        {"horizon": 0.0},
        {"horizon": math.nan},
        {"bins": 0},
        {"quantity": 0},
        {"risk_aversion": math.inf},
        {"drift": math.nan},
    ],
)
def test_impossible_problems_are_refused(change: dict[str, float]) -> None:
    fields: dict[str, object] = {"quantity": 100, "horizon": 1.0, "bins": 5, "impact": PAPER} | change
    with pytest.raises(InputError):
        Liquidation(**fields)  # type: ignore[arg-type]


def test_costs_of_an_unfinished_path_count_what_is_left() -> None:
    holdings = np.array([100.0, 60.0, 60.0])
    assert expected_cost(holdings, 0.5, Impact(1.0, gamma=0.1, eta=0.2, epsilon=0.05)) == pytest.approx(
        0.1 * 60 * 40 + 0.05 * 40 + 0.2 * 40**2 / 0.5
    )
    assert variance(holdings, 0.5, Impact(2.0)) == pytest.approx(4 * 0.5 * 2 * 3600)
