import os
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import DataError
from nowake.core.events import Kind
from nowake.core.times import MINUTE, SECOND
from nowake.data.formats.bars import read_bars
from nowake.data.reader import ReaderOptions, open_reader

HEADER = "Date,Time,Open,High,Low,Close,Volume,OpenInterest\n"
ROW = "2006-01-02,09:01:00,3602.00,3603.00,3597.00,3599.50,5699,0\n"


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "x.csv"
    path.write_text(text)
    return path


def test_rows_are_exact_and_local(tmp_path: Path) -> None:
    text = HEADER + ROW + "20060103,09:02,3602,3602,3602,3602,0,0\n"
    bars = read_bars(_file(tmp_path, text), ReaderOptions(timezone="Europe/Berlin"))
    first = 1_136_188_860 * SECOND  # 08:01 UTC
    assert bars.rows.tolist() == [
        (first, 360_200, 360_300, 359_700, 359_950, 5699),
        (first + 24 * 60 * MINUTE + MINUTE, 360_200, 360_200, 360_200, 360_200, 0),
    ]


def test_header_without_time_and_seven_columns(tmp_path: Path) -> None:
    text = "Date,Open,High,Low,Close,Volume\r\n2006-01-02,09:01:00,1,2,1,2,5\r\n"
    reader = open_reader(_file(tmp_path, text))
    (chunk,) = reader.chunks()
    assert chunk.events[["kind", "price", "quantity"]].tolist() == [(Kind.TRADE, 200, 5)]
    assert chunk.where.tolist() == [2]
    assert "not stated" in reader.meta.notes[0]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2006-13-02,09:01:00,1,1,1,1,5,0", "calendar date"),
        ("2006-01-02,25:01:00,1,1,1,1,5,0", "column 2"),
        ("2006-01-02,09:01:00,1.005,2,1,1,5,0", "more decimals"),
        ("2006-01-02,09:01:00,3,2,1,1,5,0", "low <= open"),
        ("2006-01-02,09:01:00,1,1,1,1,-5,0", "volume not below 0"),
        ("2006-01-02,09:01:00,1,1,1,1,5", "wrong number of columns"),
        ("2006-01-02,09:01:00,a,1,1,1,5,0", "column 3"),
    ],
)
def test_bad_bars_name_the_line(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_bars(_file(tmp_path, HEADER + ROW + row + "\n"))
    assert caught.value.line == 3


def test_other_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="header"):
        read_bars(_file(tmp_path, "a,b\n1,2\n"))


@pytest.mark.realdata
def test_real_file() -> None:
    path = Path(os.environ.get("NOWAKE_DATA", "")) / "futures_1min/2006-01-02-volume-min-001.txt.zst"
    if not os.environ.get("NOWAKE_DATA") or not path.exists():
        pytest.skip("NOWAKE_DATA has no futures_1min")
    rows = read_bars(path).rows
    assert len(rows) == 30_889
    assert rows["volume"].sum() == 23_244_742
    assert len(np.unique(rows["time"] // (24 * 60 * MINUTE))) == 41
