"""Means with honest intervals, and robust outliers."""

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.tca.statistics import mad_outliers, weighted_mean, weighted_mean_interval


def test_weights_and_gaps() -> None:
    assert weighted_mean(np.array([1.0, 3.0, np.nan]), np.array([3.0, 1.0, 5.0])) == pytest.approx(1.5)
    assert np.isnan(weighted_mean(np.array([np.nan]), np.array([1.0])))


def test_interval_is_seeded_and_holds_the_mean() -> None:
    rng = np.random.default_rng(3)
    values, days = rng.normal(5, 2, 400), np.repeat(np.arange(40), 10)
    got = weighted_mean_interval(values, np.ones(400), days, seed=1)
    assert got == weighted_mean_interval(values, np.ones(400), days, seed=1)
    assert got.low < got.value < got.high
    assert (got.n, got.clusters) == (400, 40)
    assert got.high - got.low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.35)


def test_clusters_that_move_together_widen_the_interval() -> None:
    days = np.repeat(np.arange(20), 20)
    values = np.random.default_rng(5).normal(0, 1, 20)[days]
    wide = weighted_mean_interval(values, np.ones(400), days, seed=1)
    narrow = weighted_mean_interval(values, np.ones(400), np.arange(400), seed=1)
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)


def test_one_cluster_has_no_interval() -> None:
    got = weighted_mean_interval(np.array([1.0, 2.0]), np.ones(2), np.zeros(2), seed=1)
    assert got.value == 1.5
    assert np.isnan([got.low, got.high]).all()


def test_lengths_must_agree() -> None:
    with pytest.raises(InputError, match="one length"):
        weighted_mean_interval(np.ones(2), np.ones(3), np.ones(2), seed=1)


def test_outliers_by_median_absolute_deviation() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 100.0, np.nan])
    assert mad_outliers(values).tolist() == [False] * 5 + [True, False]
    assert not mad_outliers(np.array([np.nan])).any()
    assert mad_outliers(np.array([1.0, 1.0, 1.0, 2.0])).tolist() == [False, False, False, True]
