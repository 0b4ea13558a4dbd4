"""The placer and the ledger, look by look: what is sent at which touch, and what each answer does to the parent."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from nowake.core.times import MS, SECOND
from nowake.core.values import Instrument, ParentOrder, Side
from nowake.data.reader import kernel_view
from nowake.data.replay.state import RESPONSE, Action, Answer, Reason, Terms
from nowake.execution.ledger import hear
from nowake.execution.placer import NOWHERE, decide
from nowake.execution.state import Placement, Stage, new_parent

BID, ASK = 999_900, 1_000_100  # 99.99 and 100.01
STEP = 100
START, END = 1000 * SECOND, 1600 * SECOND
SLICE = START + 60 * SECOND


@dataclass(frozen=True)
class Sent:
    action: str
    id: int
    price: int = 0
    quantity: int = 0
    terms: str = "DAY"


class Desk:
    """One parent and its placer, driven by hand."""

    def __init__(self, quantity: int = 1000, side: Side = Side.BUY, limit: int | None = None, **placement: Any) -> None:
        order = ParentOrder("p", Instrument("TEST"), side, quantity, START, END, limit)
        self.parents = new_parent(order, Placement(**placement))
        self.p = self.parents[0]
        self.slice(quantity)

    def slice(self, target: int, end: int = SLICE) -> None:
        self.p["target"], self.p["slice_end"] = target, end

    def look(self, now: int, bid: int = BID, ask: int = ASK, halted: int = 0) -> list[Sent]:
        decide(self.p, now, bid, ask, halted)
        rows = self.p["out"][: int(self.p["outgoing"])]
        self.p["outgoing"] = 0
        self.check()
        return [
            Sent("CANCEL", int(r["id"])) if int(r["action"]) == Action.CANCEL
            else Sent("NEW", int(r["id"]), int(r["price"]), int(r["quantity"]), Terms(int(r["terms"])).name)
            for r in rows
        ]  # fmt: skip

    def answer(
        self, oid: int, answer: Answer, quantity: int = 0, reason: Reason = Reason.NONE, time: int = START
    ) -> None:
        responses = kernel_view(np.zeros(1, RESPONSE))
        r = responses[0]
        r["id"], r["answer"], r["quantity"], r["reason"], r["time"] = oid, int(answer), quantity, int(reason), time
        hear(self.p, r)
        self.check()

    def check(self) -> None:
        rows = [row for row in self.p["child"] if int(row["stage"]) != Stage.FREE]
        assert int(self.p["working"]) == sum(int(row["leaves"]) for row in rows)
        assert 0 <= int(self.p["filled"]) + int(self.p["working"]) <= int(self.p["quantity"])

    @property
    def state(self) -> tuple[int, int, int]:
        """Filled, working, unplaced."""
        filled, working = int(self.p["filled"]), int(self.p["working"])
        return filled, working, int(self.p["quantity"]) - filled - working


@pytest.mark.parametrize(
    ("side", "placement", "touch", "limit", "price"),
    [
        (Side.BUY, {}, (BID, ASK), None, BID),
        (Side.SELL, {}, (BID, ASK), None, ASK),
        (Side.BUY, {"improve": 1}, (BID, ASK), None, 1_000_000),
        (Side.SELL, {"improve": 1}, (BID, ASK), None, 1_000_000),
        (Side.BUY, {"improve": 5}, (BID, ASK), None, 1_000_000),  # never reaches the other side
        (Side.BUY, {"improve": 1}, (BID, BID + STEP), None, BID),
        (Side.BUY, {}, (BID + 50, ASK), None, BID),  # history quotes finer than we may
        (Side.SELL, {}, (BID, ASK - 50), None, ASK),
        (Side.BUY, {}, (BID, NOWHERE), None, BID),
        (Side.BUY, {}, (BID, ASK), BID - 300, BID - 300),
        (Side.SELL, {}, (BID, ASK), ASK + 300, ASK + 300),
        (Side.BUY, {}, (BID, BID), None, BID - STEP),  # locked: joining would take
        (Side.SELL, {}, (ASK, BID), None, ASK + STEP),  # crossed
    ],
)
def test_it_joins_the_touch(
    side: Side, placement: dict[str, int], touch: tuple[int, int], limit: int | None, price: int
) -> None:
    desk = Desk(side=side, limit=limit, **placement)
    assert desk.look(START, *touch) == [Sent("NEW", 1, price, 1000)]
    assert desk.state == (0, 1000, 0)


def test_nothing_before_the_start_without_a_touch_or_in_a_halt() -> None:
    desk = Desk()
    assert desk.look(START - 1) == []
    assert desk.look(START, -NOWHERE, ASK) == []
    assert desk.look(START, halted=1) == []
    assert desk.look(START) == [Sent("NEW", 1, BID, 1000)]


def test_an_order_left_behind_moves_after_patience_and_only_then() -> None:
    desk = Desk(patience=5 * SECOND)
    desk.look(START)
    desk.answer(1, Answer.ACK)
    assert desk.look(START + 4 * SECOND, BID + STEP) == []
    assert int(desk.p["next_wake"]) == START + 5 * SECOND
    assert desk.look(START + 5 * SECOND, BID + STEP) == [Sent("CANCEL", 1)]
    assert desk.look(START + 6 * SECOND, BID + STEP) == []  # its shares are not back yet
    desk.answer(1, Answer.CANCELLED)
    assert desk.state == (0, 0, 1000)
    assert desk.look(START + 7 * SECOND, BID + STEP) == [Sent("NEW", 2, BID + STEP, 1000)]


def test_an_order_ahead_of_the_touch_stays() -> None:
    desk = Desk(patience=0)
    desk.look(START)
    assert desk.look(START + SECOND, BID - STEP) == []


def test_a_fill_that_crosses_our_cancel_is_booked_once() -> None:
    desk = Desk(patience=0)
    desk.look(START)
    desk.answer(1, Answer.ACK)
    desk.answer(1, Answer.FILL, 300)
    assert desk.state == (300, 700, 0)
    assert desk.look(START + SECOND, BID + STEP) == [Sent("CANCEL", 1)]
    desk.answer(1, Answer.FILL, 700)
    desk.answer(1, Answer.REJECTED, 0, Reason.UNKNOWN)
    assert desk.state == (1000, 0, 0)
    assert int(desk.p["rejects"]) == 0
    assert desk.look(START + 2 * SECOND) == []
    assert int(desk.p["done"]) == 1


def test_a_partial_fill_then_a_cancel_returns_the_rest() -> None:
    desk = Desk(patience=0)
    desk.look(START)
    desk.answer(1, Answer.ACK)
    desk.answer(1, Answer.FILL, 399)
    desk.look(START + SECOND, BID + STEP)
    desk.answer(1, Answer.CANCELLED)
    assert desk.state == (399, 0, 601)
    desk.answer(1, Answer.FILL, 5)  # about a child that is over
    assert desk.state == (399, 0, 601)


def test_it_tops_up_when_the_target_grows() -> None:
    desk = Desk()
    desk.slice(100)
    assert desk.look(START) == [Sent("NEW", 1, BID, 100)]
    desk.slice(250, SLICE + 60 * SECOND)
    assert desk.look(SLICE) == [Sent("NEW", 2, BID, 150)]
    assert desk.state == (0, 250, 750)


def test_it_withdraws_the_youngest_when_the_target_shrinks() -> None:
    desk = Desk()
    for target in (100, 300):
        desk.slice(target)
        desk.look(START)
    desk.slice(150)
    assert desk.look(START + SECOND) == [Sent("CANCEL", 2)]
    assert desk.look(START + SECOND) == []
    desk.answer(2, Answer.CANCELLED)
    assert desk.look(START + SECOND) == [Sent("NEW", 3, BID, 50)]
    desk.slice(0)
    assert desk.look(START + SECOND) == [Sent("CANCEL", 1), Sent("CANCEL", 3)]


def test_a_child_is_never_larger_than_max_child() -> None:
    desk = Desk(max_child=300)
    sent = [desk.look(START + k * SECOND) for k in range(5)]
    assert [row[0].quantity for row in sent if row] == [300, 300, 300, 100]
    crossing = Desk(max_child=300)
    assert crossing.look(SLICE - SECOND) == [Sent("NEW", 1, ASK, 300, "IOC")]


def test_what_is_missing_crosses_before_the_slice_ends() -> None:
    desk = Desk(cross_before=10 * SECOND, reaction=100 * MS)
    desk.look(START)
    assert int(desk.p["next_wake"]) == SLICE - 10 * SECOND
    desk.answer(1, Answer.ACK)
    desk.answer(1, Answer.FILL, 250)
    assert desk.look(SLICE - 10 * SECOND - 1) == []
    assert desk.look(SLICE - 10 * SECOND) == [Sent("CANCEL", 1)]
    assert int(desk.p["next_wake"]) == SLICE - 10 * SECOND + 100 * MS
    assert desk.look(SLICE - 9 * SECOND) == []
    desk.answer(1, Answer.CANCELLED)
    assert desk.look(SLICE - 9 * SECOND) == [Sent("NEW", 2, ASK, 750, "IOC")]
    desk.answer(2, Answer.ACK)
    desk.answer(2, Answer.FILL, 100)
    assert desk.look(SLICE - 8 * SECOND) == []  # the rest is not back yet
    desk.answer(2, Answer.CANCELLED, reason=Reason.IOC_REST)
    assert desk.look(SLICE - 8 * SECOND, ask=ASK + STEP) == [Sent("NEW", 3, ASK + STEP, 650, "IOC")]


def test_without_crossing_it_only_rests() -> None:
    desk = Desk(cross_before=0)
    assert desk.look(SLICE - 1) == [Sent("NEW", 1, BID, 1000)]
    assert int(desk.p["next_wake"]) == NOWHERE


@pytest.mark.parametrize(
    ("side", "placement", "now", "limit", "sent"),
    [
        (Side.BUY, {"depth": 2}, SLICE - SECOND, None, Sent("NEW", 1, ASK + 200, 1000, "IOC")),
        (Side.SELL, {"depth": 2}, SLICE - SECOND, None, Sent("NEW", 1, BID - 200, 1000, "IOC")),
        (Side.BUY, {"depth": 2}, SLICE - SECOND, ASK + 100, Sent("NEW", 1, ASK + 100, 1000, "IOC")),
        (Side.BUY, {}, SLICE - SECOND, ASK - 100, Sent("NEW", 1, BID, 1000)),  # the far side is beyond the limit
        (Side.BUY, {"sweep_before": 2 * SECOND}, END - SECOND, ASK + 900, Sent("NEW", 1, ASK + 900, 1000, "IOC")),
        (Side.BUY, {"sweep_before": 2 * SECOND}, END - 3 * SECOND, ASK + 900, Sent("NEW", 1, ASK, 1000, "IOC")),
        (Side.BUY, {"sweep_before": 0}, END - 1, None, Sent("NEW", 1, ASK, 1000, "IOC")),
        (Side.BUY, {"sweep_before": 2 * SECOND}, END - SECOND, None, Sent("NEW", 1, ASK + 500_000, 1000, "IOC")),
        (Side.SELL, {"sweep_before": 2 * SECOND}, END - SECOND, None, Sent("NEW", 1, BID - 499_900, 1000, "IOC")),
    ],
)
def test_how_far_a_crossing_order_goes(
    side: Side, placement: dict[str, int], now: int, limit: int | None, sent: Sent
) -> None:
    desk = Desk(side=side, limit=limit, **placement)
    desk.slice(1000, END if now > SLICE else SLICE)
    assert desk.look(now) == [sent]


def test_at_the_end_everything_comes_back() -> None:
    desk = Desk()
    desk.look(START)
    assert desk.look(END) == [Sent("CANCEL", 1)]
    assert int(desk.p["done"]) == 0
    desk.answer(1, Answer.FILL, 10)
    desk.answer(1, Answer.CANCELLED)
    assert desk.look(END + 1) == []
    assert int(desk.p["done"]) == 1
    assert desk.state == (10, 0, 990)


def test_a_rejected_child_comes_back_and_the_next_waits_longer_each_time() -> None:
    desk = Desk(patience=SECOND)
    now, gaps = START, []
    for oid in (1, 2, 3):
        assert desk.look(now) == [Sent("NEW", oid, BID, 1000)]
        desk.answer(oid, Answer.REJECTED, 1000, Reason.SELF_TRADE, time=now)
        assert desk.state == (0, 0, 1000)
        assert desk.look(now + 1) == []
        gaps.append(int(desk.p["next_wake"]) - now)
        now = int(desk.p["next_wake"])
    assert gaps == [SECOND, 2 * SECOND, 4 * SECOND]
    assert int(desk.p["rejects"]) == 3
    assert int(desk.p["refused"][Reason.SELF_TRADE]) == 3
    desk.look(now)
    desk.answer(4, Answer.ACK)
    assert int(desk.p["refused_in_row"]) == 0


@pytest.mark.parametrize("odd", [1, 7, 99, 101, 12_345])
def test_odd_lots_are_placed_to_the_share(odd: int) -> None:
    desk = Desk(quantity=odd)
    assert desk.look(START) == [Sent("NEW", 1, BID, odd)]
    desk.answer(1, Answer.FILL, odd)
    assert desk.state == (odd, 0, 0)


def test_no_more_children_than_there_are_rows() -> None:
    desk = Desk(max_child=1)
    sent = [desk.look(START + k * SECOND) for k in range(12)]
    assert sum(len(rows) for rows in sent) == len(desk.p["child"])
