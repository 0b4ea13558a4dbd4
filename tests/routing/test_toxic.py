"""A pool that turns toxic is left, and a sound one is not: medians and shares over 50 seeds."""

from dataclasses import replace

import numpy as np
import pytest

from nowake.core.intent import Tactic
from nowake.core.jit import jit_disabled
from nowake.routing.trial import Departure, Trial, departures, routed, wilson

pytestmark = pytest.mark.skipif(jit_disabled(), reason="minutes without the compiler")

SEEDS = range(50)


@pytest.mark.parametrize("tactic", [Tactic.DARK, Tactic.JOIN])
@pytest.mark.parametrize("delay", [2.0, 5.0])
def test_a_toxic_pool_loses_three_quarters_of_its_share_within_200_children(delay: float, tactic: Tactic) -> None:
    found = departures(Trial(delay=delay, tactic=tactic), SEEDS)
    assert found.median <= 200
    assert found.median_ci[0] <= found.median <= found.median_ci[1] <= 200
    assert found.within_ci[0] > 0.5
    assert found.former == pytest.approx(1 / 3, abs=0.05)


def test_where_the_move_shows_late_half_of_the_runs_still_leave_in_time_if_all_is_hidden() -> None:
    found = departures(Trial(delay=20.0), SEEDS)
    assert found.median <= 200
    assert found.within_ci[0] > 0.5


@pytest.mark.parametrize("tactic", [Tactic.DARK, Tactic.JOIN])
def test_a_sound_pool_is_rarely_left(tactic: Tactic) -> None:
    found = departures(Trial(toxic=-1, tactic=tactic), range(200))
    assert found.left / found.runs <= 0.05
    assert found.left_ci[0] <= found.left / found.runs <= found.left_ci[1] < 0.07


def test_intervals_are_those_of_the_sign_test_and_of_wilson(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {seed: Departure(0.3, seed + 1 if seed < 48 else None) for seed in range(50)}
    monkeypatch.setattr("nowake.routing.trial.departure", lambda trial, seed, pool: told[seed])  # noqa: ARG005
    found = departures(Trial(), range(50))
    assert (found.median, found.median_ci) == (25.5, (18.0, 33.0))  # ranks 18 and 33: 96.7 % by the binomial law
    assert (found.left, found.within) == (48, 48)
    assert wilson(1, 10) == pytest.approx((0.0179, 0.4042), abs=1e-4)
    assert wilson(0, 10)[0] == 0.0
    few = departures(Trial(), range(3))
    assert few.median_ci == (0.0, np.inf)  # three runs tell nothing of a median


def test_a_pool_that_is_toxic_from_the_start_is_left_and_yet_tried_again() -> None:
    trial = Trial(toxic=0, at=0, children=3000)
    rows = np.array(list(routed(trial, 3)))
    own = np.where(rows[:, 0] == 0, rows[:, 1], 0)
    assert own[:100].sum() > 0.15 * rows[:100, 1].sum()
    assert own[300:].sum() < 0.1 * rows[300:, 1].sum()
    assert own[1500:].sum() > 0


def test_the_trial_repeats_itself() -> None:
    trial = replace(Trial(), children=60)
    assert list(routed(trial, 4)) == list(routed(trial, 4))
    assert list(routed(trial, 4)) != list(routed(trial, 5))
