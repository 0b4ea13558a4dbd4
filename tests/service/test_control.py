"""A person's controls of a running trader: journalled with who and why, in force at once, and after a kill."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nowake.core.intent import OrderKind, Tactic
from nowake.core.times import MINUTE
from nowake.core.venue import Cancel, MassCancel, New, OrderStatus, VenueEvent
from nowake.execution.desk_state import CURVE, Hands, Stage
from nowake.execution.policy import FixedPolicy
from nowake.oms.conserve import differences
from nowake.oms.events import ChildNew, Control, KillPressed, KillReleased
from nowake.oms.identifiers import text
from nowake.oms.orders import Flag
from nowake.oms.states import CLOSED, State
from nowake.risk.limits import PPM
from nowake.risk.switches import Level
from nowake.service.control_kill import MASS_PATIENCE, press_again
from nowake.service.control_wire import Asked
from nowake.service.reconcile import Difference
from nowake.service.taking_up import volume_before

from .control_world import World, buy, worlds

Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Make a world whose trader has run for a while."""
    with worlds(tmp_path, monkeypatch) as one:
        yield one


def said(world: World, what: str) -> list[Control]:
    return [event for event in world.journal() if isinstance(event, Control) and event.what == what]


def resting(world: World) -> np.ndarray:
    stages, working = world.trader.path.kids["stage"], world.trader.path.working
    rest = np.isin(working["kind"], (OrderKind.LIMIT, OrderKind.POST_ONLY, OrderKind.MID_PEG))
    return working[rest & (stages != Stage.FREE) & (stages != Stage.CANCELLING)]


def withdrawn(world: World) -> set[int]:
    """The orders that a cancel of their own, or a mass cancel of their venue, has been sent for."""
    names, working = world.names, world.trader.path.working
    mass = [names.index(one.venue or "") for one in world.floor.sent if isinstance(one, MassCancel)]
    alone = {one.order_id for one in world.floor.sent if isinstance(one, Cancel)}
    return alone | set(working["id"][np.isin(working["venue"], mass)].tolist())


def until_resting(world: World) -> None:
    """Let the market run until the trader has something resting."""
    for _ in range(400):
        if len(resting(world)):
            return
        world.run(0.25)
    raise AssertionError("nothing rests")


def test_a_pause_is_in_the_journal_with_who_and_why_and_holds_at_the_next_event(make: Make) -> None:
    world = make()
    answer = world.done("pause", "P")
    parent = world.trader.parents[0]
    assert answer.orders == (text(parent.id),)
    (event,) = said(world, "pause")
    assert (event.who, event.why, event.target, event.value) == ("ann", "a test", text(parent.id), "")
    assert parent.state == State.SUSPENDED
    before = len(world.orders())
    world.run(60.0)
    assert len(world.orders()) == before
    world.done("resume", text(parent.id))
    world.run(60.0)
    assert len(world.orders()) > before
    assert parent.state in (State.NEW, State.PARTIALLY_FILLED)


@pytest.mark.parametrize("peace", [True, False])
def test_a_paused_order_is_paused_after_a_restart(make: Make, peace: bool) -> None:
    world = make()
    world.done("pause")
    world.restart(peace=peace)
    before = len(world.orders())
    world.run(40.0)
    assert int(world.row["hands"]) == Hands.PAUSED
    assert len(world.orders()) == before
    world.done("resume")
    world.run(40.0)
    assert len(world.orders()) > before


def test_everything_that_was_changed_stays_changed_after_a_kill(make: Make) -> None:
    world = make()
    now, ask = world.trader.now(), int(world.trader.desk.board["ask"])
    venue = world.names[0]
    for what, value in (
        ("end", "+5m"), ("limit", f"{(ask + 40) / 100:.2f}"), ("cap", "20%"), ("venue-out", venue.lower()),
        ("strategy", "ac 3"), ("urgency", "0.5"), ("parameter", "patience=5s"), ("take-over", "keep"),
    ):  # fmt: skip
        world.done(what, "P", value)
    names = ("end", "limit", "cap", "barred", "urge", "patience", "hands", "keep", "interval", "follow")
    before = {name: world.row[name].item() for name in names}
    assert before["end"] == now + 5 * MINUTE
    assert (before["limit"], before["cap"], before["barred"]) == (ask + 40, 0.2, 1)
    assert int(world.trader.path.usages[0]["limit"]) == ask + 40 == world.trader.parents[0].price
    world.run(10.0)
    shape = rest_shape(world)
    world.restart()
    assert {name: world.row[name].item() for name in names} == before
    assert int(world.trader.path.usages[0]["limit"]) == ask + 40
    assert rest_shape(world) == pytest.approx(shape, abs=0.02)
    world.done("limit", "P", "none")
    world.done("venue-in", "P", venue)
    world.restart()
    assert (int(world.row["limit"]), int(world.row["barred"])) == (0, 0)
    assert world.trader.alarms == []


