"""Regimes: the kernel is the chain in plain Python, its multipliers average to one, the curves are what they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.market.preset import load
from nowake.market.regimes import advance, begin_day, factor, shape
from nowake.market.regimes_reference import spells
from nowake.market.regimes_state import (
    DRIFT,
    FACTORS,
    JUMPS,
    MINUTES,
    NAMES,
    SPREAD,
    SWITCHING,
    THIN,
    TRENDING,
    TRUTHS,
    VARIANCE,
    VOLATILITY,
    VOLUME,
    curves,
    multipliers,
    new_regimes,
    stationary,
    transitions,
)

MINUTE = 60 * 10**9
DAY = 390 * MINUTE
REGIMES = load("midcap").regimes
CURVES = curves(1.5, 1.6)


def regime(name: str = "switching", seed: int = 1, n: int = 1) -> np.ndarray:
    return new_regimes(seed, REGIMES, name, CURVES, 0, DAY, n)


def truth(records: np.ndarray, i: int = 0) -> list[tuple[int, int, int]]:
    return [(int(r["time"]), int(r["state"]), int(r["sign"])) for r in records["truth"][i][: int(records["told"][i])]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from(NAMES), st.lists(st.integers(0, 100 * MINUTE), max_size=12))
def test_kernel_and_plain_python_agree_however_time_is_cut(seed: int, name: str, waits: list[int]) -> None:
    records, now = regime(name, seed), 0
    advance(records[0], now)
    for wait in waits:
        now += wait
        assert advance(records[0], now) == records["state"][0]
    assert truth(records) == list(spells(seed, REGIMES, name, 0, now))


def test_time_spent_follows_the_stationary_shares_and_multipliers_average_to_one() -> None:
    records, days = regime(seed=5), 400
    spent, sums, minutes = np.zeros(5), np.zeros(len(FACTORS)), 0
    for _ in range(days):
        for minute in range(390):
            state = advance(records[0], int(records["open"][0]) + minute * MINUTE)
            spent[state] += 1
            sums += records["multiplier"][0][state]
            minutes += 1
        records["told"][0] = 0
        begin_day(records[0], int(records["open"][0]) + 24 * 60 * MINUTE, int(records["close"][0]) + 24 * 60 * MINUTE)
    shares = stationary(transitions(REGIMES.chain))
    assert spent / minutes == pytest.approx(shares, abs=0.03)
    assert sums[:DRIFT] / minutes == pytest.approx(np.ones(DRIFT), abs=0.08)
    assert shares @ multipliers(REGIMES)[:, :DRIFT] == pytest.approx(np.ones(DRIFT), abs=1e-9)
    assert records["epoch"][0] == minutes, "nights cost no epochs"


def test_a_fixed_regime_stays_and_draws_only_its_sign() -> None:
    signs = set()
    for seed in range(20):
        records = regime("trending", seed)
        assert [advance(records[0], m * MINUTE) for m in range(390)] == [TRENDING] * 390
        assert len(truth(records)) == 1
        drift = factor(records[0], DRIFT)
        assert abs(drift) == REGIMES.trending.drift
        signs.add(np.sign(drift))
    assert signs == {-1, 1}


def test_spells_have_their_mean_length() -> None:
    moves = transitions(REGIMES.chain)
    assert moves.sum(axis=1) == pytest.approx(np.ones(5))
    assert 60.0 / (1 - np.diag(moves)) == pytest.approx(REGIMES.chain.spell)
    assert (moves >= 0).all()


def test_factors_follow_the_regime() -> None:
    thin, calm = regime("thin"), regime("calm")
    assert advance(thin[0], 0) == THIN
    advance(calm[0], 0)
    ratio = factor(thin[0], VARIANCE) / factor(calm[0], VARIANCE)
    assert ratio == pytest.approx(REGIMES.thin.variance / REGIMES.calm.variance)
    assert factor(thin[0], JUMPS) > 0
    assert factor(thin[0], DRIFT) == 0


def test_the_curves_are_normalised_as_documented() -> None:
    volume, spread, volatility = CURVES
    assert volume.mean() == pytest.approx(1)
    assert spread.mean() == pytest.approx(1)
    assert (volatility**2).mean() == pytest.approx(1)
    assert spread[:15].mean() / spread[165:225].mean() == pytest.approx(1.6)
    assert 0.10 < volume[:30].sum() / MINUTES < 0.20
    assert volume[165:225].sum() / MINUTES < 0.12
    assert volume == pytest.approx(volume[::-1])
    assert curves(0.0, 1.0) == pytest.approx(np.ones((3, MINUTES)))


def test_the_shape_at_a_time_is_its_minute_and_ends_outside_the_session() -> None:
    records = regime()
    for minute in (0, 1, 200, 389):
        assert shape(records[0], VOLUME, minute * MINUTE) == CURVES[VOLUME][minute]
        assert shape(records[0], SPREAD, (minute + 1) * MINUTE - 1) == CURVES[SPREAD][minute]
    assert shape(records[0], VOLATILITY, -5 * MINUTE) == CURVES[VOLATILITY][0]
    assert shape(records[0], VOLATILITY, 500 * MINUTE) == CURVES[VOLATILITY][-1]


def test_a_copy_continues_bit_exactly_and_markets_differ() -> None:
    records = regime(seed=3, n=3)
    for i in range(3):
        advance(records[i], 100 * MINUTE)
    copy = np.frombuffer(bytearray(records.tobytes()), records.dtype).view(type(records))
    for i in range(3):
        assert advance(records[i], DAY) == advance(copy[i], DAY)
    assert records.tobytes() == copy.tobytes()
    assert truth(records, 0) != truth(records, 1)


def test_golden_truth() -> None:
    records = regime(seed=7)
    advance(records[0], DAY)
    assert [(time // MINUTE, NAMES[state], sign) for time, state, sign in truth(records)] == GOLDEN


GOLDEN = [
    (0, "calm", -1),
    (74, "trending", 1),
    (75, "volatile", 1),
    (179, "thin", -1),
    (204, "calm", 1),
    (293, "thin", -1),
    (336, "calm", -1),
]


def test_truth_that_nobody_drains_raises_and_loses_nothing() -> None:
    records = regime()
    records["told"][0] = TRUTHS
    with pytest.raises(IndexError, match="TRUTHS"):
        advance(records[0], DAY)
    assert (records["epoch"][0], records["state"][0]) == (0, 0)
    records["told"][0] = 0
    advance(records[0], DAY)
    assert truth(records) == list(spells(1, REGIMES, "switching", 0, DAY))


def test_an_unknown_regime_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="volatil") as caught:
        regime("volatil")
    assert caught.value.hint == "did you mean 'volatile'?"
    assert NAMES[SWITCHING] == "switching"
