"""The hunt for alpha: noise is not predicted, planted predictors are found, nothing of the future is seen."""

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.times import MINUTE, SECOND
from nowake.market.realism.alpha import FEATURES, estimate, out_of_sample, reduce
from nowake.market.realism.boosting import boosted, ridge
from nowake.market.realism.bootstrap import resampler
from nowake.market.realism.reduced import Reduced
from nowake.market.realism.view import view_of

DAYS = 40


def made(signal: float = 0.0, product: float = 0.0, seed: int = 0) -> list[Reduced]:
    """Days of 17 normal columns; the return has the share `signal` from column 3, `product` from columns 5 x 7."""
    rng, days = np.random.default_rng(seed), []
    for _ in range(DAYS):
        x = rng.normal(size=(389, len(FEATURES)))
        rest = np.sqrt(1 - signal - product) * rng.normal(size=389)
        y = np.sqrt(signal) * x[:, 3] + np.sqrt(product) * x[:, 5] * x[:, 7] + rest
        days.append({"seen": x, "next": y * 1e-4})
    return days


def r2s(days: list[Reduced]) -> dict[str, float]:
    return {name: e.value for name, e in estimate(days, resampler(np.arange(len(days)), seed=0), regime="calm").items()}


def test_noise_has_no_alpha_and_the_planted_predictor_is_found() -> None:
    found = r2s(made())
    assert -0.01 < found["linear_r2_calm"] < 0.002
    assert -0.01 < found["boosted_r2_calm"] < 0.002
    assert found["planted_linear_r2_calm"] == pytest.approx(0.03, abs=0.01)
    assert 0.015 < found["planted_boosted_r2_calm"] < 0.035


def test_real_alpha_is_found() -> None:
    found = r2s(made(signal=0.04))
    assert found["linear_r2_calm"] == pytest.approx(0.04, abs=0.01)
    assert found["boosted_r2_calm"] > 0.02


def test_trees_find_what_a_line_cannot() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20_000, 5))
    y = np.sign(x[:, 1] * x[:, 3]) + rng.normal(size=20_000)
    fold = np.arange(20_000) // 4_000
    line, trees = out_of_sample(x, y, fold)
    assert abs(1 - np.mean((y - line) ** 2) / y.var()) < 0.01
    assert 1 - np.mean((y - trees) ** 2) / y.var() > 0.25  # of the .5 that there is


def test_ridge_is_the_least_squares_line_where_there_is_enough_data() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (5_000, 2))
    y = 3 + 2 * x[:, 0] - x[:, 1]
    assert ridge(x, y, np.array([[0.5, -0.5]])) == pytest.approx([4.5], abs=0.01)


def test_columns_without_variation_do_no_harm() -> None:
    x = np.zeros((1_000, 3))
    y = np.ones(1_000)
    assert boosted(x, y, x[:5]) == pytest.approx(np.ones(5))
    assert ridge(x, y, x[:5]) == pytest.approx(np.ones(5))


def test_what_is_seen_does_not_depend_on_the_future(make_day) -> None:
    rng = np.random.default_rng(3)
    times = np.sort(rng.integers(0, 390 * MINUTE, 5_000))
    bid = 10_000 + rng.integers(-1, 2, 5_000).cumsum()
    size = rng.integers(1, 100, (2, 5_000))
    trades = {"time": times, "price2": 2 * bid, "quantity": 5, "order": np.arange(5_000), "sign": 1}

    def seen(change: int) -> np.ndarray:
        late = (times >= 200 * MINUTE) * change
        quotes = {"time": times, "bid": bid + late, "ask": bid + 3 + late}
        quotes |= {"bid_size": size[0] + late, "ask_size": size[1]}
        return reduce(view_of(make_day(quotes, trades | {"quantity": 5 + late})))["seen"]

    before, after = seen(0), seen(7)
    assert np.array_equal(before[:199], after[:199])
    assert not np.array_equal(before[200:], after[200:])


def test_the_target_is_the_next_minute(make_day) -> None:
    bid = 1000 + np.arange(390) ** 2 % 97
    day = make_day({"time": np.arange(390) * MINUTE + 30 * SECOND, "bid": bid, "ask": bid + 2})
    found = reduce(view_of(day))
    assert found["seen"].shape == (389, len(FEATURES))
    assert np.array_equal(found["seen"][1:, 0], found["next"][:-1])


def test_fewer_than_five_days_are_refused() -> None:
    with pytest.raises(InputError, match="at least 5 days"):
        estimate(made()[:4], resampler(np.arange(4), seed=0))
