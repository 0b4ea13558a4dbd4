"""The same vector from a board, and what only we know: fills, queue, pools, venues."""

import math

import numpy as np
import pytest

from nowake.core.board import PlaceKind, PlaceState, new_boards
from nowake.data.reader import kernel_view
from nowake.features.own import dark_answer, dark_markout, own_fill, set_queue
from nowake.features.state import NEWS, new_features
from nowake.features.stream import update_boards, write_board
from nowake.features.vector import INDEX, NAMES, rows_for

from .flows import START, Stream, events_of

S = 10**9
NO_NEWS = kernel_view(np.zeros(0, NEWS))


class Desk:
    """One instrument seen through a board."""

    def __init__(self) -> None:
        self.boards, self.features = kernel_view(new_boards(1)), new_features(1)

    def hear(self, **fields: int) -> None:
        for name, value in fields.items():
            self.boards[name] = value
        update_boards(self.features, self.boards, 0, 1)

    def look(self, t: int) -> dict[str, tuple[float, int]]:
        rows = rows_for(1)
        write_board(self.features, self.boards, 0, t, kernel_view(rows), NO_NEWS)
        values = zip(NAMES, rows["value"][0], rows["ready"][0], strict=True)
        return {name: (float(value), int(ready)) for name, value, ready in values}


def test_a_board_and_a_quote_feed_with_the_same_story_give_the_same_vector() -> None:
    rng, desk, messages, volume = np.random.default_rng(3), Desk(), [], 0
    bid, ask = 1000, 1002
    for k in range(400):
        gap, kind = int(rng.integers(1, 3 * S)), int(rng.integers(0, 3))
        if k < 2:
            kind = k
        now = START + sum(m["gap"] for m in messages) + gap
        if kind == 2:
            price, quantity = (bid, ask)[int(rng.integers(0, 2))], int(rng.integers(1, 50))
            volume += quantity
            messages.append({"kind": 13, "gap": gap, "price": price, "quantity": quantity})
            desk.hear(time=now, last2=2 * price, volume=volume)
            continue
        size = int(rng.integers(1, 90))
        if kind == 0:
            bid = ask - int(rng.integers(1, 5))
        else:
            ask = bid + int(rng.integers(1, 5))
        side, price = (1, bid) if kind == 0 else (-1, ask)
        messages.append({"kind": 12, "gap": gap, "side": side, "price": price, "quantity": size})
        desk.hear(**{"time": now, "bid" if kind == 0 else "ask": price, "bid_size" if kind == 0 else "ask_size": size})
    stream = Stream(depth=False).feed(events_of(messages))
    seen = desk.look(int(stream.rows["time"][-1]))
    for name in NAMES:
        assert seen[name] == (stream.column(name)[-1], stream.ready(name)[-1]), name


def test_own_fills_are_taken_out_of_the_volume_of_others() -> None:
    desk = Desk()
    desk.hear(time=START, bid=99, ask=101, bid_size=10, ask_size=10)
    own_fill(desk.features, 0, START + S, 1, 30)
    desk.hear(time=START + S, last2=202, volume=100)
    values = desk.look(START + S)
    assert values["flow_8s"][0] == 70
    assert values["own_share"] == (pytest.approx(0.3), 1)


def test_own_impact_is_the_decayed_move_against_us() -> None:
    desk = Desk()
    desk.hear(time=START, bid=999, ask=1001, bid_size=10, ask_size=10)
    own_fill(desk.features, 0, START, 1, 100)
    desk.hear(time=START + 2 * S, bid=1001, ask=1003)
    own_fill(desk.features, 0, START + 5 * S, 1, 300)
    desk.hear(time=START + 9 * S, bid=1000, ask=1002)
    first, second = 100 * math.exp(-9 / 64), 300 * math.exp(-4 / 64)
    move = (first * 1 + second * -1) / (first + second)
    assert desk.look(START + 9 * S)["own_impact"] == (pytest.approx(1e4 * move / 1001), 1)


def test_a_sale_counts_a_falling_mid_as_impact() -> None:
    desk = Desk()
    desk.hear(time=START, bid=999, ask=1001, bid_size=10, ask_size=10)
    own_fill(desk.features, 0, START, -1, 100)
    desk.hear(time=START + S, bid=997, ask=999)
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
    values = Desk().look(START)
    assert [values[n] for n in ("lit_up", "dark_up", "dealer_up", "venue_age")] == [(0.0, 0)] * 4


def test_every_name_has_its_place() -> None:
    assert [INDEX[name] for name in NAMES] == list(range(len(NAMES)))
