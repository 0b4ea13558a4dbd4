"""Each order is under the limits and switches of its own strategy and order, by hand too; a day's loss stops a desk."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.core.intent import Origin, Tactic
from nowake.core.times import DAY, SECOND
from nowake.execution.desk_state import Hands, Stage
from nowake.execution.hearing import Word
from nowake.execution.opening import compile_rows
from nowake.execution.policy import FixedPolicy
from nowake.oms.conserve import differences
from nowake.risk.kill_file import Held
from nowake.risk.limits import Traded
from nowake.risk.policy import load, policy_text
from nowake.risk.reasons import Reason
from nowake.risk.scopes import Scope
from nowake.risk.switches import Level
from nowake.service.limiting import idle_words, put_in_force, stops
from nowake.service.supervise import supervise
from nowake.service.supervise_alerts import Alert, Alerts
from nowake.service.taking_up import count_money
from nowake.service.trade_watch import Watch

from .control_world import World, buy, worlds

Make = Callable[..., World]
MANUAL = "max_child_shares = 5_000"  # of strategy.manual
DAY_OF_SYMBOL = ("cash2", "fees", "carried", "open2", "position")


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Make a world whose trader has run for a while under the default policy with `replaced` text."""
    with worlds(tmp_path, monkeypatch) as any_:
        yield lambda *work, replaced, **more: any_(*work, policy=_policy(tmp_path, replaced), **more)


def _policy(folder: Path, replaced: Sequence[tuple[str, str]]) -> str:
    """Write the default policy with `replaced` text, and return where it is."""
    text = policy_text("default")
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "policy.toml").write_text(text, encoding="utf-8")
    return str(folder / "policy.toml")


def sizes(world: World, i: int) -> list[int]:
    oms = world.trader.keeper.oms
    return [oms.children[number].quantity for number in world.trader.parents[i].children]


TWO = (
    ("[strategy.schedule]", "[strategy.twap]\nmax_child_shares = 60\n\n[strategy.schedule]\nmax_open_orders = 7\n#"),
    ("[symbol.SMLC]", "[order.V]\nmax_child_shares = 90\n\n[symbol.SMLC]"),
    (MANUAL, MANUAL.replace("5_000", "50")),
    ("max_daily_loss = 100_000.0", 'max_daily_loss = 100_000.0\n\n[strategy.ac]\nsides = ["sell"]'),
    ("dark_minimum_shares = 100 ", "dark_minimum_shares = 10 "),
)


def two(make: Make, **more: Any) -> World:
    works = (buy("T", 3_000, algo="twap"), buy("V", 3_000, algo="vwap"))
    return make(*works, replaced=TWO, decider=FixedPolicy(Tactic.CROSS), **more)


def test_two_orders_of_one_trader_are_each_under_their_own_strategy_and_order(make: Make) -> None:
    world = two(make, seconds=60.0)
    limits = world.trader.path.limits
    assert limits["max_child"].tolist() == [60, 90]
    assert limits["open_orders"].tolist() == [40, 7]
    assert sizes(world, 0)
    assert max(sizes(world, 0)) <= 60
    assert 60 < max(sizes(world, 1)) <= 90
    assert differences(world.trader.keeper.oms) == []


def test_what_a_person_sends_is_under_manual_and_under_its_order(make: Make) -> None:
    world = two(make)
    path = world.trader.path
    assert path.hand_limits["max_child"].tolist() == [50, 50]
    assert path.hand_limits["collar_quote"].tolist() == [1_000, 1_000]  # 10 bp
    world.done("take-over", "V")
    world.run(1.0)
    ask = int(world.trader.desk.board["ask"])
    answer = world.done("send", "V", f"200 limit {(ask - 30) / 100:.2f} ALPHA")
    assert ": 50 limit" in answer.words
    assert "changed by the guard: more than max_child_shares" in answer.words
    assert limits_of(world) == [60, 90]


def limits_of(world: World) -> list[int]:
    return world.trader.path.limits["max_child"].tolist()  # type: ignore[no-any-return]


def test_a_tightening_of_manual_withdraws_what_a_person_has_resting_and_nothing_else(make: Make) -> None:
    world = two(make)
    trader = world.trader
    world.done("take-over", "V")
    world.run(1.0)
    bid = int(trader.desk.board["bid"])
    world.done("send", "V", f"50 limit {(bid - 30) / 100:.2f} ALPHA")
    world.run(1.0)
    kids = trader.path.kids
    (row,) = np.flatnonzero((kids["origin"] == Origin.HUMAN) & (kids["stage"] == Stage.LIVE)).tolist()
    text = Path(world.policy).read_text().replace("max_child_shares = 50", "max_child_shares = 40")
    Path(world.policy).write_text(text)
    new = compile_rows(load(world.policy), trader.scopes, Traded(trader.setup.instrument, trader.names))
    (gone,) = put_in_force(trader.desk, *new, trader.now())
    assert (gone.order_id, gone.quantity, gone.words) == (
        int(trader.path.working["id"][row]), 40, "more than max_child_shares",
    )  # fmt: skip
    assert (limits_of(world), trader.path.hand_limits["max_child"].tolist()) == ([60, 90], [40, 40])
    world.run(2.0)
    assert trader.path.kids["stage"][row] == Stage.FREE


