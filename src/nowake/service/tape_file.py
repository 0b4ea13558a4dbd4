"""The file of a market tape: blocks of fixed-size records, appended; what a crash loses is what was not flushed.

    block = "NWTP" | kind u4 | records u4 | bytes u4 | crc32 u4 | format u4 | payload        (little endian)

The crc is over kind, records, bytes and payload. Kinds: HEADER (JSON, begins a session and governs what follows),
QUOTES (QUOTE_PATH: the consolidated best bid and offer, a row per change), PRINTS (TAPE_PRINT: every print with its
venue and how much of it was ours), TALK (our requests to dealers, and what they said). A session is one opening by a
writer; opening goes on behind the last whole block, a torn end is cut off, which the next header tells. Blocks go to
the page cache: that outlives the process, not a power cut (`flush(sync=True)` does). One writer at a time.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from pathlib import Path

import msgspec
import numpy as np

from nowake.core.appending import append_whole, open_alone
from nowake.core.errors import DataError
from nowake.core.records import PRINT, QUOTE_PATH

__all__ = ["LAYOUTS", "SCHEMA", "TALK", "TAPE_PRINT", "BlockKind", "Header", "Said", "TapeWriter", "blocks_of"]

SCHEMA = "nowake.tape/1"
_MAGIC, _FORMAT = b"NWTP", 1
_BLOCK = struct.Struct("<4sIIIII")
_CHECKED = struct.Struct("<III")
_FULL = 2**16  # bytes that are written at once

# `venue`: row of the header's places. `own`: shares of the print that its public order id shows to be ours.
TAPE_PRINT = np.dtype(
    [("own", "i8"), ("venue", "i8"), *((name, PRINT[name]) for name in PRINT.names or ())], align=True
)


class Said(IntEnum):
    """A step of a request for quotes."""

    ASKED = 1  # we asked this dealer
    QUOTED = 2
    ACCEPTED = 3  # we took his quote
    FILLED = 4
    REJECTED = 5


# `venue`: the dealer's row of the header's places. `quote`: the venue's number of the quote, 0 where there is none.
TALK = np.dtype(
    [
        ("time", "i8"),
        ("order_id", "i8"),
        ("quote", "i8"),
        ("venue", "i8"),
        ("price2", "i8"),
        ("quantity", "i8"),
        ("said", "i8"),
    ],
    align=True,
)


class BlockKind(IntEnum):
    """What a block holds."""

    HEADER = 1
    QUOTES = 2
    PRINTS = 3
    TALK = 4


LAYOUTS = {BlockKind.QUOTES: QUOTE_PATH, BlockKind.PRINTS: TAPE_PRINT, BlockKind.TALK: TALK}


@dataclass(frozen=True, slots=True)
class Header:
    """What a session is of: `tick` the currency value of a price unit, `places` name and kind of each venue.

    `started` (ns UTC): from when on the market was heard. `cut`: bytes of a torn end that were taken away before it.
    """

    symbol: str
    tick: str
    timezone: str
    places: tuple[tuple[str, str], ...]
    started: int
    preset: str = "unknown"
    cut: int = 0
    schema: str = SCHEMA


def _frame(kind: BlockKind, count: int, payload: bytes) -> bytes:
    crc = zlib.crc32(payload, zlib.crc32(_CHECKED.pack(kind, count, len(payload))))
    return _BLOCK.pack(_MAGIC, kind, count, len(payload), crc, _FORMAT) + payload


def blocks_of(path: Path, data: bytes) -> Iterator[tuple[BlockKind, bytes, int]]:
    """Yield (kind, payload, end) of the whole blocks of `data`; what follows the last `end` is torn.

    DataError with the offset for what is no block, or not as it was written.
    """
    at = 0
    while len(data) - at >= _BLOCK.size:
        magic, kind, count, size, crc, version = _BLOCK.unpack_from(data, at)
        if magic != _MAGIC or kind not in tuple(BlockKind):
            raise DataError("not a block of a tape", path=path, offset=at, expected=_MAGIC, got=magic)
        if version != _FORMAT:
            raise DataError("tape", path=path, offset=at, expected=f"format {_FORMAT}", got=version)
        end = at + _BLOCK.size + size
        if len(data) < end:
            return
        payload = data[at + _BLOCK.size : end]
        if zlib.crc32(payload, zlib.crc32(_CHECKED.pack(kind, count, size))) != crc:
            raise DataError("a damaged block", path=path, offset=at, expected=f"crc {crc}", got="another")
        _check_size(path, at, BlockKind(kind), count, size)
        yield BlockKind(kind), payload, end
        at = end


def _check_size(path: Path, at: int, kind: BlockKind, count: int, size: int) -> None:
    record = LAYOUTS.get(kind)
    if record is not None and count * record.itemsize != size:
        expected = f"{count} records of {record.itemsize} bytes"
        raise DataError(f"{kind.name.lower()} of a tape", path=path, offset=at, expected=expected, got=f"{size} bytes")


class TapeWriter:
    """Appends to the tape at `path`; InputError where another writer has it, DataError where it is damaged.

    A disk that refuses ends the tape and not the trading: `failed` says why, and nothing more is kept.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path, self.failed = Path(path), ""
        self._waiting: dict[BlockKind, list[bytes]] = {kind: [] for kind in LAYOUTS}
        self._bytes = 0
        self._file = open_alone(self.path, "tape")
        try:
            self.header = replace(header, cut=self._tail())
            append_whole(self._file, _frame(BlockKind.HEADER, 1, msgspec.json.encode(asdict(self.header))))
        except BaseException:
            os.close(self._file)
            raise

    def _tail(self) -> int:
        """Cut off what is no whole block, and return how much that was."""
        data = self.path.read_bytes()
        whole = max((end for _, _, end in blocks_of(self.path, data)), default=0)
        if len(data) > whole:
            os.ftruncate(self._file, whole)
        return len(data) - whole

    def put(self, kind: BlockKind, records: np.ndarray) -> None:
        """Keep records of `kind`, which are written when enough have come, or at `flush`."""
        if self.failed or not len(records):
            return
        self._waiting[kind].append(records.tobytes())
        self._bytes += records.nbytes
        if self._bytes >= _FULL:
            self.flush()

    def flush(self, *, sync: bool = False) -> None:
        """Write what there is, a block a kind; `sync`: and wait for the disk."""
        if self.failed:
            return
        whole = b""
        for kind, pieces in self._waiting.items():
            if pieces:
                payload = b"".join(pieces)
                whole += _frame(kind, len(payload) // LAYOUTS[kind].itemsize, payload)
                pieces.clear()
        self._bytes = 0
        try:
            if whole:
                append_whole(self._file, whole)
            if sync:
                os.fsync(self._file)
        except OSError as error:
            self.failed = str(error)

    def close(self) -> None:
        """Write everything and let go of the file."""
        if self._file >= 0:
            self.flush()
            os.close(self._file)
            self._file = -1
