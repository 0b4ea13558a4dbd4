"""`explain --check` of what happens to an order in a real trader: rungs, baskets, restarts, people."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nowake.core.intent import Origin
from nowake.core.values import Side
from nowake.execution.decision_check import Checked, check_log, check_one
from nowake.execution.decision_reader import DecisionLog, Kept
from nowake.execution.explain import explained
from nowake.execution.policy import UniformForecaster
from nowake.oms.identifiers import text
from nowake.risk.ladder import Rung
from nowake.service.trader import Work

from .control_world import World, buy, worlds
from .supervise_world import Desk
from .test_supervise import INJECTED, at, broken_forecast, nan_forecast, nan_volatility


def log_in(folder: Path) -> DecisionLog:
    return DecisionLog(folder / "journal.decisions")


def without(child: Kept) -> bool:
    """Tell whether no decision of its session led to a child: it was sent in a slice of before the restart."""
    return child.session > 0 and int(child["slice"]["begun"]) < child.header.started


def check_all(log: DecisionLog) -> Checked:
    """Make the whole log again, and every child of it alone; nothing differs."""
    found = check_log(log, text)
    assert found.first is None
    assert found.same_code
    assert (found.decisions, found.children) == (len(log.decisions()), len(log.children()))
    assert found.verdicts >= found.children > 0
    for child in log.children():
        one = check_one(log, child, text)
        assert (one.first, one.decisions, one.children > 0) == (None, int(not without(child)), True)
    return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, decisions=True, quantity=20_000, seconds=900.0)
    yield made
    made.close()


def test_a_trade_that_went_down_the_ladder_and_up_again_is_made_again(desk: Desk, tmp_path: Path) -> None:
    ladder = desk.supervisor.laddered
    watched: Any = ladder.forecaster
    desk.run(25)
    desk.model.fault = "raises"
    desk.run(12, until=at(desk, Rung.ADAPTIVE))
    desk.run(12)
    watched.forecaster = SimpleNamespace(predict=nan_volatility)
    desk.run(24, until=at(desk, Rung.POV))
    watched.forecaster, desk.model.fault = UniformForecaster(), None
    desk.run(12)
    for venue in ("ALPHA", "BETA", "GAMMA"):
        desk.fault("feed_gap", venue, 15)
    desk.run(8, until=at(desk, Rung.STOP))
    desk.run(90, until=at(desk, Rung.MODEL))
    desk.run(25)
    rungs = ["MODEL", "ADAPTIVE", "MODEL", "POV", "ADAPTIVE", "STOP", "POV", "ADAPTIVE", "MODEL"]
    assert desk.rungs() == [f"{before} -> {after}" for before, after in pairwise(rungs)]
    desk.trader._opened.close()
    log = log_in(tmp_path)
    assert {int(one["rung"]) for one in log.decisions()} == {Rung.MODEL, Rung.ADAPTIVE, Rung.POV}
    assert not check_all(log).left_out


@pytest.mark.parametrize(("fault", "rung"), [one[:2] for one in INJECTED])
def test_whatever_failed_in_a_decision_what_decided_is_made_again(
    desk: Desk, tmp_path: Path, fault: Any, rung: Rung
) -> None:
    desk.run(12)
    if isinstance(fault, str):
        desk.model.fault = fault
    else:
        watched: Any = desk.supervisor.laddered.forecaster
        watched.forecaster = SimpleNamespace(predict=fault)
    desk.run(16, until=at(desk, rung))
    desk.run(12)
    desk.trader._opened.close()
    log = log_in(tmp_path)
    failed = fault in (nan_forecast, broken_forecast)
    left_out = check_all(log).left_out
    assert [why.partition(";")[0] for why in left_out] == ["forecasts that failed"] * failed
    assert left_out.total() == failed * sum(int(one["rung"] == rung) for one in log.decisions())


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    with worlds(tmp_path, monkeypatch) as one:
        yield one


BASKET = (
    buy("P", 6_000), replace(buy("Q", 3_000, 5), account="red"), Work("R", Side.SELL, 4_000, 0.0, 400.0),
    replace(buy("S", 2_000, 6), part=0.2), replace(buy("T", 900, 2), start=60.0, end=180.0),
)  # fmt: skip


def test_several_parents_of_one_trader_are_made_again(make: Callable[..., World], tmp_path: Path) -> None:
    world = make(*BASKET, seconds=240.0, decisions=True)
    world.trader._opened.close()
    log = log_in(tmp_path)
    assert {int(one["parent_id"]) for one in log.children()} == {one.id for one in world.trader.parents}
    assert all(one["guarded"] for one in log.children())
    together = Counter(int(one["time"]) for one in log.decisions())
    assert max(together.values()) > 1  # several orders decide in one turn
    assert not check_all(log).left_out


@pytest.mark.parametrize("peace", [False, True])
def test_an_order_that_went_on_after_a_restart_is_made_again(
    make: Callable[..., World], tmp_path: Path, peace: bool
) -> None:
    world = make(*BASKET[:3], seconds=75.0, decisions=True)
    for _ in range(3):
        world.restart(peace=peace)
        world.run(33.0)
    world.trader._opened.close()
    log = log_in(tmp_path)
    assert len(log.sessions) == 4
    assert not check_all(log).left_out
    went_on = [child for child in log.children() if without(child)]
    assert went_on
    for child in went_on:
        body = explained(log, int(child["order_id"]), text)
        assert "after a restart, in the rest of a slice" in body["why"]["moment"]
        assert body["features"] is None
        assert body["now"]["features"]


def test_what_people_did_to_an_order_is_made_again(make: Callable[..., World], tmp_path: Path) -> None:
    world = make(buy("P", 8_000), buy("Q", 3_000), seconds=40.0, decisions=True)
    ask, venue = int(world.trader.desk.board["ask"]), world.names[0]
    for what, value in (
        ("urgency", "0.9"), ("limit", f"{(ask + 2) / 100:.2f}"), ("venue-out", venue), ("cap", "40%"),
        ("strategy", "ac 3"), ("parameter", "patience=5s"), ("end", "+6m"),
    ):  # fmt: skip
        world.done(what, "P", value)
        world.run(12.0)
    world.done("take-over", "P")
    world.run(2.0)
    ask = int(world.trader.desk.board["ask"])
    for value in (f"200 limit {(ask - 20) / 100:.2f} {venue}", f"300 limit {(ask - 25) / 100:.2f} {venue}"):
        world.done("send", "P", value)
        world.run(3.0)
    assert "the guard refuses" in world.refused("send", "P", f"5000 market {venue}")
    world.done("hand-back", "P")
    world.done("limit", "P", "none")
    world.done("venue-in", "P", venue)
    world.run(15.0)
    world.restart()
    world.run(20.0)
    world.done("finish", "P")
    world.run(20.0)
    world.trader._opened.close()
    log = log_in(tmp_path)
    hands = [one for one in log.looks() if one["trace"]["by_hand"]]
    assert [child["origin"] for child in log.children()].count(Origin.HUMAN) == len(hands) == 2
    assert not check_all(log).left_out
