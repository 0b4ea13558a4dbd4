"""`nowake explain`: why a child left, from the decision log beside the journal."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nowake.cli.options import Json, existing, home
from nowake.cli.output import Envelope, say, table
from nowake.core.errors import InputError
from nowake.oms.journal.address import base_of, shown

if TYPE_CHECKING:
    from nowake.execution.decision_reader import DecisionLog
    from nowake.execution.explain import Namer

__all__ = ["explain"]


def explain(
    order_id: Annotated[
        str | None, typer.Argument(metavar="[ORDER_ID]", help="Id of a child or parent, like 1-3-17.")
    ] = None,
    journal: Annotated[
        str | None,
        typer.Option("--journal", metavar="FILE|URL", help="Journal; its log lies beside it. Default: $NOWAKE_HOME."),
    ] = None,
    log: Annotated[str | None, typer.Option("--log", metavar="FILE", help="The decision log itself.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Make decisions, routes and verdicts again and compare; all without an id.")
    ] = False,
    json: Json = False,
) -> int:
    """Tell why this venue, this size, this price, this moment; of a parent: its decisions and children.

    With --check: whether what the log holds, made again from its records, is the same bit for bit.
    """
    told = None if journal is None else shown(journal)
    out = Envelope("explain", {"order_id": order_id, "journal": told, "log": log, "check": check})
    if order_id is None and not check:
        raise InputError("ORDER_ID", expected="an id like 1-3-17, or --check for the whole log", got="none")
    number = None if order_id is None else _number(order_id)
    where = existing(str(_log_of(journal, log)), "decision log")
    from nowake.execution.decision_reader import DecisionLog
    from nowake.execution.explain import explained
    from nowake.oms.identifiers import text

    kept = DecisionLog(where)
    if not kept.sessions:
        raise InputError(f"decision log {where}", expected="one that was begun", got="an empty file")
    name = str if order_id is not None and "-" not in order_id else text
    if check:
        body = _checked(kept, number, name)
        if json:
            out.write(body)
        else:
            _show_check(body)
        return 1 if body["differences"] else 0
    body = {**explained(kept, number or 0, name), "torn_bytes": kept.torn}
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
    return base_of(home() / "journal.db" if journal is None else journal).with_suffix(".decisions")


def _checked(log: "DecisionLog", number: int | None, name: "Namer") -> dict[str, Any]:
    """Return what came of making the records of a child, of a parent or of the whole log again."""
    from nowake.execution.decision_check import check_log, check_one
    from nowake.execution.explain import refuse_unknown

    child = None if number is None else log.child(number)
    if number is not None and child is None:
        refuse_unknown(log, number, name)
    found = check_log(log, name, number) if child is None else check_one(log, child, name)
    return {
        "order_id": None if number is None else name(number), "log": str(log.path), "decisions": found.decisions,
        "routes": found.routes, "verdicts": found.verdicts, "children": found.children,
        "differences": len(found.differences), "first": found.first, "left_out": dict(found.left_out),
        "same_code": found.same_code, "torn_bytes": log.torn,
    }  # fmt: skip


def _show_check(body: dict[str, Any]) -> None:
    say(
        f"made again: {body['decisions']:,} decisions, {body['routes']:,} routes, {body['verdicts']:,} guard verdicts, "
        f"{body['children']:,} children; {body['differences']:,} differ"
    )
    for why, count in body["left_out"].items():
        say(f"not made again: {count:,} {why}")
    if not body["same_code"]:
        say("the log was written by other code than this")
    if body["first"] is not None:
        say(f"first difference: {body['first']}")
    _torn(body)


def _show_child(body: dict[str, Any]) -> None:
    price = "" if body["price"] is None else f" at {body['price']:g}"
    say(f"{body['order_id']} (parent {body['parent_id']}): {body['side']} {body['quantity']:,} {body['symbol']}{price}")
    say(f"{body['kind']} at {body['venue']}, {body['at']}, origin {body['origin']}")
    for question, answer in body["why"].items():
        say(f"{question}: {answer}")
    if body["features"] is not None:
        now = body["now"] or {"features": {}, "not_ready": []}
        rows = [
            (
                name,
                _value(value, name in body["not_ready"]),
                _value(now["features"].get(name), name in now["not_ready"]),
            )
            for name, value in body["features"].items()
        ]
        table("features", ["feature", f"when decided, {body['policy']['at']}", f"now, {body['at']}"], rows)
    table("versions", ["what", "hash or value"], [(name, str(value)) for name, value in body["versions"].items()])
    _torn(body)


def _value(value: float | None, waits: bool) -> str:
    return "not kept" if value is None else "not ready" if waits else f"{value:.6g}"


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
