import os
import struct
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import DataError
from nowake.core.events import Flag, Kind
from nowake.data.reader import ReaderOptions, open_reader

T0 = 1_493_132_598_000_000_000


def _packet(protocol: int, messages: list[bytes], first: int, session: int = 7, sent: int = T0) -> bytes:
    payload = b"".join(struct.pack("<H", len(m)) + m for m in messages)
    tp = struct.pack("<BBHIIHHqqq", 1, 0, protocol, 1, session, len(payload), len(messages), 0, first, sent)
    udp = struct.pack(">HHHH", 1, 2, 8 + len(tp) + len(payload), 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp) + len(tp) + len(payload), 0, 0, 1, 17, 0, b"", b"")
    return b"\0" * 12 + b"\x08\0" + ip + udp + tp + payload


def _pcap(packets: list[bytes], order: str = "<") -> bytes:
    out = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    return out + b"".join(struct.pack(order + "4I", 1, 0, len(p), len(p)) + p for p in packets)


def _pcapng(packets: list[bytes]) -> bytes:
    out = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28) + struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20)
    for p in packets:
        pad = -len(p) % 4
        size = 32 + len(p) + pad
        out += struct.pack("<IIIIIII", 6, size, 0, 0, 0, len(p), len(p)) + p + b"\0" * pad + struct.pack("<I", size)
    return out


def _head(kind: str, flag: int, symbol: str = "IBM", at: int = 0) -> bytes:
    return struct.pack("<cBq8s", kind.encode(), flag, T0 + at, symbol.ljust(8).encode())


def _level(side: str, price: int, size: int, flag: int = 1, symbol: str = "IBM") -> bytes:
    return _head(side, flag, symbol) + struct.pack("<Iq", size, price)


def _trade(kind: str, flag: int, price: int, size: int, match: int = 9) -> bytes:
    return _head(kind, flag) + struct.pack("<Iqq", size, price, match)


def _read(tmp_path: Path, data: bytes, name: str = "x.pcap"):
    path = tmp_path / name
    path.write_bytes(data)
    reader = open_reader(path)
    chunks = list(reader.chunks())
    return reader, np.concatenate([c.events for c in chunks]), np.concatenate([c.where for c in chunks])


def test_every_deep_message_maps_to_its_event(tmp_path: Path) -> None:
    messages = [
        struct.pack("<cBq", b"S", ord("O"), T0),
        _head("D", 0) + struct.pack("<IqB", 10, 1_000_000, 1),
        _head("H", ord("H")) + b"T1  ",
        _head("H", ord("O")) + b"    ",
        _head("H", ord("T")) + b"    ",
        _head("O", ord("N")),
        _head("O", ord("O")),
        _head("O", ord("N")),
        _head("P", 0) + b" ",
        _head("E", ord("O")),
        _level("8", 1_000_100, 300, 0),
        _level("5", 1_000_200, 0, 1),
        _trade("T", 0x20, 1_000_100, 30),
        _trade("T", 0x08, 1_000_150, 500),
        _trade("B", 0, 1_000_100, 30),
        _head("X", ord("Q")) + struct.pack("<q", 1_000_123),
        _head("A", ord("O")) + b"\0" * 62,
    ]
    reader, events, where = _read(tmp_path, _pcap([_packet(0x8004, messages, 1)]))
    tick = Kind.TICK
    assert events["kind"].tolist() == [
        tick, tick, Kind.HALT, Kind.RESUME, Kind.RESUME, tick, Kind.HALT, Kind.RESUME, tick, tick,
        Kind.LEVEL, Kind.LEVEL, Kind.TRADE, Kind.CROSS, Kind.TRADE, tick, tick,
    ]  # fmt: skip
    assert events["side"][10:12].tolist() == [1, -1]
    assert events["price"][10:16].tolist() == [1_000_100, 1_000_200, 1_000_100, 1_000_150, 1_000_100, 1_000_123]
    assert events["quantity"][10:15].tolist() == [300, 0, 30, 500, 30]
    assert events["flags"][10:15].tolist() == [0, 16, 16 | Flag.ODD_LOT, 16, 16 | Flag.BROKEN]
    assert events["flags"][3] == Flag.QUOTE_ONLY
    assert events["ref"][12] == 9
    assert (events["time"] == T0).all()
    assert (reader.meta.level, reader.meta.instruments[0].symbol, reader.meta.instruments[0].round_lot) == (
        "l2",
        "IBM",
        10,
    )
    assert np.diff(where).tolist() == [2 + len(m) for m in messages[:-1]]


def test_events_happen_when_they_are_sent(tmp_path: Path) -> None:
    quote = _head("Q", 0, at=-3_000_000_000) + struct.pack("<IqqI", 100, 999_900, 1_000_100, 200)
    late, early = [quote, _head("O", 0, at=-500)], [_head("O", 0, at=2_000)]
    packets = [_packet(0x8003, late, 1, sent=T0 + 10), _packet(0x8003, early, 3, sent=T0 + 1_000)]
    reader, events, where = _read(tmp_path, _pcap(packets))
    assert (events["time"] - T0).tolist() == [10, 10, 10, 2_000], "never before its own time"
    (rule,) = reader.findings()
    assert (rule.id, rule.count, rule.examples[0].where) == ("sent_late", 1, where[0])
    assert rule.examples[0].text == "3.000 s after its own time"
    assert reader.meta.date == date(2017, 4, 25)