def rest_shape(world: World) -> list[float]:
    """The parts of the rest that the plan wants done at quarters of what is left of the window."""
    d, now = world.row, world.trader.now()
    start, end = int(d["start"]), int(d["end"])
    at = np.interp(np.linspace(now, end, 5), np.linspace(start, end, CURVE + 1), d["curve"])
    return list((at - at[0]) / (1 - at[0]))


def test_a_control_that_cannot_be_carried_out_any_more_leaves_its_order_paused(make: Make) -> None:
    world = make()
    name = text(world.trader.parents[0].id)
    world.trader.books.record(Control(world.trader.now(), "ann", "gone since", "venue-out", name, "OMEGA")).wait()
    world.restart()
    assert int(world.row["hands"]) == Hands.PAUSED
    (alarm,) = world.trader.alarms
    assert "unknown venue 'OMEGA'" in alarm.text


def test_a_cancelled_order_is_withdrawn_and_over_in_the_journal(make: Make) -> None:
    world = make(buy("P"), buy("Q"))
    world.done("cancel", "P")
    assert "being cancelled" in world.refused("resume", "P")
    world.run(5.0)
    first, second = world.trader.parents
    assert first.state == State.CANCELED
    assert not CLOSED[second.state]
    assert int(world.row["done"]) == 1
    assert "over" in world.refused("pause", "P")
    assert world.done("pause", "all").orders == (text(second.id),)
    world.restart()
    assert int(world.row["done"]) == 1
    assert not world.trader.done


def test_a_cancel_goes_on_after_a_kill(make: Make) -> None:
    world = make()
    world.done("cancel")
    world.restart()
    world.run(1.0)
    assert world.trader.parents[0].state == State.CANCELED
    assert world.trader.done


def test_finish_now_takes_the_rest_also_of_a_paused_order(make: Make) -> None:
    world = make(buy(quantity=3_000))
    world.done("pause")
    world.done("finish")
    world.run(60.0)
    assert world.trader.parents[0].state == State.FILLED
    assert world.filled_at_venue() == 3_000


def test_a_person_takes_over_sends_children_and_hands_back(make: Make) -> None:
    world = make()
    assert "a person has taken it over" in world.refused("send", "P", "100 ioc 50.00 ALPHA")
    world.done("take-over", "P")
    world.run(2.0)
    assert not len(resting(world))
    ask, venue = int(world.trader.desk.board["ask"]), world.names[0]
    parent = world.trader.parents[0]
    filled, before = parent.filled, len(parent.children)
    answer = world.done("send", "P", f"200 limit {ask / 100:.2f} {venue}")
    assert f"200 limit at {ask} ticks at {venue}" in answer.words
    world.run(20.0)
    assert len(parent.children) == before + 1
    assert parent.filled > filled
    low = world.done("send", "P", f"300 limit {(ask - 30) / 100:.2f} {venue}")
    child = low.words.split()[1].rstrip(":")
    world.run(2.0)
    world.done("withdraw", "P", child)
    world.run(2.0)
    oms = world.trader.keeper.oms
    assert oms.children[parent.children[-1]].state == State.CANCELED
    world.done("hand-back", "P")
    world.run(30.0)
    assert len(parent.children) > before + 2
    order = [event for event in world.journal() if isinstance(event, Control | ChildNew)]
    first = next(k for k, event in enumerate(order) if isinstance(event, Control) and event.what == "send")
    assert isinstance(order[first + 1], ChildNew)
    assert differences(oms) == []


