"""LOBSTER files: what rows become, what is refused and where, chunk boundaries, real days."""

import datetime
import gzip
import os
import zipfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import DataError
from nowake.core.events import EVENT, Flag, Kind
from nowake.core.times import local_midnight
from nowake.data.formats.lobster import parse_row
from nowake.data.formats.lobster_book import levels_of, read_orderbook
from nowake.data.formats.lobster_kernel import parse_rows
from nowake.data.reader import ReaderOptions, kernel_view, open_reader

DATA = os.environ.get("NOWAKE_DATA")
real = pytest.mark.skipif(not DATA, reason="NOWAKE_DATA is not set: no real market data")
NAME = "IBM_2003-01-15_message.csv"
ROWS = b"34204.589,1,190232,400,885800,-1\n34204.59700001,2,190232,100,885800,-1\n34205,5,0,10,885850,1\n"


def _read(path: Path, options: ReaderOptions | None = None) -> tuple[np.ndarray, np.ndarray]:
    chunks = list(open_reader(path, options=options).chunks())
    return np.concatenate([c.events for c in chunks]), np.concatenate([c.where for c in chunks])


def _write(folder: Path, data: bytes, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_rows_become_events_with_exact_times_utc(tmp_path: Path) -> None:
    path = _write(tmp_path, ROWS)
    events, where = _read(path)
    midnight = local_midnight(datetime.date(2003, 1, 15), "America/New_York")
    assert (events["time"] - midnight).tolist() == [34204589000000, 34204597000010, 34205000000000]
    assert events["kind"].tolist() == [Kind.ADD, Kind.CANCEL, Kind.HIDDEN]
    assert events["order_id"].tolist() == [190232, 190232, 0]
    assert events["price"].tolist() == [885800, 885800, 885850]
    assert events["quantity"].tolist() == [400, 100, 10]
    assert events["side"].tolist() == [-1, -1, 1]
    assert where.tolist() == [1, 2, 3]
    meta = open_reader(path).meta
    assert (meta.format, meta.level, meta.place, meta.date) == ("lobster", "l3", "line", datetime.date(2003, 1, 15))
    assert meta.instruments[0].symbol == "IBM"


def test_halts_are_told_apart_by_their_price(tmp_path: Path) -> None:
    events, _ = _read(_write(tmp_path, b"1,7,0,0,-1,-1\n2,7,0,0,0,-1\n3,7,0,0,1,-1\n4,6,0,9,100,1\n"))
    assert events["kind"].tolist() == [Kind.HALT, Kind.RESUME, Kind.RESUME, Kind.CROSS]
    assert events["flags"].tolist() == [0, Flag.QUOTE_ONLY, 0, 0]
    assert events["price"].tolist() == [0, 0, 0, 100]
    assert events["side"].tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".zip"])
def test_compressed_files_read_the_same(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / (NAME + suffix)
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(NAME, ROWS)
    else:
        path.write_bytes(gzip.compress(ROWS) if suffix == ".gz" else zstandard.compress(ROWS))
    assert _read(path)[0].tobytes() == _read(_write(tmp_path, ROWS))[0].tobytes()


def test_the_last_line_may_lack_its_newline_and_lines_may_end_in_crlf(tmp_path: Path) -> None:
    plain = _read(_write(tmp_path, ROWS))[0].tobytes()
    assert _read(_write(tmp_path, ROWS[:-1]))[0].tobytes() == plain
    assert _read(_write(tmp_path, ROWS.replace(b"\n", b"\r\n")))[0].tobytes() == plain
    assert _read(_write(tmp_path, ROWS + b"\n\n"))[0].tobytes() == plain


def test_without_a_date_times_count_from_1970_and_a_note_says_so(tmp_path: Path) -> None:
    path = _write(tmp_path, ROWS, "sample.csv")
    assert _read(path)[0]["time"][0] == 34204589000000
    assert "no date in the name" in open_reader(path).meta.notes[0]
    day = ReaderOptions(date=datetime.date(2003, 7, 15))
    assert (
        _read(path, day)[0]["time"][0]
        == local_midnight(datetime.date(2003, 7, 15), "America/New_York") + 34204589000000
    )


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"34205,1,5,100,885800", r"wrong number of columns \(expected 6, got 5"),
        (b"34205,1,5,100,885800,1,9", r"wrong number of columns \(expected 6, got 7"),
        (b"34x05,1,5,100,885800,1", r"column 1 \(time\)"),
        (b"-5,1,5,100,885800,1", r"column 1 \(time\)"),
        (b"34205.1234567891,1,5,100,885800,1", r"column 1 \(time\) .*nine decimals"),
        (b"34205.,1,5,100,885800,1", r"column 1 \(time\)"),
        (b"86401,1,5,100,885800,1", r"column 1 \(time\)"),
        (b"34205,8,5,100,885800,1", r"column 2 \(type\) \(expected 1 to 7, got '8'\)"),
        (b"34205,0,5,100,885800,1", r"column 2 \(type\)"),
        (b"34205,1,5a,100,885800,1", r"column 3 \(order id\)"),
        (b"34205,1,5,1o0,885800,1", r"column 4 \(size\) .*got '1o0'"),
        (b"34205,1,5,100.5,885800,1", r"column 4 \(size\) \(expected a whole number"),
        (b"34205,1,5,2147483648,885800,1", r"column 4 \(size\) .*2147483647"),
        (b"34205,1,5,100,88.58,1", r"column 5 \(price\)"),
        (b"34205,1,5,100,,1", r"column 5 \(price\)"),
        (b"34205,1,5,100,885800,2", r"column 6 \(direction\) \(expected 1 or -1"),
        (b"34205,1,5,100,885800,0", r"column 6 \(direction\)"),
        (b"34205,7,0,0,5,-1", r"price of a halt"),
        (b"\x00\x01\xff\xfe\x80garbage", "not text"),
        (b"", r"empty line"),
        (b"   ", r"wrong number of columns"),
    ],
)
@pytest.mark.parametrize("block", [5, 1 << 20])
def test_what_is_no_row_is_refused_with_its_line(tmp_path: Path, bad: bytes, message: str, block: int) -> None:
    path = _write(tmp_path, ROWS + bad + b"\n" + ROWS)
    with pytest.raises(DataError, match=message) as caught:
        _read(path, ReaderOptions(block_bytes=block))
    assert caught.value.line == 4
    assert f"{NAME}:4:" in str(caught.value)


