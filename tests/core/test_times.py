from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.core.times import HOUR, MINUTE, MS, SECOND, duration, local_midnight, show_time, time_of_day


@pytest.mark.parametrize(
    ("text", "ns"),
    [("90s", 90 * SECOND), ("4h", 4 * HOUR), ("1h30m", 90 * MINUTE), ("250ms", 250 * MS), ("1.5s", 1500 * MS)],
)
def test_durations_as_people_write_them(text: str, ns: int) -> None:
    assert duration(text) == ns


@pytest.mark.parametrize("text", ["", "5", "4 hours", "-3s", "h4", "3x"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected like 90s"):
        duration(text)


def test_times_of_day() -> None:
    assert time_of_day("10:30") == 10 * HOUR + 30 * MINUTE
    assert time_of_day("09:45:30.250") == 9 * HOUR + 45 * MINUTE + 30 * SECOND + 250 * MS


@pytest.mark.parametrize("text", ["10", "25:00", "10:60", "10:30:99", "ten"])
def test_other_times_of_day_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="HH:MM"):
        time_of_day(text)


def test_local_midnight_knows_summer_time() -> None:
    winter, summer = date(2003, 1, 15), date(2012, 6, 21)
    assert local_midnight(winter, "America/New_York") == 1_042_606_800 * SECOND
    assert local_midnight(summer, "America/New_York") % (24 * HOUR) == 4 * HOUR
    with pytest.raises(InputError, match="IANA"):
        local_midnight(winter, "Mars/Olympus")


@given(st.integers(0, 86_399_999))
def test_a_shown_time_reads_back(ms: int) -> None:
    assert time_of_day(show_time(ms * MS, "UTC")) == ms * MS
