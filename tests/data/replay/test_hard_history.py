"""Own orders where history is awkward: halts, unknown and repeated orders, doubtful prints, snapshots, full rooms."""

import pytest

from nowake.core.errors import CapacityError
from nowake.core.events import Flag, Kind
from nowake.core.jit import jit_disabled
from nowake.core.values import Side
from nowake.data.replay.state import Answer, Reason, Terms
from nowake.data.replay.venue import RecordedVenue

from .tapes import BOOK, BUY, SELL, got, tape


def test_what_came_to_rest_across_our_price_during_a_halt_fills_us_when_trading_resumes() -> None:
    venue = RecordedVenue(tape(
        *BOOK, (20, Kind.HALT, 0, 0, 0, 0), (30, Kind.ADD, 5, SELL, 99, 30), (31, Kind.ADD, 6, SELL, 101, 90),
        (40, Kind.EXECUTE, 1, BUY, 100, 100), (50, Kind.RESUME, 0, 0, 0, 0),
    ))  # fmt: skip
    venue.submit(10, 7, Side.BUY, 40, 101)
    venue.submit(11, 8, Side.BUY, 40, 100)
    venue.play()
    # Nothing trades during the halt; then the better price comes first, and takes the better price first.
    assert got(venue) == [(50, 30, 101.0, "CROSSED"), (50, 10, 101.0, "CROSSED")]


def test_a_halt_for_trading_lasts_while_only_quotation_resumes() -> None:
    events = tape(*BOOK, (20, Kind.HALT, 0, 0, 0, 0), (30, Kind.RESUME, 0, 0, 0, 0), (40, Kind.HIDDEN, 9, BUY, 99, 10))
    events["flags"][-2] = int(Flag.QUOTE_ONLY)
    venue = RecordedVenue(events)
    venue.submit(10, 7, Side.BUY, 40, 101)
    venue.submit(35, 8, Side.BUY, 40, 101)
    venue.play()
    assert got(venue) == []
    assert venue.responses()[-1].reason == Reason.HALTED


def test_the_trade_of_an_order_that_the_book_never_saw_was_ahead_of_us_at_our_price() -> None:
    rows = [*BOOK, (20, Kind.EXECUTE, 99, BUY, 101, 30), (21, Kind.EXECUTE, 99, BUY, 100, 30)]
    venue = RecordedVenue(tape(*rows))
    venue.submit(10, 7, Side.BUY, 50, 101)
    venue.play()
    assert got(venue) == [(21, 30, 101.0, "THROUGH")]


def test_an_unknown_replacement_is_a_new_order_and_may_cross_us() -> None:
    events = tape(*BOOK, (20, Kind.REPLACE, 99, SELL, 101, 30))
    events["ref"][-1] = 44
    venue = RecordedVenue(events)
    venue.submit(10, 7, Side.BUY, 50, 101)
    venue.play()
    assert got(venue) == [(20, 30, 101.0, "CROSSED")]


def test_an_order_without_an_id_that_crosses_us_fills_us() -> None:
    venue = RecordedVenue(tape(*BOOK, (20, Kind.ADD, 0, SELL, 101, 30)))
    venue.submit(10, 7, Side.BUY, 50, 101)
    venue.play()
    assert got(venue) == [(20, 30, 101.0, "CROSSED")]


def test_an_id_used_twice_moves_us_up_by_the_order_that_it_replaces() -> None:
    venue = RecordedVenue(tape(*BOOK, (20, Kind.ADD, 1, BUY, 99, 10)))
    venue.submit(10, 7, Side.BUY, 50, 100)
    venue.play()
    assert venue.ahead(7) == 0


@pytest.mark.parametrize("flag", [Flag.BROKEN, Flag.OUTLIER])
def test_a_doubtful_hidden_print_fills_nobody(flag: Flag) -> None:
    events = tape(*BOOK, (20, Kind.HIDDEN, 9, BUY, 50, 100))
    events["flags"][-1] = int(flag)
    venue = RecordedVenue(events)
    venue.submit(10, 7, Side.BUY, 50, 101)
    venue.play()
    assert got(venue) == []


def test_taken_shares_of_the_other_side_still_stand_in_the_way_of_an_announced_order() -> None:
    # History's seller of 100 at 102 was taken by us for 60; the feed will report that the newcomer takes all 100.
    venue = RecordedVenue(tape(*BOOK, (20, Kind.ADD, 9, BUY, 102, 130)))
    venue.submit(10, 7, Side.BUY, 60)
    venue.submit(11, 8, Side.SELL, 50, 102)
    venue.play()
    assert got(venue)[2:] == [(20, 30, 102.0, "CROSSED")]


def test_an_id_used_twice_far_from_the_touch_counts_only_our_own_price() -> None:
    far = 6_000_000
    venue = RecordedVenue(tape(
        (1, Kind.ADD, 1, SELL, 1_000_000, 10), (2, Kind.ADD, 2, SELL, far, 10), (3, Kind.ADD, 3, SELL, far + 1, 7),
        (4, Kind.ADD, 4, SELL, far, 5), (20, Kind.ADD, 2, SELL, far + 2, 3),
    ))  # fmt: skip
    venue.submit(10, 7, Side.SELL, 5, far)
    venue.play(15)
    assert venue.ahead(7) == 15
    venue.play()
    assert venue.ahead(7) == 5


def test_time_never_goes_back_for_the_rows_of_a_snapshot() -> None:
    venue = RecordedVenue(tape(*BOOK, (20, Kind.TICK, 0, 0, 0, 0), (5, Kind.ADD, 9, SELL, 101, 10)))
    venue.submit(10, 7, Side.BUY, 50, 101)
    venue.play()
    assert got(venue) == [(20, 10, 101.0, "CROSSED")]


def test_a_replacement_may_not_meet_own_orders_nor_take_where_it_is_post_only() -> None:
    venue = RecordedVenue(tape(*BOOK))
    venue.submit(10, 7, Side.SELL, 50, 104)
    venue.submit(11, 8, Side.BUY, 50, 99, Terms.POST_ONLY)
    venue.replace(12, 8, 50, 104)
    venue.replace(13, 8, 50, 102)
    venue.replace(14, 8, 60, 101)
    venue.play()
    assert [(r.answer, r.reason, r.leaves) for r in venue.responses()[2:]] == [
        (Answer.REJECTED, Reason.SELF_TRADE, 50),
        (Answer.REJECTED, Reason.WOULD_CROSS, 50),
        (Answer.REPLACED, Reason.NONE, 60),
    ]


@pytest.mark.skipif(jit_disabled(), reason="17,000 orders are too many for plain Python")
def test_a_day_of_fills_beyond_the_fixed_room_is_refused_with_the_name_of_the_room() -> None:
    rows = [(1, Kind.ADD, k, SELL, 100, 1) for k in range(1, 17_000)]
    venue = RecordedVenue(tape(*rows))
    venue.submit(10, 7, Side.BUY, 20_000, 20_000)
    with pytest.raises(CapacityError, match="raise `MAX_FILLS`"):
        venue.play()
