"""The order management system: `Oms.apply` is the only way its tree changes, and it is deterministic.

The same events in the same order give the same tree, so replaying the journal rebuilds it. An event that cannot be is
quarantined: counted and alerted, and nothing else changes.
"""

from collections.abc import Callable
from typing import Any

from nowake.oms import entry, unlike
from nowake.oms.booking import allocate
from nowake.oms.events import (
    Allocated,
    Arrived,
    Asked,
    BasketNew,
    ChildAdopted,
    ChildNew,
    Control,
    Event,
    Garbled,
    IdsReserved,
    KillPressed,
    KillReleased,
    ParentNew,
    ParentSaid,
    PolicyLoaded,
    Projection,
    RecoveryNote,
    Retired,
    Started,
    Unclean,
    UncleanReleased,
    VenueSaid,
)
from nowake.oms.hearing import hear
from nowake.oms.tree import Alert, Block, Kill, Tree

__all__ = ["Oms"]


class Oms(Tree):
    """The tree of orders, and the one way to change it."""

    def apply(self, event: Event) -> Alert | None:
        """Apply an event; None if there is nothing to say, an alert whose `applied` says whether it was taken."""
        self.sequence += 1
        self.time = event.time
        return _HANDLERS[type(event)](self, event)


def _started(tree: Tree, event: Started) -> Alert | None:
    if event.epoch <= tree.epoch:
        return tree.alert("epoch", 0, f"epoch {event.epoch} after {tree.epoch}", applied=False)
    tree.instance, tree.epoch = event.instance, event.epoch
    return None


def _reserved(tree: Tree, event: IdsReserved) -> Alert | None:
    last = tree.blocks[-1].last if tree.blocks else 0
    if not last < event.first <= event.last:
        return tree.alert("ids", 0, f"ids {event.first} to {event.last} after {last}", applied=False)
    tree.blocks.append(Block(event.first, event.last, event.parent))
    return None


def _pressed(tree: Tree, event: KillPressed) -> Alert | None:
    tree.kills[event.scope] = Kill(event.scope, event.level, event.who, event.why, event.time)
    return None


def _released(tree: Tree, event: KillReleased) -> Alert | None:
    if event.scope not in tree.kills:
        return tree.alert("kill", 0, f"{event.scope} is not pressed", applied=False)
    if not event.who or not event.second or event.who == event.second:
        return tree.alert("kill", 0, f"{event.scope}: two people release it, not {event.who!r} alone", applied=False)
    del tree.kills[event.scope]
    return None


def _loaded(tree: Tree, event: PolicyLoaded) -> Alert | None:
    tree.policies[event.kind] = (event.name, event.digest)
    return None


def _counted(tree: Tree, event: Event) -> Alert | None:
    """Count what is kept for people alone."""
    name = type(event).__name__
    tree.counts[name] = tree.counts.get(name, 0) + 1
    return None


def _controlled(tree: Tree, event: Control) -> Alert | None:
    tree.controls.append(event)
    return _counted(tree, event)


def _garbled(tree: Tree, event: Garbled) -> Alert | None:
    return tree.alert("garbled", 0, f"{event.why}: {event.text}", applied=False)


_HANDLERS: dict[type[Event], Callable[[Any, Any], Alert | None]] = {
    Started: _started,
    IdsReserved: _reserved,
    Arrived: entry.arrived,
    BasketNew: entry.basket_new,
    ParentNew: entry.parent_new,
    ParentSaid: entry.parent_said,
    ChildNew: entry.child_new,
    ChildAdopted: entry.adopt,
    Asked: entry.ask,
    VenueSaid: hear,
    Allocated: allocate,
    Control: _controlled,
    KillPressed: _pressed,
    KillReleased: _released,
    PolicyLoaded: _loaded,
    Projection: _counted,
    RecoveryNote: _counted,
    Retired: _counted,
    Unclean: unlike.refused,
    UncleanReleased: unlike.released,
    Garbled: _garbled,
}
