"""LEAN equity zips: tick trades, tick quotes, minute or second bars; date and symbol come from the name inside.

Times are milliseconds after midnight in New York (decimals allowed), prices in 1/10,000 dollar. Source: LEAN data
formats, equity. A trade becomes TRADE; an opening, reopening or closing print CROSS; an official open or close value
TICK (it is no volume). A quote tick carries one side or both: QUOTE. Suspicious ticks, average-price, prior-reference
and option-linked trades get flag OUTLIER, prints below 100 shares ODD_LOT.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np

from nowake.core.errors import DataError
from nowake.core.events import Flag, Kind, empty_events
from nowake.core.times import MS, SECOND, local_midnight
from nowake.core.values import Instrument
from nowake.data.formats.csv_kernel import FIXED, HEX, INT, WORD, parse_block
from nowake.data.merge import Merged
from nowake.data.reader import Chunk, Level, ReaderMeta, ReaderOptions, Rule
from nowake.data.source import iter_line_blocks, logical_name

__all__ = ["BAR_NS", "COLUMNS", "Reader", "lean_name", "open_pair", "sniff"]

_NAME = re.compile(
    r"^(?P<date>\d{8})_(?P<symbol>[A-Za-z0-9.\-]+)_(?:(?P<kind>trade|quote)_(?P<tick>tick)|"
    r"(?P<bar>minute|second)_(?P<barkind>trade|quote))\.csv$",
    re.IGNORECASE,
)
_TIME = (FIXED, 6)
COLUMNS: dict[str, list[tuple[int, int]]] = {
    "tick_trade": [_TIME, (FIXED, 0), (INT, 0), (WORD, 0), (HEX, 0), (INT, 0)],
    "tick_quote": [_TIME, (FIXED, 0), (INT, 0), (FIXED, 0), (INT, 0), (WORD, 0), (HEX, 0), (INT, 0)],
    "bar_trade": [_TIME, (FIXED, 0), (FIXED, 0), (FIXED, 0), (FIXED, 0), (INT, 0)],
    "bar_quote": [_TIME, *[(FIXED, 0)] * 4, (INT, 0), *[(FIXED, 0)] * 4, (INT, 0)],
}
BAR_NS = {"minute": 60 * SECOND, "second": SECOND}
_CROSS = 0x40 | 0x80 | 0x100  # opening, closing, reopening print
_OFFICIAL = 0x1000000 | 0x4000000  # official close, official open
_AWAY = 0x40000 | 0x100000 | 0x2000000  # option-linked, average price, prior reference price
_BLOCK = 1 << 20  # with the shortest rows and two events a row below CHUNK


def lean_name(path: Path) -> tuple[date, str, str, str] | None:
    """Return (date, symbol, ``tick|bar_trade|quote``, resolution) of the file; None: not LEAN's."""
    match = _NAME.match(logical_name(path))
    if not match:
        return None
    kind = (match["kind"] or match["barkind"]).lower()
    resolution = (match["tick"] or match["bar"]).lower()
    shape = f"{'tick' if match['tick'] else 'bar'}_{kind}"
    try:
        day = date.fromisoformat(match["date"])
    except ValueError as error:
        raise DataError("date in the name", path=path, expected="YYYYMMDD", got=match["date"]) from error
    return day, match["symbol"].upper(), shape, resolution


def sniff(head: bytes, name: str) -> bool:
    """Tell whether the name (inside the zip) is one that LEAN writes, and the first row has its columns."""
    match = _NAME.match(name)
    if not match:
        return False
    shape = f"{'tick' if match['tick'] else 'bar'}_{(match['kind'] or match['barkind']).lower()}"
    return head.split(b"\n", 1)[0].count(b",") + 1 == len(COLUMNS[shape])


