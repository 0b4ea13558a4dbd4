import json
import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import DataError
from nowake.core.events import Flag, Kind
from nowake.data.formats.binance import Reader
from nowake.data.reader import ReaderOptions, open_reader

LOCAL = 1_680_652_800_004_107  # microseconds
MS = 1_680_652_800_000


def _trade(price: str = "28165.47", quantity: str = "0.002", maker: bool = True) -> dict[str, object]:
    return {"e": "trade", "E": MS + 2, "T": MS + 1, "s": "BTCUSDT", "t": 5, "p": price, "q": quantity, "m": maker}


def _depth(first: int, last: int, bids=(), asks=(), previous: int | None = None) -> dict[str, object]:
    data = {"e": "depthUpdate", "E": MS + 3, "s": "BTCUSDT", "U": first, "u": last, "b": list(bids), "a": list(asks)}
    return data if previous is None else {**data, "T": MS + 2, "pu": previous}


TICKER = {"u": 9, "s": "BTCUSDT", "b": "28165.47", "B": "1.5", "a": "28165.48", "A": "2"}


def _file(tmp_path: Path, *messages: tuple[str, dict[str, object]] | dict[str, object], local: int = LOCAL) -> Path:
    path = tmp_path / "x.dat"
    lines = (m if isinstance(m, dict) else {"stream": f"btcusdt@{m[0]}", "data": m[1]} for m in messages)
    path.write_text("".join(f"{local} {json.dumps(m)}\n" for m in lines))
    return path


def _read(reader) -> np.ndarray:
    return np.concatenate([c.events for c in reader.chunks()])


def test_trades_depth_and_snapshot(tmp_path: Path) -> None:
    snapshot = {"lastUpdateId": 10, "E": MS, "T": MS, "bids": [["1.10", "2.5"]], "asks": [["1.20", "3"], ["1.21", "4"]]}
    path = _file(
        tmp_path,
        snapshot,
        ("depth", _depth(8, 12, [["1.10", "0.000"]], [], previous=7)),
        ("trade", _trade()),
        ("trade", _trade(maker=False)),
        ("depth", _depth(13, 14, [], [["1.20", "1"]], previous=12)),
        ("depth", _depth(15, 15, previous=14)),
        ("markPrice@1s", {"e": "markPriceUpdate", "E": MS, "p": "1"}),
    )
    reader = open_reader(path)
    e = _read(reader)
    rows = e[["kind", "side", "price", "quantity", "ref"]].tolist()
    assert rows == [
        (Kind.CLEAR, 0, 0, 0, 10),
        (Kind.LEVEL, 1, 110, 250_000, 10),
        (Kind.LEVEL, -1, 120, 300_000, 10),
        (Kind.LEVEL, -1, 121, 400_000, 10),
        (Kind.LEVEL, 1, 110, 0, 12),
        (Kind.TRADE, 1, 2_816_547, 200, 5),
        (Kind.TRADE, -1, 2_816_547, 200, 5),
        (Kind.LEVEL, -1, 120, 100_000, 14),
        (Kind.TICK, 0, 0, 0, 15),
        (Kind.TICK, 0, 0, 0, 0),
    ]
    assert ((e["flags"] & Flag.SNAPSHOT) > 0).tolist() == [True] * 4 + [False] * 6
    assert ((e["flags"] & Flag.LAST) > 0).tolist() == [False] * 3 + [True] * 7
    assert e["time"][5] == (MS + 1) * 1_000_000
    assert reader.gaps == []
    assert reader.meta.instruments[0].lot == Decimal("0.00001")


def test_spot_prints_eight_decimals(tmp_path: Path) -> None:
    reader = Reader(_file(tmp_path, ("trade", _trade("28165.47000000", "0.00056001"))), ReaderOptions())
    assert _read(reader)["quantity"].tolist() == [56_001]


def test_ticker_feeds_the_book_only_without_depth(tmp_path: Path) -> None:
    path = _file(tmp_path, ("bookTicker", TICKER))
    reader = open_reader(path)
    e = _read(reader)
    assert reader.meta.level == "quotes"
    assert e[["kind", "side", "price", "quantity"]].tolist() == [
        (12, 1, 2_816_547, 150_000),
        (12, -1, 2_816_548, 200_000),
    ]
    assert (e["time"] == LOCAL * 1000).all()
    both = _file(tmp_path, ("bookTicker", TICKER), ("depth", _depth(1, 2, [["1", "1"]])))
    reader = open_reader(both)
    assert _read(reader)["kind"].tolist() == [Kind.LEVEL]
    assert [(r.id, r.count) for r in reader.findings()] == [("stream_not_used", 1)]
    assert _read(Reader(both, ReaderOptions(), "ticker"))["kind"].tolist() == [Kind.QUOTE, Kind.QUOTE]
    assert len(list(Reader(both, ReaderOptions(), "trades").chunks())) == 0