def test_a_persons_child_beyond_a_limit_of_the_policy_is_refused_with_the_reason(make: Make) -> None:
    world = make()
    world.done("take-over", "P")
    world.run(2.0)
    before = len(world.orders())
    words = world.refused("send", "P", f"50 mid-peg {world.names[3]}")
    assert "smaller than dark_minimum_shares" in words
    assert len(world.orders()) == before
    (event,) = said(world, "refused send")
    assert "dark_minimum_shares" in event.why
    assert event.value == f"50 mid-peg {world.names[3]}"
    big = world.done("send", "P", f"5000 limit {int(world.trader.desk.board['bid']) / 100:.2f} {world.names[0]}")
    assert "changed by the guard" in big.words or "5000 limit" in big.words


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (Asked("paus", "P", "", "ann", "x"), "did you mean 'pause'?"),
        (Asked("pause", "Q", "", "ann", "x"), "unknown order 'Q'"),
        (Asked("pause", "P", "now", "ann", "x"), "value of pause"),
        (Asked("pause", "P", "", "", "x"), "who asks for it, and why, got no who)"),
        (Asked("pause", "P", "", "ann", " "), "and why, got no why)"),
        (Asked("resume", "P", "", "ann", "x"), "expected it is paused"),
        (Asked("end", "P", "-5m", "ann", "x"), "+10m from now"),
        (Asked("end", "P", "09:31", "ann", "x"), "end of an order"),
        (Asked("end", "P", "23:59", "ann", "x"), "by the close"),
        (Asked("cap", "P", "0", "ann", "x"), "above 0 to 1"),
        (Asked("cap", "P", "150%", "ann", "x"), "above 0 to 1"),
        (Asked("cap", "P", "much", "ann", "x"), "participation cap"),
        (Asked("urgency", "P", "2", "ann", "x"), "0 to 1"),
        (Asked("limit", "P", "50.005", "ann", "x"), "multiple of"),
        (Asked("limit", "P", "cheap", "ann", "x"), "price"),
        (Asked("venue-out", "P", "ALFA", "ann", "x"), "did you mean 'ALPHA'?"),
        (Asked("venue-in", "P", "ALPHA", "ann", "x"), "left out"),
        (Asked("strategy", "P", "wvap", "ann", "x"), "did you mean 'vwap'?"),
        (Asked("parameter", "P", "patiens=1s", "ann", "x"), "did you mean 'patience'?"),
        (Asked("parameter", "P", "patience", "ann", "x"), "NAME=VALUE"),
        (Asked("take-over", "P", "maybe", "ann", "x"), "keep"),
        (Asked("send", "P", "100 ALPHA", "ann", "x"), "QUANTITY KIND"),
        (Asked("send", "P", "100 limt 50 ALPHA", "ann", "x"), "did you mean 'limit'?"),
        (Asked("withdraw", "P", "seven", "ann", "x"), "order id"),
        (Asked("kill", "frim", "", "ann", "x"), "firm, or one of"),
        (Asked("kill", "symbol:MIDD", "", "ann", "x"), "did you mean 'MIDC'?"),
        (Asked("kill", "firm", "softly", "ann", "x"), "unknown level"),
        (Asked("release", "firm", "", "ann", "x"), "the second person"),
        (Asked("release", "firm", "risk.officer", "ann", "x"), "nothing to resume"),
        (Asked("limit", "P", "1e400", "ann", "x"), "below 2^40 ticks"),
        (Asked("limit", "P", "1e15", "ann", "x"), "below 2^40 ticks"),
        (Asked("limit", "P", "-5", "ann", "x"), "above 0"),
        (Asked("end", "P", f"+{'9' * 400}h", "ann", "x"), "+10m from now"),
        (Asked("end", "P", "9" * 400, "ann", "x"), "by the close"),
        (Asked("parameter", "P", f"patience={'9' * 400}h", "ann", "x"), "a day at most"),
        (Asked("parameter", "P", "patience=25h", "ann", "x"), "a day at most"),
        (Asked("parameter", "P", "slack=1e308", "ann", "x"), "0 to 1,000,000"),
        (Asked("withdraw", "P", "9" * 400, "ann", "x"), "taken it over"),
    ],
    ids=lambda one: one if isinstance(one, str) else f"{one.what} {one.value}",
)
def test_what_cannot_be_is_refused_changes_nothing_and_is_written_down(
    quiet: World, asked: Asked, what: str
) -> None:  # fmt: skip
    before = quiet.trader.path.desk.tobytes()
    answer = quiet.controls.apply(asked)
    assert not answer.done
    assert what in f"{answer.words} {answer.hint}"
    assert quiet.trader.path.desk.tobytes() == before
    assert quiet.trader.kill.held == ()
    refused = [event for event in quiet.journal() if isinstance(event, Control)][-1]
    assert refused.what == f"refused {asked.what}"
    assert (refused.who, refused.target, refused.value) == (asked.who, asked.target, asked.value)
    assert what in refused.why


