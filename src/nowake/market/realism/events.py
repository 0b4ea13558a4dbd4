"""A recorded level-3 day as a `DayRecord`, so that every fact runs on real data as well."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from nowake.book.state import REPLAY, Preset, new_books
from nowake.core.errors import CapacityError, DataError
from nowake.core.events import empty_events
from nowake.core.records import QUOTE_PATH
from nowake.core.times import local_midnight
from nowake.data.formats.lobster_book import EMPTY, levels_of, read_orderbook
from nowake.data.reader import Reader, ReaderOptions, kernel_view, open_reader
from nowake.market.realism.day import PLACEMENTS, TRADE, DayRecord

__all__ = ["SHALLOW", "SINGLE_VENUE", "from_events", "from_file", "from_reader"]

SINGLE_VENUE = frozenset({6, 7, 8, 9, 10, 20, 25})
"""Facts that one recorded venue cannot tell: own impact (no twin), dark share, round trips."""
SHALLOW = frozenset({16, 17, 18})
"""Facts that a feed of the best few levels cannot tell: it leaves out orders that rest behind them."""
_DEEP = 10  # levels
_CROSSED = 0.05


def from_events(
    events: np.ndarray,
    *,
    open_ns: int,
    close_ns: int,
    tick_size: float,
    step: int = 1,
    series: int = 0,
    unmeasured: frozenset[int] = SINGLE_VENUE,
    notes: tuple[str, ...] = (),
    preset: Preset = REPLAY,
) -> DayRecord:
    """Return the session `open_ns`..`close_ns` (ns UTC) of EVENT[n] of one instrument; earlier rows fill the book.

    Auction prints (kind CROSS) are left out. CapacityError if the day needs a larger book than `preset`.
    """
    from nowake.market.realism.events_kernel import COUNTS, record_day

    rows = len(events) + 1
    books, counts = new_books(1, preset), np.zeros(1, COUNTS)
    trades, quotes, placements = np.zeros(rows, TRADE), np.zeros(rows + 1, QUOTE_PATH), np.zeros(PLACEMENTS, np.int64)
    c, t, q = (kernel_view(a) for a in (counts, trades, quotes))
    try:
        record_day(books, kernel_view(events), open_ns, close_ns, step, c, t, q, placements)
    except IndexError as error:
        raise CapacityError(str(error)) from error
    n = counts[0]
    return DayRecord(
        trades[: int(n["trades"])].copy(), quotes[: int(n["quotes"])].copy(), open_ns, close_ns,
        int(n["adds"]), int(n["cancels"]), int(n["posted"]), placements, tick_size, step, series, unmeasured, notes,
    )  # fmt: skip


def from_file(
    path: str | Path, *, orderbook: str | Path | None = None, options: ReaderOptions | None = None, series: int = 0
) -> DayRecord:
    """Return the continuous session of a level-3 file; see `from_reader`."""
    return from_reader(open_reader(path, options=options), path, orderbook=orderbook, series=series)


def from_reader(reader: Reader, path: str | Path, *, orderbook: str | Path | None = None, series: int = 0) -> DayRecord:
    """Return the continuous session of a reader of one day; `path` names it in errors.

    LOBSTER messages of the best levels only do not make a book: give their `orderbook` file, quotes then come from it.
    DataError if the data is not level-3, has no date or session, or its book is crossed (such a file without its book).
    """
    meta = reader.meta
    if meta.level != "l3" or meta.date is None or not meta.instruments[0].sessions:
        raise DataError("realism", path=path, expected="level-3 data with a date and a session", got=meta.level)
    chunks = [chunk.events for chunk in reader.chunks()]
    events = np.concatenate(chunks) if chunks else empty_events(0)
    instrument = meta.instruments[0]
    session = instrument.sessions[0]
    midnight = local_midnight(meta.date, session.timezone)
    record = from_events(
        events, open_ns=midnight + session.open, close_ns=midnight + session.close,
        tick_size=float(instrument.tick_size), step=instrument.step, series=series,
        notes=("one venue: no dark share, no own impact, no round trips",),
    )  # fmt: skip
    if orderbook is not None:
        return _with_orderbook(record, events, Path(orderbook))
    quotes = record.quotes
    crossed = float(np.mean((quotes["bid"] > quotes["ask"]) & (quotes["ask"] > 0))) if len(quotes) else 0.0
    if crossed > _CROSSED:
        got = f"{crossed:.0%} of the quotes crossed"
        raise DataError("realism", path=path, expected="messages of the whole book, or its order-book file", got=got)
    return record


def _with_orderbook(record: DayRecord, events: np.ndarray, path: Path) -> DayRecord:
    """Return `record` with the quotes of a LOBSTER order-book file, one row a message."""
    rows = np.concatenate([block[:, :4] for block in read_orderbook(path)])
    if len(rows) != len(events):
        raise DataError("order-book file", path=path, expected=f"{len(events)} rows, one a message", got=len(rows))
    inside = (events["time"] >= record.open) & (events["time"] <= record.close)
    first = max(int(np.argmax(inside)) - 1, 0)  # what the open finds
    inside[first] = True
    new = inside.copy()
    new[first + 1 :] &= np.any(rows[first + 1 :] != rows[first:-1], axis=1)
    quotes = np.zeros(int(new.sum()), QUOTE_PATH)
    quotes["time"] = np.maximum(events["time"][new], record.open)
    for name, column in (("ask", 0), ("bid", 2)):
        there = np.abs(rows[new, column]) != EMPTY
        quotes[name] = np.where(there, rows[new, column], 0)
        quotes[f"{name}_size"] = np.where(there, rows[new, column + 1], 0)
    shallow = levels_of(path) < _DEEP
    notes = (*record.notes, *(("best levels only: no placements, no shares posted",) if shallow else ()))
    return replace(record, quotes=quotes, unmeasured=record.unmeasured | (SHALLOW if shallow else set()), notes=notes)
