"""Whether a journal is what was written, and whether what it says adds up."""

from typing import Any

import zstandard

from nowake.core.errors import InputError
from nowake.oms.apply import Oms
from nowake.oms.conserve import differences
from nowake.oms.errors import DamagedError
from nowake.oms.events import decode
from nowake.oms.journal.protocol import Journal, Snapshot
from nowake.oms.snapshot import freeze, thaw

__all__ = ["verify"]


def verify(journal: Journal) -> dict[str, Any]:
    """Replay a journal from zero: every link, every event, conservation, and the snapshot against the replay.

    Returns events, chain_ok, conserved, orders, quarantined, how many differences from the venue are `unclean` (refused
    by the last start) and `accepted` by people, and differences of the journal itself: what, which, expected, got.
    """
    oms, snapshot, found = Oms(), journal.snapshot(), []
    chain_ok = True
    try:
        for record in journal.replay():
            oms.apply(decode(record.payload))
            if snapshot is not None and record.sequence == snapshot.sequence:
                found += _compared(snapshot, oms)
    except DamagedError as error:
        chain_ok = False
        found.append({"what": error.what, "which": error.sequence, "expected": error.expected, "got": error.got})
    except InputError as error:
        found.append({"what": error.what, "which": oms.sequence + 1, "expected": error.expected, "got": str(error.got)})
    unequal = differences(oms)
    return {
        "events": oms.sequence,
        "chain_ok": chain_ok,
        "conserved": not unequal,
        "orders": len(oms.parents) + len(oms.children),
        "quarantined": oms.quarantined,
        "unclean": len(oms.unclean),
        "accepted": len(oms.accepted),
        "differences": found + unequal,
    }


def _compared(snapshot: Snapshot, oms: Oms) -> list[dict[str, Any]]:
    """Return a difference if a snapshot is not the tree that the events up to it give."""
    try:
        body = zstandard.decompress(snapshot.body)
    except zstandard.ZstdError as error:
        return [{"what": "snapshot", "which": snapshot.sequence, "expected": "a state", "got": str(error)}]
    try:
        thaw(body)
    except InputError:  # of another version: nobody starts from it
        return []
    if body == freeze(oms):
        return []
    return [{"what": "snapshot", "which": snapshot.sequence, "expected": "the replayed state", "got": "another"}]
