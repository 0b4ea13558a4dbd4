"""Bars: one-minute CSV files ``Date,Time,Open,High,Low,Close,Volume[,OpenInterest]`` and LEAN's minute trade bars.

`read_bars` returns the whole file as one array; as a Reader a bar is one TRADE at its end (close price, the bar's
volume), which is what quality checks need. CSV stamps name the end of the bar, LEAN's the start.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np

from nowake.core.errors import DataError
from nowake.core.events import Flag, Kind, empty_events
from nowake.core.times import DAY, SECOND, local_midnight
from nowake.core.values import Instrument, Session
from nowake.data.formats import lean
from nowake.data.formats.csv_kernel import CLOCK, DATE, FIXED, INT, parse_block
from nowake.data.formats.rows import decimals
from nowake.data.reader import Chunk, ReaderMeta, ReaderOptions, Rule
from nowake.data.source import iter_line_blocks, logical_name, read_head

__all__ = ["BAR", "Bars", "Reader", "read_bars", "sniff"]

# Prices in ticks, volume in shares or lots; `time` is the **end** of the bar, ns UTC.
BAR = np.dtype([(name, "i8") for name in ("time", "open", "high", "low", "close", "volume")])
_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Bars:
    """`rows`: BAR[n] in file order of `instrument`; `length_ns` is the bar's length."""

    instrument: Instrument
    rows: np.ndarray
    length_ns: int = 60 * SECOND


def sniff(head: bytes, name: str) -> bool:  # noqa: ARG001 - one signature for all formats
    """Tell whether the header is Date, (Time,) Open, High, Low, Close, Volume."""
    first = head.split(b"\n", 1)[0].strip().lower().split(b",")
    wanted = [b"open", b"high", b"low", b"close", b"volume"]
    return first[0] == b"date" and [c for c in first if c in wanted] == wanted


def read_bars(path: str | Path, options: ReaderOptions | None = None) -> Bars:
    """Return all bars of a CSV or LEAN minute trade file; DataError with the line else."""
    path, options = Path(path), options or ReaderOptions()
    if found := lean.lean_name(path):
        return _lean_bars(path, options, found[2], found[3])
    reader = Reader(path, options)
    parts = [rows for rows, _ in reader.bars()]
    return Bars(reader.meta.instruments[0], np.concatenate(parts) if parts else np.zeros(0, BAR))


class Reader:
    """Streams one bar CSV."""

    def __init__(self, path: Path, options: ReaderOptions) -> None:
        self._path, self._options = path, options
        self._tick = options.tick or Decimal("0.01")
        self._timezone = options.timezone or "UTC"
        lines = read_head(path).split(b"\n")
        if not sniff(lines[0], path.name):
            got = repr(lines[0][:60].decode("ascii", "replace"))
            raise DataError("header", path=path, line=1, expected="Date,[Time,]Open,High,Low,Close,Volume", got=got)
        self._count = lines[1].count(b",") + 1 if len(lines) > 1 and lines[1].strip() else 8
        if self._count not in (7, 8):
            expected = "7 or 8: date, time, open, high, low, close, volume, open interest"
            raise DataError("wrong number of columns", path=path, line=2, expected=expected, got=self._count)
        symbol = options.symbol or logical_name(path).split(".")[0]
        instrument = Instrument(symbol, self._tick, options.step or 1, sessions=(Session(0, DAY, self._timezone),))
        zone = "" if options.timezone else " (not stated by the file)"
        notes = (
            f"times taken as {self._timezone}{zone}",
            "a bar is one TRADE at its end: close price, the bar's volume",
        )
        self._meta = ReaderMeta("bars", "bars", (instrument,), options.date, "line", notes)

    @property
    def meta(self) -> ReaderMeta:
        """Return symbol and notes; a bar file spans days, so `date` is None unless given."""
        return self._meta

    def findings(self) -> tuple[Rule, ...]:
        """Return nothing: a row is a bar or an error."""
        return ()

    def bars(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (BAR[n], lines); DataError with the line of a bar that does not parse or has high < low."""
        places = decimals(self._tick)
        columns = [(DATE, 0), (CLOCK, 0), *[(FIXED, places)] * 4, *[(INT, 0)] * (self._count - 6)]
        unit = int(self._tick.scaleb(places))
        for block, first in iter_line_blocks(self._path, min(self._options.block_bytes, 1 << 21)):
            head = block.index(b"\n") + 1 if first == 1 and b"\n" in block else (len(block) if first == 1 else 0)
            table, lines = parse_block(block[head:], first + (first == 1), columns, self._path)
            if len(table) == 0:
                continue
            rows = np.zeros(len(table), BAR)
            rows["time"] = self._midnights(table[:, 0], lines) + table[:, 1] * SECOND
            rows["volume"] = table[:, 6]
            for k, name in enumerate(_PRICES):
                rows[name] = table[:, 2 + k] // unit
            self._check(table, rows, lines, unit)
            yield rows, lines

    def chunks(self) -> Iterator[Chunk]:
        """Yield a TRADE per bar in file order."""
        for rows, lines in self.bars():
            events = empty_events(len(rows))
            events["time"], events["price"], events["quantity"] = rows["time"], rows["close"], rows["volume"]
            events["kind"], events["flags"] = Kind.TRADE, Flag.LAST
            yield Chunk(events, lines)

    def _midnights(self, days: np.ndarray, lines: np.ndarray) -> np.ndarray:
        found, first, inverse = np.unique(days, return_index=True, return_inverse=True)
        midnights = []
        for day, at in zip(found.tolist(), first.tolist(), strict=True):
            try:
                midnights.append(local_midnight(date(day // 10_000, day // 100 % 100, day % 100), self._timezone))
            except ValueError as error:
                raise DataError(
                    "column 1", path=self._path, line=int(lines[at]), expected="a calendar date", got=day
                ) from error
        return np.array(midnights, np.int64)[inverse]

    def _check(self, table: np.ndarray, rows: np.ndarray, lines: np.ndarray, unit: int) -> None:
        off = (table[:, 2:6] % unit != 0).any(axis=1)
        shape = (rows["high"] < np.maximum(rows["open"], rows["close"])) | (
            rows["low"] > np.minimum(rows["open"], rows["close"])
        )
        for bad, expected in (
            (off, f"prices that are multiples of {self._tick}"),
            (shape, "low <= open, close <= high"),
            (rows["volume"] < 0, "a volume not below 0"),
        ):
            if bad.any():
                at = int(np.flatnonzero(bad)[0])
                raise DataError(
                    "bar", path=self._path, line=int(lines[at]), expected=expected, got=rows[at].tolist()[1:]
                )


def _lean_bars(path: Path, options: ReaderOptions, shape: str, resolution: str) -> Bars:
    if shape != "bar_trade":
        raise DataError("kind of file", path=path, expected="trade bars", got=shape.replace("_", " "))
    meta = lean.Reader(path, options).meta
    assert meta.date is not None
    midnight = local_midnight(meta.date, options.timezone or "America/New_York") + lean.BAR_NS[resolution]
    parts = []
    for block, first in iter_line_blocks(path, options.block_bytes):
        table, _ = parse_block(block, first, lean.COLUMNS[shape], path)
        rows = np.zeros(len(table), BAR)
        rows["time"], rows["volume"] = table[:, 0] + midnight, table[:, 5]
        for k, name in enumerate(_PRICES):
            rows[name] = table[:, 1 + k]
        parts.append(rows)
    return Bars(meta.instruments[0], np.concatenate(parts), lean.BAR_NS[resolution])
