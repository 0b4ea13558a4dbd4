"""One decision path: a real trader's session over sockets, its replay and a batch of markets decide and send the same.

The session asks dealers, lives through a storm of rejects, a halt, an outage and a bust. What it heard goes through the
batch shell and the replay shell, each with a decision log of its own; the logs are compared with that of the session
bit for bit.
"""

from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
import pytest

from nowake.core.venue import Command, New, QuoteAccept, QuoteRequest, VenueEvent
from nowake.data.reader import kernel_view
from nowake.execution.batch import BatchDesk
from nowake.execution.decision_check import check_log
from nowake.execution.decision_log import DecisionWriter
from nowake.execution.decision_reader import DecisionLog, difference
from nowake.execution.decision_recorder import Recorder, Recording, header_of
from nowake.execution.keeping import NobodyKeeps
from nowake.execution.path import DecisionPath
from nowake.execution.policy import ScriptedPolicy
from nowake.execution.replay_shell import Heard, ReplayShell
from nowake.service.trader import Setup, Trader

from ..execution.desk_world import Listening
from .supervise_world import Desk


def copied(path: DecisionPath) -> DecisionPath:
    """Return `path` as it stands, down to the bytes between the fields of its records."""
    made = deepcopy(path)
    for one in fields(DecisionPath):
        now = getattr(path, one.name)
        if isinstance(now, np.ndarray):
            array = np.zeros(now.shape, now.dtype)
            array.view(np.ndarray).reshape(-1).view(np.uint8)[:] = now.view(np.ndarray).reshape(-1).view(np.uint8)
            setattr(made, one.name, kernel_view(array) if now.dtype.names else array)
    return made


class Watched(Desk):
    """A trader over sockets, nobody supervising it, of which every step is noted."""

    def _open(self) -> None:
        self._setup = Setup(
            self.folder, self.folder / "venue.sock", self._setup.work, decider=ScriptedPolicy(), decisions=True,
            preset="midcap",
        )  # fmt: skip
        self.trader = trader = Trader(self._setup)
        self.at_first = copied(trader.path)
        self.steps: list[Heard] = []
        self.venue = Listening(trader.desk.venue)
        trader.desk.venue = self.venue
        self._news, self._last = np.zeros(0), int(trader.path.desk["last_id"][0])
        read, step = trader.data.messages, trader.step

        def messages() -> np.ndarray:
            self._news = read()
            return self._news

        def stepping(wait: float = 0.02) -> None:
            before = len(self.venue.said)
            step(wait)
            d = trader.path.desk[0]
            ids = () if self._last == d["last_id"] else ((0, int(d["next_id"]), int(d["last_id"])),)
            self._last = int(d["last_id"])
            news = self._news.copy() if len(self._news) else None
            self.steps.append(Heard(trader.desk.now, news, tuple(self.venue.said[before:]), ids))

        trader.data.messages = messages  # type: ignore[method-assign]
        trader.step = stepping  # type: ignore[method-assign]


@dataclass
class Session:
    """What a session has heard, sent and logged."""

    at_first: DecisionPath
    steps: list[Heard]
    sent: list[Command]
    said: list[VenueEvent]
    file: Path
    parent: int
    setup: Setup = field(repr=False)

    def log(self) -> DecisionLog:
        return DecisionLog(self.file)

    def path(self) -> DecisionPath:
        return copied(self.at_first)

    def writer(self, path: DecisionPath, file: Path) -> DecisionWriter:
        header = self.log().sessions[0]
        given = {name: header.hashes[name] for name in ("policy", "model", "preset")}
        return DecisionWriter(file, header_of(path, self.setup.instrument, given, header.started), every=None)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    desk = Watched(tmp_path_factory.mktemp("session"), quantity=90_000, seconds=900.0)
    try:
        lit = [place.name for place in desk.at_first.places if place.kind == 1]
        for kind, where, seconds in (
            ("reject_storm", lit[0], 40.0), ("halt", None, 20.0), ("reject_storm", lit[1], 40.0),
            ("outage", lit[2], 30.0), ("bust", lit[0], 1.0),
        ):  # fmt: skip
            desk.run(90)
            desk.fault(kind, where, seconds)
        desk.run(480)
        parent = desk.trader.parents[0].id
    finally:
        desk.close()
    file = desk.folder / "journal.decisions"
    return Session(desk.at_first, desk.steps, desk.venue.sent, desk.venue.said, file, parent, desk._setup)


