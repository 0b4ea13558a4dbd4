"""The vector live, from the messages of several venues: that of history where there is one, that of the twin else."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.book.reference import ReferenceBook
from nowake.core.board import PlaceState
from nowake.core.events import Flag, Kind
from nowake.features.reference import ReferenceFeatures
from nowake.features.vector import NAMES

from .flows import LIVE_ONLY, MESSAGES, OURS, Feed, Stream, events_of

BUCKET = 150


class Venues:
    """Readable books of several venues that look like one."""

    def __init__(self, n: int) -> None:
        self.books, self.at = [ReferenceBook() for _ in range(n)], 0

    @property
    def ids(self) -> Any:
        return self.books[self.at].ids

    def apply(self, e: Any) -> None:
        self.books[int(e["instrument"])].apply(e)

    def depth(self, side: int) -> list[tuple[int, int, int, int]]:
        shares: dict[int, tuple[int, int]] = {}
        for book in self.books:
            for price, quantity, taken, _ in book.depth(side):
                before = shares.get(price, (0, 0))
                shares[price] = before[0] + quantity, before[1] + taken
        return [(price, *shares[price], 1) for price in sorted(shares, reverse=side > 0)]


def live(messages: list[dict[str, int]]) -> list[dict[str, int]]:
    """Return what a live feed may hold: no halt, whose venue's quotes no longer count, no empty order."""
    wrong = (Kind.HALT, Kind.RESUME)
    return [
        {**m, "quantity": max(m.get("quantity", 0), 1)} if m["kind"] in (Kind.ADD, Kind.REPLACE) else m
        for m in messages if m["kind"] not in wrong
    ]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(messages=MESSAGES)
def test_one_venue_live_and_its_history_give_the_same_vector_bit_for_bit(messages: list[dict[str, int]]) -> None:
    events = events_of(live(messages))
    stream = Stream(bucket=BUCKET).feed(events)
    rows = Feed(bucket=BUCKET).rows(events)
    assert len(rows) == len(stream.rows)
    for name in set(NAMES) - set(LIVE_ONLY):
        k = NAMES.index(name)
        for part in ("value", "ready"):
            assert rows[part][:, k].tobytes() == stream.rows[part][:, k].tobytes(), name


@settings(max_examples=80, deadline=None)
@given(messages=MESSAGES, seed=st.integers(0, 2**32 - 1))
def test_several_venues_are_one_book_of_their_levels(messages: list[dict[str, int]], seed: int) -> None:
    events, n = events_of(live(messages)), 3
    events["instrument"] = np.random.default_rng(seed).integers(0, n, len(events))
    twin, venues, feed = ReferenceFeatures(1, BUCKET), Venues(n), Feed(n, bucket=BUCKET)
    twin.book = venues  # type: ignore[assignment]
    for k, event in enumerate(events):
        venues.at = int(event["instrument"])
        twin.step(event)
        feed.hear(events[k : k + 1])
        row, expected = feed.row(twin.now), twin.vector(twin.now)
        for name, value, ready in zip(NAMES, row["value"], row["ready"], strict=True):
            if name not in LIVE_ONLY:
                assert bool(ready) == expected[name][1], (name, expected[name], value)
                assert math.isclose(value, expected[name][0], rel_tol=1e-8, abs_tol=1e-9), (name, expected[name])


def orders(n: int, flags: int = 0) -> list[dict[str, int]]:
    return [
        {"kind": Kind.ADD, "gap": 10**6, "order_id": k, "side": side, "price": 1000 - side * (1 + k // 2 % 7),
         "quantity": 10 + k, "flags": flags} for k, side in ((k, 1 if k % 2 else -1) for k in range(1, n + 1))
    ]  # fmt: skip


def test_a_snapshot_is_no_news() -> None:
    feed, tick = Feed(), {"kind": Kind.TICK, "gap": 10**9}
    clear = {"kind": Kind.CLEAR, "gap": 10**9, "side": 0, "flags": int(Flag.SNAPSHOT)}
    book = [clear, *orders(20, int(Flag.SNAPSHOT))]
    feed.hear(events_of([*book, tick]))
    first = feed.row(int(feed.features["now"][0]))
    values = dict(zip(NAMES, zip(first["value"], first["ready"], strict=True), strict=True))
    assert values["imbalance_depth"][1] == values["imbalance"][1] == 1
    names = ("first", "ofi", "deep", "variance", "key", "held", "best", "shown", "mid2")
    before = [feed.features[name].tolist() for name in names]
    for k in range(1, len(book)):  # told again, in two parts
        feed.hear(events_of(book[:k], int(feed.features["now"][0])))
        feed.hear(events_of([*book[k:], tick], int(feed.features["now"][0])))
        assert [feed.features[name].tolist() for name in names] == before
    assert not any(feed.features[name].any() for name in ("variance", "ofi", "deep"))


def test_levels_of_a_venue_that_is_down_do_not_count() -> None:
    feed = Feed(2)
    events = events_of(orders(20))
    events["instrument"] = events["order_id"] // 2 % 2
    feed.hear(events)
    both = int(feed.features["depth_total"][0].sum())
    halt = events_of([{"kind": Kind.HALT, "gap": 0}, {"kind": Kind.RESUME, "gap": 10**9}], int(events["time"][-1]) + 1)
    feed.hear(halt[:1])
    assert int(feed.boards["place"]["state"][0, 0]) == PlaceState.HALTED
    kept = events[events["instrument"] == 1]
    prices = {(int(e["side"]), int(e["price"])) for e in kept}
    left = sum(feed.features["held"][0])
    bids, asks = (sorted((s * p for s, p in prices if s == side), reverse=True)[:5] for side in (1, -1))
    assert feed.features["key"][0, :5].tolist() == bids + [-(2**62)] * (5 - len(bids))
    assert feed.features["key"][0, 5:].tolist() == asks + [-(2**62)] * (5 - len(asks))
    assert left < both
    feed.hear(halt[1:])
    assert int(feed.features["depth_total"][0].sum()) == both


def test_own_orders_are_in_no_level() -> None:
    feed = Feed()
    feed.hear(events_of(orders(20)))
    before = SimpleNamespace(**{name: feed.features[name].copy() for name in ("key", "held", "best", "shown")})
    own = [{"kind": Kind.ADD, "gap": 1, "order_id": OURS, "side": 1, "price": 999, "quantity": 500}]
    feed.hear(events_of(own, int(feed.features["now"][0])))
    for name, value in vars(before).items():
        assert feed.features[name].tolist() == value.tolist()
