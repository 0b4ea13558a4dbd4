"""The seam of a journal: append, replay, snapshot, close.

A journal is opened for writing, by one at a time, or for reading, by anybody. What `append` returns for is on disk.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from nowake.oms.journal.address import on_server, server_of
from nowake.oms.journal.lease import FileLease

__all__ = ["Journal", "Record", "Snapshot", "open_journal", "refuse_second"]


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
    """Return the journal at a path (SQLite) or a ``postgresql://`` URL; a path is made if `write`, InputError else.

    EmptyError where there is a place for one, and none was begun in it.
    """
    if on_server(address):
        server_of(address)  # refuses another kind of address, before anything is needed for this one
        from nowake.oms.journal.postgres import PostgresJournal

        return PostgresJournal(str(address), write=write)
    from nowake.oms.journal.sqlite import SqliteJournal

    return SqliteJournal(Path(address), write=write)


def refuse_second(address: str | Path) -> None:
    """Refuse a journal that another instance writes: LeaseError."""
    if on_server(address):
        from nowake.oms.journal.postgres import refuse_second as refuse

        refuse(str(address))
        return
    FileLease(Path(address)).release()
