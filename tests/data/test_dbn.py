import os
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from nowake.book.feed import apply_all, best_ask, best_bid
from nowake.book.state import REPLAY, SMALL, new_books
from nowake.core.errors import DataError, MissingError
from nowake.core.events import Flag, Kind
from nowake.data.formats.dbn_walk import Walker
from nowake.data.quality import Check
from nowake.data.reader import ReaderOptions, kernel_view, open_reader

dbn = pytest.importorskip("databento_dbn", reason="databento-dbn is not installed")
T0 = 1_715_126_400_000_000_000
LAST = 128


def _header(schema: str) -> bytes:
    return bytes(
        dbn.Metadata(
            dataset="GLBX.MDP3",
            start=T0,
            stype_in=dbn.SType.RAW_SYMBOL,
            stype_out=dbn.SType.INSTRUMENT_ID,
            schema=dbn.Schema.from_str(schema),
            symbols=["ESM4"],
            partial=[],
            not_found=[],
            mappings=[],
        ).encode()
    )


def _mbo(action: str, side: str, order: int, price: float, size: int, flags: int = LAST, at: int = 0) -> bytes:
    return bytes(
        dbn.MBOMsg(
            publisher_id=1,
            instrument_id=7,
            ts_event=T0 + at,
            order_id=order,
            price=round(price * 1e9),
            size=size,
            action=dbn.Action(action),
            side=dbn.Side(side),
            ts_recv=T0 + at + 9,
            flags=flags,
        )
    )


def _file(tmp_path: Path, schema: str, *records: bytes) -> Path:
    path = tmp_path / f"x.{schema}.dbn"
    path.write_bytes(_header(schema) + b"".join(records))
    return path


def _read(path: Path, tick: str | None = "0.25"):
    reader = open_reader(path, options=ReaderOptions(tick=Decimal(tick) if tick else None))
    chunks = list(reader.chunks())
    return reader, np.concatenate([c.events for c in chunks]), np.concatenate([c.where for c in chunks])


def _rows(events: np.ndarray) -> list[tuple[int, ...]]:
    return events[["kind", "order_id", "side", "price", "quantity", "flags"]].tolist()


def test_orders_come_and_go(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "mbo",
        _mbo("R", "N", 0, 0, 0),
        _mbo("A", "B", 1, 100.25, 5, 32 | LAST, -50),
        _mbo("A", "A", 2, 100.75, 7),
        _mbo("C", "B", 1, 100.25, 2),
        _mbo("M", "A", 2, 100.75, 6),
        _mbo("M", "A", 2, 100.75, 8),
        _mbo("M", "A", 2, 101.0, 8),
    )
    reader, e, where = _read(path)
    assert _rows(e) == [
        (Kind.CLEAR, 0, 0, 0, 0, 16),
        (Kind.ADD, 1, 1, 401, 5, 16 | Flag.SNAPSHOT),
        (Kind.ADD, 2, -1, 403, 7, 16),
        (Kind.CANCEL, 1, 1, 401, 2, 16),
        (Kind.REPLACE, 2, -1, 403, 6, 16 | Flag.KEEP_PRIORITY),
        (Kind.REPLACE, 2, -1, 403, 8, 16),
        (Kind.REPLACE, 2, -1, 404, 8, 16),
    ]
    assert e["ref"][4:].tolist() == [2, 2, 2]
    assert e["time"][1] == T0 - 50 + 9  # a snapshot is news when it was received
    assert where.tolist() == list(range(1, 8))
    assert (reader.meta.level, reader.meta.instruments[0].tick_size) == ("l3", Decimal("0.25"))


def test_a_fill_takes_from_the_book_once_and_prints_once(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "mbo",
        _mbo("A", "A", 1, 100.0, 5),
        _mbo("A", "A", 2, 100.0, 9),
        _mbo("T", "B", 3, 100.0, 7, 0),
        _mbo("F", "A", 1, 100.0, 5, 0),
        _mbo("F", "A", 2, 100.0, 2, 0),
        _mbo("C", "A", 1, 100.0, 5, 0),
        _mbo("M", "A", 2, 100.0, 7),
    )
    reader, e, _ = _read(path)
    assert e["kind"].tolist() == [1, 1, Kind.TICK, Kind.EXECUTE, Kind.EXECUTE, Kind.TICK, Kind.TICK]
    assert e["quantity"].tolist() == [5, 9, 0, 5, 2, 0, 0]
    assert reader.findings() == ()
    books = new_books(1, SMALL)
    apply_all(books, 0, kernel_view(e), 0, len(e))
    b = books[0]
    assert (int(b["live"]), int(b["volume"]), int(b["unknown"])) == (1, 7, 0)
    assert best_ask(b) == 400


