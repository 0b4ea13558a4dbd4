"""Recorded days by file or store query, in order of their dates, reduced to what the facts need."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np

from nowake.core.errors import DataError, InputError
from nowake.core.times import local_midnight
from nowake.core.values import Instrument
from nowake.data.query import StoreReader, is_query
from nowake.data.query import reader as query_reader
from nowake.data.reader import Reader, open_reader
from nowake.market.realism.day import DayRecord
from nowake.market.realism.events import from_events, from_file
from nowake.market.realism.measure import reduce_day
from nowake.market.realism.reduced import Reduced

__all__ = ["Recording", "read_days"]


@dataclass(frozen=True, slots=True)
class Recording:
    """A day: `price` is its first mid, `step` the quoting step (currency), `adds` visible entries."""

    name: str
    date: date
    instrument: Instrument
    price: float
    step: float
    adds: int
    reduced: Reduced
    unmeasured: frozenset[int]
    notes: tuple[str, ...]


def read_days(sources: Sequence[str]) -> list[Recording]:
    """Return the days of files and store queries by date.

    A LOBSTER order-book file among `sources` belongs to the message file of its name. InputError without any day, for
    two instruments, or for a day that is named twice; DataError for what is not level-3.
    """
    books = [name for name in sources if _is_book(name)]
    days: list[Recording] = []
    for name in sources:
        if not _is_book(name):
            days += _read(name, _book_of(name, books))
    lonely = [name for name in books if not any(_messages_of(name) == Path(day).name for day in sources)]
    if lonely:
        raise InputError(f"order-book file {lonely[0]}", expected=f"its messages {_messages_of(lonely[0])}", got="none")
    return _in_order(days)


def _is_book(name: str) -> bool:
    return not is_query(name) and "_orderbook_" in Path(name).name


def _messages_of(book: str) -> str:
    return Path(book).name.replace("_orderbook_", "_message_")


def _book_of(name: str, books: Sequence[str]) -> str | None:
    return next((book for book in books if _messages_of(book) == Path(name).name), None)


def _read(name: str, book: str | None) -> Iterator[Recording]:
    """Yield the days of one source."""
    if not is_query(name):
        record = from_file(name, orderbook=book)
        yield _recording(name, open_reader(name), record)
        return
    reader = query_reader(name)
    if not isinstance(reader, StoreReader) or reader.meta.level != "l3":
        raise DataError("calibration", path=name, expected="level-3 data", got=reader.meta.level)
    for day, one in reader.days():
        yield _recording(f"{name} {day}", one, _record(name, one))


def _record(name: str, reader: Reader) -> DayRecord:
    """Return the session of a stored day."""
    instrument, day = reader.meta.instruments[0], reader.meta.date
    if day is None or not instrument.sessions:
        raise DataError("calibration", path=name, expected="days with a session", got="none")
    session, midnight = instrument.sessions[0], local_midnight(day, instrument.sessions[0].timezone)
    events = np.concatenate([chunk.events for chunk in reader.chunks()])
    return from_events(
        events, open_ns=midnight + session.open, close_ns=midnight + session.close,
        tick_size=float(instrument.tick_size), step=instrument.step,
        notes=("one book: no dark share, no own impact, no round trips",),
    )  # fmt: skip


def _recording(name: str, reader: Reader, record: DayRecord) -> Recording:
    reduced, quotes, unit = reduce_day(record), record.quotes, record.tick_size
    two = quotes[(quotes["bid"] > 0) & (quotes["ask"] > 0)]
    price = float(two["bid"][0] + two["ask"][0]) / 2 * unit
    assert reader.meta.date is not None  # the record was made from it
    return Recording(
        name, reader.meta.date, reader.meta.instruments[0], price, record.step * unit, record.adds, reduced,
        record.unmeasured, record.notes,
    )  # fmt: skip


def _in_order(days: Sequence[Recording]) -> list[Recording]:
    if not days:
        raise InputError("calibration", expected="at least one recorded day", got="none")
    ordered = sorted(days, key=lambda day: day.date)
    for one, other in pairwise(ordered):
        if one.instrument.symbol != other.instrument.symbol or one.step != other.step:
            raise InputError(
                "days of a calibration", expected=f"one instrument and tick, {one.instrument.symbol}",
                got=other.instrument.symbol,
            )  # fmt: skip
        if one.date == other.date:
            raise InputError("days of a calibration", expected="every date once", got=f"{one.date} twice")
    return ordered
