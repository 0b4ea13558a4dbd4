"""A recovery that stays unclean, at a real venue process: refused, looked at, released by two people, gone on with."""

import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.commands import Done, ran

from nowake.core.times import SECOND
from nowake.core.values import Side
from nowake.core.venue import Cancel, Command, New
from nowake.oms.events import ChildNew, UncleanReleased, VenueSaid, decode
from nowake.oms.journal.protocol import open_journal
from nowake.oms.keeper import open_keeper
from nowake.oms.states import Act
from nowake.service import trade_files as files
from nowake.service import trader as trading
from nowake.service.recovery import recover
from nowake.service.trade_process import VenueProcess
from nowake.service.venue_client import SocketVenue

from .trade_world import apart, held

BY = ("--who", "ann", "--second", "duty.officer", "--why", "the desk has phoned the venue")
ORDER = ("--qty", "2000", "--horizon", "600s", "--speed", "max", "--strategy", "twap", "--after", "0s")


class Cut:
    """A trade that was cut off by a signal, and what happens to it before it is started again."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], how: signal.Signals) -> None:
        self.journal, self._capsys = folder / "j.db", capsys
        done = apart(self.journal, 2_000, 600.0, 0.0, 300, f"os.kill(os.getpid(), {int(how)})")
        assert done.returncode in (-signal.SIGKILL, 130), done.stderr
        (self.parent,) = held(self.journal).parents.values()

    def run(self, *words: object) -> Done:
        return ran(self._capsys, *words, "--journal", self.journal)

    def again(self, *more: object) -> Done:
        return self.run("trade", *ORDER, *more)

    @contextmanager
    def at_the_venue(self) -> Iterator[SocketVenue]:
        """Be at the venue in the trader's name, as whoever has its key."""
        state, last = files.look_into(self.journal), files.last_kept(self.journal)
        assert state is not None
        assert last is not None
        with VenueProcess(last[0], 0.0) as venue:
            venue.go()
            session = SocketVenue(venue.socket, "trader-1", "orders", state.last, patience=60.0)
            try:
                yield session
                session.run(session.now + SECOND)
            finally:
                session.close()

    def stranger(self, number: int, shares: int = 100) -> None:
        with self.at_the_venue() as venue:
            venue.send(New(number, Side.BUY, shares, 4_000, "ALPHA"))

    def child(self, price: int, *, deaf: bool) -> int:
        """Send a child that the journal knows; `deaf`: every word of it is lost on the way to the journal."""
        keeper = open_keeper(self.journal, 1, clock=lambda: held(self.journal).time)
        number, time = keeper.ids.next(self.parent.id), keeper.oms.time
        keeper.place(ChildNew(time, number, self.parent.id, "ALPHA", 1, 100, price))
        with self.at_the_venue() as venue:
            venue.send(New(number, Side.BUY, 100, price, "ALPHA"))
            venue.run(venue.now + SECOND)
            venue.events()
            last = venue.last_event
        if deaf:
            keeper.record(VenueSaid(time, number, Act.ACKED, fill=str(last)))[1].wait()
        keeper.close()
        return number

    def open(self) -> list[dict[str, Any]]:
        done = self.run("oms", "differences", "--json")
        rows: list[dict[str, Any]] = done.json["open"]
        assert done.code == bool(rows)
        return rows


@pytest.fixture
def cut(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, request: Any) -> Cut:
    monkeypatch.setenv("NOWAKE_HOME", str(tmp_path / "home"))
    return Cut(tmp_path, capsys, getattr(request, "param", signal.SIGKILL))


def refused(cut: Cut) -> str:
    """The trade is refused for one difference, which everybody is told alike; returns its name."""
    done = cut.again("--json")
    assert done.code == 1, done.err
    (row,) = done.json["differences"]
    assert not done.json["clean"]
    assert row["difference"] in done.err
    assert row["means"] in done.err
    assert "hint: `nowake oms differences`" in done.err
    assert cut.open() == [row]
    assert row["difference"] in cut.run("oms", "differences").out
    return str(row["difference"])


def goes_on(cut: Cut, filled: int) -> dict[str, Any]:
    done = cut.again("--json")
    assert done.code == 0, done.err
    found = done.json
    assert (found["conserved"], found["accepted"], found["parent"]["filled"]) == (True, 1, filled)
    verified = cut.run("oms", "verify", "--json")
    assert (verified.code, verified.json["unclean"], verified.json["accepted"]) == (0, 0, 1)
    assert cut.open() == []
    (doubt,) = cut.run("oms", "positions", "--json").json["in_doubt"]
    assert (doubt["who"], doubt["second"]) == ("ann", "duty.officer")
    assert "in doubt: not in these positions" in cut.run("oms", "positions").out
    return dict(doubt)


