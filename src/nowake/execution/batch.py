"""The batch shell of the decision path: n parents in n markets, each with a board of its own, one kernel call a step.

It decides nothing that the live shell would not: the same `hear_feed`, `turn`, `begin` over more rows. SEND rows of
market i lie in `sends[i * width : i * width + counts[i]]`.
"""

# mypy: disable-error-code="no-untyped-def"
from typing import Any

import numpy as np

from nowake.book.state import Preset as BookPreset
from nowake.book.state import new_books
from nowake.core.errors import InputError
from nowake.core.jit import kernel
from nowake.data.reader import kernel_view
from nowake.execution.desk_state import CHILDREN, SEND
from nowake.execution.feed_handler import hear_feed
from nowake.execution.path import Decided, DecisionPath
from nowake.execution.placing import ROUTED
from nowake.execution.turning import turn

__all__ = ["BatchDesk"]

_WIDTH = 4 * (CHILDREN + ROUTED)


@kernel
def _listen_many(
    books, features, own_from, events, first, now, desk, kids, working, usages, limits, switches, boards, stats, params,
    draws, wants, intents, passed, projections, marks, markouts, sends, width, counts, moved,
):  # fmt: skip
    """Take events[first[i]:first[i + 1]] into market i, let its parent act at now[i]; returns how many must decide."""
    asking = 0
    for i in range(desk.shape[0]):
        if first[i + 1] > first[i]:
            venues = books.shape[0] // desk.shape[0]
            moved[i] |= hear_feed(
                books, boards, features, i, i * venues, own_from, events, first[i], first[i + 1], now[i]
            )  # fmt: skip
        done = counts[i]
        n, asks = turn(
            desk, kids, working, usages, limits, switches, boards, features, stats, params, draws, wants, intents,
            passed, projections, marks, markouts, i, i + 1, now[i], moved[i], sends[i * width + done : (i + 1) * width],
        )  # fmt: skip
        counts[i] += n
        asking += asks
        if asks == 0:
            moved[i] = 0
    return asking


class BatchDesk:
    """Drives a `path` whose rows are separate markets; `own_from`: public order ids from which on they are ours."""

    def __init__(self, path: DecisionPath, config: BookPreset, own_from: int = 2**62) -> None:
        if not path.separate:
            raise InputError("path of a batch", expected="rows in separate markets", got="one market")
        self.path, self.width = path, _WIDTH
        self.books: Any = new_books(path.n * len(path.places), config)
        self.sends = kernel_view(np.zeros(path.n * _WIDTH, SEND))
        self.counts, self._moved = np.zeros(path.n, np.int64), np.zeros(path.n, np.int64)
        self._own_from = own_from

    def step(self, events: np.ndarray, first: np.ndarray, now: np.ndarray) -> list[Decided]:
        """Take events[first[i]:first[i + 1]] into market i and let its parent act at now[i] (ns UTC).

        What is to be sent is in `sends` and `counts` then; returns what was decided.
        """
        self.counts[:] = 0
        nothing = np.zeros(self.path.n + 1, np.int64)
        decided: list[Decided] = []
        if self._listen(events, np.asarray(first, np.int64), now):
            decided = self.path.decide(now)
            self._moved[:] = 1
            self._listen(events[:0], nothing, now)
        return decided

    def _listen(self, events: np.ndarray, first: np.ndarray, now: np.ndarray) -> int:
        p = self.path
        return int(_listen_many(
            self.books, p.features, self._own_from, kernel_view(events), first, now, p.desk, p.kids, p.working,
            p.usages, p.limits, p.switches, p.boards, p.stats, p.params, p.draws, p.wants, p.intents, p.passed,
            p.projections, p.marks, p.markouts, self.sends, self.width, self.counts, self._moved,
        ))  # fmt: skip

    def rows(self, i: int) -> np.ndarray:
        """Return what market `i` is to send."""
        whole: np.ndarray = self.sends[i * self.width : i * self.width + int(self.counts[i])]
        return whole
