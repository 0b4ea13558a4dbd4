"""`nowake data`: check, verify, ingest, ls, show, sql."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nowake.cli.options import Json, StoreAt, default_store, existing, home, named
from nowake.cli.output import Envelope, say, table
from nowake.cli.progress import Progress
from nowake.cli.sources import as_query, is_generated, open_source, reader_options
from nowake.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nowake.data.quality import QualityReport
    from nowake.data.reader import Chunk, Reader, ReaderOptions, Rule

__all__ = ["check", "ingest", "ls", "show", "sql", "verify"]

Format = Annotated[str | None, typer.Option("--format", help="Format of the file. Default: recognised by its content.")]
Date = Annotated[str | None, typer.Option("--date", help="Day of the file, YYYY-MM-DD, where its name does not tell.")]
Symbol = Annotated[str | None, typer.Option("--symbol", help="Symbol, where the file does not tell.")]
Tick = Annotated[str | None, typer.Option("--tick", help="Price unit in currency, where the file does not tell.")]
Zone = Annotated[str | None, typer.Option("--timezone", help="IANA time zone of the file's local times.")]
Tolerance = Annotated[str, typer.Option("--clock-tolerance", help="How far time may go backwards.")]
Refused = Annotated[
    str | None,
    typer.Option("--quarantine", help="Folder for the file of refused rows, or 'none'. Default: beside the data."),
]


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Market data file, or generated:SEED.")],
    fmt: Format = None,
    date: Date = None,
    symbol: Symbol = None,
    tick: Tick = None,
    timezone: Zone = None,
    clock_tolerance: Tolerance = "1s",
    quarantine: Refused = None,
    json: Json = False,
) -> int:
    """Read FILE through every quality rule and report; exit code 1 if a row was refused (quarantined).

    rows_in = kept + repaired + quarantined. Refused rows are written beside the data, with the reason.
    """
    out = Envelope("data.check", {"file": file, "format": fmt, "date": date, "symbol": symbol, "tick": tick,
                                  "timezone": timezone, "clock_tolerance": clock_tolerance})  # fmt: skip
    options = reader_options(date=date, symbol=symbol, tick=tick, timezone=timezone, clock_tolerance=clock_tolerance)
    reader = open_source(file, fmt=fmt, options=options)
    checked = Refusing(reader, Path(file), options, quarantine)
    with Progress("check") as step:
        rows = 0
        for chunk in checked:
            rows += len(chunk.events)
            step(rows)
    report, meta = checked.report(), reader.meta
    body = {
        "file": file, "format": meta.format, "level": meta.level, "date": meta.date,
        "symbols": [i.symbol for i in meta.instruments][:100], "notes": meta.notes, "quality": counts(report),
        "rules": [rule_body(rule, meta.place) for rule in report.rules], "quarantine_file": checked.path,
    }  # fmt: skip
    if json:
        out.write(body)
    else:
        _show_check(file, report, meta.place, checked.path)
    return 1 if report.quarantined else 0


class Refusing:
    """A quality check that writes what it refuses beside the data (or into `folder`; ``none``: nowhere)."""

    def __init__(self, reader: "Reader", path: Path, options: "ReaderOptions", folder: str | None = None) -> None:
        from nowake.data.quality import Check
        from nowake.data.quarantine import Quarantine

        self._sink: Quarantine | None = None
        if folder != "none" and not is_generated(str(path)):
            beside = _folder(folder) / path.name if folder else path
            self._sink = Quarantine(path, place=reader.meta.place, elsewhere=_spare([path]))
            if folder:
                self._sink = Quarantine(beside, place="byte", elsewhere=None)
        self._check = Check(reader, path, options=options, sink=self._sink)

    def __iter__(self) -> "Iterator[Chunk]":
        if self._sink is None:
            yield from self._check
            return
        with self._sink:
            yield from self._check

    def report(self) -> "QualityReport":
        """Return the counts and rules, once the chunks are read."""
        return self._check.report()

    @property
    def path(self) -> Path | None:
        """Return the file of refused rows, None if there is none."""
        return None if self._sink is None else self._sink.path


def _spare(files: list[Path]) -> Path:
    """Return where refused rows go whose own folder cannot be written; made only if one of `files` needs it."""
    spare = home() / "quarantine"
    if not all(os.access(f.parent, os.W_OK) for f in files):
        spare.mkdir(parents=True, exist_ok=True)
    return spare


def _folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir():
        raise InputError("--quarantine", expected="an existing folder, or none", got=repr(text))
    return folder


def counts(report: Any) -> dict[str, Any]:
    """Return the disjoint counts of a quality report and the time that the book was crossed or locked."""
    names = ("rows_in", "kept", "repaired", "quarantined")
    body: dict[str, Any] = {name: getattr(report, name) for name in names}
    return {**body, "crossed_s": report.crossed_ns / 1e9, "locked_s": report.locked_ns / 1e9}


def rule_body(rule: "Rule", place: str) -> dict[str, Any]:
    """Return one rule as JSON: examples carry their `line` (from 1) or byte `offset`."""
    key = "line" if place == "line" else "offset"
    examples = [{key: example.where, "text": example.text} for example in rule.examples]
    return {"id": rule.id, "count": rule.count, "action": rule.action, "examples": examples}


def _show_check(file: str, report: "QualityReport", place: str, refused: Path | None) -> None:
    met = [rule for rule in report.rules if rule.count]
    rows = [(r.id, r.count, r.action, "; ".join(str(e.where) for e in r.examples[:3])) for r in met]
    if rows:
        table(f"quality of {file}", ["rule", "count", "action", f"first {place}s"], rows, words=["action"])
    say(
        f"{report.rows_in:,} rows: {report.kept:,} kept, {report.repaired:,} repaired, "
        f"{report.quarantined:,} quarantined" + ("" if rows else "; no rule met")
    )
    if refused is not None:
        say(f"refused rows: {refused}")


def verify(
    messages: Annotated[str, typer.Argument(metavar="MESSAGES", help="LOBSTER message file.")],
    orderbook: Annotated[str, typer.Option("--orderbook", help="The vendor's order-book file, a row per message.")],
    json: Json = False,
) -> int:
    """Compare our book after every message with the vendor's levels; exit code 1 if a row differs."""
    out = Envelope("data.verify", {"messages": messages, "orderbook": orderbook})
    from nowake.data.verify import verify as compare

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
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Market data files.")],
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
    quarantine: Annotated[
        str, typer.Option("--quarantine", help="File of refused rows: beside (the data), or none.")
    ] = "beside",
    json: Json = False,
) -> int:
    """Read FILES into the store: checked, by kind, day and symbol; each whole or not at all, twice is once."""
    address = default_store(store)
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
        quarantine=named(quarantine, ("beside", "none"), "place of refused rows") == "beside",
        elsewhere=_spare([existing(f) for f in files]),
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


