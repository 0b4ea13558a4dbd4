"""LOBSTER message files: `time, type, order id, size, price, direction`, comma separated, no header.

Times are seconds after local midnight with up to nine decimals, prices dollars times 10,000. Source: LOBSTER sample
files readme, 1 September 2013. A byte kernel parses blocks of lines straight into EVENT records; a refused line is read
again by `parse_row`, its plain twin, which says what is wrong with it.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nowake.core.errors import DataError, InputError
from nowake.core.events import EVENT, Flag, Kind
from nowake.core.times import SECOND, local_midnight
from nowake.core.values import MAX_QUANTITY, Instrument
from nowake.data.formats.lobster_kernel import ROW_BYTES, parse_rows
from nowake.data.reader import Chunk, ReaderMeta, ReaderOptions, Rule, kernel_view
from nowake.data.source import iter_text_blocks, logical_name

__all__ = ["LobsterRow", "Reader", "parse_row", "sniff"]

_LARGEST_BLOCK = 1 << 21  # 2 MiB of the shortest rows are fewer than CHUNK
_UNIT = Decimal("0.0001")
_NAME = re.compile(r"^(?P<symbol>[^_]+)_(?P<date>\d{4}-\d{2}-\d{2})_")
_ROW = re.compile(rb"\d+(?:\.\d+)?,[1-7],-?\d+,-?\d+,-?\d+,-?1\r?\n?")
_COLUMNS = (
    ("time", "seconds after midnight with at most nine decimals"),
    ("type", "1 to 7"),
    ("order id", "a whole number"),
    ("size", f"a whole number not above {MAX_QUANTITY}"),
    ("price", "a whole number (dollars times 10000)"),
    ("direction", "1 or -1"),
)
_HALTS = {-1: (Kind.HALT, Flag.NONE), 0: (Kind.RESUME, Flag.QUOTE_ONLY), 1: (Kind.RESUME, Flag.NONE)}


class LobsterRow(NamedTuple):
    """One row as an event: `time` in ns after midnight, the rest as in EVENT."""

    time: int
    kind: int
    order_id: int
    quantity: int
    price: int
    side: int
    flags: int


def sniff(head: bytes, name: str) -> bool:
    """Tell whether the name is that of a LOBSTER message file, or one of the first lines reads like one."""
    if "orderbook" in name:
        return False
    if name.endswith(".csv") and "_message" in name:
        return True
    return any(_ROW.fullmatch(line) for line in head[:4096].splitlines(keepends=True)[:20])


class Reader:
    """Streams one message file; the file's name gives symbol and date where it follows ``SYMBOL_YYYY-MM-DD_…``."""

    def __init__(self, path: Path, options: ReaderOptions) -> None:
        self._path, self._options = path, options
        self._timezone = options.timezone or "America/New_York"
        self._meta = _meta(path, options, self._timezone)
        day = self._meta.date
        self._midnight = local_midnight(day, self._timezone) if day else 0

    @property
    def meta(self) -> ReaderMeta:
        """Return symbol, date and notes, complete from the start."""
        return self._meta

    def findings(self) -> tuple[Rule, ...]:
        """Return nothing: a LOBSTER row is an event or an error."""
        return ()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows in file order; DataError with the line of the first row that is none."""
        blank: int | None = None
        first = 1
        for block in iter_text_blocks(self._path, min(self._options.block_bytes, _LARGEST_BLOCK)):
            if blank is not None and block.strip(b"\r\n"):
                raise self._blank(blank)
            events = np.empty(len(block) // ROW_BYTES + 1, EVENT)
            rows, bad = parse_rows(np.frombuffer(block, np.uint8), kernel_view(events), self._midnight)
            line = first + int(rows)
            if bad >= 0:
                rest = block[bad:]
                if rest.strip(b"\r\n"):
                    raise self._refusal(rest, line)
                blank = line if blank is None else blank
            if rows:
                yield Chunk(events[:rows], np.arange(first, line, dtype=np.int64))
            first = line

    def _blank(self, line: int) -> DataError:
        return DataError("empty line", path=self._path, line=line, expected="6 columns", got="nothing")

    def _refusal(self, rest: bytes, line: int) -> DataError:
        text = rest.split(b"\n", 1)[0].removesuffix(b"\r")
        if not text:
            return self._blank(line)
        try:
            parse_row(text)
        except InputError as error:
            return DataError(error.what, path=self._path, line=line, expected=error.expected, got=error.got)
        return DataError("unreadable row", path=self._path, line=line, expected="6 columns of numbers", got=_show(text))


def _meta(path: Path, options: ReaderOptions, timezone: str) -> ReaderMeta:
    match = _NAME.match(logical_name(path))
    day = options.date or (_day(match["date"]) if match else None)
    notes = [] if day else [f"no date in the name of {path.name}: times count from 1970-01-01 UTC"]
    if options.tick not in (None, _UNIT):
        notes.append(f"one price unit is {options.tick} as given; the format says {_UNIT}")
    symbol = options.symbol or (match["symbol"] if match else path.name.split(".")[0])
    instrument = Instrument(symbol, options.tick or _UNIT, options.step or 100, venue="NASDAQ")
    return ReaderMeta(
        format="lobster",
        level="l3",
        instruments=(instrument,),
        date=day,
        place="line",
        notes=(*notes, f"times local to {timezone}"),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parse_row(text: bytes) -> LobsterRow:
    """Return one line (without its newline) as an event; InputError that names the column, else."""
    cells = text.split(b",")
    if any(c < 32 or c > 126 for c in text):
        raise InputError("not text", expected="6 columns of numbers", got=_show(text))
    if len(cells) != 6:
        raise InputError("wrong number of columns", expected=6, got=f"{len(cells)}: {_show(text)}")
    time = _time(cells[0])
    kind = _whole(cells[1], 1, 1, 7)
    order_id = _whole(cells[2], 2, -(10**18), 10**18 - 1)
    quantity = _whole(cells[3], 3, -MAX_QUANTITY, MAX_QUANTITY)
    price = _whole(cells[4], 4, -(10**18), 10**18 - 1)
    side = _whole(cells[5], 5, -1, 1)
    if side == 0:
        _refuse(5, cells[5])
    if kind != 7:
        return LobsterRow(time, kind, order_id, quantity, price, side, 0)
    if price not in _HALTS:
        raise InputError(
            "price of a halt (type 7)", expected="-1 halt, 0 quoting resumes or 1 trading resumes", got=price
        )
    kind, flags = _HALTS[price]
    return LobsterRow(time, kind, order_id, quantity, 0, 0, flags)


def _time(cell: bytes) -> int:
    match = re.fullmatch(rb"(\d{1,5})(?:\.(\d{1,9}))?", cell)
    ns = int(match[1]) * SECOND + int((match[2] or b"0").ljust(9, b"0")) if match else -1
    if not 0 <= ns <= 86_400 * SECOND:
        _refuse(0, cell)
    return ns


def _whole(cell: bytes, column: int, low: int, high: int) -> int:
    if not re.fullmatch(rb"-?\d{1,18}", cell) or not low <= int(cell) <= high:
        _refuse(column, cell)
    return int(cell)


def _refuse(column: int, cell: bytes) -> None:
    name, expected = _COLUMNS[column]
    raise InputError(f"column {column + 1} ({name})", expected=expected, got=_show(cell))


def _show(text: bytes) -> str:
    shown = repr(text[:60])[1:]
    return shown + ("..." if len(text) > 60 else "")
