"""Order ids: ``{instance}-{epoch}-{sequence}`` for people, one integer of 62 bits for venues, never issued twice.

    id = instance * 2^50 + epoch * 2^30 + sequence        instance 1..4095, epoch 1..2^20-1, sequence 1..2^30-1

The epoch is durable before the first id of a start, and ids are reserved durably in blocks before any of them is used.
So no crash can make one appear a second time, and after a crash the ids that may be at a venue although no event tells
of them are known: those of the reserved blocks that the journal has not seen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import time_ns
from typing import NamedTuple, Protocol

from nowake.core.errors import CapacityError, InputError
from nowake.oms.events import Event, IdsReserved
from nowake.oms.journal.writer import Ticket
from nowake.oms.tree import Alert

__all__ = ["Id", "Ids", "Recorder", "number", "parse", "parts", "text"]

_INSTANCE, _EPOCH = 50, 30
_INSTANCES, _EPOCHS, _SEQUENCES = 1 << 12, 1 << 20, 1 << 30


class Id(NamedTuple):
    """The parts of an order id."""

    instance: int
    epoch: int
    sequence: int


def number(instance: int, epoch: int, sequence: int) -> int:
    """Return the integer of an id; InputError outside of the ranges."""
    for name, value, end in (
        ("instance", instance, _INSTANCES),
        ("epoch", epoch, _EPOCHS),
        ("sequence", sequence, _SEQUENCES),
    ):
        if not 0 < value < end:
            raise InputError(f"{name} of an order id", expected=f"1 to {end - 1}", got=value)
    return instance << _INSTANCE | epoch << _EPOCH | sequence


def parts(order: int) -> Id:
    """Return the parts of an integer id."""
    return Id(order >> _INSTANCE, order >> _EPOCH & _EPOCHS - 1, order & _SEQUENCES - 1)


def text(order: int) -> str:
    """Return an id as people read it."""
    return "-".join(str(part) for part in parts(order))


def parse(words: str) -> int:
    """Return the integer of ``{instance}-{epoch}-{sequence}``; InputError else."""
    pieces = words.split("-")
    if len(pieces) != 3 or not all(piece.isascii() and piece.isdigit() for piece in pieces):
        raise InputError("order id", expected="{instance}-{epoch}-{sequence}", got=repr(words))
    return number(*(int(piece) for piece in pieces))


class Recorder(Protocol):
    """What `Ids` needs of a keeper."""

    def record(self, event: Event) -> tuple[Alert | None, Ticket]:
        """Write an event down and apply it."""
        ...


@dataclass(slots=True)
class _Range:
    """Ids `next` to `last`, usable once `ticket` is on disk; `after` is the block that follows."""

    next: int
    last: int
    ticket: Ticket
    after: "_Range | None" = None


class Ids:
    """Issues ids out of blocks that are reserved in the journal first; blocks may belong to one parent each."""

    def __init__(
        self, recorder: Recorder, instance: int, epoch: int, *, block: int = 4096, clock: Callable[[], int] = time_ns
    ) -> None:
        if block < 1:
            raise InputError("block of ids", expected="1 or more", got=block)
        self.first = number(instance, epoch, 1)
        self._end = number(instance, epoch, _SEQUENCES - 1) + 1
        self._recorder, self._block, self._free = recorder, block, self.first
        self._clock = clock
        self._ranges: dict[int, _Range] = {}
        self._durable = self.first - 1
        self._waiting: list[_Range] = []

    def next(self, parent: int = 0) -> int:
        """Return an id that was never issued, of a block that is on disk; waits for the disk if there is none."""
        now = self._ranges.get(parent)
        if now is None or now.next > now.last:
            now = self._turn(parent, now)
        order = now.next
        now.next = order + 1
        if now.after is None and (now.last - order) * 4 < self._block:
            now.after = self._reserve(parent)
        return order

    def durable(self, order: int) -> bool:
        """Tell whether `order` lies in a block of this epoch that is on disk."""
        while self._waiting and self._waiting[0].ticket.done:
            self._durable = self._waiting.pop(0).last
        return self.first <= order <= self._durable

    def _turn(self, parent: int, now: _Range | None) -> _Range:
        """Go on to the next block, once it is on disk."""
        after = now.after if now is not None and now.after is not None else self._reserve(parent)
        after.ticket.wait()
        self._ranges[parent] = after
        return after

    def _reserve(self, parent: int) -> _Range:
        first, last = self._free, self._free + self._block - 1
        if last >= self._end:
            raise CapacityError("the order ids of this start are used up: start anew for the next epoch")
        alert, ticket = self._recorder.record(IdsReserved(self._clock(), first, last, parent))
        if alert is not None:
            raise InputError("order ids", expected="a block above all others", got=alert.text)
        self._free = last + 1
        reserved = _Range(first, last, ticket)
        self._waiting.append(reserved)
        return reserved
