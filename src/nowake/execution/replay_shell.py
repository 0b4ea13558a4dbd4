"""The replay shell of the decision path: what a live session has heard, at the times at which it was heard, once more.

It drives the path by its own steps, without a venue: messages into books, board and features, then a turn; the venues'
words, then a turn. What the path wants to send is kept in `sent`, and goes nowhere.
"""

from dataclasses import dataclass

import numpy as np

from nowake.book.state import Preset as BookPreset
from nowake.book.state import new_books
from nowake.core.venue import Command, VenueEvent
from nowake.data.reader import kernel_view
from nowake.execution.conversation import Conversation
from nowake.execution.feed_handler import hear_feed
from nowake.execution.keeping import Bookkeeper, NobodyKeeps
from nowake.execution.path import Decided, DecisionPath
from nowake.routing.rfq import Timers

__all__ = ["Heard", "ReplayShell"]


@dataclass(frozen=True, slots=True)
class Heard:
    """A step of a session, at `now` (ns UTC): what was published (EVENT; None: nobody looked), then what venues said.

    `ids`: row of the desk, first and last id of each block that a parent was given at the end of the step.
    """

    now: int
    messages: np.ndarray | None
    said: tuple[VenueEvent, ...]
    ids: tuple[tuple[int, int, int], ...] = ()


class ReplayShell:
    """Drives `path`, which stands where the session began; `config`, `own_from`, `timers` as the session had them."""

    def __init__(
        self, path: DecisionPath, config: BookPreset, own_from: int = 2**62, keeper: Bookkeeper | None = None,
        timers: Timers | None = None,
    ) -> None:  # fmt: skip
        self.path, self.sent = path, list[Command]()
        self._talk = Conversation(path, keeper or NobodyKeeps(), timers=timers)
        self._books, self._own_from = new_books(len(path.places), config), own_from

    def step(self, heard: Heard) -> None:
        """Hear what was heard, and let the desk act."""
        now, path, talk = heard.now, self.path, self._talk
        if heard.messages is not None:
            moved = self._publish(heard.messages, now)
            self._act(now, *path.turn(now, moved=moved))
        for event in [event for event in heard.said if talk.keeper.event(event)]:
            talk.hear(event, now)
        self._act(now, *path.turn(now, moved=False))
        self.sent += talk.attend(now)
        for row, first, last in heard.ids:
            path.ids(row, first, last)

    def _publish(self, messages: np.ndarray, now: int) -> bool:
        """Take public messages in; tells whether the board has moved."""
        p, events = self.path, kernel_view(messages)
        changes = hear_feed(self._books, p.boards, p.features, 0, 0, self._own_from, events, 0, len(events), now)
        return bool(changes)

    def _act(self, now: int, count: int, decided: list[Decided]) -> None:
        for one in decided:
            self._talk.keeper.decided(one)
        self.sent += self._talk.carry_out(self.path.sends[:count], now)
