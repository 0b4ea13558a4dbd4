"""Snapshots as files beside a journal: written whole or not at all, recognised by a digest, the youngest two kept."""

import os
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from nowake.oms.journal.protocol import Snapshot

__all__ = ["digest", "read_snapshots", "sync_folder", "write_snapshot"]

_KEPT = 2
_HEAD = 32 + 8 + 32  # digest, sequence, hash of the chain


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(snapshot: Snapshot) -> bytes:
    """Return the digest by which a snapshot is known to be whole."""
    head = snapshot.sequence.to_bytes(8, "big") + snapshot.hash
    return blake2b(head + snapshot.body, digest_size=32).digest()


def write_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Write a snapshot under a temporary name, fsync, rename, and remove all but the youngest two."""
    folder.mkdir(exist_ok=True)
    target = folder / f"{snapshot.sequence:020}.snapshot"
    temporary = folder / f".{target.name}.{os.getpid()}"
    with temporary.open("wb") as out:
        out.write(digest(snapshot) + snapshot.sequence.to_bytes(8, "big") + snapshot.hash)
        out.write(snapshot.body)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(target)
    sync_folder(folder)
    for old in sorted(folder.glob("*.snapshot"))[:-_KEPT]:
        with suppress(FileNotFoundError):
            old.unlink()


def read_snapshots(folder: Path) -> Iterator[Snapshot]:
    """Yield the whole snapshots, youngest first."""
    for path in sorted(folder.glob("*.snapshot"), reverse=True):
        data = path.read_bytes()
        found = Snapshot(int.from_bytes(data[32:40], "big"), data[40:_HEAD], data[_HEAD:])
        if len(data) >= _HEAD and data[:32] == digest(found):
            yield found
