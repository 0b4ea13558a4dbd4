"""Orders that wait for their release: nothing leaves before it, who and why are kept, in either state over a kill."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nowake.core.times import MINUTE, SECOND
from nowake.core.values import Side
from nowake.oms.conserve import differences
from nowake.oms.events import Allocated, BasketNew, Control, Event, ParentNew, ParentSaid
from nowake.oms.identifiers import text
from nowake.oms.states import Act, State
from nowake.service.staging import STAGED
from nowake.service.trader import Work

from .control_world import World, buy, worlds

Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Make a world whose trader has run for a while with a staged order."""
    with worlds(tmp_path, monkeypatch, buy(staged=True)) as one:
        yield one


def sound(world: World) -> None:
    oms = world.trader.keeper.oms
    assert differences(oms) == []
    assert oms.quarantined == 0


@pytest.mark.parametrize("kill", [False, True])
def test_a_staged_order_sends_nothing_until_it_is_released_by_somebody_with_a_reason(make: Make, kill: bool) -> None:
    world = make()
    if kill:
        world.restart()
        world.run(30.0)
    (parent,) = world.trader.parents
    assert parent.state == State.STAGED
    assert world.orders() == []
    assert parent.arrival2 == 0
    before = parent.end
    answer = world.done("release-order", "P")
    now = world.trader.now()
    assert answer.orders == (text(parent.id),)
    (said,) = [event for event in world.journal() if isinstance(event, Control)]
    assert (said.who, said.why, said.what, said.target) == ("ann", "a test", "release-order", text(parent.id))
    (released,) = [e for e in world.journal() if isinstance(e, ParentSaid) and e.act == Act.RELEASED]
    assert (released.who, released.reason) == ("ann", "a test")
    assert (parent.state, parent.start, parent.end) == (State.NEW, now, before)
    assert (int(world.row["start"]), int(world.row["end"])) == (now, before)
    world.run(60.0)
    assert world.orders()
    assert parent.arrival2 > 0
    assert not world.trader.alarms
    sound(world)


def test_the_guard_trusts_the_clock_of_an_order_that_has_waited_long(make: Make) -> None:
    world = make(buy(minutes=60.0, staged=True), seconds=600.0)
    world.done("release-order")
    assert int(world.trader.path.usages["jumped"].max()) == 0
    world.run(30.0)
    assert world.orders()


@pytest.mark.parametrize("after", [0.0, 40.0])
def test_a_released_order_goes_on_after_a_kill_where_it_stood(make: Make, after: float) -> None:
    world = make()
    world.done("limit", "P", "60")
    world.done("end", "P", "+4m")
    world.done("end", "P", "+15m")
    world.done("release-order", "P")
    window = (int(world.row["start"]), int(world.row["end"]))
    assert window[1] - window[0] == 15 * MINUTE
    world.run(after)
    filled = world.trader.parents[0].filled
    world.restart()
    (parent,) = world.trader.parents
    assert parent.filled >= filled
    assert (parent.start, parent.end) == (int(world.row["start"]), int(world.row["end"])) == window
    assert int(world.row["limit"]) == parent.price == 6_000
    assert not world.trader.alarms
    world.run(16 * 60.0, every=1.0)
    assert world.trader.done
    assert parent.filled == 6_000
    sound(world)


def test_a_kill_between_the_release_and_its_acceptance_leaves_the_order_released(make: Make) -> None:
    world = make()
    trader = world.trader
    trader.books.record(ParentSaid(trader.now(), trader.parents[0].id, Act.RELEASED, who="ann")).wait()
    world.restart()
    assert world.trader.parents[0].state == State.NEW
    world.run(60.0)
    assert world.orders()


def test_a_kill_between_the_control_and_the_release_leaves_the_order_staged(make: Make) -> None:
    world = make()
    trader, name = world.trader, text(world.trader.parents[0].id)
    world.done("end", "P", "+20m")
    trader.books.record(Control(trader.now(), "ann", "a test", "release-order", name)).wait()
    world.restart()
    assert world.trader.parents[0].state == State.STAGED
    world.run(30.0)
    assert world.orders() == []
    world.done("release-order", name)
    assert world.trader.parents[0].end == int(world.row["end"])
    assert world.trader.parents[0].end - world.trader.parents[0].start > 18 * MINUTE


