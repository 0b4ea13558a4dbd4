"""The live shell of the decision path: messages in, commands out, at a venue behind the `Venue` seam.

It decides nothing, and what is said between desk and venue is `conversation`. Whoever keeps books of the orders (an
OMS, a test) is a `Bookkeeper`.
"""

from collections.abc import Callable, Sequence

import numpy as np

from nowake.book.state import Preset as BookPreset
from nowake.book.state import new_books
from nowake.core.bound import bound
from nowake.core.errors import InputError
from nowake.core.events import EVENT
from nowake.core.venue import Venue, VenueEvent
from nowake.data.reader import kernel_view
from nowake.execution.conversation import Conversation
from nowake.execution.keeping import Bookkeeper, Child, NobodyKeeps
from nowake.execution.path import Decided, DecisionPath
from nowake.execution.turning import listen
from nowake.routing.rfq import Timers

__all__ = ["Bookkeeper", "Child", "LiveDesk", "NobodyKeeps"]


class LiveDesk:
    """Drives `path` at `venue`; `own_from`: public order ids from which on they are ours (0: none are told apart)."""

    def __init__(
        self, path: DecisionPath, venue: Venue, keeper: Bookkeeper, config: BookPreset, own_from: int = 2**62,
        timers: Timers | None = None,
    ) -> None:  # fmt: skip
        self.path, self.venue = path, venue
        self.talk = Conversation(path, keeper, timers=timers)
        self.books = new_books(len(path.places), config)
        self.now = 0
        self.listeners: list[Callable[[int], None]] = []  # called after each turn, before the next can overwrite it
        self._own_from = own_from
        none = kernel_view(np.zeros(0, EVENT))
        self._listen = bound(listen, *path.listening(self.books, own_from, none, 0))
        self._plain = self._listen is listen  # kernels run as plain Python

    @property
    def keeper(self) -> Bookkeeper:
        """Whoever keeps the books."""
        return self.talk.keeper

    @keeper.setter
    def keeper(self, keeper: Bookkeeper) -> None:
        self.talk.keeper = keeper

    @property
    def names(self) -> list[str]:
        """The venues, by row of the board."""
        return self.talk.names

    @property
    def board(self) -> np.void:
        """The board of the instrument."""
        return self.talk.board

    def mid(self) -> float:
        """Return the mid, ticks; nan where a side is empty."""
        return self.talk.mid()

    def market(self, events: np.ndarray, now: int) -> None:
        """Take public messages in (EVENT, `instrument` the row of the place), and let the desk act at `now`.

        InputError for records of another kind.
        """
        p, self.now = self.path, now
        if events.dtype is not EVENT and events.dtype != EVENT:
            raise InputError("messages of a market", expected="EVENT records", got=events.dtype)
        if self._plain or not events.flags.c_contiguous:
            events = kernel_view(np.ascontiguousarray(events))
        count, asking = self._listen(*p.listening(self.books, self._own_from, events, now))
        if count or asking:
            self._act(now, *p.after(now, count, asking))
        for listener in self.listeners:
            listener(now)

    def tick(self, now: int) -> None:
        """Let the desk act at `now` although nothing was published."""
        self.now = now
        self.hear()
        self._act(now, *self.path.turn(now, moved=False))
        for listener in self.listeners:
            listener(now)
        for accept in self.talk.attend(now):
            self.venue.send(accept)

    def hear(self) -> Sequence[VenueEvent]:
        """Take in what the venues say of our orders; returns what counted."""
        counted = [event for event in self.venue.events() if self.keeper.event(event)]
        for event in counted:
            self.talk.hear(event, self.now)
        return counted

    def carry_out(self, count: int, now: int) -> None:
        """Carry out the first `count` rows of the path's `sends`, which a person has filled."""
        self.now = now
        self._act(now, count, ())
        for listener in self.listeners:
            listener(now)

    def let_go(self, i: int) -> None:
        """End the requests for quotes of parent `i`, but for one of which a quote is accepted already."""
        self.talk.now = self.now
        self.talk.let_go(i)

    def next_wake(self) -> int:
        """Return when the desk wants to look again (ns UTC)."""
        live = self.path.desk["done"] == 0
        wakes = np.minimum(self.path.desk["next_wake"], self.path.desk["until"])
        return min(int(wakes[live].min()) if live.any() else 2**62, self.talk.next_due())

    def withdraw(self, order_id: int) -> bool:
        """Ask for the withdrawal of a child now; False where it is over, or on its way out already.

        A request for quotes ends at once, unless one of them is accepted: then its dealer has the word.
        """
        self.talk.now = self.now
        asked = self.talk.withdraw(order_id)
        if not isinstance(asked, bool):
            self.venue.send(asked)
        return asked is not False

    def _act(self, now: int, count: int, decided: Sequence[Decided]) -> None:
        for one in decided:
            self.keeper.decided(one)
        for command in self.talk.carry_out(self.path.sends[:count], now):
            self.venue.send(command)
