"""What the command line asks of a journal: its orders, its events, whether it is sound. Plain values, no printing."""

from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from nowake.core.errors import InputError
from nowake.core.values import Side
from nowake.oms import identifiers
from nowake.oms.events import decode
from nowake.oms.journal.protocol import Journal, open_journal
from nowake.oms.orders import Child, Parent, leaves
from nowake.oms.snapshot import recover
from nowake.oms.states import State
from nowake.oms.tree import Tree
from nowake.oms.unlike import in_doubt, row
from nowake.oms.verify import verify

__all__ = ["events", "orders", "positions", "unlike", "verified"]


_NANO = Decimal("1e-9")


def orders(address: str | Path, *, open_only: bool = False) -> dict[str, Any]:
    """Return every order, parents (no `parent_id`) before their children; prices in currency, None for none.

    `baskets`: name, and the ids of the parents of those that have an order among the rows.
    """
    tree = _tree(address)
    rows = [row for parent in tree.parents.values() for row in _family(tree, parent)]
    if open_only:
        rows = [row for row in rows if row["leaves"]]
    shown = {row.get("parent_id", row["order_id"]) for row in rows}
    baskets = [
        {"name": one.name, "orders": names}
        for one in tree.baskets.values()
        if shown & set(names := [identifiers.text(number) for number in one.parents])
    ]
    return {"schema": "nowake.oms.orders/1", "orders": rows, "baskets": baskets}


def _tree(address: str | Path) -> Tree:
    """Return what a journal says."""
    journal = open_journal(address)
    try:
        return recover(journal).oms
    finally:
        journal.close()


def positions(address: str | Path) -> dict[str, Any]:
    """Return shares and cash by account and symbol, in currency, after every allocation.

    `positions`: cash without fees, and fees (negative: rebates), of each account and symbol; `accounts`: the cash of
    each with its fees; `allocations`: what was moved, shares with the sign of their order's side; `in_doubt`: accepted
    differences from the venue, with shares that it has and these positions do not, and those that still work.
    """
    tree = _tree(address)
    held = [
        {
            "account": one.account, "symbol": one.symbol, "shares": one.shares,
            "cash": float(one.cash2 * Decimal(one.tick_size) / 2), "fees": float(one.fee * _NANO),
        }
        for one in tree.positions.values()
    ]  # fmt: skip
    accounts = dict.fromkeys(account for account, _ in tree.positions)
    moved = [
        {"order_id": identifiers.text(one.parent), "account": one.account, "shares": one.shares}
        for one in tree.allocations
    ]
    cash = [{"account": account, "cash": float(tree.cash(account))} for account in accounts]
    return {"schema": "nowake.oms.positions/1", "positions": held, "accounts": cash, "allocations": moved,
            "in_doubt": in_doubt(tree)}  # fmt: skip


def unlike(address: str | Path) -> dict[str, Any]:
    """Return in what journal and venue differ: `open`, as the last start has refused it, and `accepted` by people."""
    tree = _tree(address)
    return {"schema": "nowake.oms.differences/1", "open": [row(one) for one in tree.unclean.values()],
            "accepted": in_doubt(tree)}  # fmt: skip


def _family(tree: Tree, parent: Parent) -> list[dict[str, Any]]:
    tick = float(parent.tick_size)
    own = {name: getattr(parent, name) for name in ("account", "symbol", "algo", "client")}
    first = {**_row(parent, tick), **own, "allocated": parent.allocated}
    if parent.basket:
        first["basket"] = tree.baskets[parent.basket].name
    return [first, *(_child(tree.children[number], tick) for number in parent.children)]


def _row(order: Parent | Child, tick: float) -> dict[str, Any]:
    return {
        "order_id": identifiers.text(order.id),
        "side": str(Side(order.side)),
        "quantity": order.quantity,
        "filled": order.filled,
        "leaves": leaves(order),
        "price": order.price * tick if order.price else None,
        "avg_price": order.money2 / 2 * tick / order.filled if order.filled else None,
        "status": str(State(order.state)),
    }


def _child(child: Child, tick: float) -> dict[str, Any]:
    return {
        **_row(child, tick),
        "parent_id": identifiers.text(child.parent),
        "venue": child.venue,
        "route": child.route,
    }


def events(address: str | Path, *, after: int = 0, limit: int = 1000) -> dict[str, Any]:
    """Return at most `limit` events after `after`: sequence, kind, the fields by name, and the hash in hex."""
    if after < 0 or limit < 1:
        raise InputError("events", expected="after from 0, limit from 1", got=f"after {after}, limit {limit}")
    journal = open_journal(address)
    try:
        found = _events(journal, after, limit)
    finally:
        journal.close()
    return {"schema": "nowake.oms.events/1", "events": found}


def _events(journal: Journal, after: int, limit: int) -> list[dict[str, Any]]:
    found = []
    for record in islice(journal.replay(after), limit):
        event = decode(record.payload)
        own = "order_kind" if "parent" in event.__struct_fields__ else "document"  # the event has a kind itself
        names = {field: own if field == "kind" else field for field in event.__struct_fields__}
        fields = {name: _plain(getattr(event, field)) for field, name in names.items()}
        found.append({"sequence": record.sequence, "kind": type(event).__name__, **fields, "hash": record.hash.hex()})
    return found


def _plain(value: object) -> object:
    """Return a field as JSON has it; an act by its name."""
    return str(value) if type(value) not in (int, str, bool, tuple) else msgspec.to_builtins(value)


def verified(address: str | Path) -> dict[str, Any]:
    """Return the verdict of `verify`; the exit code is 1 unless `differences` is empty."""
    journal = open_journal(address)
    try:
        return {"schema": "nowake.oms.verify/1", **verify(journal)}
    finally:
        journal.close()
