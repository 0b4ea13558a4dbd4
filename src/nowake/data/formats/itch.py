"""NASDAQ TotalView-ITCH 5.0 files: every message behind a two-byte big-endian length; a length of zero is left out.

Every message becomes an event: order messages and prints as they are, all others as TICK, counted by type. The symbol
directory (`R`) names the instruments; option `symbol` keeps one of them.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from nowake.core.errors import DataError
from nowake.core.events import EVENT
from nowake.core.times import local_midnight
from nowake.core.values import Instrument
from nowake.data.formats.itch_kernel import LENGTHS, STOCK_AT, TRUNCATED, UNKNOWN_TYPE, parse_messages
from nowake.data.reader import Chunk, ReaderMeta, ReaderOptions, Rule, kernel_view
from nowake.data.source import iter_blocks, logical_name
from nowake.data.symbols import not_there, rows_by_symbol

__all__ = ["Reader", "date_in", "sniff"]

_SHORTEST = 14  # bytes of the shortest message and its length
_LARGEST_BLOCK = 1 << 21
_BOOK_TYPES = frozenset("AFECXDUPQHB")
_LOCATES = 1 << 16


def sniff(head: bytes, name: str) -> bool:
    """Tell whether the head is a chain of ITCH messages (at least one, the last may be cut), or the name says ITCH."""
    at = 0
    while at + 2 < len(head):
        length = int(LENGTHS[head[at + 2]])
        if length == 0 or int.from_bytes(head[at : at + 2], "big") not in (0, length):
            return at > 0 and "itch" in name.lower()
        at += 2 + length
    return at > 0


def date_in(name: str) -> datetime.date | None:
    """Return the date in a name such as 20101224…, 12302019.NASDAQ_ITCH50 or S123019-v50; None if there is none."""
    for pattern, form in ((r"\d{8}", "%Y%m%d"), (r"\d{8}", "%m%d%Y"), (r"(?<=S)\d{6}(?!\d)", "%m%d%y")):
        for text in re.findall(pattern, name):
            try:
                day = datetime.datetime.strptime(text, form).date()  # noqa: DTZ007 - a date, not an instant
            except ValueError:
                continue
            if 1990 <= day.year < 2100:
                return day
    return None


class Reader:
    """Streams one ITCH file; `meta.instruments` fills as the symbol directory is read."""

    def __init__(self, path: Path, options: ReaderOptions) -> None:
        self._path, self._options = path, options
        day = options.date or date_in(logical_name(path))
        timezone = options.timezone or "America/New_York"
        self._midnight = local_midnight(day, timezone) if day else 0
        self._wanted = (options.symbol or "").strip().upper()
        no_date = () if day else (f"no date in the name of {path.name}: times count from 1970-01-01 UTC",)
        self._meta = ReaderMeta("itch", "l3", (), day, "byte", (*no_date, f"times local to {timezone}"))
        self._counts = np.zeros(257, np.int64)

    @property
    def meta(self) -> ReaderMeta:
        """Return what is known; the instruments met so far, or the one that was asked for."""
        if self._wanted and not self._meta.instruments:
            return replace(self._meta, instruments=(self._instrument(self._wanted),))
        return self._meta

    def findings(self) -> tuple[Rule, ...]:
        """Return how many messages of each type carry no book change, and how many are of other symbols."""
        quiet = [
            Rule(f"no_book_change_{chr(letter)}", int(n), "kept as TICK")
            for letter, n in enumerate(self._counts[:256])
            if n and chr(letter) not in _BOOK_TYPES
        ]
        others = int(self._counts[256])
        return (*quiet, Rule("other_symbol", others, "skipped: not the symbol asked for")) if others else tuple(quiet)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the messages in file order; DataError with the byte offset of the first that is none."""
        self._counts[:] = 0
        self._meta = replace(self._meta, instruments=())
        wanted = int.from_bytes(self._wanted.encode().ljust(8)[:8], "big") if self._wanted else 0
        tables, state = np.stack((LENGTHS, STOCK_AT)), np.zeros(2, np.int64)
        index, fresh = np.full(_LOCATES, -1, np.int32), np.zeros((_LOCATES, 2), np.int64)
        rest, offset, failure = b"", 0, 0
        for block in iter_blocks(self._path, min(self._options.block_bytes, _LARGEST_BLOCK)):
            data = rest + block
            events = np.empty(len(data) // _SHORTEST + 1, EVENT)
            where = np.empty(len(events), np.int64)
            state[1] = 0
            rows, at, failure = parse_messages(
                np.frombuffer(data, np.uint8),
                kernel_view(events),
                where,
                self._midnight,
                offset,
                wanted,
                tables,
                index,
                self._counts,
                state,
                fresh,
            )
            self._name(data, fresh[: state[1]])
            if rows:
                yield Chunk(events[:rows], where[:rows])
            rest, offset = data[at:], offset + int(at)
            if failure and failure != TRUNCATED:
                break
        if rest and rest != b"\0\0":  # a length of zero ends some files
            raise self._refusal(int(failure), rest, offset)
        if self._wanted and not self._meta.instruments:
            every = Reader(self._path, replace(self._options, symbol=None))
            raise not_there(self._path, self._wanted, rows_by_symbol(every))

    def _instrument(self, symbol: str) -> Instrument:
        tick = self._options.tick or Instrument("").tick_size
        return Instrument(symbol, tick, self._options.step or 100, venue="NASDAQ")

    def _name(self, data: bytes, fresh: np.ndarray) -> None:
        """Add the instruments met for the first time, named by the message they were met in."""
        met = []
        for locate, at in fresh:
            stock = int(STOCK_AT[data[at]])
            symbol = data[at + stock : at + stock + 8].decode("ascii", "replace").strip() if stock else f"#{locate}"
            met.append(self._instrument(symbol))
        if met:
            self._meta = replace(self._meta, instruments=(*self._meta.instruments, *met))

    def _refusal(self, failure: int, rest: bytes, offset: int) -> DataError:
        said, letter = int.from_bytes(rest[:2], "big"), rest[2:3]
        length = int(LENGTHS[letter[0]]) if letter else 0
        if failure == UNKNOWN_TYPE:
            return DataError(
                "unknown message type",
                path=self._path,
                offset=offset,
                expected="a type of ITCH 5.0",
                got=repr(letter)[1:],
            )
        if failure == TRUNCATED:
            return DataError(
                "truncated message",
                path=self._path,
                offset=offset,
                expected=f"{length + 2 if length else 'more than 2'} bytes",
                got=len(rest),
            )
        return DataError(
            f"length of message type {letter.decode('ascii', 'replace')}",
            path=self._path,
            offset=offset,
            expected=length,
            got=said,
        )
