"""Questions to the store: query strings, the Reader over stored parts, SQL that cannot write, listings."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from nowake.core.errors import DataError, InputError
from nowake.core.events import Kind, empty_events
from nowake.core.times import HOUR, SECOND, local_midnight
from nowake.core.values import Instrument
from nowake.data.parts import Part, PartMeta, Query
from nowake.data.query import StoreReader, events, is_query, ls, parse_query, prints_reader, reader, scan, show
from nowake.data.store import ParquetStore, open_store

DAYS = (date(2003, 1, 15), date(2003, 1, 16))


def put(store: ParquetStore, day: date, symbol: str = "IBM", kind: str = "l3", tick: str = "0.0001") -> np.ndarray:
    rows = empty_events(5)
    rows["time"] = local_midnight(day, "America/New_York") + 10 * HOUR + np.arange(5) * SECOND
    rows["kind"] = [Kind.ADD, Kind.EXECUTE, Kind.HIDDEN, Kind.CANCEL, Kind.TRADE]
    rows["side"], rows["price"], rows["quantity"] = 1, 880_110, np.arange(5) + 1
    rows["order_id"] = 2**62 + np.arange(5)
    meta = PartMeta(
        Instrument(symbol, Decimal(tick)), f"{day}.csv", "lobster", 5, int(rows["time"][0]), int(rows["time"][-1])
    )
    store.write(Part(day, symbol, kind, "ab"), meta, [rows])
    return rows


@pytest.fixture(params=["disk", "memory"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "it's a=store") if request.param == "disk" else f"memory://{uuid4()}"


@pytest.fixture
def store(address: str) -> ParquetStore:
    store = open_store(address)
    for day in DAYS:
        put(store, day)
    put(store, DAYS[0], "BRK/B", "trades")
    return store


@pytest.mark.parametrize(
    ("text", "address", "query"),
    [
        ("a?symbol=IBM&date=2003-01-15", "a", Query("IBM", DAYS[0], DAYS[0])),
        ("s3://b/x?symbol=BRK%2FB", "s3://b/x", Query("BRK/B")),
        ("a/b?c?date=2003-01-15..2003-01-16&symbol=IBM&kind=l3", "a/b?c", Query("IBM", *DAYS, "l3")),
        ("a?symbol=IBM&date=2003-01-15..", "a", Query("IBM", DAYS[0], None)),
        ("a?symbol=IBM&date=..2003-01-16", "a", Query("IBM", None, DAYS[1])),
    ],
)
def test_a_store_query_is_an_address_and_a_query(text: str, address: str, query: Query) -> None:
    assert is_query(text)
    assert parse_query(text) == (address, query)


@pytest.mark.parametrize("path", ["a.csv", "what?.csv", "a?b=c", "s3://b/x"])
def test_a_path_is_no_query(path: str) -> None:
    assert not is_query(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "STORE[?]symbol=IBM"),
        ("?symbol=IBM", "STORE[?]symbol=IBM"),
        ("a?date=2003-01-15", "a symbol"),
        ("a?symbol=IBM&dat=2003-01-15", "one of symbol, date, kind, got 'dat'"),
        ("a?symbol=IBM&symbol=X", "symbol .expected one value, got several"),
        ("a?symbol=", "symbol .expected one value, got none"),
        ("a?symbol=IBM&date=15.1.2003", "YYYY-MM-DD"),
        ("a?symbol=IBM&date=2003-01-16..2003-01-15", "start not after end"),
        ("a?symbol=IBM&kind=l4", "kind of data"),
    ],
)
def test_a_wrong_query_is_refused_with_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_query(text)


def test_the_reader_gives_the_stored_events_in_order_with_their_metadata(store: ParquetStore, address: str) -> None:
    source = reader(f"{address}?symbol=IBM")
    chunks = list(source.chunks())
    got = np.concatenate([c.events for c in chunks])
    assert (got["order_id"] == np.tile(2**62 + np.arange(5), 2)).all()
    assert (np.diff(got["time"]) > 0).all()
    assert np.concatenate([c.where for c in chunks]).tolist() == list(range(1, 11))
    assert (source.meta.format, source.meta.level, source.meta.date) == ("lobster", "l3", None)
    assert source.meta.instruments == (Instrument("IBM"),)
    assert [(day, one.meta.date, len(one.parts)) for day, one in source.days()] == [(d, d, 1) for d in DAYS]
    assert [len(c.events) for c in events(store, Query("IBM", DAYS[1]))] == [5]


def test_the_most_detailed_kind_is_read_unless_the_query_says(store: ParquetStore) -> None:
    put(store, DAYS[0], "IBM", "quotes")
    assert StoreReader(store, Query("IBM")).meta.level == "l3"
    assert StoreReader(store, Query("IBM", kind="quotes")).meta.level == "quotes"


def test_what_is_not_stored_is_bad_input_that_says_what_is(store: ParquetStore) -> None:
    with pytest.raises(InputError, match="got BRK/B, IBM from 2003-01-15 to 2003-01-16") as refused:
        StoreReader(store, Query("IBN"))
    assert refused.value.hint == "did you mean 'IBM'?"
    with pytest.raises(InputError, match="empty or missing"):
        scan(open_store(f"memory://{uuid4()}"), "l3", "IBM")
    with pytest.raises(InputError, match="a symbol"):
        StoreReader(store, Query())


def test_days_with_different_price_units_are_not_mixed(store: ParquetStore) -> None:
    put(store, date(2003, 1, 17), tick="0.01")
    with pytest.raises(DataError, match="price unit changes between days"):
        StoreReader(store, Query("IBM"))
    assert StoreReader(store, Query("IBM", end=DAYS[1])).meta.instruments[0].tick_size == Decimal("0.0001")


def test_a_part_that_was_damaged_is_bad_input(store: ParquetStore) -> None:
    source = StoreReader(store, Query("IBM"))
    path = Path(store.paths(source.parts)[0])
    data = bytearray(path.read_bytes())
    data[4:200] = os.urandom(196)
    path.write_bytes(data)
    with pytest.raises(DataError, match="cannot read a part"):
        list(source.chunks())


def test_ls_has_a_row_per_partition(store: ParquetStore) -> None:
    rows = ls(store)
    assert [(r["kind"], r["date"], r["symbol"], r["rows"]) for r in rows] == [
        ("trades", "2003-01-15", "BRK/B", 5), ("l3", "2003-01-15", "IBM", 5), ("l3", "2003-01-16", "IBM", 5),
    ]  # fmt: skip
    assert rows[1]["sources"] == ["2003-01-15.csv"]
    assert ls(store, Query("BRK/B")) == rows[:1]


def test_show_speaks_currency_and_local_time(store: ParquetStore) -> None:
    rows = show(StoreReader(store, Query("IBM")), 7)
    assert len(rows) == 7
    first = {"time": "2003-01-15T10:00:00-05:00", "kind": "add", "side": "buy", "price": 88.011, "quantity": 1}
    assert {key: rows[0][key] for key in first} == first
    assert rows[0]["currency"] == "USD"


def put_ticks(store: ParquetStore, kind: str, times: list[int], kinds: list[Kind], symbol: str = "BAC") -> None:
    rows = empty_events(len(times))
    rows["time"] = local_midnight(DAYS[0], "America/New_York") + 10 * HOUR + np.array(times) * SECOND
    rows["kind"], rows["price"], rows["quantity"] = kinds, 140_000, 100
    meta = PartMeta(Instrument(symbol), f"{kind}.zip", "lean", len(rows), int(rows["time"][0]), int(rows["time"][-1]))
    store.write(Part(DAYS[0], symbol, kind, "cd"), meta, [rows])


def test_quotes_come_with_the_trades_of_the_same_days(store: ParquetStore, address: str) -> None:
    put_ticks(store, "quotes", [0, 2, 2, 5], [Kind.QUOTE] * 4)
    put_ticks(store, "trades", [1, 2, 9], [Kind.TRADE] * 3)
    both = reader(f"{address}?symbol=BAC")
    events_ = np.concatenate([c.events for c in both.chunks()])
    assert events_["kind"].tolist() == [12, 13, 13, 12, 12, 12, 13], "at equal times trades first"
    assert (both.meta.level, "merged by time" in both.meta.notes[-1]) == ("quotes", True)
    for kind, rows in (("quotes", 4), ("trades", 3)):
        alone = reader(f"{address}?symbol=BAC&kind={kind}")
        assert sum(len(c.events) for c in alone.chunks()) == rows
    assert prints_reader(f"{address}?symbol=BAC").meta.level == "trades"
    assert prints_reader(f"{address}?symbol=IBM").meta.level == "l3"


def test_quotes_that_hold_their_own_prints_are_not_counted_twice(store: ParquetStore, address: str) -> None:
    put_ticks(store, "quotes", [0, 1], [Kind.QUOTE, Kind.TRADE], "ESU4")
    put_ticks(store, "trades", [1], [Kind.TRADE], "ESU4")
    assert sum(len(c.events) for c in reader(f"{address}?symbol=ESU4").chunks()) == 2
    assert prints_reader(f"{address}?symbol=ESU4").meta.level == "quotes"


def test_events_are_shown_in_local_time_and_currency(store: ParquetStore) -> None:
    put_ticks(store, "quotes", [0], [Kind.RESUME])
    source = StoreReader(store, Query("BAC"))
    (shown,) = show(source, 3)
    assert (shown["kind"], shown["price"]) == ("resume", 14.0)
    assert shown["time"] == "2003-01-15T10:00:00-05:00"
    assert shown["time_ns"] == local_midnight(DAYS[0], "America/New_York") + 10 * HOUR
