"""SQL over the store: it answers, and it can neither write nor read anything else."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.events import Kind, empty_events
from nowake.core.times import HOUR, SECOND, local_midnight
from nowake.core.values import Instrument
from nowake.data.parts import Part, PartMeta
from nowake.data.sql import sql
from nowake.data.store import ParquetStore, open_store

DAYS = (date(2003, 1, 15), date(2003, 1, 16))


def put(store: ParquetStore, day: date, symbol: str, kind: str) -> None:
    rows = empty_events(5)
    rows["time"] = local_midnight(day, "America/New_York") + 10 * HOUR + np.arange(5) * SECOND
    rows["kind"] = [Kind.ADD, Kind.EXECUTE, Kind.HIDDEN, Kind.CANCEL, Kind.TRADE]
    rows["side"], rows["price"], rows["quantity"] = 1, 880_110, np.arange(5) + 1
    meta = PartMeta(
        Instrument(symbol, Decimal("0.0001")), f"{day}.csv", "lobster", 5, int(rows["time"][0]), int(rows["time"][-1])
    )
    store.write(Part(day, symbol, kind, "ab"), meta, [rows])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ParquetStore]:
    """A store that must lie as it lay when the test is over."""
    store = open_store(tmp_path / "it's a=store")
    for day in DAYS:
        put(store, day, "IBM", "l3")
    put(store, DAYS[0], "BRK/B", "trades")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    yield store
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_sql_sees_every_kind_with_its_partition(store: ParquetStore) -> None:
    answer = sql(
        store, "select kind, date, symbol, sum(quantity) from l3 where event in (4, 5) group by all order by date"
    )
    assert answer.columns[:3] == ("kind", "date", "symbol")
    assert answer.rows == [("l3", day, "IBM", 5) for day in DAYS]
    named = sql(store, "select distinct symbol, name from trades join events using (event) order by name limit 1")
    assert named.rows == [("BRK/B", "add")]
    money = sql(store, "select max(price * tick_size) from l3 join parts using (kind, date, symbol)").rows
    assert money[0][0] == pytest.approx(88.011)
    assert sql(store, "describe l3").rows[0][0] == "time"


@pytest.mark.parametrize(
    "text",
    [
        "copy l3 to 'x.csv'",
        "select 1; select 2",
        "",
        "selec 1",
        "select nope from l3",
        "select * from quotes",
        "set threads = 1",
        "attach 'x.db'",
        "create table t(x int)",
        "select * from read_text('/etc/hostname')",
        "select * from read_blob('*')",
        "select cast('x' as int)",
    ],
)
def test_sql_that_is_wrong_or_reaches_beyond_the_store_is_refused(store: ParquetStore, text: str) -> None:
    with pytest.raises(InputError, match=r"^SQL"):
        sql(store, text)


def test_an_unknown_table_names_the_views(store: ParquetStore) -> None:
    with pytest.raises(InputError) as refused:
        sql(store, "select * from bars")
    assert refused.value.hint == "views of this store: l3, trades, events, parts"


WRITERS = (
    "copy (select 1) to {part}",
    "explain analyze copy (select 1) to {part}",
    "explain (analyze) copy (select 1) to {part} (use_tmp_file false)",
    "with x as (copy (select 1) to {part} (use_tmp_file false)) select 1",
    "explain analyze with x as (copy (select 1) to {part} (use_tmp_file false)) select 1",
    "/* */ explain /* */ analyze with x as (copy (select 1) to {part} (use_tmp_file false)) select 1",
    "select * from query('with x as (copy (select 1) to '{part}' (use_tmp_file false)) select 1')",
    "with x as (insert into events values (99, 'x') returning event) select * from x",
    "copy (select 1) to {new}",
    "with x as (copy (select 1) to {new}) select 1",
    "export database {new}",
    "attach {new}",
)


@pytest.mark.parametrize("text", WRITERS)
def test_no_query_writes_a_stored_part_or_another_file(store: ParquetStore, tmp_path: Path, text: str) -> None:
    part = next(tmp_path.rglob("*.parquet"))
    quoted = {"part": str(part).replace("'", "''"), "new": str(tmp_path / "new")}
    with pytest.raises(InputError, match=r"^SQL"):
        sql(store, text.format(**{name: f"'{path}'" for name, path in quoted.items()}))


@pytest.mark.parametrize(
    "text", ["explain select 1", "explain analyze from l3", "describe l3", "summarize parts", "from l3"]
)
def test_what_only_reads_is_allowed(store: ParquetStore, text: str) -> None:
    assert sql(store, text).rows
