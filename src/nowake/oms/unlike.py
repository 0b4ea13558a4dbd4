"""What journal and venue differ in after a crash, and what people have said of it.

A recovery that cannot make both agree writes down every difference (`Unclean`), and nothing is traded. People look, and
release by name those that they accept (`UncleanReleased`). A difference is named by a digest of what it is, so what was
not there when they looked is not released. An accepted one stays: its shares are held back from the order that it is
of, its order is left alone or only asked to go away, and `oms verify` and `oms positions` tell of it.
"""

from hashlib import blake2b
from typing import Any

import msgspec

from nowake.core.values import Side
from nowake.oms import identifiers
from nowake.oms.events import Unclean, UncleanReleased, Unlike
from nowake.oms.orders import exposure
from nowake.oms.states import CLOSED
from nowake.oms.tree import Accepted, Alert, Tree

__all__ = [
    "SHARES", "STANDING", "STRANGER", "held", "in_doubt", "named", "refused", "released", "row", "standing_of",
    "words_of",
]  # fmt: skip

STRANGER = "stranger"  # an order at a venue that nobody here can have sent
SHARES = "shares"  # an order that is over, with other shares at its venue than in the journal
STANDING = "standing"  # an order that may still trade although its cancel was asked for
_MEANS = {
    STRANGER: "nobody here can have sent it: it is somebody else's, or of a part of the journal that is lost",
    SHARES: "it is over at the venue with other shares than the journal has: words of the venue are lost, or too many",
    STANDING: "it does not go away: it may trade at any time",
}


def named(found: Unlike) -> Unlike:
    """Return a difference with its name: a digest of what it is, of `SHARES` with both counts."""
    what: tuple[Any, ...] = (found.kind, found.order, found.venue, found.side, found.quantity)
    if found.kind == SHARES:
        what += (found.ours, found.theirs)
    return msgspec.structs.replace(found, id="D" + blake2b(repr(what).encode(), digest_size=5).hexdigest())


def row(found: Unlike, accepted: Accepted | None = None) -> dict[str, Any]:
    """Return a difference as people and programs read it; `ours` None: the journal does not know the order."""
    ours = None if found.kind == STRANGER else found.ours
    shown: dict[str, Any] = {
        "difference": found.id, "kind": found.kind, "order_id": _order(found), "venue": found.venue,
        "side": str(Side(found.side)), "quantity": found.quantity, "ours": ours, "venue_has": found.theirs,
        "state": found.state, "means": _MEANS.get(found.kind, found.kind),
    }  # fmt: skip
    if accepted is not None:
        shown |= {"who": accepted.who, "second": accepted.second, "why": accepted.why}
    return shown


def words_of(found: Unlike) -> str:
    """Return a difference in words."""
    ours = "none" if found.kind == STRANGER else f"{found.ours:,}"
    order = f"{_order(found)} at {found.venue or '?'}, {Side(found.side)} {found.quantity:,}"
    filled = f"{ours} filled in the journal, {found.theirs:,} at the venue, where it is {found.state}"
    return f"{found.id}: order {order}, {filled}: {_MEANS.get(found.kind, found.kind)}"


def _order(found: Unlike) -> str:
    return str(found.order) if found.kind == STRANGER else identifiers.text(found.order)


def held(tree: Tree, parent: int) -> int:
    """Return the shares of a parent that are held back: a venue may have done them, or still do."""
    return sum(_held(tree, one.what, parent) for one in tree.accepted.values())


def _held(tree: Tree, found: Unlike, parent: int) -> int:
    child = tree.children.get(found.order)
    if child is None or child.parent != parent or found.kind == STRANGER:
        return 0
    return exposure(child) if found.kind == STANDING else max(0, found.theirs - child.filled)


def standing_of(tree: Tree, parent: int) -> int:
    """Return the shares of a parent that work in orders which people have accepted as they are."""
    return sum(
        _held(tree, one.what, parent)
        for one in tree.accepted.values()
        if one.what.kind == STANDING and not CLOSED[tree.children[one.what.order].state]
    )


def in_doubt(tree: Tree) -> list[dict[str, Any]]:
    """Return what accepted differences mean for positions: shares (with the side's sign) that these do not have."""
    found = []
    for one in tree.accepted.values():
        child = tree.children.get(one.what.order)
        ours, parent = (child.filled, tree.parents[child.parent]) if child is not None else (0, None)
        theirs = ours if one.what.kind == STANDING else one.what.theirs
        found.append({
            **row(one.what, one), "account": parent.account if parent else None,
            "symbol": parent.symbol if parent else None, "shares": one.what.side * (theirs - ours),
            "works": exposure(child) if child is not None else 0,
        })  # fmt: skip
    return found


def refused(tree: Tree, event: Unclean) -> Alert | None:
    """Note what a recovery could not make agree; nothing: it has come clean."""
    tree.unclean = {one.id: one for one in event.found if one.id not in tree.accepted}
    if not tree.unclean:
        return None
    names = ", ".join(tree.unclean)
    return tree.alert("unclean", event.found[0].order, f"journal and venue differ: {names}", applied=True)


def released(tree: Tree, event: UncleanReleased) -> Alert | None:
    """Accept differences that the last recovery has refused, all that are named or none."""
    wrong = _wrong(tree, event)
    if wrong:
        return tree.alert(
            "release", 0, f"release of {', '.join(event.differences) or 'nothing'}: {wrong}", applied=False
        )
    for name in event.differences:
        what = tree.unclean.pop(name)
        tree.accepted[name] = Accepted(what, event.who, event.second, event.why, event.time)
    return None


def _wrong(tree: Tree, event: UncleanReleased) -> str:
    if not event.who or not event.why or not event.second or event.who == event.second:
        return "two people release it, and say why"
    unknown = [name for name in event.differences if name not in tree.unclean]
    if not event.differences or unknown:
        return f"not open: {', '.join(unknown)}"
    return ""
