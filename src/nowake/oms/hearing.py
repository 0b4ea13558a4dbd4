"""What a venue says of a child: answers, fills known by their ids, busts and corrections, in any order."""

from collections.abc import Callable

from nowake.core.values import MAX_QUANTITY
from nowake.oms.booking import book, expose
from nowake.oms.entry import change_terms
from nowake.oms.events import VenueSaid
from nowake.oms.orders import Child, Fill, Standing, decide, judge, judge_fill, settle
from nowake.oms.states import CHILD_TABLE, CLOSED, PARENT_TABLE, Act, State, Verdict
from nowake.oms.tree import Alert, Tree

__all__ = ["hear"]

_HIGHEST = 2**41  # half ticks
_BOOKED, _BUSTED, _CORRECTED = int(Standing.BOOKED), int(Standing.BUSTED), int(Standing.CORRECTED)
_AWAITED = (int(Standing.BUST_FIRST), int(Standing.CORRECTION_FIRST))
_CHANGING = (Act.ACKED, Act.REPLACED, Act.REPLACE_REFUSED, Act.CANCEL_REFUSED, Act.SUSPENDED, Act.RESUMED)
_NOTHING = (Verdict.IGNORE, Verdict.QUARANTINE)


def hear(tree: Tree, event: VenueSaid) -> Alert | None:
    """Change a child, its parent and the positions by what a venue said, or say why not."""
    child, act = tree.children.get(event.order), event.act
    if child is None:
        return tree.alert("unknown", event.order, f"{act} of an order that nobody knows", applied=False)
    return _HEARERS[act](tree, child, event)


def _ours(tree: Tree, child: Child, event: VenueSaid) -> Alert:
    return tree.alert("impossible", child.id, f"a venue does not say {event.act}", applied=False)


