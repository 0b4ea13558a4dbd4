"""The books of a live desk: every child, every question and every word of a venue goes into the journal first.

`Books` is the `Keeper` of `execution.live` over the order management. A venue's words keep its numbers:
`VenueSaid.fill` is the number of the event, and of a bust, whose `fill` names the execution that it takes back, the
number ends its reason.
So the number of the last word on disk is known after a crash (`last_number`), and the session asks for the rest.
Quotes, halts and outages are nobody's order and are not kept: hearing them again does no harm.
"""

from collections.abc import Callable, Sequence

from nowake.core.intent import OrderKind
from nowake.core.venue import VenueEvent
from nowake.execution.live import Child as Sent
from nowake.execution.path import Decided
from nowake.oms.events import Asked, ChildNew, Event, Garbled, VenueSaid, decode
from nowake.oms.journal.protocol import Journal
from nowake.oms.journal.writer import Ticket
from nowake.oms.keeper import Keeper
from nowake.oms.orders import Child, Flag, Standing
from nowake.oms.states import CLOSED, Act, State

__all__ = ["Books", "Witness", "last_number", "number_of"]

Witness = Callable[[Event, Ticket], None]
"""Told of each event that was handed to the journal, with its ticket."""

_ACTS = {
    "ack": Act.ACKED,
    "fill": Act.FILL_PART,
    "cancel": Act.CANCELED,
    "expire": Act.EXPIRED,
    "replace": Act.REPLACED,
}
_NOBODYS = ("quote", "halt", "outage")
_TRADES = ("fill", "correction")
_MARK = "event "
_NEAR = 1000  # events of a journal that are searched first for the last word of a venue


class Books:
    """Keeps the books of one desk: `parents` the order id of each row of it, `clock` gives ns UTC."""

    def __init__(
        self, keeper: Keeper, parents: Sequence[int], clock: Callable[[], int], witness: Witness | None = None,
        decisions: Callable[[Decided], None] | None = None,
    ) -> None:  # fmt: skip
        self.keeper, self.parents = keeper, parents
        self.last = 0  # number of the last word that was handed to the journal
        self._clock, self._witness, self._decisions = clock, witness, decisions

    def child(self, child: Sent) -> None:
        """Write a child down, in the keeper's mode; OrderError for one that must not leave."""
        new = ChildNew(
            self._clock(), child.order_id, self.parents[child.row], child.venue, int(child.side), child.quantity,
            child.price, int(child.kind), child.decision, child.decision, child.minimum,
        )  # fmt: skip
        ticket = self.keeper.place(new)
        if self._witness is not None:
            self._witness(new, ticket)

    def asked(self, order_id: int) -> None:
        """Write down that the cancel of a child is asked for, unless it is over."""
        if not CLOSED[self.keeper.oms.known(order_id).state]:
            self.record(Asked(self._clock(), order_id, Act.CANCEL_ASKED))

    def event(self, event: VenueEvent) -> bool:
        """Write down what a venue said; False where it is told twice or cannot be, so that it must not count."""
        if event.kind in _NOBODYS:
            return True
        oms = self.keeper.oms
        child = oms.children.get(event.order_id)
        if child is not None and child.kind == OrderKind.QUOTE and event.venue and event.kind not in _TRADES:
            return True  # a word of one dealer of several: the request goes on until the desk ends it
        said = self._said(event, child)
        self.last = max(self.last, event.event_id)
        if said is None:
            self.record(Garbled(self._clock(), str(event)[:500], "a venue's event that no order can hear"))
            return False
        before = oms.repeats, oms.quarantined
        self.record(said)
        return before == (oms.repeats, oms.quarantined)

    def decided(self, decided: Decided) -> None:
        """Hand a decision to the log of decisions, where there is one."""
        if self._decisions is not None:
            self._decisions(decided)

    def record(self, event: Event) -> Ticket:
        """Write an event down."""
        ticket = self.keeper.record(event)[1]
        if self._witness is not None:
            self._witness(event, ticket)
        return ticket

    def _said(self, event: VenueEvent, child: Child | None) -> VenueSaid | None:
        """Return the word for the journal; None for one that it has no place for."""
        act = self._act(event, child)
        if act is None:
            return None
        quantity, fill, reason = event.quantity, _name(event), event.reason or ""
        price2 = round(2 * (event.price or 0.0))
        if act is Act.BUSTED:
            meant = self._busted(event, child, price2)
            if meant is None:
                return None
            fill, reason = meant, f"{reason} {_MARK}{event.event_id}".strip()
        elif act is Act.REPLACED:
            quantity = event.leaves + (child.filled if child is not None else 0)
        return VenueSaid(
            self._clock(), event.order_id, act, quantity, price2, round(event.fee * 1e9), fill, event.venue or "",
            event.liquidity == "maker", event.time, reason,
        )  # fmt: skip

    def _act(self, event: VenueEvent, child: Child | None) -> Act | None:
        if event.kind == "correction":
            return Act.BUSTED
        if event.kind != "reject" or child is None:
            return Act.REJECTED if event.kind == "reject" else _ACTS.get(event.kind)
        if child.state == State.REJECTED:  # of the cancel that was on its way, or the same word again
            return Act.CANCEL_REFUSED if child.flags & Flag.CANCEL_PENDING else Act.REJECTED
        if child.flags & Flag.REPLACE_PENDING:
            return Act.REPLACE_REFUSED
        known = child.flags & Flag.ACKED or CLOSED[child.state]
        return Act.CANCEL_REFUSED if known else Act.REJECTED

    def _busted(self, event: VenueEvent, child: Child | None, price2: int) -> str | None:
        """Return the id of the execution that a correction takes back: the youngest that stands with its terms."""
        if child is None:
            return None
        terms, venue = (event.quantity, price2), event.venue or child.venue
        found = [
            fill.id
            for fill in self.keeper.oms.fills.get(venue, {}).values()
            if fill.child == child.id
            and fill.standing == Standing.BOOKED
            and terms in ((fill.quantity, fill.price2), (fill.quantity, 0))
        ]
        return found[-1] if found else None


def _name(event: VenueEvent) -> str:
    """Return what the journal knows an event by; its terms where its venue numbers nothing (ends that we say)."""
    if event.event_id:
        return str(event.event_id)
    return f"{event.order_id}.{event.time}.{event.leaves}" if event.kind == "fill" else ""


def number_of(event: Event) -> int:
    """Return the number that the venue gave to a journalled word; 0 for what has none."""
    if type(event) is not VenueSaid:
        return 0
    text = event.reason.rpartition(_MARK)[2] if event.act == Act.BUSTED else event.fill
    return int(text) if text.isdecimal() else 0


def last_number(journal: Journal, events: int) -> int:
    """Return the number of the last word of a venue among the `events` events of a journal; 0 if it has none.

    Words are journalled in the order of their numbers, so the search begins at the end, and looks ever further back.
    """
    reach, end = _NEAR, events
    while True:
        start = max(0, events - reach)
        found = 0
        for record in journal.replay(start):
            if record.sequence > end:
                break
            found = max(found, number_of(decode(record.payload)))
        if found or start == 0:
            return found
        end, reach = start, 16 * reach
