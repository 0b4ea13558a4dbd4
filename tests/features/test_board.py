"""The same vector from a board, and what only we know: fills, queue, pools, venues."""

import math

import numpy as np
import pytest

from nowake.book.state import SMALL, new_books
from nowake.core.board import PlaceKind, PlaceState, new_boards
from nowake.data.reader import kernel_view
from nowake.execution.feed_handler import hear_feed
from nowake.features.own import dark_answer, dark_markout, own_fill, set_queue
from nowake.features.state import NEWS, new_features
from nowake.features.stream import write_board
from nowake.features.vector import INDEX, NAMES, rows_for

from .flows import START, events_of

S, OURS = 10**9, 10**6
NO_NEWS = kernel_view(np.zeros(0, NEWS))


class Desk:
    """One instrument at one venue (`places` 0: at none) and what is heard of it."""

    def __init__(self, places: int = 1) -> None:
        self.books, self.boards, self.features = new_books(1, SMALL), kernel_view(new_boards(1)), new_features(1)
        self.boards["places"], self.boards["place"]["kind"][0, :places] = places, int(PlaceKind.LIT)

    def hear(self, time: int, *messages: dict[str, int]) -> None:
        events = kernel_view(events_of([{"gap": 0, **message} for message in messages], time))
        hear_feed(self.books, self.boards, self.features, 0, 0, OURS, events, 0, len(events), time)

    def quote(self, time: int, bid: int, ask: int) -> None:
        self.hear(time, *({"kind": 12, "side": side, "price": price, "quantity": 10}
                          for side, price in ((1, bid), (-1, ask))))  # fmt: skip

    def look(self, t: int) -> dict[str, tuple[float, int]]:
        rows = rows_for(1)
        write_board(self.features, self.boards, 0, t, kernel_view(rows), 0, NO_NEWS)
        values = zip(NAMES, rows["value"][0], rows["ready"][0], strict=True)
        return {name: (float(value), int(ready)) for name, value, ready in values}


def test_own_fills_are_taken_out_of_the_volume_of_others() -> None:
    desk = Desk()
    desk.quote(START, 99, 101)
    own_fill(desk.features, 0, START + S, 1, 30)
    desk.hear(START + S, {"kind": 13, "price": 101, "quantity": 20}, {"kind": 13, "price": 101, "quantity": 80})
    values = desk.look(START + S)
    assert values["flow_8s"][0] == 70
    assert values["own_share"] == (pytest.approx(0.3), 1)


@pytest.mark.parametrize("first", ["fill", "print"])
def test_prints_of_an_own_order_that_rested_are_no_volume_of_others(first: str) -> None:
    desk = Desk()
    desk.quote(START, 99, 101)

    def told() -> None:
        desk.hear(START + S, {"kind": 4, "order_id": OURS + 3, "side": 1, "price": 99, "quantity": 30})

    if first == "print":
        told()
    own_fill(desk.features, 0, START + S, 1, 30)
    if first == "fill":
        told()
    desk.hear(START + S, {"kind": 13, "price": 99, "quantity": 50})
    values = desk.look(START + S)
    assert values["flow_8s"][0] == -50
    assert values["own_share"] == (pytest.approx(30 / 80), 1)
    assert desk.features["own_pending"][0] == 0


def test_own_impact_is_the_decayed_move_against_us() -> None:
    desk = Desk()
    desk.quote(START, 999, 1001)
    own_fill(desk.features, 0, START, 1, 100)
    desk.quote(START + 2 * S, 1001, 1003)
    own_fill(desk.features, 0, START + 5 * S, 1, 300)
    desk.quote(START + 9 * S, 1000, 1002)
    first, second = 100 * math.exp(-9 / 64), 300 * math.exp(-4 / 64)
    move = (first * 1 + second * -1) / (first + second)
    assert desk.look(START + 9 * S)["own_impact"] == (pytest.approx(1e4 * move / 1001), 1)


def test_a_sale_counts_a_falling_mid_as_impact() -> None:
    desk = Desk()
    desk.quote(START, 999, 1001)
    own_fill(desk.features, 0, START, -1, 100)
    desk.quote(START + S, 997, 999)
    assert desk.look(START + S)["own_impact"] == (pytest.approx(1e4 * 2 / 998), 1)


def test_the_queue_is_absent_until_an_order_rests() -> None:
    desk = Desk()
    assert [desk.look(START)[n] for n in ("queue_position", "queue_share")] == [(0.0, 0), (0.0, 0)]
    set_queue(desk.features, 0, 300, 100, 100)
    assert [desk.look(START)[n] for n in ("queue_position", "queue_share")] == [(0.6, 1), (0.2, 1)]
    set_queue(desk.features, 0, 0, 0, 0)
    assert desk.look(START)["queue_position"] == (0.0, 0)


def test_dark_pools_answer_with_shares_and_mark_outs() -> None:
    desk = Desk()
    dark_answer(desk.features, 0, START, 100, 100)
    dark_answer(desk.features, 0, START + 4096 * S, 100, 0)
    old = math.exp(-1)
    assert desk.look(START + 4096 * S)["dark_fill"] == (pytest.approx(old / (1 + old)), 1)
    dark_markout(desk.features, 0, START + 4096 * S, 100, -3.0)
    dark_markout(desk.features, 0, START + 4096 * S, 300, 1.0)
    assert desk.look(START + 5000 * S)["dark_markout"] == (pytest.approx(0.0), 1)


def test_venues_are_counted_by_kind_and_state() -> None:
    desk = Desk()
    lit, dark, dealer = PlaceKind.LIT, PlaceKind.DARK, PlaceKind.DEALER
    kinds = [(lit, PlaceState.UP), (lit, PlaceState.OUTAGE), (lit, PlaceState.UP), (dark, PlaceState.HALTED),
             (dealer, PlaceState.UP), (dealer, PlaceState.GAP)]  # fmt: skip
    board = np.asarray(desk.boards)
    for k, (kind, state) in enumerate(kinds):
        board["place"]["kind"][0, k], board["place"]["state"][0, k] = kind, state
        board["place"]["time"][0, k] = START + k * S
    board["places"] = len(kinds)
    values = desk.look(START + 10 * S)
    assert values["lit_up"] == (pytest.approx(2 / 3), 1)
    assert values["dark_up"] == (0.0, 1)
    assert values["dealer_up"] == (0.5, 1)
    assert values["venue_age"] == (10.0, 1)


def test_without_venues_their_states_are_absent() -> None:
    values = Desk(0).look(START)
    assert [values[n] for n in ("lit_up", "dark_up", "dealer_up", "venue_age")] == [(0.0, 0)] * 4


def test_every_name_has_its_place() -> None:
    assert [INDEX[name] for name in NAMES] == list(range(len(NAMES)))
