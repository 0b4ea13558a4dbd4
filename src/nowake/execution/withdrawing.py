"""Withdrawals: what a look takes back from the venues, and what may rest no longer, whoever's order it is."""

# mypy: disable-error-code="no-untyped-def"
from nowake.core.intent import OrderKind, Origin
from nowake.core.jit import inline, kernel
from nowake.execution.desk_state import CHILDREN, Act, Hands, Stage
from nowake.risk.usage import spend

__all__ = ["obey", "rests", "withdraw", "withdraw_all", "withdraw_one"]

_FREE, _CANCELLING, _WITHDRAW = int(Stage.FREE), int(Stage.CANCELLING), int(Act.CANCEL)
_HUMAN, _PERSON = int(Hands.HUMAN), int(Origin.HUMAN)
_LIMIT, _POST, _PEG = int(OrderKind.LIMIT), int(OrderKind.POST_ONLY), int(OrderKind.MID_PEG)


@inline
def rests(kind):
    """Tell whether a child of this kind waits."""
    return kind == _LIMIT or kind == _POST or kind == _PEG


@kernel
def withdraw(d, kids, working, usages, i, row, sends, n):
    """Ask for the withdrawal of the child in `row`; returns how many sends there are then."""
    k, w, s = kids[row], working[row], sends[n]
    k.stage = _CANCELLING
    s.act, s.id, s.venue, s.side, s.parent, s.row = _WITHDRAW, w.id, w.venue, d.side, i, row
    s.price, s.quantity, s.minimum, s.decision, s.asked, s.score = w.price, w.leaves, 0, k.decision, 0, 0.0
    s.kind, s.tactic, s.origin, s.reason = w.kind, k.tactic, k.origin, k.reason
    spend(usages, i, w.venue)
    return n + 1


@kernel
def withdraw_all(d, kids, working, usages, i, sends, n):
    """Ask for the withdrawal of every child that rests."""
    for row in range(i * CHILDREN, (i + 1) * CHILDREN):
        if kids[row].stage != _FREE and kids[row].stage != _CANCELLING and rests(working[row].kind):
            n = withdraw(d, kids, working, usages, i, row, sends, n)
    return n


@kernel
def obey(d, kids, working, usages, i, standing, sends, n):
    """Withdraw what may rest no longer, whoever's order it is: barred, beyond the limit, left when a person took over.

    Returns (sends, shares that rest).
    """
    theirs = d.hands == _HUMAN and d.keep == 0
    for row in range(i * CHILDREN, (i + 1) * CHILDREN):
        k, w = kids[row], working[row]
        if k.stage == _FREE or k.stage == _CANCELLING or not rests(w.kind):
            continue
        barred = (d.barred >> w.venue) & 1 != 0
        beyond = d.limit != 0 and d.side * (w.price - d.limit) > 0
        if barred or beyond or (theirs and k.origin != _PERSON):
            standing -= w.leaves
            n = withdraw(d, kids, working, usages, i, row, sends, n)
    return n, standing


@kernel
def withdraw_one(desk, kids, working, usages, i, row, sends):
    """Ask for the withdrawal of the child in `row` of parent `i` in sends[0]; returns 1."""
    return withdraw(desk[i], kids, working, usages, i, row, sends, 0)
