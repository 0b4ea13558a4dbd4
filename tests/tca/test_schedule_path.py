"""How far the executed quantity strayed from the schedule."""

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.records import FILL, Cause
from nowake.core.times import SECOND
from nowake.tca.schedule_path import SchedulePath, deviation

T0 = 1_042_642_800_000_000_000


def plan(seconds: list[float], target: list[float]) -> SchedulePath:
    return SchedulePath(T0 + np.array([round(s * SECOND) for s in seconds]), np.array(target))


def test_target_is_linear_with_jumps() -> None:
    path = plan([0, 0, 10, 10], [0, 250, 500, 1000])
    when = T0 + np.array([-1, 0, 5, 10, 20]) * SECOND
    assert path.at(when).tolist() == [0, 250, 375, 1000, 1000]
    assert path.at(when, left=True).tolist() == [0, 0, 375, 500, 1000]


def test_a_sliced_order_has_the_band_that_each_slice_leaves_open() -> None:
    path = SchedulePath.of_slices(T0 + np.array([0, 10, 30]) * SECOND, np.array([0, 400, 1000]))
    assert ((path.times - T0) // SECOND).tolist() == [0, 10, 10, 30]
    assert path.low is not None
    assert path.high is not None
    assert (path.low.tolist(), path.high.tolist()) == ([0, 0, 400, 400], [400, 400, 1000, 1000])
    assert path.at(T0 + np.array([5, 10, 20, 30]) * SECOND).tolist() == [200, 400, 700, 1000]


def test_nothing_done_strays_by_the_area_under_the_schedule() -> None:
    got = deviation(plan([0, 10], [0, 1000]), np.zeros(0, FILL), 1000)
    assert (got.mean_pct, got.max_pct) == pytest.approx((50, 100))


def test_one_fill_in_the_middle(fills) -> None:
    own = fills((5, 1000, 1000, 1000, 1000, Cause.TAKE, 0))
    got = deviation(plan([0, 10], [0, 1000]), own, 1000)
    assert (got.mean_pct, got.max_pct) == pytest.approx((25, 50))


def test_a_crossing_is_exact(fills) -> None:
    own = fills((0, 1000, 500, 1000, 1000, Cause.TAKE, 0))
    got = deviation(plan([0, 10], [0, 1000]), own, 1000)  # 50 % ahead at the start, 50 % behind at the end
    assert (got.mean_pct, got.max_pct) == pytest.approx((25, 50))


def test_followed_blocks_stray_by_nothing(fills) -> None:
    own = fills((0, 1000, 250, 1, 1, Cause.TAKE, 0), (10, 1000, 750, 1, 1, Cause.TAKE, 0))
    got = deviation(plan([0, 0, 10, 10], [0, 250, 250, 1000]), own, 1000)
    assert (got.mean_pct, got.max_pct) == pytest.approx((0, 0))


def test_paths_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="ascending"):
        plan([1, 0], [0, 1])
    with pytest.raises(InputError, match="one length"):
        plan([0, 1], [0])