def test_one_symbol_of_a_capture(tmp_path: Path) -> None:
    messages = [_level("8", 100 + i, 1, symbol=s) for i, s in enumerate(("B", "A", "B"))]
    path = tmp_path / "x.pcap"
    path.write_bytes(_pcap([_packet(0x8004, messages, 1)]))
    reader = open_reader(path, options=ReaderOptions(symbol="B"))
    assert np.concatenate([c.events for c in reader.chunks()])["price"].tolist() == [100, 102]
    with pytest.raises(DataError, match="expected B 2 rows, A 1, got C"):
        list(open_reader(path, options=ReaderOptions(symbol="C")).chunks())


def test_quote_updates_become_both_sides(tmp_path: Path) -> None:
    quote = _head("Q", 0) + struct.pack("<IqqI", 100, 999_900, 1_000_100, 200)
    for data, name in (
        (_pcap([_packet(0x8003, [quote], 1)]), "a.pcap"),
        (_pcapng([_packet(0x8003, [quote], 1)]), "b.pcapng"),
    ):
        reader, events, _ = _read(tmp_path, data, name)
        assert reader.meta.level == "quotes"
        rows = events[["kind", "side", "price", "quantity", "flags"]].tolist()
        assert rows == [(Kind.QUOTE, 1, 999_900, 100, 0), (Kind.QUOTE, -1, 1_000_100, 200, 16)]


def test_symbols_get_indices_in_order_of_appearance(tmp_path: Path) -> None:
    messages = [_level("8", 1, 1, symbol=s) for s in ("B", "A", "B", "LONGNAME")]
    reader, events, _ = _read(tmp_path, _pcap([_packet(0x8004, messages, 1)]))
    assert events["instrument"].tolist() == [0, 1, 0, 2]
    assert [i.symbol for i in reader.meta.instruments] == ["B", "A", "LONGNAME"]


def test_gaps_are_reported_and_a_restart_clears_the_books(tmp_path: Path) -> None:
    level = _level("8", 100, 1)
    packets = [
        _packet(0x8004, [level], 1),
        _packet(0x8004, [level], 5),
        _packet(0x8004, [], 1),
        _packet(0x8004, [level], 1),
    ]
    reader, events, _ = _read(tmp_path, _pcap(packets))
    assert reader.gaps == [(2, 5), (6, 1)]
    assert events["kind"].tolist() == [Kind.LEVEL, Kind.LEVEL, Kind.CLEAR, Kind.LEVEL]
    assert [(r.id, r.count) for r in reader.findings()] == [("sequence_gap", 2)]


def test_other_traffic_and_a_cut_last_packet_are_counted(tmp_path: Path) -> None:
    good = _packet(0x8004, [_level("8", 100, 1)], 1)
    reader, events, _ = _read(tmp_path, _pcap([b"\0" * 60, good, good])[:-5])
    assert len(events) == 1
    assert [(r.id, r.count, r.action) for r in reader.findings()] == [
        ("other_traffic", 1, "skipped"),
        ("cut_packet", 1, "skipped"),
    ]


def test_big_endian_capture(tmp_path: Path) -> None:
    _, events, _ = _read(tmp_path, _pcap([_packet(0x8004, [_level("8", 100, 1)], 1)], ">"))
    assert len(events) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (_pcap([b"\0" * 60]), "no IEX messages"),
        (_pcap([_packet(0x8002, [_level("8", 1, 1)], 1)]), "IEX protocol"),
        (_pcap([_packet(0x8004, [_level("8", 1, 1)[:20]], 1)]), "too short"),
        (_pcap([_packet(0x8004, [_level("8", 1, 1)], 1)])[:20], "truncated capture header"),
        (struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101), "link layer"),
        (_pcap([]) + struct.pack("<4I", 1, 0, 1 << 30, 1), "packet length"),
    ],
)
def test_bad_captures_name_the_byte(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        _read(tmp_path, data)


def _real(name: str) -> Path:
    path = Path(os.environ.get("NOWAKE_DATA", "")) / "iex_pcap" / name
    if not os.environ.get("NOWAKE_DATA") or not path.exists():
        pytest.skip("NOWAKE_DATA has no iex_pcap")
    return path


@pytest.mark.realdata
def test_real_deep() -> None:
    reader = open_reader(_real("DEEP10.pcap.gz"), options=ReaderOptions())
    events = np.concatenate([c.events for c in reader.chunks()])
    news = events[events["kind"] != Kind.CLEAR]
    assert len(news) == 391_999
    assert len(reader.gaps) == 11
    levels = news[news["kind"] == Kind.LEVEL]
    assert len(levels) == 27_568
    assert int(((news["flags"] & Flag.BROKEN) > 0).sum()) == 73
    assert len(reader.meta.instruments) == 7802
    assert (np.diff(events["time"]) >= 0).all()
    assert next(r.count for r in reader.findings() if r.id == "sent_late") == 2968


@pytest.mark.realdata
def test_real_tops() -> None:
    reader = open_reader(_real("TOPS16.pcapng.gz"))
    events = np.concatenate([c.events for c in reader.chunks()])
    assert (events["kind"] == Kind.QUOTE).sum() == 2 * 27_217
    prints = events[np.isin(events["kind"], (Kind.TRADE, Kind.CROSS)) & ((events["flags"] & Flag.BROKEN) == 0)]
    assert len(prints) == 6390
    assert reader.gaps == []
