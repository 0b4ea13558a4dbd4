"""Own orders in recorded order flow: exact to the share, case by case."""

import pytest

from nowake.core.errors import InputError, OrderError
from nowake.core.events import Flag, Kind
from nowake.core.values import Side
from nowake.data.replay.state import Answer, Reason, Terms
from nowake.data.replay.venue import RecordedVenue

from .tapes import BOOK, BUY, SELL, got, tape


def test_a_trade_at_our_price_consumes_the_queue_ahead_first() -> None:
    venue = RecordedVenue(tape(
        *BOOK,
        (20, Kind.EXECUTE, 1, BUY, 100, 60),
        (30, Kind.ADD, 5, BUY, 100, 100),
        (40, Kind.EXECUTE, 1, BUY, 100, 40),
        (50, Kind.EXECUTE, 5, BUY, 100, 20),
        (60, Kind.EXECUTE, 5, BUY, 100, 70),
    ))  # fmt: skip
    venue.submit(10, 7, Side.BUY, 50, 100)
    venue.play(15)
    assert venue.ahead(7) == 100
    venue.play(25)
    assert venue.ahead(7) == 40
    venue.play(45)
    assert venue.ahead(7) == 0
    assert got(venue) == []
    venue.play()
    assert got(venue) == [(50, 20, 100.0, "QUEUE"), (60, 30, 100.0, "QUEUE")]


def test_cancellations_ahead_move_us_up_and_those_behind_do_not() -> None:
    venue = RecordedVenue(tape(
        *BOOK,
        (5, Kind.ADD, 5, BUY, 100, 30),
        (20, Kind.ADD, 6, BUY, 100, 70),
        (30, Kind.CANCEL, 1, BUY, 100, 25),
        (31, Kind.DELETE, 6, BUY, 100, 70),
        (32, Kind.DELETE, 5, BUY, 100, 30),
    ))  # fmt: skip
    venue.submit(10, 7, Side.BUY, 50, 100)
    seen = []
    for until in (11, 31, 32, 33):
        venue.play(until)
        seen.append(venue.ahead(7))
    assert seen == [130, 105, 105, 75]


def test_three_market_orders_of_the_displayed_size_walk_the_book() -> None:
    # A peer that we measured fills all three at the best price.
    venue = RecordedVenue(tape(*BOOK, (5, Kind.ADD, 5, SELL, 105, 100), (90, Kind.HALT, 0, 0, 0, 0)))
    for k in range(3):
        venue.submit(10 + k, 7 + k, Side.BUY, 100)
    venue.play()
    assert got(venue) == [
        (10, 50, 102.0, "TAKE"), (10, 50, 102.0, "TAKE"),
        (11, 80, 103.0, "TAKE"), (11, 20, 105.0, "TAKE"),
        (12, 80, 105.0, "TAKE"),
    ]  # fmt: skip
    rest = venue.responses()[-1]
    assert (rest.answer, rest.reason, rest.quantity) == (Answer.CANCELLED, Reason.IOC_REST, 20)


def test_a_partial_fill_loses_no_share() -> None:
    # Another peer loses part of the position here.
    venue = RecordedVenue(tape(*BOOK, (20, Kind.ADD, 5, SELL, 102, 10), (21, Kind.ADD, 6, SELL, 101, 40)))
    venue.submit(10, 7, Side.BUY, 130, 102)
    venue.play()
    assert got(venue) == [
        (10, 50, 102.0, "TAKE"), (10, 50, 102.0, "TAKE"), (20, 10, 102.0, "CROSSED"), (21, 20, 102.0, "CROSSED"),
    ]  # fmt: skip
    assert [r.leaves for r in venue.responses() if r.answer == Answer.FILL] == [80, 30, 20, 0]


def test_what_we_took_stays_taken_and_later_messages_for_it_are_ghosts() -> None:
    venue = RecordedVenue(tape(
        *BOOK,
        (20, Kind.EXECUTE, 2, SELL, 102, 50),  # all of it is ours
        (21, Kind.EXECUTE, 3, SELL, 102, 40),  # 20 were ours, 30 are left: 30 apply, 10 are ghosts
        (22, Kind.DELETE, 3, SELL, 102, 10),  # the other 10 that we took
    ))  # fmt: skip
    venue.submit(10, 7, Side.BUY, 70)
    venue.play()
    book = venue.books[0]
    assert [row[1] for row in got(venue)] == [50, 20]
    assert (int(book["ghosts"]), int(book["ghost_shares"])) == (3, 70)
    venue.submit(30, 8, Side.BUY, 10)
    venue.play()
    assert got(venue)[-1] == (30, 10, 103.0, "TAKE")


