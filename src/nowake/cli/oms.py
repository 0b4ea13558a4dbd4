"""`nowake oms`: what a journal holds, whether it can be trusted, and how its running trader is controlled."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from nowake.cli.options import Json, existing
from nowake.cli.output import Envelope, say, show, table
from nowake.core.errors import InputError, MissingError

__all__ = ["control", "events", "journal_of", "orders", "recover", "verify"]

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


def control(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="pause, resume, cancel, finish, take-over, hand-back, urgency, cap, limit, end, venue-out, venue-in, "
            "strategy, parameter, send, withdraw, kill or release.",
        ),
    ],
    target: Annotated[
        str, typer.Argument(metavar="[TARGET]", help="A client id, an order id, or all; of kill: firm, symbol:NAME, ….")
    ] = "all",
    value: Annotated[str, typer.Argument(metavar="[VALUE]", help="What it is changed to, like 10% or +30m.")] = "",
    who: Annotated[str, typer.Option("--who", help="Who asks for it; the journal keeps it.")] = "",
    why: Annotated[str, typer.Option("--why", help="Why; the journal keeps it.")] = "",
    journal: Address = None,
    json: Json = False,
) -> int:
    """Control a running trader by hand: the journal has it, with who and why, before it takes effect."""
    path = _file_of(journal, "a running trader")
    out = Envelope("oms.control", {"what": what, "target": target, "value": value, "journal": str(path)})
    from nowake.service.control_client import ask
    from nowake.service.control_wire import Asked

    answer = ask(path, Asked(what, target, value, who, why))
    if not answer.done:
        raise InputError(answer.words, hint=answer.hint or None)
    if json:
        out.write({"done": answer.done, "said": answer.words, "orders": answer.orders})
    else:
        say(answer.words)
    return 0


def recover(
    journal: Address = None,
    into: Annotated[
        str | None, typer.Option("--into", metavar="FILE", help="The new journal. Default: FILE.intact beside it.")
    ] = None,
    json: Json = False,
) -> int:
    """Copy what is intact of a damaged journal into a new one; the damaged one is only read."""
    path = _file_of(journal, "a journal that can be damaged")
    target = Path(into) if into is not None else path.with_name(f"{path.name}.intact")
    if not target.parent.is_dir():
        raise InputError(f"--into {target}", expected="a file in an existing folder", got=f"no folder {target.parent}")
    out = Envelope("oms.recover", {"journal": str(path), "into": str(target)})
    from nowake.oms.journal.salvage import salvage

    found = salvage(path, target)
    whole = found.broken_at is None
    if json:
        out.write({"journal": str(path), "into": str(target), "chain_ok": whole, "intact": found.intact,
                   "broken_at": found.broken_at, "why": found.why, "readable_after": found.readable_after})  # fmt: skip
        return 0 if found.intact else 1
    if whole:
        say(f"{path} is whole")
    else:
        say(f"{path} breaks at event {found.broken_at}: {found.why}")
        say(f"events after it that can be read, but not trusted: {show(found.readable_after)}")
    say(f"events copied into {target}: {show(found.intact)}")
    return 0 if found.intact else 1


def _file_of(address: str | None, what: str) -> Path:
    """Return the file of a journal that exists; InputError for a server's."""
    where = journal_of(address)
    if "://" in where:
        raise InputError(f"--journal {_shown(where)}", expected=f"the file of {what}", got="a server")
    return Path(where)


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "schema"}
