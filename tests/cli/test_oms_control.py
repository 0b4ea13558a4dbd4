"""`nowake oms control` and `nowake oms recover`: exit codes, words and objects."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nowake.cli import main as program
from nowake.cli.lazy import Group, Lazy
from nowake.oms.events import ParentNew, ParentSaid, Started
from nowake.oms.keeper import open_keeper
from nowake.oms.states import Act
from nowake.service.control_wire import Answer, Asked, frame
from nowake.service.wire import Frames


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both commands are in the program's table, also before it names them itself."""
    group = program.COMMANDS["oms"]
    assert isinstance(group, Group)
    for name in ("control", "recover"):
        if name not in group.entries:
            monkeypatch.setitem(group.entries, name, Lazy(f"oms:{name}", "A test."))  # type: ignore[arg-type]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    keeper = open_keeper(path, instance=7, clock=lambda: 1)
    parent = keeper.ids.next()
    keeper.enter(ParentNew(1, parent, "fund", "MIDC", side=1, quantity=1000, start=0, end=10, client="P"))
    keeper.record(ParentSaid(2, parent, Act.ACKED))
    keeper.close()
    return path


class Trader:
    """Listens as a trader does, and answers every question with `answer`."""

    def __init__(self, journal: Path, answer: Answer) -> None:
        self.asked: list[Any] = []
        self._answer = answer
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(journal.with_suffix(".control")))
        self._listening.listen(1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        one, _ = self._listening.accept()
        frames = Frames(Asked)
        while not self.asked:
            self.asked += frames.feed(one.recv(4096))
        one.sendall(frame(self._answer))
        one.close()

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def answering(journal: Path) -> Iterator[Any]:
    made: list[Trader] = []

    def one(*answer: Any) -> Trader:
        made.append(Trader(journal, Answer(*answer)))
        return made[-1]

    yield one
    for each in made:
        each.close()


SIGNED = ("--who", "ann", "--why", "news")


def test_a_control_is_sent_with_who_and_why_and_its_answer_printed(nowake: Any, journal: Path, answering: Any) -> None:
    trader = answering(True, "cap 0.1: order 7-1-1", ("7-1-1",))
    done = nowake("oms", "control", "cap", "P", "10%", *SIGNED, "--journal", journal)
    assert (done.code, done.out) == (0, "cap 0.1: order 7-1-1\n")
    assert trader.asked == [Asked("cap", "P", "10%", "ann", "news")]


def test_a_control_as_json(nowake: Any, journal: Path, answering: Any) -> None:
    answering(True, "done", ("7-1-1",))
    body = nowake("oms", "control", "pause", *SIGNED, "--journal", journal, "--json").json
    assert (body["schema"], body["done"], body["orders"]) == ("nowake.oms.control/1", True, ["7-1-1"])


def test_a_refused_control_is_2_with_the_reason(nowake: Any, journal: Path, answering: Any) -> None:
    answering(False, "unknown order 'R'; did you mean 'P'?")
    assert "did you mean 'P'?" in nowake("oms", "control", "pause", "R", *SIGNED, "--journal", journal).refusal


def test_the_hint_of_a_refusal_has_a_line_of_its_own(nowake: Any, journal: Path, answering: Any) -> None:
    answering(False, "unknown order 'R'", (), "did you mean 'P'?")
    done = nowake("oms", "control", "pause", "R", *SIGNED, "--journal", journal)
    assert done.err == "error: unknown order 'R'\nhint: did you mean 'P'?\n"


def test_a_value_may_begin_with_a_minus(nowake: Any, journal: Path, answering: Any) -> None:
    trader = answering(False, "shares (expected a whole number, got '-5')")
    done = nowake("oms", "control", "send", "all", "-5 limit 50.00 ALPHA", *SIGNED, "--journal", journal)
    assert (done.code, trader.asked[0].value) == (2, "-5 limit 50.00 ALPHA")
    assert done.err == "error: shares (expected a whole number, got '-5')\n"
    assert "--whoo" in nowake("oms", "control", "pause", "all", "--whoo", "ann", "--journal", journal).refusal


def test_no_trader_is_3_and_says_how_to_start_one(nowake: Any, journal: Path) -> None:
    done = nowake("oms", "control", "pause", *SIGNED, "--journal", journal)
    assert (done.code, done.out) == (3, "")
    assert "nowake trade" in done.err
    (journal.with_suffix(".control")).write_text("no socket")
    assert nowake("oms", "control", "pause", *SIGNED, "--journal", journal).code == 3


def test_no_journal_is_2_and_a_server_that_has_none_3(nowake: Any, journal: Path, tmp_path: Path) -> None:
    assert "did you mean 'journal.db'?" in nowake("oms", "control", "pause", "--journal", f"{journal}x").refusal
    url = "postgresql://me:secret@127.0.0.1:1/db"
    into = ("--into", tmp_path / "new.db")
    for words, expected in (
        (("control", "pause", *SIGNED), "no trader of postgresql://127.0.0.1:1/db is running"),
        (("recover", *into), "expected a server that answers at postgresql://127.0.0.1:1/db"),
    ):
        done = nowake("oms", *words, "--journal", url)
        assert (done.code, done.out) == (3, "")
        assert expected in done.err
        assert "secret" not in done.err


def damage(journal: Path) -> bytes:
    data = journal.read_bytes()
    assert data.count(b"fund") == 1
    journal.write_bytes(data.replace(b"fund", b"find"))
    return journal.read_bytes()


def test_a_damaged_journal_is_recovered_into_a_new_one_and_not_touched(nowake: Any, journal: Path) -> None:
    data, target = damage(journal), journal.with_name("new.db")
    body = nowake("oms", "recover", "--journal", journal, "--into", target, "--json").json
    assert (body["chain_ok"], body["broken_at"], body["intact"]) == (False, 3, 2)
    assert "event 3" in body["why"]
    assert journal.read_bytes() == data
    kinds = [row["kind"] for row in nowake("oms", "events", "--journal", target, "--json").json["events"]]
    assert kinds == [Started.__name__, "IdsReserved"]
    assert nowake("oms", "verify", "--journal", target).code == 0


def test_the_new_journal_is_beside_the_old_one_by_default(nowake: Any, journal: Path) -> None:
    damage(journal)
    done = nowake("oms", "recover", "--journal", journal)
    assert done.code == 0
    assert "breaks at event 3" in done.out
    assert journal.with_name("journal-intact.db").exists()
    assert "expected a new file" in nowake("oms", "recover", "--journal", journal).refusal


def test_a_whole_journal_is_copied_and_said_to_be_whole(nowake: Any, journal: Path) -> None:
    done = nowake("oms", "recover", "--journal", journal)
    assert done.code == 0
    assert "is whole" in done.out
    assert "copied" in done.out


def test_what_lies_beside_a_journal_is_copied_under_the_new_name(nowake: Any, journal: Path, tmp_path: Path) -> None:
    (tmp_path / "journal.tape").write_text("tape")
    (tmp_path / "journal.market" / "0001").mkdir(parents=True)
    (tmp_path / "journal.market" / "0001" / "venue.log").write_text("log")
    (tmp_path / "kill.json").write_text("pressed")
    (tmp_path / "other").mkdir()
    target = tmp_path / "other" / "new.db"
    (target.with_suffix(".tape")).write_text("of another")
    assert "nothing of its name" in nowake("oms", "recover", "--journal", journal, "--into", target).refusal
    assert not target.exists()
    target.with_suffix(".tape").unlink()
    done = nowake("oms", "recover", "--journal", journal, "--into", target)
    assert done.code == 0
    assert "copied beside it: " in done.out
    names = {path.relative_to(target.parent): path.read_text() for path in target.parent.rglob("*.[tlj][aos][pgo]*")}
    assert {str(name): text for name, text in names.items()} == {
        "new.tape": "tape", "new.market/0001/venue.log": "log", "kill.json": "pressed",
    }  # fmt: skip
    same = nowake("oms", "recover", "--journal", journal, "--into", tmp_path / "journal.new").refusal
    assert "another name before the ending" in same


def test_a_folder_that_is_not_there_is_refused(nowake: Any, journal: Path, tmp_path: Path) -> None:
    assert "no folder" in nowake("oms", "recover", "--journal", journal, "--into", tmp_path / "no" / "new.db").refusal


def test_an_allocation_is_carried_out_by_the_trader_that_holds_the_journal(
    nowake: Any, journal: Path, answering: Any
) -> None:
    trader = answering(True, "order 7-1-1 is allocated: 400 to red, 600 to blue", ("7-1-1",))
    before = journal.read_bytes()
    done = nowake("oms", "allocate", "P", "red=400", "blue=600", *SIGNED, "--journal", journal, "--json")
    assert (done.code, done.json["orders"]) == (0, ["7-1-1"])
    assert trader.asked == [Asked("allocate", "P", "red=400,blue=600", "ann", "news")]
    assert journal.read_bytes() == before


def test_weights_reach_the_trader_that_knows_the_shares(nowake: Any, journal: Path, answering: Any) -> None:
    trader = answering(False, "the order is open")
    done = nowake("oms", "allocate", "P", "--pro-rata", "red=1,blue=2", *SIGNED, "--journal", journal)
    assert (done.code, "the order is open" in done.err) == (2, True)
    assert trader.asked[0].value == "pro-rata red=1,blue=2"
