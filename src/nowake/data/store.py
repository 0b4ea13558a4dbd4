"""The store: Parquet files by kind, date and symbol, written whole or not at all.

    kind=<l3|l2|quotes|trades|bars>/date=YYYY-MM-DD/symbol=SYM/part-<source digest>.parquet

Columns are those of EVENT, times int64 nanoseconds UTC, prices integer ticks; the event's own kind is column `event`,
because `kind` names the partition. Symbols are percent-encoded. What the numbers mean (tick size, lot, currency), where
they come from and what the quality check found stands in the file's metadata under the key ``nowake`` as JSON.
A part is named by the digest of its source, so writing the same source twice changes nothing. A part may replace
others: their names are in its metadata, and they are out of sight the moment it appears.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

import numpy as np

from nowake.core.errors import DataError, InputError, MissingError
from nowake.core.events import EVENT
from nowake.data.parts import LEVELS, Part, PartMeta, Query
from nowake.data.places import Disk, Remote, open_place, staging

if TYPE_CHECKING:
    import polars as pl

__all__ = ["COLUMNS", "LEVELS", "ParquetStore", "Part", "PartMeta", "Query", "Store", "open_store", "polars"]

COLUMNS = ("time", "order_id", "price", "quantity", "ref", "event", "side", "flags")
_FIELDS = {"event": "kind"}  # column -> field of EVENT where they differ
_ROW_GROUP = 262_144


class Store(Protocol):
    """A store of events; every implementation passes the conformance test of tests/data/test_store.py."""

    def write(self, part: Part, meta: PartMeta, chunks: Iterable[np.ndarray]) -> bool:
        """Write EVENT arrays as `part`, whole or not at all; False if it was there (then `chunks` is not read)."""
        ...

    def scan(self, query: Query) -> "pl.LazyFrame":
        """Return all rows of the query, parts in the order of date, symbol, kind and first time."""
        ...

    def parts(self, query: Query) -> tuple[Part, ...]:
        """Return the live parts of the query in that order."""
        ...

    def meta(self, part: Part) -> PartMeta:
        """Return what stands beside the rows of `part`."""
        ...


def polars() -> Any:
    """Return the polars module; MissingError if it is not installed."""
    try:
        import polars as pl
    except ImportError as error:
        raise MissingError("the store needs polars: pip install 'nowake[data]'") from error
    return pl


def frame(events: np.ndarray) -> "pl.DataFrame":
    """Return EVENT records as a frame with COLUMNS."""
    columns = {c: np.ascontiguousarray(events[_FIELDS.get(c, c)]) for c in COLUMNS}
    return polars().DataFrame(columns)  # type: ignore[no-any-return]


def records(rows: "pl.DataFrame") -> np.ndarray:
    """Return a frame with COLUMNS as EVENT records of instrument 0."""
    events = np.zeros(rows.height, EVENT)
    for column in COLUMNS:
        events[_FIELDS.get(column, column)] = rows[column].to_numpy()
    return events


def schema() -> dict[str, Any]:
    """Return the polars types of COLUMNS."""
    return dict(frame(np.zeros(0, EVENT)).schema)


class ParquetStore:
    """The store on a disk or behind an fsspec URL; see the module for its layout and promises."""

    def __init__(self, place: Disk | Remote) -> None:
        self.place = place
        self._metas: dict[str, PartMeta] = {}

    def __str__(self) -> str:
        return str(self.place)

    def write(self, part: Part, meta: PartMeta, chunks: Iterable[np.ndarray]) -> bool:
        """Write `part` row group by row group into staging, commit it, then remove what it replaces."""
        if part in self._tidied(part.folder):
            return False
        with staging(self.place) as work:
            ready = work / "part.parquet"
            try:
                _sink(chunks, ready, meta)
                self.place.commit(ready, part.name)
            except (OSError, polars().exceptions.PolarsError) as error:
                raise InputError(f"store {self}", expected="a folder that can be written", got=error) from error
        self._metas.pop(part.name, None)
        self._tidied(part.folder)
        return True

    def _tidied(self, folder: str) -> list[Part]:
        """Remove from a partition what its parts replace, and return the parts that remain."""
        there = [part for name in self.place.names(folder) if (part := Part.parse(name))]
        live = self._live(there)
        for part in set(there).difference(live):
            self.place.remove(part.name)
        return live

    def parts(self, query: Query) -> tuple[Part, ...]:
        """Return the live parts: those that no other part of their partition replaces."""
        groups: dict[str, list[Part]] = {}
        for name in self._names(query):
            part = Part.parse(name)
            if part is not None and query.takes(part):
                groups.setdefault(part.folder, []).append(part)
        live: list[Part] = []
        for group in groups.values():
            live += self._live(group)
        return tuple(sorted(live, key=lambda p: (p.date, p.symbol, LEVELS.index(p.kind))))

    def _names(self, query: Query) -> Iterator[str]:
        day = query.start if query.start == query.end else None
        for kind in [query.kind] if query.kind else LEVELS:
            under = f"kind={kind}" + (f"/date={day.isoformat()}" if day else "")
            if day and query.symbol:
                under += f"/symbol={quote(query.symbol, safe='')}"
            yield from self.place.names(under)

    def _live(self, group: list[Part]) -> list[Part]:
        """Return the parts of one partition that no younger one replaces, by first time."""
        if len(group) < 2:
            return group
        age: dict[str, int] = {}
        for meta in map(self.meta, group):
            for name in meta.replaces:
                age[name] = max(age.get(name, 0), meta.generation)
        live = (p for p in group if self.meta(p).generation >= age.get(p.name, 0))
        return sorted(live, key=lambda p: (self.meta(p).first, p.digest))

    def meta(self, part: Part) -> PartMeta:
        """Return the metadata; DataError if the file is not one that this store wrote."""
        if part.name not in self._metas:
            path = self._path(part)
            try:
                text = polars().read_parquet_metadata(path)["nowake"]
                self._metas[part.name] = PartMeta.from_json(text)
            except (OSError, KeyError, ValueError, TypeError, polars().exceptions.PolarsError) as error:
                raise DataError("not a part of a store", path=path, expected="Parquet by nowake", got=error) from error
        return self._metas[part.name]

    def _path(self, part: Part) -> Path:
        return self.place.fetch(part.name)

    def paths(self, parts: Iterable[Part]) -> list[str]:
        """Return local paths of `parts`; parts of a remote store are fetched."""
        return [str(self._path(part)) for part in parts]

    def scan(self, query: Query) -> "pl.LazyFrame":
        """Return a lazy frame of COLUMNS, kind, date and symbol; InputError, with what there is, if nothing matches."""
        pl = polars()
        parts = self.parts(query)
        if not parts:
            raise self.nothing(query)
        hive = {"kind": pl.String, "date": pl.Date, "symbol": pl.String}
        lazy = pl.scan_parquet(self.paths(parts), hive_partitioning=True, hive_schema=hive, glob=False)
        return lazy.select(*COLUMNS, *hive)  # type: ignore[no-any-return]

    def nothing(self, query: Query) -> InputError:
        """Return the error that says what is stored instead of what `query` asks for."""
        every = self.parts(Query())
        if not every:
            return InputError(f"store {self}", expected=str(query), got="an empty or missing store")
        symbols = sorted({p.symbol for p in every})
        shown = ", ".join(symbols[:8]) + (", …" if len(symbols) > 8 else "")
        got = f"{shown} from {every[0].date} to {every[-1].date}"
        close = get_close_matches(query.symbol or "", [s for s in symbols if s != query.symbol], n=1, cutoff=0.5)
        hint = f"did you mean '{close[0]}'?" if close and query.symbol not in symbols else None
        return InputError(f"store {self}", expected=str(query), got=got, hint=hint)


def _sink(chunks: Iterable[np.ndarray], path: Path, meta: PartMeta) -> None:
    """Stream `chunks` into a Parquet file; an error of the source comes out as itself."""
    from polars.io.plugins import register_io_source

    failed: list[BaseException] = []

    def source(columns: Any, predicate: Any, n_rows: Any, batch: Any) -> Iterator["pl.DataFrame"]:  # noqa: ARG001
        try:
            for events in chunks:
                yield frame(events)
        except GeneratorExit:
            raise
        except BaseException as error:
            failed.append(error)
            raise

    try:
        lazy = register_io_source(source, schema=schema())
        lazy.sink_parquet(path, compression="zstd", row_group_size=_ROW_GROUP, metadata={"nowake": meta.to_json()})
    except BaseException as error:
        if failed:
            raise failed[0] from None
        raise error


def open_store(address: str | Path) -> ParquetStore:
    """Return the store at `address` (a folder, made at the first write, or an fsspec URL)."""
    return ParquetStore(open_place(address))
