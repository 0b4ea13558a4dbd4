"""What single messages do to the book."""

from typing import Any

import numpy as np
import pytest

from nowake.book.book import Book
from nowake.book.state import SMALL, new_books
from nowake.core.errors import CapacityError
from nowake.core.events import Flag, Kind, empty_events
from nowake.core.values import Quote


def rest(pair: Any, oid: int, side: int, price: int, quantity: int) -> None:
    pair.event(kind=Kind.ADD, order_id=oid, side=side, price=price, quantity=quantity)


def queue(pair: Any, side: int, price: int) -> list[tuple[int, int]]:
    return [(o.id, o.quantity) for o in pair.twin.queues.get((side, price), [])]


def test_an_empty_book_has_no_quote(pair: Any) -> None:
    assert pair.book.quote() == Quote(0, None, 0, None, 0)
    assert pair.book.queue_ahead(1) is None
    pair.same()


def test_a_zeroed_record_is_an_empty_book() -> None:
    assert not new_books(2, SMALL).tobytes().strip(b"\0")


def test_quote_depth_and_queue_position(pair: Any) -> None:
    rest(pair, 1, 1, 100, 10)
    rest(pair, 2, 1, 100, 20)
    rest(pair, 3, 1, 99, 5)
    rest(pair, 4, -1, 103, 7)
    assert pair.book.quote() == Quote(0, 100, 30, 103, 7)
    bids, asks = pair.book.depth(5)
    assert bids["price"].tolist() == [100, 99]
    assert bids["count"].tolist() == [2, 1]
    assert asks["quantity"].tolist() == [7]
    assert (pair.book.queue_ahead(1), pair.book.queue_ahead(2)) == (0, 10)
    pair.same()


def test_a_partial_cancel_keeps_the_place_and_a_full_one_deletes(pair: Any) -> None:
    rest(pair, 1, 1, 100, 10)
    rest(pair, 2, 1, 100, 20)
    pair.event(kind=Kind.CANCEL, order_id=1, quantity=4)
    assert queue(pair, 1, 100) == [(1, 6), (2, 20)]
    pair.event(kind=Kind.CANCEL, order_id=1, quantity=6)
    assert queue(pair, 1, 100) == [(2, 20)]
    pair.same()


def test_replace_at_the_same_price_keeps_its_place_only_where_the_venue_says_so(pair: Any) -> None:
    for oid in (1, 2, 3):
        rest(pair, oid, 1, 100, 10)
    pair.event(kind=Kind.REPLACE, order_id=1, ref=11, price=100, quantity=15, flags=Flag.KEEP_PRIORITY)
    pair.event(kind=Kind.REPLACE, order_id=2, ref=12, price=100, quantity=5)
    assert queue(pair, 1, 100) == [(11, 15), (3, 10), (12, 5)]
    pair.event(kind=Kind.REPLACE, order_id=11, ref=11, price=101, quantity=15, flags=Flag.KEEP_PRIORITY)
    assert queue(pair, 1, 101) == [(11, 15)]
    pair.same()


def test_what_does_not_fit_is_counted(pair: Any) -> None:
    rest(pair, 1, 1, 100, 10)
    pair.event(kind=Kind.EXECUTE, order_id=9, quantity=5)  # never seen: the print still counts
    pair.event(kind=Kind.EXECUTE, order_id=1, quantity=25)
    rest(pair, 2, 1, 100, 10)
    rest(pair, 2, 1, 101, 3)
    rest(pair, 3, 0, 101, 3)
    counted = pair.book.counters()
    assert {k: counted[k] for k in ("unknown", "over", "duplicate", "invalid", "volume", "trades", "live")} == {
        "unknown": 1,
        "over": 1,
        "duplicate": 1,
        "invalid": 1,
        "volume": 30,
        "trades": 2,
        "live": 1,
    }
    assert queue(pair, 1, 101) == [(2, 3)]
    pair.same()


def test_prints_count_once_and_touch_no_order(pair: Any) -> None:
    rest(pair, 1, 1, 100, 10)
    for kind in (Kind.HIDDEN, Kind.CROSS, Kind.TRADE):
        pair.event(kind=kind, side=1, price=100, quantity=7)
    pair.event(kind=Kind.TRADE, side=1, price=100, quantity=7, flags=Flag.UNPRINTED)
    pair.event(kind=Kind.TRADE, side=1, price=100, quantity=7, flags=Flag.BROKEN)
    assert pair.book.counters()["volume"] == 21
    assert queue(pair, 1, 100) == [(1, 10)]
    pair.same()


