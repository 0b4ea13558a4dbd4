"""Volume-curve CSV: first column the start of a bin (HH:MM), then one column of volumes per day, header the dates."""

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np

from nowake.core.errors import DataError, InputError
from nowake.core.events import Flag, Kind, empty_events
from nowake.core.times import SECOND, local_midnight, time_of_day
from nowake.core.values import Instrument
from nowake.data.reader import Chunk, ReaderMeta, ReaderOptions, Rule
from nowake.data.source import iter_lines, logical_name, read_head
from nowake.data.volume import VolumeTable

__all__ = ["Reader", "read_volume_table", "sniff"]


def sniff(head: bytes, name: str) -> bool:  # noqa: ARG001 - one signature for all formats
    """Tell whether the header is ``bin`` and a date."""
    first = head[:40].lstrip().lower()
    return first.startswith(b"bin,") and first[4:8].isdigit()


def read_volume_table(path: str | Path) -> VolumeTable:
    """Return the table, bins as labels ``HH:MM``; DataError with the line of a ragged row or of a bad volume."""
    path = Path(path)
    dates: tuple[date, ...] | None = None
    bins: list[int] = []
    rows: list[list[float]] = []
    for line, raw in iter_lines(path):
        text = raw.decode("ascii", "replace").strip()
        if dates is None:
            dates = _header(text, path, line)
        elif text:
            cells = text.split(",")
            if len(cells) != len(dates) + 1:
                raise DataError(
                    "wrong number of columns", path=path, line=line, expected=len(dates) + 1, got=len(cells)
                )
            bins.append(_bin(cells[0], bins, path, line))
            rows.append([_volume(c, k, path, line) for k, c in enumerate(cells[1:], 2)])
    if dates is None or not rows:
        raise DataError("no bins", path=path, expected="a header and at least one row", got="none")
    labels = tuple(f"{b // 3600:02}:{b // 60 % 60:02}" for b in bins)
    try:
        return VolumeTable(labels, dates, np.array(rows, np.float64).T.copy())
    except InputError as error:
        raise DataError(error.what, path=path, line=1, expected=error.expected, got=error.got) from error


def _header(text: str, path: Path, line: int) -> tuple[date, ...]:
    cells = text.split(",")
    if cells[0].lower() != "bin" or len(cells) < 2:
        raise DataError("header", path=path, line=line, expected="bin and one date per day", got=repr(text[:60]))
    try:
        return tuple(date.fromisoformat(c) for c in cells[1:])
    except ValueError as error:
        raise DataError("header", path=path, line=line, expected="dates YYYY-MM-DD", got=error) from error


def _bin(cell: str, before: list[int], path: Path, line: int) -> int:
    try:
        start = time_of_day(cell) // SECOND
    except InputError as error:
        raise DataError("column 1", path=path, line=line, expected="HH:MM", got=repr(cell)) from error
    if before and start <= before[-1]:
        raise DataError("column 1", path=path, line=line, expected="bins in rising order", got=repr(cell))
    return start


def _volume(cell: str, column: int, path: Path, line: int) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise DataError(f"column {column}", path=path, line=line, expected="a volume not below 0", got=repr(cell))
    return value


class Reader:
    """The table as events for checks: a TICK per day and bin (quantity rounded to shares), day by day."""

    def __init__(self, path: Path, options: ReaderOptions) -> None:
        self._path, self._options = path, options
        read_head(path, 1)
        symbol = options.symbol or logical_name(path).split(".")[0]
        notes = ("a volume table: one TICK per day and bin, no trades", "use read_volume_table for the numbers")
        self._meta = ReaderMeta("curve", "bars", (Instrument(symbol),), None, "line", notes)

    @property
    def meta(self) -> ReaderMeta:
        """Return symbol and notes."""
        return self._meta

    def findings(self) -> tuple[Rule, ...]:
        """Return nothing: a cell is a volume or an error."""
        return ()

    def chunks(self) -> Iterator[Chunk]:
        """Yield a chunk per day."""
        table = read_volume_table(self._path)
        for day, volumes in zip(table.dates, table.volumes, strict=True):
            events = empty_events(len(volumes))
            midnight = local_midnight(day, self._options.timezone or "America/New_York")
            events["time"] = midnight + np.array([time_of_day(b) for b in table.bins])
            events["quantity"] = np.rint(volumes)
            events["kind"], events["flags"] = Kind.TICK, Flag.LAST
            yield Chunk(events, np.arange(2, len(volumes) + 2, dtype=np.int64))
