"""Snapshots: the whole tree after an event, so that a start replays the events since then and not the day.

A snapshot is a pure function of the journal, so any process that can read the journal may make one (`advance`): the
trading process need not stop for it. Who has the tree in memory keeps it without a replay (`keep`). One that this
program cannot read is passed over, and the journal replayed. The links before a snapshot are checked as well while
that is quick (`AUDITED`); `verify` checks them always.
"""

from dataclasses import dataclass

import msgspec
import zstandard

from nowake.core.errors import InputError
from nowake.oms.apply import Oms
from nowake.oms.errors import DamagedError
from nowake.oms.events import Control, Unlike, decode
from nowake.oms.journal.chain import START
from nowake.oms.journal.protocol import Journal, Snapshot
from nowake.oms.orders import Child, Fill, Parent
from nowake.oms.states import CLOSED
from nowake.oms.tree import Accepted, Alert, Allocation, Basket, Block, Kill, Position

__all__ = ["AUDITED", "Recovered", "advance", "freeze", "keep", "recover", "thaw"]

AUDITED = 200_000  # events whose links are checked at a start that needs none of them: less than a second
VERSION = 3  # of `Frozen`, `Parent`, `Child` and `Fill` together


class Frozen(msgspec.Struct, array_like=True, gc=False):
    """The tree as one value; what follows from the rest (open children) is left out."""

    version: int
    sequence: int
    time: int
    instance: int
    epoch: int
    parents: list[Parent]
    children: list[Child]
    fills: dict[str, list[Fill]]
    positions: list[Position]
    allocations: list[Allocation]
    baskets: list[Basket]
    blocks: list[Block]
    kills: list[Kill]
    policies: dict[str, tuple[str, str]]
    counts: dict[str, int]
    alerts: list[Alert]
    quarantined: int
    repeats: int
    controls: list[Control] = []
    unclean: dict[str, Unlike] = {}
    accepted: dict[str, Accepted] = {}


_SAME = (
    "sequence",
    "time",
    "instance",
    "epoch",
    "allocations",
    "blocks",
    "policies",
    "counts",
    "quarantined",
    "repeats",
    "controls",
    "unclean",
    "accepted",
)
_decoder = msgspec.msgpack.Decoder(Frozen)


def freeze(oms: Oms) -> bytes:
    """Return the tree as bytes; equal trees give equal bytes."""
    same = {name: getattr(oms, name) for name in _SAME}
    frozen = Frozen(
        version=VERSION,
        parents=list(oms.parents.values()),
        children=list(oms.children.values()),
        fills={venue: list(fills.values()) for venue, fills in oms.fills.items()},
        positions=list(oms.positions.values()),
        baskets=list(oms.baskets.values()),
        kills=list(oms.kills.values()),
        alerts=list(oms.alerts),
        **same,
    )
    return msgspec.msgpack.encode(frozen)


def thaw(body: bytes) -> Oms:
    """Return the tree of `freeze`; InputError if it is of another version or not one at all."""
    try:
        frozen = _decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise InputError("snapshot", expected=f"version {VERSION}", got=error) from error
    if frozen.version != VERSION:
        raise InputError("snapshot", expected=f"version {VERSION}", got=f"version {frozen.version}")
    oms = Oms()
    for name in _SAME:
        setattr(oms, name, getattr(frozen, name))
    oms.parents = {parent.id: parent for parent in frozen.parents}
    oms.children = {child.id: child for child in frozen.children}
    oms.open = {child.id: child for child in frozen.children if not CLOSED[child.state]}
    oms.fills = {venue: {fill.id: fill for fill in fills} for venue, fills in frozen.fills.items()}
    oms.positions = {(held.account, held.symbol): held for held in frozen.positions}
    oms.baskets = {basket.id: basket for basket in frozen.baskets}
    oms.kills = {kill.scope: kill for kill in frozen.kills}
    oms.clients = {parent.client: parent.id for parent in frozen.parents if parent.client}
    oms.alerts.extend(frozen.alerts)
    return oms


@dataclass(frozen=True, slots=True)
class Recovered:
    """The tree of a journal, the chain's hash at its last event, and how it was found."""

    oms: Oms
    hash: bytes
    snapshot: int  # the event that it started from, 0: from the beginning
    replayed: int


def recover(journal: Journal, *, whole: bool = False) -> Recovered:
    """Return the tree of a journal, from its youngest snapshot (`whole`: from zero); DamagedError where it breaks."""
    start = None if whole else journal.snapshot()
    oms, last = Oms(), START
    if start is not None:
        _audit(journal, start)
        try:
            oms, last = thaw(zstandard.decompress(start.body)), start.hash
        except (InputError, zstandard.ZstdError):
            oms = Oms()
    begun = oms.sequence
    apply = oms.apply
    for record in journal.replay(begun, hash=last):
        try:
            event = decode(record.payload)
        except InputError as error:
            raise DamagedError("not an event", sequence=record.sequence, got=error.got) from error
        apply(event)
        last = record.hash
    return Recovered(oms, last, begun, oms.sequence - begun)


def _audit(journal: Journal, start: Snapshot) -> None:
    """Check the links up to a snapshot, unless they are many; DamagedError where the chain breaks."""
    if start.sequence <= AUDITED:
        next(record for record in journal.replay() if record.sequence == start.sequence)


def advance(journal: Journal) -> Recovered:
    """Recover and keep a snapshot of what was found; the journal may be open for reading, and another process write."""
    found = recover(journal)
    if found.replayed:
        _keep(journal, found.oms, found.hash)
    return found


def keep(journal: Journal, oms: Oms) -> None:
    """Keep a snapshot of the tree that a journal's events have made, all of them; the lease must be the caller's."""
    last = list(journal.replay(oms.sequence - 1)) if oms.sequence else []
    if len(last) != 1:
        raise InputError("snapshot", expected="the tree of the journal's last event", got=f"that of {oms.sequence}")
    _keep(journal, oms, last[0].hash)


def _keep(journal: Journal, oms: Oms, last: bytes) -> None:
    journal.snapshot(Snapshot(oms.sequence, last, zstandard.compress(freeze(oms), 1)))