@pytest.mark.parametrize(
    ("what", "value"),
    [("send", "100 limit 1e400 ALPHA"), ("send", f"{'9' * 400} ioc 50 ALPHA"), ("withdraw", "9" * 400)],
)
def test_numbers_that_no_record_holds_are_refused_of_a_person_too(make: Make, what: str, value: str) -> None:
    world = make()
    world.done("take-over", "P")
    world.refused(what, "P", value)
    world.run(2.0)
    assert world.trader.alarms == []


NUMBERS = st.one_of(
    st.integers(-(10**30), 10**30).map(str),
    st.floats().map(str),
    st.from_regex(r"[+-]?[0-9]{1,4}(e[0-9]{1,3})?", fullmatch=True),
    st.sampled_from(["", "none", "1e400", "inf", "-inf", "9" * 400, "sNaN", "0x1", "1_000", "٣"]),
)  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    what=st.sampled_from(["limit", "cap", "urgency", "end", "parameter", "strategy", "send", "withdraw", "allocate"]),
    form=st.sampled_from(
        ["{}", "+{}h", "{}%", "patience={}s", "slack={}", "pov {}", "ac {}", "{0} limit {0} ALPHA", "red={}"]
    ),
    number=NUMBERS,
)  # fmt: skip
def test_whatever_number_a_person_says_the_trader_answers(heard: World, what: str, form: str, number: str) -> None:
    answer = heard.say(what, "P", form.format(number))
    assert answer.words
    heard.run(0.25)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A world that hears strange numbers."""
    with pytest.MonkeyPatch.context() as patch:
        world = World(tmp_path_factory.mktemp("heard"), [buy(minutes=60.0)], patch)
        world.run(5.0)
        yield world
        world.trader._opened.close()


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One world for everything that is refused."""
    with pytest.MonkeyPatch.context() as patch:
        world = World(tmp_path_factory.mktemp("quiet"), [buy()], patch)
        world.run(5.0)
        yield world
        world.trader._opened.close()


def test_a_limit_away_from_the_market_is_taken_and_told(make: Make) -> None:
    world = make()
    answer = world.done("limit", "P", f"{(int(world.trader.desk.board['bid']) - 200) / 100:.2f}")
    assert "nothing trades until it comes back" in answer.words
    before, filled, limit = len(world.orders()), world.trader.parents[0].filled, int(world.row["limit"])
    world.run(20.0)
    assert all(one.price and one.price <= limit for one in world.orders()[before:] if isinstance(one, New))
    assert world.trader.parents[0].filled == filled


def test_a_press_stops_everything_at_once_and_needs_a_second_person_to_go_on(make: Make) -> None:
    world = make(buy("P"), buy("Q"))
    until_resting(world)
    live = set(resting(world)["id"].tolist())
    before = len(world.orders())
    answer = world.done("kill", "firm", who="risk.officer")
    assert live <= withdrawn(world)
    assert "firm is stopped (cancel_all)" in answer.words
    (pressed,) = [event for event in world.journal() if isinstance(event, KillPressed)]
    assert (pressed.scope, pressed.level, pressed.who, pressed.why) == ("firm", "cancel_all", "risk.officer", "a test")
    world.run(30.0)
    assert len(world.orders()) == before
    assert not len(resting(world))
    assert not world.trader.keeper.oms.open
    world.restart()
    world.run(10.0)
    assert len(world.orders()) == before
    assert json.loads((world.folder / "kill.json").read_text())["pressed"][0]["scope"] == "firm"
    assert "a second person" in world.refused("release", "firm", "risk.officer", who="ann")
    assert "unknown approver" in world.refused("release", "firm", "somebody", who="ann")
    assert "a second person" in world.refused("release", "firm", "duty.officer", who="duty.officer")
    world.done("release", "firm", "duty.officer", who="ann")
    (released,) = [event for event in world.journal() if isinstance(event, KillReleased)]
    assert (released.who, released.second) == ("ann", "duty.officer")
    world.run(40.0)
    assert len(world.orders()) > before
    assert differences(world.trader.keeper.oms) == []