def test_a_fill_knows_both_mids_ours_and_the_untouched_markets() -> None:
    venue = RecordedVenue(tape(*BOOK))
    venue.submit(10, 7, Side.BUY, 110)
    venue.play()
    fills = venue.fills()
    assert fills["mid"].tolist() == [101.0, 101.0, 101.5]
    assert fills["mid_untouched"].tolist() == [101.0, 101.0, 101.0]
    assert fills["passive"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        (101, [(20, 30, 101.0, "HIDDEN_AT")]),  # at our price: display outranks hidden
        (100, [(20, 30, 101.0, "HIDDEN_THROUGH")]),  # through our price: up to its size
        (102, []),  # better than our price: not ours
    ],
)
def test_hidden_executions(price: int, expected: list[tuple[int, int, float, str]]) -> None:
    venue = RecordedVenue(tape(*BOOK, (20, Kind.HIDDEN, 99, BUY, price, 30)))
    venue.submit(10, 7, Side.BUY, 50, 101)
    venue.play()
    assert got(venue) == expected


def test_a_hidden_execution_larger_than_our_order_fills_it_once() -> None:
    venue = RecordedVenue(tape(*BOOK, (20, Kind.HIDDEN, 99, BUY, 100, 500)))
    venue.submit(10, 7, Side.BUY, 50, 101)
    venue.play()
    assert got(venue) == [(20, 50, 101.0, "HIDDEN_THROUGH")]


def test_a_visible_trade_at_a_worse_price_had_to_pass_us() -> None:
    venue = RecordedVenue(tape(*BOOK, (20, Kind.EXECUTE, 1, BUY, 100, 60)))
    venue.submit(10, 7, Side.BUY, 50, 101)
    venue.play()
    assert got(venue) == [(20, 50, 101.0, "THROUGH")]


def test_own_orders_share_one_trade_by_price_and_time() -> None:
    venue = RecordedVenue(tape(*BOOK, (20, Kind.EXECUTE, 1, BUY, 100, 90), (21, Kind.EXECUTE, 1, BUY, 100, 10)))
    venue.submit(10, 7, Side.BUY, 40, 101)
    venue.submit(11, 8, Side.BUY, 40, 101)
    venue.submit(12, 9, Side.BUY, 40, 100)
    venue.play()
    assert [(int(f["order_id"]), int(f["quantity"])) for f in venue.fills()] == [(7, 40), (8, 40)]


def test_an_arriving_order_that_crosses_us_fills_us_at_our_price_and_rests_with_the_rest() -> None:
    venue = RecordedVenue(tape(*BOOK, (20, Kind.ADD, 5, SELL, 101, 70), (30, Kind.EXECUTE, 5, SELL, 101, 70)))
    venue.submit(10, 7, Side.BUY, 50, 101)
    venue.submit(25, 8, Side.BUY, 60, 101)
    venue.play()
    assert got(venue) == [(20, 50, 101.0, "CROSSED"), (25, 20, 101.0, "TAKE")]
    assert int(venue.books[0]["ghost_shares"]) == 70


def test_a_replacement_across_our_price_fills_us() -> None:
    events = tape(*BOOK, (20, Kind.REPLACE, 4, SELL, 101, 80))
    events["ref"][-1] = 44
    venue = RecordedVenue(events)
    venue.submit(10, 7, Side.BUY, 50, 101)
    venue.play()
    assert got(venue) == [(20, 50, 101.0, "CROSSED")]


@pytest.mark.parametrize(("quantity", "expected"), [(80, []), (120, [(20, 20, 100.0, "CROSSED")])])
def test_an_announced_marketable_order_reaches_us_with_what_history_would_have_left_resting(
    quantity: int, expected: list[tuple[int, int, float, str]]
) -> None:
    # Bitstamp announces marketable orders before they trade: history's bid of 100 stands in the way, its executions
    # follow. What is more than that comes to rest, and meets us.
    venue = RecordedVenue(tape(
        *BOOK, (20, Kind.ADD, 9, SELL, 100, quantity), (21, Kind.EXECUTE, 1, BUY, 100, min(quantity, 100)),
    ))  # fmt: skip
    venue.submit(10, 7, Side.BUY, 50, 100)
    venue.play()
    assert got(venue) == expected


def test_post_only_is_rejected_where_it_would_take_and_rests_elsewhere() -> None:
    venue = RecordedVenue(tape(*BOOK))
    venue.submit(10, 7, Side.BUY, 50, 102, Terms.POST_ONLY)
    venue.submit(11, 8, Side.BUY, 50, 101, Terms.POST_ONLY)
    venue.play()
    assert [(r.order_id, r.answer, r.reason) for r in venue.responses()] == [
        (7, Answer.REJECTED, Reason.WOULD_CROSS),
        (8, Answer.ACK, Reason.NONE),
    ]


def test_immediate_orders_do_not_rest() -> None:
    venue = RecordedVenue(tape(*BOOK))
    venue.submit(10, 7, Side.BUY, 130, 102, Terms.IOC)
    venue.play()
    assert [row[1] for row in got(venue)] == [50, 50]
    assert int(venue.venues[0]["live"]) == 0


