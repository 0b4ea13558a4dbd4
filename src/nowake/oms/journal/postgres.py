"""The journal in PostgreSQL: a schema of its own, one statement per batch, commit with ``synchronous_commit = on``.

The lease is an advisory lock of the writer's session, so it dies with the connection, and the writer with it: a batch
is one statement that writes only while the table `holder` has our epoch. A lost connection fails the journal, it is
not made anew: what was on its way is then unknown, and recovery has to look.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from time import monotonic, sleep
from typing import Any

from nowake.core.errors import InputError, MissingError
from nowake.oms.errors import DamagedError, EmptyError, JournalError, LeaseError
from nowake.oms.journal import chain
from nowake.oms.journal.address import hidden, server_of, shown
from nowake.oms.journal.files import digest
from nowake.oms.journal.lease import fenced
from nowake.oms.journal.migrations import POSTGRES, pending
from nowake.oms.journal.protocol import Record, Snapshot

__all__ = ["PostgresJournal", "refuse_second"]

_PATIENCE = 2.0  # s for the lease
_UNKNOWN = re.compile(r'(database|role) ".*" does not exist')
_CHUNK = 20_000
_INSERT = """
INSERT INTO event SELECT sequence, payload, hash
FROM unnest(%b::bigint[], %b::bytea[], %b::bytea[]) AS batch (sequence, payload, hash)
WHERE EXISTS (SELECT 1 FROM holder WHERE epoch = %b FOR SHARE)
"""


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise MissingError("a journal in PostgreSQL needs psycopg: pip install 'nowake[postgres]'") from error
    return psycopg


def _connect(url: str) -> Any:
    """Return a connection; JournalError for a server that does not let us in, InputError for what it does not know."""
    psycopg = _psycopg()
    try:
        return psycopg.connect(server_of(url).connection, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        words = f"journal {shown(url)}: {hidden(' '.join(str(error).split()), url)}"
        if isinstance(error, psycopg.ProgrammingError) or _UNKNOWN.search(words):
            raise InputError(words, expected="an address, a database and a user that the server knows") from None
        raise JournalError(words) from None


def _lock(db: Any, name: str) -> None:
    """Take the advisory lock of a journal; LeaseError where another has it and keeps it.

    A writer that was killed a moment ago has it until the server has noticed.
    """
    limit = monotonic() + _PATIENCE
    while True:
        taken = db.execute("SELECT pg_try_advisory_lock(hashtext('nowake.journal'), hashtext(%s))", (name,))
        if taken.fetchone()[0]:
            return
        if monotonic() >= limit:
            raise LeaseError(f"journal {name} is in use", expected="one writer", got="another instance")
        sleep(0.05)


def refuse_second(url: str) -> None:
    """Refuse a journal that another instance writes: LeaseError."""
    with closing(_connect(url)) as db:
        _lock(db, server_of(url).name)


class PostgresJournal:
    """A journal at ``postgresql://…``; the parameter ``?journal=name`` keeps several in one database."""

    def __init__(self, url: str, *, write: bool = False) -> None:
        self.name = server_of(url).name
        self._errors: Any = _psycopg().Error
        self.epoch, self._write = 0, write
        self._sequence, self._head = 0, chain.START
        self._db: Any = _connect(url)
        try:
            self._open()
        except BaseException as error:
            self._db.close()
            if isinstance(error, self._errors):
                raise JournalError(f"journal {self.name}: {error}") from error
            raise

    def _open(self) -> None:
        run = self._db.execute
        there = run("SELECT 1 FROM pg_namespace WHERE nspname = %s", (self.name,)).fetchone()
        if self._write:
            _lock(self._db, self.name)
            run(f"CREATE SCHEMA IF NOT EXISTS {self.name}")
        elif not there:
            raise EmptyError("journal", expected="one that was begun", got=f"no {self.name} in the database")
        run(f"SET search_path TO {self.name}")
        version = self._version()
        if not self._write and not version:
            raise EmptyError("journal", expected="one that was begun", got=f"an empty {self.name} in the database")
        steps = pending(version, POSTGRES, f"journal {self.name}")
        if not self._write:
            return
        run("SET synchronous_commit TO on")
        with self._db.transaction():
            run("CREATE TABLE IF NOT EXISTS version (number integer NOT NULL)")
            for step in steps:
                for statement in step:
                    run(statement)
            run("DELETE FROM version")
            run("INSERT INTO version VALUES (%s)", (len(POSTGRES),))
            self.epoch = run("UPDATE holder SET epoch = epoch + 1 RETURNING epoch").fetchone()[0]
        self._sequence, self._head = self._tail()

    def _version(self) -> int:
        if self._db.execute("SELECT to_regclass('version')").fetchone()[0] is None:
            return 0
        return int(self._db.execute("SELECT number FROM version").fetchone()[0])

    def _tail(self) -> tuple[int, bytes]:
        rows = self._db.execute(
            "SELECT sequence, payload, hash FROM event ORDER BY sequence DESC LIMIT 2", binary=True
        ).fetchall()
        if not rows:
            return 0, chain.START
        before = rows[1][2] if len(rows) > 1 else chain.START
        list(chain.checked([rows[0]], rows[0][0] - 1, before))
        return rows[0][0], rows[0][2]

    def last_epoch(self) -> int | None:
        """Return how often the journal was opened for writing; None if it cannot be read."""
        try:
            return int(self._db.execute("SELECT epoch FROM holder").fetchone()[0])
        except (self._errors, TypeError):
            return None

    def after(self, sequence: int) -> int:
        """Return how many events come after one, whether they can be trusted or not."""
        try:
            return int(self._db.execute("SELECT count(*) FROM event WHERE sequence > %s", (sequence,)).fetchone()[0])
        except self._errors:
            return 0

    def append(self, payloads: Sequence[bytes]) -> int:
        """Add payloads in one statement; the server's disk has them when this returns."""
        if not self.epoch or self._db.closed:
            raise JournalError(f"journal {self.name} is not open for writing")
        if not payloads:
            return self._sequence
        rows = chain.links(self._head, self._sequence, payloads)
        numbers, bodies, hashes = (list(column) for column in zip(*rows, strict=True))
        try:
            done = self._db.execute(_INSERT, (numbers, bodies, hashes, self.epoch))
        except self._errors as error:
            raise JournalError(f"journal {self.name}: {error}") from error
        if done.rowcount != len(rows):
            raise fenced(self.epoch)
        self._sequence, _, self._head = rows[-1]
        return self._sequence

    def replay(self, after: int = 0, *, hash: bytes | None = None) -> Iterator[Record]:  # noqa: A002
        """Yield the records after `after`, checked link by link."""
        previous = self._hash_at(after)
        if hash is not None and hash != previous:
            raise DamagedError(
                "not the chain that is expected", sequence=after, expected=hash.hex(), got=previous.hex()
            )
        yield from chain.checked(self._rows(after), after, previous)

    def _rows(self, after: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield rows in chunks by key, so that no transaction stays open between them."""
        while True:
            try:
                rows = self._db.execute(
                    "SELECT sequence, payload, hash FROM event WHERE sequence > %s ORDER BY sequence LIMIT %s",
                    (after, _CHUNK),
                    binary=True,
                ).fetchall()
            except self._errors as error:
                raise DamagedError("cannot be read", sequence=after + 1, got=error) from error
            yield from rows
            if len(rows) < _CHUNK:
                return
            after = rows[-1][0]

    def _hash_at(self, sequence: int) -> bytes:
        if sequence == 0:
            return chain.START
        row = self._db.execute("SELECT hash FROM event WHERE sequence = %s", (sequence,), binary=True).fetchone()
        if row is None:
            raise InputError("journal", expected=f"event {sequence}", got="a journal that ends before it")
        return bytes(row[0])

    def snapshot(self, new: Snapshot | None = None) -> Snapshot | None:
        """Keep `new`, and of all the youngest two; return the youngest that is whole and lies on the chain."""
        run = self._db.execute
        try:
            if new is not None:
                row = (new.sequence, new.hash, new.body, digest(new))
                run("INSERT INTO snapshot VALUES (%b, %b, %b, %b) ON CONFLICT DO NOTHING", row)
                run(
                    "DELETE FROM snapshot WHERE sequence NOT IN (SELECT sequence FROM snapshot ORDER BY 1 DESC LIMIT 2)"
                )
            rows = run("SELECT sequence, hash, body, digest FROM snapshot ORDER BY 1 DESC", binary=True).fetchall()
        except self._errors as error:
            raise JournalError(f"snapshot in {self.name}: {error}") from error
        for sequence, stored, body, said in rows:
            found = Snapshot(sequence, bytes(stored), bytes(body))
            if said == digest(found) and self._lies(found):
                return found
        return None

    def _lies(self, snapshot: Snapshot) -> bool:
        try:
            return self._hash_at(snapshot.sequence) == snapshot.hash
        except InputError:
            return False

    def close(self) -> None:
        """Close the connection, and with it the lease."""
        self._db.close()
        self.epoch = 0