def test_one_order_one_venue_and_a_pause_are_stopped_alone(make: Make) -> None:
    world = make(buy("P"), buy("Q"))
    world.done("kill", "order:P", "pause")
    before = {one.id: len(one.children) for one in world.trader.parents}
    world.run(30.0)
    first, second = world.trader.parents
    assert len(first.children) == before[first.id]
    assert len(second.children) > before[second.id]
    venue = world.names[0]
    world.done("kill", f"venue:{venue}")
    children = world.trader.keeper.oms.children
    known = len(children)
    world.run(30.0)
    assert not [one for one in list(children.values())[known:] if one.venue == venue]
    assert not [one for one in world.trader.keeper.oms.open.values() if one.venue == venue]


def test_a_cancel_that_a_venue_refuses_is_asked_for_again(make: Make) -> None:
    world = make()
    until_resting(world)
    sent: list[object] = []
    world.trader.desk.venue = Sink(sent)
    world.done("kill", "firm")
    world.trader.step(0.0)
    asked = list(sent)
    assert asked
    assert len(set(asked)) == len(asked)
    path = world.trader.path
    (row, *_) = np.flatnonzero(path.kids["stage"] == Stage.CANCELLING)
    path.kids["stage"][row] = int(Stage.LIVE)  # as a refused cancel leaves it
    world.trader.step(0.0)
    world.trader.step(0.0)
    assert sent == [*asked, Cancel(int(path.working["id"][row]))]


def test_what_the_journal_says_is_pressed_is_pressed_although_the_file_was_lost_in_between(make: Make) -> None:
    world = make()
    trader = world.trader
    trader.books.record(KillPressed(trader.now(), "symbol:MIDC", "pause", "ann", "a crash came")).wait()
    press_again(trader)
    assert trader.kill.level("symbol", "MIDC") is Level.PAUSE
    assert "pressed again" in trader.alarms[-1].text
    before = len(world.orders())
    world.run(20.0)
    assert len(world.orders()) == before


def test_a_press_works_although_the_journal_has_failed(make: Make) -> None:
    world = make()
    live = set(resting(world)["id"].tolist())
    world.trader.keeper.writer.failure = OSError("disk full")
    answer = world.say("kill", "firm")
    assert answer.done
    assert "the journal could not be written" in answer.words
    assert live <= withdrawn(world)
    assert world.trader.kill.level("firm") is Level.CANCEL_ALL
    world.trader.keeper.writer.failure = None


def test_a_thousand_children_are_withdrawn_in_the_call_that_presses(make: Make) -> None:
    world = thousand(make)
    path, sent = world.trader.path, list[object]()
    world.trader.desk.venue = Sink(sent)
    answer = world.done("kill", "symbol:MIDC")
    assert len(sent) == 1_000 == len(set(sent))
    assert "1000 orders withdrawn" in answer.words
    assert all(isinstance(one, Cancel) for one in sent)
    assert (path.kids["stage"][path.working["leaves"] > 0] == Stage.CANCELLING).all()
    assert len([event for event in world.journal() if isinstance(event, KillPressed)]) == 1


def test_a_press_on_the_firm_takes_one_mass_cancel_and_what_has_no_answer_is_then_cancelled_alone(make: Make) -> None:
    world = thousand(make)
    sent, keeper = list[object](), world.trader.keeper
    world.trader.desk.venue = Sink(sent)
    answer = world.done("kill", "firm")
    assert sent == [MassCancel(world.names[0])]
    assert "1000 orders withdrawn" in answer.words
    assert len([event for event in world.journal() if isinstance(event, KillPressed)]) == 1
    assert all(child.flags & Flag.CANCEL_PENDING for child in keeper.oms.open.values())
    world.trader.step(0.0)
    assert len(sent) == 1
    world.floor.run(world.floor.market.now + MASS_PATIENCE)
    world.trader.step(0.0)
    world.trader.step(0.0)
    assert len(sent) == 1_001 == len(set(sent))
    assert {one.order_id for one in sent[1:] if isinstance(one, Cancel)} == set(keeper.oms.open)


