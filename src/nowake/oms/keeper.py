"""The keeper ties the tree to its journal: every event is handed to the journal and applied, in the same order.

Two modes. STRICT: an order may leave when its event is on disk. RESERVED: it may leave at once if its id lies in a
block that is reserved on disk; should the program die before the event is written, the order is found by asking the
venue for that id. Use it from one thread (or one event loop).
"""

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from time import time_ns

from nowake.core.errors import InputError, OrderError
from nowake.core.log import logger
from nowake.oms.apply import Oms
from nowake.oms.entry import wrong_parent
from nowake.oms.errors import DamagedError, EmptyError, JournalError
from nowake.oms.events import ChildNew, Event, Garbled, ParentNew, Started, decode, encode
from nowake.oms.identifiers import Ids
from nowake.oms.journal.address import on_server
from nowake.oms.journal.protocol import Journal, open_journal
from nowake.oms.journal.writer import Ticket, Writer
from nowake.oms.snapshot import Recovered, keep, recover
from nowake.oms.tree import Alert

__all__ = ["Keeper", "Mode", "open_keeper"]

_SHOWN = 500


class Mode(Enum):
    """What an order waits for before it leaves."""

    STRICT = "strict"
    RESERVED = "reserved"


class Keeper:
    """A tree and the writer of its journal; `ids` issues the order ids of this start.

    `snapshot`: the event whose snapshot it began from, 0: the journal was replayed from its beginning.
    """

    def __init__(
        self,
        oms: Oms,
        writer: Writer,
        *,
        mode: Mode = Mode.RESERVED,
        block: int = 4096,
        clock: Callable[[], int] = time_ns,
        snapshot: int = 0,
    ) -> None:
        self.snapshot = snapshot
        self.oms, self.writer, self.mode = oms, writer, mode
        self.ids = Ids(self, oms.instance, oms.epoch, block=block, clock=clock)
        self._clock = clock

    def record(self, event: Event) -> tuple[Alert | None, Ticket]:
        """Hand an event to the journal and apply it; what cannot be read back is recorded as Garbled instead.

        The ticket tells when it is on disk. JournalError if the journal has failed: then nothing is applied.
        """
        try:
            payload = encode(event)
            kept = decode(payload)
        except (InputError, OverflowError, TypeError, ValueError) as error:
            kept = Garbled(self._clock(), repr(event)[:_SHOWN], str(error)[:_SHOWN])
            payload = encode(kept)
        ticket = self.writer.put(payload)
        return self.oms.apply(kept), ticket

    def enter(self, event: ParentNew) -> Ticket:
        """Record a new parent; OrderError, and nothing recorded, if it cannot be."""
        try:
            wrong = wrong_parent(self.oms, decode(encode(event)))  # type: ignore[arg-type]
        except (InputError, OverflowError, TypeError, ValueError) as error:
            wrong = str(error)
        if wrong:
            raise OrderError(f"parent order {event.id}: {wrong}")
        return self.record(event)[1]

    def place(self, event: ChildNew) -> Ticket:
        """Record a child; when this returns it may leave. OrderError if it must not, in either mode."""
        ticket = self._placed(event)
        if self.mode is Mode.STRICT:
            ticket.wait()
        return ticket

    async def place_soon(self, event: ChildNew) -> Ticket:
        """Do as `place`, and leave the event loop running meanwhile."""
        ticket = self._placed(event)
        if self.mode is Mode.STRICT:
            await ticket
        return ticket

    def _placed(self, event: ChildNew) -> Ticket:
        if not self.ids.durable(event.id):
            raise OrderError(f"child order {event.id}", expected="an id of a block that is on disk", got=event.id)
        alert, ticket = self.record(event)
        if alert is not None and not alert.applied:
            raise OrderError(f"child order {event.id}: {alert.text}")
        return ticket

    def close(self, *, snapshot: bool = False) -> None:
        """Write what was handed over, keep a snapshot of it if wanted and possible, and close the journal."""
        self.writer.close(self._keep if snapshot else None)

    def _keep(self, journal: Journal) -> None:
        try:
            keep(journal, self.oms)
        except (InputError, JournalError) as error:  # it cannot be written, or has not got all that the tree has
            logger("journal").warning("no snapshot was kept: the next start takes longer", reason=str(error))


def open_keeper(
    address: str | Path,
    instance: int,
    *,
    mode: Mode = Mode.RESERVED,
    block: int = 4096,
    clock: Callable[[], int] = time_ns,
) -> Keeper:
    """Return a keeper of the journal at `address`, recovered, its start recorded on disk.

    A file is read and checked before it is opened for writing, so a damaged one is not touched. DamagedError,
    LeaseError, InputError (a newer schema) and JournalError come out as they are.
    """
    before = _read(address) if not on_server(address) and Path(address).exists() else None
    journal = open_journal(address, write=True)
    try:
        found = _caught_up(journal, before) if before else recover(journal)
        oms = found.oms
        started = Started(clock(), instance, journal.epoch)
        oms.apply(started)
        if oms.epoch != journal.epoch:
            raise DamagedError("an epoch that is not above all before", sequence=oms.sequence, got=journal.epoch)
        journal.append([encode(started)])
    except BaseException:
        journal.close()
        raise
    return Keeper(oms, Writer(journal), mode=mode, block=block, clock=clock, snapshot=found.snapshot)


def _read(address: str | Path) -> Recovered | None:
    """Return what a file holds, checked; None if no journal was begun in it."""
    try:
        reader = open_journal(address)
    except EmptyError:
        return None
    try:
        return recover(reader)
    finally:
        reader.close()


def _caught_up(journal: Journal, before: Recovered) -> Recovered:
    """Apply what another writer has added between the reading and the lease."""
    oms = before.oms
    for record in journal.replay(oms.sequence, hash=before.hash):
        oms.apply(decode(record.payload))
    return before
