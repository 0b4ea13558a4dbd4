"""What a command reads: a file, a STORE-QUERY, or a generated day."""

from pathlib import Path
from typing import TYPE_CHECKING

from nowake.cli.options import day, decimal, default_store, existing, span
from nowake.core.errors import InputError
from nowake.core.times import local_midnight

if TYPE_CHECKING:
    from nowake.data.reader import Reader, ReaderOptions

__all__ = ["as_query", "is_generated", "open_source", "reader_options"]


def reader_options(
    *,
    date: str | None = None,
    symbol: str | None = None,
    tick: str | None = None,
    step: int | None = None,
    timezone: str | None = None,
    clock_tolerance: str | None = None,
) -> "ReaderOptions":
    """Return the reader's options from what was written; InputError by option."""
    from datetime import date as calendar

    from nowake.data.reader import ReaderOptions

    if timezone is not None:
        local_midnight(calendar(2000, 1, 1), timezone)
    if step is not None and step < 1:
        raise InputError("--step", expected="a whole number of ticks from 1", got=step)
    tolerance = ReaderOptions().clock_tolerance_ns
    if clock_tolerance is not None:
        tolerance = span(clock_tolerance, "--clock-tolerance")
    return ReaderOptions(
        date=day(date),
        timezone=timezone,
        tick=decimal(tick, "--tick"),
        step=step,
        symbol=symbol,
        clock_tolerance_ns=tolerance,
    )


def is_generated(text: str) -> bool:
    """Tell whether a generated day is meant: ``generated:SEED``."""
    return text.startswith("generated:")


def as_query(text: str, store: str | None) -> str | None:
    """Return the STORE-QUERY that is meant, None for a path; ``symbol=IBM&date=…`` alone asks the default store."""
    from nowake.data.query import is_query

    if is_query(text):
        return f"{default_store(store)}{text}" if text.startswith("?") else text
    if text.partition("=")[0] in ("symbol", "date", "kind") and not Path(text).exists():
        return f"{default_store(store)}?{text}"
    return None


def open_source(text: str, *, fmt: str | None, options: "ReaderOptions", store: str | None = None) -> "Reader":
    """Return the reader of a file, a STORE-QUERY or ``generated:SEED``; InputError or DataError if there is none."""
    if is_generated(text):
        from nowake.market.reader import open_generated

        return open_generated(text, options.date)
    query = as_query(text, store)
    if query is not None:
        from nowake.data.query import reader

        return reader(query)
    from nowake.data.reader import open_reader

    return open_reader(existing(text), fmt=fmt, options=options)
