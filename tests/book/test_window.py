"""Any price range: the window slides, nothing is dropped, and capacities do not change what a book says."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.book.book import Book
from nowake.book.state import REPLAY, SMALL, Preset
from nowake.core.errors import InputError
from nowake.core.events import Kind, empty_events
from nowake.core.values import Quote


def ladder(start: int, stop: int, step: int, gap: int) -> np.ndarray:
    """A market that walks from `start` to `stop`: at each price two bids and two asks, old ones leave later."""
    centres = np.arange(start, stop, step)
    events = empty_events(4 * len(centres))
    for k, centre in enumerate(centres.tolist()):
        rows = events[4 * k : 4 * k + 4]
        rows["kind"] = Kind.ADD
        rows["order_id"] = np.arange(4 * k + 1, 4 * k + 5)
        rows["side"] = (1, 1, -1, -1)
        rows["price"] = (centre - gap, centre - 50 * gap, centre + gap, centre + 50 * gap)
        rows["quantity"] = 100
    return events


def walk(start: int, stop: int, step: int, gap: int) -> np.ndarray:
    """The same, every order deleted forty centres later, so that the touch follows the centre."""
    adds = ladder(start, stop, step, gap).reshape(-1, 4)
    out = [adds[:40].reshape(-1)]
    for k in range(40, len(adds)):
        gone = adds[k - 40].copy()
        gone["kind"] = Kind.DELETE
        out += [adds[k], gone]
    return np.concatenate(out)


@pytest.mark.parametrize(
    ("start", "stop", "step", "gap"),
    [
        (100_000, 200_000, 250, 100),  # a price that doubles, cents in ticks of 0.0001
        (200_000, 100_000, -250, 100),  # and halves
        (2_800_000, 2_810_000, 13, 1),  # bitcoin at 28,000 in cents
        (5_000, -5_000, -25, 10),  # futures that go below zero
        (10_001, 10_400, 1, 3),  # sub-penny prices
    ],
)
def test_a_walking_market(pair: Any, start: int, stop: int, step: int, gap: int) -> None:
    events = walk(start, stop, step, gap)
    pair.book.apply(events)
    for e in events:
        pair.twin.apply(e)
    pair.same()
    if abs(stop - start) > 4096:
        assert pair.record["slides"] > 2


def test_sides_far_apart(pair: Any) -> None:
    def rest(oid: int, side: int, price: int) -> None:
        pair.event(kind=Kind.ADD, order_id=oid, side=side, price=price, quantity=oid)

    rest(1, 1, 500_000)
    rest(2, -1, 199_999_900)
    assert pair.book.quote() == Quote(0, 500_000, 1, 199_999_900, 2)
    rest(3, 1, 100)
    rest(4, -1, 500_100)
    rest(5, 1, 100)
    pair.event(kind=Kind.DELETE, order_id=1)
    pair.event(kind=Kind.DELETE, order_id=4)
    assert pair.book.quote() == Quote(0, 100, 8, 199_999_900, 2)
    assert pair.book.queue_ahead(5) == 3
    pair.same()


def test_queue_order_survives_leaving_and_entering_the_window(pair: Any) -> None:
    for oid in range(1, 6):
        pair.event(kind=Kind.ADD, order_id=oid, side=1, price=1000, quantity=oid)
    pair.event(kind=Kind.ADD, order_id=9, side=1, price=90_000, quantity=1)
    pair.event(kind=Kind.ADD, order_id=6, side=1, price=1000, quantity=6)
    pair.event(kind=Kind.CANCEL, order_id=2, quantity=1)
    assert pair.record["far_count"][0] == 6
    pair.same()
    pair.event(kind=Kind.DELETE, order_id=9)
    assert pair.record["far_count"][0] == 0
    assert [o.id for o in pair.twin.queues[1, 1000]] == [1, 2, 3, 4, 5, 6]
    pair.same()


def test_capacities_do_not_change_the_digest() -> None:
    small, large = Book(SMALL), Book(REPLAY)
    events = walk(1_000_000, 1_400_000, 977, 100)
    small.apply(events)
    large.apply(events)
    assert small.records["slides"][0] > large.records["slides"][0]
    assert small.digest() == large.digest()


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    operations=st.lists(
        st.tuples(st.sampled_from((1, -1)), st.integers(0, 400_000), st.integers(1, 30), st.booleans()), max_size=80
    )
)
def test_sparse_prices_in_the_large_window(new_pair: Any, operations: list[tuple[int, int, int, bool]]) -> None:
    pair = new_pair(REPLAY)
    for side, price, oid, gone in operations:
        pair.event(kind=Kind.DELETE if gone else Kind.ADD, order_id=oid, side=side, price=price, quantity=oid)
        pair.same_digest()
    pair.same()


@pytest.mark.parametrize("wrong", [(100, 64, 1), (32, 64, 1), (64, 100, 1), (64, 64, 0)])
def test_impossible_capacities_are_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match="book preset"):
        Preset(*wrong)