def test_trades_without_fills_stay_trades_and_partial_cancels_keep_the_rest(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "mbo",
        _mbo("A", "B", 1, 100.0, 5),
        _mbo("T", "A", 0, 100.0, 3),
        _mbo("F", "B", 1, 100.0, 2, 0),
        _mbo("C", "B", 1, 100.0, 5),
    )
    reader, e, _ = _read(path)
    assert _rows(e)[1:] == [
        (Kind.TRADE, 0, 1, 400, 3, 16),
        (Kind.EXECUTE, 1, 1, 400, 2, 0),
        (Kind.CANCEL, 1, 1, 400, 3, 16),
    ]
    assert [r.id for r in reader.findings()] == ["trade_without_fill"]


def test_packet_without_last_is_kept_until_the_end(tmp_path: Path) -> None:
    _, e, _ = _read(_file(tmp_path, "mbo", _mbo("A", "B", 1, 100.0, 5, 0), _mbo("A", "B", 2, 100.0, 5, 0)))
    assert e["order_id"].tolist() == [1, 2]


def test_tick_is_inferred_when_nothing_says_it(tmp_path: Path) -> None:
    adds = [_mbo("A", "B", k, 100 + 0.25 * k, 1) for k in range(1, 9)]
    reader, e, _ = _read(_file(tmp_path, "mbo", *adds), None)
    assert reader.meta.instruments[0].tick_size == Decimal("0.25")
    assert "inferred" in " ".join(reader.meta.notes)
    assert e["price"][0] == 401


def test_bad_files(tmp_path: Path) -> None:
    path = _file(tmp_path, "mbo", _mbo("A", "B", 1, 100.0, 5))
    data = path.read_bytes()
    path.write_bytes(data[:-10])
    with pytest.raises(DataError, match="DBN"):
        _read(path)
    path.write_bytes(data[:20])
    with pytest.raises(DataError, match="DBN"):
        _read(path)
    path.write_bytes(b"DBN\x09" + b"\xff" * 100)
    with pytest.raises(DataError, match="DBN"):
        _read(path)
    path.write_bytes(_header("ohlcv-1m"))
    with pytest.raises(DataError, match="schema"):
        _read(path)


def test_without_the_library_the_message_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _file(tmp_path, "mbo", _mbo("A", "B", 1, 100.0, 5))
    monkeypatch.setitem(sys.modules, "databento_dbn", None)
    with pytest.raises(MissingError, match=r"pip install nowake\[data\]"):
        open_reader(path)


def _root() -> Path:
    path = Path(os.environ.get("NOWAKE_DATA", "")) / "databento_dbn"
    if not os.environ.get("NOWAKE_DATA") or not path.exists():
        pytest.skip("NOWAKE_DATA has no databento_dbn")
    return path


def _crossed_at_packet_ends(e: np.ndarray) -> tuple[int, int]:
    books = new_books(1, REPLAY)
    crossed, lo = 0, 0
    e = kernel_view(e)
    ends = np.flatnonzero((e["flags"] & Flag.LAST) & ((e["flags"] & Flag.SNAPSHOT) == 0) > 0)
    for hi in (ends + 1).tolist():
        apply_all(books, 0, e, lo, hi)
        crossed += best_bid(books[0]) >= best_ask(books[0])
        lo = hi
    return crossed, int(books[0]["unknown"])


@pytest.mark.realdata
def test_real_es_burst_gives_a_book_that_is_never_crossed() -> None:
    path = _root() / "orderbooks_mbo_2024-05-08T00-00-00_2024-05-08T00-00-02.dbn.zst"
    reader, e, _ = _read(path, None)
    assert len(e) == 13_796
    assert reader.meta.instruments[0].symbol == "ESM4"
    executed = e[e["kind"] == Kind.EXECUTE]
    assert executed["quantity"].tolist() == [1, 1, 1, 1, 2]
    assert (e["kind"] == Kind.TRADE).sum() == 0
    assert reader.findings() == ()
    assert _crossed_at_packet_ends(e) == (0, 0)


