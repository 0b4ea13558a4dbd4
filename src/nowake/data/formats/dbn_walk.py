"""The lengths of DBN records, checked before the library sees them: it stops the process on a record that is too short.

Source: Databento Binary Encoding. A file starts with ``DBN``, the version, and the length of the metadata (u4), which
say whether eight bytes with the time of sending follow every record; a record starts with its length in units of four
bytes and its type. Record sizes by type and version are those of the library's layouts.
"""

from pathlib import Path
from typing import Any

import numpy as np

from nowake.core.errors import DataError
from nowake.core.jit import kernel

__all__ = ["Walker"]

_FIXED = 61  # bytes of the file's header up to the flag that says that every record ends with its time of sending
_SENT_V1, _SENT = 60, 52  # where that flag is
_HEAD = 16  # bytes of a record header, the least length of any record
_SIZES = {
    0x00: (48, 48, 48), 0x01: (80, 80, 80), 0x0A: (368, 368, 368), 0x12: (40, 40, 40), 0x13: (360, 400, 520),
    0x14: (112, 112, 112), 0x15: (80, 320, 320), 0x16: (80, 176, 176), 0x17: (80, 320, 320), 0x18: (64, 64, 80),
    0xA0: (56, 56, 56), 0xB1: (80, 80, 80),
    **dict.fromkeys((0x11, 0x20, 0x21, 0x22, 0x23, 0x24), (56, 56, 56)),
    **dict.fromkeys((0xC0, 0xC1, 0xC2, 0xC3, 0xC4), (80, 80, 80)),
}  # fmt: skip


@kernel
def walk(data: Any, at: int, least: Any) -> tuple[int, int]:
    """Return the start of the first record of `data` (u1) that is not whole in it, and -1 or where one is too short."""
    while at + 2 <= data.size:
        size = 4 * int(data[at])
        if size < least[data[at + 1]]:
            return at, at
        at += size
    return at, -1


class Walker:
    """Follows the records of one stream through its blocks."""

    def __init__(self, path: Path, version: int | None, *, header: bool) -> None:
        self._path, self._header = path, header
        self._rest = b""  # a head that was cut by the end of its block
        self._next = 0  # of the stream: where the next record starts
        self._at = 0  # of the stream: how much was seen
        self._least = _table(version)

    def check(self, block: bytes) -> None:
        """Go through the records that start in `block`; DataError with the byte of one that is too short."""
        data, start = self._rest + block, self._at - len(self._rest)
        self._rest = b""
        if self._header:
            if len(data) < _FIXED:
                self._rest, self._at = data, self._at + len(block)
                return
            self._header = False
            self._least = _table(data[3]) + (8 if data[_SENT_V1 if data[3] == 1 else _SENT] else 0)
            self._next = 8 + int.from_bytes(data[4:8], "little")
        self._at += len(block)
        if self._next >= self._at:
            return
        cells = np.frombuffer(data, np.uint8)
        at, bad = walk(cells, self._next - start, self._least)
        if bad >= 0:
            size, kind = 4 * int(cells[bad]), int(cells[bad + 1])
            raise DataError(
                "DBN record",
                path=self._path,
                offset=start + int(bad),
                expected=f"{int(self._least[kind])} bytes or more for type {kind:#04x}",
                got=size,
            )
        self._next = start + int(at)
        if self._next < self._at:
            self._rest = data[int(at) :]


def _table(version: int | None) -> np.ndarray:
    """Return the least length by record type, int64[256]; of unknown versions the shortest ever."""
    least = np.full(256, _HEAD, np.int64)
    for kind, sizes in _SIZES.items():
        least[kind] = sizes[version - 1] if version in (1, 2, 3) else min(sizes)
    return least
