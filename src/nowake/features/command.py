"""What `nowake features` does: rows of every day of a file or STORE-QUERY into a store, and a summary of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nowake.core.errors import InputError
from nowake.data.reader import ReaderOptions
from nowake.features.context import MicroTable
from nowake.features.history import History, Tally
from nowake.features.news import read_news, visible
from nowake.features.parts import write_rows
from nowake.features.rows import day_rows, parse_every
from nowake.features.touches import Day, open_days
from nowake.features.vector import NAMES, VECTOR

__all__ = ["FeatureRequest", "features", "table_from"]

_CONVENTIONS = {
    "row": "from every event up to its time; by the clock at whole multiples of the interval UTC, inside trading hours",
    "context": "volume curve, expected volume and daily volatility of a day come from the days before it in the source",
    "ready": "share of the rows in which the feature may be relied upon; before, its value is 0 or provisional",
    "touch": "columns bid and ask: last sound touch in ticks, for labels",
}


@dataclass(frozen=True, slots=True)
class FeatureRequest:
    """One call of the command: `every` like 1s or event, `out` the address of a store.

    `micro`: a fitted table (None: weighted mid). `news`: a scored CSV; its times are local to `news_timezone` and known
    `news_delay` ns after publication; `news_symbol` where the file calls the instrument otherwise. `days`: read these
    instead of the source (a generated day).
    """

    source: str
    every: str
    out: str
    options: ReaderOptions | None = None
    fmt: str | None = None
    micro: MicroTable | None = None
    news: str | None = None
    news_timezone: str | None = None
    news_delay: int = 0
    news_symbol: str | None = None
    days: tuple[Day, ...] = ()


def table_from(body: dict[str, Any]) -> MicroTable:
    """Return the table that ``nowake fit microprice --json`` printed; InputError if `body` is none."""
    edges, rows = body.get("edges"), body.get("table")
    if not isinstance(edges, list) or not isinstance(rows, list):
        raise InputError("microprice table", expected="the keys edges and table", got=", ".join(sorted(body)[:8]))
    try:
        offsets = tuple(tuple(float("nan") if x is None else float(x) for x in row) for row in rows)
        return MicroTable(tuple(float(x) for x in edges), offsets)
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("microprice table", expected="numbers and null", got=error) from error


class _Summary:
    """Counts rows and how often each feature was ready."""

    def __init__(self) -> None:
        self.rows, self.ready = 0, np.zeros(len(NAMES), np.int64)

    def over(self, pieces: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Pass the rows on, and count them."""
        for rows in pieces:
            self.rows += len(rows)
            self.ready += rows["ready"].sum(axis=0, dtype=np.int64)
            yield rows


def features(request: FeatureRequest, on_day: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """Write the rows of every day, and return what ``nowake features --json`` prints, without schema and timing.

    `on_day(done, days)` is called after each. InputError where no row results.
    """
    every = parse_every(request.every)
    days = request.days or tuple(open_days(request.source, options=request.options, fmt=request.fmt))
    symbol = days[0].instrument.symbol
    news, notes = _news(request, symbol)
    history, summary, parts = History(), _Summary(), []
    for k, day in enumerate(days):
        tally = Tally(day.hours)
        rows = day_rows(day, history.context(day, request.micro), every, news=news, tally=tally)
        name, count = write_rows(request.out, symbol, day.date, request.every.strip().lower(), summary.over(rows))
        parts.append({"name": name, "date": day.date.isoformat() if day.date else None, "rows": count})
        history.note(day, tally)
        if on_day is not None:
            on_day(k + 1, len(days))
    if not summary.rows:
        raise InputError("features", expected="events inside trading hours", got="none")
    ready = {f.name: float(n / summary.rows) for f, n in zip(VECTOR, summary.ready, strict=True)}
    return {
        "symbol": symbol, "days": len(days), "rows": summary.rows, "every": request.every, "store": request.out,
        "features": len(VECTOR), "parts": parts, "ready": ready,
        "notes": [*days[0].reader.meta.notes, *notes], "conventions": dict(_CONVENTIONS),
    }  # fmt: skip


def _news(request: FeatureRequest, symbol: str) -> tuple[np.ndarray | None, tuple[str, ...]]:
    if request.news is None:
        return None, ()
    table = read_news(Path(request.news), timezone=request.news_timezone, delay=request.news_delay)
    return visible(table.items, request.news_symbol or symbol), table.notes
