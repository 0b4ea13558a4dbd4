"""The books of a live desk: every word of a venue becomes the right event, once; the last number survives a crash."""

from collections.abc import Iterator
from dataclasses import astuple
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.book.state import Preset as BookPreset
from nowake.core.board import PlaceKind
from nowake.core.errors import InputError, OrderError
from nowake.core.intent import OrderKind
from nowake.core.times import SECOND
from nowake.core.values import Instrument, ParentOrder, Side
from nowake.core.venue import VenueEvent
from nowake.execution.desk_state import CURVE, Placing
from nowake.execution.live import Child, LiveDesk
from nowake.execution.opening import limit_path, places_of
from nowake.execution.path import DecisionPath, Place
from nowake.execution.policy import ScriptedPolicy, UniformForecaster
from nowake.market.market import Market
from nowake.market.venue import SimulatedVenue
from nowake.oms.conserve import differences
from nowake.oms.events import Asked, ChildNew, Event, Garbled, ParentNew, ParentSaid, VenueSaid, decode
from nowake.oms.journal.protocol import open_journal
from nowake.oms.keeper import Keeper, Mode, open_keeper
from nowake.oms.states import Act, State
from nowake.risk.policy import load
from nowake.risk.scopes import Scope, resolve
from nowake.service.bookkeeping import Books, last_number, number_of
from nowake.service.trader import Setup, Work


@pytest.fixture(params=list(Mode))
def keeper(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Keeper]:
    made = open_keeper(tmp_path / "j", 3, mode=request.param, block=16)
    yield made
    made.close()


class Desk:
    """One parent of 1,000 shares, and children of it."""

    def __init__(self, keeper: Keeper, quantity: int = 1_000) -> None:
        self.keeper = keeper
        self.parent = keeper.ids.next()
        keeper.enter(ParentNew(1, self.parent, "fund", "MIDC", 1, quantity, 0, 10**18))
        keeper.record(ParentSaid(1, self.parent, Act.ACKED))
        self.books = Books(keeper, [self.parent], lambda: 5)
        self.number = 0

    def child(self, quantity: int = 100, kind: OrderKind = OrderKind.LIMIT, oid: int = 0) -> int:
        oid = oid or self.keeper.ids.next(self.parent)
        self.books.child(Child(oid, 0, "ALPHA", Side.BUY, quantity, 5_000, kind, 0, 1, 1, 0, 0, 0.0, 5))
        return oid

    def say(self, kind: str, oid: int, quantity: int = 0, leaves: int = 0, **more: Any) -> VenueEvent:
        self.number += 1
        terms: dict[str, Any] = {"venue": "ALPHA", "price": 5_000.5, "event_id": self.number, **more}
        return VenueEvent(7, kind, oid, quantity=quantity, leaves=leaves, **terms)

    def hear(self, kind: str, oid: int, *args: int, **more: Any) -> bool:
        return self.books.event(self.say(kind, oid, *args, **more))

    def state(self, oid: int) -> State:
        return State(self.keeper.oms.children[oid].state)


@pytest.fixture
def desk(keeper: Keeper) -> Desk:
    return Desk(keeper)


def test_a_child_its_fills_and_its_cancel_are_booked(desk: Desk) -> None:
    oid = desk.child()
    assert desk.hear("ack", oid, 100, 100)
    assert desk.hear("fill", oid, 60, 40, fee=-0.0123, liquidity="maker")
    desk.books.asked(oid)
    assert desk.state(oid) == State.PENDING_CANCEL
    assert desk.hear("cancel", oid, 40, 0)
    assert desk.state(oid) == State.CANCELED
    oms = desk.keeper.oms
    fill = oms.fills["ALPHA"]["2"]
    assert (fill.quantity, fill.price2, fill.fee, fill.maker, fill.time) == (60, 10_001, -12_300_000, True, 7)
    parent = oms.parents[desk.parent]
    assert (parent.filled, parent.working, oms.unplaced(desk.parent)) == (60, 0, 940)
    assert differences(oms) == []


def test_what_is_told_twice_does_not_count(desk: Desk) -> None:
    oid = desk.child()
    said = [desk.say("ack", oid), desk.say("fill", oid, 60, 40), desk.say("cancel", oid, 40)]
    assert [desk.books.event(event) for event in said] == [True] * 3
    before = desk.keeper.oms.parents[desk.parent].filled
    assert [desk.books.event(event) for event in said] == [False] * 3
    assert desk.keeper.oms.parents[desk.parent].filled == before == 60
    assert desk.keeper.oms.quarantined == 0


