"""Return facts against processes whose answers are known in closed form."""

import numpy as np
import pytest

from nowake.core.times import MINUTE
from nowake.market.realism.bootstrap import Estimate, Resampler, resampler
from nowake.market.realism.reduced import Reduced
from nowake.market.realism.returns import CLUSTER_LAGS, estimate, hill, kurtosis, reduce, variance_ratio
from nowake.market.realism.view import view_of

DAYS, BARS = 200, 78


def days_of(five: np.ndarray, **more: np.ndarray) -> list[Reduced]:
    rng = np.random.default_rng(0)
    plain = {"minute": rng.normal(size=(len(five), 390)), "day": five.sum(1, keepdims=True)}
    plain |= {"bounce": np.tile([-1.0, 10, 5, 10], (len(five), 1)), "path": rng.normal(size=(len(five), 50)).cumsum(1)}
    plain |= {"five": five} | more
    return [{name: values[i] for name, values in plain.items()} for i in range(len(five))]


def draws(days: int) -> Resampler:
    return resampler(np.arange(days) // 20, seed=4)


def parts_of(five: np.ndarray) -> dict[str, Estimate]:
    return estimate(days_of(five), np.arange(len(five)) // 20, draws(len(five)))


def test_autoregression_shows_its_autocorrelations() -> None:
    rng, phi = np.random.default_rng(1), 0.3
    r = rng.normal(size=(DAYS, BARS + 50))
    for t in range(1, r.shape[1]):
        r[:, t] += phi * r[:, t - 1]
    found = parts_of(r[:, 50:])
    for lag in (1, 2, 3):
        part = found[f"acf_5min_{lag}"]
        assert part.value == pytest.approx(phi**lag, abs=0.02)
        assert part.low < phi**lag < part.high
    assert found["returns_5min"].value == DAYS * BARS


def test_white_returns_stay_inside_the_accepted_band() -> None:
    found = parts_of(np.random.default_rng(2).normal(size=(DAYS, BARS)))
    values = [found[f"acf_5min_{lag}"] for lag in range(1, 21)]
    assert max(abs(v.value) for v in values) < 0.03
    assert max(v.high - v.low for v in values) < 0.1


def test_a_pareto_tail_has_its_exponent() -> None:
    size = np.random.default_rng(3).pareto(3.0, (DAYS, 390)) + 1
    found = hill(size, draws(DAYS))
    assert found.value == pytest.approx(3.0, abs=0.15)
    assert found.low < 3.0 < found.high
    assert found.high - found.low < 0.5


def test_kurtosis_of_known_laws() -> None:
    rng = np.random.default_rng(4)
    assert kurtosis(rng.normal(size=(DAYS, 390)), draws(DAYS)).value == pytest.approx(0, abs=0.1)
    laplace = kurtosis(rng.laplace(size=(DAYS, 390)), draws(DAYS))
    assert laplace.value == pytest.approx(3, abs=0.3)
    assert laplace.low < 3 < laplace.high


def test_stochastic_volatility_clusters_as_its_closed_form_says() -> None:
    """r = exp(h) z: ρ_|r|(k) = (exp(b² ρ_h(k)) - 1) / (π/2 exp(b²) - 1); ρ_h(k) = (1 + k)^-.3 (Taylor 1986)."""
    rng, b, n = np.random.default_rng(5), 0.7, 600
    lags = np.abs(np.subtract.outer(np.arange(BARS), np.arange(BARS)))
    root = np.linalg.cholesky((1.0 + lags) ** -0.3)
    season = 1 + np.abs(np.linspace(-1, 1, BARS))  # the U shape is not to be taken for clustering
    r = season * np.exp(b * rng.normal(size=(n, BARS)) @ root.T) * rng.normal(size=(n, BARS))
    k = np.array(CLUSTER_LAGS, float)
    theory = (np.exp(b**2 * (1 + k) ** -0.3) - 1) / (np.pi / 2 * np.exp(b**2) - 1)
    slope = -np.polyfit(np.log(k), np.log(theory), 1)[0]
    found = parts_of(r)
    assert found["acf_abs_1"].value == pytest.approx(theory[0], abs=0.05)
    assert found["acf_abs_decay"].value == pytest.approx(slope, abs=0.12)


def test_variance_ratio_of_a_random_walk_is_one() -> None:
    paths = list(np.random.default_rng(6).normal(size=(40, 3000)).cumsum(1))
    found = variance_ratio(paths, np.zeros(40, int), draws(40), short=100, long=1000)
    assert found.low < 1 < found.high
    assert found.value == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("phi", [-0.4, 0.4])
def test_variance_ratio_of_correlated_steps_is_that_of_theory(phi: float) -> None:
    """Var of n steps ∝ 1 + 2 Σ (1 - k/n) φ^k."""
    rng = np.random.default_rng(7)
    steps = rng.normal(size=(60, 4000))
    for t in range(1, steps.shape[1]):
        steps[:, t] += phi * steps[:, t - 1]

    def variance(n: int) -> float:
        k = np.arange(1, n)
        return float(1 + 2 * np.sum((1 - k / n) * phi**k))

    found = variance_ratio(list(steps.cumsum(1)), np.zeros(60, int), draws(60), short=1, long=100)
    assert found.value == pytest.approx(variance(100) / variance(1), rel=0.1)


def test_days_of_a_series_are_joined_without_the_night() -> None:
    walk = np.random.default_rng(8).normal(size=4000).cumsum()
    whole = variance_ratio([walk, walk], np.array([1, 2]), draws(2), short=10, long=500)
    cut = [walk[:2000], walk[1999:] + 1e6]  # an overnight jump that does not count
    joined = variance_ratio([*cut, walk], np.array([1, 1, 2]), draws(3), short=10, long=500)
    assert joined.value == pytest.approx(whole.value, rel=1e-6)


def test_a_day_gives_returns_of_its_mids_and_the_bounce_of_its_trades(make_day) -> None:
    times = np.arange(390) * MINUTE
    bid = 1000 + np.arange(390)
    day = make_day(
        {"time": times, "bid": bid, "ask": bid + 2},
        {"time": times[:4], "price2": [2000, 2004, 2000, 2004], "quantity": 1, "order": [1, 2, 3, 4], "sign": 1},
    )
    found = reduce(view_of(day))
    assert len(found["minute"]) == 390
    assert len(found["five"]) == 78
    assert found["minute"][0] == pytest.approx(np.log(1002 / 1001))
    assert found["day"][0] == pytest.approx(np.log((1000 + 390) / 1001))
    assert found["bounce"].tolist() == [-8.0, 2, 12, 3]
    assert np.exp(found["path"]) == pytest.approx([1001, 1001, 1002, 1003])  # before each trade; the first of the day
