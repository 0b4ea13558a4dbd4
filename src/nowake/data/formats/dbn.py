"""Databento DBN (versions 1 to 3, plain or zstd), decoded by the `databento-dbn` library block by block.

Records are upgraded to version 3 by the library, taken over in bulk as bytes, and turned into events by schema: see
`nowake.data.formats.dbn_mbo` and `nowake.data.formats.dbn_levels`. Prices are 1e-9 fixed point in the file and integer
ticks in the events: the tick is `options.tick`, else the definition's minimum increment, else the greatest common
divisor of the first prices. Fragments (``.frag``) carry no header: their schema is that of their records.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np

from nowake.core.errors import DataError, MissingError
from nowake.core.values import Instrument
from nowake.data.formats.dbn_records import UNDEF_PRICE, prices_of, table_of
from nowake.data.formats.dbn_state import State
from nowake.data.formats.dbn_walk import Walker
from nowake.data.formats.rows import Findings
from nowake.data.reader import CHUNK, Chunk, Level, ReaderMeta, ReaderOptions, Rule
from nowake.data.source import iter_blocks

__all__ = ["Reader", "sniff"]

_LEVELS: dict[str, Level] = {
    "mbo": "l3",
    "mbp-10": "l2",
    "mbp-1": "quotes",
    "cmbp-1": "quotes",
    "tbbo": "quotes",
    "tcbbo": "quotes",
    "bbo-1s": "quotes",
    "bbo-1m": "quotes",
    "cbbo-1s": "quotes",
    "cbbo-1m": "quotes",
    "trades": "trades",
    "status": "trades",
    "definition": "trades",
    "statistics": "trades",
    "imbalance": "trades",
}
_BLOCK = 1 << 18  # decompressed bytes handed to the library at once: a few thousand records
_NAME = re.compile(r"\.(?P<schema>[a-z0-9\-]+)(?:\.v(?P<version>[123]))?\.dbn\.frag")


def sniff(head: bytes, name: str) -> bool:
    """Tell whether the bytes start with the DBN mark, or the name ends in ``.dbn.frag``."""
    return (head[:3] == b"DBN" and 0 < head[3] < 10) or name.endswith((".dbn.frag", ".frag"))


def _library() -> Any:
    try:
        import databento_dbn
    except ImportError as error:
        raise MissingError("reading DBN needs databento-dbn: pip install nowake[data]") from error
    return databento_dbn


class Reader:
    """Streams one DBN file; the library tells no offsets: a "line" is a record, numbered from 1."""

    def __init__(self, path: Path, options: ReaderOptions) -> None:
        self._path, self._options = path, options
        self._dbn = _library()
        self._found = Findings()
        self._schema, self._header, first = self._open()
        if self._schema not in _LEVELS:
            expected = f"one of {', '.join(_LEVELS)}"
            raise DataError("schema of the DBN file", path=path, expected=expected, got=self._schema)
        self._first = first
        self._tick, why = self._tick_of(first)
        notes = [why, "a line is a record, numbered from 1"]
        if self._header is None:
            notes.append("a fragment: no header, symbols unknown")
        self._notes = tuple(notes)
        self._state = State(self._tick, self._found)

    def _open(self) -> tuple[str, Any, list[Any]]:
        """Return (schema, header or None, first records)."""
        header, first = None, []
        for records in self._records():
            first = [r for r in records if type(r).__name__ != "Metadata"]
            header = next((r for r in records if type(r).__name__ == "Metadata"), header)
            if first:
                break
        if header is not None:
            schema = str(header.schema) if header.schema is not None else ""
            return schema or _schema_of(first), header, first
        return _schema_of(first), None, first

    def _tick_of(self, first: list[Any]) -> tuple[Decimal, str]:
        if self._options.tick is not None:
            return self._options.tick, f"tick {self._options.tick} as given"
        steps = {r.min_price_increment for r in first if type(r).__name__.startswith("InstrumentDef")}
        steps = {s for s in steps if 0 < s < UNDEF_PRICE}
        if steps:
            tick = Decimal(gcd(*steps)).scaleb(-9).normalize()
            return tick, f"tick {tick} from the definition"
        prices = np.concatenate(
            [prices_of(table_of(name, rows)) for name, rows in _groups(first)] or [np.zeros(0, np.int64)]
        )
        step = int(np.gcd.reduce(prices)) if len(prices) else 0
        if len(np.unique(prices)) < 3 or step <= 0:
            step = gcd(step, 10_000_000) or 10_000_000
        tick = Decimal(step).scaleb(-9).normalize()
        return tick, f"tick {tick} inferred from the first {len(prices)} prices: give the definition's as tick"

    @property
    def meta(self) -> ReaderMeta:
        """Return symbols (complete once their records were read), date and notes."""
        names = _symbols(self._header)
        table = tuple(self._instrument(n, names, i) for i, n in enumerate(self._state.instruments))
        if not table and self._header is not None:
            table = tuple(self._instrument(0, {0: s}, i) for i, s in enumerate(self._header.symbols[:1]))
        day = self._options.date or _day(self._header)
        return ReaderMeta("dbn", _LEVELS[self._schema], table, day, "line", (f"schema {self._schema}", *self._notes))

    def _instrument(self, number: int, names: dict[int, str], index: int) -> Instrument:
        unknown = (names.get(number, str(number)), "USD", 1, None)
        symbol, currency, lot, tick = self._state.definitions.get(number, unknown)
        tick = self._options.tick or (tick if self._schema == "definition" else None) or self._tick
        if index == 0 and self._options.symbol and symbol == str(number) and not self._options.symbol.isdigit():
            symbol = self._options.symbol  # the file does not name it
        venue = str(self._header.dataset) if self._header is not None else ""
        return Instrument(symbol, tick, self._options.step or 1, Decimal(1), lot, currency, venue, ())

    def findings(self) -> tuple[Rule, ...]:
        """Return trades without fills and fills without trades, records that carry no event."""
        return self._found.rules()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the events in file order; DataError if the library refuses the bytes or they stop inside a record."""
        self._found = Findings()
        self._state = State(self._tick, self._found)
        ordinal = 1
        for records in self._records():
            records = [r for r in records if type(r).__name__ != "Metadata"]
            for name, rows in _groups(records):
                yield from self._pieces(self._entered(name, rows, ordinal))
                ordinal += len(rows)
        yield from self._pieces(self._state.close())

    def _entered(self, name: str, rows: list[Any], ordinal: int) -> Chunk | None:
        try:
            return self._state.enter(name, table_of(name, rows), ordinal)
        except self._dbn.DBNError as error:  # a field of one of them cannot be read
            raise DataError("DBN record", path=self._path, line=ordinal, expected=f"{name}s", got=error) from error

    def _pieces(self, chunk: Chunk | None) -> Iterator[Chunk]:
        if chunk is None:
            return
        for i in range(0, len(chunk.events), CHUNK):
            yield Chunk(chunk.events[i : i + CHUNK], chunk.where[i : i + CHUNK])

    def _records(self) -> Iterator[list[Any]]:
        """Yield what the library decodes of each block."""
        frag = _NAME.search(self._path.name)
        plain = ".frag" in self._path.name
        version = int(frag["version"] or 1) if frag else None
        decoder = self._dbn.DBNDecoder(has_metadata=not plain, input_version=version)
        walker = Walker(self._path, version, header=not plain)
        at = 0
        for block in iter_blocks(self._path, _BLOCK):
            if at or plain or block[:3] == b"DBN":
                walker.check(block)
            try:
                records = decoder.write_and_decode(block)
            except (KeyboardInterrupt, SystemExit, GeneratorExit):
                raise
            except BaseException as error:  # a panic of the library is no Exception
                got = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise DataError("not DBN", path=self._path, offset=at, expected="DBN records", got=got) from error
            at += len(block)
            if records:
                yield records
        if rest := decoder.buffer():
            raise DataError(
                "truncated DBN",
                path=self._path,
                offset=at - len(rest),
                expected="a whole record",
                got=f"{len(rest)} bytes",
            )


def _groups(records: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    for kind, rows in groupby(records, type):
        yield kind.__name__, list(rows)


def _schema_of(first: list[Any]) -> str:
    names = {
        "MBOMsg": "mbo",
        "MBP1Msg": "mbp-1",
        "MBP10Msg": "mbp-10",
        "TradeMsg": "trades",
        "InstrumentDefMsg": "definition",
        "StatusMsg": "status",
    }
    return names.get(type(first[0]).__name__, type(first[0]).__name__) if first else "no records"


def _symbols(header: Any) -> dict[int, str]:
    """Return instrument number -> raw symbol from the header's mappings."""
    names: dict[int, str] = {}
    for raw, intervals in header.mappings.items() if header is not None else ():
        for interval in intervals:
            number = interval["symbol"]
            if str(number).isdigit():
                names[int(number)] = str(raw)
    return names


def _day(header: Any) -> date | None:
    if header is None or not header.start:
        return None
    return datetime.fromtimestamp(header.start // 10**9, UTC).date()
