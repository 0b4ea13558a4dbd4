"""Coming back: after a crash the journal and the venue must say the same before anything new is traded.

The journal has been replayed, and the session hears every word since the last one that is in it. Then, until both
agree: an order at the venue that the journal does not know is adopted where its id lies in a block that was reserved
for one of our parents (it was sent just before the crash), and left alone where not; what stands is withdrawn, since
the plan that wanted it is gone; a child that never reached its venue ends. `recover` returns what it did. What does not
agree in the end is journalled, difference by difference, and refused: people look, and two of them release what they
accept as it is (`releasing`). The next recovery passes over what is accepted, and over nothing else.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from nowake.core.errors import NowakeError
from nowake.core.intent import OrderKind
from nowake.core.times import SECOND
from nowake.core.venue import Cancel, OrderStatus, VenueEvent
from nowake.oms.events import ChildAdopted, RecoveryNote, Unclean, Unlike, VenueSaid
from nowake.oms.orders import Child, Flag
from nowake.oms.states import Act
from nowake.oms.unlike import SHARES, STANDING, STRANGER, named, words_of
from nowake.service.bookkeeping import Books
from nowake.service.reconcile import OVER, standing
from nowake.service.venue_client import SocketVenue

__all__ = ["Recovered", "UncleanError", "recover"]

_LOOK = 0.02  # s between two looks at the venue


class UncleanError(NowakeError):
    """Journal and venue do not agree, and it is for people to say why: nothing is traded. `found`: in what."""

    def __init__(self, found: Sequence[Unlike], why: str = "") -> None:
        self.found = tuple(found)
        names = "; ".join(words_of(one) for one in self.found)
        super().__init__(f"journal and venue differ{why}, nothing is traded: {names}")


@dataclass(slots=True)
class Recovered:
    """What a recovery found and did, by order id; `heard` words since the last one in the journal."""

    heard: int = 0
    adopted: list[int] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.heard} words heard, {len(self.adopted)} orders adopted, {len(self.withdrawn)} withdrawn, "
            f"{len(self.ended)} ended that never arrived"
        )


def recover(books: Books, venue: SocketVenue, clock: Callable[[], int], patience: float = 20.0) -> Recovered:
    """Make journal and venue agree, nothing of ours standing; what was found is on disk when this returns.

    UncleanError, its differences on disk, for orders that nobody here can have sent, for those that are over with other
    shares than the journal has, and for those that still stand after `patience` s; but for what people have accepted.
    """
    one = _Recovery(books, venue, clock)
    for _ in range(max(2, round(patience / _LOOK))):
        if one.step():
            break
        _pause(venue)
    else:
        one.wait_no_longer()
    if one.unlike:
        books.record(Unclean(clock(), tuple(one.unlike.values()))).wait()
        raise UncleanError(list(one.unlike.values()), one.why(patience))
    if books.keeper.oms.unclean:
        books.record(Unclean(clock(), ()))
    books.record(RecoveryNote(clock(), str(one.found))).wait()
    return one.found


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
        self.unlike: dict[int, Unlike] = {}  # by order
        self._silent: set[int] = set()  # open in the journal alone, at the last look
        self._known: dict[int, OrderStatus] = {}

    def step(self) -> bool:
        """Look once; True when nothing stands, and whatever is ours and accepted by nobody differently agrees."""
        rows, _ = self._venue.statuses()  # every word up to this answer has arrived before it
        self._known = {row.order_id: row for row in rows}
        self._hear()
        for row in standing(rows):
            if row.order_id not in self._oms.children:
                self._claim(row)
        alive = [row for row in standing(rows) if row.order_id in self._oms.children]
        for row in alive:
            self._withdraw(row)
        self._end()
        return not self._left(alive)

    def _left(self, alive: Iterable[OrderStatus]) -> set[int]:
        """Return the orders of ours that stand, or that the journal has open, and that nobody has looked at yet."""
        waiting = {row.order_id for row in alive} | set(self._oms.open)
        return {number for number in waiting if number not in self.unlike and not self._accepted(self._stands(number))}

    def _accepted(self, found: Unlike) -> bool:
        return found.id in self._oms.accepted

    def _note(self, found: Unlike) -> None:
        """Keep a difference, unless people have accepted it."""
        if not self._accepted(found):
            self.unlike[found.order] = found

    def _stands(self, number: int, kind: str = STANDING) -> Unlike:
        """Return an order of ours as a difference."""
        child, row = self._oms.children[number], self._known.get(number)
        filled, state = (0, "unknown") if row is None else (row.filled, row.state)
        return named(Unlike("", kind, number, child.venue, child.side, child.quantity, child.filled, filled, state))

    def wait_no_longer(self) -> None:
        """Keep what still stands as a difference."""
        alive = [row for row in standing(self._known.values()) if row.order_id in self._oms.children]
        for number in sorted(self._left(alive)):
            self._note(self._stands(number))

    def why(self, patience: float) -> str:
        """Return what people should know of how long it was waited for."""
        waited = any(one.kind == STANDING for one in self.unlike.values())
        return f" and the venue did not come to rest within {patience:g} s" if waited else ""

    def _hear(self) -> None:
        for event in self._venue.events():
            self.found.heard += 1
            if event.order_id and event.order_id not in self._oms.children:
                self._introduce(event)
            self._books.event(event)

    def _introduce(self, event: VenueEvent) -> None:
        row = self._known.get(event.order_id)
        if row is not None:
            self._claim(row)

    def _claim(self, row: OrderStatus) -> None:
        """Adopt an order that the journal does not know, or note that it is a stranger."""
        number = row.order_id
        block = self._oms.block(number)
        parent = self._oms.parents.get(block.parent) if block is not None else None
        if parent is None or parent.side != row.side:
            found = Unlike(
                "", STRANGER, number, row.venue or "", int(row.side), row.quantity, 0, row.filled, row.state
            )  # fmt: skip
            self._note(named(found))
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

    def _end(self) -> None:
        """End children that their venue does not know or says are over, at two looks running, with nothing to hear."""
        silent = set()
        for child in list(self._oms.open.values()):
            row = self._known.get(child.id)
            if row is not None and row.state not in OVER:
                continue
            silent.add(child.id)
            if child.id in self._silent and child.id not in self.unlike:
                self._ended(child, row)
        self._silent = silent

    def _ended(self, child: Child, row: OrderStatus | None) -> None:
        why = "it never reached the venue" if row is None else f"it is {row.state} at the venue"
        if child.filled != (0 if row is None else row.filled):
            found = self._stands(child.id, SHARES)
            if not self._accepted(found):
                self._note(found)
                return
            why += f", difference {found.id} is accepted"
        seen = child.flags & Flag.ACKED or child.kind == OrderKind.QUOTE
        self._books.record(VenueSaid(self._clock(), child.id, Act.EXPIRED if seen else Act.REJECTED, reason=why))
        self.found.ended.append(child.id)
