"""`nowake oms`: what a journal holds, and whether it can be trusted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from nowake.cli.options import Json, existing
from nowake.cli.output import Envelope, say, show, table
from nowake.core.errors import InputError, MissingError

__all__ = ["events", "journal_of", "orders", "verify"]

Address = Annotated[
    str | None,
    typer.Option(
        "--journal", metavar="FILE|URL", help="Journal: a file, or postgresql://… . Default: $NOWAKE_HOME/journal.db."
    ),
]


def journal_of(address: str | None) -> str:
    """Return the address of a journal that exists; InputError for a file that does not."""
    from nowake.core.places import home

    where = address or str(home() / "journal.db")
    if "://" in where:
        return _url(where)
    if address is None and not Path(where).exists():
        raise InputError(f"journal {where}", expected="a journal that was begun", got="nothing there",
                         hint="name one with --journal")  # fmt: skip
    return str(existing(where, "journal"))


@contextmanager
def _reading(where: str) -> Iterator[None]:
    """Read a journal; a server that does not answer is a service that is missing."""
    from nowake.oms.errors import JournalError

    try:
        yield
    except JournalError as error:
        raise MissingError(f"{error} (expected a server that answers at {_shown(where)})") from error


def _url(where: str) -> str:
    try:
        urlsplit(where).port  # noqa: B018 - a look is what finds a port that is none
    except ValueError as error:
        raise InputError(f"--journal: {error}", expected="postgresql://USER@HOST:PORT/DATABASE") from None
    return where


def _shown(where: str) -> str:
    """Return the address without user and password."""
    if "://" not in where:
        return where
    parts = urlsplit(where)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def orders(
    journal: Address = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only orders that still work.")] = False,
    json: Json = False,
) -> int:
    """List every order, parents before their children."""
    where = journal_of(journal)
    out = Envelope("oms.orders", {"journal": _shown(where), "open": open_only})
    from nowake.oms.command import orders as found

    with _reading(where):
        body = found(where, open_only=open_only)
    if json:
        out.write(_plain(body))
        return 0
    names = ["order_id", "parent_id", "venue", "side", "quantity", "filled", "price", "status"]
    rows = [[row.get(name, "") for name in names] for row in body["orders"]]
    table(f"orders of {_shown(where)}", names, rows, left=4, words=["status"])
    return 0


def events(
    journal: Address = None,
    after: Annotated[int, typer.Option("--after", help="Only events after this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", help="At most so many, from 1.")] = 1000,
    json: Json = False,
) -> int:
    """List the events of a journal in their order."""
    where = journal_of(journal)
    out = Envelope("oms.events", {"journal": _shown(where), "after": after, "limit": limit})
    from nowake.oms.command import events as found

    with _reading(where):
        body = found(where, after=after, limit=limit)
    if json:
        out.write(_plain(body))
        return 0
    known = ("sequence", "kind", "hash")

    def told(row: dict[str, Any]) -> str:
        return " ".join(f"{name}={value}" for name, value in row.items() if name not in known and value not in ("", 0))

    rows = [(row["sequence"], row["kind"], told(row)) for row in body["events"]]
    table(f"events of {_shown(where)}", ["number", "kind", "what"], rows, words=["kind", "what"])
    return 0


def verify(journal: Address = None, json: Json = False) -> int:
    """Check the chain of hashes and that shares are conserved; exit code 1 if anything differs."""
    where = journal_of(journal)
    out = Envelope("oms.verify", {"journal": _shown(where)})
    from nowake.oms.command import verified

    with _reading(where):
        body = _plain(verified(where))
    if json:
        out.write(body)
    else:
        for name, value in body.items():
            if name != "differences":
                say(f"{name.replace('_', ' ')}: {show(value)}")
        for row in body["differences"]:
            say(f"different: {row}")
    return 1 if body["differences"] or not body["chain_ok"] else 0


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "schema"}
