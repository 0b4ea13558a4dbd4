"""The judge: paths that cannot be measured are counted, not hidden; intervals need two paths."""

import pytest

from nowake.market.calibrate.judge import distance_of, rows, show
from nowake.market.calibrate.objective import Plan
from nowake.market.calibrate.space import changed
from nowake.market.calibrate.targets import Target
from nowake.market.preset import Preset

WRONG = {"lit.taker_rate": 0.075, "lit.spread": 7.0}


def test_the_market_of_the_data_is_nearer_to_it_than_another_one(quiet: Preset, target: Target) -> None:
    shown = show(quiet, [31, 32, 33], Plan(3, 3, 10**6))
    assert (len(shown.paths), shown.failed) == (3, 0)
    found = distance_of(target, shown)
    other = distance_of(target, show(changed(quiet, WRONG), [31, 32, 33], Plan(3, 3, 10**6)))
    assert found.ci is not None
    assert other.ci is not None
    assert found.ci[0] < found.value < found.ci[1] < other.ci[0]
    assert distance_of(target, show(quiet, [31], Plan(1, 1, 10**6))).ci is None


def test_paths_that_fail_are_counted(quiet: Preset, target: Target) -> None:
    crowded = changed(quiet, {"lit.life": 1e5, "lit.limit_rate": 2.0})
    shown = show(crowded, [1, 2], Plan(2, 1, 10**6))
    assert (shown.parts, shown.paths, shown.failed) == ({}, (), 2)
    found = distance_of(target, shown)
    assert (found.value, found.ci) == (pytest.approx(10), None)
    assert {row.z_after for row in rows(target, show(quiet, [1], Plan(1, 1, 10**6)), shown)} == {10.0}
