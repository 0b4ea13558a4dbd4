"""The seam between market data files and everything else: a Reader yields chunks of EVENT records.

A reader streams: memory does not grow with the file. Rows that a format's rules refuse outright (wrong number of
columns, letters in a number, unknown type) raise DataError; rows that are well formed but doubtful (size zero, unknown
order) come out as they are, for `nowake.data.quality` to judge.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from nowake.core.errors import DataError
from nowake.core.times import SECOND
from nowake.core.values import Instrument
from nowake.data.source import BLOCK, logical_name, read_head

__all__ = [
    "CHUNK",
    "Chunk",
    "Example",
    "Level",
    "Reader",
    "ReaderMeta",
    "ReaderOptions",
    "Rule",
    "kernel_view",
    "open_reader",
]

CHUNK = 262_144  # most rows of one chunk

Level = Literal["l3", "l2", "quotes", "trades", "bars"]


@dataclass(frozen=True, slots=True)
class Example:
    """A row that a rule met: `where` is its line (from 1) or byte offset, `text` what was seen."""

    where: int
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What one rule met: `count` rows or episodes, the `action` taken, the first examples (at most five)."""

    id: str
    count: int
    action: str
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """What a file does not say itself; None: the format's own default or what the file's name tells.

    `symbol` names the instrument; of a file of several it chooses one.
    """

    date: datetime.date | None = None
    timezone: str | None = None
    tick: Decimal | None = None
    step: int | None = None
    symbol: str | None = None
    clock_tolerance_ns: int = SECOND
    block_bytes: int = BLOCK


@dataclass(frozen=True, slots=True)
class ReaderMeta:
    """What is known about the file: `place` says whether `Chunk.where` counts lines (from 1) or bytes (from 0).

    `level` says what the events carry; `instruments` is indexed by EVENT.instrument; `notes` tell of assumptions.
    Complete before the first chunk where the format allows; a symbol directory inside the file completes it later.
    """

    format: str
    level: Level
    instruments: tuple[Instrument, ...]
    date: datetime.date | None
    place: Literal["line", "byte"] = "line"
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Chunk:
    """`events`: EVENT[n] in file order, `where`: int64[n], the line or byte offset of each row."""

    events: np.ndarray
    where: np.ndarray


class Reader(Protocol):
    """One file being read. Made by ``Reader(path, options)``; opening reads the head at most."""

    @property
    def meta(self) -> ReaderMeta:
        """Return what is known about the file so far."""
        ...

    def chunks(self) -> Iterator[Chunk]:
        """Yield the events in file order, at most CHUNK rows at a time; every call starts from the beginning."""
        ...

    def findings(self) -> tuple[Rule, ...]:
        """Return what the reader itself met up to now: sequence gaps, rows skipped by design."""
        ...


def kernel_view(records: np.ndarray) -> np.ndarray:
    """Return the same records as kernels want them: with fields as attributes where kernels run as plain Python."""
    from nowake.core.jit import jit_disabled

    return records.view(np.recarray) if jit_disabled() else records


def open_reader(path: str | Path, *, fmt: str | None = None, options: ReaderOptions | None = None) -> Reader:
    """Return the reader of the file at `path`, recognised by name and content unless `fmt` names its format.

    DataError if no format recognises the file, InputError if `fmt` is unknown.
    """
    from nowake.data import formats

    path = Path(path)
    options = options or ReaderOptions()
    if fmt is not None:
        module = formats.load(fmt)
        read_head(path, 1)
    else:
        name = formats.recognise(read_head(path), logical_name(path))
        if name is None:
            book = "orderbook" in path.name.lower()
            raise DataError(
                "unknown format",
                path=path,
                expected=f"one of {', '.join(formats.names())}",
                got="none of their marks",
                hint="nowake data verify compares order-book files with their messages" if book else None,
            )
        module = formats.load(name)
    reader = module.Reader(path, options)
    if options.symbol and reader.meta.format in formats.SEVERAL:
        from nowake.data.symbols import OneSymbol

        return OneSymbol(reader, path, options.symbol)
    return reader
