"""Point-in-time joins: against brute force, and never early."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.features.join import asof, newest_known

TABLE = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 8)), max_size=20)
TIMES = st.lists(st.integers(-1, 30), max_size=20)


def columns(table: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    time = np.array([t for t, _ in table], np.int64)
    return time, time + np.array([late for _, late in table], np.int64)


@settings(max_examples=300, deadline=None)
@given(TABLE, TIMES)
def test_it_sees_the_newest_row_that_is_known(table: list[tuple[int, int]], times: list[int]) -> None:
    time, known = columns(table)
    for t, row in zip(times, asof(time, known, np.array(times, np.int64)), strict=True):
        seen = [k for k in range(len(table)) if known[k] <= t]
        best = max(seen, key=lambda k: (time[k], known[k], k), default=-1)
        assert row == best


@settings(max_examples=100, deadline=None)
@given(TABLE, TABLE, TIMES)
def test_rows_that_become_known_later_change_nothing_before(
    table: list[tuple[int, int]], later: list[tuple[int, int]], times: list[int]
) -> None:
    time, known = columns(table)
    more_time, more_known = columns(later)
    more_known = more_known + 40  # late arrivals about earlier times
    both = asof(np.append(time, more_time), np.append(known, more_known), np.array(times, np.int64))
    assert both.tolist() == asof(time, known, np.array(times, np.int64)).tolist()


def test_a_late_row_does_not_hide_a_newer_one_and_a_revision_does() -> None:
    time, known = np.array([10, 20, 15, 20]), np.array([11, 21, 25, 30])
    assert asof(time, known, np.array([10, 11, 21, 26, 30])).tolist() == [-1, 0, 1, 1, 3]
    assert [x.tolist() for x in newest_known(time, known)] == [[0, 1, 3], [11, 21, 30]]


def test_columns_that_are_no_times_are_refused() -> None:
    for time, known in ((np.zeros(2), np.zeros(2, int)), (np.zeros(2, int), np.zeros(3, int))):
        with pytest.raises(InputError, match="integer columns"):
            newest_known(time, known)
