"""The store with the tables of journals beside the market data: where they lie, and how one reads them.

    kind=<orders|fills|decisions>/date=YYYY-MM-DD/symbol=SYM/part-<digest>.parquet

`training_rows` writes them.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from nowake.core.errors import InputError, nearest
from nowake.data.parts import Part, Query
from nowake.data.places import open_place
from nowake.data.store import ParquetStore, polars

if TYPE_CHECKING:
    import polars as pl

__all__ = ["TABLES", "WholeStore", "open_whole", "scan_rows"]

TABLES = ("orders", "fills", "decisions")


class WholeStore(ParquetStore):
    """A store with the tables of journals beside the market data; `parts`, `meta` and `paths` know both."""

    def parts(self, query: Query) -> tuple[Part, ...]:
        """Return the live parts of the query: market data, then tables."""
        return (*super().parts(query), *self.tables(query))

    def tables(self, query: Query | None = None) -> tuple[Part, ...]:
        """Return the live parts of the tables."""
        groups: dict[str, list[Part]] = {}
        for part in self.every_table(query):
            groups.setdefault(part.folder, []).append(part)
        return tuple(part for group in groups.values() for part in self._live(group))

    def every_table(self, query: Query | None = None) -> list[Part]:
        """Return the parts of the tables, those that are hidden by one that replaces them too."""
        names = ((table, name) for table in TABLES for name in self.place.names(f"kind={table}"))
        parts = (_parsed(name, table) for table, name in names)
        return [part for part in parts if part is not None and (query or Query()).takes(part)]


def open_whole(address: str | Path) -> WholeStore:
    """Return the store at `address`, tables of journals included."""
    return WholeStore(open_place(address))


def _parsed(name: str, table: str) -> Part | None:
    """Return the part of a table by its file's name; None if it is none."""
    like = Part.parse(name.replace(f"kind={table}/", "kind=bars/", 1))
    return None if like is None else Part(like.date, like.symbol, table, like.digest)


def scan_rows(
    store: WholeStore, table: str, symbol: str | None = None, start: date | None = None, end: date | None = None
) -> "pl.LazyFrame":
    """Return the rows of a table over a range of dates (both included) with `date` and `symbol`, by knowledge time.

    InputError for an unknown table, or where nothing is stored of it.
    """
    if table not in TABLES:
        raise InputError("table", expected=f"one of {', '.join(TABLES)}", got=table, hint=nearest(table, TABLES))
    parts = [part for part in store.tables(Query(symbol, start, end)) if part.kind == table]
    if not parts:
        known = ", ".join(sorted({f"{part.kind} of {part.symbol}" for part in store.tables()}))
        raise InputError(
            f"store {store}", expected=f"{table} of {symbol or 'any symbol'}", got=known or "no table of a journal"
        )
    whole = [_lazy(part, path) for part, path in zip(parts, store.paths(parts), strict=True)]
    together = polars().concat(whole, how="diagonal")  # another version of the log may hold other features
    return together.sort("knowledge_time", maintain_order=True)  # type: ignore[no-any-return]


def _lazy(part: Part, path: str) -> "pl.LazyFrame":
    pl = polars()
    rows = pl.scan_parquet(path, hive_partitioning=False, glob=False)
    return rows.with_columns(date=pl.lit(part.date), symbol=pl.lit(part.symbol))  # type: ignore[no-any-return]