def test_after_a_switch_of_strategy_limits_and_kill_switch_follow_also_over_a_restart(make: Make) -> None:
    world = two(make)
    assert "sides of strategy.ac" in world.refused("strategy", "T", "ac 2")
    assert world.trader.scopes[0].strategy == "twap"
    world.done("strategy", "T", "vwap")
    assert limits_of(world) == [20_000, 90]
    world.restart()
    assert limits_of(world) == [20_000, 90]
    assert [one.strategy for one in world.trader.scopes] == ["vwap", "vwap"]
    world.done("strategy", "V", "twap")
    assert limits_of(world) == [20_000, 60]
    world.run(10.0)
    before = [len(sizes(world, i)) for i in (0, 1)]
    world.done("kill", "strategy:vwap", "pause")
    world.run(60.0)
    after = [len(sizes(world, i)) for i in (0, 1)]
    assert after[0] == before[0]
    assert after[1] > before[1]
    world.done("kill", "strategy:schedule", "pause")
    world.run(1.0)
    before = [len(sizes(world, i)) for i in (0, 1)]
    world.run(30.0)
    assert [len(sizes(world, i)) for i in (0, 1)] == before


def test_only_what_names_the_order_or_all_its_venues_stops_it() -> None:
    scope = Scope("program", "twap", "MIDC", "A")
    pressed = [("strategy", "vwap"), ("order", "B"), ("symbol", "OTHR"), ("desk", "research"), ("venue", "X")]
    named = [("firm", ""), ("strategy", "twap"), ("strategy", "schedule"), ("order", "A"), ("venue", "Y")]

    def held(*which: tuple[str, str]) -> list[Held]:
        return [Held(*one, Level.PAUSE, ("ann",), 1, "") for one in which]

    assert stops(held(*pressed), scope, ["X", "Y"]) == []
    assert stops(held(*pressed, *named), scope, ["X", "Y"]) == held(*named[:4], pressed[4], named[4])
    assert stops(held(*named[4:]), scope, ["Y"]) == held(named[4])
    assert stops([], scope, []) == []


def test_a_desk_that_loses_more_than_its_limit_takes_no_new_risk_until_the_loss_is_gone(make: Make) -> None:
    loss = ("max_daily_loss = 2_000_000.0", "max_daily_loss = 0.5")
    world = make(buy("L", 6_000), replaced=(loss,), seconds=0.0, decider=FixedPolicy(Tactic.CROSS))
    path, oms = world.trader.path, world.trader.keeper.oms
    assert float(path.usages[0]["pnl"]) == 0.0
    world.run(120.0)
    u = path.usages[0]
    assert u["filled"] > 0
    assert u["pnl"] < -0.5
    assert u["by_reason"][Reason.LOSS] > 0
    before = len(world.orders())
    while float(u["pnl"]) <= -0.5 and world.floor.market.now < int(world.row["end"]):
        world.run(0.25)
        if float(u["pnl"]) <= -0.5:
            assert len(world.orders()) == before  # every way to send is new risk
    held = oms.positions["fund", "MIDC"]
    assert (int(u["cash2"]), int(u["fees"]), int(u["carried"])) == (held.cash2, held.fee, 0)
    board = path.boards[0]
    worth = (held.cash2 + held.shares * (int(board["bid"]) + int(board["ask"]))) / 2 * 0.01 - held.fee / 1e9
    assert float(u["pnl"]) == pytest.approx(worth)


def test_a_busted_fill_is_taken_out_of_the_days_result(make: Make) -> None:
    world = make(buy("L", 3_000), replaced=(), seconds=60.0, decider=FixedPolicy(Tactic.CROSS))
    trader, oms = world.trader, world.trader.keeper.oms
    u, held = trader.path.usages[0], oms.positions["fund", "MIDC"]
    before = held.cash2
    for venue in ("ALPHA", "BETA", "GAMMA"):
        world.floor.market.fault("bust", venue)
    world.floor.run(world.floor.market.now + 2 * SECOND)
    trader.path.desk["hands"] = int(Hands.PAUSED)  # nothing new is bought meanwhile
    world.run(2.0)
    assert any(event.kind == "correction" for event in world.floor.said)
    assert held.cash2 > before
    assert (int(u["cash2"]), int(u["fees"]), int(u["position"])) == (held.cash2, held.fee, held.shares)


