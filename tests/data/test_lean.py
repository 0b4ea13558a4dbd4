import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import DataError
from nowake.core.events import Flag, Kind
from nowake.data.formats.bars import read_bars
from nowake.data.formats.lean import open_pair
from nowake.data.reader import open_reader

MIDNIGHT = 1_381_118_400_000_000_000  # 2013-10-07 00:00 New York
SHAPES = {
    "trade": "20131007_bac_Trade_Tick.csv",
    "quote": "20131007_bac_Quote_Tick.csv",
    "bars": "20131007_bac_minute_trade.csv",
    "quotebars": "20131007_bac_minute_quote.csv",
}


def _zip(tmp_path: Path, shape: str, text: str) -> Path:
    path = tmp_path / f"20131007_{shape}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(SHAPES[shape], text)
    return path


def _events(reader) -> np.ndarray:
    return np.concatenate([c.events for c in reader.chunks()])


def test_trades_with_conditions(tmp_path: Path) -> None:
    text = (
        "14400614,139400,500,P,20002020,0\n34200000.5,139500,10,D,80000000,0\n34200001,139500,900,N,40,0\n"
        "34200002,1,900,N,0,1\n34200003,139500,900,N,4000000,0\n57600000,139500,77,N,100000,0\n"
    )
    reader = open_reader(_zip(tmp_path, "trade", text))
    e = _events(reader)
    assert reader.meta.level == "trades"
    assert (reader.meta.instruments[0].symbol, str(reader.meta.date)) == ("BAC", "2013-10-07")
    assert e["kind"].tolist() == [Kind.TRADE, Kind.TRADE, Kind.CROSS, Kind.TRADE, Kind.TICK, Kind.TRADE]
    assert e["time"][:2].tolist() == [MIDNIGHT + 14_400_614_000_000, MIDNIGHT + 34_200_000_500_000]
    last = int(Flag.LAST)
    odd, out = int(Flag.ODD_LOT), int(Flag.OUTLIER)
    assert e["flags"].tolist() == [last, last | odd, last, last | out, last, last | odd | out]
    assert e["price"].tolist()[0] == 139_400


def test_quotes_carry_one_or_both_sides(tmp_path: Path) -> None:
    text = "1000,100,7,0,0,Q,1,0\n1000,0,0,101,8,Q,1,1\n1001,100,7,101,9,Q,1,0\n1002,0,0,0,0,Q,1,0\n"
    e = _events(open_reader(_zip(tmp_path, "quote", text)))
    rows = e[["kind", "side", "price", "quantity"]].tolist()
    assert rows == [(12, 1, 100, 7), (12, -1, 101, 8), (12, 1, 100, 7), (12, -1, 101, 9), (14, 0, 0, 0)]
    assert e["flags"].tolist()[:4] == [16, 16 | Flag.OUTLIER, 0, 16]


def test_a_pair_puts_trades_before_quotes_at_equal_times(tmp_path: Path) -> None:
    trades = _zip(tmp_path, "trade", "1000,100,200,P,0,0\n3000,100,300,P,0,0\n")
    quotes = _zip(tmp_path, "quote", "1000,100,7,0,0,Q,1,0\n2000,0,0,101,8,Q,1,0\n4000,99,7,0,0,Q,1,0\n")
    reader = open_pair(trades, quotes)
    e = _events(reader)
    assert e["kind"].tolist() == [Kind.TRADE, Kind.QUOTE, Kind.QUOTE, Kind.TRADE, Kind.QUOTE]
    assert np.concatenate([c.where for c in reader.chunks()]).tolist() == [1, 1, 2, 2, 3]
    with pytest.raises(DataError, match="expected tick trades, got quotes"):
        open_pair(quotes, quotes)


def test_minute_bars(tmp_path: Path) -> None:
    path = _zip(tmp_path, "bars", "34200000,100,120,90,110,5000\n34260000,110,115,105,112,600\n")
    bars = read_bars(path)
    stamp = MIDNIGHT + 34_260_000_000_000
    assert bars.rows.tolist() == [(stamp, 100, 120, 90, 110, 5000), (stamp + bars.length_ns, 110, 115, 105, 112, 600)]
    reader = open_reader(path)
    assert reader.meta.level == "bars"
    assert _events(reader)[["time", "price", "quantity"]].tolist()[0] == (stamp, 110, 5000)


def test_minute_quotes(tmp_path: Path) -> None:
    path = _zip(tmp_path, "quotebars", "34200000,1,2,1,2,100,3,4,3,4,200\n")
    e = _events(open_reader(path))
    assert e[["side", "price", "quantity"]].tolist() == [(1, 2, 100), (-1, 4, 200)]
    with pytest.raises(DataError, match="expected trade bars"):
        read_bars(path)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1000,100,200,P,0", "wrong number of columns"),
        ("1000,100,200,P,0,0,0", "wrong number of columns"),
        ("1000,1x0,200,P,0,0", "column 2"),
        ("1000,100,2.5,P,0,0", "column 3"),
        ("1000,100,99999999999999999999,P,0,0", "a longer number"),
        ("1000,100,,P,0,0", "nothing"),
        ("1000,100.5,1,P,0,0", "more decimals"),
        ("1000,100,1,P,0g,0", "hexadecimal"),
        ("86400001,100,1,P,0,0", "milliseconds after midnight"),
        ("-1,100,1,P,0,0", "milliseconds after midnight"),
    ],
)
def test_bad_rows_name_the_line(tmp_path: Path, row: str, words: str) -> None:
    path = _zip(tmp_path, "trade", f"1000,100,200,P,0,0\n\n{row}\n")
    with pytest.raises(DataError, match=words) as caught:
        _events(open_reader(path, fmt="lean"))
    assert caught.value.line == 3


def test_truncated_zip_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path, "trade", "1000,100,200,P,0,0\n" * 1000)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError):
        open_reader(path)


def _root() -> Path:
    path = Path(os.environ.get("NOWAKE_DATA", "")) / "lean_us_equity_2013"
    if not os.environ.get("NOWAKE_DATA") or not path.exists():
        pytest.skip("NOWAKE_DATA has no lean_us_equity_2013")
    return path


@pytest.mark.slow
@pytest.mark.realdata
def test_real_files_are_read_whole() -> None:
    rows = 0
    for path in sorted(_root().glob("tick/*/*.zip")):
        with zipfile.ZipFile(path) as archive:
            lines = archive.read(archive.namelist()[0]).count(b"\n")
        e = _events(open_reader(path))
        assert lines <= len(e) <= lines + 1
        assert (np.diff(e["time"]) >= 0).all()
        rows += len(e)
    assert rows == 6_919_318


@pytest.mark.realdata
def test_real_minute_volume_is_near_that_of_the_ticks() -> None:
    root = _root()
    ticks = _events(open_reader(root / "tick/bac/20131007_trade.zip"))
    assert len(ticks) == 88_172
    counted = ticks["quantity"][(ticks["kind"] != Kind.TICK) & ((ticks["flags"] & Flag.OUTLIER) == 0)].sum()
    bars = read_bars(root / "minute/bac/20131007_trade.zip").rows["volume"].sum()
    assert counted == pytest.approx(bars, rel=0.02)


@pytest.mark.realdata
def test_real_pair_is_in_time_order() -> None:
    root = _root() / "tick/bac"
    e = _events(open_pair(root / "20131007_trade.zip", root / "20131007_quote.zip"))
    assert len(e) == 565_027
    assert (np.diff(e["time"]) >= 0).all()
