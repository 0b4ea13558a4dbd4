"""The journal in one SQLite file: write-ahead log, synchronous FULL, a transaction per batch.

With WAL and FULL every commit ends with an fsync of the log (sqlite.org/wal.html, pragma synchronous), so what
`append` returned for survives the loss of power. Snapshots lie beside it in files of their own, written whole or not at
all, so that another process can make them.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from nowake.core.errors import InputError
from nowake.oms.errors import DamagedError, EmptyError, JournalError
from nowake.oms.journal import chain, files
from nowake.oms.journal.lease import FileLease, fenced
from nowake.oms.journal.migrations import SQLITE, pending
from nowake.oms.journal.protocol import Record, Snapshot

__all__ = ["HEAD", "SqliteJournal", "connect", "refuse_stranger"]

HEAD = b"SQLite format 3\0"
"""How a database begins; sqlite.org/fileformat.html."""
APPLICATION = 0x6E6F776B  # marks the file as one of ours
Connect = Callable[[Path, bool], Any]


def connect(path: Path, write: bool) -> sqlite3.Connection:
    """Return a connection in autocommit mode; for reading alone unless `write`."""
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if write else 'ro'}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5)


def refuse_stranger(path: Path) -> None:
    """Refuse a file that never was a journal: no database, and neither lock nor log beside it; InputError."""
    if not path.is_file() or any(path.with_name(path.name + end).exists() for end in (".lock", "-wal")):
        return
    with path.open("rb") as file:
        head = file.read(len(HEAD))
    if head and head != HEAD:
        raise InputError(f"{path} is no journal", expected="a journal of nowake", got="not a database")


class SqliteJournal:
    """A journal in a file. `connection` may open it by another SQLite: it needs `execute`, `executemany`, `close`.

    `above`: what `epoch` must be above, where the journal itself cannot know: it holds what was written into another.
    """

    def __init__(
        self, path: Path, *, write: bool = False, connection: Connect = connect, above: int = 0
    ) -> None:  # fmt: skip
        if not write and not path.is_file():
            raise InputError("journal", expected="a file", got=str(path), hint=f"there is no {path}")
        refuse_stranger(path)
        self._above = above
        self.path, self.epoch = path, 0
        self._lease = FileLease(path) if write else None
        self._db: Any = None
        try:
            self._db = connection(path, write)
            self._open(write)
        except BaseException as error:
            self.close()
            named = self._named(error)
            raise named from (error if named is not error else None)

    def _named(self, error: BaseException) -> BaseException:
        """Return what the disk or SQLite says in our words; all else as it is."""
        of_disk = isinstance(error, (sqlite3.Error, OSError)) or type(error).__module__ == "apsw"
        if not of_disk:
            return error
        if "malformed" in str(error) or "not a database" in str(error):
            return DamagedError(f"{self.path} cannot be read", sequence=1, got=error)
        return JournalError(f"journal {self.path}: {error}")

    def _open(self, write: bool) -> None:
        run = self._db.execute
        version, mark = self._one("PRAGMA user_version"), self._one("PRAGMA application_id")
        if version and mark != APPLICATION:
            raise InputError(f"{self.path}", expected="a journal of nowake", got=f"application id {mark:#x}")
        steps = pending(version, SQLITE, f"journal {self.path}")
        if version == 0 and self._one("SELECT count(*) FROM sqlite_master"):
            raise InputError(f"{self.path}", expected="a journal of nowake", got="the database of another program")
        if not write:
            if version == 0:
                raise EmptyError(f"{self.path}", expected="a journal of nowake", got="an empty file")
            return
        self._sequence, self._head = self._tail() if version else (0, chain.START)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 4000"):
            list(run(f"PRAGMA {pragma}"))
        run("BEGIN IMMEDIATE")
        for number, step in enumerate(steps, version + 1):
            for statement in step:
                run(statement)
            run(f"PRAGMA user_version = {number}")
        run(f"PRAGMA application_id = {APPLICATION}")
        run("UPDATE holder SET epoch = max(epoch, ?) + 1", (self._above,))
        run("COMMIT")
        files.sync_folder(self.path.parent)
        self.epoch = self._one("SELECT epoch FROM holder")

    def last_epoch(self) -> int | None:
        """Return how often the journal was opened for writing, as far as anybody knows; None if it cannot be read."""
        try:
            return int(self._one("SELECT epoch FROM holder"))
        except Exception as error:
            if self._named(error) is error:
                raise
            return None

    def _one(self, statement: str) -> Any:
        """Return the value of a statement that gives one."""
        (row,) = self._db.execute(statement)
        return row[0]

    def _tail(self) -> tuple[int, bytes]:
        """Return number and hash of the last event, whose own link is checked; 0 and the chain's start if none."""
        rows = list(self._db.execute("SELECT sequence, payload, hash FROM event ORDER BY sequence DESC LIMIT 2"))
        if not rows:
            return 0, chain.START
        sequence, payload, stored = rows[0]
        before = rows[1][2] if len(rows) > 1 else chain.START
        list(chain.checked([(sequence, payload, stored)], sequence - 1, before))
        return sequence, stored

    def append(self, payloads: Sequence[bytes]) -> int:
        """Add payloads in one transaction; the disk has them when this returns."""
        if not self.epoch or self._db is None:
            raise JournalError(f"journal {self.path} is not open for writing")
        if not payloads:
            return self._sequence
        rows = chain.links(self._head, self._sequence, payloads)
        run = self._db.execute
        try:
            run("BEGIN IMMEDIATE")
            if self._one("SELECT epoch FROM holder") != self.epoch:
                raise fenced(self.epoch)
            self._db.executemany("INSERT INTO event VALUES (?, ?, ?)", rows)
            run("COMMIT")
        except Exception as error:
            self._roll_back()
            named = self._named(error)
            raise named from (error if named is not error else None)
        self._sequence, _, self._head = rows[-1]
        return self._sequence

    def _roll_back(self) -> None:
        """Undo what was begun; where SQLite has done so itself, or the disk is gone, the first error counts."""
        with suppress(Exception):
            self._db.execute("ROLLBACK")

    def replay(self, after: int = 0, *, hash: bytes | None = None) -> Iterator[Record]:  # noqa: A002
        """Yield the records after `after`, checked link by link."""
        sequence = after
        try:
            previous = self._hash_at(after)
            if hash is not None and hash != previous:
                raise DamagedError(
                    "not the chain that is expected", sequence=after, expected=hash.hex(), got=previous.hex()
                )
            rows = self._db.execute(
                "SELECT sequence, payload, hash FROM event WHERE sequence > ? ORDER BY sequence", (after,)
            )
            for record in chain.checked(rows, after, previous):
                sequence = record.sequence
                yield record
        except Exception as error:
            if self._named(error) is error:
                raise
            raise DamagedError("cannot be read", sequence=sequence + 1, got=error) from error

    def _hash_at(self, sequence: int) -> bytes:
        if sequence == 0:
            return chain.START
        rows = list(self._db.execute("SELECT hash FROM event WHERE sequence = ?", (sequence,)))
        if not rows:
            raise InputError("journal", expected=f"event {sequence}", got="a journal that ends before it")
        return bytes(rows[0][0])

    def snapshot(self, new: Snapshot | None = None) -> Snapshot | None:
        """Keep `new` in a file; return the youngest that is whole and lies on the chain."""
        folder = self.path.with_name(self.path.name + ".snapshots")
        if new is not None:
            try:
                files.write_snapshot(folder, new)
            except OSError as error:
                raise JournalError(f"snapshot in {folder}: {error}") from error
        for found in files.read_snapshots(folder):
            try:
                if self._hash_at(found.sequence) == found.hash:
                    return found
            except InputError:
                continue
        return None

    def close(self) -> None:
        """Close the file and give up the lease."""
        if self._db is not None:
            self._db.close()
            self._db = None
        if self._lease is not None:
            self._lease.release()
            self._lease = None
        self.epoch = 0
