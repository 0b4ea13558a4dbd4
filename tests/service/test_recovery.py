"""Coming back: journal and venue agree before anything is traded, whatever the crash has left."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nowake.core.intent import OrderKind
from nowake.core.values import Side
from nowake.core.venue import Cancel, Command, OrderStatus, VenueEvent
from nowake.execution.live import Child
from nowake.oms.conserve import differences
from nowake.oms.events import Event, ParentNew, ParentSaid, Unclean, UncleanReleased, decode
from nowake.oms.journal.protocol import open_journal
from nowake.oms.keeper import Keeper, open_keeper
from nowake.oms.orders import Flag
from nowake.oms.snapshot import freeze, thaw
from nowake.oms.states import Act, State
from nowake.oms.unlike import held, in_doubt, standing_of
from nowake.service.bookkeeping import Books
from nowake.service.reconcile import DropCopy, standing
from nowake.service.recovery import Recovered, UncleanError, recover


class Session:
    """A venue that holds orders; a cancel is answered at the next look, never (`deaf`), or refused once (`rude`)."""

    def __init__(self) -> None:
        self.welcome = SimpleNamespace(speed=0.0)
        self.orders: dict[int, OrderStatus] = {}
        self.sent: list[Command] = []
        self.waiting: list[VenueEvent] = []
        self.deaf: set[int] = set()
        self.rude: set[int] = set()
        self.last = self.now = 0

    def hold(self, oid: int, quantity: int, filled: int = 0, state: str = "working", side: Side = Side.BUY) -> None:
        leaves = quantity - filled if state in ("sent", "working") else 0
        self.orders[oid] = OrderStatus(oid, side, quantity, "ALPHA", filled, leaves, state)

    def say(self, kind: str, oid: int, quantity: int = 0, leaves: int = 0) -> VenueEvent:
        self.last += 1
        event = VenueEvent(7, kind, oid, "ALPHA", 5_000.0, quantity, leaves, event_id=self.last)
        self.waiting.append(event)
        return event

    def send(self, command: Command) -> None:
        self.sent.append(command)
        assert isinstance(command, Cancel)
        order = self.orders[command.order_id]
        if command.order_id in self.rude:
            self.rude.discard(command.order_id)
            self.say("reject", command.order_id)
        elif command.order_id not in self.deaf:
            self.hold(command.order_id, order.quantity, order.filled, "cancelled", order.side)
            self.say("cancel", command.order_id, order.leaves)

    def events(self) -> Sequence[VenueEvent]:
        new, self.waiting = self.waiting, []
        return new

    def statuses(self) -> tuple[list[OrderStatus], int]:
        return list(self.orders.values()), self.last

    def run(self, until: int) -> int:
        self.now = until
        return until


class Crashed:
    """A journal with one parent of 1,000 shares, and the venue as the crash has left it."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper, self.oms, self.venue = keeper, keeper.oms, Session()
        self.parent = keeper.ids.next()
        keeper.enter(ParentNew(1, self.parent, "fund", "MIDC", 1, 1_000, 0, 10**18))
        keeper.record(ParentSaid(1, self.parent, Act.ACKED))
        self.books = Books(keeper, [self.parent], lambda: 5)

    def child(self, quantity: int = 100, kind: OrderKind = OrderKind.LIMIT) -> int:
        oid = self.keeper.ids.next(self.parent)
        self.books.child(Child(oid, 0, "ALPHA", Side.BUY, quantity, 5_000, kind, 0, 1, 1, 0, 0, 0.0, 5))
        return oid

    def come_back(self, patience: float = 1.0) -> Recovered:
        session: Any = self.venue
        found = recover(self.books, session, lambda: 9, patience)
        assert not self.oms.open
        assert not standing(self.venue.statuses()[0])
        assert differences(self.oms) == []
        return found

    def state(self, oid: int) -> State:
        return State(self.oms.children[oid].state)


@pytest.fixture
def crashed(tmp_path: Path) -> Iterator[Crashed]:
    keeper = open_keeper(tmp_path / "j", 3, block=16)
    yield Crashed(keeper)
    keeper.close()


def test_where_nothing_was_out_nothing_is_done(crashed: Crashed) -> None:
    assert str(crashed.come_back()).startswith("0 words heard, 0 orders adopted")
    assert crashed.venue.sent == []


def test_what_was_said_meanwhile_is_heard_and_what_stands_is_withdrawn(crashed: Crashed) -> None:
    oid = crashed.child()
    crashed.venue.say("ack", oid, 100, 100)
    crashed.venue.say("fill", oid, 60, 40)
    crashed.venue.hold(oid, 100, 60)
    found = crashed.come_back()
    assert (found.heard, found.withdrawn, found.adopted) == (3, [oid], [])
    assert crashed.venue.sent == [Cancel(oid)]
    assert (crashed.state(oid), crashed.oms.parents[crashed.parent].filled) == (State.CANCELED, 60)


