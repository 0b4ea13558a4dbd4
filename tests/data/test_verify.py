"""Verification against published books: equal, different and not determined rows; it can fail."""

import os
from pathlib import Path

import pytest
import zstandard

from nowake.core.errors import DataError
from nowake.core.values import Side
from nowake.data.reader import ReaderOptions
from nowake.data.verify import Difference, VerifyReport, verify

DATA = os.environ.get("NOWAKE_DATA")
real = pytest.mark.skipif(not DATA, reason="NOWAKE_DATA is not set: no real market data")

MESSAGES = [
    "1,1,10,100,990000,1",  # 1: seeds
    "2,1,11,50,990000,1",  # 2: joins the bid
    "3,4,10,60,990000,1",  # 3: unknown to us: comes off the seed
    "4,3,11,50,990000,1",  # 4: known
    "5,5,0,10,995000,1",  # 5: hidden: changes nothing
    "6,1,12,5,1000000,-1",  # 6: a better ask
    "7,3,12,5,1000000,-1",  # 7: gone again
    "8,3,10,40,990000,1",  # 8: the bid level goes, a level never seen comes up
    "9,4,13,20,980000,1",  # 9: comes off the level taken over
]
BOOK = [
    "1010000,70,990000,100",
    "1010000,70,990000,150",
    "1010000,70,990000,90",
    "1010000,70,990000,40",
    "1010000,70,990000,40",
    "1000000,5,990000,40",
    "1010000,70,990000,40",
    "1010000,70,980000,300",
    "1010000,70,980000,280",
]


def _verify(folder: Path, messages: list[str], book: list[str], block: int = 1 << 20) -> VerifyReport:
    (folder / "A_2012-06-21_message_1.csv").write_text("\n".join(messages))
    (folder / "A_2012-06-21_orderbook_1.csv").write_text("\n".join(book))
    return verify(
        folder / "A_2012-06-21_message_1.csv",
        folder / "A_2012-06-21_orderbook_1.csv",
        options=ReaderOptions(block_bytes=block),
    )


@pytest.mark.parametrize("block", [10, 64, 1 << 20])
def test_equal_rows_are_told_from_rows_that_expose_a_level_never_seen(tmp_path: Path, block: int) -> None:
    report = _verify(tmp_path, MESSAGES, BOOK, block)
    assert report == VerifyReport(compared=6, equal=6, different=0, not_determined=3)


@pytest.mark.parametrize(
    ("row", "text", "side", "ours", "theirs"),
    [
        (2, "1010000,70,990000,151", Side.BUY, (990000, 150), (990000, 151)),
        (4, "1010000,71,990000,40", Side.SELL, (1010000, 70), (1010000, 71)),
        (6, "1010000,70,990000,40", Side.SELL, (1000000, 5), (1010000, 70)),
        (9, "1010000,70,985000,280", Side.BUY, (980000, 280), (985000, 280)),
    ],
)
@pytest.mark.parametrize("block", [64, 1 << 20])
def test_a_corrupted_row_is_different_and_described(
    tmp_path: Path, row: int, text: str, side: Side, ours: tuple[int, int], theirs: tuple[int, int], block: int
) -> None:
    report = _verify(tmp_path, MESSAGES, [*BOOK[: row - 1], text, *BOOK[row:]], block)
    assert report.different == 1
    assert report.compared == report.equal + 1
    assert report.first_difference == Difference(row, 1, side, ours, theirs)


def test_a_corrupted_message_makes_the_rows_after_it_different(tmp_path: Path) -> None:
    report = _verify(tmp_path, [*MESSAGES[:1], "2,1,11,51,990000,1", *MESSAGES[2:]], BOOK)
    assert report.different >= 2
    assert report.first_difference is not None
    assert report.first_difference.row == 2


def test_with_empty_levels_the_whole_side_is_known(tmp_path: Path) -> None:
    none = "9999999999,0,-9999999999,0"
    messages = ["1,1,1,5,990000,1", "2,1,2,7,980000,1", "3,3,1,5,990000,1", "4,3,2,7,980000,1"]
    book = [
        "9999999999,0,990000,5,9999999999,0,-9999999999,0",
        "9999999999,0,990000,5,9999999999,0,980000,7",
        "9999999999,0,980000,7,9999999999,0,-9999999999,0",
        f"{none},{none}",
    ]
    assert _verify(tmp_path, messages, book) == VerifyReport(3, 3, 0, 1)
    wrong = _verify(tmp_path, messages, [*book[:3], f"9999999999,0,980000,7,{none}"])
    assert wrong.first_difference == Difference(4, 1, Side.BUY, (0, 0), (980000, 7))


@pytest.mark.parametrize(
    ("book", "message"), [(BOOK[:-1], "expected at least 9"), ([*BOOK, BOOK[-1]], "expected 9 .*got 10")]
)
@pytest.mark.parametrize("block", [30, 1 << 20])
def test_another_number_of_rows_is_refused(tmp_path: Path, book: list[str], message: str, block: int) -> None:
    with pytest.raises(DataError, match="order-book file with another number of rows"):
        _verify(tmp_path, MESSAGES, book, block)
    if block > 30:
        with pytest.raises(DataError, match=message):
            _verify(tmp_path, MESSAGES, book, block)


def _lobster(symbol: str) -> tuple[Path, Path]:
    folder = Path(DATA or "") / "lobster"
    return next(folder.glob(f"{symbol}*message*")), next(folder.glob(f"{symbol}*orderbook*"))


@real
@pytest.mark.realdata
def test_microsoft_is_equal_on_every_row() -> None:
    assert verify(*_lobster("MSFT")) == VerifyReport(compared=999, equal=999, different=0, not_determined=1)


@real
@pytest.mark.realdata
def test_microsoft_with_one_wrong_size_on_level_seven_is_caught(tmp_path: Path) -> None:
    messages, orderbook = _lobster("MSFT")
    rows = zstandard.ZstdDecompressor().stream_reader(orderbook.read_bytes()).read().decode().split("\n")
    cells = rows[499].split(",")
    cells[4 * 6 + 1] = str(int(cells[4 * 6 + 1]) + 1)
    rows[499] = ",".join(cells)
    wrong = tmp_path / "MSFT_2012-06-21_orderbook_50.csv"
    wrong.write_text("\n".join(rows))
    report = verify(messages, wrong)
    assert (report.compared, report.different) == (999, 1)
    assert report.first_difference is not None
    assert (report.first_difference.row, report.first_difference.level) == (500, 7)


@real
@pytest.mark.realdata
def test_amazon_has_no_difference() -> None:
    report = verify(*_lobster("AMZN"))
    assert report.different == 0
    assert report.compared + report.not_determined == 57_515
    assert report.equal == report.compared == 43_561
