"""The day's shape, spread against volatility, and what a market is at a glance."""

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.times import HOUR, MINUTE, SECOND
from nowake.market.realism import intraday, spread
from nowake.market.realism.bootstrap import resampler
from nowake.market.realism.profile import profile
from nowake.market.realism.profile import reduce as profile_of
from nowake.market.realism.view import view_of

CLOSE = int(6.5 * HOUR)


def test_volume_is_shared_out_by_the_clock(make_day) -> None:
    times = np.array([0, 29, 30, 194, 196, 359, 360, 389]) * MINUTE
    trades = {"time": times, "price2": 200, "quantity": [10, 5, 20, 8, 2, 40, 10, 5], "order": np.arange(8), "sign": 1}
    found = intraday.estimate(
        [intraday.reduce(view_of(make_day(None, trades)))] * 2, resampler(np.zeros(2, int), seed=0)
    )
    assert found["volume_first"].value == pytest.approx(0.15)
    assert found["volume_last"].value == pytest.approx(0.15)
    assert found["volume_middle"].value == pytest.approx(0.10)


def test_spreads_are_weighted_by_time(make_day) -> None:
    """Open: 4 ticks for 5 minutes, then 1 for 10: 2. Midday: 1."""
    quotes = {"time": [0, 5 * MINUTE], "bid": [98, 99], "ask": [102, 100]}
    found = intraday.estimate([intraday.reduce(view_of(make_day(quotes)))] * 2, resampler(np.zeros(2, int), seed=0))
    assert found["spread_open"].value == pytest.approx(2.0)


@pytest.mark.parametrize("rho", [-0.5, 0.6])
def test_log_depth_and_volume_correlate_with_volatility_as_made(make_day, rho: float) -> None:
    """Every 5-min bin has a volatility exp(v) of its own; log depth and log volume are ρ v + √(1-ρ²) noise."""
    rng, days = np.random.default_rng(2), []
    for _ in range(40):
        v, e = rng.normal(size=(2, 78))
        level = np.exp(0.5 * (rho * v + np.sqrt(1 - rho**2) * e))
        steps = rng.normal(size=2340) * np.repeat(np.exp(0.5 * v), 30)
        bid = 1_000_000 + np.round(100 * np.concatenate([[0], steps]).cumsum()).astype(int)
        size = np.round(1000 * np.append(np.repeat(level, 30), level[-1])).astype(int)
        times = np.arange(2341) * 10 * SECOND
        quotes = {"time": times, "bid": bid, "ask": bid + 1, "bid_size": size, "ask_size": size}
        trades = {"time": times, "price2": 2 * bid, "quantity": size, "order": np.arange(2341), "sign": 1}
        days.append(intraday.reduce(view_of(make_day(quotes, trades))))
    found = intraday.estimate(days, resampler(np.zeros(40, int), seed=0))
    true = rho * 0.5 / np.sqrt(0.25 + 1 / 60)  # 30 squares measure a volatility: log variance 1 / (2 · 30)
    assert found["depth_volatility"].value == pytest.approx(true, abs=0.04)
    assert found["volume_volatility"].value == pytest.approx(true, abs=0.04)


def walk(make_day, seed: int, width: int = 100, sigma: float = 50.0):
    """A random walk of `sigma` ticks per trade every 10 s, quoted `width` wide."""
    rng = np.random.default_rng(seed)
    times = np.arange(2340) * 10 * SECOND
    bid = 1_000_000 + np.round(sigma * rng.normal(size=2340)).cumsum().astype(int)
    trades = {"time": times, "price2": 2 * bid, "quantity": 100, "order": np.arange(2340), "sign": 1}
    return make_day({"time": times, "bid": bid, "ask": bid + width}, trades, tick_size=0.0001, adds=7, cancels=3)


def test_the_spread_over_volatility_per_trade_is_that_of_the_walk(make_day) -> None:
    days = [spread.reduce(view_of(walk(make_day, seed))) for seed in range(30)]
    found = spread.estimate(days, resampler(np.arange(30), seed=0))["spread_over_sigma"]
    assert found.value == pytest.approx(100 / 50, rel=0.05)
    assert found.low < 2 < found.high


def test_assets_whose_spread_follows_volatility_have_an_r2_of_one(make_day) -> None:
    r = resampler(np.arange(6), seed=0)

    def asset(width: int, sigma: float, first: int):
        return [spread.reduce(view_of(walk(make_day, first + k, width, sigma))) for k in range(6)], r

    lawful = spread.across_assets([asset(int(2 * s), s, 10 * i) for i, s in enumerate((20, 40, 60, 80))])
    lawless = spread.across_assets([asset(w, s, 9 * i) for i, (w, s) in enumerate(((90, 20), (40, 40), (88, 60)))])
    assert lawful["spread_r2"].value > 0.98
    assert lawful["spread_r2"].low > 0.9
    assert lawful["assets"].value == 4
    assert lawless["spread_r2"].value < 0.3
    with pytest.raises(InputError, match="3 or more assets"):
        spread.across_assets([asset(20, 10, 0)] * 2)


def test_the_profile_is_in_currency_and_counts(make_day) -> None:
    days = [profile_of(view_of(walk(make_day, seed))) for seed in range(4)]
    found = profile(days, resampler(np.arange(4), seed=0))
    assert found["spread"].value == pytest.approx(0.01)
    assert found["volume"].value == 234_000
    assert found["events"].value == 7 + 3 + 2340
    assert found["trades"].value == 2340
    assert found["volatility"].value == pytest.approx(50 * np.sqrt(2340) / 1e6, rel=0.1)
