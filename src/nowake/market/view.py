"""What a participant sees of the market: public messages as late as the feeds are, and the books that they make.

Messages of venue j arrive `delays[j]` ns after they happened; books are built from what has arrived alone. A gap in a
feed loses what arrives in it; when it is over the view is set to a snapshot of the venue's book.
"""

from collections.abc import Sequence

import numpy as np

from nowake.book.audit import queues
from nowake.book.feed import apply_all
from nowake.book.queries import DEPTH, depth
from nowake.book.state import new_books
from nowake.core.events import Flag, Kind, empty_events
from nowake.data.reader import kernel_view
from nowake.market.world.state import BOOKS

__all__ = ["View", "snapshot", "trades_of"]

_TRADES = np.zeros(256, bool)  # which kinds of event are executions
_TRADES[[int(kind) for kind in (Kind.EXECUTE, Kind.HIDDEN, Kind.CROSS, Kind.TRADE)]] = True


class View:
    """Books of `venues` lit venues as they are known here; `delays` (ns) of every place that publishes.

    `books`: those of the venues themselves, for one who sees everything at once.
    """

    def __init__(self, venues: int, delays: Sequence[int], books: np.ndarray | None = None) -> None:
        self.venues, self.delays = venues, np.array(delays, np.int64)
        self.direct = books is not None
        self.books = new_books(venues, BOOKS) if books is None else books
        self.pending = empty_events(0)
        self.gaps: dict[int, int] = {}  # venue: end of the gap in its feed, ns
        self._out = kernel_view(np.zeros(64, DEPTH))

    def put(self, events: np.ndarray) -> None:
        """Let EVENT records set out, in the order in which they happened."""
        self.pending = np.concatenate([self.pending, events]) if len(self.pending) else events

    def deliver(self, now: int, *, at_once: bool = False) -> np.ndarray:
        """Return what has arrived by `now` (ns) in order of arrival, and take it into the books."""
        waiting = self.pending
        arrival = waiting["time"] + (0 if at_once else self.delays[waiting["instrument"]])
        here = arrival <= now
        arrived = waiting[here]
        self.pending = waiting[~here]
        arrived = arrived[np.argsort(arrival[here], kind="stable")]
        if self.gaps:  # until `recover` has set the view anew
            arrived = arrived[~np.isin(arrived["instrument"], list(self.gaps))]
        for venue in range(0 if self.direct else self.venues):
            rows = np.ascontiguousarray(arrived[arrived["instrument"] == venue])
            if len(rows):
                apply_all(self.books, venue, kernel_view(rows), 0, len(rows))
        return arrived

    def levels(self, venue: int, side: int, count: int) -> np.ndarray:
        """Return up to `count` best levels (DEPTH) of a side as known here."""
        if count > len(self._out):
            self._out = kernel_view(np.zeros(count, DEPTH))
        return np.asarray(self._out[: depth(self.books, venue, side, self._out[:count])])

    def lose(self, venue: int, until: int) -> None:
        """Lose every message of `venue` that arrives up to `until` (ns)."""
        self.gaps[venue] = until

    def recover(self, now: int, books: np.ndarray) -> np.ndarray:
        """End the gaps that are over: return snapshots (CLEAR, then every order) of the venues' `books` as of `now`."""
        over = [venue for venue, until in self.gaps.items() if until <= now]
        blocks = []
        for venue in over:
            del self.gaps[venue]
            events = snapshot(books, venue, now)
            self.pending = self.pending[self.pending["instrument"] != venue]
            apply_all(self.books, venue, kernel_view(events), 0, len(events))
            blocks.append(events)
        return np.concatenate(blocks) if blocks else empty_events(0)

    def copy(self) -> "View":
        """Return an independent copy."""
        twin = View(self.venues, self.delays.tolist())
        twin.books, twin.pending, twin.gaps = self.books.copy(), self.pending.copy(), dict(self.gaps)
        return twin


def snapshot(books: np.ndarray, venue: int, now: int) -> np.ndarray:
    """Return the book of `venue` as EVENT records at `now` (ns): CLEAR, then an ADD for every order in its place."""
    rows = [row for queue in queues(books[venue]).values() for row in queue]
    events = empty_events(len(rows) + 1)
    events["time"], events["instrument"], events["flags"] = now, venue, int(Flag.SNAPSHOT)
    events["kind"] = int(Kind.ADD)
    events["kind"][0] = int(Kind.CLEAR)
    for event, row in zip(events[1:], rows, strict=True):
        event["order_id"], event["price"], event["quantity"], event["side"] = row[0], row[1], row[2], row[8]
    return events


def trades_of(events: np.ndarray) -> np.ndarray:
    """Return the executions among EVENT records."""
    return np.asarray(events[_TRADES[events["kind"]]])
