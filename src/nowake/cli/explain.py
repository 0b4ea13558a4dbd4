"""`nowake explain`: why a child left, from the decision log beside the journal."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nowake.cli.options import Json, existing, home
from nowake.cli.output import Envelope, say, table
from nowake.core.errors import InputError

__all__ = ["explain"]


def explain(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID", help="Id of a child or parent, like 1-3-17.")],
    journal: Annotated[
        str | None,
        typer.Option("--journal", metavar="FILE", help="Journal; its log is FILE.decisions. Default: $NOWAKE_HOME."),
    ] = None,
    log: Annotated[str | None, typer.Option("--log", metavar="FILE", help="The decision log itself.")] = None,
    json: Json = False,
) -> int:
    """Tell why this venue, this size, this price, this moment; of a parent: its decisions and children."""
    out = Envelope("explain", {"order_id": order_id, "journal": journal, "log": log})
    number = _number(order_id)
    where = existing(str(_log_of(journal, log)), "decision log")
    from nowake.execution.decision_reader import DecisionLog
    from nowake.execution.explain import explained
    from nowake.oms.identifiers import text

    kept = DecisionLog(where)
    body = {**explained(kept, number, text if "-" in order_id else str), "torn_bytes": kept.torn}
    if json:
        out.write(body)
    elif "why" in body:
        _show_child(body)
    else:
        _show_parent(body)
    return 0


def _number(order_id: str) -> int:
    """Return the integer of an id as people or venues write it; InputError else."""
    if order_id.isascii() and order_id.isdigit():
        return int(order_id)
    from nowake.oms.identifiers import parse

    return parse(order_id)


def _log_of(journal: str | None, log: str | None) -> Path:
    if log is not None:
        return Path(log)
    if journal is None:
        return home() / "journal.decisions"
    if "://" in journal:
        raise InputError("--journal", expected="a file, or --log with the decision log", got=journal)
    return Path(journal).with_suffix(".decisions")


def _show_child(body: dict[str, Any]) -> None:
    price = "" if body["price"] is None else f" at {body['price']:g}"
    say(f"{body['order_id']} (parent {body['parent_id']}): {body['side']} {body['quantity']:,} {body['symbol']}{price}")
    say(f"{body['kind']} at {body['venue']}, {body['at']}, origin {body['origin']}")
    for question, answer in body["why"].items():
        say(f"{question}: {answer}")
    if body["features"] is not None:
        waiting = set(body["not_ready"])
        rows = [(name, value, "" if name not in waiting else "not ready") for name, value in body["features"].items()]
        table("what the policy saw", ["feature", "value", ""], rows)
    table("versions", ["what", "hash or value"], [(name, str(value)) for name, value in body["versions"].items()])
    _torn(body)


def _show_parent(body: dict[str, Any]) -> None:
    say(f"{body['order_id']}: {body['side']} {body['quantity']:,}")
    names = ["number", "at", "tactic", "rate", "urgency", "quota", "filled"]
    table("decisions", names, [[row[name] for name in names] for row in body["decisions"]])
    names = ["order_id", "at", "venue", "kind", "quantity", "price", "reason"]
    table("children", names, [[row[name] for name in names] for row in body["children"]])
    _torn(body)


def _torn(body: dict[str, Any]) -> None:
    if body["torn_bytes"]:
        say(f"the last {body['torn_bytes']} bytes of the log are no whole block: being written, or torn by a crash")