def test_a_window_that_lies_ahead_stays_where_it_is(make: Make) -> None:
    world = make(Work("P", Side.BUY, 1_000, 120.0, 300.0, staged=True))
    start = world.trader.parents[0].start
    world.done("release-order")
    assert world.trader.parents[0].start == int(world.row["start"]) == start > world.trader.now()
    world.run(60.0)
    assert world.orders() == []
    world.run(60.0)
    assert world.orders()


def test_a_staged_order_whose_window_is_over_has_expired_and_cannot_be_released(make: Make) -> None:
    world = make(buy(minutes=1.0, staged=True), seconds=61.0)
    assert world.trader.parents[0].state == State.EXPIRED
    assert world.trader.done
    assert "one that is staged, got one that is expired" in world.refused("release-order", "P")
    assert world.orders() == []


def test_a_release_after_the_end_is_refused_although_nobody_has_ended_the_order_yet(make: Make) -> None:
    world = make(buy(minutes=1.0, staged=True), seconds=59.5)
    world.floor.run(world.floor.market.now + SECOND)
    assert "before its end" in world.refused("release-order", "P")
    assert world.trader.parents[0].state == State.STAGED


@pytest.mark.parametrize("kill", [False, True])
def test_a_staged_order_may_be_cancelled(make: Make, kill: bool) -> None:
    world = make()
    world.done("cancel", "P")
    if kill:
        world.restart()
    assert world.trader.parents[0].state == State.CANCELED
    assert world.trader.done
    world.run(5.0)
    assert world.orders() == []
    assert "got one that is canceled" in world.refused("release-order", "P")
    sound(world)


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("pause", ""), ("resume", ""), ("finish", ""), ("take-over", ""), ("hand-back", ""), ("withdraw", "1-1-7"),
        ("send", "100 limit 50 ALPHA"),
    ],
)  # fmt: skip
def test_what_only_a_released_order_can_be_told_is_refused(make: Make, what: str, value: str) -> None:
    assert what not in STAGED
    world = make()
    words = world.refused(what, "P", value)
    assert f"{what} of an order (expected one that is released, got one that is staged)" in words
    assert "release-order releases it" in words
    assert world.trader.parents[0].state == State.STAGED
    sound(world)


def test_a_staged_order_may_be_changed_and_keeps_it_over_kill_and_release(make: Make) -> None:
    world = make()
    venue = world.names[0]
    for what, value in (
        ("limit", "60"), ("cap", "20%"), ("venue-out", venue), ("strategy", "ac 3"), ("urgency", "0.5"),
        ("parameter", "patience=5s"),
    ):  # fmt: skip
        world.done(what, "P", value)
    assert world.trader.parents[0].price == 6_000
    assert world.trader.parents[0].state == State.STAGED
    names = ("limit", "cap", "barred", "urge", "patience")
    before = [world.row[name].item() for name in names]
    world.restart()
    assert (int(world.row["done"]), world.orders()) == (1, [])
    assert [world.row[name].item() for name in names] == before
    world.done("release-order", "P")
    assert [world.row[name].item() for name in names] == before
    world.done("limit", "P", "none")
    assert world.trader.parents[0].state == State.REPLACED
    sound(world)


def test_a_release_takes_no_value_and_only_what_is_staged(make: Make) -> None:
    world = make(buy("P", staged=True), buy("Q"))
    assert "value of release-order (expected none" in world.refused("release-order", "P", "now")
    assert "one that is staged, got one that is" in world.refused("release-order", "Q")
    assert "unknown order 'R'" in world.refused("release-order", "R")
    answer = world.done("release-order", "all")
    assert answer.orders == (text(world.trader.parents[0].id),)
    assert f"not order {text(world.trader.parents[1].id)}" in answer.words