def ls(store: StoreAt = None, json: Json = False) -> int:
    """List what is stored: a row per kind, day and symbol."""
    address = default_store(store)
    out = Envelope("data.ls", {"store": address})
    from nowake.data.query import ls as listing
    from nowake.data.store import open_store

    found = listing(open_store(address))
    if json:
        out.write({"store": address, "partitions": found})
    elif not found:
        say(f"nothing stored in {address}")
    else:
        columns = ["kind", "date", "symbol", "rows", "parts"]
        table(f"stored in {address}", columns, [[row[c] for c in columns] for row in found], left=3)
    return 0


def show(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="symbol=IBM&date=2003-01-15, or STORE?symbol=…")],
    store: StoreAt = None,
    rows: Annotated[int, typer.Option("--rows", help="How many events.")] = 10,
    json: Json = False,
) -> int:
    """Print the first events of a STORE-QUERY."""
    text = as_query(query, store) or f"{default_store(store)}?symbol={query}"
    out = Envelope("data.show", {"query": text, "rows": rows})
    from nowake.data.query import parse_query
    from nowake.data.query import show as first
    from nowake.data.store import open_store

    if rows < 1:
        raise InputError("--rows", expected="a whole number from 1", got=rows)
    address, what = parse_query(text)
    events = first(open_store(address), what, rows)
    if json:
        out.write({"query": text, "events": events})
    else:
        columns = ["time", "kind", "side", "price", "quantity", "order_id"]
        lines = [[str(e[c]) if c == "order_id" else e[c] for c in columns] for e in events]
        table(text, columns, lines, left=3)
    return 0


def sql(
    query: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT over l3, l2, quotes, trades, bars, parts.")],
    store: StoreAt = None,
    json: Json = False,
) -> int:
    """Ask the store in SQL (DuckDB, read only)."""
    address = default_store(store)
    out = Envelope("data.sql", {"store": address, "sql": query})
    from nowake.data.query import sql as ask
    from nowake.data.store import open_store

    answer = ask(open_store(address), query)
    if json:
        out.write({"store": address, "columns": answer.columns, "rows": answer.rows, "n": len(answer.rows)})
    else:
        table("", answer.columns, answer.rows)
    return 0
