"""The simulated market behind the seams: the conformance check, commands and events, the view."""

import pytest

from nowake.core.errors import OrderError
from nowake.core.values import Side
from nowake.core.venue import Cancel, MassCancel, New, QuoteAccept, QuoteRequest, Replace
from nowake.core.venue_conformance import check_venue
from nowake.market.market import Market
from nowake.market.venue import SimulatedVenue


@pytest.fixture
def market() -> Market:
    made = Market.load("midcap", 7)
    made.advance(60.0)
    return made


def names(market: Market) -> list[str]:
    return [venue.name for venue in market.venues() if venue.kind == "lit"]


def test_the_simulated_venue_conforms(market: Market) -> None:
    bid = market.quote().bid
    assert bid is not None
    check_venue(SimulatedVenue(market), lambda: market.advance(0.1), bid - 50, names(market)[1])


def test_shares_and_fees_of_fills_are_those_of_the_market(market: Market) -> None:
    venue = SimulatedVenue(market)
    venue.send(New(11, Side.BUY, 2_000, kind="market"))
    market.advance(1.0)
    fills = [event for event in venue.events() if event.kind == "fill"]
    fees = {info.name: info.taker_fee for info in market.venues()}
    assert sum(event.quantity for event in fills) == 2_000
    assert all(event.fee == pytest.approx(fees[str(event.venue)] * event.quantity) for event in fills)
    assert {event.liquidity for event in fills} == {"taker"}
    (known,) = venue.status(11)
    assert (known.filled, known.leaves, known.state) == (2_000, 0, "filled")


def test_replace_moves_an_order_and_keeps_its_id(market: Market) -> None:
    venue, bid = SimulatedVenue(market), market.quote().bid
    assert bid is not None
    venue.send(New(5, Side.BUY, 300, bid - 40, names(market)[0]))
    market.advance(0.1)
    venue.send(Replace(5, 200, bid - 41))
    market.advance(0.1)
    assert [(event.kind, event.order_id) for event in venue.events()] == [("ack", 5), ("replace", 5)]
    (known,) = venue.status(5)
    assert known.leaves == 200


def test_a_mass_cancel_of_one_venue_leaves_the_others(market: Market) -> None:
    venue, bid = SimulatedVenue(market), market.quote().bid
    assert bid is not None
    one, two, *_ = names(market)
    for n, where in enumerate((one, two, None), 1):
        venue.send(New(n, Side.BUY, 100, bid - 40, where))
    market.advance(0.1)
    venue.send(MassCancel(one))
    market.advance(0.1)
    alive = {order.order_id for order in venue.status() if order.leaves}
    assert alive == {2}  # the one without a venue rested at the first


def test_an_unknown_quote_is_refused(market: Market) -> None:
    venue = SimulatedVenue(market)
    venue.send(QuoteAccept(9, 77))
    assert [(event.kind, event.order_id) for event in venue.events()] == [("reject", 9)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: New(0, Side.BUY, 100),
        lambda: New(1, Side.BUY, 0),
        lambda: New(1, Side.BUY, 100, price=0),
        lambda: New(1, Side.BUY, 100, min_quantity=101),
        lambda: Cancel(0),
        lambda: Replace(1, 0, 10),
        lambda: Replace(1, 10, 0),
        lambda: QuoteRequest(1, Side.BUY, 0),
        lambda: QuoteAccept(1, 0),
    ],
)
def test_impossible_commands_are_never_made(make: object) -> None:
    with pytest.raises(OrderError):
        make()  # type: ignore[operator]
