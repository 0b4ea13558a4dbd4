"""Shares and money: a fill changes its child, its parent and a position by the same amounts, a bust takes them back."""

from nowake.oms.events import Allocated
from nowake.oms.orders import Child, Flag, Parent, exposure
from nowake.oms.states import CLOSED
from nowake.oms.tree import Alert, Allocation, Position, Tree

__all__ = ["allocate", "book", "expose", "holding", "wrong_allocation"]

_ACKED = int(Flag.ACKED)


def holding(tree: Tree, account: str, parent: Parent) -> Position:
    """Return the position of `account` in the parent's symbol, made if it is new."""
    key = (account, parent.symbol)
    held = tree.positions.get(key)
    if held is None:
        held = tree.positions[key] = Position(account, parent.symbol, parent.tick_size)
    return held


def book(tree: Tree, child: Child, quantity: int, money2: int, fee: int) -> None:
    """Add shares (negative: taken back), half ticks times shares and fee to child, parent and position."""
    parent = tree.parents[child.parent]
    for order in (child, parent):
        order.filled += quantity
        order.money2 += money2
        order.fee += fee
        order.flags |= _ACKED
    held = holding(tree, parent.account, parent)
    held.shares += parent.side * quantity
    held.cash2 -= parent.side * money2
    held.fee += fee


def expose(tree: Tree, child: Child) -> None:
    """Bring the parent's working shares and the list of open children in line with what has become of a child."""
    now = exposure(child)
    if now != child.exposure:
        tree.parents[child.parent].working += now - child.exposure
        child.exposure = now
    if CLOSED[child.state]:
        tree.open.pop(child.id, None)
    else:
        tree.open[child.id] = child


def wrong_allocation(tree: Tree, event: Allocated) -> str:
    """Return what is wrong with an allocation, or nothing."""
    parent = tree.parents.get(event.parent)
    if parent is None:
        return "of an unknown parent"
    names = [account for account, _ in event.rows]
    total = sum(shares for _, shares in event.rows)
    return (
        "before the parent is over" if not CLOSED[parent.state] or parent.working
        else "a second time" if parent.allocated
        else "to an account without a name" if not all(names)
        else "to one account twice" if len(set(names)) < len(names)
        else "of shares below 1" if any(shares < 1 for _, shares in event.rows)
        else f"of {total} shares, {parent.filled} are filled" if total != parent.filled or not total
        else ""
    )  # fmt: skip


def allocate(tree: Tree, event: Allocated) -> Alert | None:
    """Move a parent's shares to accounts at its average price; cash and fees are cut so that they add up exactly."""
    wrong, parent = wrong_allocation(tree, event), tree.parents.get(event.parent)
    total = sum(shares for _, shares in event.rows)
    if wrong or parent is None:
        return tree.alert("allocation", event.parent, f"an allocation {wrong}", applied=False)
    source, done, money_done, fee_done = holding(tree, parent.account, parent), 0, 0, 0
    for account, shares in event.rows:
        done += shares
        money2 = parent.money2 * done // total - money_done
        fee = parent.fee * done // total - fee_done
        money_done, fee_done = money_done + money2, fee_done + fee
        for held, sign in ((holding(tree, account, parent), 1), (source, -1)):
            held.shares += sign * parent.side * shares
            held.cash2 -= sign * parent.side * money2
            held.fee += sign * fee
        tree.allocations.append(Allocation(parent.id, account, parent.side * shares, -parent.side * money2, fee))
    parent.allocated = total
    return None
