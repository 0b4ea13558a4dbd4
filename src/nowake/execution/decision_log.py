"""The file of the decision log: blocks of fixed-size records, appended; what a crash loses is what was not flushed.

    block = "NWDL" | kind u4 | records u4 | bytes u4 | crc32 u4 | format u4 | payload        (little endian)

Kinds: HEADER (JSON, governs what follows), DECISION, CHILD, LOOK, DECIDER (JSON: who decides from a serial number on).
The caller copies bytes into a block in memory; a thread writes full blocks at once and part-filled ones every `every`
seconds, to the page cache: that outlives the process, not a power cut (`flush(sync=True)` does). A LOOK is large and
much like the one before: in the file each is the difference (exclusive or) from its predecessor in the block, the block
deflated behind the first and the last serial number. One writer at a time. Format 1 knew neither LOOK nor DECIDER; it
is read, and gone on with in format 2.
"""

import json
import os
import struct
import zlib
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import numpy as np

from nowake.core.appending import append_whole, open_alone
from nowake.core.errors import DataError, InputError
from nowake.execution.decision_record import Header

__all__ = [
    "BLOCK", "MAGIC", "SERIALS", "Block", "BlockKind", "DecisionWriter", "frame", "packed", "unpacked", "whole_blocks",
]  # fmt: skip

MAGIC, FORMAT = b"NWDL", 2
_FORMATS = (1, FORMAT)
_LOOKS = 8  # of a block, at most
SERIALS = struct.Struct("<2q")  # of the first and the last look of a block
BLOCK = struct.Struct("<4sIIIII")


class BlockKind(IntEnum):
    """What a block holds."""

    HEADER = 1
    DECISION = 2
    CHILD = 3
    LOOK = 4
    DECIDER = 5


def packed(payload: bytes, size: int) -> bytes:
    """Return records of `size` bytes, which begin with their serial number, as a block of looks holds them."""
    rows = np.frombuffer(payload, np.uint8).reshape(-1, size)
    changes = rows.copy()
    changes[1:] ^= rows[:-1]
    ends = payload[:8] + payload[-size : len(payload) - size + 8]
    return ends + zlib.compress(changes.tobytes(), 1)


def unpacked(payload: bytes | memoryview, size: int) -> bytes:
    """Return the records that `packed` was given; ValueError where they are not whole."""
    try:
        changes = np.frombuffer(zlib.decompress(payload[SERIALS.size :]), np.uint8).reshape(-1, size)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    whole: np.ndarray = np.bitwise_xor.accumulate(changes, axis=0)
    return whole.tobytes()


def frame(kind: BlockKind, count: int, payload: bytes) -> bytes:
    """Return a block of `count` records."""
    return BLOCK.pack(MAGIC, kind, count, len(payload), zlib.crc32(payload), FORMAT) + payload


def whole_blocks(path: Path, data: bytes, base: int = 0) -> tuple[list[tuple[BlockKind, int, memoryview]], int]:
    """Return (kind, records, payload) of the whole blocks of `data`, and how many bytes they are; the rest is torn.

    DataError with the offset (`base` is that of `data` in its file) for what is no block, or not as it was written.
    """
    blocks, at, view = [], 0, memoryview(data)
    while len(data) - at >= BLOCK.size:
        magic, kind, count, size, crc, version = BLOCK.unpack_from(data, at)
        if magic != MAGIC or kind not in tuple(BlockKind):
            raise DataError("not a block of a decision log", path=path, offset=base + at, expected=MAGIC, got=magic)
        if version not in _FORMATS:
            raise DataError("decision log", path=path, offset=base + at, expected=f"format 1 to {FORMAT}", got=version)
        if len(data) - at - BLOCK.size < size:
            break
        payload = view[at + BLOCK.size : at + BLOCK.size + size]
        if zlib.crc32(payload) != crc:
            raise DataError("a damaged block", path=path, offset=base + at, expected=f"crc {crc}", got="another")
        blocks.append((BlockKind(kind), count, payload))
        at += BLOCK.size + size
    return blocks, at