def test_a_mass_cancel_that_meets_cancels_on_their_way_and_orders_in_flight_leaves_clean_books(make: Make) -> None:
    world = make()
    world.done("take-over", "P")
    world.run(2.0)
    bid, venue, oms = int(world.trader.desk.board["bid"]), world.names[0], world.trader.keeper.oms
    for back in (5, 6, 7, 8):
        world.done("send", "P", f"200 limit {(bid - back) / 100:.2f} {venue}")
    world.run(2.0)
    first, *_ = sorted(oms.open)
    world.done("withdraw", "P", text(first))  # on its way when the press comes
    world.done("send", "P", f"10 ioc {int(world.trader.desk.board['place'][0]['ask']) / 100:.2f} {venue}")
    world.done("send", "P", f"100 limit {(bid - 9) / 100:.2f} {venue}")
    before = len(world.floor.sent)
    world.done("kill", "firm")
    assert world.floor.sent[before:] == [MassCancel(venue)]
    world.run(10.0)
    assert not oms.open
    assert oms.quarantined == 0
    assert differences(oms) == []
    assert world.trader.kill.level("firm") is Level.CANCEL_ALL
    assert not [one.text for one in world.trader.alarms if "differs" in one.text]
    ended = [oms.children[number].state for number in world.trader.parents[0].children]
    assert ended.count(State.CANCELED) >= 5
    world.restart()
    world.run(2.0)
    assert not world.trader.keeper.oms.open


def thousand(make: Make) -> World:
    """A world with 1,000 children at its first venue, 40 of each of 25 orders."""
    work = [buy(f"P{k}", quantity=10_000) for k in range(25)]
    world = make(*work, seconds=0.5, decider=FixedPolicy(Tactic.JOIN, rate=0.0))
    path, ids = world.trader.path, world.trader.keeper.ids
    kids = len(path.kids) // 25
    for i, parent in enumerate(world.trader.parents):
        for row in range(i * kids, i * kids + 40):
            oid = ids.next(parent.id)
            world.trader.keeper.place(ChildNew(1, oid, parent.id, world.names[0], 1, 100, 5_000))
            path.kids["stage"][row], w = int(Stage.LIVE), path.working[row]
            w["id"], w["parent"], w["side"], w["kind"], w["leaves"] = oid, i, 1, int(OrderKind.LIMIT), 100
    return world


class Sink:
    """A venue that notes what it is sent, and says nothing."""

    def __init__(self, sent: list[object]) -> None:
        self.sent = sent

    def send(self, command: object) -> None:
        self.sent.append(command)

    def events(self) -> list[VenueEvent]:
        return []

    def status(self, scope: int | str | None = None) -> list[OrderStatus]:  # noqa: ARG002
        return []


def test_a_drop_copy_that_differs_stops_all_trading_and_alarms(make: Make) -> None:
    world = make()
    trader = world.trader
    until_resting(world)
    oid = trader.parents[0].children[0]
    compare = trader.drop.compare
    trader.drop.compare = lambda *_: [Difference(1, oid, "a fill of 60 shares is missing")]  # type: ignore[method-assign]
    trader.step(0.0)
    trader.drop.compare = compare  # type: ignore[method-assign]
    assert "a fill of 60 shares is missing" in trader.alarms[0].text
    before = len(world.orders())
    world.run(10.0)
    assert len(world.orders()) == before
    assert not len(resting(world))
    (pressed,) = [event for event in world.journal() if isinstance(event, KillPressed)]
    assert (pressed.who, pressed.scope) == ("nowake", "firm")
    assert "drop copy differs" in pressed.why
    world.restart()
    world.run(5.0)
    assert len(world.orders()) == before


def test_others_may_add_a_word_of_their_own(make: Make) -> None:
    world, heard = make(seconds=1.0), list[Asked]()

    def load(asked: Asked) -> str:
        heard.append(asked)
        assert said(world, "policy")[0].value == "tight.toml"  # on disk before it is carried out
        return "loaded"

    world.controls.add("policy", load)
    assert world.done("policy", "firm", "tight.toml").words == "loaded"
    assert [one.value for one in heard] == ["tight.toml"]


def test_a_trader_that_is_stopping_hears_no_control_but_a_press(make: Make) -> None:
    world = make(seconds=2.0)
    world.trader.stopping = True
    assert "stopping" in world.refused("resume")
    assert world.say("kill", "firm").done


