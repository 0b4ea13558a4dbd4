"""SQL over the store: one SELECT of DuckDB that can read the store's views and nothing else.

Views: l3, l2, quotes, trades, bars, those that are stored, with COLUMNS and kind, date, symbol; `events` names the
numbers of column `event`; `parts` has a row per part with tick_size, lot, currency, rows, source. Price in currency =
price * tick_size.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nowake.core.errors import InputError, MissingError
from nowake.core.events import Kind
from nowake.data.store import COLUMNS, LEVELS, ParquetStore, Part, Query

__all__ = ["SqlResult", "sql"]

_EXPLAIN = re.compile(r"^(\s|--[^\n]*\n|/\*.*?\*/)*explain\s+(analyze\s+)?(\([^)]*\)\s*)?", re.IGNORECASE | re.DOTALL)
_WRITES = ("COPY", "INSERT", "DELETE", "UPDATE", "MERGE", "CREATE", "EXPORT")  # in names of plan steps


@dataclass(frozen=True, slots=True)
class SqlResult:
    """The answer to an SQL query: column names and rows of plain Python values."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def sql(store: ParquetStore, text: str, more: Sequence[str] = ()) -> SqlResult:
    """Return the answer of DuckDB to one SELECT (DESCRIBE, SUMMARIZE, EXPLAIN) over the store, read only.

    `more`: further kinds of parts that get a view, with all columns that any of them has. InputError for anything
    else, or where DuckDB refuses.
    """
    try:
        import duckdb
    except ImportError as error:
        raise MissingError("SQL over the store needs duckdb: pip install 'nowake[data]'") from error
    with duckdb.connect() as connection:
        try:
            statements = connection.extract_statements(text)
            if len(statements) != 1 or statements[0].type.name not in ("SELECT", "EXPLAIN"):
                raise InputError("SQL", expected="one SELECT statement", got=_said(text, statements))
            views = _views(connection, store, more)
            _refuse_writes(connection, statements[0].query)
            result = connection.execute(statements[0])
            return SqlResult(tuple(c[0] for c in result.description), result.fetchall())
        except duckdb.CatalogException as error:
            hint = f"views of this store: {', '.join(views)}"
            raise InputError("SQL", expected="known tables", got=str(error).splitlines()[0], hint=hint) from error
        except duckdb.Error as error:
            got = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError("SQL", expected="a query that DuckDB understands", got=got) from error


def _refuse_writes(connection: Any, text: str) -> None:
    """Refuse a SELECT whose plan writes: since DuckDB 2 a WITH may hold a COPY, and stored files may be opened."""
    plan = connection.execute(f"explain (format json) {_EXPLAIN.sub('', text, count=1)}").fetchall()
    steps = re.findall(r'"name": "([^"]*)"', str(plan[0][-1]))
    if any(word in step for step in steps for word in _WRITES):
        raise InputError("SQL", expected="a SELECT that reads", got="one that writes")


def _said(text: str, statements: list[Any]) -> str:
    return f"{len(statements)} statements" if len(statements) != 1 else repr(text.strip().split(maxsplit=1)[0])


def _views(connection: Any, store: ParquetStore, more: Sequence[str]) -> list[str]:
    """Make the views and tables, then close the door: no other file, no setting can be reached from a query."""
    every = store.parts(Query())
    paths = dict(zip(every, store.paths(every), strict=True))
    connection.execute("set allowed_paths = ?", [list(paths.values())])
    connection.execute("set enable_external_access = false")
    kinds = [kind for kind in (*LEVELS, *more) if any(p.kind == kind for p in every)]
    columns = ", ".join(f'"{c}"' for c in (*COLUMNS, "kind", "date", "symbol"))
    for kind in kinds:
        shown = "*" if kind in more else columns
        _view(connection, kind, shown, [path for part, path in paths.items() if part.kind == kind])
    connection.execute("create table events(event utinyint, name varchar)")
    connection.executemany("insert into events values (?, ?)", [(int(k), k.name.lower()) for k in Kind])
    connection.execute(
        "create table parts(kind varchar, date date, symbol varchar, rows bigint, tick_size double, lot double, "
        "currency varchar, source varchar, format varchar)"
    )
    if every:
        connection.executemany("insert into parts values (?, ?, ?, ?, ?, ?, ?, ?, ?)", [_row(store, p) for p in every])
    connection.execute("set lock_configuration = true")
    return [*kinds, "events", "parts"]


def _view(connection: Any, name: str, columns: str, paths: Sequence[str]) -> None:
    """Make the view `name` of `columns` of the Parquet files at `paths`; what one of them lacks is null."""
    files = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    types = "{'kind': VARCHAR, 'date': DATE, 'symbol': VARCHAR}"
    union = ", union_by_name = true" if columns == "*" else ""
    connection.execute(
        f"create view {name} as select {columns} from read_parquet([{files}], hive_partitioning = true, "
        f"hive_types = {types}{union})"
    )


def _row(store: ParquetStore, part: Part) -> tuple[Any, ...]:
    meta = store.meta(part)
    of = meta.instrument
    money = (float(of.tick_size), float(of.lot), of.currency)
    return (part.kind, part.date, part.symbol, meta.rows, *money, meta.source, meta.format)
