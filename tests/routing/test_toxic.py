"""A pool that turns toxic is left, and a sound one is not: medians and shares over 50 seeds."""

from dataclasses import replace
from statistics import median

import numpy as np
import pytest

from nowake.core.jit import jit_disabled
from nowake.routing.trial import Trial, departure, routed

pytestmark = pytest.mark.skipif(jit_disabled(), reason="minutes without the compiler")

SEEDS = range(50)
NEVER = 10**6


@pytest.mark.parametrize("delay", [2.0, 5.0, 20.0])
def test_a_toxic_pool_loses_three_quarters_of_its_share_within_200_children(delay: float) -> None:
    found = [departure(Trial(delay=delay), seed) for seed in SEEDS]
    assert median(one.children or NEVER for one in found) <= 200
    assert sum(one.former for one in found) / len(SEEDS) == pytest.approx(1 / 3, abs=0.05)


def test_a_sound_pool_is_rarely_left() -> None:
    sound = Trial(toxic=-1)
    left = sum(departure(sound, seed).children is not None for seed in range(200))
    assert left <= 0.05 * 200


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
