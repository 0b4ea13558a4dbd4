"""`nowake data`: check, verify, ingest, ls, show, sql."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from nowake.cli.checked import Refusing, counts, folder_of, rule_body, show_check, show_events, spare
from nowake.cli.oms import journal_of, reading, shown
from nowake.cli.options import Json, StoreAt, default_store, existing, named
from nowake.cli.output import Envelope, say, table
from nowake.cli.progress import Progress
from nowake.cli.sources import as_query, open_source, reader_options
from nowake.core.errors import DataError, InputError

__all__ = ["check", "counts", "ingest", "ls", "rule_body", "show", "sql", "verify"]
SHOWN = 1000  # rows of an answer that are printed for people

Format = Annotated[
    str | None,
    typer.Option("--format", help="lobster, itch, dbn, iex, binance, bitstamp, curve, lean or bars. "
                                  "Default: recognised by content and name."),
]  # fmt: skip
Date = Annotated[str | None, typer.Option("--date", help="Day of the file, YYYY-MM-DD, where its name does not tell.")]
Symbol = Annotated[
    str | None,
    typer.Option("--symbol", help="Symbol: names it where the file does not, chooses it where the file has several."),
]
Tick = Annotated[
    str | None,
    typer.Option("--tick", help="Currency value of one price unit, like 0.25. Default: what the file or format says."),
]
Zone = Annotated[
    str | None,
    typer.Option("--timezone", help="IANA time zone of the file's local times. Default: America/New_York; bars: UTC."),
]
Tolerance = Annotated[
    str,
    typer.Option("--clock-tolerance", help="How far the time may step back (like 1s, 250ms) and be repaired; "
                                           "more is bad input."),
]  # fmt: skip
Refused = Annotated[
    str,
    typer.Option("--quarantine", help="Where refused rows are written: beside (the data), none, or a folder."),
]


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Market data file, or generated:SEED.")],
    fmt: Format = None,
    date: Date = None,
    symbol: Symbol = None,
    tick: Tick = None,
    timezone: Zone = None,
    clock_tolerance: Tolerance = "1s",
    quarantine: Refused = "beside",
    json: Json = False,
) -> int:
    """Read FILE through every quality rule and report; exit code 1 if a row was refused (quarantined).

    rows_in = kept + repaired + quarantined. Refused rows are written beside the data, with the reason.
    """
    out = Envelope("data.check", {"file": file, "format": fmt, "date": date, "symbol": symbol, "tick": tick,
                                  "timezone": timezone, "clock_tolerance": clock_tolerance})  # fmt: skip
    options = reader_options(date=date, symbol=symbol, tick=tick, timezone=timezone, clock_tolerance=clock_tolerance)
    with Progress("check") as step:
        reader = open_source(file, fmt=fmt, options=options)
        checked, rows = Refusing(reader, file, options, quarantine), 0
        for chunk in checked:
            rows += len(chunk.events)
            step(rows, note=f"check: {rows:,} rows")
    report, meta = checked.report(), reader.meta
    if report.rows_in == 0:
        raise DataError("no rows", path=file, expected="market data", got="none")
    body = {
        "file": file, "format": meta.format, "level": meta.level, "date": meta.date,
        "symbols": [i.symbol for i in meta.instruments][:100], "notes": meta.notes, "quality": counts(report),
        "rules": [rule_body(rule, meta.place) for rule in report.rules], "quarantine_file": checked.path,
    }  # fmt: skip
    if json:
        out.write(body)
    else:
        show_check(file, report, meta, checked.path)
    return 1 if report.quarantined else 0


def verify(
    messages: Annotated[str, typer.Argument(metavar="MESSAGES", help="LOBSTER message file.")],
    orderbook: Annotated[str, typer.Option("--orderbook", help="The vendor's order-book file, a row per message.")],
    json: Json = False,
) -> int:
    """Compare our book after every message with the vendor's levels; exit code 1 if a row differs."""
    out = Envelope("data.verify", {"messages": messages, "orderbook": orderbook})
    from nowake.data.verify import verify as compare

    with Progress("verify"):
        report = compare(existing(messages), existing(orderbook, "order-book file"))
    if json:
        out.write(report)
    else:
        cells = [report.compared, report.equal, report.different, report.not_determined]
        table("", ["rows compared", "equal", "different", "not determined"], [cells], left=0)
        if (first := report.first_difference) is not None:
            say(
                f"first difference: row {first.row}, level {first.level}, {first.side}: "
                f"ours {first.ours[1]} at {first.ours[0]}, theirs {first.theirs[1]} at {first.theirs[0]}"
            )
    return 1 if report.different else 0