def test_money_and_position_of_earlier_lives_count(make: Make) -> None:
    world = make(buy(quantity=3_000), seconds=0.0, decider=FixedPolicy(Tactic.CROSS))
    world.run(120.0)
    usages = world.trader.path.usages
    before = int(usages[0]["money"]), int(usages[0]["position"])
    assert before[1] > 0
    world.restart()
    usages = world.trader.path.usages
    assert int(usages[0]["position"]) == before[1]
    assert int(usages[0]["money"]) == pytest.approx(before[0], rel=0.02)
    assert int(usages[0]["venue_money"].sum()) == pytest.approx(int(usages[0]["money"]), abs=10)


WORDS = st.sampled_from([
    ("pause", ""), ("resume", ""), ("finish", ""), ("take-over", ""), ("take-over", "keep"), ("hand-back", ""),
    ("cap", "10%"), ("cap", "none"), ("end", "+2m"), ("end", "+8m"), ("strategy", "ac 4"), ("strategy", "pov 0.2"),
    ("strategy", "vwap"), ("venue-out", "ALPHA"), ("venue-in", "ALPHA"), ("urgency", "1"), ("limit", "none"),
    ("parameter", "pace=2s"), ("send", "300 market BETA"), ("send", "100 mid_peg OPAL"), ("kill", "pause"),
    ("free", ""), ("restart", ""),
])  # fmt: skip


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=st.lists(st.tuples(WORDS, st.integers(1, 30)), min_size=4, max_size=10))
def test_whatever_people_do_shares_are_conserved_and_nothing_leaves_while_paused(
    script: list[tuple[tuple[str, str], int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        world = World(tmp_path_factory.mktemp("script"), [buy(quantity=20_000)], patch)
        for (what, value), seconds in script:
            act(world, what, value)
            world.run(seconds, 0.5, lambda: check(world))
        world.trader._opened.close()


def act(world: World, what: str, value: str) -> None:
    if what == "restart":
        world.restart()
    elif what == "kill":
        world.say("kill", "firm", value)
    elif what == "free":
        world.say("release", "firm", "duty.officer", who="head.of.trading")
    else:
        world.say(what, "P", value)
    check.left = len(world.orders())  # type: ignore[attr-defined]


def check(world: World) -> None:
    """Desk, guard, journal and venue agree; nothing new has left since the order was stopped."""
    d, u, parent = world.row, world.trader.path.usages[0], world.trader.parents[0]
    kids, working = world.trader.path.kids, world.trader.path.working
    out = int(working["leaves"][kids["stage"] != Stage.FREE].sum())
    assert int(d["working"]) == out == int(u["working"])
    assert int(d["filled"]) == int(u["filled"]) == parent.filled
    assert parent.filled + parent.working <= parent.quantity
    assert int(d["filled"]) + out <= int(d["quantity"])
    assert differences(world.trader.keeper.oms) == []
    assert int(d["limit"]) == parent.price == int(u["limit"])
    paused = int(d["hands"]) == Hands.PAUSED
    assert paused == (parent.state == State.SUSPENDED)
    if paused or int(d["hands"]) == Hands.HUMAN or world.trader.kill.level("firm") >= Level.PAUSE:
        assert len(world.orders()) == check.left  # type: ignore[attr-defined]


def test_the_part_of_the_volume_counts_from_a_restart(make: Make) -> None:
    """Volume of before is not journalled: fills of before must not stop an order until as much has traded again."""
    world = make(buy(quantity=30_000))
    world.run(180.0)
    filled = world.trader.parents[0].filled
    assert filled > 1_000
    world.restart(peace=False)
    world.run(20.0)
    u, limit = world.trader.path.usages[0], int(world.trader.path.limits[0]["participation"])
    others = int(world.trader.path.boards[0]["volume"]) - int(u["volume_start"]) - int(u["filled"])
    assert 0 < limit < PPM
    assert limit * others // (PPM - limit) >= filled
    assert int(u["volume_start"]) >= 0


@pytest.mark.parametrize(("filled", "part", "volume"), [(100, 300_000, 334), (7, 100_000, 70), (9, PPM, 9), (0, 1, 0)])
def test_the_least_volume_that_allows_fills(filled: int, part: int, volume: int) -> None:
    assert volume_before(filled, part) == volume