def test_a_size_of_zero_or_below_is_left_to_the_quality_rules(tmp_path: Path) -> None:
    events, _ = _read(_write(tmp_path, b"1,1,5,0,885800,1\n1,1,6,-3,885800,1\n"))
    assert events["quantity"].tolist() == [0, -3]


def test_unknown_content_is_no_format(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="unknown format"):
        open_reader(_write(tmp_path, b"hello world\n" * 5, "notes.txt"))


numbers = st.integers(-(10**18) + 1, 10**18 - 1)
good = st.tuples(
    st.one_of(st.integers(0, 86399).map(str), st.decimals("0", "86399.999999999", places=9).map(str)),
    st.integers(1, 6), numbers, st.integers(-(2**31) + 1, 2**31 - 1), numbers, st.sampled_from([1, -1]),
)  # fmt: skip
noise = st.binary(max_size=3)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(good, noise, st.booleans(), st.integers(0, 30)), min_size=1, max_size=8))
def test_the_kernel_and_its_plain_twin_agree_on_every_line(
    rows: list[tuple[tuple[object, ...], bytes, bool, int]],
) -> None:
    for cells, dirt, dirty, at in rows:
        line = ",".join(str(c) for c in cells).encode()
        if dirty:
            line = (line[:at] + dirt + line[at:]).replace(b"\n", b"").replace(b"\r", b"")
        out = kernel_view(np.zeros(2, EVENT))
        got, bad = parse_rows(np.frombuffer(line + b"\n", np.uint8), out, 0)
        try:
            row = parse_row(line)
        except ValueError:
            assert (got, bad) == (0, 0)
            continue
        assert (got, bad) == (1, -1)
        e = out[0]
        assert (e["time"], e["kind"], e["order_id"], e["quantity"], e["price"], e["side"], e["flags"]) == row


@pytest.mark.parametrize("block", [1, 2, 7, 33, 100, 4096])
def test_blocks_of_any_size_give_the_same_events(tmp_path: Path, block: int) -> None:
    path = _write(tmp_path, ROWS * 50)
    small, whole = _read(path, ReaderOptions(block_bytes=block)), _read(path)
    assert small[0].tobytes() == whole[0].tobytes()
    assert small[1].tolist() == whole[1].tolist() == list(range(1, 151))


def test_orderbook_rows_are_whole_numbers_with_dummies_for_empty_levels(tmp_path: Path) -> None:
    path = _write(tmp_path, b"101,5,99,7,9999999999,0,98,1\n101,5,99,6,102,3,-9999999999,0\n", "a_orderbook_2.csv")
    assert levels_of(path) == 2
    tables = list(read_orderbook(path, 10))
    assert np.concatenate(tables).tolist() == [
        [101, 5, 99, 7, 9999999999, 0, 98, 1],
        [101, 5, 99, 6, 102, 3, -9999999999, 0],
    ]


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"1,2,3\n", 1, "expected 4 columns a level, got 3 columns"),
        (b"1,2,3,4\n1,2,3\n", 2, "expected 4 whole numbers, got 3 columns"),
        (b"1,2,3,4\n1,2,x,4\n", 2, "got '1,2,x,4'"),
    ],
)
def test_a_broken_orderbook_row_is_refused(tmp_path: Path, data: bytes, line: int, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        list(read_orderbook(_write(tmp_path, data, "a_orderbook.csv")))
    assert caught.value.line == line


@real
@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("inet_l3_2003/IBM_2003-01-15_message.csv.zst", 44_074),
        ("lobster/AMZN_2012-06-21_34200000_57600000_message_1.csv.zst", 57_515),
        ("lobster/MSFT_2012-06-21_sample1000rows_message_50.csv.zst", 1_000),
    ],
)
def test_real_days_parse_like_numpy_reads_them(name: str, rows: int) -> None:
    path = Path(DATA or "") / name
    events, where = _read(path)
    text = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read().decode()
    plain = np.array([line.split(",")[1:] for line in text.splitlines()], np.int64)
    assert len(events) == rows == where[-1]
    for column, field in enumerate(("kind", "order_id", "quantity", "price", "side")):
        assert (events[field] == plain[:, column]).all()
    assert np.all(np.diff(events["time"]) >= 0)


@pytest.mark.parametrize(("tick", "notes"), [(None, 0), ("0.0001", 0), ("0.01", 1)])
def test_a_price_unit_that_is_not_the_formats_is_noted(tmp_path: Path, tick: str | None, notes: int) -> None:
    path = tmp_path / "TST_2012-06-21_message.csv"
    path.write_text("34200.0,1,1,100,1000000,1\n")
    meta = open_reader(path, options=ReaderOptions(tick=Decimal(tick) if tick else None)).meta
    assert sum("one price unit is 0.01" in note for note in meta.notes) == notes
    assert meta.instruments[0].tick_size == Decimal(tick or "0.0001")
