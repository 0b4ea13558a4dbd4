"""`nowake oms`: what a journal holds, whether it can be trusted, and how its running trader is controlled."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from nowake.cli.options import Json, existing
from nowake.cli.output import Envelope, say, show, table
from nowake.core.errors import InputError, MissingError
from nowake.oms.journal.address import on_server, server_of, shown

__all__ = ["Address", "control", "events", "journal_of", "orders", "reading", "recover", "shown", "verify"]

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
    if on_server(where):
        server_of(where)
        return where
    if address is None and not Path(where).exists():
        raise InputError(f"journal {where}", expected="a journal that was begun", got="nothing there",
                         hint="name one with --journal")  # fmt: skip
    return str(existing(where, "journal"))


@contextmanager
def reading(where: str | Path) -> Iterator[None]:
    """Use a journal; a server that does not answer, or no longer, is a service that is missing."""
    from nowake.oms.errors import JournalError

    try:
        yield
    except JournalError as error:
        if not on_server(where):
            raise
        raise MissingError(f"{error} (expected a server that answers at {shown(where)})") from error


def orders(
    journal: Address = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only orders that still work.")] = False,
    json: Json = False,
) -> int:
    """List every order, parents before their children."""
    where = journal_of(journal)
    out = Envelope("oms.orders", {"journal": shown(where), "open": open_only})
    from nowake.oms.command import orders as found

    with reading(where):
        body = found(where, open_only=open_only)
    if json:
        out.write(_plain(body))
        return 0
    names = ["account", "venue", "side", "quantity", "filled", "price", "status"]
    rows = [[label, *(row.get(name, "") for name in names)] for label, row in tree_of(body)]
    table(f"orders of {shown(where)}", ["order", *names], rows, left=4, words=["status"])
    return 0


def tree_of(body: dict[str, Any]) -> "Iterator[tuple[str, dict[str, Any]]]":
    """Yield every basket, its parents below it, the children below theirs: how it is shown, and its row."""
    inside = {name: basket["name"] for basket in body["baskets"] for name in basket["orders"]}
    families: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for row in body["orders"]:
        parent = row.get("parent_id", row["order_id"])
        deep = (parent in inside) + ("parent_id" in row)
        label = f"{'· ' * deep}{row['order_id']}"
        families.setdefault(inside.get(parent, ""), []).append((label, row))
    for basket in body["baskets"]:
        yield f"basket {basket['name']}", {}
        yield from families.get(basket["name"], [])
    yield from families.get("", [])


def events(
    journal: Address = None,
    after: Annotated[int, typer.Option("--after", help="Only events after this number.")] = 0,
    limit: Annotated[int, typer.Option("--limit", help="At most so many, from 1.")] = 1000,
    json: Json = False,
) -> int:
    """List the events of a journal in their order."""
    where = journal_of(journal)
    out = Envelope("oms.events", {"journal": shown(where), "after": after, "limit": limit})
    from nowake.oms.command import events as found

    with reading(where):
        body = found(where, after=after, limit=limit)
    if json:
        out.write(_plain(body))
        return 0
    known = ("sequence", "kind", "hash")

    def told(row: dict[str, Any]) -> str:
        return " ".join(f"{name}={value}" for name, value in row.items() if name not in known and value not in ("", 0))

    rows = [(row["sequence"], row["kind"], told(row)) for row in body["events"]]
    table(f"events of {shown(where)}", ["number", "kind", "what"], rows, words=["kind", "what"])
    return 0


def verify(journal: Address = None, json: Json = False) -> int:
    """Check the chain of hashes and that shares are conserved; exit code 1 if anything differs."""
    where = journal_of(journal)
    out = Envelope("oms.verify", {"journal": shown(where)})
    from nowake.oms.command import verified

    with reading(where):
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
            "strategy, parameter, send, withdraw, release-order, allocate, kill or release.",
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="[TARGET]", help="A client id, an order id, a basket, or all; of kill: firm, symbol:NAME, …."
        ),
    ] = "all",
    value: Annotated[str, typer.Argument(metavar="[VALUE]", help="What it is changed to, like 10% or +30m.")] = "",
    who: Annotated[str, typer.Option("--who", help="Who asks for it; the journal keeps it.")] = "",
    why: Annotated[str, typer.Option("--why", help="Why; the journal keeps it.")] = "",
    journal: Address = None,
    json: Json = False,
) -> int:
    """Control a running trader by hand: the journal has it, with who and why, before it takes effect."""
    where = journal_of(journal)
    out = Envelope("oms.control", {"what": what, "target": target, "value": value, "journal": shown(where)})
    from nowake.service.control_client import ask
    from nowake.service.control_wire import Asked

    answer = ask(where, Asked(what, target, value, who, why))
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
        str | None, typer.Option("--into", metavar="FILE", help="The new journal. Default: d-intact.db for d.db.")
    ] = None,
    json: Json = False,
) -> int:
    """Copy what is intact of a damaged journal into a file, and what lies beside it; the damaged one is only read."""
    where = journal_of(journal)
    from nowake.service.rescue import intact_name, rescue

    target = Path(into) if into is not None else intact_name(where)
    if not target.parent.is_dir():
        raise InputError(f"--into {target}", expected="a file in an existing folder", got=f"no folder {target.parent}")
    out = Envelope("oms.recover", {"journal": shown(where), "into": str(target)})
    with reading(where):
        saved = rescue(where, target)
    found, beside = saved.journal, [str(one) for one in saved.beside]
    whole = found.broken_at is None
    if json:
        out.write({"journal": shown(where), "into": str(target), "chain_ok": whole, "intact": found.intact,
                   "broken_at": found.broken_at, "why": found.why, "readable_after": found.readable_after,
                   "beside": beside})  # fmt: skip
        return 0 if found.intact else 1
    if whole:
        say(f"{shown(where)} is whole")
    else:
        say(f"{shown(where)} breaks at event {found.broken_at}: {found.why}")
        say(f"events after it that can be read, but not trusted: {show(found.readable_after)}")
    say(f"events copied into {target}: {show(found.intact)}" if found.intact else "nothing is intact: no new journal")
    if beside:
        say(f"copied beside it: {', '.join(beside)}")
    return 0 if found.intact else 1


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "schema"}
