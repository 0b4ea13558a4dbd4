"""The kill switch: pressed at once and for good, released by two, and never misread."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from guard_world import BETA, NOW, PLACES, World, for_kernels, world

from nowake.core.errors import CapacityError, InputError
from nowake.core.venue import Cancel, MassCancel
from nowake.risk.kill import KillSwitch, Pressed, Stop, withdrawals
from nowake.risk.kill_file import Held, read_pressed, write_pressed
from nowake.risk.reasons import Reason, Verdict, reasons_of
from nowake.risk.scopes import Scope
from nowake.risk.switches import SCOPES, Level, new_switches
from nowake.risk.usage import WORKING, new_usages

APPROVERS = ("ann", "bob", "cy")
WHOSE = Scope("us", "pov", "MIDC", "A-1")
NAMES = {"firm": "", "desk": "us", "strategy": "pov", "symbol": "MIDC", "order": "A-1", "venue": "ALPHA"}


def stop(scope: str = "firm", level: Level = Level.PAUSE, by: str = "ann", name: str | None = None) -> Stop:
    return Stop(scope, NAMES[scope] if name is None else name, level, by, NOW, "test")


def guarded(tmp_path: Path) -> tuple[World, KillSwitch]:
    """A world whose guard reads the switches of a kill switch."""
    w = world()
    kill = KillSwitch.create(tmp_path / "kill.json", w.switches)
    kill.attach(w.usages, 0, WHOSE, PLACES)
    return w, kill


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("level", [Level.PAUSE, Level.CANCEL_ALL])
def test_nothing_leaves_after_a_press_of_any_scope(tmp_path: Path, scope: str, level: Level) -> None:
    w, kill = guarded(tmp_path)
    assert w.one()["verdict"] == Verdict.PASSED
    event = kill.press(stop(scope, level))
    assert (event.level, event.durable) == (level, True)
    assert reasons_of(int(w.one()["reasons"])) == (Reason.KILLED,)
    assert (w.one(venue=BETA)["verdict"] == Verdict.PASSED) == (scope == "venue")
    kill.resume(stop(scope), "bob", APPROVERS)
    assert w.one()["verdict"] == Verdict.PASSED


def test_a_kind_of_strategy_is_stopped_with_every_algorithm_of_it(tmp_path: Path) -> None:
    w, kill = guarded(tmp_path)
    learnt = new_usages(1)
    kill.attach(learnt, 0, Scope("us", "net-3", "MIDC", "A-2"), PLACES)
    kill.press(stop("strategy", name="model"))
    assert w.one()["verdict"] == Verdict.PASSED
    kill.press(stop("strategy", name="schedule"))
    assert reasons_of(int(w.one()["reasons"])) == (Reason.KILLED,)
    assert [kill.row("strategy", name) in learnt[0]["switch"] for name in ("net-3", "model", "schedule")] == [
        True, True, False,
    ]  # fmt: skip


def test_other_desks_symbols_and_orders_go_on(tmp_path: Path) -> None:
    w, kill = guarded(tmp_path)
    others = new_usages(1)
    kill.attach(others, 0, Scope("europe", "vwap", "OTHR", "B-2"), PLACES)
    for scope, name in (("desk", "europe"), ("strategy", "vwap"), ("symbol", "OTHR"), ("order", "B-2")):
        kill.press(stop(scope, name=name))
    assert w.one()["verdict"] == Verdict.PASSED


def test_the_flag_is_set_before_the_disk_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    w, kill = guarded(tmp_path)
    seen: list[int] = []
    monkeypatch.setattr("nowake.risk.kill.write_pressed", lambda *_: seen.append(int(w.switches[0]["level"])))
    kill.press(stop())
    assert seen == [Level.PAUSE]


def test_cancels_go_out_before_the_disk_is_asked_and_a_failure_to_send_is_no_failure_to_stop(tmp_path: Path) -> None:
    w, kill = guarded(tmp_path)
    sent: list[Any] = []

    def withdraw(event: Pressed) -> None:
        assert w.switches[event.row]["level"] == Level.CANCEL_ALL
        assert read_pressed(tmp_path / "kill.json") == []
        sent.extend(withdrawals(event, w.usages, thousand(w)))
        raise ConnectionError("session is down")

    with pytest.raises(ConnectionError):
        kill.press(stop("desk", Level.CANCEL_ALL), withdraw)
    assert len(sent) == 990
    assert read_pressed(tmp_path / "kill.json") == list(kill.held)
    assert kill.level("desk", "us") == Level.CANCEL_ALL


def full(*_: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_stops_a_release_but_never_a_press(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    w, kill = guarded(tmp_path)
    monkeypatch.setattr("nowake.risk.kill.write_pressed", full)
    assert kill.press(stop()).durable is False
    assert w.one()["verdict"] == Verdict.REFUSED
    with pytest.raises(OSError, match="No space"):
        kill.resume(stop(), "bob", APPROVERS)
    assert w.one()["verdict"] == Verdict.REFUSED
    assert kill.level("firm") == Level.PAUSE


def test_it_stays_pressed_over_a_restart(tmp_path: Path) -> None:
    _, kill = guarded(tmp_path)
    kill.press(stop("desk", Level.REDUCE_ONLY))
    kill.press(stop("order", Level.CANCEL_ALL, by="bob"))
    switches = new_switches(16)
    again = KillSwitch.open(tmp_path / "kill.json", switches)
    assert again.held == kill.held
    assert again.level("desk", "us") == Level.REDUCE_ONLY
    usages = new_usages(1)
    again.attach(usages, 0, WHOSE, PLACES)
    assert [int(switches[row]["level"]) for row in usages[0]["switch"]] == [0, 1, 0, 0, 3, 0]
    with pytest.raises(InputError, match="second person"):
        again.resume(stop("order", by="cy"), "bob", APPROVERS)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_text(path.read_text().replace("desk", "firm"), encoding="utf-8"),
        lambda path: path.write_text(path.read_text().replace("kill/1", "kill/2"), encoding="utf-8"),
        lambda path: path.write_text("[]", encoding="utf-8"),
        lambda path: path.write_bytes(b"\xff\xfe"),
    ],
)
def test_a_file_that_is_missing_or_damaged_means_that_the_firm_is_stopped(tmp_path: Path, damage: Any) -> None:
    w, kill = guarded(tmp_path)
    kill.press(stop("desk"))
    kill.resume(stop("desk"), "bob", APPROVERS)
    kill.press(stop("desk"))
    damage(tmp_path / "kill.json")
    w.switches[:] = 0
    again = KillSwitch.open(tmp_path / "kill.json", w.switches)
    assert again.level("firm") == Level.CANCEL_ALL
    assert w.one()["verdict"] == Verdict.REFUSED
    assert again.held[0].reason == "the file of the kill switch could not be read"
    again.resume(stop(by="ann"), "bob", APPROVERS)
    assert read_pressed(tmp_path / "kill.json") == []


def test_a_torn_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kill.json"
    write_pressed(path, [Held("firm", "", Level.PAUSE, ("ann",), NOW, "")])

    def dies(_: int) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(os, "fsync", dies)
    with pytest.raises(OSError, match="power cut"):
        write_pressed(path, [])
    assert read_pressed(path) == [Held("firm", "", Level.PAUSE, ("ann",), NOW, "")]


def test_the_file_can_be_read_by_people(tmp_path: Path) -> None:
    _, kill = guarded(tmp_path)
    kill.press(stop("symbol", Level.REDUCE_ONLY))
    (row,) = json.loads((tmp_path / "kill.json").read_text())["pressed"]
    assert row == {
        "scope": "symbol", "name": "MIDC", "level": "reduce_only", "by": ["ann"], "since": NOW, "reason": "test",
    }  # fmt: skip


def test_only_a_second_approver_of_the_policy_may_release(tmp_path: Path) -> None:
    _, kill = guarded(tmp_path)
    kill.press(stop(by="ann"))
    for asks, approves, said in (
        ("bob", "ann", "second person"),  # ann has pressed
        ("bob", "bob", "second person"),  # one person is not two
        ("ann", "mallory", "unknown approver"),
        ("ann", "bbo", "unknown approver"),
    ):
        with pytest.raises(InputError, match=said):
            kill.resume(stop(by=asks), approves, APPROVERS)
    assert kill.level("firm") == Level.PAUSE
    event = kill.resume(stop(by="ann"), "bob", APPROVERS)
    assert (event.by, event.approver, event.held.by) == ("ann", "bob", ("ann",))
    with pytest.raises(InputError, match="nothing to resume"):
        kill.resume(stop(by="ann"), "bob", APPROVERS)


def test_a_second_press_never_loosens_and_its_author_cannot_approve_either(tmp_path: Path) -> None:
    _, kill = guarded(tmp_path)
    kill.press(stop(level=Level.CANCEL_ALL, by="ann"))
    assert kill.press(stop(level=Level.REDUCE_ONLY, by="bob")).level == Level.CANCEL_ALL
    with pytest.raises(InputError, match="second person") as refused:
        kill.resume(stop(by="desk"), "bob", APPROVERS)
    assert "cy" in str(refused.value)
    kill.resume(stop(by="ann"), "cy", APPROVERS)


def test_a_slip_of_the_pen_is_told_and_stops_nothing(tmp_path: Path) -> None:
    w, kill = guarded(tmp_path)
    with pytest.raises(InputError, match="nothing was stopped") as refused:
        kill.press(stop("symbol", name="MIDD"))
    assert refused.value.hint == "did you mean 'MIDC'?"
    with pytest.raises(InputError, match="unknown scope 'desks'") as refused:
        kill.press(Stop("desks", "us", Level.PAUSE, "ann", NOW))
    assert refused.value.hint == "did you mean 'desk'?"
    for bad in (stop(level=Level.RUN), stop(by=""), stop("firm", name="us"), stop("desk", name="")):
        with pytest.raises(InputError):
            kill.press(bad)
    assert not w.switches["level"].any()


def test_switches_that_run_out_are_told(tmp_path: Path) -> None:
    kill = KillSwitch.create(tmp_path / "kill.json", new_switches(2))
    kill.row("desk", "us")
    with pytest.raises(CapacityError, match="new_switches"):
        kill.row("desk", "europe")
    with pytest.raises(InputError, match="open it instead"):
        KillSwitch.create(tmp_path / "kill.json", new_switches(2))


def thousand(w: World) -> np.ndarray:
    working = np.zeros(1_000, WORKING)
    working["id"] = np.arange(1, 1_001)
    working["leaves"], working["side"] = 100, 1
    working["venue"] = np.arange(1_000) % 2  # ALPHA, BETA
    working["leaves"][:10] = 0
    return for_kernels(working)


def test_a_press_takes_away_what_works_in_its_scope_with_one_event(tmp_path: Path) -> None:
    w, kill = guarded(tmp_path)
    working = thousand(w)
    event = kill.press(stop("order", Level.CANCEL_ALL))
    assert isinstance(event, Pressed)
    commands = withdrawals(event, w.usages, working)
    assert commands == [Cancel(k) for k in range(11, 1_001)]
    at_alpha = withdrawals(kill.press(stop("venue", Level.CANCEL_ALL)), w.usages, working)
    assert at_alpha == [Cancel(k) for k in range(11, 1_001, 2)]
    assert withdrawals(kill.press(stop("desk", Level.PAUSE)), w.usages, working) == []


def test_a_mass_cancel_of_a_venue_replaces_the_single_ones_where_all_of_them_are_meant(tmp_path: Path) -> None:
    w, kill = guarded(tmp_path)
    working, mass = thousand(w), ("ALPHA", "BETA")
    venue, desk = kill.press(stop("venue", Level.CANCEL_ALL)), kill.press(stop("desk", Level.CANCEL_ALL))
    assert withdrawals(venue, w.usages, working, mass=mass) == [MassCancel("ALPHA")]
    assert len(withdrawals(desk, w.usages, working, mass=mass)) == 990
    firm = kill.press(stop("firm", Level.CANCEL_ALL))
    assert withdrawals(firm, w.usages, working, mass=mass) == [MassCancel("ALPHA"), MassCancel("BETA")]
    working["leaves"][working["venue"] == 1] = 0
    working["leaves"][501] = 100  # one order at BETA
    assert withdrawals(firm, w.usages, working, mass=mass) == [MassCancel("ALPHA"), Cancel(502)]
    working["leaves"] = 0
    assert withdrawals(firm, w.usages, working, mass=mass) == []


@pytest.mark.parametrize(("position", "side", "cancelled"), [(500, 1, 990), (500, -1, 0), (-500, 1, 0), (0, 1, 990)])
def test_reduce_only_takes_away_what_would_increase(tmp_path: Path, position: int, side: int, cancelled: int) -> None:
    w, kill = guarded(tmp_path)
    working = thousand(w)
    working["side"], w.usages[0]["position"] = side, position
    event = kill.press(stop("desk", Level.REDUCE_ONLY))
    assert len(withdrawals(event, w.usages, working, mass=("ALPHA", "BETA"))) == cancelled


def test_presses_from_many_threads_are_all_kept(tmp_path: Path) -> None:
    switches = new_switches(64)
    kill = KillSwitch.create(tmp_path / "kill.json", switches)
    for k in range(20):
        kill.row("order", f"A-{k}")
    threads = [threading.Thread(target=kill.press, args=(stop("order", name=f"A-{k}"),)) for k in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.name for one in read_pressed(tmp_path / "kill.json") or ()} == {f"A-{k}" for k in range(20)}
    assert np.count_nonzero(switches["level"]) == 20
