"""Random order flow, and a run of the kernels over it."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from nowake.book.state import SMALL, new_books
from nowake.core.board import PlaceKind, new_boards
from nowake.core.events import Flag, Kind, empty_events
from nowake.data.reader import kernel_view
from nowake.execution.feed_handler import hear_feed
from nowake.features.state import NEWS, new_features
from nowake.features.stream import run, write_board
from nowake.features.vector import NAMES, rows_for

START = 1_000_000_000_000
NO_NEWS = np.zeros(0, NEWS)
OURS = 2**40  # own ids from here
LIVE_ONLY = ("lit_up", "venue_age")
_IDS = st.integers(1, 30)
_SIDES = st.sampled_from((1, -1))


def _events(kinds: Any, **fields: Any) -> Any:
    return st.fixed_dictionaries({"kind": kinds, "gap": GAPS, **fields})


GAPS = st.sampled_from(
    (0, 0, 1_000_000, 7_000_000, 490_000_000, 500_000_000, 3_100_000_000, 40_000_000_000, 700 * 10**9)
)
PRICES = st.one_of(st.integers(990, 1010), st.integers(990, 1010), st.sampled_from((1, 500, 5000, 10**9)))
ADD = _events(st.just(Kind.ADD), order_id=_IDS, side=_SIDES, price=PRICES, quantity=st.integers(0, 40))
QUOTED = st.builds(  # a market that is not crossed
    lambda gap, oid, side, away, quantity: {
        "kind": Kind.ADD, "gap": gap, "order_id": oid, "side": side, "price": 1000 - side * away, "quantity": quantity
    },
    GAPS, _IDS, _SIDES, st.integers(1, 9), st.integers(1, 40),
)  # fmt: skip
TOUCHED = _events(
    st.sampled_from((Kind.CANCEL, Kind.DELETE, Kind.EXECUTE, Kind.EXECUTE)),
    order_id=_IDS, side=st.sampled_from((0, 1)), price=st.sampled_from((0, 0, 1000)),
    quantity=st.integers(1, 30), flags=st.sampled_from((0, 0, 0, Flag.UNPRINTED)),
)  # fmt: skip
REPLACED = _events(
    st.just(Kind.REPLACE), order_id=_IDS, ref=_IDS, side=_SIDES, price=PRICES, quantity=st.integers(0, 30),
    flags=st.sampled_from((0, Flag.KEEP_PRIORITY)),
)  # fmt: skip
PRINTED = _events(
    st.sampled_from((Kind.HIDDEN, Kind.TRADE, Kind.CROSS)), side=st.sampled_from((0, 1, -1)),
    price=st.integers(995, 1005), quantity=st.integers(1, 200), flags=st.sampled_from((0, Flag.HALF, Flag.OUTLIER)),
)  # fmt: skip
AGGREGATED = _events(
    st.sampled_from((Kind.LEVEL, Kind.LEVEL, Kind.QUOTE)), side=_SIDES, price=st.integers(990, 1010),
    quantity=st.integers(0, 30),
)  # fmt: skip
RARE = _events(st.sampled_from((Kind.CLEAR, Kind.HALT, Kind.RESUME, Kind.TICK)), side=st.sampled_from((0, 1, -1)))
MESSAGES = st.lists(st.one_of(QUOTED, QUOTED, QUOTED, ADD, TOUCHED, TOUCHED, REPLACED, PRINTED, RARE), max_size=60)
LEVELLED = st.lists(st.one_of(AGGREGATED, AGGREGATED, PRINTED, RARE), max_size=60)


def events_of(messages: list[dict[str, int]], start: int = START) -> np.ndarray:
    """Return EVENT rows of messages with a `gap` in ns before each."""
    rows, when = empty_events(len(messages)), start
    for row, message in zip(rows, messages, strict=True):
        when += message["gap"]
        row["time"] = when
        for name, value in message.items():
            if name != "gap":
                row[name] = value
    return rows


class Stream:
    """Book, features and everything written so far."""

    def __init__(
        self, *, step: int = 1, depth: bool = True, every: int = 0, news: np.ndarray = NO_NEWS, **context: int
    ):
        self.books, self.features = new_books(1, SMALL), new_features(1, step=step, depth=depth)
        self.every, self.news, self.written = every, kernel_view(news), [rows_for(0)]
        for name, value in context.items():
            self.features[name] = value

    def feed(self, events: np.ndarray, room: int = 64) -> "Stream":
        """Take in events with a buffer of `room` rows."""
        k, events = 0, kernel_view(np.ascontiguousarray(events))
        while k < len(events):
            rows = rows_for(room)
            k, n = run(self.books, self.features, 0, events, (k, len(events)), self.every, kernel_view(rows), self.news)
            self.written.append(rows[:n])
        return self

    @property
    def rows(self) -> np.ndarray:
        return np.concatenate(self.written)

    def column(self, name: str) -> np.ndarray:
        return np.asarray(self.rows["value"][:, NAMES.index(name)])

    def ready(self, name: str) -> np.ndarray:
        return np.asarray(self.rows["ready"][:, NAMES.index(name)])


class Feed:
    """Several lit venues, their books, one board, and the vector from what they publish."""

    def __init__(self, venues: int = 1, **context: int) -> None:
        self.books, self.boards = new_books(venues, SMALL), kernel_view(new_boards(1))
        self.features = new_features(1, depth=True)
        self.boards["places"], self.boards["place"]["kind"][0, :venues] = venues, int(PlaceKind.LIT)
        for name, value in context.items():
            self.features[name] = value

    def hear(self, events: np.ndarray) -> None:
        hear_feed(self.books, self.boards, self.features, 0, 0, OURS, kernel_view(events), 0, len(events), 0)

    def row(self, t: int) -> np.void:
        rows = rows_for(1)
        write_board(self.features, self.boards, 0, t, kernel_view(rows), 0, kernel_view(NO_NEWS))
        return rows[0]

    def rows(self, events: np.ndarray) -> np.ndarray:
        """Return the row after each event."""
        written = []
        for k in range(len(events)):
            self.hear(events[k : k + 1])
            written.append(self.row(int(self.features["now"][0])))
        return np.array(written, rows_for(0).dtype)
