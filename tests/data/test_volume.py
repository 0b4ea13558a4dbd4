"""Volume curves: shares that sum to one, from past days only."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nowake.core.errors import InputError
from nowake.core.events import Flag, Kind, empty_events
from nowake.core.times import HOUR, MINUTE, SECOND, local_midnight
from nowake.core.values import Session
from nowake.data.volume import (
    StaticCurve,
    VolumeTable,
    bin_labels,
    bin_volumes,
    median_curve,
    smoothed,
    table_from_events,
)

US = Session(34_200 * SECOND, 57_600 * SECOND)


def table(volumes: np.ndarray, first: date = date(2019, 1, 1)) -> VolumeTable:
    days, bins = volumes.shape
    return VolumeTable(tuple(map(str, range(bins))), tuple(first + timedelta(d) for d in range(days)), volumes)


volumes = arrays(np.float64, st.tuples(st.integers(2, 8), st.integers(1, 9)), elements=st.floats(0, 1e9))


@settings(max_examples=100, deadline=None)
@given(volumes, st.integers(1, 30), st.integers(0, 3))
def test_shares_are_positive_and_sum_to_one(values: np.ndarray, days: int, smooth: int) -> None:
    values[0, 0] = 1.0  # one day has volume
    curve = median_curve(table(values), days=days, smooth=smooth)
    assert curve.shape == (values.shape[1],)
    assert (curve > 0).all()
    assert curve.sum() == pytest.approx(1, abs=1e-12)
    for now in range(len(curve)):
        rest = StaticCurve(curve).shares(now, np.zeros(now))
        assert (rest > 0).all()
        assert rest.sum() == pytest.approx(1, abs=1e-12)
        assert rest * curve[now:].sum() == pytest.approx(curve[now:])


@settings(max_examples=50, deadline=None)
@given(volumes, st.integers(0, 2**31))
def test_a_curve_of_a_day_uses_earlier_days_only(values: np.ndarray, seed: int) -> None:
    values[0, 0] = 1.0
    day = len(values) - 1
    before = median_curve(table(values), day=day)
    values[day:] = np.random.default_rng(seed).uniform(0, 1e6, values[day:].shape)
    assert (median_curve(table(values), day=day) == before).all()
    assert (median_curve(table(values), day=table(values).dates[day]) == before).all()


def test_the_median_is_taken_of_shares_over_the_last_days() -> None:
    values = np.array([[9.0, 1], [1, 1], [30, 10], [6, 4]])
    assert median_curve(table(values), days=3, smooth=0) == pytest.approx([0.6, 0.4])
    assert median_curve(table(values), days=1, smooth=0, day=3) == pytest.approx([0.75, 0.25])


def test_same_weekday_looks_back_in_weeks() -> None:
    values = np.tile([1.0, 1.0], (15, 1))
    values[[0, 7]] = [3.0, 1.0]
    assert median_curve(table(values), smooth=0, day=date(2019, 1, 15), same_weekday=True) == pytest.approx(
        [0.75, 0.25]
    )


def test_the_smoother_keeps_a_geometric_curve_and_the_ends() -> None:
    shares = 0.9 ** np.arange(10.0)
    assert smoothed(shares, 3) == pytest.approx(shares / shares.sum())
    spiky = np.array([50.0, 1, 2, 1, 2, 1, 40])
    smooth = smoothed(spiky, 1)
    assert smooth[[0, 1, -2, -1]] / smooth[1] == pytest.approx(spiky[[0, 1, -2, -1]])
    assert smooth[2:-2] / smooth[1] == pytest.approx(np.sqrt(2))


def test_a_bin_that_never_trades_keeps_a_small_share() -> None:
    assert median_curve(table(np.array([[1.0, 0.0]])), smooth=0)[1] == pytest.approx(0.005 / 1.005)


def test_days_without_volume_are_left_out() -> None:
    assert median_curve(table(np.array([[3.0, 1.0], [0, 0]])), days=1, smooth=0) == pytest.approx([0.75, 0.25])


@pytest.mark.parametrize(
    ("bins", "days", "values"),
    [(1, 2, [[1.0]]), (1, 1, [[-1.0]]), (1, 1, [[np.nan]]), (2, 1, [[1.0]]), (1, 0, np.zeros((0, 1)))],
)
def test_an_impossible_table_is_refused(bins: int, days: int, values: list[list[float]]) -> None:
    with pytest.raises(InputError, match="volume table"):
        VolumeTable(tuple("ab"[:bins]), tuple(date(2019, 1, 1 + d) for d in range(days)), np.asarray(values))
    with pytest.raises(InputError, match="ascending"):
        VolumeTable(("a",), (date(2019, 1, 2), date(2019, 1, 1)), np.ones((2, 1)))


def test_impossible_requests_are_refused() -> None:
    one = table(np.array([[1.0, 1.0]]))
    with pytest.raises(InputError, match="a day after 2019-01-01"):
        median_curve(one, day=date(2019, 1, 1))
    with pytest.raises(InputError, match="days >= 1"):
        median_curve(one, days=0)
    with pytest.raises(InputError, match="at least one earlier day"):
        median_curve(table(np.zeros((1, 2))))
    with pytest.raises(InputError, match="the day to forecast"):
        median_curve(one, same_weekday=True)
    curve = StaticCurve(np.array([0.5, 0.5]))
    with pytest.raises(InputError, match="expected 1, one per bin before bin 1"):
        curve.shares(1, [1.0, 2.0])
    with pytest.raises(InputError, match="expected 0 to 1, got 2"):
        curve.shares(2, [1.0, 2.0])


def test_bins_are_labelled_by_their_start_and_divide_the_session() -> None:
    labels = bin_labels(US, 15)
    assert (len(labels), labels[0], labels[-1]) == (26, "09:30", "15:45")
    for minutes in (0, 7, 400):
        with pytest.raises(InputError, match="that divide the session of 390"):
            bin_labels(US, minutes)


def prints(start: int, rows: list[tuple[int, int, int, int]]) -> np.ndarray:
    events = empty_events(len(rows))
    for event, (minute, kind, quantity, flags) in zip(events, rows, strict=True):
        event["time"], event["kind"], event["quantity"], event["flags"] = start + minute * MINUTE, kind, quantity, flags
    return events


def test_all_prints_of_the_session_count_and_nothing_else() -> None:
    rows = [
        (-1, Kind.EXECUTE, 1, 0), (0, Kind.CROSS, 2, 0), (14, Kind.EXECUTE, 4, 0), (15, Kind.HIDDEN, 8, 0),
        (29, Kind.TRADE, 16, Flag.REPAIRED | Flag.UNKNOWN), (20, Kind.ADD, 32, 0),
        (21, Kind.EXECUTE, 64, Flag.UNPRINTED),
        (22, Kind.TRADE, 128, Flag.BROKEN), (23, Kind.TRADE, 256, Flag.OUTLIER), (30, Kind.EXECUTE, 512, 0),
    ]  # fmt: skip
    assert bin_volumes(prints(0, rows), 0, 15 * MINUTE, 2).tolist() == [6, 24]


def test_a_table_comes_from_events_day_by_day_across_a_change_of_clocks() -> None:
    days = [date(2019, 3, 8), date(2019, 3, 9), date(2019, 3, 11)]  # summer time begins on the 10th

    def chunks(day: date) -> Iterator[np.ndarray]:
        start = local_midnight(day, US.timezone) + 9 * HOUR + 30 * MINUTE
        if day.day != 9:
            yield prints(start, [(0, Kind.EXECUTE, 3, 0)])
            yield prints(start, [(1, Kind.HIDDEN, 4, 0), (389, Kind.EXECUTE, day.day, 0)])

    made = table_from_events(((day, lambda day=day: chunks(day)) for day in days), US, 30)  # type: ignore[misc]
    assert made.dates == (days[0], days[2])
    assert made.volumes[:, 0].tolist() == [7, 7]
    assert made.volumes[:, -1].tolist() == [8, 11]
    assert made.volumes.sum() == 33
    with pytest.raises(InputError, match="prints inside the session"):
        table_from_events([(days[1], lambda: chunks(days[1]))], US, 30)
