"""The batch shell of the decision path: n parents in n markets, each with a board of its own, one kernel call a step.

It decides nothing that the live shell would not: the same `hear_feed`, `turn`, `begin` over more rows. SEND rows of
market i lie in `sends[i * width : i * width + counts[i]]`; `commands` makes of them what its venues understand, `hear`
takes their answers in, `attend` sees to its requests for quotes: by a `Conversation` each, as in every shell.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from nowake.book.state import Preset as BookPreset
from nowake.book.state import new_books
from nowake.core.errors import InputError
from nowake.core.venue import Command, VenueEvent
from nowake.data.reader import kernel_view
from nowake.execution.conversation import Conversation
from nowake.execution.desk_state import CHILDREN, SEND
from nowake.execution.keeping import Bookkeeper, NobodyKeeps
from nowake.execution.path import Decided, DecisionPath
from nowake.execution.placing import ROUTED
from nowake.execution.turning_many import listen_many
from nowake.routing.rfq import Timers

__all__ = ["BatchDesk"]

_WIDTH = 4 * (CHILDREN + ROUTED)


class BatchDesk:
    """Drives a `path` whose rows are separate markets; `own_from`: public order ids from which on they are ours.

    `keepers`: one per market, none: nobody keeps anything.
    """

    def __init__(
        self, path: DecisionPath, config: BookPreset, own_from: int = 2**62, keepers: Sequence[Bookkeeper] = (),
        timers: Timers | None = None,
    ) -> None:  # fmt: skip
        if not path.separate:
            raise InputError("path of a batch", expected="rows in separate markets", got="one market")
        if keepers and len(keepers) != path.n:
            raise InputError("keepers of a batch", expected=f"{path.n}, one per market", got=len(keepers))
        self.path, self.width = path, _WIDTH
        self.books: Any = new_books(path.n * len(path.places), config)
        self.sends = kernel_view(np.zeros(path.n * _WIDTH, SEND))
        self.counts, self._moved = np.zeros(path.n, np.int64), np.zeros(path.n, np.int64)
        self._own_from = own_from
        told = keepers or [NobodyKeeps()] * path.n
        self.talks = [Conversation(path, keeper, i, timers) for i, keeper in enumerate(told)]

    def step(self, events: np.ndarray, first: np.ndarray, now: np.ndarray) -> list[Decided]:
        """Take events[first[i]:first[i + 1]] into market i and let its parent act at now[i] (ns UTC).

        What is to be sent is in `sends` and `counts` then; returns what was decided.
        """
        now = np.ascontiguousarray(now, np.int64)
        self.counts[:] = 0
        nothing = np.zeros(self.path.n + 1, np.int64)
        decided: list[Decided] = []
        if self._listen(events, np.asarray(first, np.int64), now):
            decided = self.path.decide(now)
            self._moved[:] = 1
            self._listen(events[:0], nothing, now)
        for one in decided:
            self.talks[one.row].keeper.decided(one)
        return decided

    def _listen(self, events: np.ndarray, first: np.ndarray, now: np.ndarray) -> int:
        p = self.path
        return int(listen_many(
            self.books, p.features, self._own_from, kernel_view(events), first, now, p.desk, p.kids, p.working,
            p.usages, p.limits, p.switches, p.boards, p.stats, p.params, p.draws, p.wants, p.intents, p.passed,
            p.projections, p.traces, p.marks, p.markouts, self.sends, self.width, self.counts, self._moved,
        ))  # fmt: skip

    def rows(self, i: int) -> np.ndarray:
        """Return what market `i` is to send."""
        whole: np.ndarray = self.sends[i * self.width : i * self.width + int(self.counts[i])]
        return whole

    def commands(self, i: int, now: int) -> list[Command]:
        """Return what market `i` is to send as its venues understand it; its keeper is told of each."""
        return list(self.talks[i].carry_out(self.rows(i), now))

    def hear(self, i: int, events: Iterable[VenueEvent], now: int) -> None:
        """Take in what the venues of market `i` say of its children, in their order."""
        talk = self.talks[i]
        for event in [event for event in events if talk.keeper.event(event)]:
            talk.hear(event, now)

    def attend(self, i: int, now: int) -> Sequence[Command]:
        """Look after the requests for quotes of market `i`; returns the quotes that are to be accepted."""
        return self.talks[i].attend(now)