def test_a_halt_rejects_new_orders_and_lets_us_cancel() -> None:
    venue = RecordedVenue(tape(*BOOK, (20, Kind.HALT, 0, 0, 0, 0), (40, Kind.RESUME, 0, 0, 0, 0)))
    venue.submit(10, 7, Side.BUY, 50, 100)
    venue.submit(30, 8, Side.BUY, 50, 100)
    venue.cancel(31, 7)
    venue.submit(50, 9, Side.BUY, 10)
    venue.play()
    answers = [(r.order_id, r.answer.name, r.reason.name) for r in venue.responses()]
    assert (8, "REJECTED", "HALTED") in answers
    assert (7, "CANCELLED", "ASKED") in answers
    assert got(venue) == [(50, 10, 102.0, "TAKE")]


def test_a_smaller_replacement_keeps_its_place_and_any_other_loses_it() -> None:
    venue = RecordedVenue(tape(*BOOK, (20, Kind.ADD, 5, BUY, 100, 30), (60, Kind.HALT, 0, 0, 0, 0)))
    venue.submit(10, 7, Side.BUY, 50, 100)
    venue.replace(30, 7, 40, 100)
    venue.play(35)
    assert venue.ahead(7) == 100
    venue.replace(40, 7, 45, 100)
    venue.play(45)
    assert venue.ahead(7) == 130


def test_own_orders_never_trade_with_each_other() -> None:
    venue = RecordedVenue(tape(*BOOK))
    venue.submit(10, 7, Side.BUY, 50, 101)
    venue.submit(11, 8, Side.SELL, 50, 101)
    venue.play()
    assert venue.responses()[-1].reason == Reason.SELF_TRADE
    assert got(venue) == []


def test_cancelling_what_is_gone_is_a_reject() -> None:
    venue = RecordedVenue(tape(*BOOK))
    venue.cancel(10, 7)
    venue.play()
    assert [(r.answer, r.reason) for r in venue.responses()] == [(Answer.REJECTED, Reason.UNKNOWN)]


def test_latency_delays_the_order_and_the_report_and_history_wins_a_tie() -> None:
    venue = RecordedVenue(tape(*BOOK, (15, Kind.DELETE, 2, SELL, 102, 50)), entry=5, response=7)
    venue.submit(10, 7, Side.BUY, 60)
    venue.play()
    assert got(venue) == [(15, 50, 102.0, "TAKE"), (15, 10, 103.0, "TAKE")]
    assert [r.time for r in venue.responses()] == [22, 22, 22]


def test_a_cross_print_touches_nobody_and_counts_as_volume() -> None:
    venue = RecordedVenue(tape(*BOOK, (20, Kind.CROSS, 0, 0, 101, 5000)))
    venue.submit(10, 7, Side.BUY, 50, 101)
    venue.play()
    assert got(venue) == []
    assert venue.prints()["quantity"].tolist() == [5000]
    assert venue.prints()["flags"].tolist() == [int(Flag.AUCTION)]


def test_after_a_snapshot_reset_we_stand_behind_what_the_snapshot_shows() -> None:
    events = tape(
        *BOOK, (20, Kind.CLEAR, 0, 0, 0, 0), (21, Kind.ADD, 11, BUY, 100, 60), (22, Kind.ADD, 12, SELL, 102, 9)
    )
    events["flags"][-2:] = int(Flag.SNAPSHOT)
    venue = RecordedVenue(events)
    venue.submit(10, 7, Side.BUY, 50, 100)
    venue.play()
    assert venue.ahead(7) == 60


def test_far_prices_keep_their_queue() -> None:
    # 5,000,000 ticks away from the touch: outside the window of the book.
    venue = RecordedVenue(tape(
        (1, Kind.ADD, 1, SELL, 6_000_000, 10), (2, Kind.ADD, 2, SELL, 1_000_000, 10),
        (3, Kind.ADD, 3, BUY, 900_000, 10),
        (20, Kind.CANCEL, 1, SELL, 6_000_000, 4), (30, Kind.EXECUTE, 1, SELL, 6_000_000, 6),
    ))  # fmt: skip
    venue.submit(10, 7, Side.SELL, 5, 6_000_000)
    venue.play(15)
    assert venue.ahead(7) == 10
    venue.play()
    assert venue.ahead(7) == 0
    venue.submit(40, 8, Side.BUY, 4, 900_000)
    venue.play()
    assert got(venue) == []


def test_impossible_own_orders_are_refused() -> None:
    venue = RecordedVenue(tape(*BOOK))
    with pytest.raises(OrderError, match="price >= 0"):
        venue.submit(10, 7, Side.BUY, 50, -1)
    with pytest.raises(OrderError, match="whole number"):
        venue.submit(10, 7, Side.BUY, 0, 100)
    with pytest.raises(InputError, match="one that rests"):
        venue.ahead(7)