def test_the_days_result_is_the_same_after_a_restart_and_another_day_begins_anew(make: Make) -> None:
    world = make(buy("L", 3_000), replaced=(), seconds=60.0, decider=FixedPolicy(Tactic.CROSS))
    trader = world.trader
    u = trader.path.usages[0]
    was = {name: int(u[name]) for name in DAY_OF_SYMBOL}
    arrival2 = trader.parents[0].arrival2
    assert was["open2"] > 0
    world.restart()
    trader = world.trader
    u = trader.path.usages[0]
    assert {name: int(u[name]) for name in DAY_OF_SYMBOL} == was | {"open2": arrival2}
    world.run(0.25)
    board = trader.path.boards[0]
    mid2 = int(board["bid"]) + int(board["ask"])
    expected = (int(u["cash2"]) + int(u["position"]) * mid2) / 2 * 0.01 - int(u["fees"]) / 1e9
    assert float(u["pnl"]) == pytest.approx(expected)
    count_money(trader.path, trader.keeper.oms, trader.parents, trader.setup.instrument, trader.now() + DAY)
    assert [int(u[name]) for name in DAY_OF_SYMBOL] == [0, 0, int(u["position"]), 0, int(u["position"])]
    assert int(u["venue_money"].sum()) == 0


def test_what_is_allocated_leaves_the_accounts_day_at_its_cost(make: Make) -> None:
    works = (buy("L", 600, minutes=1.0), buy("M", 3_000))
    world = make(*works, replaced=(), seconds=70.0, decider=FixedPolicy(Tactic.CROSS))
    trader = world.trader
    u, held = trader.path.usages[0], trader.keeper.oms.positions["fund", "MIDC"]
    assert trader.parents[0].filled == 600
    world.done("allocate", "L", "red=600")
    assert int(u["position"]) == held.shares == trader.parents[1].filled
    assert (int(u["cash2"]), int(u["fees"]), int(u["carried"])) == (held.cash2, held.fee, 0)
    world.restart()
    u = world.trader.path.usages[0]
    assert (int(u["cash2"]), int(u["fees"]), int(u["carried"])) == (held.cash2, held.fee, 0)


def test_a_fill_that_comes_after_the_end_of_its_child_counts(make: Make) -> None:
    world = make(buy("L", 3_000), replaced=(), seconds=30.0, decider=FixedPolicy(Tactic.CROSS))
    path = world.trader.path
    u = path.usages[0]
    cash2, fees = int(u["cash2"]), int(u["fees"])
    assert path.hear(0, 10**9, Word.FILL, 100, 10_001, world.trader.now(), 0.3) == -1
    assert (int(u["cash2"]) - cash2, int(u["fees"]) - fees) == (-100 * 10_001, 300_000_000)


def test_located_shares_may_be_sold_short_and_a_reload_changes_them(make: Make) -> None:
    more = (('short = "yes"', 'short = "locate"'), ("# MIDC = 10_000", "MIDC = 700"))
    world = make(buy("L", 3_000), replaced=more, seconds=0.0)
    limits = world.trader.path.limits
    assert (limits["short"].tolist(), limits["located"].tolist()) == ([1], [700])
    file = Path(world.policy)
    file.write_text(file.read_text().replace("MIDC = 700", "MIDC = 300"))
    heard: list[Alert] = []
    watch = supervise(world.trader, alerts=Alerts(heard.append)).policy
    assert watch is not None
    watch.look(world.trader.now())
    assert limits["located"].tolist() == [300]


def test_limits_without_effect_are_told_at_the_start(make: Make) -> None:
    world = make(buy("L", 3_000), replaced=((MANUAL, MANUAL.replace("5_000", "50_000")),), seconds=0.0)
    heard: list[Alert] = []
    supervise(world.trader, alerts=Alerts(heard.append))
    (one,) = [alert for alert in heard if alert.who == "policy"]
    assert one.level == "info"
    assert one.words.endswith("because the firm is as tight or tighter: strategy.manual.max_child_shares")
    assert idle_words(load("default")) == ""


def test_one_press_is_one_alert_for_who_watches_and_who_supervises(make: Make, tmp_path: Path) -> None:
    world = make(buy("L", 3_000), replaced=(), seconds=2.0)
    heard: list[Alert] = []
    watch = Watch(world.trader, tmp_path, Alerts(heard.append))
    world.trader.add(watch)
    supervise(world.trader, alerts=watch.alerts)
    world.done("kill", "symbol:MIDC", "pause")
    world.run(1.0)
    assert sum("kill switch, pressed by ann" in one.words for one in heard) == 1