def test_the_session_has_met_dealers_rejects_a_halt_and_a_new_block_of_ids(session: Session) -> None:
    kinds = [event.kind for event in session.said]
    assert {"ack", "fill", "cancel", "reject", "quote", "halt", "outage"} <= set(kinds)
    assert sum(isinstance(one, QuoteRequest) for one in session.sent) >= 3
    assert sum(isinstance(one, New) for one in session.sent) >= 100
    assert any(event.kind == "reject" and event.reason == "storm" for event in session.said)
    assert any(isinstance(one, QuoteAccept) for one in session.sent)
    assert any(step.ids for step in session.steps)
    assert len(session.log()) > 150


def test_the_replay_shell_decides_and_sends_what_the_session_did(session: Session, tmp_path: Path) -> None:
    path = session.path()
    writer = session.writer(path, tmp_path / "replay")
    recorder = Recorder(path, writer, [session.parent])
    shell = ReplayShell(path, session.setup.books, session.setup.own_from, Recording(NobodyKeeps(), recorder))
    for step in session.steps:
        shell.step(step)
    writer.close()
    assert shell.sent == session.sent
    assert difference(session.log(), DecisionLog(tmp_path / "replay")) is None


def test_the_batch_shell_decides_and_sends_what_the_session_did(session: Session, tmp_path: Path) -> None:
    path = session.path()
    path.separate = True
    writer = session.writer(path, tmp_path / "batch")
    keeper = Recording(NobodyKeeps(), Recorder(path, writer, [session.parent]))
    desk = BatchDesk(path, session.setup.books, session.setup.own_from, [keeper])
    sent: list[Command] = []
    for step in session.steps:
        now = np.array([step.now])
        if step.messages is not None:
            desk.step(kernel_view(step.messages), np.array([0, len(step.messages)]), now)
            sent += desk.commands(0, step.now)
        desk.hear(0, step.said, step.now)
        desk.step(kernel_view(np.zeros(0, session.steps[0].messages.dtype)), np.zeros(2, np.int64), now)  # type: ignore[union-attr]
        sent += desk.commands(0, step.now)
        sent += desk.attend(0, step.now)
        for row, first, last in step.ids:
            path.ids(row, first, last)
    writer.close()
    assert sent == session.sent
    assert difference(session.log(), DecisionLog(tmp_path / "batch")) is None


def test_a_replay_that_misses_one_word_is_told_apart(session: Session, tmp_path: Path) -> None:
    path = session.path()
    writer = session.writer(path, tmp_path / "deaf")
    recorder = Recorder(path, writer, [session.parent])
    shell = ReplayShell(path, session.setup.books, session.setup.own_from, Recording(NobodyKeeps(), recorder))
    filled = [k for k, step in enumerate(session.steps) if any(event.kind == "fill" for event in step.said)]
    missed = filled[len(filled) // 2]
    for k, step in enumerate(session.steps):
        shell.step(replace(step, said=()) if k == missed else step)
    writer.close()
    assert difference(session.log(), DecisionLog(tmp_path / "deaf")) is not None


def test_every_record_of_the_session_can_be_made_again_from_its_log(session: Session) -> None:
    log = session.log()
    found = check_log(log)
    assert found.first is None
    assert found.same_code
    assert not found.left_out
    assert (found.decisions, found.children) == (len(log.decisions()), len(log.children()))
    assert found.routes == len(log.looks()) > 50
    assert found.verdicts >= found.children
