"""TWAP, VWAP and POV: whole shares, exact sums, renormalisation and the catch-up clamp."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError, OrderError
from nowake.schedule.conformance import states
from nowake.schedule.pov import Pov, pov
from nowake.schedule.protocol import ScheduleState, apportion, cumulative
from nowake.schedule.twap import Twap, twap
from nowake.schedule.vwap import DynamicVwap, StaticVwap, u_shape, vwap


def at(
    index: int, slices: int, *, total: int = 1000, filled: int = 0, volumes: tuple[int, ...] = (), now: int = 0
) -> ScheduleState:
    return ScheduleState(0, 0, 1, total, filled, filled, index, slices, sum(volumes) + now, volumes)


@settings(max_examples=150, deadline=None)
@given(total=st.integers(1, 2**31 - 1), weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=80))
def test_apportioned_quantities_are_whole_exact_and_within_one(total: int, weights: list[float]) -> None:
    if not sum(weights) > 0:
        with pytest.raises(InputError):
            apportion(total, weights)
        return
    parts = apportion(total, weights)
    assert parts.sum() == total
    assert np.all(parts >= 0)
    assert np.all(np.abs(parts - total * np.array(weights) / sum(weights)) <= 1 + 1e-6)
    assert np.all(np.diff(cumulative(total, weights)) >= 0)


def test_bins_without_volume_get_nothing_wherever_they_are() -> None:
    assert apportion(7, [0, 0.3, 0, 0.7, 0]).tolist() == [0, 2, 0, 5, 0]


def test_twap_shares_are_even_and_whole() -> None:
    assert twap(1_000_000, 5.0, 5).holdings.tolist() == [1e6, 8e5, 6e5, 4e5, 2e5, 0]
    assert twap(10, 1.0, 3).trades.tolist() == [3, 4, 3]
    assert twap(2, 1.0, 5).trades.sum() == 2
    assert [target for _, target in states(Twap(), 10, 3)] == [3, 7, 10]


@settings(max_examples=100, deadline=None)
@given(total=st.integers(1, 2**31 - 1), slices=st.integers(1, 500))
def test_twap_trades_differ_by_at_most_one(total: int, slices: int) -> None:
    trades = twap(total, 1.0, slices).trades
    assert trades.sum() == total
    assert trades.max() - trades.min() <= 1


def test_vwap_follows_its_curve() -> None:
    assert vwap(1000, 1.0, [0.2, 0.3, 0.5]).trades.tolist() == [200, 300, 500]
    assert [target for _, target in states(StaticVwap((2, 3, 5)), 1000, 3)] == [200, 500, 1000]


def test_vwap_curve_is_read_between_its_bins_when_slices_differ() -> None:
    assert [target for _, target in states(StaticVwap((1, 3)), 1000, 4)] == [125, 250, 625, 1000]
    assert [target for _, target in states(StaticVwap((1, 1, 3, 3)), 1000, 2)] == [250, 1000]


def test_dynamic_vwap_with_a_fixed_forecast_equals_the_static_curve() -> None:
    curve = (5.0, 3.0, 2.0, 4.0, 6.0)
    dynamic = DynamicVwap(lambda state: curve[state.index :])
    got = [target for _, target in states(dynamic, 100_000, 5)]
    assert got == [target for _, target in states(StaticVwap(curve), 100_000, 5)]


def test_dynamic_vwap_renormalises_what_is_left() -> None:
    dynamic = DynamicVwap(lambda state: [3, 1, 1][: state.slices - state.index])
    assert dynamic.target(at(2, 5, filled=400)) == 400 + 360
    assert dynamic.target(at(4, 5, filled=0)) == 1000


@pytest.mark.parametrize("forecast", [[1.0], [0.0, 0.0], [1.0, math.nan], [-1.0, 2.0]])
def test_dynamic_vwap_refuses_a_bad_forecast(forecast: list[float]) -> None:
    with pytest.raises(InputError, match="volume forecast"):
        DynamicVwap(lambda _: forecast).target(at(0, 2))


def test_generic_day_is_a_u_with_an_eighth_in_each_outer_half_hour() -> None:
    day = u_shape(13)
    assert day.sum() == pytest.approx(1)
    assert day == pytest.approx(day[::-1])
    assert 0.13 < day[0] < 0.14
    assert day[6] == day.min()


def test_pov_is_a_share_of_all_volume_own_included() -> None:
    path = pov(10_000, 0.1, [900, 1800, 0, 2700])
    assert path.trades.tolist() == [100, 200, 0, 300]
    assert path.trades.sum() / (path.trades.sum() + 5400) == pytest.approx(0.1)
    assert path.holdings[-1] == 9400
    assert pov(250, 0.1, [900, 1800, 900]).trades.tolist() == [100, 150, 0]


def test_pov_waits_for_prints() -> None:
    assert Pov(0.1).target(at(0, 10)) == 0
    assert Pov(0.1).target(at(0, 10, now=900)) == 100


def test_pov_catches_up_by_a_fifth_at_most_and_slows_by_a_fifth_at_most() -> None:
    behind = at(3, 10, filled=0, volumes=(900, 900, 900))
    assert Pov(0.1).target(behind) == 120
    ahead = at(3, 10, filled=900, volumes=(900, 900, 900), now=900)
    assert Pov(0.1).target(ahead) == 900 + 80
    assert Pov(0.1, clamp=1.0).target(ahead) == 900
    on_pace = at(3, 10, filled=300, volumes=(900, 900, 900), now=450)
    assert Pov(0.1).target(on_pace) == 350


def test_pov_never_exceeds_the_total() -> None:
    assert Pov(0.5).target(at(3, 10, total=50, filled=20, volumes=(900, 900, 900), now=5000)) == 50


@settings(max_examples=100, deadline=None)
@given(rate=st.floats(0.01, 0.6), volumes=st.lists(st.integers(0, 50_000), min_size=2, max_size=60))
def test_pov_asked_at_slice_starts_tracks_the_rate_one_slice_behind(rate: float, volumes: list[int]) -> None:
    filled, total = 0, 2**31 - 1
    for index in range(len(volumes)):
        seen = tuple(volumes[:index])
        filled = max(filled, Pov(rate).target(at(index, len(volumes), total=total, filled=filled, volumes=seen)))
        assert abs(filled - rate / (1 - rate) * sum(seen)) <= 1


def test_participation_follows_even_when_asked_within_slices() -> None:
    volumes, filled, seen = [1000, 3000, 500, 2000], 0, []
    for index, volume in enumerate(volumes):
        before = filled
        for part in (0, volume // 2, volume):
            state = ScheduleState(0, 0, 1, 10**6, filled, before, index, 4, sum(seen) + part, tuple(seen))
            filled = max(filled, Pov(0.2).target(state))
        seen.append(volume)
    assert filled == pytest.approx(0.25 * sum(volumes), abs=2)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, math.nan, 2])
def test_pov_refuses_an_impossible_rate(rate: float) -> None:
    with pytest.raises(InputError, match="participation"):
        Pov(rate)
    with pytest.raises(InputError, match="participation"):
        pov(100, rate, [1])


@pytest.mark.parametrize("quantity", [0, -1, 1.5, 2**31, True, math.nan])
def test_quantities_that_are_not_whole_and_positive_are_refused(quantity: float) -> None:
    for call in (lambda q: twap(q, 1.0, 5), lambda q: vwap(q, 1.0, [1]), lambda q: pov(q, 0.1, [1])):
        with pytest.raises(OrderError):
            call(quantity)


@pytest.mark.parametrize("curve", [[], [0, 0], [1, -1], [1, math.inf], [[1, 2]]])
def test_curves_that_are_none_are_refused(curve: list[float]) -> None:
    with pytest.raises(InputError):
        vwap(100, 1.0, curve)
    with pytest.raises(InputError):
        pov(100, 0.1, curve) if curve not in ([0, 0],) else vwap(100, 1.0, curve)
