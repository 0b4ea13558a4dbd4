import os
from datetime import date
from pathlib import Path

import pytest

from nowake.core.errors import DataError
from nowake.data.formats.curve import read_volume_table
from nowake.data.reader import open_reader

GOOD = "bin,2019-01-02,2019-01-03\n09:30,100.5,7\n09:45,3,0\n"


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "volume.csv"
    path.write_text(text)
    return path


def test_table_is_days_by_bins(tmp_path: Path) -> None:
    table = read_volume_table(_file(tmp_path, GOOD))
    assert table.bins == ("09:30", "09:45")
    assert table.dates == (date(2019, 1, 2), date(2019, 1, 3))
    assert table.volumes.tolist() == [[100.5, 3.0], [7.0, 0.0]]


def test_as_reader_a_tick_per_bin(tmp_path: Path) -> None:
    chunks = list(open_reader(_file(tmp_path, GOOD)).chunks())
    assert [c.events["quantity"].tolist() for c in chunks] == [[100, 3], [7, 0]]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("bin,2019-01-02\n09:30,1,2\n", 2, "wrong number of columns"),
        ("bin,2019-01-02\n09:30,x\n", 2, "a volume not below 0"),
        ("bin,2019-01-02\n09:30,nan\n", 2, "a volume not below 0"),
        ("bin,2019-01-02\n09:30,1\n09:45,-1\n", 3, "a volume not below 0"),
        ("bin,2019-01-02\n0930,1\n", 2, "HH:MM"),
        ("bin,2019-01-02\n09:45,1\n09:30,1\n", 3, "rising order"),
        ("bin,2019-13-02\n09:45,1\n", 1, "YYYY-MM-DD"),
        ("bin,2019-01-03,2019-01-02\n09:45,1,1\n", 1, "ascending"),
        ("time,2019-01-02\n09:45,1\n", 1, "header"),
    ],
)
def test_bad_tables_name_the_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        read_volume_table(_file(tmp_path, text))
    assert caught.value.line == line


def test_no_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no bins"):
        read_volume_table(_file(tmp_path, "bin,2019-01-02\n"))


@pytest.mark.realdata
def test_real_table() -> None:
    path = Path(os.environ.get("NOWAKE_DATA", "")) / "intraday_volume/volume_aapl_26x124.csv"
    if not os.environ.get("NOWAKE_DATA") or not path.exists():
        pytest.skip("NOWAKE_DATA has no intraday_volume")
    table = read_volume_table(path)
    assert table.volumes.shape == (124, 26)
    assert (table.bins[0], table.bins[-1]) == ("09:30", "15:45")
    assert table.volumes[0, 0] == 10_142_172.0
