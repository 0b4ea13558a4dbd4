"""The kernels and the readable twin give the same vector, whatever happens."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.features.reference import ReferenceFeatures
from nowake.features.vector import NAMES, VECTOR

from .flows import GAPS, LEVELLED, MESSAGES, Stream, events_of

BUCKET = 150


def compare(row: Any, twin: ReferenceFeatures) -> None:
    expected = twin.vector(int(row["time"]))
    for name, value, ready in zip(NAMES, row["value"], row["ready"], strict=True):
        wanted, when = expected[name]
        assert bool(ready) == when, (name, wanted, value)
        assert math.isclose(value, wanted, rel_tol=1e-8, abs_tol=1e-9), (name, wanted, value)


def drive(messages: list[dict[str, int]], every: int) -> Stream:
    events = events_of(messages)
    stream, twin = Stream(step=2, every=every, bucket=BUCKET), ReferenceFeatures(2, BUCKET)
    rows = list(stream.feed(events).rows)
    for event in events:
        while every > 0 and rows and rows[0]["time"] < max(twin.now, event["time"]):
            compare(rows.pop(0), twin)
        twin.step(event)
        if every == 0:
            compare(rows.pop(0), twin)
    assert rows == []
    return stream


@settings(max_examples=150, deadline=None)
@given(messages=MESSAGES)
def test_every_event_of_a_level_3_feed(messages: list[dict[str, int]]) -> None:
    drive(messages, 0)


@settings(max_examples=60, deadline=None)
@given(messages=LEVELLED)
def test_every_event_of_levels_and_quotes(messages: list[dict[str, int]]) -> None:
    drive(messages, 0)


@settings(max_examples=40, deadline=None)
@given(messages=MESSAGES, every=st.sampled_from((10**9, 3_100_000_000, 250 * 10**9)))
def test_rows_by_the_clock(messages: list[dict[str, int]], every: int) -> None:
    drive(messages, every)


@settings(max_examples=40, deadline=None)
@given(messages=st.lists(st.one_of(LEVELLED, MESSAGES), min_size=1, max_size=4), lulls=st.lists(GAPS, max_size=4))
def test_values_are_finite_and_inside_their_range(messages: list[list[dict[str, int]]], lulls: list[int]) -> None:
    flat = [m for part in messages for m in part]
    for k, lull in enumerate(lulls):
        flat.insert(k * 7, {"kind": 14, "gap": lull})
    rows = Stream(bucket=BUCKET).feed(events_of(flat)).rows
    assert np.isfinite(rows["value"]).all()
    for k, feature in enumerate(VECTOR):
        values = rows["value"][:, k]
        assert ((values >= feature.low) & (values <= feature.high)).all(), feature.name
        assert feature.type == "float" or (values == np.round(values)).all(), feature.name


def test_the_twin_sees_every_feature_become_ready_that_a_market_alone_determines() -> None:
    rng, messages = np.random.default_rng(5), []
    for oid in range(1, 3001):
        side = 1 if rng.random() < 0.5 else -1
        messages.append({"kind": 1, "gap": 2 * 10**9, "order_id": oid, "side": side, "quantity": 5,
                         "price": 1000 - side * int(rng.integers(1, 8))})  # fmt: skip
        if oid > 40:
            messages.append({"kind": 4 if rng.random() < 0.3 else 3, "gap": 10**6, "order_id": oid - 40, "quantity": 5})
    stream = Stream(step=2, bucket=20).feed(events_of(messages), 4096)
    never = {name for name, seen in zip(NAMES, stream.rows["ready"].any(axis=0), strict=True) if not seen}
    assert never == {
        "volatility_relative", "sign_1000", "sign_10000", "pace_day", "pace_recent", "queue_position", "queue_share",
        "own_impact", "lit_up", "dark_up", "dealer_up", "dark_fill", "dark_markout", "venue_age", "news_score",
        "news_age",
    }  # fmt: skip
    assert stream.rows["ready"][-1][NAMES.index("vpin")] == 1
    assert stream.column("flow_8s")[-1] == pytest.approx(stream.column("flow_8s")[-1].round())
