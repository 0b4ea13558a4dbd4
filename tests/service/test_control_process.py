"""Controls of a trader that is a process, at an exchange that is one: heard over its socket, and kept over SIGKILL."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest

from nowake.core.values import Side
from nowake.core.venue import Command, MassCancel
from nowake.oms.apply import Oms
from nowake.oms.conserve import differences
from nowake.oms.events import ChildNew, Control, decode
from nowake.oms.journal.protocol import open_journal
from nowake.oms.orders import Flag
from nowake.oms.states import State
from nowake.service.control import Controls
from nowake.service.control_client import ask
from nowake.service.control_server import ControlServer
from nowake.service.control_wire import Answer, Asked
from nowake.service.trader import Setup, Trader, Work, run

PATIENCE = 180.0  # s


def trade(setup: Setup) -> None:
    """Be a trader that hears controls."""
    run(setup, ready=lambda trader: Trader.add(trader, ControlServer(trader)))


class Process:
    """A trader in a process of its own."""

    def __init__(self, setup: Setup) -> None:
        self.journal = setup.base
        self.journal.with_suffix(".control").unlink(missing_ok=True)
        self._process = get_context("spawn").Process(target=trade, args=(setup,), daemon=True)
        self._process.start()
        wait(self.journal.with_suffix(".control").exists)
        time.sleep(0.2)

    def say(self, what: str, value: str = "") -> Answer:
        return ask(self.journal, Asked(what, "P", value, "ann", "a test"), PATIENCE)

    def kill(self) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()

    def over(self) -> int | None:
        return self._process.exitcode

    def read(self) -> tuple[Oms, list[object]]:
        """The orders and every event of the journal."""
        reader, oms = open_journal(self.journal), Oms()
        try:
            events = [decode(record.payload) for record in reader.replay()]
        finally:
            reader.close()
        for event in events:
            oms.apply(event)
        return oms, list(events)

    def children(self) -> int:
        return sum(isinstance(event, ChildNew) for event in self.read()[1])


def wait(until: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Path]:
    argv = [sys.executable, "-m", "nowake", "exchange", str(tmp_path), "--speed", "10x", "--warm-up", "30"]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    wait((tmp_path / "venue.sock").exists)
    yield tmp_path / "venue.sock"
    process.kill()
    process.wait()


def test_a_paused_order_is_paused_after_sigkill_and_a_cancelled_one_ends_its_trader(
    exchange: Path, tmp_path: Path
) -> None:
    setup = Setup(tmp_path, exchange, (Work("P", Side.BUY, 200_000, 0.0, 7_200.0),))
    first = Process(setup)
    wait(first.children)
    assert first.say("pause").done
    assert first.say("cap", "30%").done
    before = first.children()
    time.sleep(1.0)
    assert first.children() == before
    first.kill()
    second = Process(setup)
    answer = second.say("pause")
    assert not answer.done
    assert "it is paused" in answer.words
    assert second.children() == before
    assert second.say("resume").done
    wait(lambda: second.children() > before)
    assert second.say("cancel").done
    wait(lambda: second.over() is not None)
    oms, events = second.read()
    (parent,) = oms.parents.values()
    assert second.over() == 0
    assert parent.state == State.CANCELED
    assert differences(oms) == []
    said = [event.what for event in events if isinstance(event, Control)]
    assert said == ["pause", "cap", "refused pause", "resume", "cancel"]


def test_a_press_is_one_mass_cancel_to_an_exchange_process_and_every_order_hears_its_own_answer(
    exchange: Path, tmp_path: Path
) -> None:
    trader = Trader(Setup(tmp_path, exchange, (Work("P", Side.BUY, 200_000, 0.0, 7_200.0),)))
    controls, oms, sent = Controls(trader), trader.keeper.oms, list[Command]()

    def step(until: Callable[[], object]) -> None:
        wait(lambda: (trader.step(0.01), until())[1])

    try:
        step(lambda: int(trader.desk.board["bid"]) > 0 and trader.desk.board["volume"] > 0)
        assert controls.apply(Asked("take-over", "P", "", "ann", "a test")).done
        step(lambda: not oms.open)
        for back in (20, 21, 22, 23):
            price = (int(trader.desk.board["bid"]) - back) / 100
            answer = controls.apply(Asked("send", "P", f"200 limit {price:.2f} {trader.names[0]}", "ann", "a test"))
            assert answer.done, answer.words
        step(lambda: sum(bool(child.flags & Flag.ACKED) for child in oms.open.values()) == 4)
        send, mine = trader.orders.send, list(oms.open.values())
        trader.orders.send = lambda command: (sent.append(command), send(command))[1]  # type: ignore[method-assign]
        assert controls.apply(Asked("kill", "firm", "", "ann", "a test")).done
        assert sent == [MassCancel(trader.names[0])]
        step(lambda: not oms.open)
        assert [child.state for child in mine] == [State.CANCELED] * 4
        assert oms.quarantined == 0
        assert {one.state for one in trader.orders.status() if one.order_id in {child.id for child in mine}} == {
            "cancelled"
        }
        assert sent == [MassCancel(trader.names[0])]
    finally:
        trader.stop()
    assert differences(oms) == []
