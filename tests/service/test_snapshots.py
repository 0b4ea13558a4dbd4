"""Snapshots of a running trader: made beside it, kept at its end, and started from, whatever ended it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nowake.oms.events import Control, RecoveryNote
from nowake.oms.journal.protocol import Journal, open_journal
from nowake.oms.keeper import Keeper, open_keeper
from nowake.oms.snapshot import Recovered, freeze, recover
from nowake.oms.verify import verify
from nowake.service.snapshots import Snapshots
from nowake.service.trade import trade

from .trade_world import held, wanted

KILLED = """
import os, signal, sys, time
from pathlib import Path
from nowake.oms.events import Control
from nowake.oms.keeper import open_keeper
from nowake.service.snapshots import Snapshots
path = Path(sys.argv[1])
keeper = open_keeper(path, 1)
snapshots = Snapshots(keeper, path, lambda words: print(words, flush=True), 100)
for n in range(100):
    keeper.record(Control(n, "ann", "news", "pause", "all"))[1].wait()
folder = path.with_name("j.snapshots")
while not list(folder.glob("*.snapshot")):
    snapshots.attend(None, 0)
    time.sleep(0.01)
keeper.record(Control(100, "ann", "over", "resume", "all"))[1].wait()
os.kill(os.getpid(), signal.SIGKILL)
"""


def both(path: Path) -> tuple[Recovered, Recovered]:
    """Return what a journal holds, by its youngest snapshot and from zero, which must be the same tree."""
    reader = open_journal(path)
    try:
        short, long = recover(reader), recover(reader, whole=True)
        assert freeze(short.oms) == freeze(long.oms)
        assert short.hash == long.hash
        assert verify(reader)["differences"] == []
        return short, long
    finally:
        reader.close()


def said(keeper: Keeper, events: int) -> None:
    for n in range(events):
        ticket = keeper.record(RecoveryNote(n, "a note"))[1]
    ticket.wait()


def finish(snapshots: Snapshots) -> None:
    """Let the snapshot that is being made be finished."""
    while snapshots._process is not None:
        snapshots._process.wait(60)
        snapshots.attend(None, 0)  # type: ignore[arg-type]


def test_a_trader_that_stopped_comes_back_from_the_snapshot_of_its_end(tmp_path: Path) -> None:
    journal = tmp_path / "j.db"
    found = trade(wanted(journal, quantity=300, horizon=60.0))
    assert found["conserved"]
    short, long = both(journal)
    assert (short.snapshot, short.replayed) == (found["events"], 0)
    assert long.replayed == found["events"]
    keeper = open_keeper(journal, 1)
    assert keeper.snapshot == found["events"]
    keeper.close()
    assert held(journal).parents.keys() == long.oms.parents.keys()


def test_a_trader_that_was_killed_comes_back_from_the_snapshot_that_was_made_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "j"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)], capture_output=True, text=True, timeout=120, check=False,
        env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert done.stdout == ""
    short, _ = both(path)
    assert (short.snapshot, short.replayed) == (101, 1)
    assert [event.what for event in short.oms.controls] == ["pause"] * 100 + ["resume"]
    keeper = open_keeper(path, 1)
    assert (keeper.snapshot, keeper.oms.sequence) == (101, 103)
    keeper.close()


def test_a_snapshot_is_made_when_the_journal_has_grown_enough_and_only_then(tmp_path: Path) -> None:
    path, alarms = tmp_path / "j", list[str]()
    keeper = open_keeper(path, 1)
    snapshots, made = Snapshots(keeper, path, alarms.append, 50), list[int]()
    for events in (40, 20, 30, 40):
        said(keeper, events)
        snapshots.attend(None, 0)  # type: ignore[arg-type]
        finish(snapshots)
        made.append(recovered(path).snapshot)
    assert made == [0, 61, 61, 131]
    assert alarms == []
    snapshots.end()
    keeper.close()


def recovered(path: Path) -> Recovered:
    reader = open_journal(path)
    try:
        return recover(reader)
    finally:
        reader.close()


def test_a_snapshot_that_cannot_be_kept_is_told_and_the_trader_goes_on(tmp_path: Path) -> None:
    path, alarms = tmp_path / "j", list[str]()
    keeper = open_keeper(path, 1)
    (tmp_path / "j.snapshots").write_text("in the way")
    snapshots = Snapshots(keeper, path, alarms.append, 1)
    said(keeper, 3)
    snapshots.attend(None, 0)  # type: ignore[arg-type]
    finish(snapshots)
    assert len(alarms) == 1
    assert "no snapshot of the journal could be kept" in alarms[0]
    keeper.close(snapshot=True)
    (tmp_path / "j.snapshots").unlink()
    assert both(path)[0].replayed == 4


def test_a_damaged_snapshot_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "j"
    for _ in range(2):
        keeper = open_keeper(path, 1)
        said(keeper, 5)
        keeper.close(snapshot=True)
    older, youngest = sorted((tmp_path / "j.snapshots").glob("*.snapshot"))
    assert both(path)[0].snapshot == 12
    data = bytearray(youngest.read_bytes())
    data[-3] ^= 1
    youngest.write_bytes(bytes(data))
    assert both(path)[0].snapshot == 6
    older.write_bytes(b"")
    assert both(path)[0].snapshot == 0


def test_a_journal_that_has_failed_keeps_no_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = open_keeper(tmp_path / "j", 1)
    said(keeper, 5)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keeper.writer.journal, "append", full)
    ticket = keeper.record(Control(9, "ann", "", "pause"))[1]
    with pytest.raises(Exception, match="No space left"):
        ticket.wait()
    keeper.close(snapshot=True)
    assert not (tmp_path / "j.snapshots").exists()
    assert both(tmp_path / "j")[0].replayed == 6


def test_the_links_before_a_snapshot_are_checked_while_that_is_quick(tmp_path: Path) -> None:
    path = tmp_path / "j"
    keeper = open_keeper(path, 1)
    keeper.record(Control(1, "anonymous", "", "pause"))
    said(keeper, 20)
    keeper.close(snapshot=True)
    reads: list[int] = []
    reader = open_journal(path)
    recover(counted(reader, reads))
    assert reads == list(range(1, 23))
    reader.close()
    path.write_bytes(path.read_bytes().replace(b"anonymous", b"anonymoux"))
    with pytest.raises(Exception, match="event 2: the chain of hashes breaks"):
        open_keeper(path, 1)


def counted(journal: Journal, reads: list[int]) -> Journal:
    """Return a journal that notes which records are read of it."""
    replay = journal.replay

    def noted(after: int = 0, *, hash: bytes | None = None):  # type: ignore[no-untyped-def]  # noqa: A002
        for record in replay(after, hash=hash):
            reads.append(record.sequence)
            yield record

    journal.replay = noted  # type: ignore[method-assign]
    return journal


def test_of_a_tree_that_has_more_than_the_journal_none_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "j"
    keeper = open_keeper(path, 7)
    keeper.oms.apply(RecoveryNote(1, "nobody has written this"))
    keeper.close(snapshot=True)
    assert recovered(path).snapshot == 0
