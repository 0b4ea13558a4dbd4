"""SQL over the whole store: the views of `nowake.data.sql`, and orders, fills and decisions of journals.

The same promises: one SELECT of DuckDB that can read these views and nothing else.
"""

from typing import Any

from nowake.core.errors import InputError, MissingError
from nowake.data.parts import Query
from nowake.data.sql import SqlResult, _refuse_writes, _said, _views
from nowake.service.training_store import TABLES, WholeStore

__all__ = ["sql"]


def sql(store: WholeStore, text: str) -> SqlResult:
    """Return the answer of DuckDB to one SELECT (DESCRIBE, SUMMARIZE, EXPLAIN) over the store, read only.

    InputError for anything else, or where DuckDB refuses.
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
            views = [*_views(connection, store), *_tables(connection, store)]
            _refuse_writes(connection, statements[0].query)
            result = connection.execute(statements[0])
            return SqlResult(tuple(c[0] for c in result.description), result.fetchall())
        except duckdb.CatalogException as error:
            hint = f"views of this store: {', '.join(views)}"
            raise InputError("SQL", expected="known tables", got=str(error).splitlines()[0], hint=hint) from error
        except duckdb.Error as error:
            got = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError("SQL", expected="a query that DuckDB understands", got=got) from error


def _tables(connection: Any, store: WholeStore) -> list[str]:
    """Make the views of the tables; their files are among those that `_views` has allowed."""
    found = []
    for table in TABLES:
        paths = store.paths([part for part in store.tables(Query()) if part.kind == table])
        if paths:
            files = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
            types = "{'kind': VARCHAR, 'date': DATE, 'symbol': VARCHAR}"
            connection.execute(
                f"create view {table} as select * from read_parquet([{files}], union_by_name = true, "
                f"hive_partitioning = true, hive_types = {types})"
            )
            found.append(table)
    return found
