"""The children of a parent at a venue: what was sent, what the venue answered, and the shares that follow from it.

The readable counterpart of `ledger`, for orders that are worked through the `Venue` seam. At every instant
quantity = filled + working + unplaced; a child that is being withdrawn is working until the venue says that it is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from nowake.core.values import Side
from nowake.core.venue import Cancel, New, Venue, VenueEvent

__all__ = ["Child", "Children"]


@dataclass(slots=True)
class Child:
    """One order at a venue. `time` ns UTC and `mid` (ticks) are of when it was sent; `paid` in ticks x shares.

    `passive`: meant to rest; `maker` tells how many of the `filled` shares were filled resting. `why` in words.
    """

    order_id: int
    time: int
    mid: float
    venue: str | None
    kind: str
    price: int | None
    quantity: int
    leaves: int
    passive: bool
    why: str
    filled: int = 0
    maker: int = 0
    paid: float = 0.0
    fee: float = 0.0
    cancelling: bool = False
    reason: str | None = None


class Children:
    """The ledger of a parent of `quantity` shares, and the only place that sends for it."""

    def __init__(self, venue: Venue, side: Side, quantity: int) -> None:
        self._venue, self.side, self.quantity = venue, side, quantity
        self.every: list[Child] = []
        self.live: dict[int, Child] = {}
        self.fills: list[VenueEvent] = []
        self.filled = self.working = self.rejects = 0
        self.refused_in_row = 0

    @property
    def unplaced(self) -> int:
        """Shares that are neither filled nor working."""
        return self.quantity - self.filled - self.working

    def place(self, child: Child) -> None:
        """Send `child`; its id must be the next one, its quantity not above what is unplaced."""
        assert child.order_id == len(self.every) + 1
        assert 0 < child.quantity <= self.unplaced
        self.every.append(child)
        self.live[child.order_id] = child
        self.working += child.quantity
        self._venue.send(New(child.order_id, self.side, child.quantity, child.price, child.venue, child.kind))

    def cancel(self, child: Child) -> None:
        """Ask for the withdrawal of `child`, once."""
        if not child.cancelling:
            child.cancelling = True
            self._venue.send(Cancel(child.order_id))

    def hear(self) -> None:
        """Book what the venue says; an event about somebody else's order changes nothing."""
        self._book(self._venue.events())

    def _book(self, events: Iterable[VenueEvent]) -> None:
        for event in events:
            if not 0 < event.order_id <= len(self.every):
                continue
            child = self.every[event.order_id - 1]
            if event.kind == "fill":
                self._fill(child, event)
            elif event.kind in ("cancel", "expire"):
                self._release(child, event.reason)
            elif event.kind == "reject" and child.cancelling:
                child.cancelling = False  # asked again if it is still there
            elif event.kind == "reject" and child.leaves > 0:
                self.rejects += 1
                self.refused_in_row += 1
                self._release(child, event.reason)
            elif event.kind == "ack":
                self.refused_in_row = 0

    def _fill(self, child: Child, event: VenueEvent) -> None:
        self.fills.append(event)
        self.filled += event.quantity
        self.working -= min(event.quantity, child.leaves)
        child.leaves = max(child.leaves - event.quantity, 0)
        child.filled += event.quantity
        child.maker += event.quantity if event.liquidity == "maker" else 0
        child.paid += event.quantity * (event.price or 0.0)
        child.fee += event.fee
        if child.leaves == 0:
            self.live.pop(child.order_id, None)

    def _release(self, child: Child, reason: str | None) -> None:
        """A child is over: what it had open is unplaced again."""
        self.working -= child.leaves
        child.leaves, child.reason = 0, reason
        self.live.pop(child.order_id, None)
