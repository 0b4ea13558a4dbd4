"""What is intact of a damaged journal, copied into a new one; the damaged file is never written.

It is copied, with its log, into a temporary folder before SQLite sees it, because SQLite may write even where it only
reads. What follows the break may be readable, but the chain no longer vouches for it: it is counted, not copied. The
new journal goes on with later epochs than any of the damaged one, so that no order id of the lost part comes again.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nowake.core.errors import InputError
from nowake.oms.errors import DamagedError, JournalError
from nowake.oms.journal.sqlite import SqliteJournal, connect, refuse_stranger

__all__ = ["Salvaged", "salvage"]

_BATCH = 5_000
_FAR = 2**19  # epochs: no journal has been opened as often, and as many are left


@dataclass(frozen=True, slots=True)
class Salvaged:
    """`intact` events were copied; `broken_at` is the first that cannot be trusted (None: the journal is whole)."""

    intact: int
    broken_at: int | None
    why: str
    readable_after: int


def salvage(damaged: Path, into: Path) -> Salvaged:
    """Copy the intact events of `damaged` into the new journal `into`; InputError if that exists already."""
    if not damaged.is_file():
        raise InputError("journal", expected="a file", got=str(damaged))
    if into.exists():
        raise InputError("salvage", expected="a new file", got=str(into))
    refuse_stranger(damaged)
    with tempfile.TemporaryDirectory(prefix="nowake-salvage-") as folder:
        copy = Path(folder) / "journal"
        for suffix in ("", "-wal", ".lock"):
            source = damaged.with_name(damaged.name + suffix)
            if source.is_file():
                shutil.copyfile(source, copy.with_name(copy.name + suffix))
        return _copy_intact(copy, into)


def _copy_intact(copy: Path, into: Path) -> Salvaged:
    intact, broken_at, why = 0, None, ""
    epoch = _epoch(copy)
    target = SqliteJournal(into, write=True, above=_FAR if epoch is None else epoch)
    try:
        source = SqliteJournal(copy)
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
    return Salvaged(intact, broken_at, why, _readable(copy, broken_at) if broken_at else 0)


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
