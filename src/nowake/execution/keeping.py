"""Whoever keeps books of what a desk sends, before it leaves, and of what it hears, before that counts."""

from typing import Protocol

import msgspec

from nowake.core.intent import OrderKind
from nowake.core.values import Side
from nowake.core.venue import VenueEvent
from nowake.execution.path import Decided

__all__ = ["Bookkeeper", "Child", "NobodyKeeps"]


class Child(msgspec.Struct, frozen=True, gc=False):
    """A child as it leaves: `row` of the parent, `decision` its number there; prices in ticks, 0: none."""

    order_id: int
    row: int
    venue: str
    side: Side
    quantity: int
    price: int
    kind: OrderKind
    minimum: int
    decision: int
    tactic: int
    origin: int
    reason: int
    score: float
    time: int


class Bookkeeper(Protocol):
    """Whoever keeps books: what it refuses with an error does not leave."""

    def child(self, child: Child) -> None:
        """Write a child down; it leaves when this returns."""

    def asked(self, order_id: int) -> None:
        """Write down that the cancel of a child is asked for."""

    def event(self, event: VenueEvent) -> bool:
        """Write down what a venue said; False: it is told twice, or cannot be, and must not count."""

    def decided(self, decided: Decided) -> None:
        """Write a decision down."""


class NobodyKeeps:
    """Keeps nothing: for research."""

    def child(self, child: Child) -> None:
        """Do nothing."""

    def asked(self, order_id: int) -> None:
        """Do nothing."""

    def event(self, event: VenueEvent) -> bool:  # noqa: ARG002
        """Everything counts."""
        return True

    def decided(self, decided: Decided) -> None:
        """Do nothing."""
