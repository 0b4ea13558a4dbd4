"""Refuse tables that cannot be: every rule has one function, every message names the row, what was expected, what came.

Nothing is repaired: a bad row would turn into a cost that somebody believes.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NoReturn

import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.errors import InputError, OrderError, nearest
from nowake.core.values import MAX_QUANTITY
from nowake.tca.tables import FILLS, PRINTS, QUOTES, Child, Estimate, Liquidity, Parent, Tables, trading_day

__all__ = ["check_tables"]


def _refuse(what: str, expected: object, got: object, hint: str | None = None) -> NoReturn:
    raise InputError(what, expected=expected, got=got, hint=hint)


def _unique(what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if not name or count > 1:
            _refuse(f"{what} '{name}'", "a name that is not empty, and once", f"{count} times")


def _estimate(name: str, estimate: Estimate) -> None:
    row = (estimate.q10_bps, estimate.q50_bps, estimate.q90_bps)
    if not all(map(math.isfinite, (*row, estimate.mean_bps))) or not row[0] < row[1] < row[2]:
        _refuse(f"{name}: estimate", "finite, 10 % < 50 % < 90 % quantile", f"{estimate.mean_bps}, {row}")


def _parent(tables: Tables, parent: Parent) -> None:
    name = f"parent '{parent.order_id}'"
    if parent.symbol not in tables.instruments:
        _refuse(f"{name}: symbol", "one of the instruments", parent.symbol, nearest(parent.symbol, tables.instruments))
    if not 0 < parent.quantity <= MAX_QUANTITY:
        _refuse(f"{name}: quantity", f"1 to {MAX_QUANTITY}", parent.quantity)
    if int(parent.side) not in (1, -1):
        _refuse(f"{name}: side", "+1 or -1", parent.side)
    if not parent.decided <= parent.start < parent.end:
        _refuse(f"{name}: times", "decided <= start < end", f"{parent.decided}, {parent.start}, {parent.end}")
    if parent.decision2 <= 0 or parent.arrival2 <= 0 or parent.end2 < 0:
        got = f"{parent.decision2}, {parent.arrival2}, {parent.end2}"
        _refuse(f"{name}: decision, arrival, end price", "above 0, above 0, from 0 half ticks", got)
    if parent.limit is not None and parent.limit <= 0:
        _refuse(f"{name}: limit", "above 0 ticks", parent.limit)
    if not (math.isfinite(parent.rate) and parent.rate > 0):
        _refuse(f"{name}: rate into {tables.currency}", "above 0", parent.rate)
    currency = tables.instruments[parent.symbol].currency
    if currency != tables.currency and parent.rate == 1.0:
        _refuse(f"{name}: rate", f"the value of one {currency} in {tables.currency}", "1.0, which is none")
    if parent.estimate is not None:
        _estimate(name, parent.estimate)


def _child(child: Child, parents: Mapping[str, Parent]) -> None:
    name = f"child '{child.child_id}'"
    if child.parent_id not in parents:
        _refuse(f"{name}: parent", "a known order", f"'{child.parent_id}'", nearest(child.parent_id, parents))
    if not child.venue or child.kind is PlaceKind.NONE:
        _refuse(f"{name}: venue", "a name and a kind", f"'{child.venue}', {child.kind.name}")
    if not 0 <= child.filled <= child.quantity:
        _refuse(f"{name}: quantity and filled", "0 <= filled <= quantity", f"{child.quantity}, {child.filled}")
    start = parents[child.parent_id].start
    if child.sent < start:
        _refuse(f"{name}: sent", f"not before its parent's start {start}", child.sent)
    if child.answered is not None and child.answered < child.sent:
        _refuse(f"{name}: answered", f"not before it was sent {child.sent}", child.answered)
    if child.held is not None and child.held < 0:
        _refuse(f"{name}: held", "from 0 ns", child.held)
    _quote(name, child)


def _quote(name: str, child: Child) -> None:
    """Check the fields of a line of a request for quotes."""
    if child.rejected and child.filled:
        _refuse(f"{name}: filled", "0, as it was rejected", child.filled)
    for what, price in (("price", child.price), ("quoted", child.quoted2), ("cover", child.cover2)):
        if price is not None and price <= 0:
            _refuse(f"{name}: {what} price", "above 0", price)
    asked = child.accepted or child.quoted2 is not None or child.cover2 is not None
    if asked and not child.rfq_id:
        _refuse(f"{name}: request for quotes", "an rfq_id, as it has a quote", "none")
    if child.rfq_id and child.kind is not PlaceKind.DEALER:
        _refuse(f"{name}: kind of the asked venue", "DEALER", child.kind.name)
    if child.accepted and child.quoted2 is None:
        _refuse(f"{name}: quoted price", "a price, as it was accepted", "none")
    if child.rfq_id and not child.accepted and child.filled:
        _refuse(f"{name}: filled", "0, as the quote was not accepted", child.filled)


def _records(name: str, rows: np.ndarray, dtype: np.dtype[np.void]) -> None:
    if rows.dtype != dtype:
        _refuse(f"{name}: columns", ", ".join(dtype.names or ()), ", ".join(rows.dtype.names or (str(rows.dtype),)))
    back = np.flatnonzero(np.diff(rows["time"]) < 0)
    if len(back):
        i = int(back[0])
        _refuse(f"{name}: times", f"ascending after row {i}", f"{rows['time'][i]}, then {rows['time'][i + 1]}")


def _first(name: str, rows: np.ndarray, bad: np.ndarray, expected: str, *shown: str) -> None:
    """Refuse the first bad row, naming it by its journal number."""
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        got = ", ".join(f"{column} {rows[column][i]}" for column in shown)
        _refuse(f"{name} row {i} (journal {rows['seq'][i]})", expected, got)


def _fills(tables: Tables) -> None:
    rows = tables.fills
    _records("fills", rows, FILLS)
    lost = (rows["child"] < 0) | (rows["child"] >= len(tables.children))
    _first("fills", rows, lost, f"a child row from 0 to {len(tables.children) - 1}", "child")
    _first("fills", rows, rows["quantity"] <= 0, "a quantity above 0", "quantity")
    _first("fills", rows, (rows["price2"] <= 0) | (rows["mid2"] < 0), "prices above 0", "price2", "mid2")
    _first("fills", rows, ~np.isfinite(rows["fee"]), "a finite fee", "fee")
    known = np.isfinite(rows["untouched2"])
    _first("fills", rows, np.isinf(rows["untouched2"]) | (known & (rows["untouched2"] <= 0)), "a mid above 0, or NaN",
           "untouched2")  # fmt: skip
    between = known & (rows["estimated"] == 0) & (rows["untouched2"] != np.floor(rows["untouched2"]))
    _first("fills", rows, between, "whole half ticks, as it is not estimated", "untouched2")
    _first("fills", rows, rows["liquidity"] > max(Liquidity), "0 unknown, 1 maker or 2 taker", "liquidity")
    sent = np.array([child.sent for child in tables.children], np.int64)
    if len(rows):
        _first("fills", rows, rows["time"] < sent[rows["child"]], "a time not before its child was sent", "time")


def _conserved(tables: Tables) -> None:
    """Check that the fills of each child are what it says, and those of each parent no more than ordered."""
    done: dict[int, int] = defaultdict(int)
    for row, quantity in zip(tables.fills["child"].tolist(), tables.fills["quantity"].tolist(), strict=True):
        done[row] += quantity
    ordered: dict[str, int] = defaultdict(int)
    for i, child in enumerate(tables.children):
        if done[i] != child.filled:
            _refuse(f"child '{child.child_id}': filled", f"{done[i]}, the sum of its fills", child.filled)
        ordered[child.parent_id] += child.filled
    for parent in tables.parents:
        filled = ordered[parent.order_id]
        if filled > parent.quantity:
            _refuse(f"parent '{parent.order_id}': filled", f"at most the {parent.quantity} ordered", filled)
        if filled < parent.quantity and not parent.end2:
            _refuse(f"parent '{parent.order_id}': end price", "a price, as it is not complete", 0)


def _tape(key: tuple[str, str], tables: Tables) -> None:
    symbol, day = key
    name, tape = f"{symbol} {day}", tables.tapes[key]
    if symbol not in tables.instruments:
        _refuse(f"tape {name}: symbol", "one of the instruments", symbol, nearest(symbol, tables.instruments))
    _records(f"quotes {name}", tape.quotes, QUOTES)
    _records(f"prints {name}", tape.prints, PRINTS)
    quotes, prints = tape.quotes, tape.prints
    _first(f"quotes {name}", quotes, (quotes["bid"] < 0) | (quotes["ask"] < 0), "prices from 0", "bid", "ask")
    _first(f"prints {name}", prints, (prints["quantity"] < 0) | (prints["price2"] <= 0), "quantity from 0, price above",
           "quantity", "price2")  # fmt: skip
    _first(f"prints {name}", prints, (prints["own"] < 0) | (prints["own"] > prints["quantity"]),
           "own shares from 0 to its quantity", "own", "quantity")  # fmt: skip


def _snapshots(tables: Tables) -> None:
    """Check that every fill on a tape of snapshots has one of its own."""
    if not any(tape.snapshots for tape in tables.tapes.values()):
        return
    symbols = {parent.order_id: parent.symbol for parent in tables.parents}
    taken = {key: set(tape.quotes["time"].tolist()) for key, tape in tables.tapes.items() if tape.snapshots}
    for i, (child, time) in enumerate(zip(tables.fills["child"].tolist(), tables.fills["time"].tolist(), strict=True)):
        symbol = symbols[tables.children[child].parent_id]
        key = symbol, trading_day(tables.instruments[symbol], time)
        if key in taken and time not in taken[key]:
            _refuse(f"fills row {i} (journal {tables.fills['seq'][i]})", "a snapshot of the quotes at its time", time)


def check_tables(tables: Tables) -> Tables:
    """Return `tables` if they can be; InputError with the first row that cannot, OrderError for an empty set."""
    if not tables.parents:
        raise OrderError("orders to analyse", expected="at least one parent", got=0)
    _unique("parent", (parent.order_id for parent in tables.parents))
    _unique("child", (child.child_id for child in tables.children))
    for parent in tables.parents:
        _parent(tables, parent)
    known = {parent.order_id: parent for parent in tables.parents}
    for child in tables.children:
        _child(child, known)
    _fills(tables)
    _conserved(tables)
    for key in tables.tapes:
        _tape(key, tables)
    _snapshots(tables)
    return tables
