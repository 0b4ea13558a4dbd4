"""Conservation: child fills = parent fills = position = cash, counted afresh from the fills themselves."""

from collections import defaultdict
from typing import Any

from nowake.oms.orders import exposure
from nowake.oms.states import CLOSED
from nowake.oms.tree import Tree

__all__ = ["differences"]

Sums = dict[Any, list[int]]


def _sums() -> Sums:
    return defaultdict(lambda: [0, 0, 0])


def _add(sums: Sums, key: Any, *amounts: int) -> None:
    sums[key] = [a + b for a, b in zip(sums[key], amounts, strict=True)]


def differences(tree: Tree) -> list[dict[str, Any]]:
    """Return every sum that does not hold, as what, which, expected, got; empty if all is conserved."""
    children, parents, positions = _sums(), _sums(), _sums()
    for fill in tree.every_fill():
        child = tree.children[fill.child]
        parent = tree.parents[child.parent]
        money2, fee = fill.quantity * fill.price2, fill.fee if fill.quantity else 0
        _add(children, child.id, fill.quantity, money2, fee)
        _add(parents, parent.id, fill.quantity, money2, fee)
        sign = parent.side
        _add(positions, (parent.account, parent.symbol), sign * fill.quantity, -sign * money2, fee)
    for moved in tree.allocations:
        parent = tree.parents[moved.parent]
        _add(positions, (moved.account, parent.symbol), moved.shares, moved.cash2, moved.fee)
        _add(positions, (parent.account, parent.symbol), -moved.shares, -moved.cash2, -moved.fee)
    found: list[dict[str, Any]] = []
    for what, orders, sums in (("child", tree.children, children), ("parent", tree.parents, parents)):
        for number, order in orders.items():
            _compare(found, f"{what} filled, money, fee", number, sums[number], [order.filled, order.money2, order.fee])
    for key in positions.keys() | tree.positions.keys():
        held = tree.positions.get(key)
        got = [held.shares, held.cash2, held.fee] if held else [0, 0, 0]
        _compare(found, "position shares, cash, fee", "/".join(key), positions[key], got)
    return found + _working(tree)


def _compare(found: list[dict[str, Any]], what: str, which: Any, expected: list[int], got: list[int]) -> None:
    if expected != got:
        found.append({"what": what, "which": which, "expected": expected, "got": got})


def _working(tree: Tree) -> list[dict[str, Any]]:
    """Return where working shares, or the list of open children, do not follow from the children."""
    found: list[dict[str, Any]] = []
    for parent in tree.parents.values():
        expected = [sum(exposure(tree.children[number]) for number in parent.children)]
        _compare(found, "parent working", parent.id, expected, [parent.working])
    alive = sorted(number for number, child in tree.children.items() if not CLOSED[child.state])
    _compare(found, "open children", "all", alive, sorted(tree.open))
    return found
