"""Mids at a time and averages over time, one-sided books included."""

import numpy as np
import pytest

from nowake.core.records import QUOTE_PATH
from nowake.core.times import SECOND
from nowake.tca.quotes import mid_at, mids, sample_mids, spread_at, time_weighted

T0 = 1_042_642_800_000_000_000


@pytest.fixture
def path(quotes):
    return quotes((0, 999, 1001), (10, 1000, 1003), (20, 0, 1004), (30, 1003, 1005))


def at(*seconds: float) -> np.ndarray:
    return np.array([T0 + round(s * SECOND) for s in seconds])


def test_mid_is_the_last_known_one(path) -> None:
    assert mid_at(path, at(0, 9, 10, 25, 30, 99)).tolist() == [1000, 1000, 1001.5, 1001.5, 1004, 1004]
    assert np.isnan(mid_at(path, at(-1))).all()


def test_before_excludes_the_quote_of_that_instant(path) -> None:
    assert mid_at(path, at(10, 30), before=True).tolist() == [1000, 1001.5]
    assert np.isnan(mid_at(path, at(0), before=True)).all()
    assert spread_at(path, at(10, 25, 31)).tolist() == [2, 3, 2]


def test_time_weighted_mean_leaves_one_sided_stretches_out(path) -> None:
    assert time_weighted(path, mids(path), T0, T0 + 40 * SECOND) == pytest.approx((1000 + 1001.5 + 1004) / 3)
    assert time_weighted(path, mids(path), T0 + 5 * SECOND, T0 + 20 * SECOND) == pytest.approx((1000 + 2 * 1001.5) / 3)
    assert np.isnan(time_weighted(path, mids(path), T0 + 21 * SECOND, T0 + 29 * SECOND))
    assert np.isnan(time_weighted(path, mids(path), T0 - 9 * SECOND, T0 - SECOND))


def test_no_quotes_no_numbers() -> None:
    none = np.zeros(0, QUOTE_PATH)
    assert np.isnan(mid_at(none, at(0))).all()
    assert np.isnan(spread_at(none, at(0))).all()
    assert np.isnan(time_weighted(none, mids(none), 0, 1))
    assert not len(sample_mids(none, T0, T0 + SECOND, SECOND))


def test_samples_start_at_the_first_known_mid(path) -> None:
    got = sample_mids(path, T0 - 10 * SECOND, T0 + 20 * SECOND, 10 * SECOND)
    assert got.tolist() == [1000, 1001.5, 1001.5]
