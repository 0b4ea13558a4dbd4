"""Questions to the store: its address with a query, a Reader over it, SQL, listings.

A STORE-QUERY is written ``STORE?symbol=IBM&date=2003-01-15``, to be quoted in a shell. STORE is a folder or an fsspec
URL; keys are `symbol`, `date` (a day, or a range ``2003-01-13..2003-01-31``) and `kind` (l3, l2, quotes, trades, bars;
by default the most detailed that is stored). Values are percent-encoded where they contain ``&``, ``%`` or ``+``.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import numpy as np

from nowake.core.errors import DataError, InputError, nearest
from nowake.core.events import Kind
from nowake.core.times import clock_time
from nowake.core.values import Instrument
from nowake.data.merge import Merged
from nowake.data.reader import CHUNK, Chunk, Reader, ReaderMeta, Rule
from nowake.data.store import COLUMNS, LEVELS, ParquetStore, Part, Query, open_store, polars, records

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "StoreReader", "events", "is_query", "ls", "parse_query", "prints_reader", "reader", "scan", "show", "zone_of",
]  # fmt: skip

_KEYS = ("symbol", "date", "kind")
_FORM = "STORE?symbol=IBM&date=2003-01-15"


def is_query(text: str) -> bool:
    """Tell whether `text` is meant as a STORE-QUERY and not as the path of a file."""
    _, mark, tail = text.rpartition("?")
    return bool(mark) and any(piece.partition("=")[0] in _KEYS for piece in tail.split("&"))


def parse_query(text: str) -> tuple[str, Query]:
    """Return the store's address and the query of a STORE-QUERY; InputError says what is wrong with it."""
    address, mark, tail = text.rpartition("?")
    if not mark or not address:
        raise InputError("store query", expected=_FORM, got=repr(text))
    values: dict[str, str] = {}
    for key, value in parse_qsl(tail, keep_blank_values=True):
        if key not in _KEYS:
            hint = nearest(key, _KEYS)
            raise InputError("key of a store query", expected=f"one of {', '.join(_KEYS)}", got=repr(key), hint=hint)
        if key in values or not value:
            raise InputError(f"store query, {key}", expected="one value", got="several" if key in values else "none")
        values[key] = value
    if "symbol" not in values:
        raise InputError("store query", expected=f"a symbol, {_FORM}", got=repr(text))
    first, range_mark, last = values.get("date", "").partition("..")
    start = _day(first) if first else None
    end = _day(last) if last else (None if range_mark else start)
    return address, Query(values["symbol"], start, end, values.get("kind"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("date", expected="YYYY-MM-DD", got=repr(text)) from None


def scan(
    store: ParquetStore, kind: str | None = None, symbol: str | None = None,
    start_date: date | None = None, end_date: date | None = None,
) -> "pl.LazyFrame":  # fmt: skip
    """Return the stored rows of a kind, symbol and date range (both ends included) as a polars LazyFrame."""
    return store.scan(Query(symbol, start_date, end_date, kind))


def events(store: ParquetStore, query: Query) -> Iterator[Chunk]:
    """Yield the events of one symbol for replay: days in order, inside a day as the source gave them.

    `Chunk.where` counts the rows of the query from 1.
    """
    yield from StoreReader(store, query).chunks()


class StoreReader:
    """A Reader over stored parts of one symbol and one kind (the most detailed stored, unless the query says)."""

    def __init__(self, store: ParquetStore, query: Query) -> None:
        if query.symbol is None:
            raise InputError("store query", expected=f"a symbol, {_FORM}", got=str(query))
        found = store.parts(query)
        if not found:
            raise store.nothing(query)
        kind = query.kind or min((p.kind for p in found), key=LEVELS.index)
        self.store, self.parts = store, tuple(p for p in found if p.kind == kind)
        self.meta = self._meta(kind)

    def _meta(self, kind: str) -> ReaderMeta:
        metas = [self.store.meta(p) for p in self.parts]
        first = metas[0].instrument
        for part, meta in zip(self.parts, metas, strict=True):
            if (meta.instrument.tick_size, meta.instrument.lot) != (first.tick_size, first.lot):
                raise DataError(
                    "price unit changes between days", path=part.name,
                    expected=f"tick {first.tick_size}, lot {first.lot} as on {self.parts[0].date}",
                    got=f"tick {meta.instrument.tick_size}, lot {meta.instrument.lot}",
                )  # fmt: skip
        notes = tuple(dict.fromkeys(note for meta in metas for note in meta.notes))
        sources = tuple(dict.fromkeys(f"read from the store, source {meta.source}" for meta in metas))
        days = {p.date for p in self.parts}
        day = next(iter(days)) if len(days) == 1 else None
        return ReaderMeta(metas[0].format, kind, (first,), day, "line", (*notes, *sources))  # type: ignore[arg-type]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows part by part, at most CHUNK at a time."""
        seen = 0
        for part in self.parts:
            for rows in self._slices(part):
                yield Chunk(rows, np.arange(seen + 1, seen + len(rows) + 1, dtype=np.int64))
                seen += len(rows)

    def _slices(self, part: Part) -> Iterator[np.ndarray]:
        path = self.store.paths([part])[0]
        pl, at = polars(), 0
        lazy = pl.scan_parquet(path, hive_partitioning=False, glob=False).select(COLUMNS)
        while True:
            try:
                rows = lazy.slice(at, CHUNK).collect()
            except (OSError, pl.exceptions.PolarsError) as error:
                raise DataError("cannot read a part", path=path, expected="Parquet by nowake", got=error) from error
            if rows.height:
                yield records(rows)
            at += rows.height
            if rows.height < CHUNK:
                return

    def findings(self) -> tuple[Rule, ...]:
        """Return nothing: what was found was found when the source was ingested, and is in the parts' metadata."""
        return ()

    def has_prints(self) -> bool:
        """Tell whether any row is a print, that is, whether there is volume."""
        pl = polars()
        found = (pl.scan_parquet(path, hive_partitioning=False, glob=False) for path in self.store.paths(self.parts))
        prints = [int(k) for k in (Kind.EXECUTE, Kind.HIDDEN, Kind.CROSS, Kind.TRADE)]
        return any(rows.filter(pl.col("event").is_in(prints)).head(1).collect().height for rows in found)

    def days(self) -> Iterator[tuple[date, "StoreReader"]]:
        """Yield every date with a reader of its parts alone."""
        query = Query(self.meta.instruments[0].symbol, kind=self.meta.level)
        for day in sorted({p.date for p in self.parts}):
            yield day, StoreReader(self.store, replace(query, start=day, end=day))


def reader(text: str) -> Reader:
    """Return the reader of a STORE-QUERY: the most detailed kind stored, quotes together with their trades.

    Quotes that hold no prints are merged with the stored trades of the same days, unless the query names a kind.
    """
    address, query = parse_query(text)
    return _most_detailed(open_store(address), query)


def _most_detailed(store: ParquetStore, query: Query) -> Reader:
    best = StoreReader(store, query)
    if query.kind is not None or best.meta.level != "quotes" or best.has_prints():
        return best
    days = {p.date for p in best.parts}
    trades = [p for p in store.parts(replace(query, kind="trades")) if p.date in days]
    if not trades:
        return best
    return Merged(StoreReader(store, Query(query.symbol, min(days), max(days), "trades")), best)


def prints_reader(text: str) -> StoreReader:
    """Return the reader of the most detailed kind of a STORE-QUERY that holds prints (of the first, if none does)."""
    address, query = parse_query(text)
    store = open_store(address)
    first = StoreReader(store, query)
    kinds = sorted({p.kind for p in store.parts(query)}, key=LEVELS.index)
    readers = (StoreReader(store, replace(query, kind=kind)) for kind in kinds)
    return next((one for one in readers if one.has_prints()), first)


def ls(store: ParquetStore, query: Query | None = None) -> list[dict[str, Any]]:
    """Return a row per partition: kind, date, symbol, rows, parts, sources, formats, first and last time (ns UTC)."""
    table = []
    for _, group in groupby(store.parts(query or Query()), key=lambda p: p.folder):
        parts = list(group)
        metas = [store.meta(p) for p in parts]
        table.append({
            "kind": parts[0].kind, "date": parts[0].date.isoformat(), "symbol": parts[0].symbol,
            "rows": sum(m.rows for m in metas), "parts": len(parts),
            "sources": sorted({m.source for m in metas}), "formats": sorted({m.format for m in metas}),
            "first": min(m.first for m in metas), "last": max(m.last for m in metas),
        })  # fmt: skip
    return table


def show(source: Reader, rows: int = 10) -> list[dict[str, Any]]:
    """Return the first `rows` events with local time, kind in words, price in currency (None where there is none)."""
    table: list[dict[str, Any]] = []
    instrument, zone = source.meta.instruments[0], zone_of(source.meta)
    for chunk in source.chunks():
        table += [_shown(e, instrument, zone) for e in chunk.events[: rows - len(table)]]
        if len(table) >= rows:
            break
    return table


def zone_of(meta: ReaderMeta) -> str:
    """Return the time zone that the times of these events are shown in: that of the session, else UTC."""
    sessions = meta.instruments[0].sessions
    return sessions[0].timezone if sessions else "UTC"


def _shown(e: np.void, instrument: Instrument, zone: str) -> dict[str, Any]:
    kind, price = Kind(int(e["kind"])), int(e["price"])
    priced = price != 0 or kind in (Kind.ADD, Kind.EXECUTE, Kind.HIDDEN, Kind.CROSS, Kind.TRADE)
    return {
        "time": clock_time(int(e["time"]), zone).isoformat(),
        "time_ns": int(e["time"]),
        "kind": kind.name.lower(),
        "side": {1: "buy", -1: "sell"}.get(int(e["side"]), ""),
        "price": float(instrument.tick_size * price) if priced else None,
        "quantity": int(e["quantity"]),
        "order_id": int(e["order_id"]),
        "ref": int(e["ref"]),
        "flags": int(e["flags"]),
        "currency": instrument.currency,
    }
