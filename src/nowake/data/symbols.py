"""One symbol out of a file of several: the reader that keeps its rows, and the error that lists what there is."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from nowake.core.errors import DataError, nearest
from nowake.core.values import Instrument
from nowake.data.reader import Chunk, Reader, ReaderMeta, Rule

__all__ = ["OneSymbol", "busiest", "not_there", "rows_by_symbol"]

_SHOWN = 8
_LOOKED = 256  # chunks that are counted for an error message


class OneSymbol:
    """The rows of `symbol` of another reader, as instrument 0; the others are counted as ``other_symbol``."""

    def __init__(self, reader: Reader, path: Path, symbol: str) -> None:
        self._reader, self._path, self._symbol = reader, path, symbol
        self._others = 0

    @property
    def meta(self) -> ReaderMeta:
        """Return what the reader knows, with the one instrument; its units are the usual ones until it is met."""
        meta = self._reader.meta
        at = self._index()
        one = meta.instruments[at] if at is not None else Instrument(self._symbol)
        return replace(meta, instruments=(one,))

    def findings(self) -> tuple[Rule, ...]:
        """Return what the reader met, and how many rows are of other symbols."""
        others = Rule("other_symbol", self._others, "skipped: not the symbol asked for")
        return (*self._reader.findings(), others) if self._others else self._reader.findings()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows of the symbol in file order; DataError, with what there is, if it never appears."""
        self._others, found, seen = 0, False, np.zeros(0, np.int64)
        for chunk in self._reader.chunks():
            at = self._index()
            mine = chunk.events["instrument"] == (-1 if at is None else at)
            seen = _add(seen, chunk.events["instrument"])
            found = found or at is not None
            self._others += len(mine) - int(mine.sum())
            if mine.any():
                events = chunk.events[mine]
                events["instrument"] = 0
                yield Chunk(events, chunk.where[mine])
        if not found:
            raise not_there(self._path, self._symbol, self._table(seen))

    def _index(self) -> int | None:
        wanted = self._symbol.upper()
        names = (i for i, one in enumerate(self._reader.meta.instruments) if one.symbol.upper() == wanted)
        return next(names, None)

    def _table(self, seen: np.ndarray) -> dict[str, int]:
        return _named(self._reader, seen)


def _add(counts: np.ndarray, instruments: np.ndarray) -> np.ndarray:
    more = np.bincount(instruments, minlength=len(counts))
    more[: len(counts)] += counts
    return more


def _named(reader: Reader, counts: np.ndarray) -> dict[str, int]:
    names = [one.symbol for one in reader.meta.instruments]
    return {name: int(n) for name, n in zip(names, counts, strict=False)}


def rows_by_symbol(reader: Reader) -> dict[str, int]:
    """Return how many rows each symbol of the file has (of a very long file, in its first part)."""
    seen = np.zeros(0, np.int64)
    for chunk in islice(reader.chunks(), _LOOKED):
        seen = _add(seen, chunk.events["instrument"])
    return _named(reader, seen)


def busiest(rows: dict[str, int]) -> str:
    """Return the symbols with most rows for an error message: ``BOB 5,171 rows, ALC 4,001, CHAR 2,839``."""
    order = sorted(rows.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{name} {n:,} rows" if i == 0 else f"{name} {n:,}" for i, (name, n) in enumerate(order[:_SHOWN])]
    more = len(order) - _SHOWN
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "") if shown else "no symbol"


def not_there(path: Path, symbol: str, rows: dict[str, int]) -> DataError:
    """Return the error that `symbol` is not in the file, with what is."""
    return DataError("symbol not in file", path=path, expected=busiest(rows), got=symbol, hint=nearest(symbol, rows))
