"""Estimates against costs: z, PIT at the quantiles, coverage, verdicts on estimates that are wrong in known ways."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nowake.schedule.pretrade import SquareRoot, square_root
from nowake.tca.estimates import calibrate, deviation_of, kolmogorov, pit, wilson, z_score
from nowake.tca.minimum import TOO_FEW, Minimum
from nowake.tca.tables import Estimate

Z90 = 1.2815515655446004
SKEWED = Estimate(12.0, 2.0, 10.0, 30.0)


def normal(mean: float, sd: float) -> Estimate:
    return Estimate(mean, mean - Z90 * sd, mean, mean + Z90 * sd)


def test_pit_meets_the_quantiles() -> None:
    assert [pit(SKEWED, x) for x in (2.0, 10.0, 30.0)] == pytest.approx([0.1, 0.5, 0.9])


def test_z_of_a_normal_estimate() -> None:
    one = normal(10, 4)
    assert deviation_of(one) == pytest.approx(4)
    assert z_score(one, 16) == pytest.approx(1.5)
    assert pit(one, 16) == pytest.approx(0.9331927987)


@given(st.floats(-1000, 1000), st.floats(-1000, 1000))
def test_pit_rises_with_the_cost(a, b) -> None:
    low, high = sorted((a, b))
    assert 0 <= pit(SKEWED, low) <= pit(SKEWED, high) <= 1


def test_a_pretrade_estimate_fits() -> None:
    """The two packages speak of the same numbers."""
    made = square_root(SquareRoot(100_000, 2e6, 0.02, 0.5, 4.0))
    one = Estimate(made.mean_bps, made.q10_bps, made.q50_bps, made.q90_bps)
    assert deviation_of(one) == pytest.approx(made.risk_bps, rel=1e-9)


def test_intervals_of_shares() -> None:
    """Wilson 1927 as in Newcombe 1998, table I: 81 of 263 and 0 of 20."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert all(end != end for end in wilson(0, 0))


def test_distance_from_uniform() -> None:
    """Of n = 20 the 5 % point of the distance is .294 (Massey 1951)."""
    distance, p = kolmogorov(np.array([0.1, 0.4, 0.7]))
    assert distance == pytest.approx(0.3)
    assert p > 0.8
    even = (np.arange(20) + 0.5) / 20
    shifted = np.clip(even + 0.294 - 0.025, 0, 1)
    assert kolmogorov(shifted)[0] == pytest.approx(0.294)
    assert kolmogorov(shifted)[1] == pytest.approx(0.05, abs=0.005)
    assert kolmogorov(even)[1] == 1.0


def costs(n: int, mean: float, sd: float) -> list[float]:
    return np.random.default_rng(4).normal(mean, sd, n).tolist()


@pytest.mark.parametrize(
    ("mean", "sd", "verdict"),
    [
        (10, 4, "not told apart from calibrated"),
        (10, 10, "too narrow"),
        (10, 1, "too wide"),
        (12, 4, "too low"),
        (8, 4, "too high"),
    ],
)
def test_verdicts(mean, sd, verdict) -> None:
    got = calibrate([normal(10, 4)] * 200, costs(200, mean, sd), Minimum())
    assert got.verdict == verdict
    assert sum(got.pit_counts) == got.n == 200
    assert got.mean_z == pytest.approx((mean - 10) / 4, abs=0.2)
    assert got.sd_z == pytest.approx(sd / 4, rel=0.15)
    assert got.coverage_ci[0] < got.coverage <= got.coverage_ci[1]


def test_few_orders_have_no_verdict() -> None:
    got = calibrate([normal(10, 4)] * 19, costs(19, 50, 4), Minimum())
    assert (got.verdict, got.n) == (TOO_FEW, 19)
    assert np.isnan([got.mean_z, got.sd_z, got.ks, got.p, got.coverage]).all()
    assert got.pit_counts == ()
