"""The seam of a journal: append, replay, snapshot, close.

A journal is opened for writing, by one at a time, or for reading, by anybody. What `append` returns for is on disk.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from nowake.core.errors import InputError

__all__ = ["Journal", "Record", "Snapshot", "open_journal"]


class Record(NamedTuple):
    """An event as it lies in the journal: its number (from 1), its bytes, and the hash over all up to it."""

    sequence: int
    payload: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state after event `sequence`, `hash` the chain's there; `body` is its owner's business."""

    sequence: int
    hash: bytes
    body: bytes


class Journal(Protocol):
    """An append-only list of payloads; every engine passes `conformance.check_journal`.

    `epoch` counts how often it was opened for writing, this time included.
    """

    @property
    def epoch(self) -> int:
        """The number of this opening for writing; 0 if opened for reading."""
        ...

    def append(self, payloads: Sequence[bytes]) -> int:
        """Add payloads, all or none, and return the sequence of the last one once they are durable.

        JournalError if they cannot be, LeaseError if another writer has taken the journal.
        """
        ...

    def replay(self, after: int = 0, *, hash: bytes | None = None) -> Iterator[Record]:  # noqa: A002
        """Yield the records after `after` in order, checked; `hash`: what the chain's hash there must be.

        DamagedError at the first record that is not what was written.
        """
        ...

    def snapshot(self, new: Snapshot | None = None) -> Snapshot | None:
        """Keep `new` if given; return the youngest snapshot that is whole and lies on this chain, or None."""
        ...

    def close(self) -> None:
        """Release files, connections and the lease."""
        ...


def open_journal(address: str | Path, *, write: bool = False) -> Journal:
    """Return the journal at a path (SQLite) or a ``postgresql://`` URL; a path is made if `write`, InputError else."""
    text = str(address)
    if text.startswith(("postgresql://", "postgres://")):
        from nowake.oms.journal.postgres import PostgresJournal

        return PostgresJournal(text, write=write)
    if "://" in text:
        raise InputError("journal", expected="a path or a postgresql:// URL", got=text)
    from nowake.oms.journal.sqlite import SqliteJournal

    return SqliteJournal(Path(text), write=write)