@pytest.mark.realdata
def test_real_level_and_trade_files_agree() -> None:
    name = "2024-07-01T23-58_2024-07-02T00-02.dbn.zst"
    _, quotes, _ = _read(_root() / f"futures_mbp-1_{name}")
    _, trades, _ = _read(_root() / f"futures_trades_{name}")
    prints = quotes[quotes["kind"] == Kind.TRADE]
    assert len(prints) == len(trades) == 120
    for field in ("time", "price", "quantity", "side"):
        assert prints[field].tolist() == trades[field].tolist()
    best = {1: 0, -1: 10**9}
    for kind, side, price, flags in quotes[["kind", "side", "price", "flags"]].tolist():
        if kind == Kind.QUOTE:
            best[side] = price
        if flags & Flag.LAST:
            assert best[1] < best[-1]


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("schema", "kinds"),
    [
        ("mbo", [2, 2]),
        ("mbp-1", [12, 12, 12]),
        ("mbp-10", [11] * 21),
        ("trades", [13, 13]),
        ("tbbo", [12, 12, 13, 12, 12, 13]),
        ("bbo-1s", [12] * 7),
        ("cmbp-1", [12] * 3),
        ("status", [14, 8, 8, 8]),
        ("definition", [14, 14]),
        ("statistics", [14, 14]),
        ("imbalance", [14, 14]),
    ],
)
def test_real_small_files_of_every_version_read_the_same(schema: str, kinds: list[int]) -> None:
    paths = [p for p in sorted((_root() / "dbn_repo_tests").glob(f"test_data.{schema}.*dbn*")) if "frag" not in p.name]
    assert len(paths) >= 3
    for path in paths:
        _, e, _ = _read(path, None)
        assert sorted(e["kind"].tolist()) == sorted(kinds)


def test_a_record_that_is_too_short_is_refused_before_the_library_sees_it(tmp_path: Path, capfd) -> None:
    record = bytearray(_mbo("A", "B", 1, 100.25, 5))
    record[0] = 5
    path = _file(tmp_path, "mbo", _mbo("A", "B", 1, 100.25, 5), bytes(record), _mbo("A", "B", 2, 100.25, 5))
    place = len(_header("mbo")) + 56
    with pytest.raises(DataError, match=f"at byte {place}: DBN record .expected 56 bytes or more .*, got 20"):
        _read(path)
    record[0] = 0
    path = _file(tmp_path, "mbo", bytes(record))
    with pytest.raises(DataError, match="DBN record"):
        _read(path)
    sent = bytearray(_header("mbo"))
    sent[52] = 1  # says that every record ends with its time of sending
    path.write_bytes(bytes(sent) + _mbo("A", "B", 1, 100.25, 5))
    with pytest.raises(DataError, match=r"expected 64 bytes or more .*, got 56"):
        _read(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 50, 1000])
def test_the_lengths_are_followed_across_blocks_of_any_size(tmp_path: Path, size: int) -> None:
    good = _header("mbo") + _mbo("A", "B", 1, 100.25, 5) * 4
    walker = Walker(tmp_path, None, header=True)
    for at in range(0, len(good), size):
        walker.check(good[at : at + size])
    with pytest.raises(DataError, match=f"at byte {len(good)}: "):
        walker.check(b"\x04\xa0" + bytes(14))


@pytest.mark.realdata
def test_real_definitions_and_fragments() -> None:
    reader, _, _ = _read(_root() / "orderbooks_definition.dbn.zst", None)
    (instrument,) = reader.meta.instruments
    assert (instrument.symbol, instrument.tick_size, instrument.currency) == ("ESM4", Decimal("0.25"), "USD")
    fragments = sorted((_root() / "dbn_repo_tests").glob("*.frag*"))
    assert len(fragments) == 7
    for path in fragments:
        reader, e, _ = _read(path, None)
        assert (e["kind"] == Kind.TICK).all()
        assert "fragment" in " ".join(reader.meta.notes)
        assert sum(len(chunk.events) for chunk in Check(reader, path)) == len(e), "a table: in any order of time"
