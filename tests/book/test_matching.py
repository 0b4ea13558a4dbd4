"""What the match engine answers, in small markets written out."""

from typing import Any

import pytest

from nowake.book.actions import Action, Outcome, Prevention, Request
from nowake.book.book import Book
from nowake.core.errors import CapacityError
from nowake.core.events import Kind

BUY, SELL = 1, -1


def limit(oid: int, side: int, price: int, quantity: int, **rest: Any) -> Request:
    return Request(id=oid, kind=Action.LIMIT, side=side, price=price, quantity=quantity, **rest)


def ask(kind: Action, oid: int, side: int, quantity: int, price: int = 0, **rest: Any) -> Request:
    return Request(id=oid, kind=kind, side=side, price=price, quantity=quantity, **rest)


class Venue:
    """Submits to both and reports (outcome, trades)."""

    def __init__(self, pair: Any) -> None:
        self.pair = pair

    def __call__(self, request: Request) -> tuple[Outcome, list[tuple[int, float, int]]]:
        result = self.pair.submit(request)
        self.pair.same()
        return Outcome(int(result["outcome"])), [(t.maker, t.price2 / 2, t.quantity) for t in self.pair.twin.trades]

    def depth(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        bids, asks = self.pair.book.depth()
        return [(r["price"], r["quantity"]) for r in bids], [(r["price"], r["quantity"]) for r in asks]


@pytest.fixture
def venue(pair: Any) -> Venue:
    return Venue(pair)


@pytest.fixture
def market(venue: Venue) -> Venue:
    """Asks 10 at 101 (id 1), 20 at 101 (id 2), 30 at 102 (id 3); a bid of 10 at 99 (id 4)."""
    for request in (limit(1, SELL, 101, 10), limit(2, SELL, 101, 20), limit(3, SELL, 102, 30), limit(4, BUY, 99, 10)):
        assert venue(request) == (Outcome.RESTING, [])
    return venue


def test_a_limit_order_takes_in_price_time_order_and_rests_the_rest(market: Venue) -> None:
    assert market(limit(9, BUY, 101, 35)) == (Outcome.RESTING, [(1, 101, 10), (2, 101, 20)])
    assert market.depth() == ([(101, 5), (99, 10)], [(102, 30)])


def test_a_market_order_walks_the_book_and_never_rests(market: Venue) -> None:
    assert market(ask(Action.MARKET, 9, BUY, 100)) == (
        Outcome.CANCELLED,
        [(1, 101, 10), (2, 101, 20), (3, 102, 30)],
    )
    assert market.depth() == ([(99, 10)], [])
    assert market(ask(Action.MARKET, 10, BUY, 1)) == (Outcome.CANCELLED, [])


def test_immediate_or_cancel_and_its_minimum(market: Venue) -> None:
    assert market(ask(Action.IOC, 9, BUY, 40, 101, minimum=31)) == (Outcome.KILLED, [])
    assert market(ask(Action.IOC, 9, BUY, 40, 101, minimum=30)) == (Outcome.CANCELLED, [(1, 101, 10), (2, 101, 20)])


def test_fill_or_kill(market: Venue) -> None:
    assert market(ask(Action.FOK, 9, BUY, 31, 101)) == (Outcome.KILLED, [])
    assert market(ask(Action.FOK, 9, BUY, 31, 102)) == (
        Outcome.FILLED,
        [(1, 101, 10), (2, 101, 20), (3, 102, 1)],
    )


def test_post_only_is_rejected_when_it_would_trade(market: Venue) -> None:
    assert market(ask(Action.POST, 9, BUY, 5, 101)) == (Outcome.CROSSING, [])
    assert market(ask(Action.POST, 9, BUY, 5, 100)) == (Outcome.RESTING, [])
    assert market(ask(Action.PEG, 10, SELL, 5)) == (Outcome.RESTING, [])
    assert market(ask(Action.POST, 11, BUY, 5, 100)) == (Outcome.RESTING, [])


def test_an_iceberg_refills_at_the_back_of_the_queue(venue: Venue) -> None:
    venue(limit(1, SELL, 100, 25, display=10))
    venue(limit(2, SELL, 100, 10))
    assert venue.depth()[1] == [(100, 20)]
    assert venue(limit(9, BUY, 100, 12))[1] == [(1, 100, 10), (2, 100, 2)]
    assert venue(limit(10, BUY, 100, 20))[1] == [(2, 100, 8), (1, 100, 10), (1, 100, 2)]
    assert venue.depth()[1] == [(100, 3)]


def test_a_mid_peg_trades_at_half_a_tick_before_the_displayed_touch(market: Venue) -> None:
    market(limit(5, BUY, 100, 10))
    assert market(ask(Action.PEG, 6, SELL, 5)) == (Outcome.RESTING, [])
    assert market.depth()[1][0] == (101, 30)
    assert market(ask(Action.IOC, 9, BUY, 7, 100)) == (Outcome.CANCELLED, [])  # the mid is 100.5
    assert market(limit(9, BUY, 101, 7)) == (Outcome.FILLED, [(6, 100.5, 5), (1, 101, 2)])


def test_a_mid_peg_honours_its_minimum_until_less_is_left(market: Venue) -> None:
    market(ask(Action.PEG, 6, SELL, 15, minimum=10))
    assert market(ask(Action.IOC, 9, BUY, 9, 100)) == (Outcome.CANCELLED, [])
    assert market(ask(Action.IOC, 9, BUY, 12, 100)) == (Outcome.FILLED, [(6, 100, 12)])
    assert market(ask(Action.IOC, 9, BUY, 3, 100)) == (Outcome.FILLED, [(6, 100, 3)])


def test_pegs_are_inactive_without_a_mid_and_meet_when_it_comes_back(venue: Venue) -> None:
    venue(limit(1, SELL, 102, 10))
    assert venue(ask(Action.PEG, 6, SELL, 5)) == (Outcome.RESTING, [])
    assert venue(ask(Action.PEG, 7, BUY, 8)) == (Outcome.RESTING, [])
    assert venue(limit(2, BUY, 99, 10)) == (Outcome.RESTING, [(6, 100.5, 5)])
    assert venue.pair.twin.pegs[1][0].quantity == 3


@pytest.mark.parametrize(
    ("prevention", "outcome", "trades", "asks"),
    [
        (Prevention.NONE, Outcome.FILLED, [(1, 100, 10), (2, 100, 5)], [(100, 15)]),
        (Prevention.NEWEST, Outcome.PREVENTED, [(1, 100, 10)], [(100, 20)]),
        (Prevention.OLDEST, Outcome.RESTING, [(1, 100, 10)], []),
        (Prevention.DECREMENT, Outcome.PREVENTED, [(1, 100, 10)], [(100, 15)]),
    ],
)
def test_self_trade_prevention(
    venue: Venue, prevention: Prevention, outcome: Outcome, trades: list[Any], asks: list[Any]
) -> None:
    venue(limit(1, SELL, 100, 10, owner=1))
    venue(limit(2, SELL, 100, 20, owner=7))
    assert venue(limit(9, BUY, 100, 15, owner=7, prevention=prevention)) == (outcome, trades)
    assert venue.depth()[1] == asks


def test_cancel_and_replace(market: Venue) -> None:
    assert market(Request(id=8, kind=Action.CANCEL)) == (Outcome.UNKNOWN, [])
    replaced = Request(id=1, kind=Action.REPLACE, ref=21, price=101, quantity=6)
    assert market(replaced) == (Outcome.DONE, [])
    assert market.pair.book.queue_ahead(21) == 0
    assert market(Request(id=21, kind=Action.REPLACE, price=101, quantity=7)) == (Outcome.RESTING, [])
    assert market.pair.book.queue_ahead(21) == 20
    assert market(Request(id=21, kind=Action.REPLACE, ref=2, price=101, quantity=7)) == (Outcome.DUPLICATE, [])
    assert market(Request(id=21, kind=Action.REPLACE, price=99, quantity=12)) == (Outcome.RESTING, [(4, 99, 10)])
    assert market(Request(id=3, kind=Action.CANCEL)) == (Outcome.DONE, [])
    assert market.depth() == ([], [(99, 2), (101, 20)])


@pytest.mark.parametrize(
    "wrong",
    [
        limit(0, BUY, 99, 1),
        limit(9, BUY, 99, 0),
        limit(9, BUY, 99, -5),
        limit(9, BUY, 99, 2**31),
        limit(9, BUY, 99, 5, display=6),
        limit(9, BUY, 99, 5, minimum=6),
        limit(9, 0, 99, 5),
        limit(9, BUY, 2**60, 5),
    ],
)
def test_impossible_requests_are_refused(market: Venue, wrong: Request) -> None:
    assert market(wrong) == (Outcome.INVALID, [])


def test_a_live_id_is_refused(market: Venue) -> None:
    assert market(limit(4, BUY, 50, 1)) == (Outcome.DUPLICATE, [])


def test_a_halted_market_takes_cancels_only(market: Venue) -> None:
    market.pair.event(kind=Kind.HALT)
    assert market(limit(9, BUY, 101, 5)) == (Outcome.HALTED, [])
    assert market(Request(id=4, kind=Action.REPLACE, price=99, quantity=1)) == (Outcome.HALTED, [])
    assert market(Request(id=4, kind=Action.CANCEL)) == (Outcome.DONE, [])


def test_undrained_trades_raise() -> None:
    book = Book()
    book.submit([limit(k, SELL, 100, 1) for k in range(1, 1101)])
    with pytest.raises(CapacityError, match="drain `trade`"):
        book.submit([limit(9999, BUY, 100, 1100)])
    assert len(book.trades()) == 1024
    assert book.counters()["live"] == 1100 - 1024