def test_a_reject_is_of_the_order_until_its_venue_has_shown_that_it_knows_it(desk: Desk) -> None:
    refused, late, both = desk.child(), desk.child(), desk.child()
    assert desk.hear("reject", refused, reason="full")
    assert desk.state(refused) == State.REJECTED
    assert desk.hear("ack", late)
    desk.books.asked(late)
    assert desk.hear("reject", late, reason="unknown")
    assert desk.state(late) == State.NEW
    desk.books.asked(both)  # before anything was heard: first the order is refused, then its cancel
    assert desk.hear("reject", both, reason="throttled")
    assert desk.state(both) == State.REJECTED
    desk.hear("reject", both, reason="unknown")
    assert desk.state(both) == State.REJECTED
    assert desk.keeper.oms.quarantined == 0
    assert desk.keeper.oms.parents[desk.parent].working == 100


def test_a_bust_takes_back_the_youngest_fill_with_its_terms_once(desk: Desk) -> None:
    oid = desk.child()
    for quantity, leaves in ((30, 70), (20, 50), (30, 20)):
        desk.hear("fill", oid, quantity, leaves)
    bust = desk.say("correction", oid, 30)
    assert desk.books.event(bust)
    oms = desk.keeper.oms
    assert [(fill.id, fill.quantity) for fill in oms.fills_of(oid)] == [("1", 30), ("2", 20), ("3", 0)]
    assert oms.parents[desk.parent].filled == 50
    assert desk.hear("correction", oid, 30)
    assert oms.parents[desk.parent].filled == 20
    assert not desk.hear("correction", oid, 30)  # nothing is left that it could mean
    assert differences(oms) == []


def test_a_dealers_no_is_not_the_end_of_a_request_and_the_desks_end_is(desk: Desk) -> None:
    oid = desk.child(kind=OrderKind.QUOTE)
    assert desk.hear("quote", oid, 100)
    assert desk.hear("reject", oid, reason="declined")
    assert desk.hear("expire", oid, 100)  # of his quote
    assert desk.state(oid) == State.PENDING_NEW
    assert desk.hear("fill", oid, 70, 0)
    assert desk.books.event(VenueEvent(9, "expire", oid, reason="the request is over"))
    assert desk.state(oid) == State.EXPIRED
    assert desk.keeper.oms.parents[desk.parent].working == 0
    assert desk.keeper.oms.unplaced(desk.parent) == 930


def test_what_nobody_ordered_does_not_count_and_is_on_record(desk: Desk) -> None:
    assert not desk.hear("fill", 77, 100, 0)
    assert not desk.hear("correction", 77, 100)
    assert desk.keeper.oms.quarantined == 2
    events = desk.keeper.oms.sequence
    assert desk.hear("halt", 0)
    assert desk.hear("outage", 0)
    assert desk.keeper.oms.sequence == events


def test_a_child_that_must_not_leave_is_refused(desk: Desk) -> None:
    with pytest.raises(OrderError, match="unplaced are 1000"):
        desk.child(1_001)
    with pytest.raises(OrderError, match="a block that is on disk"):
        desk.child(10, oid=12345)
    with pytest.raises(InputError, match="no child order"):
        desk.books.asked(999)


def test_a_question_about_a_child_that_is_over_is_not_asked(desk: Desk) -> None:
    oid = desk.child()
    desk.hear("fill", oid, 100, 0)
    events = desk.keeper.oms.sequence
    desk.books.asked(oid)
    assert desk.keeper.oms.sequence == events


def test_a_replacement_counts_what_is_filled(desk: Desk) -> None:
    oid = desk.child()
    desk.hear("ack", oid)
    desk.hear("fill", oid, 60, 40)
    desk.books.record(Asked(5, oid, Act.REPLACE_ASKED, 90, 5_001))
    assert desk.hear("replace", oid, 30, 30, price=5_001.0)
    child = desk.keeper.oms.children[oid]
    assert (child.quantity, child.price, child.exposure) == (90, 5_001, 30)
    desk.books.record(Asked(5, oid, Act.REPLACE_ASKED, 80, 5_001))
    assert desk.hear("reject", oid, reason="unknown")
    assert (child.quantity, desk.state(oid)) == (90, State.PARTIALLY_FILLED)


