"""What a person may do to a live order holds at once, and what cannot be is refused and changes nothing."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nowake.core.board import PlaceKind
from nowake.core.errors import CapacityError, InputError, OrderError
from nowake.core.intent import OrderKind, Origin, Tactic
from nowake.core.times import MINUTE, SECOND
from nowake.core.values import ParentOrder, Side
from nowake.core.venue import Cancel
from nowake.execution import by_hand
from nowake.execution.by_hand import Wanted
from nowake.execution.desk_state import CURVE, Act, Follow, Hands, Placing, Stage
from nowake.execution.hearing import Word
from nowake.execution.path import DecisionPath, Place
from nowake.execution.policy import FixedPolicy, ScriptedPolicy
from nowake.execution.replanning import STRATEGIES, Plan, anew, rest_of

from .desk_world import INSTRUMENT, World, linear, path_of
from .test_desk import check_books


@pytest.fixture
def world() -> World:
    made = World(FixedPolicy(Tactic.JOIN), placing=Placing(cross_before=3 * SECOND))
    made.path.params["dark_share"] = 0.0  # else pools take what is to rest
    made.run(60.0)
    until_resting(made)
    return made


def volume(world: World) -> int:
    return int(world.desk.board["volume"])


def planned(world: World, time: int) -> float:
    """The part of the order that the plan wants done at `time`."""
    d = world.row
    return float(np.interp(time, np.linspace(int(d["start"]), int(d["end"]), CURVE + 1), d["curve"]))


def resting(world: World) -> np.ndarray:
    stages, working = world.path.kids["stage"], world.path.working
    rest = np.isin(working["kind"], (OrderKind.LIMIT, OrderKind.POST_ONLY, OrderKind.MID_PEG))
    return working[rest & (stages != Stage.FREE) & (stages != Stage.CANCELLING)]


def until_resting(world: World) -> None:
    """Let the market run until something rests at a venue, and is known to."""
    for _ in range(500):
        if len(resting(world)) and (world.path.kids["stage"] == Stage.LIVE).any():
            return
        world.step()
    raise AssertionError("nothing rests")


def test_a_paused_order_sends_nothing_and_spreads_the_rest_when_it_goes_on(world: World) -> None:
    by_hand.pause(world.row)
    before = len(world.notes.children)
    world.run(120.0)
    assert len(world.notes.children) == before
    filled, now = int(world.row["filled"]), world.market.now
    by_hand.resume(world.row, now, volume(world))
    assert planned(world, now) == pytest.approx(filled / 6_000)
    half = now + (int(world.row["end"]) - now) // 2
    assert planned(world, half) == pytest.approx((1 + filled / 6_000) / 2, abs=1e-9)
    world.run()
    assert int(world.row["filled"]) == 6_000 == world.filled_at_venues()


def test_a_person_takes_over_sends_through_the_guard_and_hands_back(world: World) -> None:
    assert len(resting(world))
    by_hand.take_over(world.row)
    world.run(2.0)
    assert not len(resting(world))
    place, name = world.desk.board["place"][0], world.path.places[0].name
    ask, shown = int(place["ask"]), int(place["ask_size"])
    before, filled = len(world.notes.children), int(world.row["filled"])
    count, verdict = by_hand.send_child(world.path, 0, Wanted(shown, OrderKind.LIMIT, 0, ask), world.market.now)
    assert (count, verdict.verdict, verdict.origin) == (1, "passed", "human")
    world.desk.carry_out(count, world.market.now)
    child = world.notes.children[before]
    assert (child.quantity, child.venue, child.origin) == (shown, name, Origin.HUMAN)
    world.run(30.0)
    check_books(world)
    assert len(world.notes.children) == before + 1
    assert int(world.row["filled"]) > filled
    by_hand.hand_back(world.row, world.market.now, volume(world))
    world.run()
    assert int(world.row["filled"]) == 6_000 == world.filled_at_venues()


def test_what_the_algorithm_has_out_may_stay_and_a_person_withdraws_children(world: World) -> None:
    asked = len(world.notes.cancels)
    by_hand.take_over(world.row, keep=True)
    world.desk.tick(world.market.now)
    assert len(world.notes.cancels) == asked
    first = int(resting(world)["id"][0])
    world.desk.carry_out(by_hand.withdraw_child(world.path, 0, first), world.market.now)
    assert world.venue.sent[-1] == Cancel(first)
    with pytest.raises(OrderError, match="already"):
        by_hand.withdraw_child(world.path, 0, first)
    with pytest.raises(OrderError, match="rests at a venue"):
        by_hand.withdraw_child(world.path, 0, 999)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (Wanted(50, OrderKind.MID_PEG, 3), "dark_minimum_shares"),
        (Wanted(100, OrderKind.QUOTE, 0), "order type"),
        (Wanted(100, OrderKind.LIMIT, 5, 1), "dealer|order type"),
    ],
)
def test_the_guard_refuses_a_persons_child_and_says_why(world: World, wanted: Wanted, why: str) -> None:
    by_hand.take_over(world.row)
    world.run(2.0)
    count, verdict = by_hand.send_child(world.path, 0, wanted, world.market.now)
    assert (count, verdict.verdict, verdict.quantity) == (0, "refused", 0)
    assert any(part in verdict.words for part in why.split("|"))
    assert int(world.path.usages[0]["refused"]) >= 1
    check_books(world)


def test_the_guard_clamps_a_persons_price_to_the_limit(world: World) -> None:
    ask = int(world.desk.board["ask"])
    by_hand.set_limit(world.row, ask + 1, int(world.desk.board["bid"]), ask)
    world.path.usages[0]["limit"] = ask + 1
    by_hand.take_over(world.row)
    world.run(2.0)
    count, verdict = by_hand.send_child(world.path, 0, Wanted(100, OrderKind.IOC, 0, ask + 500), world.market.now)
    assert (count, verdict.verdict) == (1, "projected")
    assert verdict.price <= ask + 1


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (Wanted(100_000, OrderKind.IOC, 0, 5_000), "what is left"),
        (Wanted(0, OrderKind.IOC, 0, 5_000), "quantity"),
        (Wanted(100, OrderKind.ON_CLOSE, 0), "kind of a child"),
        (Wanted(100, OrderKind.LIMIT, 0), "price of a limit"),
        (Wanted(100, OrderKind.MARKET, 0, 5_000), "price of a market"),
        (Wanted(100, OrderKind.LIMIT, 99, 5_000), "venue of a child"),
        (Wanted(100, OrderKind.LIMIT, 0, 5_000, 200), "least execution"),
    ],
)
def test_what_can_be_no_child_is_refused_before_the_guard(world: World, wanted: Wanted, what: str) -> None:
    by_hand.take_over(world.row)
    seen = int(world.path.usages[0]["seen"])
    with pytest.raises(OrderError, match=what):
        by_hand.send_child(world.path, 0, wanted, world.market.now)
    assert int(world.path.usages[0]["seen"]) == seen


def test_a_child_needs_an_order_that_was_taken_over_a_row_and_an_id(world: World) -> None:
    child = Wanted(100, OrderKind.IOC, 0, int(world.desk.board["ask"]))
    with pytest.raises(OrderError, match="a person has taken it over"):
        by_hand.send_child(world.path, 0, child, world.market.now)
    by_hand.take_over(world.row)
    with pytest.raises(OrderError, match="time of a child"):
        by_hand.send_child(world.path, 0, child, int(world.row["end"]))
    world.row["next_id"] = int(world.row["last_id"]) + 1
    with pytest.raises(CapacityError, match="ids"):
        by_hand.send_child(world.path, 0, child, world.market.now)


def test_another_end_stretches_the_rest_of_the_plan(world: World) -> None:
    now, filled = world.market.now, int(world.row["filled"])
    end = now + 3 * MINUTE
    by_hand.set_end(world.row, end, now, volume(world))
    assert planned(world, now) == pytest.approx(filled / 6_000, abs=1e-9)
    assert planned(world, now + 90 * SECOND) == pytest.approx((1 + filled / 6_000) / 2, abs=1e-6)
    world.run(185.0)
    assert int(world.row["filled"]) == 6_000
    assert int(world.row["done"]) == 1


@pytest.mark.parametrize("plan", ["twap", "vwap", "ac 3", "adaptive 3", "pov 0.2"])
def test_another_strategy_works_the_rest_from_now_on(world: World, plan: str) -> None:
    now, filled = world.market.now, int(world.row["filled"])
    by_hand.switch(world.row, Plan.parse(plan), now, volume(world), INSTRUMENT)
    if plan.startswith("pov"):
        assert int(world.row["follow"]) == Follow.VOLUME
        assert int(world.row["plan_filled"]) == filled
    else:
        assert int(world.row["follow"]) == Follow.CURVE
        assert planned(world, now) == pytest.approx(filled / 6_000, abs=1e-9)
        ahead = planned(world, now + MINUTE) - planned(world, now)
        later = 1 - planned(world, int(world.row["end"]) - MINUTE)
        assert ahead > 2 * later if plan.startswith(("ac", "ada")) else ahead == pytest.approx(later, rel=0.2)
    world.run()
    assert int(world.row["filled"]) == 6_000 == world.filled_at_venues()


def test_a_part_of_the_volume_counts_from_the_switch_on() -> None:
    world = World(FixedPolicy(Tactic.CROSS), quantity=50_000)
    world.run(60.0)
    filled, before = int(world.row["filled"]), volume(world)
    by_hand.switch(world.row, Plan("pov", 0.1), world.market.now, before, INSTRUMENT)
    world.run(240.0)
    done = int(world.row["filled"]) - filled
    others = volume(world) - before - done
    assert done == pytest.approx(others / 9, rel=0.25, abs=400)


def test_a_venue_that_is_left_out_is_withdrawn_from_at_once_even_while_paused(world: World) -> None:
    names = [place.name for place in world.path.places]
    lit = [name for name in names if name in {names[one] for one in resting(world)["venue"].tolist()}]
    assert lit
    by_hand.pause(world.row)
    by_hand.bar(world.row, names, lit)
    world.run(2.0)
    assert not len(resting(world))
    assert int(world.row["barred"]) & 1 << names.index(lit[0])
    by_hand.allow(world.row, names, lit)
    assert not int(world.row["barred"]) & 1 << names.index(lit[0])


def test_a_limit_takes_back_what_rests_beyond_it_and_says_when_the_market_is_away(world: World) -> None:
    bid, ask = int(world.desk.board["bid"]), int(world.desk.board["ask"])
    assert by_hand.set_limit(world.row, ask, bid, ask) == ""
    note = by_hand.set_limit(world.row, bid - 100, bid, ask)
    assert "nothing trades until it comes back" in note
    world.path.usages[0]["limit"] = bid - 100
    world.run(2.0)
    assert not len(resting(world))
    before = len(world.notes.children)
    world.run(20.0)
    assert not [one for one in world.notes.children[before:] if one.price > bid - 100]
    assert by_hand.set_limit(world.row, None, bid, ask) == ""
    assert int(world.row["limit"]) == 0


def test_a_sellers_limit_is_away_above_the_ask() -> None:
    world = World(FixedPolicy(), side=Side.SELL)
    bid, ask = int(world.desk.board["bid"]), int(world.desk.board["ask"])
    assert "ask" in by_hand.set_limit(world.row, ask + 50, bid, ask)
    assert by_hand.set_limit(world.row, bid, bid, ask) == ""


def test_a_lower_cap_takes_back_what_rests_above_it(world: World) -> None:
    by_hand.set_cap(world.row, 0.001)
    world.run(2.0)
    assert int(world.row["working"]) <= 100
    by_hand.set_cap(world.row, 1.0)
    world.run()
    assert int(world.row["filled"]) == 6_000


def test_a_persons_urgency_goes_before_the_policys(world: World) -> None:
    by_hand.set_urgency(world.row, 0.75)
    world.run(20.0)
    assert float(world.path.wants[0]["urgency"]) == 0.75
    by_hand.set_urgency(world.row, None)
    world.run(20.0)
    assert float(world.path.wants[0]["urgency"]) == 0.0


def test_parameters_of_placing_change_and_what_they_cannot_be_is_refused(world: World) -> None:
    by_hand.set_parameter(world.row, "patience", "7s")
    by_hand.set_parameter(world.row, "slack", "2.5")
    assert (int(world.row["patience"]), float(world.row["slack"])) == (7 * SECOND, 2.5)
    for name, text, what in (
        ("patiens", "1s", "unknown parameter"),
        ("patience", "soon", "duration"),
        ("slack", "-1", "slack"),
        ("slack", "nan", "slack"),
        ("reaction", "0s", "placing"),
        ("reaction", "1h", "interval"),
    ):
        with pytest.raises(InputError, match=what):
            by_hand.set_parameter(world.row, name, text)
    assert int(world.row["patience"]) == 7 * SECOND


def test_finish_takes_the_rest_now_and_cancel_all_of_it(world: World) -> None:
    by_hand.finish(world.row)
    world.run(60.0)
    assert int(world.row["filled"]) == 6_000
    with pytest.raises(OrderError, match="one that is over"):
        by_hand.pause(world.row)
    other = World(FixedPolicy(Tactic.JOIN))
    other.run(60.0)
    by_hand.cancel(other.row)
    other.run(5.0)
    assert int(other.row["working"]) == 0
    with pytest.raises(OrderError, match="all of it is withdrawn"):
        by_hand.finish(other.row)


REFUSED: list[tuple[Callable[[Any], object], str]] = [
    (lambda d: by_hand.resume(d, 0, 0), "it is paused"),
    (lambda d: by_hand.hand_back(d, 0, 0), "a person has taken it over"),
    (lambda d: by_hand.set_urgency(d, 1.5), "urgency"),
    (lambda d: by_hand.set_urgency(d, float("nan")), "urgency"),
    (lambda d: by_hand.set_cap(d, 0.0), "cap"),
    (lambda d: by_hand.set_cap(d, 1.01), "cap"),
    (lambda d: by_hand.set_cap(d, float("nan")), "cap"),
    (lambda d: by_hand.set_limit(d, 0, 1, 2), "limit"),
    (lambda d: by_hand.set_end(d, int(d["start"]), int(d["start"]), 0), "end of an order"),
    (lambda d: by_hand.bar(d, ["ALPHA", "BETA"], ["ALFA"]), "unknown venue 'ALFA'"),
    (lambda d: by_hand.bar(d, ["ALPHA", "BETA"], []), "venues"),
    (lambda d: by_hand.bar(d, ["ALPHA", "BETA"], ["ALPHA", "BETA"]), "one that is left"),
    (lambda d: by_hand.allow(d, ["ALPHA", "BETA"], ["BETA"]), "left out"),
    (lambda d: by_hand.switch(d, Plan(), int(d["end"]), 0, INSTRUMENT), "end that is still to come"),
]


@pytest.mark.parametrize(("change", "what"), REFUSED, ids=[what for _, what in REFUSED])
def test_what_cannot_be_is_refused_and_changes_nothing(change: Callable[[Any], object], what: str) -> None:
    d = World(FixedPolicy()).path.desk[:1].copy()
    before = d.tobytes()
    with pytest.raises(InputError, match=what):
        change(d[0])
    assert d.tobytes() == before


@pytest.mark.parametrize(
    ("text", "what"),
    [("twip", "did you mean|unknown strategy"), ("pov 1", "part of the volume"), ("ac -1", "urgency of ac"),
     ("ac fast", "number of ac"), ("twap 3", "number of twap"), ("adaptive 51", "urgency")],
)  # fmt: skip
def test_strategies_that_are_none_are_refused(text: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        Plan.parse(text)


@given(
    name=st.sampled_from([name for name in STRATEGIES if name != "pov"]),
    number=st.floats(0, 50),
    begin=st.integers(0, 20_000),
    length=st.integers(1, 30_000),
)
def test_every_plan_rises_from_nothing_to_everything(name: str, number: float, begin: int, length: int) -> None:
    opened = 1_767_623_400 * SECOND  # 9:30 in New York, 5 January 2026
    plan = Plan(name, None if STRATEGIES[name] is None else number)
    done = rest_of(plan, opened + begin * SECOND, opened + (begin + length) * SECOND, INSTRUMENT)
    assert done.shape == (CURVE + 1,)
    assert (done[0], done[-1]) == (0.0, 1.0)
    assert (np.diff(done) >= 0).all()


@given(
    gone=st.floats(0, 0.999), filled=st.integers(0, 6_000), factor=st.floats(0.01, 3.0), number=st.floats(0, 10),
)  # fmt: skip
def test_a_rest_planned_anew_begins_at_what_is_done_and_ends_at_everything(
    gone: float, filled: int, factor: float, number: float
) -> None:
    d = desk_row()
    start, end = int(d["start"]), int(d["end"])
    now = start + round(gone * (end - start))
    d["filled"] = filled
    by_hand.switch(d, Plan("ac", number), start, 0, INSTRUMENT)
    last = now + max(round((end - now) * factor), 1)
    anew(d, now, 77, last)
    grid = np.linspace(start, last, CURVE + 1)
    assert float(np.interp(now, grid, d["curve"])) == pytest.approx(filled / 6_000, abs=1e-6)
    ahead = np.interp(np.linspace(now, last, 50), grid, d["curve"])
    assert (np.diff(ahead) >= -1e-9).all()
    assert ahead[-1] == 1.0
    assert (int(d["end"]), int(d["plan_filled"]), int(d["plan_volume"])) == (last, filled, 77)


_ROW: list[np.ndarray] = []


def desk_row() -> np.void:
    """A fresh row of an order of 6,000 shares that has just begun."""
    if not _ROW:
        _ROW.append(World(ScriptedPolicy()).path.desk[:1].copy())
    row: np.void = _ROW[0].copy()[0]
    row["hands"] = int(Hands.ALGORITHM)
    return row


def two_venues() -> tuple[DecisionPath, int]:
    """A path of one order on a board of two venues, 5,000 bid and 5,002 asked at both; and the time."""
    path = path_of([Place("ALPHA", PlaceKind.LIT), Place("BETA", PlaceKind.LIT)], FixedPolicy())
    now = 1_767_630_000 * SECOND
    path.take_on(0, ParentOrder("P", INSTRUMENT, Side.BUY, 6_000, now, now + 600 * SECOND), linear(), 10 * SECOND,
                 Placing())  # fmt: skip
    path.ids(0, 1, 1_000)
    board = path.boards[0]
    board["heard"], board["last2"], board["volume"] = now, 10_002, 1_000
    for quote in (board, board["place"][0], board["place"][1]):
        quote["bid"], quote["ask"], quote["bid_size"], quote["ask_size"] = 5_000, 5_002, 300, 300
    board["place"]["time"] = now
    return path, now


def test_children_by_hand_and_what_may_rest_no_longer_on_a_board_of_two_venues() -> None:
    path, now = two_venues()
    by_hand.take_over(path.desk[0])
    count, verdict = by_hand.send_child(path, 0, Wanted(200, OrderKind.POST_ONLY, 0, 5_000), now + SECOND)
    assert (count, verdict.verdict, int(path.sends[0]["id"]), int(path.sends[0]["act"])) == (1, "passed", 1, Act.NEW)
    path.hear(0, 1, Word.ACK, 200, 0, now + SECOND)
    by_hand.bar(path.desk[0], ["ALPHA", "BETA"], ["ALPHA"])
    count, asking = path.turn(now + 2 * SECOND, moved=False)
    assert (count, asking, int(path.sends[0]["act"]), int(path.sends[0]["id"])) == (1, [], Act.CANCEL, 1)
    assert int(path.usages[0]["target"]) == 20  # the plan goes on, for the guard
    count, verdict = by_hand.send_child(path, 0, Wanted(300, OrderKind.LIMIT, 1, 5_002), now + 2 * SECOND)
    assert (count, verdict.quantity, int(path.desk[0]["working"])) == (1, 300, 500)
    path.hear(0, 2, Word.ACK, 300, 0, now + 2 * SECOND)
    assert by_hand.withdraw_child(path, 0, 2) == 1
    assert [int(stage) for stage in path.kids["stage"][:2]] == [Stage.CANCELLING, Stage.CANCELLING]
    path.hear(0, 1, Word.GONE, 0, 0, now + 3 * SECOND)
    path.hear(0, 2, Word.GONE, 0, 0, now + 3 * SECOND)
    assert int(path.desk[0]["working"]) == int(path.usages[0]["working"]) == 0


@pytest.mark.parametrize("side", list(Side))
def test_a_limit_that_moves_takes_back_only_what_is_beyond_it(side: Side) -> None:
    path, now = two_venues()
    path.desk[0]["side"] = path.usages[0]["side"] = int(side)
    by_hand.take_over(path.desk[0])
    touch = 5_000 if side > 0 else 5_002
    for oid, price in ((1, touch), (2, touch - 3 * int(side))):
        by_hand.send_child(path, 0, Wanted(100, OrderKind.POST_ONLY, 0, price), now + SECOND)
        path.hear(0, oid, Word.ACK, 100, 0, now + SECOND)
    by_hand.set_limit(path.desk[0], touch - int(side), 5_000, 5_002)
    path.turn(now + 2 * SECOND, moved=False)
    assert [int(stage) for stage in path.kids["stage"][:2]] == [Stage.CANCELLING, Stage.LIVE]
