"""Our counts of real files against counts made another way: plain Python or a library, dictionaries for books.

Compared are the number of messages, executed volume, and the best touch at the end (at quarters of the day for INET).
"""

import collections
import gzip
import io
import json
import os
import struct
import zipfile
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import zstandard

from nowake.book.feed import apply_all
from nowake.book.orders import best_ask, best_bid
from nowake.book.state import NO_ASK, NO_BID, REPLAY, new_books
from nowake.core.events import Flag, Kind
from nowake.data.quality import Check
from nowake.data.reader import ReaderOptions, open_reader

pytestmark = pytest.mark.realdata
Touch = tuple[int | None, int | None]
PRINTS = [Kind.EXECUTE, Kind.HIDDEN, Kind.CROSS, Kind.TRADE]


def real(name: str) -> Path:
    root = os.environ.get("NOWAKE_DATA")
    if not root or not (Path(root) / name).exists():
        pytest.skip(f"NOWAKE_DATA has no {name}")
    return Path(root) / name


def ours(path: Path, symbol: str | None = None, stops: Iterable[int] = ()) -> tuple[int, int, list[Touch]]:
    """Return (rows in, volume, touches after the lines or offsets `stops` and at the end) of the checked file."""
    check = Check(open_reader(path, options=ReaderOptions(symbol=symbol)), path)
    books, volume, touches, waiting = new_books(1, REPLAY), 0, [], list(stops)
    for chunk in check:
        events, at = chunk.events, 0
        counted = np.isin(events["kind"], PRINTS) & (events["flags"] & (Flag.UNPRINTED | Flag.BROKEN) == 0)
        volume += int(events["quantity"][counted].sum())
        while waiting and waiting[0] <= chunk.where[-1]:
            stop = int(np.searchsorted(chunk.where, waiting.pop(0), "right"))
            apply_all(books, 0, events, at, stop)
            touches.append(touch_of(books))
            at = stop
        apply_all(books, 0, events, at, len(events))
    return check.report().rows_in, volume, [*touches, touch_of(books)]


def touch_of(books: np.ndarray) -> Touch:
    bid, ask = int(best_bid(books[0])), int(best_ask(books[0]))
    return None if bid == NO_BID else bid, None if ask == NO_ASK else ask


def best(orders: Iterable[tuple[int, int]]) -> Touch:
    """Return the touch of (side, price) pairs."""
    pairs = list(orders)
    bids, asks = ([p for s, p in pairs if s == side] for side in (1, -1))
    return max(bids, default=None), min(asks, default=None)


def unpacked(path: Path) -> bytes:
    with path.open("rb") as raw:
        return zstandard.ZstdDecompressor().stream_reader(raw).read()