def ingest(
    files: Annotated[list[str] | None, typer.Argument(metavar="[FILE...]", help="Market data files.")] = None,
    journal: Annotated[
        str | None,
        typer.Option("--journal", metavar="FILE|URL", help="A journal: its orders, fills and decisions, for training."),
    ] = None,
    store: StoreAt = None,
    fmt: Format = None,
    date: Date = None,
    symbol: Symbol = None,
    tick: Tick = None,
    timezone: Zone = None,
    clock_tolerance: Tolerance = "1s",
    existing_parts: Annotated[
        str, typer.Option("--existing", help="Another source of the same day: refuse, replace or append.")
    ] = "refuse",
    quarantine: Refused = "beside",
    json: Json = False,
) -> int:
    """Read FILES into the store: checked, by kind, day and symbol; each whole or not at all, twice is once."""
    address = default_store(store)
    if journal is not None:
        return _ingest_journal(journal, files or [], address, json=json)
    if not files:
        raise InputError("missing FILE...", expected="market data files, or --journal", got="nothing",
                         hint="try 'nowake data ingest --help'")  # fmt: skip
    out = Envelope("data.ingest", {"files": files, "store": address, "format": fmt, "date": date, "symbol": symbol,
                                   "tick": tick, "timezone": timezone, "clock_tolerance": clock_tolerance,
                                   "existing": existing_parts})  # fmt: skip
    from nowake.data import ingest as into
    from nowake.data.store import open_store

    options = reader_options(date=date, symbol=symbol, tick=tick, timezone=timezone, clock_tolerance=clock_tolerance)
    how = into.IngestOptions(
        reader=options,
        fmt=fmt,
        existing=named(existing_parts, ("refuse", "replace", "append"), "way with existing parts"),
        quarantine=quarantine != "none",
        folder=folder_of(quarantine),
        elsewhere=spare(),
    )
    with Progress("ingest") as step:
        report = into.ingest([existing(f) for f in files], open_store(address), how, on_progress=step)
    rows: list[dict[str, Any]] = [
        {
            "path": f.path, "digest": f.digest, "rows": f.rows, "parts": [p.name for p in f.parts],
            "written": f.written, "already_there": f.already_there, "quality": f.quality,
        }
        for f in report.files
    ]  # fmt: skip
    if json:
        out.write({"store": address, "rows": report.rows, "files": rows})
        return 0
    table(
        f"ingested into {address}",
        ["file", "rows", "parts", "written", "quarantined"],
        [(r["path"], r["rows"], len(r["parts"]), r["written"], r["quality"].get("quarantined")) for r in rows],
    )
    return 0


def _ingest_journal(journal: str, files: list[str], address: str, *, json: bool) -> int:
    """Write the tables of a journal into the store."""
    if files:
        raise InputError("--journal", expected="no FILE beside it", got=", ".join(files[:3]))
    out = Envelope("data.ingest", {"journal": shown(journal), "store": address})
    where = journal_of(journal)
    from nowake.service.training_rows import ingest_journal
    from nowake.service.training_store import open_whole

    with reading(where), Progress("ingest"):
        done = ingest_journal(where, open_whole(address))
    if json:
        out.write({
            "store": address, "journal": done.journal, "digest": done.digest, "events": done.events,
            "tables": done.rows, "parts": [part.name for part in done.parts], "written": done.written,
            "replaced": done.replaced, "already_there": done.already_there, "notes": done.notes,
        })  # fmt: skip
        return 0
    days = {name: sum(part.kind == name for part in done.parts) for name in done.rows}
    rows = [(name, count, days[name]) for name, count in done.rows.items()]
    table(f"{done.journal}, {done.events:,} events, in {address}", ["table", "rows", "parts"], rows)
    say("all of it was there" if done.already_there else f"{done.written} parts written, {done.replaced} replaced")
    for note in done.notes:
        say(f"note: {note}")
    return 0


def ls(store: StoreAt = None, json: Json = False) -> int:
    """List what is stored: a row per kind, day and symbol."""
    address = default_store(store)
    out = Envelope("data.ls", {"store": address})
    from nowake.data.query import ls as listing
    from nowake.service.training_store import open_whole

    if Path(address).is_file():
        raise InputError(f"store {address}", expected="a folder", got="a file")
    found = listing(open_whole(address))
    if json:
        out.write({"store": address, "partitions": found})
    elif not found:
        say(f"nothing stored in {address}")
    else:
        columns = ["kind", "date", "symbol", "rows", "parts"]
        table(f"stored in {address}", columns, [[row[c] for c in columns] for row in found], left=3)
    return 0


def show(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="IBM, symbol=IBM&date=2003-01-15, or STORE?symbol=…")],
    store: StoreAt = None,
    rows: Annotated[int, typer.Option("--rows", help="How many events, from 1.")] = 10,
    json: Json = False,
) -> int:
    """Print the first events of a STORE-QUERY; times are local to the instrument's session."""
    text = as_query(query, store) or f"{default_store(store)}?symbol={quote(query, safe='&=/.')}"
    out = Envelope("data.show", {"query": text, "rows": rows})
    from nowake.data.query import reader, zone_of
    from nowake.data.query import show as first

    if rows < 1:
        raise InputError("--rows", expected="a whole number from 1", got=rows)
    source = reader(text)
    events = first(source, rows)
    if json:
        out.write({"query": text, "timezone": zone_of(source.meta), "events": events})
    else:
        show_events(text, source.meta, zone_of(source.meta), events)
    return 0


def sql(
    query: Annotated[
        str, typer.Argument(metavar="SQL", help="One SELECT over l3, … bars, orders, fills, decisions, parts.")
    ],
    store: StoreAt = None,
    json: Json = False,
) -> int:
    """Ask the store in SQL (DuckDB); the query can read the store and nothing else, and write nothing."""
    address = default_store(store)
    out = Envelope("data.sql", {"store": address, "sql": query})
    from nowake.data.sql import sql as ask
    from nowake.service.training_store import TABLES, open_whole

    with Progress("sql"):
        answer = ask(open_whole(address), query, TABLES)
    if json:
        out.write({"store": address, "columns": answer.columns, "rows": answer.rows, "n": len(answer.rows)})
    else:
        words = [c for i, c in enumerate(answer.columns) if any(isinstance(row[i], str) for row in answer.rows[:SHOWN])]
        table("", answer.columns, answer.rows[:SHOWN], left=0, words=words)
        if len(answer.rows) > SHOWN:
            say(f"{SHOWN:,} of {len(answer.rows):,} rows; all of them with --json")
    return 0