def test_halt_quote_only_resume(pair: Any) -> None:
    states = []
    for fields in ({"kind": Kind.HALT}, {"kind": Kind.RESUME, "flags": Flag.QUOTE_ONLY}, {"kind": Kind.RESUME}):
        pair.event(**fields)
        states.append(pair.book.counters()["halted"])
    assert states == [1, 2, 0]
    pair.same()


def test_a_snapshot_reset_clears_one_side_or_both(pair: Any) -> None:
    for oid, side, price in ((1, 1, 100), (2, 1, -(10**9)), (3, -1, 105), (4, -1, 10**9)):
        rest(pair, oid, side, price, 10)
    pair.event(kind=Kind.CLEAR, side=1)
    assert pair.book.quote() == Quote(0, None, 0, 105, 10)
    pair.event(kind=Kind.CLEAR)
    assert pair.book.counters()["live"] == 0
    pair.same()


def test_taken_shares_stay_in_the_untouched_book_and_come_back_as_ghosts(pair: Any) -> None:
    rest(pair, 1, 1, 100, 10)
    rest(pair, 2, 1, 99, 10)
    pair.take(1, 8)
    assert pair.book.quote() == Quote(0, 100, 10, None, 0)
    pair.event(kind=Kind.EXECUTE, order_id=1, quantity=5)  # 2 are left, 3 are shares that we took
    counted = pair.book.counters()
    assert (counted["ghosts"], counted["ghost_shares"], counted["over"]) == (1, 3, 0)
    pair.same()
    pair.event(kind=Kind.DELETE, order_id=1)
    counted = pair.book.counters()
    assert (counted["ghosts"], counted["ghost_shares"], counted["live"]) == (2, 8, 1)
    pair.same()


def test_level_2_totals_keep_what_was_taken(pair: Any) -> None:
    pair.event(kind=Kind.LEVEL, side=-1, price=100, quantity=10)
    pair.event(kind=Kind.LEVEL, side=-1, price=101, quantity=4)
    oid = next(iter(pair.twin.ids))
    pair.take(oid, 6)
    pair.event(kind=Kind.LEVEL, side=-1, price=100, quantity=12)
    assert pair.twin.depth(-1) == [(100, 6, 6, 1), (101, 4, 0, 1)]
    pair.event(kind=Kind.LEVEL, side=-1, price=100, quantity=0)
    assert pair.book.quote() == Quote(0, None, 0, 101, 4)
    pair.event(kind=Kind.LEVEL, side=-1, price=555, quantity=0)  # a level that we never saw: normal
    assert pair.book.counters()["ghost_shares"] == 6
    pair.same()


def test_a_quote_is_all_there_is_of_its_side(pair: Any) -> None:
    for price, quantity in ((100, 5), (101, 6), (99, 7), (99, 8)):
        pair.event(kind=Kind.QUOTE, side=1, price=price, quantity=quantity)
        assert pair.twin.depth(1) == [(price, quantity, 0, 1)]
        pair.same()
    pair.event(kind=Kind.QUOTE, side=1, price=0, quantity=0)
    assert pair.book.quote().bid is None
    pair.same()


def test_a_crossed_feed_is_kept_as_it_came(pair: Any) -> None:
    rest(pair, 1, 1, 105, 10)
    rest(pair, 2, -1, 100, 10)
    assert pair.book.quote() == Quote(0, 105, 10, 100, 10)
    pair.same()


@pytest.mark.parametrize("stride", [1, 64, 2**32, 2**40 + 2**20])
def test_ids_of_any_pattern_survive_growth_and_deletion(stride: int) -> None:
    n = 4000
    events = empty_events(n + n // 2)
    events["kind"][:n], events["kind"][n:] = Kind.ADD, Kind.DELETE
    events["order_id"][:n] = np.arange(1, n + 1) * stride
    events["order_id"][n:] = events["order_id"][:n:2]
    events["side"], events["price"], events["quantity"] = 1, 100, 1
    book = Book()
    book.apply(events)
    counted = book.counters()
    assert (counted["live"], counted["unknown"]) == (n // 2, 0)
    assert book.queue_ahead(4 * stride) == 1
    assert book.queue_ahead(3 * stride) is None


def test_a_full_book_raises_before_it_changes_anything() -> None:
    events = empty_events(4096)
    events["kind"], events["side"], events["price"], events["quantity"] = Kind.ADD, 1, 100, 1
    events["order_id"] = np.arange(1, 4097)
    book = Book()
    book.apply(events[:4095])
    digest, before = book.digest(), book.counters()
    with pytest.raises(CapacityError, match="raise `orders`"):
        book.apply(events[4095:])
    assert book.counters() == {**before, "events": before["events"] + 1}
    book.records["events"] -= 1
    assert book.digest() == digest