def test_an_order_of_a_reserved_block_is_adopted_with_its_fills(crashed: Crashed) -> None:
    working, done = (crashed.keeper.ids.next(crashed.parent) for _ in range(2))
    crashed.venue.say("fill", working, 30, 70)
    crashed.venue.hold(working, 100, 30)
    crashed.venue.say("fill", done, 50, 0)
    crashed.venue.hold(done, 50, 50, "filled")
    found = crashed.come_back()
    assert sorted(found.adopted) == [working, done]
    assert found.withdrawn == [working]
    assert crashed.oms.children[working].flags & Flag.ADOPTED
    assert crashed.oms.parents[crashed.parent].filled == 80


def test_a_strangers_order_stops_everything_and_is_left_alone(crashed: Crashed, tmp_path: Path) -> None:
    crashed.venue.hold(77, 100)
    with pytest.raises(UncleanError, match="77"):
        crashed.come_back()
    assert crashed.venue.sent == []
    assert [one.order for one in crashed.oms.unclean.values()] == [77]
    crashed.keeper.close()
    (noted,) = [event for event in _events(tmp_path / "j") if isinstance(event, Unclean)]
    assert [(one.order, one.kind, one.quantity) for one in noted.found] == [(77, "stranger", 100)]


def _events(journal: Path) -> list[Event]:
    reader = open_journal(journal)
    found = [decode(record.payload) for record in reader.replay()]
    reader.close()
    return found


def test_an_order_on_the_other_side_of_its_parent_is_a_strangers(crashed: Crashed) -> None:
    crashed.venue.hold(crashed.keeper.ids.next(crashed.parent), 100, side=Side.SELL)
    with pytest.raises(UncleanError, match="nobody here"):
        crashed.come_back()


def test_a_child_that_never_arrived_ends_and_its_shares_are_free(crashed: Crashed) -> None:
    oid = crashed.child()
    found = crashed.come_back()
    assert found.ended == [oid]
    assert crashed.state(oid) == State.REJECTED
    assert crashed.oms.unplaced(crashed.parent) == 1_000


@pytest.mark.parametrize("state", ["quoted", "rejected", None])
def test_a_request_that_nobody_follows_ends(crashed: Crashed, state: str | None) -> None:
    oid = crashed.child(kind=OrderKind.QUOTE)
    if state:
        crashed.venue.hold(oid, 100, state=state)
    assert crashed.come_back().ended == [oid]
    assert crashed.state(oid) == State.EXPIRED


def test_shares_that_the_journal_does_not_know_are_for_people(crashed: Crashed) -> None:
    oid = crashed.child()
    crashed.venue.hold(oid, 100, 100, "filled")
    with pytest.raises(UncleanError, match="0 filled in the journal, 100 at the venue"):
        crashed.come_back()


def test_a_cancel_that_is_refused_is_asked_for_again_and_a_silent_venue_is_not_clean(crashed: Crashed) -> None:
    oid = crashed.child()
    crashed.venue.say("ack", oid, 100, 100)
    crashed.venue.hold(oid, 100)
    crashed.venue.rude.add(oid)
    assert crashed.come_back().withdrawn == [oid]
    assert crashed.venue.sent == [Cancel(oid)] * 2
    other = crashed.child()
    crashed.venue.say("ack", other, 100, 100)
    crashed.venue.hold(other, 100)
    crashed.venue.deaf.add(other)
    with pytest.raises(UncleanError, match="come to rest"):
        crashed.come_back()
    assert crashed.venue.sent.count(Cancel(other)) == 1


def accept(crashed: Crashed, *names: str, second: str = "bob") -> None:
    crashed.keeper.record(UncleanReleased(9, names or tuple(crashed.oms.unclean), "ann", second, "known"))


