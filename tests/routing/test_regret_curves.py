"""Regret of the dark allocators over rounds: it grows slower than linearly for who learns, and like theory's rate."""

from functools import cache

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.jit import jit_disabled
from nowake.routing.conformance import LAWS
from nowake.routing.fractions import Fractions
from nowake.routing.pools import CensoredPools
from nowake.routing.regret import regret
from nowake.routing.regret_curves import LEARNERS, EqualSplit, RegretCurve, regret_curves, theory

pytestmark = pytest.mark.skipif(jit_disabled(), reason="minutes without the compiler")


@cache
def curves() -> dict[str, RegretCurve]:
    return {curve.name: curve for curve in regret_curves(rounds=2000, seeds=5)}


@pytest.mark.parametrize("name", [name for name in LEARNERS if name != "equal split"])
def test_cumulated_regret_of_a_learner_grows_slower_than_linearly(name: str) -> None:
    growth = curves()[name].growth()
    assert growth.ci[0] <= growth.slope <= growth.ci[1] < 0.8
    equal = curves()["equal split"].cumulated[:, -1]
    assert (curves()[name].cumulated[:, -1] < equal / 3).all()


@pytest.mark.slow
@pytest.mark.parametrize("power", [0.5, 0.7])
def test_regret_of_fractions_grows_as_the_sum_of_their_steps(power: float) -> None:
    rounds = np.unique(np.geomspace(1, 20_000, 80).astype(np.int64))
    runs = [regret(Fractions(4, power=power), CensoredPools(LAWS, 6 + k), 40, 20_000).per_round for k in range(6)]
    curve = RegretCurve("fractions", rounds, np.array([np.cumsum(run)[rounds - 1] for run in runs]))
    growth = curve.growth(first=2000)
    assert growth.slope == pytest.approx(1 - power, abs=0.2)
    assert growth.ci[0] - 0.1 < 1 - power < growth.ci[1] + 0.1


def test_regret_of_who_learns_nothing_grows_linearly() -> None:
    growth = curves()["equal split"].growth()
    assert growth.slope == pytest.approx(1.0, abs=1e-9)
    pools = CensoredPools(LAWS, 6)
    lost = pools.oracle(40).expected - pools.expected(np.full(len(LAWS), 10))
    assert curves()["equal split"].cumulated[:, -1] == pytest.approx(2000 * lost)


def test_a_curve_never_falls_and_its_band_holds_every_seed() -> None:
    for curve in curves().values():
        mean, low, high = curve.band()
        assert curve.cumulated.shape == (5, len(curve.rounds))
        assert (np.diff(curve.rounds) > 0).all()
        assert curve.rounds[-1] == 2000
        assert (np.diff(curve.cumulated) >= -1e-9).all()
        assert ((low <= mean + 1e-9) & (mean <= high + 1e-9)).all()


def test_growth_of_a_power_law_is_its_exponent() -> None:
    rounds = np.arange(1, 500)
    exact = RegretCurve("root", rounds, np.outer((1.0, 3.0), rounds**0.5))
    assert exact.growth().slope == pytest.approx(0.5)
    assert exact.growth().ci == pytest.approx((0.5, 0.5))
    spread = RegretCurve("two", rounds, np.array([rounds**0.4, rounds**0.6]))
    assert spread.growth().slope == pytest.approx(0.5)
    assert spread.growth().ci[1] - 0.5 == pytest.approx(12.706 * 0.1, rel=1e-3)  # t with one degree of freedom
    bound = theory(rounds, 7.0)
    assert bound[-1] == pytest.approx(7.0)
    assert bound[99] / bound[399] == pytest.approx(np.sqrt(100 * np.log(100) / (400 * np.log(400))))


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(InputError, match="regret"):
        regret_curves(rounds=10)
    with pytest.raises(InputError, match="pools"):
        EqualSplit(0)
    one = RegretCurve("one", np.arange(1, 100), np.ones((1, 99)))
    with pytest.raises(InputError, match="seeds"):
        one.growth()
    with pytest.raises(InputError, match="first"):
        RegretCurve("two", np.arange(1, 100), np.ones((2, 99))).growth(first=98)
