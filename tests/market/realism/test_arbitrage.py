"""Round trips: what earns is caught, what loses passes, noise cannot pass, the error rate is what Holm says."""

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.market.realism.arbitrage import Trips, estimate, holm, lower_bound
from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.facts import Fact, judge

FAMILIES = tuple(f"family {k}" for k in range(12))
REGIMES = np.array(["calm", "volatile", "thin", "trending"])


def hunt(mean: float = -0.3, noise: float = 1.0, streams: int = 120, winner: float | None = None, seed: int = 0):
    rng, trips = np.random.default_rng(seed), []
    for family in FAMILIES:
        for size in (1.0, 3.0, 10.0):
            level = winner if winner is not None and family == FAMILIES[4] and size == 3.0 else mean
            shared = noise * rng.normal(size=streams)
            profit = np.repeat(level + shared, 2) + 0.3 * rng.normal(size=2 * streams)
            stream = np.repeat(np.arange(streams), 2)
            trips.append(Trips(family, size, profit, profit - 0.5, stream, REGIMES[stream % 4]))
    return trips


def flaw(mean: float = 2.0, seed: int = 9) -> list[Trips]:
    rng = np.random.default_rng(seed)
    return [Trips(n, 1.0, mean + rng.normal(size=60), np.zeros(60), np.arange(60)) for n in ("no decay", "free mid")]


def fact_25(values: dict[str, Estimate]) -> Fact:
    return next(fact for fact in judge(values) if fact.id == 25)


def failing(trips: list[Trips], planted: list[Trips]) -> set[str]:
    return {part.name for part in fact_25(estimate(trips, planted)).parts if not part.passed}


def test_trips_that_lose_pass() -> None:
    assert failing(hunt(), flaw()) == set()


def test_one_winning_cell_among_36_is_caught() -> None:
    assert "profit" in failing(hunt(winner=0.8), flaw())


def test_noise_cannot_pass() -> None:
    assert "half_width" in failing(hunt(noise=8.0), flaw())


def test_too_few_trips_or_families_do_not_pass() -> None:
    assert "trips" in failing(hunt(streams=60), flaw())
    assert "families" in failing(hunt()[:9], flaw())


def test_a_flaw_that_is_missed_or_not_planted_fails_the_gate() -> None:
    assert failing(hunt(), flaw(mean=0.0)) == {"planted"}
    assert failing(hunt(), []) == {"planted"}


def test_raw_profit_in_a_quiet_regime_fails() -> None:
    trips = [
        Trips(t.family, t.size, t.manipulation, np.where(t.regime == "thin", 2.0, -1.0) + t.raw, t.stream, t.regime)
        for t in hunt(noise=0.5)
    ]
    assert failing(trips, flaw()) == {"raw_thin"}


def test_regimes_that_were_not_told_apart_do_not_pass() -> None:
    trips = [Trips(t.family, t.size, t.manipulation, t.raw, t.stream) for t in hunt()]
    assert failing(trips, flaw()) == {"raw_calm", "raw_volatile", "raw_thin"}


def test_blocks_that_disagree_fail() -> None:
    trips = hunt(noise=0.2)
    t = trips[0]
    trips[0] = Trips(t.family, t.size, np.where(t.stream < 40, 1.0, -2.0) + t.manipulation, t.raw, t.stream, t.regime)
    assert "blocks" in failing(trips, flaw())


def test_the_error_rate_over_families_is_five_percent() -> None:
    rng = np.random.default_rng(5)
    caught = 0
    for _ in range(400):
        cells = [(rng.normal(size=40), np.arange(40)) for _ in range(12)]
        caught += holm(cells) > 0
    assert 8 <= caught <= 34


def test_both_signs_of_a_stream_are_one_observation() -> None:
    x = np.random.default_rng(6).normal(1, 1, 50)
    once = lower_bound(x, np.arange(50), 0.05)
    twice = lower_bound(np.repeat(x, 2), np.repeat(np.arange(50), 2), 0.05)
    assert twice == pytest.approx(once)
    assert once == pytest.approx(x.mean() - 1.6766 * x.std(ddof=1) / np.sqrt(50), abs=1e-4)  # t(.95, 49) = 1.6766


def test_nothing_to_judge_is_refused() -> None:
    with pytest.raises(InputError, match="round trips"):
        estimate([])
    with pytest.raises(InputError, match="one length"):
        Trips("x", 1.0, np.zeros(3), np.zeros(2), np.zeros(3))