class Block:
    """Records of one kind in memory: the next one goes to byte `at` of `data`, `took` says that it is there."""

    __slots__ = ("at", "data", "end", "kind", "size", "written")

    def __init__(self, kind: BlockKind, size: int, records: int) -> None:
        self.kind, self.size = kind, size
        self.data = memoryview(bytearray(size * records))
        self.at, self.end, self.written = 0, size * records, 0


class DecisionWriter:
    """Appends records to the log at `path`; `every`: seconds between two writings of what there is, None: at `flush`.

    `records`: of a block. Opening goes on behind the last whole block; a torn end is cut off, which the header tells.
    InputError where another writer has the file, DataError where it is something else or damaged.
    """

    failed: OSError | None

    def __init__(self, path: Path, header: Header, *, records: int = 256, every: float | None = 0.25) -> None:
        if records < 1 or (every is not None and not every > 0):
            raise InputError("decision log", expected="records from 1, seconds above 0", got=(records, every))
        self.path, self.failed = Path(path), None
        self._file = open_alone(self.path, "decision log")
        try:
            self.header = replace(header, cut=self._tail())
            self._put(BlockKind.HEADER, self.header.as_dict())
        except BaseException:
            os.close(self._file)
            raise
        self.decisions = Block(BlockKind.DECISION, header.decision["size"], records)
        self.children = Block(BlockKind.CHILD, header.child["size"], records)
        self.looks = Block(BlockKind.LOOK, header.look["size"], min(records, _LOOKS))
        self._full: deque[Block] = deque()
        self._used: dict[BlockKind, deque[Block]] = {one.kind: deque() for one in self._open}
        self._lock, self._wake, self._closed = Lock(), Event(), False
        self._thread = Thread(target=self._run, args=(every,), daemon=True, name="decision-log") if every else None
        if self._thread:
            self._thread.start()

    def _tail(self) -> int:
        data = self.path.read_bytes()
        _, whole = whole_blocks(self.path, data)
        if len(data) > whole:
            os.ftruncate(self._file, whole)
        return len(data) - whole

    @property
    def _open(self) -> tuple[Block, Block, Block]:
        return self.looks, self.decisions, self.children

    def _put(self, kind: BlockKind, told: Mapping[str, Any]) -> None:
        text = json.dumps(told, separators=(",", ":")).encode()
        append_whole(self._file, frame(kind, 1, text + b" " * (-len(text) % 8)))

    def decider(self, told: Mapping[str, Any]) -> None:
        """Write who decides from now on, behind what there is."""
        self.flush()
        with self._lock:
            self._put(BlockKind.DECIDER, told)

    def turn(self, block: Block) -> Block:
        """Hand a full block over and return an empty one of its kind; raises what has kept the thread from writing."""
        if self.failed is not None:
            raise self.failed
        used = self._used[block.kind]
        fresh = used.popleft() if used else Block(block.kind, block.size, block.end // block.size)
        with self._lock:
            self._full.append(block)
            if block.kind is BlockKind.DECISION:
                self.decisions = fresh
            elif block.kind is BlockKind.CHILD:
                self.children = fresh
            else:
                self.looks = fresh
        self._wake.set()
        return fresh

    def flush(self, *, sync: bool = False) -> None:
        """Write what there is; `sync`: and wait for the disk."""
        with self._lock:
            while self._full:
                self._drain(self._full[0])
                block = self._full.popleft()
                block.at = block.written = 0  # its memory is known to the machine: a new one would cost its caller
                self._used[block.kind].append(block)
            for block in self._open:
                self._drain(block)
        if sync:
            os.fsync(self._file)

    def _drain(self, block: Block) -> None:
        until = block.at  # the caller goes on behind it
        if until > block.written:
            payload = bytes(block.data[block.written : until])
            held = packed(payload, block.size) if block.kind is BlockKind.LOOK else payload
            append_whole(self._file, frame(block.kind, len(payload) // block.size, held))
            block.written = until

    def _run(self, every: float) -> None:
        while not self._closed:
            self._wake.wait(every)
            self._wake.clear()
            try:
                self.flush()
            except OSError as error:
                self.failed = error
                return

    def close(self) -> None:
        """Write everything and let go of the file; raises what has kept the thread from writing."""
        if self._closed:
            return
        self._closed = True
        self._wake.set()
        if self._thread:
            self._thread.join()
        try:
            self.flush()
        finally:
            os.close(self._file)
