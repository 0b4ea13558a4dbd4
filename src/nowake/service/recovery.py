"""Coming back: after a crash the journal and the venue must say the same before anything new is traded.

The journal has been replayed, and the session hears every word since the last one that is in it. Then, until both
agree: an order at the venue that the journal does not know is adopted where its id lies in a block that was reserved
for one of our parents (it was sent just before the crash), and flagged where not; what stands is withdrawn, since the
plan that wanted it is gone; a child that never reached its venue ends. `recover` returns what it did.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from nowake.core.errors import NowakeError
from nowake.core.intent import OrderKind
from nowake.core.times import SECOND
from nowake.core.venue import Cancel, OrderStatus, VenueEvent
from nowake.oms.events import ChildAdopted, RecoveryNote, VenueSaid
from nowake.oms.orders import Child, Flag
from nowake.oms.states import Act
from nowake.service.bookkeeping import Books
from nowake.service.reconcile import OVER, standing
from nowake.service.venue_client import SocketVenue

__all__ = ["Recovered", "UncleanError", "recover"]

_LOOK = 0.02  # s between two looks at the venue


class UncleanError(NowakeError):
    """Journal and venue do not agree, and it is for people to say why: nothing is traded."""


@dataclass(slots=True)
class Recovered:
    """What a recovery found and did, by order id; `heard` words since the last one in the journal."""

    heard: int = 0
    adopted: list[int] = field(default_factory=list)
    flagged: list[int] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.heard} words heard, {len(self.adopted)} orders adopted, {len(self.flagged)} flagged, "
            f"{len(self.withdrawn)} withdrawn, {len(self.ended)} ended that never arrived"
        )


def recover(books: Books, venue: SocketVenue, clock: Callable[[], int], patience: float = 20.0) -> Recovered:
    """Make journal and venue agree, nothing of ours standing; what was found is on disk when this returns.

    UncleanError for orders that nobody here can have sent, and where the venue does not come to rest within
    `patience` s.
    """
    one = _Recovery(books, venue, clock)
    for _ in range(max(2, round(patience / _LOOK))):
        if one.step():
            books.record(RecoveryNote(clock(), str(one.found))).wait()
            return one.found
        _pause(venue)
    left = ", ".join(map(str, books.keeper.oms.open)) or "none in the journal"
    raise UncleanError(f"the venue did not come to rest within {patience:g} s: open orders {left}")


def _pause(venue: SocketVenue) -> None:
    """Wait a moment; where the venue's clock follows its client, let it run."""
    if venue.welcome.speed:
        venue.wait(_LOOK)
    else:
        venue.run(venue.now + SECOND // 10)


class _Recovery:
    """One coming back, look by look."""

    def __init__(self, books: Books, venue: SocketVenue, clock: Callable[[], int]) -> None:
        self._books, self._venue, self._clock = books, venue, clock
        self._oms = books.keeper.oms
        self.found = Recovered()
        self._silent: set[int] = set()  # open in the journal alone, at the last look

    def step(self) -> bool:
        """Look once; True when journal and venue agree and nothing stands."""
        rows, _ = self._venue.statuses()  # every word up to this answer has arrived before it
        known = {row.order_id: row for row in rows}
        self._hear(known)
        alive = standing(rows)
        for row in alive:
            if row.order_id not in self._oms.children:
                self._claim(row)
        if self.found.flagged:
            names = ", ".join(map(str, self.found.flagged))
            raise UncleanError(f"orders at the venue that nobody here can have sent: {names}")
        for row in alive:
            self._withdraw(row)
        self._end(known)
        return not alive and not self._oms.open

    def _hear(self, known: dict[int, OrderStatus]) -> None:
        for event in self._venue.events():
            self.found.heard += 1
            if event.order_id and event.order_id not in self._oms.children:
                self._introduce(event, known)
            self._books.event(event)

    def _introduce(self, event: VenueEvent, known: dict[int, OrderStatus]) -> None:
        row = known.get(event.order_id)
        if row is not None:
            self._claim(row)

    def _claim(self, row: OrderStatus) -> None:
        """Adopt an order that the journal does not know, or flag it."""
        number = row.order_id
        if number in self.found.flagged:
            return
        block = self._oms.block(number)
        parent = self._oms.parents.get(block.parent) if block is not None else None
        if parent is None or parent.side != row.side:
            self.found.flagged.append(number)
            self._books.record(RecoveryNote(self._clock(), "an order that nobody here can have sent", number)).wait()
            return
        self._books.record(ChildAdopted(self._clock(), number, parent.id, row.venue or "", int(row.side), row.quantity))
        self.found.adopted.append(number)

    def _withdraw(self, row: OrderStatus) -> None:
        """Ask for the cancel of what works, again if it was refused; what is on its way shows up working, or ends."""
        number, child = row.order_id, self._oms.children[row.order_id]
        again = number in self.found.withdrawn
        if row.state != "working" or (again and child.flags & Flag.CANCEL_PENDING):
            return
        self._books.asked(number)
        self._venue.send(Cancel(number))
        if not again:
            self.found.withdrawn.append(number)

    def _end(self, known: dict[int, OrderStatus]) -> None:
        """End children that their venue does not know or says are over, at two looks running, with nothing to hear."""
        silent = set()
        for child in list(self._oms.open.values()):
            row = known.get(child.id)
            if row is not None and row.state not in OVER:
                continue
            silent.add(child.id)
            if child.id in self._silent:
                self._ended(child, row)
        self._silent = silent

    def _ended(self, child: Child, row: OrderStatus | None) -> None:
        filled = 0 if row is None else row.filled
        if filled != child.filled:
            raise UncleanError(f"order {child.id}: {child.filled} shares in the journal, {filled} at the venue")
        seen = child.flags & Flag.ACKED or child.kind == OrderKind.QUOTE
        why = "it never reached the venue" if row is None else f"it is {row.state} at the venue"
        self._books.record(VenueSaid(self._clock(), child.id, Act.EXPIRED if seen else Act.REJECTED, reason=why))
        self.found.ended.append(child.id)
