"""A calibration moves a wrong parameter back towards the truth; resuming gives the same; the judge is impartial."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.market.calibrate import direct, fit
from nowake.market.calibrate.fit import Job, Limits
from nowake.market.calibrate.objective import Plan
from nowake.market.calibrate.space import FREE, changed
from nowake.market.calibrate.targets import Target
from nowake.market.preset import Preset
from nowake.market.realism.distance import distance, gaps

Make = Callable[..., Job]
SMALL = Plan(1, 3, 10**6)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, quiet: Preset) -> None:
    """One path an evaluation, two free parameters, and the base itself for a start."""
    monkeypatch.setattr(fit, "plan_of", lambda _, factor=1: replace(SMALL, paths=1 + (factor > 1)))
    monkeypatch.setattr("nowake.market.calibrate.space.FREE", tuple(f for f in FREE if f.key in MOVED))
    monkeypatch.setattr(direct, "start", lambda base, *_: base)


MOVED = ("lit.taker_rate", "lit.spread")


def test_wrong_parameters_are_moved_back_towards_the_truth(few: None, job: Make, quiet: Preset, target: Target) -> None:
    wrong = changed(quiet, {"lit.taker_rate": 0.075, "lit.spread": 7.0})
    made = job(wrong)
    made.begin(resume=False)
    assert made.space.names == MOVED[::-1] or made.space.names == MOVED
    made.run(Limits(evaluations=100))
    fitted = made.winner()
    for key in ("taker_rate", "spread"):  # in logs more than half of the way back
        there, back, left = (getattr(preset.lit, key) for preset in (wrong, fitted, quiet))
        assert abs(np.log(back / left)) < 0.5 * abs(np.log(there / left))
    verdict = made.judge(fitted, target)
    least = made.judge(quiet, target).after.value  # what the market of the data itself shows on these seeds
    assert verdict.before.value > 1.3 * least
    assert verdict.before.value - verdict.after.value > 0.5 * (verdict.before.value - least)
    assert verdict.holdout_after is not None
    assert verdict.holdout_after.value == verdict.after.value  # the same days, the same seeds
    assert (verdict.holdout_data, verdict.days, verdict.failed) == (0, 6, 0)
    row = next(row for row in verdict.facts if row.part == "cancels_per_trade")
    assert abs(row.z_after) < abs(row.z_before)
    assert verdict.after.ci is not None
    assert verdict.after.ci[0] < verdict.after.value < verdict.after.ci[1]
    assert {row["key"]: row["base"] for row in made.moved(fitted)} == {"lit.spread": 7.0, "lit.taker_rate": 0.075}


def test_held_out_days_are_compared_with_the_fitted_ones(
    few: None, job: Make, quiet: Preset, target: Target, other_days: Callable[[Preset], Target]
) -> None:
    other = changed(quiet, {"lit.taker_rate": 0.075, "lit.spread": 7.0}).model_copy(update={"name": "other"})
    days, alien, made = other_days(quiet), other_days(other), job()
    made.begin(resume=False)
    same, far = made.judge(quiet, days).holdout_data, made.judge(quiet, alien).holdout_data
    # in errors of the held-out days, over the facts that both sides know
    assert same == pytest.approx(distance(gaps(days.parts, target.parts, days.left_out | target.left_out)))
    assert same != pytest.approx(distance(gaps(target.parts, days.parts, days.left_out | target.left_out)))
    assert same is not None
    assert far is not None
    assert 0 < same < far


def test_a_resumed_calibration_is_the_calibration_in_one_go(few: None, job: Make) -> None:
    whole, first, second = job(name="whole"), job(name="parts"), job(name="parts")
    whole.begin(resume=False)
    whole.run(Limits(evaluations=12, workers=1))
    first.begin(resume=False)
    first.run(Limits(evaluations=5))
    second.begin(resume=True)
    assert second.search.losses == whole.search.losses[:5]
    second.run(Limits(evaluations=12))
    assert second.search.losses == whole.search.losses
    assert second.winner() == whole.winner()
    assert second.elapsed > first.elapsed
    other = job(seed=6, name="parts")
    with pytest.raises(InputError, match="another calibration"):
        other.begin(resume=True)


def test_one_day_of_data_gets_its_errors_from_the_start(few: None, job: Make, quiet: Preset, target: Target) -> None:
    blank = {name: type(e)(e.value, float("nan"), float("nan")) for name, e in target.parts.items()}
    made = job(to=replace(target, dates=target.dates[:1], parts=blank))
    made.begin(resume=False)
    known = made.target.parts["sign_acf_1"]
    assert known.low < known.value < known.high
    assert made.best() == made.start == quiet


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"evaluations": 0}, "--evaluations"),
        ({"seconds": 0.0}, "--budget"),
        ({"evaluations": 1, "workers": 0}, "--workers"),
        ({}, "a budget or a number"),
    ],
)
def test_impossible_limits(fields: dict[str, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Limits(**fields)


def test_a_seed_has_its_range(job: Make, tmp_path: Path) -> None:
    for seed in (-1, 2**40):
        with pytest.raises(InputError, match="--seed"):
            job(seed=seed)
