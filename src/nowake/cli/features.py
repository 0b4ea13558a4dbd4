"""`nowake features`: the rows of the feature vector of recorded days, kept in a store."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nowake.cli.data import Date, Format, Symbol, Tick, Tolerance, Zone
from nowake.cli.options import Json, StoreAt, existing, span
from nowake.cli.output import Envelope, say, table
from nowake.cli.progress import Progress
from nowake.cli.sources import as_query, is_generated, open_source, reader_options
from nowake.core.errors import InputError

if TYPE_CHECKING:
    from nowake.data.reader import ReaderOptions
    from nowake.features.context import MicroTable
    from nowake.features.touches import Day

__all__ = ["features", "known_by", "micro_table", "recorded"]


def features(
    source: Annotated[
        str, typer.Argument(metavar="FILE|QUERY", help="A file, STORE?symbol=…&date=…, or generated:SEED.")
    ],
    every: Annotated[str, typer.Option("--every", help="Time between rows, like 1s; event: a row after each event.")],
    to: Annotated[str, typer.Option("--out", help="Store that gets the rows: a folder or an fsspec URL.")],
    micro: Annotated[
        str | None, typer.Option("--micro", help="Table of fit microprice, its JSON. Default: the weighted mid.")
    ] = None,
    news: Annotated[str | None, typer.Option("--news", help="Scored news, a CSV file.")] = None,
    news_timezone: Annotated[
        str | None, typer.Option("--news-timezone", help="IANA time zone of its times. Default: UTC.")
    ] = None,
    news_delay: Annotated[
        str | None, typer.Option("--news-delay", help="How long after its publication an item is known. Default: 0s.")
    ] = None,
    news_symbol: Annotated[
        str | None, typer.Option("--news-symbol", help="What the news call the instrument. Default: its symbol.")
    ] = None,
    date: Date = None,
    symbol: Symbol = None,
    tick: Tick = None,
    fmt: Format = None,
    timezone: Zone = None,
    store: StoreAt = None,
    clock_tolerance: Tolerance = "1s",
    json: Json = False,
) -> int:
    """Write the feature rows of every day into a store; a day's context comes from the days before it."""
    out = Envelope("features", {
        "source": source, "every": every, "out": to, "micro": micro, "news": news, "news_timezone": news_timezone,
        "news_delay": news_delay, "news_symbol": news_symbol, "date": date, "symbol": symbol, "tick": tick,
        "format": fmt, "timezone": timezone, "store": store, "clock_tolerance": clock_tolerance,
    })  # fmt: skip
    if every.strip().lower() != "event":
        span(every, "--every")
    delay = _about_news(news, news_timezone, news_delay, news_symbol)
    options = reader_options(date=date, symbol=symbol, tick=tick, timezone=timezone, clock_tolerance=clock_tolerance)
    fitted = None if micro is None else micro_table(micro)
    given = {"--date": date, "--symbol": symbol, "--tick": tick, "--format": fmt, "--timezone": timezone}
    what, days = _source(source, store, given, options)
    from nowake.features.command import FeatureRequest
    from nowake.features.command import features as run

    request = FeatureRequest(
        what, every, to, options, fmt, fitted, news, news_timezone, delay, news_symbol, days
    )  # fmt: skip
    with Progress("features") as bar:
        body = run(request, lambda done, days: bar(done, days))
    if json:
        out.write(body)
    else:
        _print(body)
    return 0


def _about_news(news: str | None, zone: str | None, delay: str | None, symbol: str | None) -> int:
    """Return the delay of the news in ns; InputError for options without a file, and for a file that is none."""
    given = {"--news-timezone": zone, "--news-delay": delay, "--news-symbol": symbol}
    if news is None:
        for option, value in given.items():
            if value is not None:
                raise InputError(option, expected="--news FILE beside it", got=repr(value))
        return 0
    existing(news, "news")
    return 0 if delay is None else span(delay, "--news-delay")


def micro_table(path: str) -> "MicroTable":
    """Return the table in the JSON of `nowake fit microprice`."""
    import json

    file = existing(path, "microprice table")
    from nowake.features.command import table_from

    try:
        body = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise InputError(f"microprice table {path}", expected="the JSON of nowake fit microprice", got="something else")
    return table_from(body)


def recorded(source: str, store: str | None, given: Mapping[str, str | None]) -> str:
    """Return the path or STORE-QUERY that is meant; InputError where a query is `given` what it says itself."""
    query = as_query(source, store)
    if query is None:
        return str(existing(source))
    known_by(f"the query {source} says it", given)
    return query


def known_by(reason: str, given: Mapping[str, str | None]) -> None:
    """Refuse options of files for a source that is none."""
    for option, value in given.items():
        if value is not None:
            raise InputError(option, expected=f"none: {reason}", got=repr(value))


def _source(
    source: str, store: str | None, given: Mapping[str, str | None], options: "ReaderOptions"
) -> "tuple[str, tuple[Day, ...]]":
    """Return (what to read, days that are opened already)."""
    if not is_generated(source):
        return recorded(source, store, given), ()
    known_by("a generated day says it", {name: value for name, value in given.items() if name != "--date"})
    from nowake.features.touches import Day

    reader = open_source(source, fmt=None, options=options)
    return source, (Day(reader.meta.date, reader.meta.instruments[0], reader),)


def _print(body: dict[str, Any]) -> None:
    rows = [(part["date"] or "unknown", part["rows"], part["name"]) for part in body["parts"]]
    table(f"features of {body['symbol']}, every {body['every']}, in {body['store']}", ["day", "rows", "part"], rows,
          words=["part"])  # fmt: skip
    never = [name for name, share in body["ready"].items() if share == 0]
    say(f"{body['features']} features, {body['rows']:,} rows; never ready: {', '.join(never) or 'none'}")
    for note in body["notes"]:
        say(f"note: {note}")