def test_a_release_needs_who_and_why(make: Make) -> None:
    world = make()
    assert "who asks for it, and why" in world.refused("release-order", "P", who=" ")


def basket(make: Make, monkeypatch: pytest.MonkeyPatch, *work: Work) -> World:
    """A world whose trader has a basket."""
    whole = World._trader

    def named(self: World) -> Any:
        from nowake.service.trader import Setup, Trader

        setup = Setup(self.folder, self.folder / "none", self.work, decider=self.decider, basket="rebalance")
        return Trader(setup)

    assert whole is not named
    monkeypatch.setattr(World, "_trader", named)
    return make(*work)


def orders(events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, BasketNew | ParentNew)]


def test_a_basket_is_entered_once_and_released_together_by_its_name(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = (
        buy("P", 2_000, staged=True, account="red"), buy("Q", 1_000, staged=True, account="blue"),
        Work("R", Side.SELL, 500, 0.0, 600.0, staged=True),
    )  # fmt: skip
    world = basket(make, monkeypatch, *work)
    world.restart()
    new, *parents = orders(world.journal())
    assert (new.id, new.name) == (1, "rebalance")
    assert [(one.client, one.basket, one.account, one.staged) for one in parents] == [
        ("P", 1, "red", True), ("Q", 1, "blue", True), ("R", 1, "fund", True)
    ]  # fmt: skip
    world.done("cancel", "Q")
    answer = world.done("release-order", "rebalance")
    assert len(answer.orders) == 2
    assert "got one that is canceled" in answer.words
    world.done("pause", "rebalance")
    assert "for 3 orders" in world.refused("send", "rebalance", "100 limit 50 ALPHA")
    world.done("resume", "rebalance")
    world.run(650.0, every=1.0)
    oms = world.trader.keeper.oms
    assert [State(one.state) for one in world.trader.parents] == [State.FILLED, State.CANCELED, State.FILLED]
    assert (oms.position("red", "MIDC"), oms.position("blue", "MIDC"), oms.position("fund", "MIDC")) == (2_000, 0, -500)
    sound(world)


def test_a_kill_while_a_basket_is_entered_leaves_one_basket_with_all_its_orders(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nowake.oms.keeper import Keeper

    enter, entered = Keeper.enter, list[Any]()

    def dying(self: Keeper, event: ParentNew) -> Any:
        if len(entered) == 1:
            raise KeyboardInterrupt
        entered.append(event)
        return enter(self, event)

    work = (buy("P", 1_000, staged=True), buy("Q", 1_000, staged=True))
    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "enter", dying)
        with pytest.raises(KeyboardInterrupt):
            basket(make, monkeypatch, *work)
    world = basket(make, monkeypatch, *work)
    new, *parents = orders(world.journal())
    assert [one.client for one in parents] == ["P", "Q"]
    assert {one.basket for one in parents} == {new.id}
    assert world.trader.keeper.oms.baskets[1].parents == [one.id for one in parents]


def test_an_order_is_allocated_by_its_trader_when_it_is_over_and_stays_so_after_a_kill(make: Make) -> None:
    world = make(buy("P", 1_000, staged=True), buy("Q", 500, minutes=60.0))
    assert "before the parent is over" in world.refused("allocate", "P", "red=1000")
    world.done("release-order", "P")
    world.run(620.0, every=1.0)
    assert world.trader.parents[0].state == State.FILLED
    assert "of 900 shares, 1000 are filled" in world.refused("allocate", "P", "red=900")
    answer = world.done("allocate", "P", "pro-rata red=1,blue=2")
    assert answer.words.endswith("333 to red, 667 to blue")
    world.restart()
    oms = world.trader.keeper.oms
    assert (oms.position("red", "MIDC"), oms.position("blue", "MIDC")) == (333, 667)
    assert "a second time" in world.refused("allocate", "P", "red=1000")
    (event,) = [one for one in world.journal() if isinstance(one, Allocated)]
    assert (event.who, event.why) == ("ann", "a test")
    sound(world)
