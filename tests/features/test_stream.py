"""Streaming is batch to the last bit, the past does not depend on the future, and reading changes nothing."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.data.reader import kernel_view
from nowake.features.rows import parse_every
from nowake.features.state import FEATURES, NEWS
from nowake.features.stream import write_now
from nowake.features.vector import ROW, rows_for

from .flows import LEVELLED, MESSAGES, START, Stream, events_of

EVERY = st.sampled_from((0, 10**9, 250_000_000, 77 * 10**9))


def fed(events: np.ndarray, every: int, cuts: list[int], room: int = 64) -> Stream:
    stream, before = Stream(every=every, bucket=150), 0
    for cut in [*sorted(min(c, len(events)) for c in cuts), len(events)]:
        stream.feed(events[before:cut], room)
        before = cut
    return stream


def state(stream: Stream) -> bytes:
    return np.asarray(stream.features).tobytes()


@settings(max_examples=60, deadline=None)
@given(messages=MESSAGES, cuts=st.lists(st.integers(0, 60), max_size=6), room=st.integers(1, 20), every=EVERY)
def test_chunks_and_buffers_change_nothing(
    messages: list[dict[str, int]], cuts: list[int], room: int, every: int
) -> None:
    events = events_of(messages)
    whole, parts = fed(events, every, []), fed(events, every, cuts, room)
    assert whole.rows.tobytes() == parts.rows.tobytes()
    assert state(whole) == state(parts)


@settings(max_examples=60, deadline=None)
@given(past=MESSAGES, one=MESSAGES, other=st.one_of(MESSAGES, LEVELLED), every=EVERY)
def test_the_past_does_not_depend_on_the_future(past: Any, one: Any, other: Any, every: int) -> None:
    first, second = (fed(events_of([*past, *future]), every, []).rows for future in (one, other))
    now = START + sum(m["gap"] for m in past)
    if every == 0:
        both = len(past), len(past)
    else:
        both = tuple(int((rows["time"] < now).sum()) for rows in (first, second))  # type: ignore[assignment]
        shared = min(both)
        both = shared, shared
    assert first[: both[0]].tobytes() == second[: both[1]].tobytes()


@settings(max_examples=40, deadline=None)
@given(messages=MESSAGES, every=EVERY)
def test_rows_between_events_do_not_change_later_rows(messages: list[dict[str, int]], every: int) -> None:
    events = events_of(messages)
    silent, often = Stream(every=-1, bucket=150).feed(events), Stream(every=every, bucket=150).feed(events)
    when = START + sum(m["gap"] for m in messages) + 10**9
    last = []
    for stream in (silent, often):
        row = rows_for(1)
        write_now(stream.features, 0, when, kernel_view(row), 0, kernel_view(stream.news))
        last.append(row.tobytes())
    assert last[0] == last[1]


@settings(max_examples=30, deadline=None)
@given(messages=MESSAGES)
def test_rows_by_the_clock_are_those_of_the_last_event_before_them(messages: list[dict[str, int]]) -> None:
    events = events_of(messages)
    for row in Stream(every=10**9).feed(events).rows[:40]:
        alone = Stream(every=-1).feed(events[events["time"] <= row["time"]])
        again = rows_for(1)
        write_now(alone.features, 0, int(row["time"]), kernel_view(again), 0, kernel_view(alone.news))
        assert row.tobytes() == again[0].tobytes()


def test_depth_is_absent_where_a_feed_has_none() -> None:
    events = events_of([
        {"kind": 12, "gap": 10**9, "side": 1, "price": 99, "quantity": 5},
        {"kind": 12, "gap": 10**9, "side": -1, "price": 101, "quantity": 15},
    ])  # fmt: skip
    stream = Stream(depth=False).feed(events)
    for name in ("imbalance_depth", "depth_ratio", "depth_share", "ofi_deep_1s"):
        assert stream.column(name).tolist() == [0.0, 0.0]
        assert stream.ready(name).tolist() == [0, 0]
    assert stream.column("imbalance").tolist() == [0.0, -0.5]
    assert stream.ready("imbalance").tolist() == [0, 1]


def test_a_crossed_or_one_sided_touch_keeps_the_last_sound_values_and_is_not_ready() -> None:
    quotes = [(1, 99, 5), (-1, 101, 15), (1, 102, 5), (1, 102, 0), (1, 98, 15)]
    events = events_of([{"kind": 12, "gap": 10**9, "side": s, "price": p, "quantity": q} for s, p, q in quotes])
    stream = Stream(depth=False).feed(events)
    assert stream.column("imbalance").tolist() == [0.0, -0.5, -0.5, -0.5, 0.0]
    assert stream.column("spread_steps").tolist() == [0.0, 2.0, 2.0, 2.0, 3.0]
    assert stream.ready("imbalance").tolist() == [0, 1, 0, 0, 1]
    assert stream.rows["bid"].tolist() == [0, 99, 99, 99, 98]
    assert stream.rows["ask"].tolist() == [0, 101, 101, 101, 101]


def test_features_may_start_beside_a_book_that_is_already_there() -> None:
    before = [{"kind": 1, "gap": 0, "order_id": k, "side": s, "price": 1000 - s * k, "quantity": 10 * k}
              for k, s in ((1, 1), (2, -1), (3, 1), (4, -1))]  # fmt: skip
    one, late = Stream().feed(events_of(before)), Stream()
    late.books = one.books
    one.feed(events_of([{"kind": 14, "gap": 10**9}], START))
    late.feed(events_of([{"kind": 14, "gap": 10**9}], START))
    for name in ("imbalance", "imbalance_depth", "depth_ratio", "depth_share"):
        assert late.column(name)[-1] == one.column(name)[-1] != 0
        assert late.ready(name)[-1] == 1


def test_a_clock_that_steps_back_is_held() -> None:
    events = events_of([{"kind": 1, "gap": 10**9, "order_id": k, "side": 1, "price": 9, "quantity": 1} for k in (1, 2)])
    events["time"][1] -= 5 * 10**8 + 10**9
    rows = Stream().feed(events).rows
    assert rows["time"].tolist() == [int(events["time"][0])] * 2


def test_news_is_seen_from_the_moment_it_is_known() -> None:
    news = np.array([(START + 2 * 10**9, 0.5), (START + 4 * 10**9, -1.0)], NEWS)
    messages = [{"kind": 1, "gap": 10**9, "order_id": k, "side": 1, "price": 9, "quantity": 1} for k in range(1, 6)]
    stream = Stream(news=news).feed(events_of(messages))
    assert stream.column("news_score").tolist() == [0.0, 0.5, 0.5, -1.0, -1.0]
    assert stream.column("news_age").tolist() == [0.0, 0.0, 1.0, 0.0, 1.0]
    assert stream.ready("news_score").tolist() == [0, 1, 1, 1, 1]


def test_intervals_are_read_as_people_write_them() -> None:
    assert [parse_every(t) for t in ("event", "Event", "1s", "250ms", "1m")] == [0, 0, 10**9, 250 * 10**6, 60 * 10**9]
    for text in ("0s", "10us", "often", ""):
        with pytest.raises(InputError):
            parse_every(text)


def test_no_field_hides_behind_an_attribute_of_numpy_records() -> None:
    for dtype in (FEATURES, ROW, NEWS):
        assert set(dtype.names or ()) & set(dir(np.void)) == set()
