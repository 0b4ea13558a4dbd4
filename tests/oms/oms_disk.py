"""A disk that can lose its power: an SQLite file system that writes down every write and every fsync.

Files are those of the folder; the record of what was done to them is enough to rebuild the folder as it may look after
a power loss at any point: everything that was fsynced, and any part of what was written since, torn at sectors.
"""

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import apsw

SECTOR = 512


@dataclass(frozen=True)
class Op:
    """Something done to a file: ``write`` (offset, data), ``truncate`` (offset), ``sync``, ``delete``."""

    kind: str
    name: str
    offset: int = 0
    data: bytes = b""


@dataclass
class Tape:
    """What was done, in order; `fails_after`: bytes that may still be written (None: any number)."""

    ops: list[Op] = field(default_factory=list)
    fails_after: int | None = None
    read_only: bool = False


class _File(apsw.VFSFile):
    def __init__(self, base: str, filename: Any, flags: list[int], tape: Tape) -> None:
        self.tape = tape
        self.file = Path(filename.filename() if isinstance(filename, apsw.URIFilename) else filename).name
        super().__init__(base, filename, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        tape = self.tape
        if tape.read_only:
            raise apsw.ReadOnlyError("the disk is read-only")
        if tape.fails_after is not None:
            if len(data) > tape.fails_after:
                raise apsw.FullError("the disk is full")
            tape.fails_after -= len(data)
        super().xWrite(data, offset)
        tape.ops.append(Op("write", self.file, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self.tape.ops.append(Op("truncate", self.file, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self.tape.ops.append(Op("sync", self.file))


class RecordingDisk(apsw.VFS):
    """An SQLite VFS over the usual one; made once per test, found by SQLite under its name."""

    _numbers = itertools.count()

    def __init__(self, tape: Tape) -> None:
        self.tape, self.vfs_name, self.base_name = tape, f"recording{next(self._numbers)}", ""
        super().__init__(self.vfs_name, self.base_name)

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802
        return _File(self.base_name, name, flags, self.tape)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self.tape.ops.append(Op("delete", Path(filename).name))

    def connect(self, path: Path, write: bool) -> apsw.Connection:
        """Open a journal's file through this disk."""
        access = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE if write else apsw.SQLITE_OPEN_READONLY
        connection = apsw.Connection(str(path), flags=access, vfs=self.vfs_name)
        connection.set_busy_timeout(5000)
        return connection


def after_power_loss(ops: list[Op], random: Random, folder: Path) -> None:
    """Write into `folder` what may be on the disk: what was synced, and a random part of what came later."""
    folder.mkdir()
    for name in sorted({op.name for op in ops}):
        mine = [op for op in ops if op.name == name]
        synced = max((number for number, op in enumerate(mine) if op.kind in ("sync", "delete")), default=-1)
        content: bytearray | None = None
        keep = random.choice((0.0, 0.3, 0.7, 1.0))
        for number, op in enumerate(mine):
            if number <= synced or random.random() < keep:
                content = _done(content, op, None if number <= synced else random)
        if content is not None:
            (folder / name).write_bytes(content)


def _done(content: bytearray | None, op: Op, random: Random | None) -> bytearray | None:
    if op.kind == "delete":
        return None
    content = bytearray() if content is None else content
    if op.kind == "truncate":
        del content[op.offset :]
    elif op.kind == "write":
        data = op.data
        if random is not None and random.random() < 0.3:  # torn: only some of its first sectors have arrived
            data = data[: random.randrange(len(data) // SECTOR + 1) * SECTOR]
        end = op.offset + len(data)
        if len(content) < end:
            content.extend(bytes(end - len(content)))
        content[op.offset : end] = data
    return content