def test_sequence_gaps(tmp_path: Path) -> None:
    level = [["1", "1"]]
    spot = Reader(_file(tmp_path, *(("depth", _depth(*u, level)) for u in ((1, 2), (3, 5), (7, 8)))), ReaderOptions())
    _read(spot)
    assert spot.gaps == [(6, 7)]
    future = [("depth", _depth(1, 2, level, previous=0)), ("depth", _depth(5, 6, level, previous=3))]
    reader = Reader(_file(tmp_path, *future), ReaderOptions())
    _read(reader)
    assert reader.gaps == [(2, 3)]


def test_updates_older_than_the_snapshot_are_skipped_and_counted(tmp_path: Path) -> None:
    snapshot = {"lastUpdateId": 10, "bids": [["1", "1"]], "asks": []}
    path = _file(tmp_path, snapshot, ("depth", _depth(8, 9, [["1", "7"]])), ("depth", _depth(12, 13, [["1", "8"]])))
    reader = Reader(path, ReaderOptions())
    assert _read(reader)["quantity"].tolist() == [0, 100_000, 800_000]
    assert reader.gaps == [(11, 12)]
    assert {r.id for r in reader.findings()} == {"stale_depth", "sequence_gap"}


def test_local_clock_behind_the_exchange_is_noted(tmp_path: Path) -> None:
    reader = Reader(_file(tmp_path, ("trade", _trade()), local=LOCAL - 10_000_000), ReaderOptions())
    assert _read(reader)["time"].tolist() == [(MS + 1) * 1_000_000]
    assert [(r.id, r.count) for r in reader.findings()] == [("local_before_exchange", 1)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x {}", "local time"),
        (f"{LOCAL} {{", "JSON"),
        (f"{LOCAL} 5", "message field"),
        (f'{LOCAL} {{"data":{{"e":"trade","E":1,"p":"1"}}}}', "message field 'q'"),
        (f'{LOCAL} {{"data":{{"e":"trade","E":1,"p":"1.001","q":"1","m":true}}}}', "price"),
        (f'{LOCAL} {{"data":{{"e":"trade","E":1,"p":"1","q":"abc","m":true}}}}', "quantity"),
        (f'{LOCAL} {{"data":{{"e":"trade","E":1,"p":"1","q":"0.000000001","m":true}}}}', "quantity"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: str, words: str) -> None:
    path = _file(tmp_path, ("trade", _trade()))
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DataError, match=words) as caught:
        _read(Reader(path, ReaderOptions()))
    assert caught.value.line == 2


def _root() -> Path:
    path = Path(os.environ.get("NOWAKE_DATA", "")) / "binance_l2"
    if not os.environ.get("NOWAKE_DATA") or not path.exists():
        pytest.skip("NOWAKE_DATA has no binance_l2")
    return path


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "trades", "levels", "gaps"),
    [
        ("spot_btcusdt_20230405.dat.gz", 3144, 32_024, 0),
        ("usdm_btcusdt_20230404.dat.gz", 2197, 68_278, 0),
        ("usdm_btcusdt_20240718.gz", 974, 77_704, 1),
    ],
)
def test_real_counts(name: str, trades: int, levels: int, gaps: int) -> None:
    reader = open_reader(_root() / name)
    e = _read(reader)
    assert (e["kind"] == Kind.TRADE).sum() == trades
    assert (e["kind"] == Kind.LEVEL).sum() == levels
    assert len(reader.gaps) == gaps


def _best(book: dict[int, int], side: int) -> tuple[int, int]:
    price = max(book) if side > 0 else min(book)
    return price, book[price]


@pytest.mark.realdata
def test_real_depth_agrees_with_the_best_quotes() -> None:
    """USD-M publishes both with the same update ids: compare where they meet."""
    path = _root() / "usdm_btcusdt_20230404.dat.gz"
    quotes: dict[int, dict[int, tuple[int, int]]] = {}
    for row in _read(Reader(path, ReaderOptions(), "ticker"))[["kind", "side", "price", "quantity", "ref"]].tolist():
        if row[0] == Kind.QUOTE:
            quotes.setdefault(row[4], {})[row[1]] = (row[2], row[3])
    books: dict[int, dict[int, int]] = {1: {}, -1: {}}
    same = met = 0
    for kind, side, price, quantity, ref, flags in _read(Reader(path, ReaderOptions(), "depth"))[
        ["kind", "side", "price", "quantity", "ref", "flags"]
    ].tolist():
        if kind == Kind.CLEAR:
            books = {1: {}, -1: {}}
        elif kind == Kind.LEVEL:
            books[side][price] = quantity
            if quantity == 0:
                del books[side][price]
            if flags & Flag.LAST and ref in quotes:
                met += 1
                same += all(_best(books[s], s) == quotes[ref][s] for s in (1, -1))
    assert met > 100
    assert same == met


def test_a_number_beyond_its_field_names_its_line(tmp_path: Path) -> None:
    path = _file(tmp_path, ("trade", _trade()), ("trade", {**_trade(), "t": 2**63}))
    with pytest.raises(DataError, match=rf"x.dat:2: number .expected at most 2\^63 - 1, got {2**63}"):
        _read(open_reader(path))
