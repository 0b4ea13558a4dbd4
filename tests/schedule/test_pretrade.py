"""Pre-trade cost of the scenario of half a million shares, by two laws."""

import math

import pytest

from nowake.core.errors import InputError
from nowake.schedule.pretrade import Almgren2005, SquareRoot, almgren2005, square_root

SCENARIO = Almgren2005(quantity=500_000, adv=2e6, shares_outstanding=3e8, sigma=0.02, days=4 / 6.5)


def test_almgren_2005_scenario() -> None:
    cost = almgren2005(SCENARIO)
    assert round(cost.parts["permanent_bps"]) == 55
    assert round(cost.parts["temporary_bps"]) == 17
    assert round(cost.mean_bps) == 44
    assert cost.mean_bps == pytest.approx(cost.parts["permanent_bps"] / 2 + cost.parts["temporary_bps"])


def test_almgren_2005_interval_is_that_of_the_coefficients() -> None:
    cost = almgren2005(SCENARIO)
    assert cost.mean_bps_ci is not None
    low, high = cost.mean_bps_ci
    assert (low + high) / 2 == pytest.approx(cost.mean_bps)
    assert (high - low) / 2 == pytest.approx(
        1.959964 * math.hypot(27.472 * 0.041 / 0.314, 16.542 * 0.0062 / 0.142), rel=1e-4
    )


@pytest.mark.parametrize(("prefactor", "paid"), [(0.5, 33), (0.7, 47), (1.0, 67)])
def test_square_root_scenario(prefactor: float, paid: int) -> None:
    cost = square_root(SquareRoot(500_000, 2e6, 0.02, 4 / 6.5, prefactor=prefactor))
    assert round(cost.parts["impact_bps"]) == paid
    assert cost.parts["peak_bps"] == pytest.approx(100 * prefactor)


def test_timing_risk_gives_the_quantiles() -> None:
    cost = square_root(SquareRoot(500_000, 2e6, 0.02, 4 / 6.5, spread_bps=4.0))
    assert round(cost.risk_bps) == 91
    assert cost.mean_bps == pytest.approx(2 + 200 / 3)
    assert cost.q50_bps == cost.mean_bps
    assert cost.q90_bps - cost.q50_bps == pytest.approx(1.28155 * cost.risk_bps, rel=1e-5)
    assert cost.q50_bps - cost.q10_bps == pytest.approx(cost.q90_bps - cost.q50_bps)


def test_rate_power_scales_by_the_rate_against_a_tenth() -> None:
    plain = SquareRoot(500_000, 2e6, 0.02, 0.25)
    scaled = SquareRoot(500_000, 2e6, 0.02, 0.25, rate_power=0.1)
    assert square_root(scaled).mean_bps / square_root(plain).mean_bps == pytest.approx(10**0.1)


@pytest.mark.parametrize(
    "wrong", [(0, 1, 1, 1, 1), (1, 0, 1, 1, 1), (1, 1, -1, 1, 1), (1, 1, 1, -0.1, 1), (1, 1, 1, 1, 0)]
)
def test_impossible_orders_are_refused(wrong: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        Almgren2005(*wrong)  # type: ignore[arg-type]


def test_impossible_square_root_is_refused() -> None:
    with pytest.raises(InputError, match="rate power"):
        SquareRoot(1, 1, 1, 1, rate_power=0.2)
