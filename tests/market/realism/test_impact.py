"""Impact estimators against laws that are exact, or exact up to stated noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.facts import judge
from nowake.market.realism.impact import FRACTIONS, ImpactRow, estimate

SIGMA = 0.02


def rows_of(
    delta: float = 0.5,
    level: float = 1.0,
    pairs: int = 200,
    noise: float = 0.0,
    bend: float = 0.6,
    seed: int = 0,
    speed: float = 0.14,
) -> list[ImpactRow]:
    """I(x) = level σ (Q/V)^δ x^bend, ⅔ left at 2T, J = I(2T)/2 + speed σ rate^.6; `noise`: pair sd over σ √T."""
    rng, rows = np.random.default_rng(seed), []
    for p in (0.05, 0.15, 0.30):
        for horizon in (0.01, 0.03, 0.1, 0.3, 0.9):
            size = p * horizon
            path = np.broadcast_to(level * SIGMA * size**delta * FRACTIONS**bend, (pairs, 10))
            shake = noise * SIGMA * np.sqrt(horizon) * rng.normal(size=(pairs, 10)).cumsum(1) / np.sqrt(10)
            after = path[:, -1] * 2 / 3
            cost = after / 2 + speed * SIGMA * p**0.6
            late = np.full(pairs, np.nan) if horizon > 0.5 else after + shake[:, -1]
            rows.append(ImpactRow(size, p, horizon, SIGMA, path + shake, late, cost + shake.mean(1)))
    return rows


@settings(max_examples=25, deadline=None)
@given(st.floats(0.2, 1.2), st.floats(0.2, 3.0))
def test_an_exact_power_law_is_found_exactly(delta: float, level: float) -> None:
    found = estimate(rows_of(delta, level, pairs=3), draws=5)
    for name in ("exponent", "exponent_5", "exponent_15", "exponent_30"):
        assert found[name].value == pytest.approx(delta, abs=2e-3)
        assert found[name].high - found[name].low < 1e-9


def test_the_square_root_law_has_its_prefactor_path_decay_and_rate() -> None:
    found = estimate(rows_of(level=0.8))
    for p in (5, 15, 30):
        assert found[f"prefactor_{p}"].value == pytest.approx(0.8)
    for x in FRACTIONS[:-1]:
        assert found[f"path_{round(100 * x)}"].value == pytest.approx(x**0.6)
    assert found["decay"].value == pytest.approx(2 / 3)
    assert found["rate_exponent"].value == pytest.approx(0.6, abs=1e-3)
    assert found["concavity"].value == pytest.approx(2 / 1.6 - 1, abs=0.02)


def test_noise_widens_the_interval_and_pairs_narrow_it() -> None:
    truth, widths = 0.5, []
    for pairs in (50, 800):
        found = estimate(rows_of(pairs=pairs, noise=0.5, seed=3))["exponent"]
        assert found.low < truth < found.high
        widths.append(found.high - found.low)
    assert widths[0] > 2.5 * widths[1]
    assert widths[1] < 0.1


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    hits = 0
    for seed in range(40):
        found = estimate(rows_of(pairs=60, noise=0.5, seed=seed), draws=200)["exponent"]
        hits += found.low <= 0.5 <= found.high
    assert 34 <= hits <= 40


def test_pairs_of_one_stream_count_once() -> None:
    rows = rows_of(pairs=100, noise=0.5)
    doubled = [
        ImpactRow(
            r.size, r.participation, r.horizon, r.sigma, np.repeat(r.path, 4, 0), np.repeat(r.after, 4),
            np.repeat(r.shortfall, 4), np.repeat(np.arange(100), 4) + 1000 * k,
        )
        for k, r in enumerate(rows)
    ]  # fmt: skip
    plain, cloned = estimate(rows)["prefactor_15"], estimate(doubled)["prefactor_15"]
    assert cloned.value == pytest.approx(plain.value, rel=0.05)
    assert cloned.high - cloned.low == pytest.approx(plain.high - plain.low, rel=0.3)


def passed(values: dict[str, Estimate]) -> set[int]:
    return {fact.id for fact in judge(values) if fact.passed}


def test_the_square_root_law_passes_and_linear_impact_does_not() -> None:
    assert {6, 7, 8, 9, 10} <= passed(estimate(rows_of(noise=0.2, pairs=800)))
    assert not {6, 7} & passed(estimate(rows_of(delta=1.0, level=1.0, noise=0.2, pairs=800)))
    assert 8 not in passed(estimate(rows_of(bend=1.0, noise=0.2, pairs=800)))


def test_noise_alone_passes_nothing() -> None:
    for seed in range(10):
        assert not {6, 7, 8, 9, 10} & passed(
            estimate(rows_of(level=0.0, noise=1.0, pairs=100, seed=seed, speed=0.0), draws=200)
        )


def test_a_true_law_hidden_in_noise_does_not_pass_either() -> None:
    found = estimate(rows_of(noise=2.0, pairs=40))
    assert 6 not in passed(found)


def test_bad_rows_are_refused() -> None:
    good = rows_of(pairs=3)
    with pytest.raises(InputError, match="three rows"):
        estimate(good[:2])
    with pytest.raises(InputError, match="impact row"):
        ImpactRow(0.1, 0.1, 0.1, 0.02, np.zeros((3, 9)), np.zeros(3), np.zeros(3))
    with pytest.raises(InputError, match="> 0"):
        ImpactRow(0.1, 0.1, 0.0, 0.02, np.zeros((3, 10)), np.zeros(3), np.zeros(3))
