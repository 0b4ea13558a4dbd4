"""Scored news from a CSV file."""

import os
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import DataError, InputError
from nowake.features.news import read_news, visible

HEAD = "date_publish,venue,company,negative_sentiment,neutral_sentiment,positive_sentiment\n"
S = 10**9
DATA = os.environ.get("NOWAKE_DATA")
REAL = Path(DATA or ".") / "news_sentiment/yahoo_finance_scores_2021_2022.csv.zst"


def file_of(folder: Path, text: str) -> Path:
    path = folder / "news.csv"
    path.write_text(text)
    return path


def test_items_scores_and_repeats(tmp_path: Path) -> None:
    one = "2022-06-13 12:41:37,y,AMZN,0.1,0.2,0.7\n"
    rows = f"{one}{one}\n2022-06-13 12:41:37,y,AAPL,0.5,0.5,0\n"
    table = read_news(file_of(tmp_path, HEAD + rows), delay=60 * S)
    assert (table.rows, table.repeats, table.symbols()) == (3, 1, ["AAPL", "AMZN"])
    first = table.items[0]
    assert first.time == 1_655_124_097 * S
    assert (first.known_at - first.time, first.line) == (60 * S, 2)
    assert [i.score for i in table.items] == [pytest.approx(0.6), -0.5]
    assert "UTC" in table.notes[0]


def test_times_are_local_to_the_zone_unless_they_say_otherwise(tmp_path: Path) -> None:
    rows = "2022-06-13 08:41:37,y,A,0,0,1\n2022-06-13T12:41:37+00:00,y,B,0,0,1\n2022-06-13 08:41:37.5,y,C,0,0,1\n"
    table = read_news(file_of(tmp_path, HEAD + rows), timezone="America/New_York")
    assert [i.time - 1_655_124_097 * S for i in table.items] == [0, 0, S // 2]


def test_a_column_of_knowledge_times_wins(tmp_path: Path) -> None:
    text = "time,known_at,symbol,negative,neutral,positive\n2022-06-13 12:41:37,2022-06-13 12:45:00,A,0,0,1\n"
    item = read_news(file_of(tmp_path, text), delay=5 * S).items[0]
    assert item.known_at - item.time == 203 * S


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a,b\n", 1, "date_publish or published"),
        (HEAD, 2, "end of the file"),
        (HEAD + "2022-06-13 12:41:37,y,AMZN,0.1,0.2\n", 2, "expected 6"),
        (HEAD + "13.6.2022,y,AMZN,0.1,0.2,0.7\n", 2, "YYYY-MM-DD"),
        (HEAD + "2022-06-13 12:41:37,y,,0.1,0.2,0.7\n", 2, "a name"),
        (HEAD + "2022-06-13 12:41:37,y,A,0.1,0.2,1.7\n", 2, "0 to 1"),
        (HEAD + "2022-06-13 12:41:37,y,A,0.1,nan,0.7\n", 2, "0 to 1"),
        (HEAD + "2022-06-13 12:41:37,y,A,0.1,0.2,0.6\n", 2, "sum of 1"),
        (
            "time,known_at,symbol,negative,neutral,positive\n2022-06-13 12:00:00,2022-06-13 11:00:00,A,0,0,1\n",
            2,
            "before",
        ),
    ],
)
def test_what_is_no_item_is_refused_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read_news(file_of(tmp_path, text))
    assert caught.value.line == line


def test_only_scores_that_are_ever_the_newest_are_visible(tmp_path: Path) -> None:
    text = "time,known_at,symbol,negative,neutral,positive\n" + "".join(
        f"2022-06-13 {a},2022-06-13 {b},A,0,{1 - x},{x}\n"
        for a, b, x in (("10:00:00", "10:01:00", 0.1), ("11:00:00", "11:01:00", 0.2), ("10:30:00", "12:00:00", 0.3))
    )
    table = read_news(file_of(tmp_path, text))
    seen = visible(table.items, "A")
    assert seen["score"].tolist() == [0.1, 0.2]
    assert (np.diff(seen["known_at"]) > 0).all()
    with pytest.raises(InputError, match="no news about 'AA'") as caught:
        visible(table.items, "AA")
    assert caught.value.hint == "did you mean 'A'?"


def test_a_zone_or_delay_that_cannot_be_is_refused(tmp_path: Path) -> None:
    for options in ({"timezone": "Mars/Olympus"}, {"delay": -1}):
        with pytest.raises(InputError):
            read_news(file_of(tmp_path, HEAD), **options)  # type: ignore[arg-type]


@pytest.mark.realdata
@pytest.mark.skipif(not DATA or not REAL.exists(), reason="needs the scored news under $NOWAKE_DATA")
def test_a_real_file() -> None:
    table = read_news(REAL, timezone="UTC", delay=S)
    assert (table.rows, len(table.symbols())) == (12_599, 14)
    assert 0 < table.repeats < 1100
    seen = visible(table.items, "AAPL")
    assert len(seen) > 2000
    assert (np.diff(seen["known_at"]) > 0).all()
    assert np.abs(seen["score"]).max() <= 1
