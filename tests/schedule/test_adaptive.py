"""Re-planned Almgren-Chriss: the closed form where nothing changes, VWAP without risk, faster where it must be."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.schedule.adaptive import Adaptive, AdaptiveUrgency, Estimate, Remainder, replan
from nowake.schedule.almgren_chriss import Liquidation, Urgency, solve
from nowake.schedule.conformance import check_schedule, states
from nowake.schedule.impact import Impact
from nowake.schedule.protocol import ScheduleState
from nowake.schedule.vwap import StaticVwap, u_shape

PAPER = Impact(sigma=0.95, gamma=2.5e-7, eta=2.5e-6, epsilon=0.0625)


def flat(state: ScheduleState) -> Estimate:
    return Estimate([1.0] * (state.slices - state.index), 0.95)


def curve(state: ScheduleState) -> Estimate:
    return Estimate(u_shape(state.slices)[state.index :], 0.95, normal=1 / state.slices)


def paper(aversion: float = 1e-6, **more: object) -> Adaptive:
    return Adaptive(5.0, PAPER, aversion, flat, **more)  # type: ignore[arg-type]


def by_matrix(left: Remainder) -> np.ndarray:
    """Holdings from the dense normal equations of the cost, its quadratic form built bin by bin."""
    n = len(left.etas)
    trades = np.eye(n, n + 1) - np.eye(n, n + 1, k=1)
    hold = np.eye(n + 1)[1:]
    form = trades.T @ np.diag(left.etas / left.tau) @ trades + left.pull * left.tau * hold.T @ hold
    linear = left.drift * left.tau * hold.sum(axis=0)
    inner = slice(1, n)
    right = linear[inner] / 2 - form[inner, 0] * left.quantity
    return np.concatenate(([left.quantity], np.linalg.solve(form[inner, inner], right), [0.0]))


@settings(max_examples=80, deadline=None)
@given(
    etas=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=25),
    pull=st.floats(0, 100),
    drift=st.floats(-10, 10),
    tau=st.floats(0.01, 10),
)
def test_replan_solves_the_stationarity_equations(etas: list[float], pull: float, drift: float, tau: float) -> None:
    left = Remainder(1000.0, tau, np.array(etas), pull, drift)
    assert replan(left) == pytest.approx(by_matrix(left), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("aversion", [0.0, 1e-7, 1e-6, 1e-5])
@pytest.mark.parametrize("drift", [0.0, 0.02])
def test_equal_volumes_are_the_closed_form(aversion: float, drift: float) -> None:
    tau = 5.0 / 20
    etas = np.full(20, PAPER.eta - PAPER.gamma * tau / 2)
    holdings = replan(Remainder(1e6, tau, etas, aversion * 0.95**2, drift))
    expected = solve(Liquidation(1_000_000, 5.0, 20, PAPER, aversion, drift)).holdings
    assert holdings == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_with_the_same_estimates_the_paper_s_trajectory_is_followed_to_the_end() -> None:
    targets = [target for _, target in states(paper(), 1_000_000, 5)]
    assert [round(1_000_000 - t, -1) for t in targets[:4]] == [541_960, 289_850, 147_900, 62_140]
    assert max(abs(t - (1e6 - x)) for t, x in zip(targets, (541955.6, 289854.2, 147897.5, 62141.8, 0), strict=True)) < 2


def test_without_risk_aversion_it_is_vwap_over_what_is_left() -> None:
    mine = [t for _, t in states(Adaptive(5.0, Impact(0.95, eta=2.5e-6), 0.0, curve), 1_000_000, 13)]
    vwap = [t for _, t in states(StaticVwap(tuple(u_shape(13))), 1_000_000, 13)]
    assert np.abs(np.subtract(mine, vwap)).max() <= 13


def test_urgency_follows_the_closed_form_at_the_normal_volatility() -> None:
    mine = [t for _, t in states(AdaptiveUrgency(3.0, 0.95, flat), 1_000_000, 20)]
    closed = [t for _, t in states(Urgency(3.0), 1_000_000, 20)]
    assert np.abs(np.subtract(mine, closed)).max() <= 20


def first(volumes: Sequence[float] = (1.0,) * 10, aggression: float = 0.0, **seen: float) -> int:
    """The first trade of 1,000,000 at urgency 2 with these estimates."""
    estimate = Estimate(volumes, **({"sigma": 0.95, "normal": 1.0} | seen))
    schedule = AdaptiveUrgency(2.0, 0.95, lambda _: estimate, aggression)
    return schedule.target(ScheduleState(0, 0, 10, 1_000_000, 0, 0, 0, 10))


def test_more_volatility_trades_faster_and_less_liquidity_slower() -> None:
    assert first(sigma=0.4) < first() < first(sigma=1.9)
    assert first([0.5] * 10) < first() < first([2.0] * 10)


def test_volume_that_is_expected_later_is_waited_for() -> None:
    assert first([1.0] * 5 + [3.0] * 5, normal=2.0) < first([3.0] * 5 + [1.0] * 5, normal=2.0)


def test_gains_make_it_aggressive_and_losses_patient() -> None:
    assert first(aggression=1.0, gain=-1.0) < first() == first(aggression=1.0) < first(aggression=1.0, gain=1.0)
    assert first(aggression=0.0, gain=1.0) == first()
    assert first(aggression=1.0, gain=3 * 0.95) == first(aggression=1.0, gain=1e9)


def test_drift_that_pays_for_holding_slows_it_down_and_never_trades_backwards() -> None:
    state = ScheduleState(0, 0, 5, 1_000_000, 0, 0, 0, 5)
    trades = [
        Adaptive(5.0, PAPER, 1e-6, lambda s, d=d: Estimate([1.0] * (s.slices - s.index), 0.95, drift=d)).target(state)
        for d in (-0.5, 0.0, 0.5, 50.0)
    ]
    assert trades == sorted(trades, reverse=True)
    assert trades[0] > trades[1] > trades[2]
    assert trades[3] == 0


def costs(aggression: float, aversion: float, moves: np.ndarray, impact: Impact) -> np.ndarray:
    """Cost of a sell of 1,000,000 shares per row of price moves, by asking the schedule in every slice."""
    paths, slices = moves.shape
    out = np.zeros(paths)
    for k in range(paths):
        price = np.concatenate(([0.0], np.cumsum(moves[k])))
        schedule = Adaptive(
            1.0, impact, aversion,
            lambda s, price=price: Estimate([1.0] * (s.slices - s.index), impact.sigma, gain=float(price[s.index])),
            aggression,
        )  # fmt: skip
        filled = 0
        for index in range(slices):
            state = ScheduleState(index, 0, slices, 1_000_000, filled, filled, index, slices)
            target = schedule.target(state)
            trade, filled = target - filled, target
            out[k] += impact.eta * trade**2 * slices - trade * price[index + 1]
    return out


@pytest.mark.parametrize(("power", "most"), [(0.3, 0.91), (1.0, 0.66)])
def test_aggressive_in_the_money_buys_less_variance_for_the_same_cost(power: float, most: float) -> None:
    """Almgren & Lorenz 2007: the more, the larger the order. `power`: impact of an even sale over its risk."""
    slices = 10
    impact = Impact(sigma=1.0, eta=power * 1e-6)
    moves = np.random.default_rng(3).normal(0, impact.sigma / math.sqrt(slices), (1500, slices))
    moves = np.concatenate((moves, -moves))
    base = 9 * impact.eta  # kappa T = 3
    adaptive = costs(1.0, base, moves, impact)
    frontier = [static(base * factor, impact, slices) for factor in np.geomspace(0.05, 20, 2000)]
    cost, variance = min(frontier, key=lambda point: abs(point[0] - adaptive.mean()))
    assert cost == pytest.approx(adaptive.mean(), rel=0.005)
    assert adaptive.var() < most * variance


def static(aversion: float, impact: Impact, slices: int) -> tuple[float, float]:
    """Expected cost and variance of the closed form."""
    path = solve(Liquidation(1_000_000, 1.0, slices, impact, aversion))
    left = path.holdings[:-1]  # the move of a slice comes before its trade here
    cost = impact.eta * float((path.trades**2).sum()) * slices
    return cost, impact.sigma**2 / slices * float(left @ left)


@pytest.mark.parametrize(
    "schedule",
    [
        Adaptive(5.0, Impact(0.95, eta=2.5e-6), 1e-6, flat),
        Adaptive(5.0, Impact(0.95, eta=2.5e-6), 1e-6, curve, 1.0),
        AdaptiveUrgency(0.0, 0.95, curve),
        AdaptiveUrgency(300.0, 0.95, flat),
    ],
)
def test_it_keeps_the_contract_of_a_schedule(schedule: Adaptive | AdaptiveUrgency) -> None:
    check_schedule(schedule)


@pytest.mark.parametrize(
    ("estimate", "complaint"),
    [
        (Estimate([1.0] * 9, 0.95), "10 remaining slices"),
        (Estimate([1.0] * 9 + [math.nan], 0.95), "nan in slice 10"),
        (Estimate([0.0] * 10, 0.95), "no volume"),
        (Estimate([-1.0] + [1.0] * 9, 0.95), "-1.0 in slice 1"),
        (Estimate([1.0] * 10, math.nan), "volatility"),
        (Estimate([1.0] * 10, 0.0), "volatility"),
        (Estimate([1.0] * 10, 0.95, gain=math.inf), "gain"),
        (Estimate([1.0] * 10, 0.95, drift=math.nan), "drift"),
    ],
)
def test_what_is_missing_is_refused_and_not_guessed(estimate: Estimate, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        Adaptive(1.0, PAPER, 1e-6, lambda _: estimate).target(ScheduleState(0, 0, 10, 1000, 0, 0, 0, 10))


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(InputError, match="re-planning is linear"):
        Adaptive(1.0, Impact(1.0, eta=1.0, power=0.6), 1.0, flat)
    with pytest.raises(InputError, match="above 0"):
        Adaptive(1.0, Impact(1.0, gamma=9.0, eta=1.0), 1.0, flat).target(ScheduleState(0, 0, 2, 10, 0, 0, 0, 2))
    with pytest.raises(InputError, match="without an impact"):
        AdaptiveUrgency(1.0, 1.0, lambda _: Estimate([1.0, 1.0], 1.0, drift=1.0)).target(
            ScheduleState(0, 0, 2, 10, 0, 0, 0, 2)
        )
    for change in ({"urgency": -1.0}, {"sigma": 0.0}, {"aggression": math.nan}):
        with pytest.raises(InputError):
            AdaptiveUrgency(**({"urgency": 1.0, "sigma": 1.0, "estimate": flat} | change))  # type: ignore[arg-type]
