"""The driver over the venue seam, against a venue whose every answer the test decides."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.times import MINUTE, SECOND
from nowake.core.values import Instrument, ParentOrder, Side
from nowake.core.venue import Cancel, Command, MassCancel, New, OrderStatus, Touch, VenueEvent
from nowake.execution.state import Placement
from nowake.execution.work import Tactic, Worker
from nowake.schedule.pov import Pov
from nowake.schedule.protocol import Schedule
from nowake.schedule.twap import Twap

PLACE = Placement(cross_before=20 * SECOND, sweep_before=4 * SECOND, patience=2 * SECOND)


class Scripted:
    """A venue and a view: displays what it is told, fills aggressive orders up to `depth`, resting ones when asked."""

    def __init__(self, bid: int = 100, ask: int = 102, depth: int = 10_000) -> None:
        self.now, self.bid, self.ask, self.depth, self.shown = 0, bid, ask, depth, 1_000
        self.live: dict[int, New] = {}
        self.leaves: dict[int, int] = {}
        self.sent: list[tuple[int, Command]] = []
        self.said: list[VenueEvent] = []
        self.printed = 0
        self.refuse = False

    def send(self, command: Command) -> None:
        self.sent.append((self.now, command))
        if isinstance(command, New):
            self._new(command)
        elif isinstance(command, Cancel):
            known = self.live.pop(command.order_id, None)
            kind = "reject" if known is None else "cancel"
            self._say(kind, command.order_id, self.leaves.pop(command.order_id, 0))

    def _new(self, order: New) -> None:
        if self.refuse:
            return self._say("reject", order.order_id, 0, reason="closed")
        self._say("ack", order.order_id, order.quantity)
        self.leaves[order.order_id] = order.quantity
        self.live[order.order_id] = order
        if order.kind in ("market", "ioc"):
            quantity = min(order.quantity, self.depth)
            if quantity:
                self.fill(order.order_id, quantity, maker=False)
            if self.live.pop(order.order_id, None) is not None:
                self._say("cancel", order.order_id, self.leaves.pop(order.order_id))
        return None

    def fill(self, order_id: int, quantity: int, *, maker: bool = True) -> None:
        order = self.live[order_id]
        self.leaves[order_id] -= quantity
        self.printed += quantity
        price = (order.price or 0) if maker else (self.ask if order.side > 0 else self.bid)
        liquidity = "maker" if maker else "taker"
        event = VenueEvent(
            self.now, "fill", order_id, "ONE", price, quantity, self.leaves[order_id], 0.1, liquidity, None
        )
        self.said.append(event)
        if self.leaves[order_id] == 0:
            del self.live[order_id], self.leaves[order_id]

    def _say(self, kind: str, order_id: int, quantity: int, reason: str | None = None) -> None:
        self.said.append(VenueEvent(self.now, kind, order_id, "ONE", None, quantity, reason=reason))

    def events(self) -> Sequence[VenueEvent]:
        new, self.said = self.said, []
        return new

    def status(self, scope: int | str | None = None) -> Sequence[OrderStatus]:  # noqa: ARG002
        return []

    def touches(self) -> Sequence[Touch]:
        own = [(o.price, o.side, self.leaves[i]) for i, o in self.live.items()]
        bids = {p: q for p, s, q in own if s > 0 and p is not None}
        bid = max([self.bid, *bids])
        size = (self.shown if bid == self.bid else 0) + sum(q for p, s, q in own if s > 0 and p == bid)
        return [Touch("ONE", bid, size, self.ask, self.shown)]

    def volume(self) -> int:
        return self.printed

    def news(self) -> list[New]:
        return [command for _, command in self.sent if isinstance(command, New)]


def order(quantity: int = 6_000, minutes: int = 6, limit: int | None = None) -> ParentOrder:
    return ParentOrder("p", Instrument("TEST"), Side.BUY, quantity, 0, minutes * MINUTE, limit)


def work(
    venue: Scripted,
    parent: ParentOrder,
    schedule: Schedule | None = None,
    tactic: Tactic | None = None,
    slices: int = 6,
) -> Worker:
    return Worker(venue, venue, parent, schedule or Twap(), tactic or Tactic(placement=PLACE), slices)


def play(venue: Scripted, worker: Worker, until: int | None = None) -> None:
    """Let time pass as a caller does; at every look nothing may be outstanding beyond the order."""
    until = worker.order.end + SECOND if until is None else until
    while venue.now < until and not worker.done:
        wake = worker.look()
        assert wake > venue.now or venue.now < worker.order.start
        book = worker.children
        open_ = sum(venue.leaves.values())
        assert book.filled + book.working <= worker.order.quantity
        assert open_ <= book.working + sum(event.quantity for event in venue.said if event.kind == "cancel")
        venue.now = min(wake, venue.now + 2 * SECOND, until)
    worker.children.hear()


def test_nothing_rests_forever_what_is_missing_crosses_and_all_is_filled() -> None:
    venue = Scripted()
    worker = work(venue, order())
    play(venue, worker)
    assert worker.children.filled == 6_000
    assert worker.children.working == 0
    assert worker.targets == [1_000, 2_000, 3_000, 4_000, 5_000, 6_000]
    crossed = [child for child in worker.children.every if child.filled]
    assert all(not child.passive for child in crossed)
    assert max(child.quantity for child in crossed) <= 250  # a quarter of what is displayed
    assert {child.why for child in crossed} >= {"behind at the end of a slice"}


def test_a_slice_rests_at_the_touch_before_it_crosses() -> None:
    venue = Scripted()
    worker = work(venue, order())
    play(venue, worker, until=30 * SECOND)
    (sent,) = venue.news()
    assert (sent.price, sent.kind, sent.venue, sent.quantity) == (100, "post_only", "ONE", 1_000)


def test_resting_children_are_a_share_of_what_others_display() -> None:
    venue = Scripted()
    worker = work(venue, order(), tactic=Tactic(join=0.25, placement=PLACE))
    play(venue, worker, until=30 * SECOND)
    assert [sent.quantity for sent in venue.news()] == [200]  # a quarter of 1,000 in whole lots of 100


def test_a_child_left_behind_moves_to_the_touch_after_the_patience() -> None:
    venue = Scripted()
    worker = work(venue, order())
    play(venue, worker, until=10 * SECOND)
    venue.bid, venue.ask = 101, 103
    play(venue, worker, until=20 * SECOND)
    assert [(o.price, o.quantity) for o in venue.live.values()] == [(101, 1_000)]
    moves = [time for time, command in venue.sent if isinstance(command, Cancel)]
    assert all(b - a >= PLACE.patience for a, b in pairwise(moves))


def test_a_child_left_alone_at_the_touch_follows_the_others_back() -> None:
    venue = Scripted()
    worker = work(venue, order())
    play(venue, worker, until=10 * SECOND)
    venue.bid = 99
    play(venue, worker, until=20 * SECOND)
    assert [o.price for o in venue.live.values()] == [99]


def test_resting_fills_reduce_what_crosses() -> None:
    venue = Scripted()
    worker = work(venue, order())
    play(venue, worker, until=10 * SECOND)
    venue.fill(1, 1_000)
    play(venue, worker, until=59 * SECOND)
    assert [child.kind for child in worker.children.every] == ["post_only"]
    assert worker.children.every[0].maker == 1_000


def test_an_empty_other_side_leaves_the_rest_to_the_sweep_at_the_end() -> None:
    venue = Scripted(depth=0)
    worker = work(venue, order())
    play(venue, worker, until=5 * MINUTE + 30 * SECOND)
    assert worker.children.filled == 0
    venue.depth = 10_000
    play(venue, worker)
    assert worker.children.filled == 6_000
    assert worker.children.every[-1].why == "complete the order"
    assert worker.children.every[-1].kind == "market"


def test_a_limit_is_never_crossed_and_the_rest_is_open_at_the_end() -> None:
    venue = Scripted()
    worker = work(venue, order(limit=101))
    play(venue, worker)
    assert worker.children.filled == 0
    assert worker.done
    assert worker.children.working == 0
    assert all(sent.price is not None and sent.price <= 101 for sent in venue.news())


def test_after_a_reject_the_next_child_waits_and_the_shares_come_back() -> None:
    venue = Scripted()
    venue.refuse = True
    worker = work(venue, order())
    play(venue, worker, until=50 * SECOND)
    sent = [time for time, command in venue.sent if isinstance(command, New)]
    gaps = [b - a for a, b in pairwise(sent)]
    assert worker.children.rejects == len(sent)
    assert worker.children.unplaced == 6_000
    assert gaps == sorted(gaps)
    assert gaps[-1] > gaps[0]


def test_the_previous_generation_sends_one_market_child_per_slice() -> None:
    venue = Scripted()
    worker = work(venue, order(), tactic=Tactic(rests=False, finish=0.0), slices=12)
    play(venue, worker)
    assert [sent.quantity for sent in venue.news()] == [500] * 12
    assert {sent.kind for sent in venue.news()} == {"market"}
    assert [time for time, _ in venue.sent] == [30 * SECOND * k for k in range(12)]


def test_pov_follows_the_prints_of_others_and_is_brought_to_its_end() -> None:
    venue = Scripted()
    worker = work(venue, order(), schedule=Pov(0.2), slices=12)
    for minute in range(6):
        venue.printed += 4_000
        play(venue, worker, until=(minute + 1) * MINUTE)
    play(venue, worker)
    assert 0 < worker.targets[5] <= 5 * 4_000 * 0.25 * 1.2
    assert worker.targets[-1] == 6_000
    assert worker.children.filled == 6_000


def test_events_of_other_orders_change_nothing() -> None:
    venue = Scripted()
    worker = work(venue, order())
    venue.said = [VenueEvent(0, "fill", 77, "ONE", 100.0, 500), VenueEvent(0, "halt", 0)]
    worker.look()
    assert worker.children.filled == 0


def test_paid_and_fees_are_those_of_the_fills() -> None:
    venue = Scripted()
    worker = work(venue, order())
    play(venue, worker)
    book = worker.children
    assert (
        sum(child.paid for child in book.every) == sum(f.quantity * (f.price or 0) for f in book.fills) == 6_000 * 102
    )
    assert sum(child.fee for child in book.every) == pytest.approx(0.1 * len(book.fills))
    assert sum(child.filled for child in book.every) == book.filled


def test_a_cancel_that_is_refused_is_asked_again() -> None:
    venue = Scripted()
    worker = work(venue, order())
    worker.look()
    worker.children.cancel(worker.children.every[0])
    venue.said = [VenueEvent(0, "reject", 1, reason="busy")]
    worker.children.hear()
    assert not worker.children.every[0].cancelling
    assert worker.children.working == 1_000


@pytest.mark.parametrize("join", [0.0, 11.0])
def test_impossible_tactics(join: float) -> None:
    with pytest.raises(InputError, match="tactic"):
        Tactic(join=join)
    with pytest.raises(InputError, match="slices"):
        work(Scripted(), order(), slices=0)


def test_a_mass_cancel_is_a_command_without_an_order() -> None:
    assert MassCancel().venue is None


def test_more_than_a_slice_behind_it_takes_beside_what_rests() -> None:
    venue = Scripted(depth=0)
    worker = work(venue, order())
    play(venue, worker, until=3 * MINUTE + SECOND)
    venue.depth = 10_000
    play(venue, worker, until=3 * MINUTE + 20 * SECOND)
    chased = [child for child in worker.children.every if child.why == "more than a slice behind"]
    assert chased
    assert all(child.quantity <= venue.shown for child in chased)
    assert venue.live  # something rests meanwhile


@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_venue_does_shares_are_conserved_and_the_order_ends(seed: int) -> None:
    rng = np.random.default_rng(seed)
    venue = Scripted()
    worker = work(venue, order(quantity=int(rng.integers(1, 20_000))))
    while venue.now < worker.order.end + 5 * SECOND and not worker.done:
        if venue.live and rng.random() < 0.3:
            number = int(rng.choice(list(venue.live)))
            venue.fill(number, int(rng.integers(1, venue.leaves[number] + 1)))
        venue.refuse = bool(rng.random() < 0.05) and venue.now < 5 * MINUTE
        venue.depth = int(rng.integers(0, 600)) if venue.now < 5 * MINUTE else 50_000
        venue.bid += int(rng.integers(-1, 2))
        venue.ask = venue.bid + int(rng.integers(1, 4))
        play(venue, worker, until=venue.now + SECOND)
    book = worker.children
    assert book.filled == worker.order.quantity == sum(fill.quantity for fill in book.fills)
    assert book.working == 0
    assert not venue.live
    assert sum(child.filled for child in book.every) == book.filled
