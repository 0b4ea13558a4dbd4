"""An intended child order as a record: what a router proposes, what the guard passes, what the order path sends.

Prices are integer ticks (0: none, a market order or an unlimited peg), quantities shares, times ns UTC.
"""

from enum import IntEnum

import numpy as np

__all__ = ["INTENT", "KIND_WORDS", "OrderKind", "Origin", "Tactic", "new_intents"]


class OrderKind(IntEnum):
    """The kind of a child order; the words of `core.venue.New.kind` in capitals."""

    LIMIT = 1
    MARKET = 2
    IOC = 3
    POST_ONLY = 4
    MID_PEG = 5  # waits unseen at the mid
    ON_CLOSE = 6
    QUOTE = 7  # a request for quotes; the best one that is worth it is accepted


KIND_WORDS = {kind: kind.name.lower() for kind in OrderKind}


class Tactic(IntEnum):
    """How a slice is worked."""

    DARK = 0  # dark pools and dealers alone
    JOIN = 1  # rest at the touch
    IMPROVE = 2  # rest inside the spread, or at the mid
    CROSS = 3  # take


class Origin(IntEnum):
    """Who wants the order."""

    MODEL = 0
    SCHEDULE = 1
    FALLBACK = 2
    HUMAN = 3


INTENT = np.dtype(
    [
        ("parent", "i8"),  # row of the parent
        ("price", "i8"),
        ("quantity", "i8"),
        ("minimum", "i8"),  # least execution, 0: any
        ("time", "i8"),  # when it was decided
        ("score", "f8"),  # expected gain of the route against crossing the touch, ticks per share
        ("venue", "i2"),  # row of BOARD.place
        ("side", "i1"),
        ("kind", "u1"),
        ("tactic", "u1"),
        ("origin", "u1"),
        ("reason", "u1"),  # of the route, see `routing`
    ],
    align=True,
)


def new_intents(n: int) -> np.ndarray:
    """Return INTENT[n], zeroed."""
    return np.zeros(n, INTENT)