def test_an_order_of_a_stranger_is_left_alone_and_another_one_is_not_released_with_it(cut: Cut) -> None:
    cut.stranger(77)
    name = refused(cut)
    assert cut.again("--json").json["differences"][0]["difference"] == name  # as often as it is asked
    assert cut.run("oms", "release-recovery", name, *BY).code == 0
    assert "it was released by ann" in cut.run("oms", "release-recovery", name, *BY).err
    cut.stranger(78)
    second = refused(cut)
    assert second != name
    assert f"one of {second}, or all" in cut.run("oms", "release-recovery", name, *BY).err
    assert cut.run("oms", "release-recovery", "all", *BY).code == 0
    done = cut.again("--json")
    assert done.code == 0, done.err
    assert (done.json["accepted"], done.json["conserved"], done.json["parent"]["filled"]) == (2, True, 2_000)
    with cut.at_the_venue() as venue:
        assert {row.order_id: row.state for row in venue.status()}.items() >= {77: "working", 78: "working"}.items()
    with closing(open_journal(cut.journal)) as reader:
        events = [decode(one.payload) for one in reader.replay()]
    said = [event for event in events if isinstance(event, UncleanReleased)]
    assert [(one.differences, one.who, one.second, one.why) for one in said] == [
        ((name,), "ann", "duty.officer", BY[-1]), ((second,), "ann", "duty.officer", BY[-1]),
    ]  # fmt: skip


@pytest.mark.parametrize("cut", [signal.SIGINT], indirect=True, ids=["interrupted"])  # else more than one is lost
def test_shares_that_the_journal_has_not_heard_of_are_held_back(cut: Cut) -> None:
    number = cut.child(6_000, deaf=True)
    name = refused(cut)
    assert cut.run("oms", "release-recovery", name, *BY).code == 0
    doubt = goes_on(cut, 1_900)
    assert (doubt["kind"], doubt["shares"], doubt["works"]) == ("shares", 100, 0)
    oms = held(cut.journal)
    assert oms.children[number].filled == 0
    assert oms.position("fund", "MIDC") == 1_900
    assert not oms.open
    assert files.unfinished(oms) == []


def test_an_order_that_does_not_go_away_is_held_back(cut: Cut, monkeypatch: pytest.MonkeyPatch) -> None:
    number = cut.child(4_000, deaf=False)
    send: Callable[[SocketVenue, Command], None] = SocketVenue.send

    def lost(self: SocketVenue, command: Command) -> None:
        if command != Cancel(number):
            send(self, command)

    monkeypatch.setattr(SocketVenue, "send", lost)
    monkeypatch.setattr(trading, "recover", partial(recover, patience=0.5))
    name = refused(cut)
    assert cut.run("oms", "release-recovery", name, *BY).code == 0
    doubt = goes_on(cut, 1_900)
    assert (doubt["kind"], doubt["shares"], doubt["works"]) == ("standing", 0, 100)
    oms = held(cut.journal)
    assert list(oms.open) == [number]
    assert files.unfinished(oms) == []


BAD = [
    (("all", "--who", "ann", "--second", "duty.officer"), "who asks for it, and why"),
    (("all", "--second", "duty.officer", "--why", "x"), "who asks for it, and why"),
    (("all", "--who", "ann", "--why", "x"), "got nobody"),
    (("all", "--who", "ann", "--second", "duty.oficer", "--why", "x"), "did you mean 'duty.officer'?"),
    (("all", "--who", "duty.officer", "--second", "duty.officer", "--why", "x"), "somebody else"),
    (("D123", *BY), "unknown difference 'D123'"),
    (BY, "differences that are open"),
]


def test_a_release_that_may_not_be_changes_nothing(cut: Cut) -> None:
    assert "none: the last start" in cut.run("oms", "release-recovery", "all", *BY).err
    cut.stranger(77)
    name = refused(cut)
    before = cut.journal.read_bytes(), held(cut.journal).sequence
    for words, expected in BAD:
        done = cut.run("oms", "release-recovery", *words)
        assert (done.code, done.out) == (2, "")
        assert expected in done.err
    assert (cut.journal.read_bytes(), held(cut.journal).sequence) == before
    keeper = open_keeper(cut.journal, 1)
    assert "is in use" in cut.run("oms", "release-recovery", name, *BY).err
    keeper.close()
    done = cut.run("oms", "release-recovery", name, *BY, "--json")
    assert (done.json["done"], done.json["differences"]) == (True, [name])
