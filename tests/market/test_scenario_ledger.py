"""The ledger of a worked order: fills are counted once, refusals and dealers' answers under their own names."""

import pytest

from nowake.core.intent import OrderKind
from nowake.core.values import Side
from nowake.core.venue import VenueEvent
from nowake.execution.live import Child as Sent
from nowake.market.scenario_ledger import Ledger
from nowake.routing.reasons import Reason, words


def sent(number: int, kind: OrderKind = OrderKind.IOC, venue: str = "ALPHA") -> Sent:
    return Sent(
        number, 0, venue, Side.BUY, 500, 5_000, kind, 0, decision=1, tactic=0, origin=0,
        reason=int(Reason.SWEEP_BEST), score=0.5, time=10,
    )  # fmt: skip


@pytest.fixture
def ledger() -> Ledger:
    made = Ledger(mid=lambda: 4_999.5)
    made.child(sent(2))
    made.child(sent(3, OrderKind.QUOTE, "NORTH"))
    return made


def test_a_child_is_kept_as_it_left(ledger: Ledger) -> None:
    child = ledger.children[2]
    assert (child.venue, child.kind, child.price, child.quantity, child.mid) == ("ALPHA", "ioc", 5_000, 500, 4_999.5)
    assert child.why == words(Reason.SWEEP_BEST)
    assert not child.asks
    assert ledger.children[3].asks


def test_fills_add_up(ledger: Ledger) -> None:
    ledger.event(VenueEvent(11, "ack", 2, "ALPHA"))
    ledger.event(VenueEvent(12, "fill", 2, "ALPHA", 5_000.0, 200, 300, 0.6, "taker"))
    ledger.event(VenueEvent(13, "fill", 2, "ALPHA", 4_999.5, 100, 200, -0.2, "maker"))
    ledger.event(VenueEvent(14, "expire", 2, "ALPHA", reason="unfilled"))
    child = ledger.children[2]
    assert (child.filled, child.maker, child.end) == (300, 100, "unfilled")
    assert child.paid == 200 * 5_000.0 + 100 * 4_999.5
    assert child.fee == pytest.approx(0.4)
    assert [fill.quantity for fill in ledger.fills] == [200, 100]


def test_a_refused_order_is_counted_and_a_refused_cancel_is_not(ledger: Ledger) -> None:
    ledger.event(VenueEvent(11, "ack", 2, "ALPHA"))
    ledger.event(VenueEvent(12, "reject", 2, "ALPHA", reason="unknown"))  # of a cancel that came too late
    assert (ledger.rejects, ledger.children[2].end) == (0, None)
    ledger.child(sent(4))
    ledger.event(VenueEvent(13, "reject", 4, "ALPHA", reason="throttled"))
    assert (ledger.rejects, ledger.children[4].end) == (1, "throttled")


def test_dealers_answer_under_their_names(ledger: Ledger) -> None:
    ledger.event(VenueEvent(11, "quote", 3, "NORTH", 5_001.0, 500, quote_id=9))
    ledger.event(VenueEvent(11, "reject", 3, "SOUTH", reason="declined"))
    ledger.event(VenueEvent(12, "fill", 3, "WEST", 5_000.5, 500, 0, 0.0, "taker"))
    ledger.event(VenueEvent(13, "expire", 3, "NORTH"))  # the quote that was not taken runs out
    child = ledger.children[3]
    assert child.dealers == {"NORTH": "quoted", "SOUTH": "declined", "WEST": "filled"}
    assert (child.venue, child.filled, child.end) == ("WEST", 500, None)
    assert ledger.rejects == 0


def test_a_request_that_ends_without_a_deal_says_so(ledger: Ledger) -> None:
    ledger.event(VenueEvent(14, "expire", 3, reason="the request is over"))
    assert ledger.children[3].end == "the request is over"


def test_events_of_somebody_else_change_nothing(ledger: Ledger) -> None:
    assert ledger.event(VenueEvent(11, "fill", 99, "ALPHA", 5_000.0, 200))
    assert ledger.fills == []
