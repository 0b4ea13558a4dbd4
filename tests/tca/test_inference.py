"""Means, differences and q-values: the numbers of the paper, a plain twin, and error rates that are what they say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.tca.inference import Effect, difference, draws_for, mean, q_values, verdict
from nowake.tca.minimum import TOO_FEW, Minimum
from nowake.tca.statistics import student, weighted_mean

NAN = float("nan")


def test_the_vector_of_benjamini_and_hochberg() -> None:
    """Benjamini & Hochberg 1995, section 4: of 15 p-values four are rejected at .05, by Bonferroni three."""
    p = np.array(
        [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
         0.7590, 1.0000]
    )  # fmt: skip
    q = q_values(p)
    assert int((q <= 0.05).sum()) == 4
    assert q[3] == pytest.approx(0.0095 * 15 / 4)
    assert int((p * 15 <= 0.05).sum()) == 3
    assert q_values(p[::-1]).tolist() == q[::-1].tolist()


@given(st.lists(st.one_of(st.just(NAN), st.floats(0, 1)), max_size=25))
def test_q_values_are_the_definition(p) -> None:
    q, tested = q_values(np.array(p)), sorted(x for x in p if x == x)
    m = len(tested)
    for one, got in zip(p, q.tolist(), strict=True):
        if one != one:
            assert got != got
            continue
        ranks = [tested[r - 1] * m / r for r in range(1, m + 1) if tested[r - 1] >= one]
        assert got == pytest.approx(min(*ranks, 1.0))
        assert got >= one or got == pytest.approx(one)


def plain(values, weights, clusters) -> tuple[float, float]:
    """The ratio and its error in plain words."""
    whole = sum(weights)
    ratio = sum(w * x for w, x in zip(weights, values, strict=True)) / whole
    residual: dict[int, float] = {}
    for x, w, c in zip(values, weights, clusters, strict=True):
        residual[c] = residual.get(c, 0.0) + w * (x - ratio) / whole
    k = len(residual)
    return ratio, math.sqrt(k / (k - 1) * sum(e * e for e in residual.values()))


observed = st.tuples(st.floats(-50, 50), st.floats(0.1, 1000), st.integers(0, 6))


@settings(max_examples=60, deadline=None)
@given(st.lists(observed, min_size=2, max_size=30).filter(lambda rows: len({c for *_, c in rows}) > 1))
def test_mean_and_error_are_the_formula(rows) -> None:
    x, w, c = (np.array(column) for column in zip(*rows, strict=True))
    got = mean(x, w, c, seed=1, draws=99)
    value, error = plain(*zip(*rows, strict=True))
    assert got.value == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert got.se == pytest.approx(error, rel=1e-6, abs=1e-9)
    assert (got.n, got.clusters) == (len(rows), len(set(c.tolist())))
    assert got.value == pytest.approx(weighted_mean(x, w), rel=1e-9, abs=1e-9)


def test_the_interval_of_independent_rows_is_student_s() -> None:
    x = np.random.default_rng(3).normal(5, 2, 30)
    got = mean(x, np.ones(30), np.arange(30), seed=1)
    half = student(29) * x.std(ddof=1) / math.sqrt(30)
    assert got.se == pytest.approx(x.std(ddof=1) / math.sqrt(30))
    assert (got.high - got.low) / 2 == pytest.approx(half, rel=0.1)
    assert got == mean(x, np.ones(30), np.arange(30), seed=1)
    assert got.low < 5 < got.high
    assert got.p == pytest.approx(1 / 5000)


def test_rows_of_a_day_count_as_one_draw() -> None:
    days = np.repeat(np.arange(20), 20)
    x = np.random.default_rng(5).normal(0, 1, 20)[days]
    wide, narrow = (mean(x, np.ones(400), c, seed=1, draws=999) for c in (days, np.arange(400)))
    assert wide.se > 4 * narrow.se


def test_what_a_day_does_to_both_sides_cancels() -> None:
    rng = np.random.default_rng(7)
    days = np.tile(np.arange(15), 2)
    first = np.repeat([True, False], 15)
    x = np.tile(rng.normal(0, 100, 15), 2) + np.where(first, 1.0, 0.0) + rng.normal(0, 0.2, 30)
    got = difference(x, np.ones(30), days, first, seed=1, draws=999)
    apart = difference(x, np.ones(30), np.arange(30), first, seed=1, draws=999)
    assert got.low > 0.5
    assert got.value == pytest.approx(1.0, abs=0.3)
    assert got.se < apart.se / 50
    assert (got.n, got.clusters) == (15, 15)


def test_error_rate_under_no_effect_is_the_level() -> None:
    """500 studies of nothing: 12 days of unequal size and heavy-tailed days; 5 % should be below .05."""
    rng, hits = np.random.default_rng(11), 0
    for k in range(500):
        days = rng.integers(0, 12, 60)
        x = rng.standard_t(4, 12)[days] + rng.standard_t(4, 60)
        hits += mean(x, rng.lognormal(0, 0.7, 60), days, seed=k, draws=299).p < 0.05
    assert 0.02 <= hits / 500 <= 0.085


def test_studies_of_nothing_rarely_name_anybody() -> None:
    """150 studies of six groups that do not differ, 160 orders on 25 days, heavy tails: any verdict in about 5 %."""
    rng, named = np.random.default_rng(2), 0
    for k in range(150):
        days, group = rng.integers(0, 25, 160), rng.integers(0, 6, 160)
        x = rng.standard_t(3, 25)[days] * 3 + rng.standard_t(3, 160) * 5
        weight = rng.lognormal(0, 1, 160)
        p = [difference(x, weight, days, group == i, seed=k, draws=399).p for i in range(6)]
        named += bool((q_values(np.array(p)) <= 0.05).any())
    assert named / 150 <= 0.11


def test_too_little_has_no_interval() -> None:
    one = mean(np.array([1.0, 3.0]), np.ones(2), np.zeros(2), seed=1)
    assert (one.value, one.n, one.clusters) == (2.0, 2, 1)
    assert math.isnan(one.low)
    assert math.isnan(one.p)
    none = mean(np.array([NAN]), np.ones(1), np.zeros(1), seed=1)
    assert math.isnan(none.value)
    alone = difference(np.ones(3), np.ones(3), np.arange(3), np.ones(3, bool), seed=1)
    assert math.isnan(alone.value)
    assert (alone.n, alone.clusters) == (0, 0)


def test_lengths_and_levels_are_checked() -> None:
    with pytest.raises(InputError, match="arrays of one length"):
        mean(np.ones(2), np.ones(3), np.ones(2), seed=1)
    with pytest.raises(InputError, match="level in"):
        mean(np.ones(2), np.ones(2), np.ones(2), seed=1, level=1.0)


def test_a_verdict_needs_sample_and_q() -> None:
    least = Minimum(20, 10)
    strong = Effect(2.0, 1.0, 3.0, 0.5, 0.001, 30, 12)
    assert verdict(strong, 0.01, least) == "dearer"
    assert verdict(Effect(-2.0, -3, -1, 0.5, 0.001, 30, 12), 0.01, least) == "cheaper"
    assert verdict(strong, 0.2, least) == "not told apart"
    assert verdict(Effect(2.0, 1.0, 3.0, 0.5, 0.001, 19, 12), 0.01, least) == TOO_FEW
    assert verdict(Effect(2.0, 1.0, 3.0, 0.5, 0.001, 30, 9), 0.01, least) == TOO_FEW
    assert verdict(strong, NAN, least) == "not told apart"


def test_the_smallest_p_can_pass_the_strictest_threshold() -> None:
    for groups in (1, 100, 1000):
        assert 1 / (draws_for(groups, 0.05) + 1) <= 0.05 / groups / 4


@pytest.mark.parametrize("wrong", [{"rows": 1}, {"clusters": 1}, {"alpha": 0.0}, {"alpha": 0.5}])
def test_a_minimum_that_is_none_is_refused(wrong) -> None:
    with pytest.raises(InputError, match="minimum sample"):
        Minimum(**wrong)