def _word(tree: Tree, child: Child, event: VenueSaid) -> Alert | None:
    act = judge(child, event.act)
    verdict, to = decide(child, act, CHILD_TABLE, event.act)
    if verdict in _NOTHING:
        return tree.verdict(verdict, str(event.act), child)
    quantity, price = event.quantity, event.price2 // 2
    differs = act is Act.REPLACED and (quantity not in (0, child.asked_quantity) or price not in (0, child.asked_price))
    if differs and child.heard & (1 << Act.REPLACED) and (quantity, price) == (child.quantity, child.price):
        tree.repeats += 1  # of an earlier replacement: these terms stand already
        return None
    if differs and not (0 <= quantity <= MAX_QUANTITY and 0 <= price < _HIGHEST // 2):
        return tree.alert("terms", child.id, f"replaced by {quantity} shares at {price}", applied=False)
    if act in _CHANGING:
        change_terms(child, act, quantity, price)
    settle(child, act, to)
    expose(tree, child)
    if differs:
        return tree.alert("terms", child.id, f"replaced by {quantity} shares at {price}, not as asked", applied=True)
    if verdict is Verdict.ALERT:
        return tree.alert("unusual", child.id, f"{act} {event.reason}".strip(), applied=True)
    return None


def _terms(event: VenueSaid) -> str:
    """Return what is wrong with the terms of a fill, or nothing."""
    if not event.fill:
        return "without an id, so that a repeat could not be told"
    busted = event.act == Act.BUSTED
    if not busted and not (0 < event.quantity <= MAX_QUANTITY and 0 < event.price2 < _HIGHEST):
        return f"of {event.quantity} shares at {event.price2 / 2} ticks"
    return ""


def _fill(tree: Tree, child: Child, event: VenueSaid) -> Alert | None:
    fills = tree.fills.setdefault(event.venue or child.venue, {})
    known, quantity, price2 = fills.get(event.fill), event.quantity, event.price2
    if known is not None and known.standing not in _AWAITED:
        if (known.child, known.told_quantity, known.told_price2) != (child.id, quantity, price2):
            return tree.alert("fill", child.id, f"fill {event.fill} again, with other terms", applied=False)
        tree.repeats += 1
        return None
    wrong = _terms(event) or ("of another order" if known is not None and known.child != child.id else "")
    if wrong:
        return tree.alert("fill", child.id, f"a fill {wrong}", applied=False)
    act = judge_fill(child, quantity)
    verdict, to = decide(child, act, CHILD_TABLE)
    if verdict in _NOTHING:
        return tree.verdict(verdict, "a fill", child)
    parent = tree.parents[child.parent]
    parent_act = judge_fill(parent, quantity)
    _, parent_to = decide(parent, parent_act, PARENT_TABLE)
    before = child.state
    fills[event.fill] = Fill(
        child.id,
        event.fill,
        quantity,
        price2,
        event.fee,
        event.heard or event.time,
        event.maker,
        _BOOKED,
        quantity,
        price2,
    )
    book(tree, child, quantity, quantity * price2, event.fee)
    if child.lost:  # shares that stand again after all
        child.lost = min(child.lost, max(0, child.quantity - child.filled))
    settle(child, act, to)
    settle(parent, parent_act, parent_to)
    expose(tree, child)
    if known is not None:
        return _take_back(tree, child, fills[event.fill], known)
    if verdict is Verdict.ALERT or parent_act is Act.OVERFILL:
        return _told(tree, child, before, act, parent_act)
    return None


def _told(tree: Tree, child: Child, before: int, act: Act, parent_act: Act) -> Alert:
    """Return the alert of a fill that was booked although it should not have been."""
    if Act.OVERFILL in (act, parent_act):
        over = max(child.filled - child.quantity, 0)
        parent = tree.parents[child.parent]
        beyond = max(parent.filled - parent.quantity, 0)
        return tree.alert(
            "overfill", child.id, f"{over} shares more than the order, {beyond} more than its parent", applied=True
        )
    return tree.alert("late fill", child.id, f"a fill of an order that is {State(before)}", applied=True)


def _undo(tree: Tree, child: Child, event: VenueSaid) -> Alert | None:
    wrong = _terms(event)
    if wrong:
        return tree.alert("fill", child.id, f"{event.act} {wrong}", applied=False)
    fills = tree.fills.setdefault(event.venue or child.venue, {})
    known, busted = fills.get(event.fill), event.act == Act.BUSTED
    verdict, to = decide(child, event.act, CHILD_TABLE)
    if verdict in _NOTHING:
        return tree.verdict(verdict, str(event.act), child)
    if known is None or (known.child == child.id and known.standing in _AWAITED):
        return _await(tree, child, event, known)
    if known.child != child.id or (known.standing == _BUSTED and not busted):
        return tree.alert("fill", child.id, f"{event.act} of fill {event.fill}, which is not there", applied=False)
    terms = (0, known.price2, 0) if busted else (event.quantity, event.price2, event.fee)
    if terms == (known.quantity, known.price2, known.fee):
        tree.repeats += 1
        return None
    return _change(tree, child, known, event.act, terms, to)


def _await(tree: Tree, child: Child, event: VenueSaid, known: Fill | None) -> Alert | None:
    """Keep a bust or correction that came before its fill."""
    if known is not None and known.standing == Standing.BUST_FIRST:
        tree.repeats += 1
        return None
    busted = event.act == Act.BUSTED
    tree.fills[event.venue or child.venue][event.fill] = Fill(
        child.id, event.fill, 0, event.price2, 0, event.heard or event.time, event.maker,
        int(Standing.BUST_FIRST if busted else Standing.CORRECTION_FIRST), event.quantity, event.fee,
    )  # fmt: skip
    return tree.alert("early", child.id, f"{event.act} of fill {event.fill}, which is not there yet", applied=True)


def _take_back(tree: Tree, child: Child, fill: Fill, awaited: Fill) -> Alert:
    """Apply to a fill, just booked, what was told of it before it came."""
    act = Act.BUSTED if awaited.standing == Standing.BUST_FIRST else Act.CORRECTED
    # Of what is awaited, the told terms hold the new quantity and fee.
    terms = (0, fill.price2, 0) if act == Act.BUSTED else (awaited.told_quantity, awaited.price2, awaited.told_price2)
    return _change(tree, child, fill, act, terms, decide(child, act, CHILD_TABLE)[1])


def _change(tree: Tree, child: Child, fill: Fill, act: Act, terms: tuple[int, int, int], to: int) -> Alert:
    """Give a booked fill other terms: quantity (0: busted), half ticks, fee."""
    quantity, price2, fee = terms
    more = quantity - fill.quantity
    book(tree, child, more, quantity * price2 - fill.quantity * fill.price2, fee - fill.fee)
    if not CLOSED[child.state]:
        child.lost = max(0, child.lost - more) if more < 0 else min(child.lost, max(0, child.quantity - child.filled))
    fill.quantity, fill.price2, fill.fee = terms
    fill.standing = _BUSTED if act == Act.BUSTED else _CORRECTED
    parent = tree.parents[child.parent]
    settle(child, act, to)
    settle(parent, act, decide(parent, act, PARENT_TABLE)[1])
    expose(tree, child)
    late = " after its allocation" if parent.allocated else ""
    return tree.alert(str(act), child.id, f"fill {fill.id} is {act}: {more:+d} shares{late}", applied=True)


_KINDS = {
    _fill: (Act.FILL_PART, Act.FILL_REST, Act.OVERFILL),
    _undo: (Act.BUSTED, Act.CORRECTED),
    _ours: (Act.RELEASED, Act.CANCEL_ASKED, Act.REPLACE_ASKED, Act.CONTRADICTED),
}
_HEARERS: tuple[Callable[[Tree, Child, VenueSaid], Alert | None], ...] = tuple(
    next((hearer for hearer, acts in _KINDS.items() if act in acts), _word) for act in Act
)
