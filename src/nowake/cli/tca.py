"""`nowake tca`: what orders cost, and where, from a journal with the tape and decision log beside it, or from files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nowake.cli.oms import journal_of, reading, shown
from nowake.cli.options import Json, existing, home, writable
from nowake.cli.output import Envelope, say, table
from nowake.cli.progress import Progress
from nowake.core.errors import InputError

if TYPE_CHECKING:
    from nowake.tca.command import Done
    from nowake.tca.study_tables import Column, Grid
    from nowake.tca.tables import Tables

__all__ = ["tca"]

REPORTS = (".html", ".json", ".pdf", ".xlsx")


def tca(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[JOURNAL]",
            help="Journal: a file, or postgresql://… . Default: $NOWAKE_HOME/journal.db. With --tcapy: two CSV files.",
        ),
    ] = None,
    by: Annotated[
        str,
        typer.Option("--by", help="Groups: order, day, symbol, algo, account, desk, model, side, venue or dealer."),
    ] = "order",
    number: Annotated[
        str, typer.Option("--number", help="What groups are compared on, like shortfall_bps.")
    ] = "shortfall_bps",
    cluster: Annotated[str, typer.Option("--cluster", help="What counts as one draw: day or order.")] = "day",
    tape: Annotated[
        str | None, typer.Option("--tape", metavar="FILE", help="The market's tape. Default: JOURNAL.tape, if there.")
    ] = None,
    log: Annotated[
        str | None,
        typer.Option("--log", metavar="FILE", help="The decision log. Default: JOURNAL.decisions, if there."),
    ] = None,
    tcapy: Annotated[
        bool, typer.Option("--tcapy", help="Read tcapy's order and trade files: nowake tca --tcapy ORDERS TRADES.")
    ] = False,
    report: Annotated[
        str | None, typer.Option("--report", metavar="FILE", help="Write a report: .html, .pdf, .xlsx or .json.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the bootstrap, from 0.")] = 7,
    json: Json = False,
) -> int:
    """Analyse every order of a journal; exit code 1 if its tables are not what the journal holds."""
    told = None if files is None else [shown(one) for one in files]
    asked_of = {"files": told, "by": by, "number": number, "cluster": cluster, "tape": tape, "log": log,
                "tcapy": tcapy}  # fmt: skip
    out = Envelope("tca", asked_of, seed=seed)
    target = writable(report, REPORTS)
    from nowake.tca.command import asked_for, compute_tca

    asked = asked_for(by.strip().lower(), number, cluster=cluster, seed=seed)
    with Progress("tca"):
        tables, more = _outside(files or []) if tcapy else _journal(files or [], tape, log)
        done = compute_tca(tables, asked)
    body = {**more, **done.body, "report": target}
    if target is not None:
        _write(target, done, out.body(body))
    if json:
        out.write(body)
    else:
        _show(done, body)
    return 0 if body["conserved"] and body["adds_up"] else 1


def _journal(files: list[str], tape: str | None, log: str | None) -> "tuple[Tables, dict[str, Any]]":
    """Return the tables of a journal, and what stands beside the study of them."""
    if len(files) > 1:
        raise InputError(
            "JOURNAL", expected="one journal", got=f"{len(files)} files", hint="--tcapy for an order and a trade file"
        )
    where = journal_of(files[0] if files else _default())
    told = None if tape is None else existing(tape, "tape")
    decisions = None if log is None else existing(log, "decision log")
    from nowake.service.journal_tables import read_journal

    with reading(where):
        found = read_journal(where, decisions, told)
    account, market = found.account, found.market
    return found.tables, {
        "journal": shown(where), "tape": None if market.tape is None else str(market.tape.path),
        "decisions": None if market.log is None else str(market.log.path), "events": account.events,
        "chain": account.hash.hex(), "conserved": found.conserved, "notes": list(found.notes),
    }  # fmt: skip


def _default() -> str:
    """Return the journal of the state; InputError where none was begun."""
    path = home() / "journal.db"
    if not path.exists():
        raise InputError(f"journal {path}", expected="a journal that was begun", got="nothing there",
                         hint="name one: nowake tca JOURNAL")  # fmt: skip
    return str(path)


def _outside(files: list[str]) -> "tuple[Tables, dict[str, Any]]":
    """Return the tables of an order and a trade file."""
    if len(files) != 2:
        raise InputError("--tcapy", expected="two files: ORDERS TRADES", got=f"{len(files)} files")
    orders, trades = existing(files[0], "order file"), existing(files[1], "trade file")
    from nowake.tca.tcapy import read_tcapy

    tables = read_tcapy(orders, trades)
    filled = sum(child.filled for child in tables.children)
    note = "snapshots of quotes alone: nothing between two of them is known, no print is"
    return tables, {
        "orders_file": str(orders), "trades_file": str(trades),
        "conserved": filled == int(tables.fills["quantity"].sum()), "notes": [note],
    }  # fmt: skip


def _write(target: Path, done: "Done", whole: dict[str, Any]) -> None:
    from nowake import __version__
    from nowake.core.fingerprint import config_hash
    from nowake.tca.command import write_report
    from nowake.tca.provenance import Provenance

    fills = done.study.tables.fills
    provenance = Provenance(
        source=done.study.tables.source, config_hash=whole["config_hash"],
        digest=config_hash({"fills": fills.tobytes().hex()}), version=__version__, seed=whole["seed"],
        conventions=tuple(f"Of this journal: {note}." for note in whole["notes"]),
    )  # fmt: skip
    write_report(target, done, provenance, whole)


def _show(done: "Done", body: dict[str, Any]) -> None:
    """Print the tables that were asked for, and what is to be known about them."""
    from nowake.tca.command import shown

    for grid in shown(done).values():
        _table(grid)
    say(f"{body['orders_analysed']:,} orders, {body['fills']:,} fills; {done.study.tables.source}")
    for note in body["notes"]:
        say(f"note: {note}")
    if not body["conserved"]:
        say("the tables do not hold what the journal holds: run `nowake oms verify`")
    if body["report"] is not None:
        say(f"report: {body['report']}")


def _table(grid: "Grid") -> None:
    """Print a table; columns without a value, and the journal records behind each row, are in the reports alone."""
    kept = [
        k
        for k, column in enumerate(grid.columns)
        if column.page
        and not column.name.startswith("Journal")
        and any(row[k].value not in (None, "") for row in grid.rows)
    ]
    columns = [grid.columns[k] for k in kept]
    rows = [[_cell(grid.columns[k], row[k].value, row[k].ends) for k in kept] for row in grid.rows]
    words = [column.name for column in columns if column.text]
    table(grid.caption, [column.name for column in columns], rows, words=words)


def _cell(column: "Column", value: Any, ends: Any) -> str:
    if value is None:
        return "–"
    between = f" [{column.show(ends[0])}, {column.show(ends[1])}]" if ends else ""
    return f"{column.show(value)}{between}"
