"""The path of the touch of recorded days: what the fits of microprice and order-flow imbalance read.

Every change of best prices or sizes is a row, many of them at one time if the feed has them so; nothing is thinned.
"""

# mypy: disable-error-code="no-untyped-def"
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from nowake.book.feed import apply
from nowake.book.state import REPLAY, new_books
from nowake.core.errors import CapacityError, DataError
from nowake.core.jit import kernel
from nowake.core.records import QUOTE_PATH
from nowake.core.times import local_midnight
from nowake.core.values import Instrument
from nowake.data.reader import Reader, ReaderOptions, kernel_view
from nowake.features.depth import shares_at
from nowake.features.lobster_pair import PairReader, companion

__all__ = ["Day", "open_days", "record_touches", "touch_days"]


@kernel
def record_touches(books, i, events, out):
    """Apply all `events` to book `i`; note the touch (QUOTE_PATH) after each that changed it; returns how many."""
    b = books[i]
    n = 0
    bid = ask = bid_size = ask_size = 0
    for k in range(events.shape[0]):
        e = events[k]
        apply(b, e)
        new_bid = b.best[0] if b.resting[0] > 0 else 0
        new_ask = -b.best[1] if b.resting[1] > 0 else 0
        new_bid_size = shares_at(b, 0, b.best[0]) if b.resting[0] > 0 else 0
        new_ask_size = shares_at(b, 1, b.best[1]) if b.resting[1] > 0 else 0
        if new_bid != bid or new_ask != ask or new_bid_size != bid_size or new_ask_size != ask_size:
            bid, ask, bid_size, ask_size = new_bid, new_ask, new_bid_size, new_ask_size
            q = out[n]
            q.time, q.bid, q.ask, q.bid_size, q.ask_size = e.time, bid, ask, bid_size, ask_size
            n += 1
    return n


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one instrument: its clean EVENT arrays come from `reader`, in order."""

    date: date | None
    instrument: Instrument
    reader: Reader

    def arrays(self) -> Iterator[np.ndarray]:
        """Yield the EVENT arrays, none of them empty."""
        for chunk in self.reader.chunks():
            if len(chunk.events):
                yield np.ascontiguousarray(chunk.events)

    @property
    def hours(self) -> tuple[int, int] | None:
        """Open and close of continuous trading, ns UTC; None without a date or a session."""
        if self.date is None or not self.instrument.sessions:
            return None
        session = self.instrument.sessions[0]
        midnight = local_midnight(self.date, session.timezone)
        return midnight + session.open, midnight + session.close


def open_days(source: str | Path, *, options: ReaderOptions | None = None, fmt: str | None = None) -> list[Day]:
    """Return the days of a file or of a STORE-QUERY, in order.

    A file passes the quality check. A LOBSTER file whose message or order-book file lies beside it is read as a pair.
    """
    from nowake.data.query import is_query, reader
    from nowake.data.source import logical_name

    if is_query(str(source)):
        return _stored(str(source), reader)
    pair = companion(Path(source)) if fmt in (None, "lobster") else None
    if pair is not None and logical_name(source).endswith(".csv"):
        one = PairReader(*pair, options or ReaderOptions())
        return [Day(one.meta.date, one.meta.instruments[0], one)]
    from nowake.data.quality import check

    clean = check(source, fmt=fmt, options=options)
    if len(clean.meta.instruments) != 1:
        raise DataError("features", path=source, expected="one instrument", got=f"{len(clean.meta.instruments)}",
                        hint="name one with --symbol")  # fmt: skip
    return [Day(clean.meta.date, clean.meta.instruments[0], clean)]


def _stored(text: str, open_query: Callable[[str], Reader]) -> list[Day]:
    """Return a day per stored date; quotes come merged with their trades."""
    from nowake.data.query import parse_query
    from nowake.data.store import open_store

    address, query = parse_query(text)
    store = open_store(address)
    dates = sorted({part.date for part in store.parts(query)})
    if not dates:
        raise store.nothing(query)
    kind = f"&kind={query.kind}" if query.kind else ""
    readers = ((day, open_query(f"{address}?symbol={query.symbol}&date={day}{kind}")) for day in dates)
    return [Day(day, one.meta.instruments[0], one) for day, one in readers]


def touch_days(days: list[Day]) -> Iterator[tuple[Day, np.ndarray]]:
    """Yield each day with its QUOTE_PATH inside trading hours, sound touches only (both sides, not crossed)."""
    for day in days:
        books, pieces = new_books(1, REPLAY), []
        for events in day.arrays():
            out = np.zeros(len(events), QUOTE_PATH)
            try:
                n = record_touches(books, 0, kernel_view(events), kernel_view(out))
            except IndexError as error:
                raise CapacityError(str(error)) from error
            pieces.append(out[:n])
        path = np.concatenate(pieces) if pieces else np.zeros(0, QUOTE_PATH)
        path["time"] = np.maximum.accumulate(path["time"]) if len(path) else path["time"]
        sound = (path["bid"] > 0) & (path["bid"] < path["ask"]) & (path["bid_size"] > 0) & (path["ask_size"] > 0)
        if day.hours is not None:
            sound &= (path["time"] >= day.hours[0]) & (path["time"] < day.hours[1])
        yield day, path[sound]
