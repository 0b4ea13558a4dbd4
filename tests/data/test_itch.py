"""ITCH 5.0 files: every message type, both kinds of length prefix, refusals with offsets, the real sample."""

import datetime
import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import DataError
from nowake.core.events import Flag, Kind
from nowake.core.times import local_midnight
from nowake.data.formats.itch import date_in
from nowake.data.formats.itch_kernel import LENGTHS
from nowake.data.reader import ReaderOptions, open_reader

DATA = os.environ.get("NOWAKE_DATA")
real = pytest.mark.skipif(not DATA, reason="NOWAKE_DATA is not set: no real market data")
NAME = "12302019.NASDAQ_ITCH50"
MIDNIGHT = local_midnight(datetime.date(2019, 12, 30), "America/New_York")


def _message(letter: str, body: bytes, locate: int = 1, time: int = 34_200_000_000_123) -> bytes:
    message = letter.encode() + struct.pack(">HH", locate, 0) + time.to_bytes(6, "big") + body
    return message.ljust(int(LENGTHS[ord(letter)]), b" ")


def _file(folder: Path, messages: list[bytes], *, lengths: bool = True, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(b"".join(struct.pack(">H", len(m) if lengths else 0) + m for m in messages))
    return path


def _stock(symbol: str) -> bytes:
    return symbol.encode().ljust(8)


def _add(oid: int, side: str, size: int, price: int, locate: int = 1, symbol: str = "AAA") -> bytes:
    return _message(
        "A",
        struct.pack(">Q", oid) + side.encode() + struct.pack(">I", size) + _stock(symbol) + struct.pack(">I", price),
        locate,
    )


def _events(path: Path, **options: object) -> np.ndarray:
    chunks = open_reader(path, options=ReaderOptions(**options)).chunks()  # type: ignore[arg-type]
    return np.concatenate([c.events for c in chunks])


U4 = st.integers(0, 2**32 - 1)
DIRECTORY = _message("R", _stock("AAA"))


def test_order_messages_become_events(tmp_path: Path) -> None:
    mpid = struct.pack(">Q", 8) + b"S" + struct.pack(">I", 50) + _stock("AAA") + struct.pack(">I", 2010000) + b"MPID"
    path = _file(
        tmp_path,
        [
            DIRECTORY,
            _add(7, "B", 100, 2000000),
            _message("F", mpid),
            _message("E", struct.pack(">QIQ", 7, 10, 99)),
            _message("C", struct.pack(">QIQ", 7, 20, 100) + b"N" + struct.pack(">I", 1999900)),
            _message("C", struct.pack(">QIQ", 7, 20, 101) + b"Y" + struct.pack(">I", 1999900)),
            _message("X", struct.pack(">QI", 7, 5)),
            _message("U", struct.pack(">QQII", 7, 9, 60, 1999800)),
            _message("D", struct.pack(">Q", 9)),
            _message(
                "P",
                struct.pack(">Q", 0) + b"B" + struct.pack(">I", 30) + _stock("AAA") + struct.pack(">IQ", 2000050, 102),
            ),
            _message("Q", struct.pack(">Q", 5000) + _stock("AAA") + struct.pack(">IQ", 2000000, 103) + b"O"),
            _message("Q", struct.pack(">Q", 0) + _stock("AAA") + struct.pack(">IQ", 0, 104) + b"C"),
            _message("B", struct.pack(">Q", 102)),
        ],
    )
    rows = [
        (
            int(e["kind"]),
            int(e["order_id"]),
            int(e["side"]),
            int(e["quantity"]),
            int(e["price"]),
            int(e["ref"]),
            int(e["flags"]),
        )
        for e in _events(path)
    ]
    assert rows == [
        (Kind.TICK, 0, 0, 0, 0, 0, 0),
        (Kind.ADD, 7, 1, 100, 2000000, 0, 0),
        (Kind.ADD, 8, -1, 50, 2010000, 0, 0),
        (Kind.EXECUTE, 7, 0, 10, 0, 99, 0),
        (Kind.EXECUTE, 7, 0, 20, 1999900, 100, Flag.PRICED | Flag.UNPRINTED),
        (Kind.EXECUTE, 7, 0, 20, 1999900, 101, Flag.PRICED),
        (Kind.CANCEL, 7, 0, 5, 0, 0, 0),
        (Kind.REPLACE, 7, 0, 60, 1999800, 9, 0),
        (Kind.DELETE, 9, 0, 0, 0, 0, 0),
        (Kind.HIDDEN, 0, 1, 30, 2000050, 102, 0),
        (Kind.CROSS, 0, 0, 5000, 2000000, 103, 0),
        (Kind.TICK, 0, 0, 0, 0, 0, 0),
        (Kind.TICK, 0, 0, 0, 0, 102, Flag.BROKEN),
    ]
    assert set(_events(path)["time"].tolist()) == {MIDNIGHT + 34_200_000_000_123}


@pytest.mark.parametrize(
    ("state", "kind", "flags"),
    [("H", Kind.HALT, 0), ("P", Kind.HALT, 0), ("Q", Kind.RESUME, Flag.QUOTE_ONLY), ("T", Kind.RESUME, 0)],
)
def test_trading_actions_halt_and_resume(tmp_path: Path, state: str, kind: Kind, flags: int) -> None:
    events = _events(_file(tmp_path, [DIRECTORY, _message("H", _stock("AAA") + state.encode())]))
    assert (events["kind"][1], events["flags"][1]) == (kind, flags)


def test_every_type_is_recognised_and_the_quiet_ones_are_counted(tmp_path: Path) -> None:
    letters = [chr(i) for i in range(256) if LENGTHS[i]]
    reader = open_reader(_file(tmp_path, [_message(letter, b"\0" * 40)[: LENGTHS[ord(letter)]] for letter in letters]))
    events = np.concatenate([c.events for c in reader.chunks()])
    assert len(events) == len(letters) == 23
    counted = {rule.id[-1]: rule.count for rule in reader.findings()}
    assert counted == dict.fromkeys("SRYLVWKJhINO", 1)


@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("block", [1, 3, 16, 100, 1 << 20])
def test_blocks_of_any_size_and_zero_prefixes_give_the_same_events(tmp_path: Path, lengths: bool, block: int) -> None:
    messages = [DIRECTORY] + [_add(i, "BS"[i % 2], i, 1000 * i) for i in range(1, 40)]
    path = _file(tmp_path, messages, lengths=lengths)
    chunks = list(open_reader(path, options=ReaderOptions(block_bytes=block)).chunks())
    events, where = np.concatenate([c.events for c in chunks]), np.concatenate([c.where for c in chunks])
    assert events["order_id"].tolist() == list(range(40))
    assert where.tolist() == [0, *(41 + 38 * i for i in range(39))]


def test_instruments_are_named_by_the_directory_and_may_be_filtered(tmp_path: Path) -> None:
    messages = [
        DIRECTORY, _message("R", _stock("BBB"), locate=2), _add(1, "B", 1, 10), _add(2, "B", 1, 10, 2, "BBB"),
        _message("D", struct.pack(">Q", 3), locate=9),
    ]  # fmt: skip
    reader = open_reader(_file(tmp_path, messages))
    events = np.concatenate([c.events for c in reader.chunks()])
    assert events["instrument"].tolist() == [0, 1, 0, 1, 2]
    assert [i.symbol for i in reader.meta.instruments] == ["AAA", "BBB", "#9"]
    only = open_reader(_file(tmp_path, messages), options=ReaderOptions(symbol="BBB"))
    events = np.concatenate([c.events for c in only.chunks()])
    assert (events["order_id"].tolist(), events["instrument"].tolist()) == ([0, 2], [0, 0])
    assert [(r.id, r.count) for r in only.findings()][-1] == ("other_symbol", 3)
    assert only.meta.instruments[0].symbol == "BBB"
    absent = open_reader(_file(tmp_path, messages), options=ReaderOptions(symbol="bbz"))
    assert absent.meta.instruments[0].symbol == "BBZ"
    with pytest.raises(DataError, match=r"symbol not in file .expected [A-Z]{3} [0-9] rows, .*got BBZ"):
        list(absent.chunks())


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        (struct.pack(">H", 36) + _add(2, "B", 1, 10)[:20], "truncated message .*expected 38 bytes, got 22"),
        (b"\0", "truncated message"),
        (struct.pack(">H", 12) + b"z" * 12, "unknown message type .*got 'z'"),
        (struct.pack(">H", 35) + _add(2, "B", 1, 10), "length of message type A .*expected 36, got 35"),
        (b"\xff" * 50, "unknown message type"),
    ],
)
@pytest.mark.parametrize("block", [7, 1 << 20])
def test_what_is_no_message_is_refused_with_its_offset(tmp_path: Path, tail: bytes, message: str, block: int) -> None:
    path = _file(tmp_path, [DIRECTORY, _add(1, "B", 1, 10)])
    path.write_bytes(path.read_bytes() + tail)
    with pytest.raises(DataError, match=message) as caught:
        _events(path, block_bytes=block)
    assert caught.value.offset == 41 + 38


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 2**63 - 1), st.sampled_from("BS"), U4, U4), min_size=1, max_size=20))
def test_fields_come_out_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, orders: list[tuple[int, str, int, int]]
) -> None:
    path = _file(tmp_path_factory.mktemp("itch"), [_add(*order) for order in orders])
    events = _events(path)
    sides = {1: "B", -1: "S"}
    got = [(int(e["order_id"]), sides[int(e["side"])], int(e["quantity"]), int(e["price"])) for e in events]
    assert got == orders


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("ex20101224.TEST_ITCH_50", datetime.date(2010, 12, 24)),
        ("12302019.NASDAQ_ITCH50", datetime.date(2019, 12, 30)),
        ("S123019-v50.txt", datetime.date(2019, 12, 30)),
        ("sample.itch", None),
    ],
)
def test_the_date_is_in_the_name(name: str, day: datetime.date | None) -> None:
    assert date_in(name) == day


@real
@pytest.mark.realdata
def test_the_real_sample_reads_the_same_with_and_without_lengths() -> None:
    folder = Path(DATA or "") / "itch50_ritch"
    bare = _events(folder / "ex20101224.TEST_ITCH_50.gz")
    fixed = _events(folder / "ex20101224.TEST_ITCH_50.fixedlen.gz")
    assert bare.tobytes() == fixed.tobytes()
    assert len(bare) == 12_012
    raw = gzip.decompress((folder / "ex20101224.TEST_ITCH_50.gz").read_bytes())
    letters = _letters(raw)
    kinds = {"A": Kind.ADD, "D": Kind.DELETE, "E": Kind.EXECUTE, "P": Kind.HIDDEN, "X": Kind.CANCEL, "U": Kind.REPLACE}
    for letter, kind in kinds.items():
        also = letters.count({"A": "F", "E": "C"}.get(letter, "?"))
        assert int((bare["kind"] == kind).sum()) == letters.count(letter) + also


def _letters(raw: bytes) -> str:
    letters, at = [], 0
    while at < len(raw):
        letters.append(chr(raw[at + 2]))
        at += 2 + int(LENGTHS[raw[at + 2]])
    return "".join(letters)
