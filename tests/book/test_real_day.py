"""A real level-3 day: INET, IBM, 2003-01-15, in LOBSTER format with prices to a hundredth of a cent."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import zstandard

from nowake.book.audit import audit
from nowake.book.book import Book
from nowake.book.reference import ReferenceBook
from nowake.book.state import REPLAY
from nowake.core.events import Kind, empty_events

DATA = os.environ.get("NOWAKE_DATA")
DAY = Path(DATA or ".") / "inet_l3_2003/IBM_2003-01-15_message.csv.zst"
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not DATA or not DAY.exists(), reason="needs the INET days under $NOWAKE_DATA"),
]


@pytest.fixture(scope="module")
def day() -> np.ndarray:
    with DAY.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as plain:
        rows = np.loadtxt(io.TextIOWrapper(plain), delimiter=",", ndmin=2)
    events = empty_events(len(rows))
    events["time"] = np.round(rows[:, 0] * 1e9)
    for column, name in enumerate(("kind", "order_id", "quantity", "price", "side"), start=1):
        events[name] = rows[:, column].astype(np.int64)
    return events


def test_the_record_and_the_twin_agree_on_a_real_day(day: np.ndarray) -> None:
    book, large, twin = Book(), Book(REPLAY), ReferenceBook()
    large.apply(day)
    for part in np.array_split(day, 8):
        book.apply(part)
        for event in part:
            twin.apply(event)
        assert audit(book.records[0]) == []
        assert book.digest() == twin.digest()
    assert large.digest() == book.digest()
    printed = np.isin(day["kind"], (Kind.EXECUTE, Kind.HIDDEN, Kind.CROSS))
    counted = book.counters()
    assert (counted["events"], counted["trades"]) == (len(day), printed.sum())
    assert counted["volume"] == day["quantity"][printed].sum()
    assert counted["unknown"] < 0.02 * len(day)
    assert any(price % 100 for price in day["price"])


def test_the_book_is_hardly_ever_crossed(day: np.ndarray) -> None:
    book, crossed = Book(REPLAY), 0
    for part in np.array_split(day, 500):
        book.apply(part)
        quote = book.quote()
        crossed += quote.bid is not None and quote.ask is not None and quote.bid >= quote.ask
    assert crossed <= 5