def test_the_number_of_the_last_word_is_found_after_a_restart(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j", 3, block=16)
    desk = Desk(keeper, 10**6)
    oid = desk.child(5_000)
    desk.hear("ack", oid)
    for n in range(1, 2_001):
        desk.hear("fill", oid, 1, 5_000 - n)
    assert desk.books.last == 2_001
    bust = desk.say("correction", oid, 1)
    desk.books.event(bust)
    for _ in range(1_500):  # nothing of a venue for a long time
        desk.keeper.ids.next(desk.parent)
        desk.books.record(Garbled(1, "", ""))
    keeper.close()
    reader = open_journal(tmp_path / "j")
    events = list(reader.replay())
    assert last_number(reader, len(events)) == bust.event_id == 2_002
    assert last_number(reader, 5) == 0
    numbers = [number_of(decode(record.payload)) for record in events]
    assert [n for n in numbers if n] == list(range(1, 2_003))
    reader.close()


def test_numbers_are_those_of_words_alone() -> None:
    assert number_of(ChildNew(1, 2, 3, "ALPHA", 1, 10)) == 0
    assert number_of(VenueSaid(1, 2, Act.ACKED, fill="17")) == 17
    assert number_of(VenueSaid(1, 2, Act.EXPIRED)) == 0
    assert number_of(VenueSaid(1, 2, Act.BUSTED, fill="17", reason="busted event 18")) == 18
    assert number_of(VenueSaid(1, 2, Act.BUSTED, fill="17")) == 0


def test_every_event_is_shown_to_the_witness_with_its_ticket(keeper: Keeper) -> None:
    desk = Desk(keeper)
    seen: list[tuple[Event, Any]] = []
    desk.books = Books(keeper, [desk.parent], lambda: 5, lambda event, ticket: seen.append((event, ticket)))
    oid = desk.child()
    desk.hear("ack", oid)
    desk.books.asked(oid)
    assert [type(event).__name__ for event, _ in seen] == ["ChildNew", "VenueSaid", "Asked"]
    assert [ticket.wait(10) for _, ticket in seen] == sorted(ticket.sequence for _, ticket in seen)


def test_the_desk_and_its_books_agree_at_every_step_of_a_simulated_market(tmp_path: Path) -> None:
    market = Market.load("midcap", 7, "volatile")
    market.advance(300.0)
    market.messages()
    start = market.now
    keeper = open_keeper(tmp_path / "j", 3, block=4096)
    number = keeper.ids.next()
    keeper.enter(ParentNew(start, number, "fund", "MIDC", 1, 6_000, start, start + 300 * SECOND))
    keeper.record(ParentSaid(start, number, Act.ACKED))
    parent, setup = keeper.oms.parents[number], Setup(tmp_path, tmp_path / "s", (Work("w", Side.BUY, 1, 0, 1),))
    tick = market.preset.instrument.tick
    places = places_of(map(astuple, market.venues()), tick, 500_000)
    path = DecisionPath(1, places, ScriptedPolicy(), UniformForecaster())
    limits = resolve(load("default"), Scope(desk="program", symbol="MIDC"))
    limit_path(path, limits, setup.instrument)
    order = ParentOrder("w", setup.instrument, Side.BUY, 6_000, start, start + 300 * SECOND)
    path.take_on(0, order, np.linspace(0, 1, CURVE + 1), 10 * SECOND, Placing())
    taken = [keeper.ids.next(number) for _ in range(4096)]
    path.ids(0, taken[0], taken[-1])
    books = Books(keeper, [number], lambda: market.now)
    desk = LiveDesk(path, SimulatedVenue(market), books, setup.books, setup.own_from)
    desk.market(market.books(), market.now)
    while not path.desk[0]["done"]:
        market.advance(0.1)
        desk.market(market.messages(), market.now)
        desk.tick(market.now)
        assert (parent.filled, parent.working) == (path.desk[0]["filled"], path.desk[0]["working"])
        assert path.usages[0]["position"] == keeper.oms.position("fund", "MIDC")
    kinds = {OrderKind(child.kind) for child in keeper.oms.children.values()}
    assert kinds >= {OrderKind.QUOTE, OrderKind.MID_PEG, OrderKind.IOC}
    assert (parent.filled, State(parent.state), keeper.oms.open) == (6_000, State.FILLED, {})
    assert (differences(keeper.oms), keeper.oms.quarantined) == ([], 0)
    keeper.close()


def test_a_fill_after_the_end_of_its_child_counts_at_the_desk_and_in_the_books(desk: Desk) -> None:
    class Silent:
        def __init__(self) -> None:
            self.waiting: list[VenueEvent] = []

        def send(self, command: object) -> None: ...

        def events(self) -> list[VenueEvent]:
            new, self.waiting = self.waiting, []
            return new

    oid = desk.child(kind=OrderKind.QUOTE)
    path = DecisionPath(1, [Place("ALPHA", PlaceKind.LIT)], ScriptedPolicy(), UniformForecaster())
    order = ParentOrder("w", Instrument("MIDC", Decimal("0.01"), step=1), Side.BUY, 1_000, 1, 10**18)
    path.take_on(0, order, np.linspace(0, 1, CURVE + 1), 10 * SECOND, Placing())
    venue: Any = Silent()
    live = LiveDesk(path, venue, desk.books, BookPreset(levels=1024, orders=2048, trades=256))
    live.talk.row[oid] = 0
    assert desk.books.event(VenueEvent(9, "expire", oid, reason="the request is over"))
    late = desk.say("fill", oid, 70, 0)
    venue.waiting = [late, late]
    assert live.hear() == [late]
    assert (path.desk[0]["filled"], path.usages[0]["filled"], path.usages[0]["position"]) == (70, 70, 70)
    assert desk.keeper.oms.parents[desk.parent].filled == 70
