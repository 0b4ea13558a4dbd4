"""Each trigger of the ladder, injected into a real trader: the rung, the journal, the alert, the way back."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nowake.core.clock import SimulatedClock
from nowake.core.errors import InputError
from nowake.core.intent import Origin
from nowake.core.times import MS, SECOND
from nowake.core.values import Side
from nowake.execution.desk_state import CHILDREN, Follow, Hands, Stage
from nowake.execution.policy import OBSERVED, FixedPolicy, UniformForecaster
from nowake.features.vector import index_of
from nowake.oms.events import Arrived, Control, Projection, decode
from nowake.oms.journal.protocol import open_journal
from nowake.risk.ladder import Rung, Trigger
from nowake.risk.policy import policy_text
from nowake.service.supervise import Supervised, Supervision, supervise
from nowake.service.supervise_alerts import Alerts
from nowake.service.supervise_ladder import Deadline, HungError, WallClock
from nowake.service.trader import Setup, Work, run

from .supervise_world import RULES, SUPERVISION, Desk, Model

Make = Callable[..., Desk]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Desk] = []

    def one(*args: Any, **more: Any) -> Desk:
        made.append(Desk(tmp_path, *args, **more))
        return made[-1]

    yield one
    for desk in made:
        desk.close()


def moved(desk: Desk) -> Callable[[], bool]:
    return lambda: bool(desk.supervisor.moves)


def at(desk: Desk, rung: Rung) -> Callable[[], bool]:
    return lambda: desk.supervisor.state.rung == rung


def test_a_sound_model_stays_whatever_one_venue_does(make: Make) -> None:
    desk = make()
    desk.run(15)
    desk.fault("outage", "BETA", 10)
    desk.fault("slow", "ALPHA", 10, 2.0)
    desk.run(20)
    assert (desk.supervisor.moves, desk.rungs(), desk.heard) == ([], [], [])
    assert desk.model.asked == desk.row["decisions"] >= 3
    assert desk.row["filled"] > 0


def nan_features(features: np.ndarray, out: np.ndarray) -> None:
    out[:] = 1 / 3
    features["value"][:, index_of("imbalance")] = np.nan


def nan_volatility(features: np.ndarray, out: np.ndarray) -> None:
    out[:] = 1 / 3
    features["value"][:, index_of("volatility_512s")] = np.inf


def nan_forecast(features: np.ndarray, out: np.ndarray) -> None:
    out[:] = np.nan


def broken_forecast(features: np.ndarray, out: np.ndarray) -> None:
    raise RuntimeError("a forecaster")


INJECTED = [
    ("raises", Rung.ADAPTIVE, "an exception: ZeroDivisionError('a model')"),
    ("nan", Rung.ADAPTIVE, "a number that is none (model)"),
    ("strange", Rung.ADAPTIVE, "rate 0 to 4"),
    (nan_features, Rung.ADAPTIVE, "a number that is none (features)"),
    (nan_forecast, Rung.ADAPTIVE, "a number that is none (forecast)"),
    (broken_forecast, Rung.ADAPTIVE, "RuntimeError('a forecaster')"),
    (nan_volatility, Rung.POV, "a number that is none (volatility)"),
]


@pytest.mark.parametrize(("fault", "rung", "why"), INJECTED)
def test_what_fails_in_a_decision_never_decides_and_comes_back_when_it_is_sound(
    make: Make, fault: Any, rung: Rung, why: str
) -> None:
    desk = make()
    desk.run(12)
    begun = desk.row["decisions"]
    if isinstance(fault, str):
        desk.model.fault = fault
    else:
        desk.supervisor.laddered.forecaster.forecaster = SimpleNamespace(predict=fault)
    desk.run(12, until=lambda: desk.row["decisions"] > begun)
    assert (desk.supervisor.state.rung, desk.supervisor.laddered.answered) == (rung, rung)
    assert desk.supervisor.laddered.origin == Origin.FALLBACK
    assert 0 <= desk.row["rate"] <= 4
    (event,) = [event for event in desk.journalled(Control) if event.who == "ladder"]
    assert (event.what, event.target, event.value) == ("rung", "MIDC", f"MODEL -> {rung.name}")
    assert why in event.why
    (alert,) = desk.heard
    assert (alert.level, alert.who) == ("warning", "ladder")
    assert why in alert.words
    desk.model.fault = None
    desk.supervisor.laddered.forecaster.forecaster = UniformForecaster()
    asked = desk.model.asked
    desk.run(30, until=at(desk, Rung.MODEL))
    assert desk.rungs()[-1] == "ADAPTIVE -> MODEL"
    desk.run(12, until=lambda: desk.model.asked > asked)
    assert desk.supervisor.laddered.answered == Rung.MODEL
    assert desk.supervisor.laddered.origin == Origin.MODEL


def test_a_restart_makes_nothing_sound(make: Make) -> None:
    desk = make()
    desk.run(12)
    desk.model.fault = "raises"
    desk.run(12, until=at(desk, Rung.ADAPTIVE))
    desk.restart()
    assert desk.supervisor.state.rung == Rung.ADAPTIVE
    assert desk.heard[-1].words.startswith("ADAPTIVE since before the restart: an exception")
    asked = desk.model.asked
    desk.run(4)
    assert (desk.supervisor.state.rung, desk.model.asked) == (Rung.ADAPTIVE, asked)  # it must be sound for 5 s first
    desk.model.fault = None
    desk.run(40, until=at(desk, Rung.MODEL))
    assert desk.rungs() == ["MODEL -> ADAPTIVE", "ADAPTIVE -> MODEL"]
    desk.restart()
    assert desk.supervisor.state.rung == Rung.MODEL


def test_a_restart_goes_on_from_the_arrival_price_that_was(make: Make) -> None:
    desk = make()
    desk.run(60)
    (arrived,) = desk.journalled(Arrived)
    assert (arrived.parent, arrived.mid2) == (desk.trader.parents[0].id, desk.row["arrival2"])
    filled = int(desk.row["filled"])
    assert filled > 0
    desk.restart()
    usage = desk.trader.path.usages[0]
    assert desk.row["arrival2"] == usage["arrival2"] == arrived.mid2
    part = int(desk.trader.path.limits[0]["participation"]) / 1e6
    assert 0 <= int(desk.trader.path.boards[0]["volume"]) - int(usage["volume_start"]) - filled / part < 1
    desk.run(60)
    assert int(desk.row["filled"]) > filled
    assert desk.row["arrival2"] == arrived.mid2
    assert len(desk.journalled(Arrived)) == 1


def test_a_trader_that_comes_back_again_and_again_does_not_run_ahead_of_its_plan(make: Make) -> None:
    desk = make(quantity=6_000, seconds=600.0)
    for _ in range(12):
        desk.run(3)
        desk.restart()
        gone = (desk.trader.now() - int(desk.row["start"]) + int(desk.row["interval"])) / 600 / SECOND
        assert int(desk.row["filled"]) + int(desk.row["working"]) <= 6_000 * gone + 100
    asked = desk.model.asked
    desk.run(15)
    assert desk.model.asked > asked
    assert int(desk.row["filled"]) > 200


def test_a_model_without_confidence_decides_no_more_from_the_next_decision_on(make: Make) -> None:
    desk = make()
    desk.run(12)
    desk.model.confidence = 0.2
    desk.run(12, until=moved(desk))
    (move,) = desk.supervisor.moves
    assert (move.after, move.why) == (Rung.ADAPTIVE, (Trigger.CONFIDENCE,))
    asked = desk.model.asked
    desk.model.confidence = 0.6  # good enough to stay, not to come back: the calm of 5 s begins anew with each trial
    desk.run(4)
    assert desk.model.asked == asked


def test_a_model_that_is_late_is_not_heard(make: Make) -> None:
    desk = make(rules=replace(SUPERVISION, ladder=replace(RULES, timeout=50 * MS)))
    clock = SimulatedClock(1)
    desk.supervisor.laddered._clock = clock
    desk.run(12)
    assert desk.supervisor.moves == []
    desk.model.fault = lambda: clock.set(clock.now() + 51 * MS)
    desk.run(12, until=moved(desk))
    assert desk.supervisor.moves[0].why == (Trigger.TIMEOUT,)
    assert desk.supervisor.laddered.answered == Rung.ADAPTIVE


def test_a_model_that_hangs_is_interrupted(make: Make) -> None:
    rules = replace(SUPERVISION, ladder=replace(RULES, timeout=200 * MS), patience=300 * MS)
    desk = make(rules=rules)
    desk.model.fault = lambda: time.sleep(600)
    started = time.monotonic()
    desk.run(12, until=moved(desk))
    assert time.monotonic() - started < 300
    assert desk.supervisor.moves[0].why == (Trigger.TIMEOUT,)
    assert desk.row["decisions"] == 1


def test_without_market_data_everything_is_withdrawn_and_it_comes_back_rung_by_rung(make: Make) -> None:
    desk = make(Model(rate=2.0))
    desk.run(30, until=lambda: desk.working > 0)
    for venue in ("ALPHA", "BETA", "GAMMA"):
        desk.fault("feed_gap", venue, 20)
    desk.run(8, until=moved(desk))
    assert desk.supervisor.state.rung == Rung.STOP
    assert desk.heard[-1].level == "error"
    assert "everything is withdrawn" in desk.heard[-1].words
    desk.run(2)
    assert (desk.working, len(desk.trader.keeper.oms.open)) == (0, 0)
    assert desk.row["hands"] == Hands.PAUSED
    desk.run(60, until=at(desk, Rung.MODEL))
    assert desk.rungs() == ["MODEL -> STOP", "STOP -> POV", "POV -> ADAPTIVE", "ADAPTIVE -> MODEL"]
    times = [move.time for move in desk.supervisor.moves]
    assert all(later - sooner >= 5 * SECOND for sooner, later in pairwise(times))
    assert desk.row["hands"] == Hands.ALGORITHM
    filled, decisions = desk.row["filled"], desk.row["decisions"]
    desk.run(60, until=lambda: desk.row["filled"] > filled and desk.row["decisions"] > decisions)
    assert desk.row["follow"] == Follow.CURVE


def test_a_halt_is_not_a_silence(make: Make) -> None:
    desk = make()
    desk.run(3)
    desk.fault("halt", seconds=30)
    desk.run(20)
    assert desk.supervisor.moves == []


def test_what_a_person_did_stays_and_what_he_does_meanwhile_holds(make: Make) -> None:
    names = ("goes on", "cancelled", "by hand", "paused", "taken over")
    desk = make(work=[Work(name, Side.BUY, 30_000, 0.0, 7_200.0) for name in names])
    trader = desk.trader
    rows, kids = trader.path.desk, trader.path.kids

    def resting(i: int) -> int:
        return int((kids["stage"][i * CHILDREN : (i + 1) * CHILDREN] == Stage.LIVE).sum())

    desk.run(60, until=lambda: min(resting(2), resting(3)) > 0)
    rows["hands"][2], rows["hands"][3] = int(Hands.HUMAN), int(Hands.PAUSED)
    rows["keep"][2] = 1  # what the algorithm has out stays with the person
    kept = resting(2)
    for venue in ("ALPHA", "BETA", "GAMMA"):
        desk.fault("feed_gap", venue, 6)
    desk.run(8, until=at(desk, Rung.STOP))
    assert rows["hands"].tolist() == [Hands.PAUSED, Hands.PAUSED, Hands.HUMAN, Hands.PAUSED, Hands.PAUSED]
    rows["hands"][0] = int(Hands.FINISH)  # somebody asks for what cannot be now
    rows["hands"][1], rows["hands"][4] = int(Hands.CANCEL), int(Hands.HUMAN)
    desk.run(1.5)
    assert rows["hands"][0] == Hands.PAUSED
    assert [resting(i) for i in (0, 1, 3, 4)] == [0, 0, 0, 0]
    assert 0 < resting(2) <= kept
    desk.run(30, until=at(desk, Rung.POV))
    assert rows["hands"].tolist() == [Hands.FINISH, Hands.CANCEL, Hands.HUMAN, Hands.PAUSED, Hands.HUMAN]


def test_where_every_rung_fails_it_stops(make: Make) -> None:
    desk = make()
    desk.run(12)
    laddered = desk.supervisor.laddered
    for rung in (Rung.ADAPTIVE, Rung.POV):
        laddered._policies[rung] = Model()
        laddered._policies[rung].fault = "raises"
    desk.model.fault = "raises"
    desk.run(12, until=moved(desk))
    assert desk.rungs() == ["MODEL -> ADAPTIVE", "ADAPTIVE -> POV", "POV -> STOP"]
    assert (desk.row["rate"], laddered.answered) == (0.0, Rung.STOP)
    desk.run(2)
    assert desk.working == 0


def test_a_venue_process_that_hangs_is_a_stale_feed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = make()
    desk.run(3)
    supervisor, wall, none = desk.supervisor, [time.monotonic()], np.zeros(0)
    monkeypatch.setattr("nowake.service.supervise.time.monotonic", lambda: wall[0])
    for ticking, rung in ((False, Rung.MODEL), (True, Rung.STOP)):
        supervisor._ticking = ticking
        desk.trader.data.now += 1
        supervisor.attend(none, desk.trader.now())
        wall[0] += 2.5
        supervisor.attend(none, desk.trader.now())
        assert supervisor.state.rung == rung


def test_a_clock_of_orders_that_overtakes_the_data_is_no_silence(make: Make) -> None:
    desk = make()
    desk.run(3)
    desk.supervisor.attend(np.zeros(0), desk.trader.now() + 5 * SECOND)
    assert desk.supervisor.moves == []


def test_a_clock_that_goes_back_stops_everything(make: Make) -> None:
    desk = make()
    desk.run(3)
    desk.supervisor.attend(np.zeros(0), desk.trader.now() - 1)
    (move,) = desk.supervisor.moves
    assert move.after == Rung.STOP
    assert Trigger.CLOCK in move.why


def test_an_idle_clock_is_not_one_that_jumped_and_one_that_jumps_stops_until_data_are_newer(make: Make) -> None:
    desk = make()
    desk.run(3)
    path, supervisor, none = desk.trader.path, desk.supervisor, np.zeros(0)
    path.limits["clock_step"] = 5 * SECOND
    now = desk.trader.now()
    for _ in range(4):  # eight seconds in which nobody asks the guard
        now += 2 * SECOND
        path.boards["heard"] = now
        supervisor.attend(none, now)
    assert (supervisor.moves, path.usages["jumped"].max()) == ([], 0)
    path.boards["heard"] = now + 6 * SECOND - 1
    supervisor.attend(none, now + 6 * SECOND)
    assert supervisor.moves[0].why == (Trigger.CLOCK,)
    assert path.usages["jumped"].max() == now + 6 * SECOND


def test_in_another_thread_a_deadline_is_none() -> None:
    found: list[int] = []

    def work() -> None:
        deadline = Deadline(MS)
        deadline.arm()
        time.sleep(0.01)
        deadline.close()
        found.append(1)

    before = signal.getsignal(signal.SIGALRM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [1]
    assert signal.getsignal(signal.SIGALRM) == before


def test_an_alarm_rings_again_for_who_catches_it() -> None:
    deadline, caught = Deadline(20 * MS), 0
    deadline.arm()
    try:
        while caught < 3:
            try:
                time.sleep(60)
            except HungError:
                caught += 1
    finally:
        deadline.close()
    assert caught == 3


def test_a_model_that_the_guard_must_hold_back_is_taken_off(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    text = policy_text("default").replace("max_deviation = 0.25", "max_deviation = 0.0005", 1)
    file.write_text(text)
    rules = replace(SUPERVISION, ladder=replace(RULES, least=5, window=20))
    desk = make(Model(rate=4.0), policy=str(file), rules=rules, quantity=20_000)
    desk.run(120, until=moved(desk))
    (move,) = desk.supervisor.moves
    assert (move.after, move.why) == (Rung.ADAPTIVE, (Trigger.PROJECTIONS,))
    assert desk.supervised.words.blamed > 0


def test_a_trader_that_is_stopped_is_left_alone(make: Make) -> None:
    desk = make(Model(rate=2.0))
    desk.run(30, until=lambda: desk.working > 0)
    desk.trader.stopping = True
    desk.trader.path.desk["hands"] = int(Hands.CANCEL)
    desk.trader.path.desk["next_wake"] = 0
    desk.run(8)
    assert desk.working == 0
    assert desk.row["hands"] == Hands.CANCEL


def test_a_desk_is_supervised_once_and_by_rules_that_can_be(make: Make) -> None:
    desk = make()
    with pytest.raises(InputError, match="not supervised yet"):
        supervise(desk.trader)
    with pytest.raises(InputError, match="patience"):
        Supervision(patience=1)
    with pytest.raises(InputError, match="supervision"):
        Supervision(every=-1.0)
    clock = WallClock()
    before = clock.now()
    clock.sleep_until(before + MS)
    assert clock.now() - before >= MS


def test_what_alarms_the_trader_is_an_alert_once(make: Make) -> None:
    desk = make()
    desk.trader.alarm("the drop copy differs")
    desk.run(0.5)
    assert [(one.level, one.who, one.words) for one in desk.heard] == [("error", "trader", "the drop copy differs")]


def test_alerts_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    alerts = Alerts()
    alerts(5, "warning", "ladder", "MODEL -> STOP")
    out, err = capsys.readouterr()
    assert out == ""
    assert "MODEL -> STOP" in err
    assert [one.words for one in alerts.kept] == ["MODEL -> STOP"]


def test_rows_that_are_not_asked_about_do_not_count(make: Make) -> None:
    desk = make(FixedPolicy())
    laddered = desk.supervisor.laddered
    observations = np.zeros((1, len(OBSERVED)))
    observations[0, OBSERVED.index("imbalance")] = np.nan
    actions = np.zeros(1, desk.trader.path.actions.dtype)
    laddered.decide(observations, actions)
    assert laddered.answered == Rung.ADAPTIVE
    laddered.take()
    laddered.decide(observations, actions)  # the same again: an order that is over
    assert laddered.answered == Rung.MODEL


def test_a_trader_process_is_supervised_from_its_first_step_to_its_last(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nowake", "exchange", str(tmp_path), "--speed", "60x", "--seed", "3"]
    exchange = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    before = signal.getsignal(signal.SIGALRM)
    found: list[Supervised] = []
    try:
        setup = Setup(tmp_path, tmp_path / "venue.sock", (Work("one", Side.BUY, 1_000, 0.0, 90.0),), decider=Model())
        run(setup, ready=lambda trader: found.append(supervise(trader, SUPERVISION, Alerts(lambda _: None))))
    finally:
        exchange.kill()
        exchange.wait()
    assert signal.getsignal(signal.SIGALRM) == before
    assert (tmp_path / "journal.venues").exists()
    supervisor = found[0].supervisor
    assert supervisor.laddered.model.asked > 0
    reader = open_journal(tmp_path / "journal.db")
    events = [decode(record.payload) for record in reader.replay()]
    reader.close()
    rungs = [event.value for event in events if isinstance(event, Control) and event.who == "ladder"]
    assert rungs == [f"{move.before.name} -> {move.after.name}" for move in supervisor.moves]
    refused = [event for event in events if isinstance(event, Projection)]
    assert len(refused) == found[0].words.said.total()


def test_an_order_that_is_over_spoils_no_decision_for_the_others(make: Make) -> None:
    desk = make(work=[Work(name, Side.BUY, 3_000, 0.0, 600.0) for name in ("over", "goes on")])
    laddered, path = desk.supervisor.laddered, desk.trader.path
    observations, actions = np.full((2, len(OBSERVED)), 0.5), np.zeros(2, path.actions.dtype)
    observations[0] = np.nan
    laddered.decide(observations, actions)
    laddered.rung = Rung.ADAPTIVE
    for left in (0.4, 0.3):
        observations[1, 0] = left
        laddered.decide(observations, actions)
        assert laddered.answered == Rung.ADAPTIVE
        assert np.isfinite(actions["rate"][1])
