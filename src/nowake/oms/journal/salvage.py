"""What is intact of a damaged journal, copied into a new one in a file; the damaged one is never written.

A file is copied, with its log, into a temporary folder before SQLite sees it, because SQLite may write even where it
only reads; a file that was cut off is filled up with empty pages there, so that what stands before the cut can be
read. What follows the break may be readable, but the chain no longer vouches for it: it is counted, not copied. The
new journal goes on with later epochs than any of the damaged one, so that no order id of the lost part comes again.
"""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from nowake.core.errors import InputError
from nowake.oms.errors import DamagedError, JournalError
from nowake.oms.journal.address import on_server
from nowake.oms.journal.protocol import Journal
from nowake.oms.journal.sqlite import HEAD, SqliteJournal, connect, refuse_stranger

__all__ = ["Salvaged", "salvage"]

_BATCH = 5_000
_LARGEST = 2**40  # bytes that a head may name
_FAR = 2**19  # epochs: no journal has been opened as often, and as many are left


@dataclass(frozen=True, slots=True)
class Salvaged:
    """`intact` events were copied; `broken_at` is the first that cannot be trusted (None: the journal is whole)."""

    intact: int
    broken_at: int | None
    why: str
    readable_after: int


def salvage(damaged: str | Path, into: Path) -> Salvaged:
    """Copy the intact events of `damaged` into the new journal `into`, none is made where there are none.

    InputError where `into` exists already, or `damaged` is no journal of this version.
    """
    if into.exists():
        raise InputError(f"the new journal {into}", expected="a new file", got="one that is there")
    if on_server(damaged):
        return _of_server(str(damaged), into)
    return _of_file(Path(damaged), into)


def _of_server(url: str, into: Path) -> Salvaged:
    from nowake.oms.journal.postgres import PostgresJournal

    with closing(PostgresJournal(url)) as journal:
        found = _copy_intact(lambda: PostgresJournal(url), into, journal.last_epoch())
        return replace(found, readable_after=journal.after(found.broken_at) if found.broken_at else 0)


def _of_file(damaged: Path, into: Path) -> Salvaged:
    if not damaged.is_file():
        raise InputError("journal", expected="a file", got=str(damaged))
    refuse_stranger(damaged)
    with tempfile.TemporaryDirectory(prefix="nowake-salvage-") as folder:
        copy = Path(folder) / "journal"
        for suffix in ("", "-wal", ".lock"):
            source = damaged.with_name(damaged.name + suffix)
            if source.is_file():
                shutil.copyfile(source, copy.with_name(copy.name + suffix))
        _fill_up(copy)
        try:
            found = _copy_intact(lambda: SqliteJournal(copy), into, _epoch(copy))
        except InputError as error:  # people know the journal by its own name
            error.args = (str(error).replace(str(copy), str(damaged)),)
            raise
        after = _readable(copy, found.broken_at) if found.broken_at else 0
        return replace(found, why=found.why.replace(str(copy), str(damaged)), readable_after=after)


def _fill_up(copy: Path) -> None:
    """Lengthen a database that was cut off to the pages that its head names."""
    with copy.open("r+b") as file:
        head = file.read(32)
        if len(head) == 32 and head[:16] == HEAD:
            page = int.from_bytes(head[16:18], "big")
            whole = (2**16 if page == 1 else page) * int.from_bytes(head[28:32], "big")
            if copy.stat().st_size < whole <= _LARGEST:
                file.truncate(whole)


def _copy_intact(damaged: Callable[[], Journal], into: Path, epoch: int | None) -> Salvaged:
    """Copy what is intact; what is readable after it is not counted here."""
    intact, broken_at, why = 0, None, ""
    target = SqliteJournal(into, write=True, above=_FAR if epoch is None else epoch)
    try:
        source = damaged()
        batch: list[bytes] = []
        try:
            for record in source.replay():
                batch.append(record.payload)
                if len(batch) == _BATCH:
                    intact, batch = target.append(batch), []
        finally:
            intact = target.append(batch) if batch else intact
            source.close()
    except DamagedError as error:
        broken_at, why = error.sequence, str(error)
    except JournalError as error:
        broken_at, why = intact + 1, str(error)
    finally:
        target.close()
    if not intact:
        for end in ("", "-wal", "-shm", ".lock"):
            into.with_name(into.name + end).unlink(missing_ok=True)
    return Salvaged(intact, broken_at, why, 0)


def _epoch(copy: Path) -> int | None:
    """Return the last epoch of a journal, None if it cannot be read."""
    try:
        source = SqliteJournal(copy)
    except (DamagedError, JournalError):
        return None
    try:
        return source.last_epoch()
    finally:
        source.close()


def _readable(copy: Path, broken_at: int) -> int:
    """Return how many events after the break can still be read."""
    found = 0
    try:
        db = connect(copy, False)
        try:
            for _ in db.execute("SELECT payload FROM event WHERE sequence > ?", (broken_at,)):
                found += 1
        finally:
            db.close()
    except Exception:  # where it cannot be read any further is what we want to know
        return found
    return found
