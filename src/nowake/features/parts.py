"""Feature rows in a store: Parquet files beside the events, written whole or not at all.

    kind=features/every=<1s|event|…>/date=YYYY-MM-DD/symbol=SYM/part-<digest of the rows>.parquet

Columns: `time` (ns UTC), `bid`, `ask` (ticks), a float64 per feature, `ready` (uint64, bit k: feature k). Names and
units of the vector stand in the metadata under the key ``nowake``; a file of another vector is refused, not guessed.
A day of a symbol and an interval is one part: writing it again replaces it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from nowake.core.errors import DataError, InputError
from nowake.data.places import Disk, Remote, open_place, staging
from nowake.data.store import polars
from nowake.features.vector import NAMES, ROW, VECTOR

if TYPE_CHECKING:
    import polars as pl

__all__ = ["SCHEMA", "read_rows", "stored", "write_rows"]

SCHEMA = "nowake.features/1"
_ROW_GROUP = 65_536
_BIT = np.uint64(1) << np.arange(len(NAMES), dtype=np.uint64)


def _folder(symbol: str, day: date | None, every: str) -> str:
    when = day.isoformat() if day else "unknown"
    return f"kind=features/every={every}/date={when}/symbol={quote(symbol, safe='')}"


def _frame(rows: np.ndarray) -> "pl.DataFrame":
    columns: dict[str, np.ndarray] = {name: np.ascontiguousarray(rows[name]) for name in ("time", "bid", "ask")}
    columns |= {name: np.ascontiguousarray(rows["value"][:, k]) for k, name in enumerate(NAMES)}
    columns["ready"] = (rows["ready"].astype(np.uint64) * _BIT).sum(axis=1, dtype=np.uint64)
    return polars().DataFrame(columns)  # type: ignore[no-any-return]


def write_rows(
    address: str | Path, symbol: str, day: date | None, every: str, pieces: Iterable[np.ndarray]
) -> tuple[str, int]:
    """Write ROW arrays as the part of (symbol, day, every); returns its name and the number of rows.

    What was there before is replaced once the new part is complete.
    """
    place, folder = open_place(address), _folder(symbol, day, every)
    digest, count = hashlib.blake2b(digest_size=8), 0

    def counted() -> Iterator[np.ndarray]:
        nonlocal count
        for rows in pieces:
            digest.update(rows.tobytes())
            count += len(rows)
            yield rows

    with staging(place) as work:
        ready = work / "part.parquet"
        _sink(place, counted(), ready)
        name = f"{folder}/part-{digest.hexdigest()}.parquet"
        try:
            place.commit(ready, name)
        except OSError as error:
            raise InputError(f"store {place}", expected="a folder that can be written", got=error) from error
    for other in list(place.names(folder)):
        if other != name:
            place.remove(other)
    return name, count


def _sink(place: Disk | Remote, pieces: Iterable[np.ndarray], path: Path) -> None:
    """Stream the rows into a Parquet file; an error of their source comes out as itself."""
    from polars.io.plugins import register_io_source

    failed: list[BaseException] = []

    def source(columns: Any, predicate: Any, n_rows: Any, batch: Any) -> Iterator["pl.DataFrame"]:  # noqa: ARG001
        try:
            for rows in pieces:
                yield _frame(rows)
        except GeneratorExit:
            raise
        except BaseException as error:
            failed.append(error)
            raise

    about = {"schema": SCHEMA, "features": [[f.name, f.unit] for f in VECTOR]}
    try:
        lazy = register_io_source(source, schema=dict(_frame(np.zeros(0, ROW)).schema))
        lazy.sink_parquet(path, compression="zstd", row_group_size=_ROW_GROUP, metadata={"nowake": json.dumps(about)})
    except (OSError, polars().exceptions.PolarsError) as error:
        if failed:
            raise failed[0] from None
        raise InputError(f"store {place}", expected="a folder that can be written", got=error) from error


def stored(address: str | Path, symbol: str, every: str) -> list[str]:
    """Return the names of the parts of `symbol` at the interval `every`, by date."""
    ending = f"/symbol={quote(symbol, safe='')}/"
    return [name for name in open_place(address).names(f"kind=features/every={every}") if ending in name]


def read_rows(address: str | Path, name: str) -> np.ndarray:
    """Return the ROW array of a part; DataError if it was written with another vector."""
    pl, path = polars(), open_place(address).fetch(name)
    try:
        about = json.loads(pl.read_parquet_metadata(path)["nowake"])
        table = pl.read_parquet(path, hive_partitioning=False)
    except (OSError, KeyError, ValueError, pl.exceptions.PolarsError) as error:
        raise DataError("not feature rows", path=path, expected="Parquet by nowake", got=error) from error
    expected = [[f.name, f.unit] for f in VECTOR]
    if about.get("schema") != SCHEMA or about.get("features") != expected:
        raise DataError("another feature vector", path=path, expected=f"{SCHEMA} with these {len(VECTOR)} features",
                        got=f"{about.get('schema')} with {len(about.get('features', ()))}",
                        hint="write the features again")  # fmt: skip
    rows = np.zeros(table.height, ROW)
    for column in ("time", "bid", "ask"):
        rows[column] = table[column].to_numpy()
    rows["value"] = table.select(NAMES).to_numpy()
    rows["ready"] = (table["ready"].to_numpy()[:, None] & _BIT) != 0
    return rows