@pytest.mark.parametrize("name", ["IBM_2003-01-15", "YHOO_2003-01-28", "CSCO_2003-01-13"])
def test_inet(name: str) -> None:
    path = real(f"inet_l3_2003/{name}_message.csv.zst")
    rows = [line.split(",") for line in unpacked(path).decode().splitlines()]
    stops, touches, volume = [len(rows) * k // 4 for k in (1, 2, 3)], [], 0
    book: dict[int, list[int]] = {}
    for line, (_, kind, oid, size, price, side) in enumerate(rows, 1):
        order, n = book.get(int(oid)), int(size)
        volume += n if kind in "45" else 0
        if kind == "1":
            book[int(oid)] = [int(side), int(price), n]
        elif kind in "234" and order:
            order[2] -= order[2] if kind == "3" else min(n, order[2])
            if order[2] == 0:
                del book[int(oid)]
        if line in stops:
            touches.append(best((s, p) for s, p, _ in book.values()))
    touches.append(best((s, p) for s, p, _ in book.values()))
    assert ours(path, stops=stops) == (len(rows), volume, touches)


@pytest.mark.parametrize(
    "name", ["esh4-glbx-mdp3-20231224.mbo", "orderbooks_mbo_2024-05-08T00-00-00_2024-05-08T00-00-02"]
)
def test_dbn_market_by_order(name: str) -> None:
    dbn = pytest.importorskip("databento_dbn", reason="databento-dbn is not installed")
    path = real(f"databento_dbn/{name}.dbn.zst")
    records = [r for r in dbn.DBNDecoder().write_and_decode(unpacked(path)) if isinstance(r, dbn.MBOMsg)]
    book: dict[int, list[int]] = {}
    for record in records:
        action, side = str(record.action), 1 if str(record.side) == "B" else -1
        if action == "R":
            book.clear()
        elif action in "AM":
            book[record.order_id] = [side, record.price // 250_000_000, record.size]
        elif action == "C" and record.order_id in book:
            book[record.order_id][2] -= record.size
            if book[record.order_id][2] <= 0:
                del book[record.order_id]
    volume = sum(r.size for r in records if str(r.action) == "T")
    assert ours(path) == (len(records), volume, [best((s, p) for s, p, _ in book.values())])


@pytest.mark.parametrize("symbol", ["ALC", "BOB", "CHAR"])
def test_itch(symbol: str) -> None:
    path = real("itch50_ritch/ex20101224.TEST_ITCH_50.gz")
    data, at, rows, volume = gzip.decompress(path.read_bytes()), 0, 0, 0
    lengths = {"S": 12, "R": 39, "H": 25, "A": 36, "F": 40, "E": 31, "D": 19, "P": 44, "U": 35, "X": 23}
    mine, book = -1, dict[int, list[int]]()
    while at < len(data):
        kind = chr(data[at + 2])
        m = data[at + 2 : at + 2 + lengths[kind]]
        at += 2 + len(m)
        locate = int.from_bytes(m[1:3], "big")
        if kind == "R" and m[11:19].decode().strip() == symbol:
            mine = locate
        rows += locate in (0, mine)
        if locate != mine or kind in "SRH":
            continue
        oid = int.from_bytes(m[11:19], "big")
        if kind in "AF":
            book[oid] = [1 if m[19:20] == b"B" else -1, *reversed(struct.unpack(">I8xI", m[20:36]))]
        elif kind == "P":
            volume += int.from_bytes(m[20:24], "big")
        elif kind == "U" and oid in book:
            size, price = struct.unpack(">II", m[27:35])
            book[int.from_bytes(m[19:27], "big")] = [book.pop(oid)[0], price, size]
        elif kind in "EXD" and oid in book:
            size = book[oid][2] if kind == "D" else int.from_bytes(m[19:23], "big")
            volume += size if kind == "E" else 0
            book[oid][2] -= size
            if book[oid][2] <= 0:
                del book[oid]
    assert ours(path, symbol) == (rows, volume, [best((s, p) for s, p, _ in book.values())])


@pytest.mark.parametrize("name", ["spot_btcusdt_20230405.dat.gz", "usdm_btcusdt_20240718.gz"])
def test_binance(name: str) -> None:
    path = real(f"binance_l2/{name}")
    volume, levels, prints = Decimal(0), 0, 0
    book: dict[int, dict[Decimal, Decimal]] = {1: {}, -1: {}}
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        data = json.loads(line.partition(" ")[2])
        data = data.get("data", data)
        if data.get("e") == "trade":
            volume, prints = volume + Decimal(data["q"]), prints + 1
        sides = [data.get("bids", data.get("b")), data.get("asks", data.get("a"))]
        if not isinstance(sides[0], list) or not isinstance(sides[1], list):
            continue
        for side, changes in zip((1, -1), sides, strict=True):
            levels += len(changes)
            book[side].update((Decimal(p), Decimal(q)) for p, q in changes)
    touch = best((s, int(p * 100)) for s, there in book.items() for p, q in there.items() if q)
    rows, lots, touches = ours(path)
    lot = open_reader(path).meta.instruments[0].lot
    clears = 1 if name.startswith("usdm") else 0
    assert (rows, lots * lot, touches) == (levels + prints + clears, volume, [touch])


def test_lean() -> None:
    path = real("lean_us_equity_2013/tick/bac/20131008_trade.zip")
    with zipfile.ZipFile(path) as archive:
        rows = [line.split(",") for line in archive.read(archive.namelist()[0]).decode().splitlines()]
    official = 0x1000000 | 0x4000000  # an official open or close is no trade
    volume = sum(int(row[2]) for row in rows if not int(row[4], 16) & official)
    assert ours(path)[:2] == (len(rows), volume)


@pytest.mark.parametrize("symbol", ["MSFT", "QQQ"])
def test_iex(symbol: str) -> None:
    path = real("iex_pcap/DEEP10.pcap.gz")
    data, at, rows, volume = gzip.decompress(path.read_bytes()), 24, 0, 0
    book: dict[int, dict[int, int]] = {1: {}, -1: {}}
    following = 0
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        start, at = at + 16 + 14 + 20 + 8, at + 16 + size  # Ethernet, IPv4, UDP
        length, count = struct.unpack_from("<HH", data, start + 12)
        if at > len(data):
            break
        first = struct.unpack_from("<q", data, start + 24)[0]
        if first < following:  # the session starts again
            book, rows = {1: {}, -1: {}}, rows + 1
        following = first + count
        end, m = start + 40 + length, start + 40
        while m < end:
            body = data[m + 2 : m + 2 + int.from_bytes(data[m : m + 2], "little")]
            m += 2 + len(body)
            if body[:1] == b"S" or body[10:18].decode().strip() != symbol:
                continue
            rows += 1
            if body[:1] in (b"5", b"8"):
                shares, price = struct.unpack_from("<Iq", body, 18)
                book[1 if body[:1] == b"8" else -1][price] = shares
            volume += struct.unpack_from("<I", body, 18)[0] if body[:1] == b"T" else 0
    touch = best((s, p) for s, there in book.items() for p, q in there.items() if q)
    assert ours(path, symbol) == (rows, volume, [touch])


def test_bars() -> None:
    path = real("futures_1min/2006-01-02-volume-min-001.txt.zst")
    rows = [line.split(",") for line in io.StringIO(unpacked(path).decode())][1:]
    assert ours(path)[:2] == (len(rows), sum(int(row[6]) for row in rows))
    assert len(collections.Counter(row[0] for row in rows)) == 41