def test_every_difference_is_named_at_once_and_those_that_are_accepted_stop_nothing(crashed: Crashed) -> None:
    over, stands = crashed.child(), crashed.child()
    crashed.venue.hold(77, 100, 30)
    crashed.venue.hold(over, 100, 100, "filled")
    crashed.venue.say("ack", stands, 100, 100)
    crashed.venue.hold(stands, 100)
    crashed.venue.deaf.add(stands)
    with pytest.raises(UncleanError, match="did not come to rest") as refused:
        crashed.come_back()
    kinds = {one.order: one.kind for one in refused.value.found}
    assert kinds == {77: "stranger", over: "shares", stands: "standing"}
    names = {one.order: one.id for one in crashed.oms.unclean.values()}
    accept(crashed, names[77], names[over])
    with pytest.raises(UncleanError) as refused:
        crashed.come_back()
    assert [one.order for one in refused.value.found] == [stands]
    assert crashed.state(over) == State.REJECTED
    accept(crashed)
    session: Any = crashed.venue
    assert recover(crashed.books, session, lambda: 9, 0.2).ended == []
    assert (crashed.oms.unclean, len(crashed.oms.accepted)) == ({}, 3)
    assert held(crashed.oms, crashed.parent) == 200  # of `over` what only the venue has, of `stands` what works
    assert standing_of(crashed.oms, crashed.parent) == 100
    assert Cancel(77) not in crashed.venue.sent
    assert sum(row["shares"] for row in in_doubt(crashed.oms)) == 130
    assert freeze(thaw(freeze(crashed.oms))) == freeze(crashed.oms)


def test_what_has_become_different_since_is_not_released(crashed: Crashed) -> None:
    oid = crashed.child()
    crashed.venue.hold(oid, 100, 40, "cancelled")
    with pytest.raises(UncleanError):
        crashed.come_back()
    accept(crashed)
    crashed.venue.hold(oid, 100, 60, "cancelled")
    with pytest.raises(UncleanError, match="60 at the venue"):
        crashed.come_back()


@pytest.mark.parametrize(("names", "second"), [((), "ann"), (("D0",), "bob"), ((), "")])
def test_a_release_that_may_not_be_is_quarantined(crashed: Crashed, names: tuple[str, ...], second: str) -> None:
    crashed.venue.hold(77, 100)
    with pytest.raises(UncleanError):
        crashed.come_back()
    accept(crashed, *names, second=second)
    assert (len(crashed.oms.unclean), crashed.oms.accepted, crashed.oms.quarantined) == (1, {}, 1)
    crashed.venue.orders.clear()
    crashed.come_back()
    assert crashed.oms.unclean == {}


def test_words_of_an_order_that_was_accepted_as_a_strangers_are_no_difference(crashed: Crashed) -> None:
    crashed.venue.hold(77, 100)
    with pytest.raises(UncleanError):
        crashed.come_back()
    drop = DropCopy()
    drop.take([crashed.venue.say("fill", 77, 50, 50)])
    assert len(drop.compare(crashed.oms, 1)) == 1
    accept(crashed)
    drop.take([crashed.venue.say("fill", 77, 50, 0)])
    assert drop.compare(crashed.oms, 2) == []


def test_coming_back_twice_changes_nothing(crashed: Crashed) -> None:
    oid = crashed.child()
    said = [crashed.venue.say("ack", oid, 100, 100), crashed.venue.say("fill", oid, 100, 0)]
    crashed.venue.hold(oid, 100, 100, "filled")
    crashed.come_back()
    crashed.venue.waiting = said
    crashed.come_back()
    assert crashed.oms.parents[crashed.parent].filled == 100
    assert crashed.oms.quarantined == 0


def test_the_drop_copy_agrees_with_what_the_books_have_passed(crashed: Crashed) -> None:
    oid, drop = crashed.child(), DropCopy()
    for kind, shares, left in (("ack", 100, 100), ("fill", 60, 40), ("fill", 30, 10), ("cancel", 10, 0)):
        event = crashed.venue.say(kind, oid, shares, left)
        crashed.books.event(event)
        drop.take([event])
    assert drop.compare(crashed.oms, 2) == []
    assert drop.checked == 2
    assert drop.compare(crashed.oms, crashed.books.last) == []
    assert (drop.checked, drop.waiting, drop.found) == (4, [], [])


@pytest.mark.parametrize(
    ("kind", "oid", "shares", "what"),
    [("fill", 0, 60, "is missing"), ("ack", 77, 100, "does not know"), ("cancel", 0, 100, "has open")],
)
def test_a_word_that_the_journal_does_not_hold_is_a_difference(
    crashed: Crashed, kind: str, oid: int, shares: int, what: str
) -> None:
    drop = DropCopy()
    drop.take([crashed.venue.say(kind, oid or crashed.child(), shares)])
    assert drop.compare(crashed.oms, 0) == []
    (found,) = drop.compare(crashed.oms, 1)
    assert what in found.what
    assert drop.found == [found]


def test_a_fill_with_other_terms_is_a_difference(crashed: Crashed) -> None:
    oid, drop = crashed.child(), DropCopy()
    event = crashed.venue.say("fill", oid, 60, 40)
    crashed.books.event(event)
    drop.take([VenueEvent(7, "fill", oid, "ALPHA", 5_000.0, 61, 39, event_id=event.event_id)])
    (found,) = drop.compare(crashed.oms, 1)
    assert "a fill is" in found.what
