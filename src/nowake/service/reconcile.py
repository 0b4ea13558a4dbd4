"""Reconciliation: what the drop copy says of our orders against what the journal says, word by word, all the time.

The drop copy hears every own event with its number. A word that the journal has passed (its number is not above the
last one kept) must be there: the same order, the same shares, the same price. What differs is a `Difference`; it never
changes anything, and whoever trades stops.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from nowake.core.intent import OrderKind
from nowake.core.venue import OrderStatus, VenueEvent
from nowake.oms.orders import Fill, Standing
from nowake.oms.states import CLOSED
from nowake.oms.tree import Tree

__all__ = ["OVER", "Difference", "DropCopy", "standing"]

OVER = ("filled", "cancelled", "expired", "rejected", "quoted")
"""States of `OrderStatus` in which nothing of the order can trade any more; a quote that nobody took is one."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A word of the venue, by number, that the journal holds otherwise or not at all."""

    number: int
    order_id: int
    what: str


class DropCopy:
    """Compares fills and orders of a drop session with a tree; words are let go once the journal has passed them."""

    def __init__(self) -> None:
        self.waiting: list[VenueEvent] = []
        self.checked = 0
        self.found: list[Difference] = []

    def take(self, events: Iterable[VenueEvent]) -> None:
        """Take in what the drop session has said, in its order."""
        self.waiting += events

    def compare(self, tree: Tree, last: int) -> list[Difference]:
        """Return what is different in the words up to number `last`, that the journal has passed; none: all is well.

        A fill that a later word has busted is right where it stands with no shares.
        """
        ready = [event for event in self.waiting if event.event_id <= last]
        if not ready:
            return []
        self.waiting = self.waiting[len(ready) :]
        found = [one for event in ready if (one := _differs(tree, event)) is not None]
        self.checked += len(ready)
        self.found += found
        return found


def _differs(tree: Tree, event: VenueEvent) -> Difference | None:
    if event.kind not in ("ack", "fill", "cancel", "expire", "replace"):
        return None
    child = tree.children.get(event.order_id)
    if child is None and event.order_id in tree.looked_at():
        return None
    if child is None:
        return Difference(event.event_id, event.order_id, f"{event.kind} of an order that the journal does not know")
    asked = child.kind == OrderKind.QUOTE  # what a dealer says but for fills is not the end of a request
    if event.kind in ("cancel", "expire") and not asked and not CLOSED[child.state]:
        return Difference(event.event_id, child.id, f"{event.kind} of an order that the journal has open")
    if event.kind != "fill":
        return None
    fill = tree.fills.get(event.venue or child.venue, {}).get(str(event.event_id))
    if fill is None:
        return Difference(event.event_id, child.id, f"a fill of {event.quantity} shares is missing")
    return None if _same(fill, event) else Difference(event.event_id, child.id, f"a fill is {fill}, not {event}")


def _same(fill: Fill, event: VenueEvent) -> bool:
    told = (fill.child, fill.told_quantity, fill.told_price2)
    wanted = (event.order_id, event.quantity, round(2 * (event.price or 0.0)))
    return told == wanted and fill.standing in (Standing.BOOKED, Standing.BUSTED, Standing.CORRECTED)


def standing(orders: Iterable[OrderStatus]) -> list[OrderStatus]:
    """Return the orders that may still trade at their venue: on their way, working, or a quote that was taken."""
    return [order for order in orders if order.state not in OVER]
