"""A request for quotes: whom it takes, when it stops waiting, what last looks did."""

import pytest

from nowake.core.errors import InputError, OrderError
from nowake.core.values import Side
from nowake.core.venue import QuoteAccept
from nowake.routing.rfq import DealerQuote, Look, Request, RequestState, Timers

WAIT = Timers(wait=100, hold=50)


def request(side: Side = Side.BUY, worst: float = 10_120.0) -> Request:
    return Request(9, side, 2000, (4, 5, 6), worst, now=0, timers=WAIT)


def quote(dealer: int, price: float, expires: int = 1000) -> DealerQuote:
    return DealerQuote(quote_id=dealer * 10, dealer=dealer, price=price, quantity=2000, expires=expires)


def test_it_takes_the_best_quote_as_soon_as_all_have_answered() -> None:
    asked = request()
    for dealer, price in ((4, 10_110.0), (5, 10_090.0)):
        asked.quoted(quote(dealer, price))
        assert asked.attend(10, 10_050.0) is None
    asked.quoted(quote(6, 10_100.0))
    assert asked.attend(10, 10_050.0) == QuoteAccept(9, 50)
    asked.answered(40, 10_060.0, filled=True)
    assert asked.state is RequestState.FILLED
    assert asked.looks == [Look(5, False, 30, 10.0)]
    assert asked.account(10_050.0) == [(4, 60.0, False), (5, 40.0, True), (6, 50.0, False)]


def test_it_waits_no_longer_than_its_timer() -> None:
    asked = request()
    asked.quoted(quote(6, 10_100.0))
    assert asked.attend(99, 10_050.0) is None
    assert asked.attend(100, 10_050.0) == QuoteAccept(9, 60)
    assert asked.account(10_050.0)[0] == (4, None, False)


def test_a_seller_takes_the_highest_bid() -> None:
    asked = request(Side.SELL, worst=9_900.0)
    for dealer, price in ((4, 9_990.0), (5, 10_010.0), (6, 9_950.0)):
        asked.quoted(quote(dealer, price))
    assert asked.attend(1, 10_050.0) == QuoteAccept(9, 50)


def test_a_rejection_is_accounted_and_the_next_best_quote_tried() -> None:
    asked = request()
    for dealer, price in ((4, 10_110.0), (5, 10_090.0), (6, 10_130.0)):
        asked.quoted(quote(dealer, price))
    assert asked.attend(10, 10_050.0) == QuoteAccept(9, 50)
    asked.answered(30, 10_070.0, filled=False)
    assert asked.attend(30, 10_070.0) == QuoteAccept(9, 40)
    assert asked.attend(79, 10_070.0) is None
    assert asked.attend(80, 10_080.0) is None  # held longer than its timer: lost; the third is too dear
    assert asked.state is RequestState.OVER
    assert asked.looks == [Look(5, True, 20, 20.0), Look(4, True, 50, 10.0)]
    assert not any(won for _, _, won in asked.account(10_050.0))


def test_a_quote_that_has_expired_or_is_too_dear_is_not_taken() -> None:
    asked = request()
    asked.quoted(quote(4, 10_090.0, expires=50))
    asked.quoted(quote(5, 10_121.0))
    assert asked.attend(100, 10_050.0) is None
    assert asked.state is RequestState.OVER


def test_what_cannot_be_is_refused() -> None:
    asked = request()
    asked.quoted(quote(4, 10_090.0))
    for wrong in (quote(4, 10_080.0), quote(7, 10_080.0)):
        with pytest.raises(OrderError, match="one of each dealer"):
            asked.quoted(wrong)
    with pytest.raises(OrderError, match="a held quote"):
        asked.answered(5, 1.0, filled=True)
    with pytest.raises(OrderError, match="at least one dealer"):
        Request(9, Side.BUY, 100, (), 1.0, 0, WAIT)
    with pytest.raises(InputError, match="timers"):
        Timers(wait=0)
