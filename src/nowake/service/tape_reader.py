"""Reads a market tape: all sessions together, in order of time; also while it is being written, or with a torn end.

A print that its venue took back later (flag BROKEN on a second record of the same venue, price and quantity) is marked
BROKEN itself, so that nobody counts it. Between two sessions nothing was heard: `gaps` names those stretches.
"""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from nowake.core.errors import DataError, InputError
from nowake.core.events import Flag
from nowake.service.tape_file import LAYOUTS, SCHEMA, BlockKind, Header, blocks_of

__all__ = ["MarketTape", "read_tape"]

_BROKEN = int(Flag.BROKEN)


@dataclass(frozen=True, slots=True, eq=False)
class MarketTape:
    """What was heard of one instrument: QUOTE_PATH, TAPE_PRINT and TALK records in time order.

    `places`: name and kind of the venues that `venue` of the records counts. `gaps`: (from, to) in ns between sessions.
    `torn`: bytes at the end that are no whole block, of a writer at work or a crash.
    """

    path: Path
    sessions: tuple[Header, ...]
    places: tuple[tuple[str, str], ...]
    quotes: np.ndarray
    prints: np.ndarray
    talk: np.ndarray
    gaps: tuple[tuple[int, int], ...] = ()
    torn: int = 0

    @property
    def symbol(self) -> str:
        """The instrument."""
        return self.sessions[0].symbol

    def row_of(self, venue: str) -> int:
        """Return the number of a venue in the records, -1 for one that the tape does not know."""
        return next((k for k, (name, _) in enumerate(self.places) if name == venue), -1)


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    path: Path
    sessions: list[Header] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    records: dict[BlockKind, list[np.ndarray]] = field(default_factory=lambda: {kind: [] for kind in LAYOUTS})
    gaps: list[tuple[int, int]] = field(default_factory=list)
    last: int = 0

    def header(self, payload: bytes, at: int) -> None:
        """Begin a session."""
        try:
            header = msgspec.json.decode(payload, type=Header)
        except msgspec.MsgspecError as error:
            raise DataError("header of a tape", path=self.path, offset=at, expected=SCHEMA, got=error) from error
        if header.schema != SCHEMA:
            raise DataError("tape", path=self.path, offset=at, expected=SCHEMA, got=header.schema)
        first = self.sessions[0] if self.sessions else header
        if (header.symbol, header.tick) != (first.symbol, first.tick):
            expected, got = f"{first.symbol} in ticks of {first.tick}", f"{header.symbol} in ticks of {header.tick}"
            raise DataError("session of a tape", path=self.path, offset=at, expected=expected, got=got)
        if self.sessions and header.started > self.last:
            self.gaps.append((self.last, header.started))
        self.sessions.append(header)
        for name, kind in header.places:
            self.places.setdefault(name, kind)

    def take(self, kind: BlockKind, payload: bytes, at: int) -> None:
        """Take records in, their venues counted over all sessions."""
        if not self.sessions:
            raise DataError("tape", path=self.path, offset=at, expected="a header first", got=kind.name.lower())
        rows = np.frombuffer(payload, LAYOUTS[kind]).copy()
        if "venue" in (rows.dtype.names or ()):
            known = list(self.places)
            rows["venue"] = np.array([known.index(name) for name, _ in self.sessions[-1].places])[rows["venue"]]
        self.records[kind].append(rows)
        self.last = max(self.last, int(rows["time"].max()))

    def whole(self, kind: BlockKind) -> np.ndarray:
        """Return the records of a kind in time order."""
        pieces = self.records[kind]
        rows = np.concatenate(pieces) if pieces else np.zeros(0, LAYOUTS[kind])
        return rows[np.argsort(rows["time"], kind="stable")]


def read_tape(path: str | Path) -> MarketTape:
    """Return the tape at `path`; InputError where there is none, DataError with the offset where it is damaged."""
    where = Path(path)
    if not where.is_file():
        raise InputError(f"tape {where}", expected="a file", got="nothing there")
    data, reading, end = where.read_bytes(), _Reading(where), 0
    for kind, payload, after in blocks_of(where, data):
        if kind is BlockKind.HEADER:
            reading.header(payload, end)
        else:
            reading.take(kind, payload, end)
        end = after
    if not reading.sessions:
        raise DataError("tape", path=where, offset=0, expected="a header", got=f"{len(data)} bytes without one")
    quotes, prints, talk = (reading.whole(kind) for kind in (BlockKind.QUOTES, BlockKind.PRINTS, BlockKind.TALK))
    return MarketTape(
        where, tuple(reading.sessions), tuple(reading.places.items()), quotes, _unbroken(prints), talk,
        tuple(reading.gaps), len(data) - end,
    )  # fmt: skip


def _unbroken(prints: np.ndarray) -> np.ndarray:
    """Mark the prints that were taken back later: each time the youngest that still stands with these terms."""
    for k in np.flatnonzero(prints["flags"] & _BROKEN):
        same = prints["venue"][:k] == prints["venue"][k]
        same &= (prints["price2"][:k] == prints["price2"][k]) & (prints["quantity"][:k] == prints["quantity"][k])
        found = np.flatnonzero(same & (prints["flags"][:k] & _BROKEN == 0))
        if len(found):
            prints["flags"][found[-1]] |= _BROKEN
    return prints