class Reader:
    """Streams one LEAN file: level ``trades``, ``quotes`` or (trade bars) ``bars``."""

    def __init__(self, path: Path, options: ReaderOptions) -> None:
        self._path, self._options = path, options
        found = lean_name(path)
        if found is None:
            raise DataError(
                "file name", path=path, expected="like 20131007_bac_Trade_Tick.csv in the zip", got=logical_name(path)
            )
        day, symbol, self._shape, self._resolution = found
        day = options.date or day
        timezone = options.timezone or "America/New_York"
        self._midnight = local_midnight(day, timezone)
        levels: dict[str, Level] = {"tick_trade": "trades", "bar_trade": "bars"}
        instrument = Instrument(options.symbol or symbol, options.tick or Decimal("0.0001"), options.step or 100)
        notes = [f"times local to {timezone}"]
        if self._shape.startswith("bar"):
            notes.append(f"an event per {self._resolution} bar, at its end: close price and volume of the bar")
        self._meta = ReaderMeta("lean", levels.get(self._shape, "quotes"), (instrument,), day, "line", tuple(notes))

    @property
    def meta(self) -> ReaderMeta:
        """Return symbol, date and notes, complete from the start."""
        return self._meta

    def findings(self) -> tuple[Rule, ...]:
        """Return nothing: a row is an event or an error."""
        return ()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows in file order; DataError with the line and column of the first that does not parse."""
        columns = COLUMNS[self._shape]
        for block, first in iter_line_blocks(self._path, min(self._options.block_bytes, _BLOCK)):
            table, lines = parse_block(block, first, columns, self._path)
            if len(table) == 0:
                continue
            self._check_times(table[:, 0], lines)
            time = table[:, 0] + self._midnight
            if self._shape == "tick_trade":
                yield Chunk(_trades(table, time), lines)
            elif self._shape == "bar_trade":
                yield Chunk(_bars(table, time + BAR_NS[self._resolution]), lines)
            else:
                yield self._quotes(table, time, lines)

    def _check_times(self, time: np.ndarray, lines: np.ndarray) -> None:
        bad = np.flatnonzero((time < 0) | (time > 86_400 * SECOND))
        if len(bad):
            raise DataError(
                "column 1",
                path=self._path,
                line=int(lines[bad[0]]),
                expected="milliseconds after midnight, 0 to 86400000",
                got=int(time[bad[0]]) / MS,
            )

    def _quotes(self, table: np.ndarray, time: np.ndarray, lines: np.ndarray) -> Chunk:
        if self._shape == "bar_quote":
            time = time + BAR_NS[self._resolution]
            bid, bid_size, ask, ask_size = table[:, 4], table[:, 5], table[:, 9], table[:, 10]
            flags = np.zeros(len(table), np.uint16)
        else:
            bid, bid_size, ask, ask_size = table[:, 1], table[:, 2], table[:, 3], table[:, 4]
            flags = np.where(table[:, 7] != 0, Flag.OUTLIER, Flag.NONE).astype(np.uint16)
        return _sides(time, (bid, bid_size), (ask, ask_size), flags, lines)


def _trades(table: np.ndarray, time: np.ndarray) -> np.ndarray:
    events = empty_events(len(table))
    condition = table[:, 4]
    events["time"], events["price"], events["quantity"] = time, table[:, 1], table[:, 2]
    events["kind"] = np.where(
        condition & _OFFICIAL, Kind.TICK, np.where(condition & _CROSS, Kind.CROSS, Kind.TRADE)
    ).astype(np.uint8)
    away = (table[:, 5] != 0) | ((condition & _AWAY) != 0)
    flags = np.where(away, Flag.OUTLIER, Flag.NONE) | np.where(table[:, 2] < 100, Flag.ODD_LOT, Flag.NONE)
    events["flags"] = flags | int(Flag.LAST)
    return events


def _bars(table: np.ndarray, time: np.ndarray) -> np.ndarray:
    events = empty_events(len(table))
    events["time"], events["price"], events["quantity"] = time, table[:, 4], table[:, 5]
    events["kind"], events["flags"] = Kind.TRADE, Flag.LAST
    return events


def _sides(
    time: np.ndarray,
    bid: tuple[np.ndarray, np.ndarray],
    ask: tuple[np.ndarray, np.ndarray],
    flags: np.ndarray,
    lines: np.ndarray,
) -> Chunk:
    """Return QUOTE rows for the sides that each row carries (price above 0), a TICK where it carries none."""
    n = len(time)
    events = empty_events(2 * n)
    has_bid, has_ask = bid[0] > 0, ask[0] > 0
    for offset, side, (price, size), has in ((0, 1, bid, has_bid), (1, -1, ask, has_ask)):
        half = events[offset::2]
        half["time"], half["price"], half["quantity"], half["side"] = time, price, size, side
        half["kind"], half["flags"] = Kind.QUOTE, flags
        half["flags"] |= np.where(has & ~(has_bid & has_ask & (side == 1)), int(Flag.LAST), 0).astype(np.uint16)
    none = ~has_bid & ~has_ask
    events[0::2]["kind"][none] = Kind.TICK
    events[0::2]["side"][none] = 0
    keep = np.empty(2 * n, bool)
    keep[0::2], keep[1::2] = has_bid | none, has_ask
    return Chunk(events[keep], np.repeat(lines, 2)[keep])


def open_pair(trade_path: str | Path, quote_path: str | Path, options: ReaderOptions | None = None) -> Merged:
    """Return one reader over the trades and the quotes of one symbol and day, merged by time (trades first at ties).

    DataError if the two files are of other kinds, symbols or days.
    """
    options = options or ReaderOptions()
    trades, quotes = Reader(Path(trade_path), options), Reader(Path(quote_path), options)
    for reader, path, level in ((trades, trade_path, "trades"), (quotes, quote_path, "quotes")):
        if reader.meta.level != level:
            raise DataError("kind of file", path=path, expected=f"tick {level}", got=reader.meta.level)
    one, other = ((r.meta.instruments[0].symbol, r.meta.date) for r in (trades, quotes))
    if one != other:
        expected, got = (f"{symbol} {day}" for symbol, day in (one, other))
        raise DataError("trades and quotes", path=quote_path, expected=expected, got=got)
    return Merged(trades, quotes)
