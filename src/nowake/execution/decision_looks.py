"""The looks of a decision log: large records in deflated blocks, unpacked when somebody asks for one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nowake.core.errors import DataError
from nowake.execution.decision_log import SERIALS, unpacked

__all__ = ["LookBlock", "Looks"]

_HELD = 4  # blocks that are kept unpacked


@dataclass(frozen=True, slots=True)
class LookBlock:
    """A block of `count` looks as it is in the file, behind byte `at`."""

    session: int
    count: int
    payload: memoryview
    layout: np.dtype
    at: int


class Looks:
    """Finds the looks of the log at `path` by session and serial number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._blocks: dict[int, list[tuple[int, int, LookBlock]]] = {}  # by session: first and last serial number
        self._unpacked: dict[tuple[int, int], np.ndarray] = {}  # by session and first serial number

    def add(self, block: LookBlock) -> None:
        """Take a block in."""
        if len(block.payload) < SERIALS.size:
            raise self._damaged(block, f"{len(block.payload)} bytes")
        first, last = SERIALS.unpack_from(block.payload)
        self._blocks.setdefault(block.session, []).append((first, last, block))

    def find(self, session: int, serial: int) -> np.void | None:
        """Return a look, None where there is none of that number."""
        for first, last, block in reversed(self._blocks.get(session, [])):
            if first <= serial <= last:
                records = self._records(block)
                rows = np.flatnonzero(records["serial"] == serial)
                return records[rows[0]] if len(rows) else None
        return None

    def all(self) -> Iterator[tuple[int, np.void]]:
        """Yield session and record of every look."""
        for session, blocks in self._blocks.items():
            for _, _, block in blocks:
                for record in self._records(block):
                    yield session, record

    def _records(self, block: LookBlock) -> np.ndarray:
        key = (block.session, SERIALS.unpack_from(block.payload)[0])
        held = self._unpacked.get(key)
        if held is not None:
            return held
        try:
            records = np.frombuffer(unpacked(block.payload, block.layout.itemsize), block.layout)
        except ValueError as error:
            raise self._damaged(block, str(error)) from error
        if len(records) != block.count:
            raise self._damaged(block, f"{len(records)}")
        while len(self._unpacked) >= _HELD:
            self._unpacked.pop(next(iter(self._unpacked)))
        self._unpacked[key] = records
        return records

    def _damaged(self, block: LookBlock, got: str) -> DataError:
        expected = f"{block.count} of {block.layout.itemsize} bytes"
        return DataError("looks of a decision log", path=self._path, offset=block.at, expected=expected, got=got)
