"""A full disk, a read-only journal, a torn page, a second instance: the journal fails closed and nothing is lost."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from oms_disk import RecordingDisk, Tape

from nowake.core.errors import InputError
from nowake.oms.errors import DamagedError, JournalError, LeaseError
from nowake.oms.events import Control
from nowake.oms.journal.protocol import open_journal
from nowake.oms.journal.sqlite import SqliteJournal
from nowake.oms.journal.writer import Writer
from nowake.oms.keeper import open_keeper

LINE = b"x" * 500


def held(path: Path) -> int:
    """How many events a journal holds, read anew."""
    journal = open_journal(path)
    try:
        return sum(1 for _ in journal.replay())
    finally:
        journal.close()


def test_a_full_disk_fails_every_ticket_and_the_writer_stays_failed(tmp_path: Path) -> None:
    tape = Tape()
    disk = RecordingDisk(tape)
    writer = Writer(SqliteJournal(tmp_path / "j", write=True, connection=disk.connect))
    kept = [writer.put(LINE).wait() for _ in range(20)]
    tape.fails_after = 20_000
    with pytest.raises(JournalError, match="full"):
        kept.extend(writer.put(LINE).wait() for _ in range(500))
    tape.fails_after = None
    with pytest.raises(JournalError, match="takes nothing more"):
        writer.put(LINE)
    writer.close()
    assert held(tmp_path / "j") == kept[-1] == len(kept), "what was acknowledged is there, and nothing else"
    again = SqliteJournal(tmp_path / "j", write=True)
    assert again.append([LINE]) == kept[-1] + 1, "with space again it goes on"
    again.close()


def test_a_file_that_may_not_grow_fails_the_same_way_in_the_usual_sqlite(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "j", write=True)
    pages = next(journal._db.execute("PRAGMA page_count"))[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(JournalError, match="full"):
        list(map(journal.append, [[LINE] * 10] * 100))
    there = journal._sequence
    journal.close()
    assert held(tmp_path / "j") == there


def test_a_read_only_disk_fails_at_once(tmp_path: Path) -> None:
    tape = Tape()
    writer = Writer(SqliteJournal(tmp_path / "j", write=True, connection=RecordingDisk(tape).connect))
    writer.put(LINE).wait()
    tape.read_only = True
    with pytest.raises(JournalError, match="read-only"):
        writer.put(LINE).wait()
    tape.read_only = False
    writer.close()
    assert held(tmp_path / "j") == 1


@contextmanager
def nobody() -> Iterator[None]:
    """Root may write anything: be somebody else for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_journal_without_permission_to_write_is_refused_and_still_read() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "j"
        journal = SqliteJournal(path, write=True)
        journal.append([LINE])
        journal.close()
        before = path.read_bytes()
        for name, mode in ((path, 0o444), (path.with_name("j.lock"), 0o444), (Path(folder), 0o555)):
            name.chmod(mode)
        with nobody(), pytest.raises(JournalError):
            open_journal(path, write=True)
        Path(folder).chmod(0o755)
        assert path.read_bytes() == before
        assert held(path) == 1


def test_a_torn_last_page_of_the_log_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    tape = Tape()
    journal = SqliteJournal(tmp_path / "j", write=True, connection=RecordingDisk(tape).connect)
    for _ in range(30):
        journal.append([LINE] * 3)
    acknowledged = journal._sequence
    (tmp_path / "torn").mkdir()
    for suffix in ("", "-wal"):
        (tmp_path / f"torn/j{suffix}").write_bytes((tmp_path / f"j{suffix}").read_bytes())
    log = tmp_path / "torn/j-wal"
    frame = 24 + 4096
    with log.open("r+b") as out:  # a frame that began to arrive and never did
        out.seek(0, os.SEEK_END)
        out.write(os.urandom(frame - 1000))
    journal.close()
    assert held(tmp_path / "torn/j") == acknowledged
    again = SqliteJournal(tmp_path / "torn/j", write=True)
    assert again.append([LINE]) == acknowledged + 1
    again.close()


def test_a_second_instance_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j", 1)
    with pytest.raises(LeaseError, match=rf"in use \(expected one writer, got process {os.getpid()}"):
        open_keeper(tmp_path / "j", 1)
    program = "import sys; from nowake.oms.keeper import open_keeper; open_keeper(sys.argv[1], 1)"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "j")], capture_output=True, text=True, check=False
    )
    assert "LeaseError" in done.stderr
    keeper.record(Control(1, "ann", "", ""))[1].wait()
    keeper.close()
    open_keeper(tmp_path / "j", 1).close()


def test_a_writer_that_lost_its_epoch_is_fenced_off(tmp_path: Path) -> None:
    first = SqliteJournal(tmp_path / "j", write=True)
    first.append([LINE])
    (tmp_path / "j.lock").unlink()  # a disk that carries no locks
    second = SqliteJournal(tmp_path / "j", write=True)
    with pytest.raises(LeaseError, match="taken by another writer"):
        first.append([LINE])
    assert second.append([LINE]) == 2
    first.close()
    second.close()
    assert held(tmp_path / "j") == 2


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="lock of journal"):
        open_journal(tmp_path / "no/j", write=True)


def test_a_broken_head_of_the_file_is_damage(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"not a database at all" * 100)
    for write in (False, True):
        with pytest.raises(InputError, match="j is no journal"):
            open_journal(tmp_path / "j", write=write)
    assert not (tmp_path / "j.lock").exists()
    (tmp_path / "j.lock").touch()  # it was one
    for write in (False, True):
        with pytest.raises(DamagedError, match="cannot be read"):
            open_journal(tmp_path / "j", write=write)
    assert (tmp_path / "j").read_bytes() == b"not a database at all" * 100
