"""The quality rules: their ids, what is done about each, and the state that the kernel keeps between chunks."""

from enum import IntEnum

import numpy as np

from nowake.core.events import EVENT

__all__ = ["ACTIONS", "EXAMPLES", "MARKET", "PRINTS", "RECENT", "STATE", "Fate", "Problem"]

EXAMPLES = 5  # kept per rule
PRINTS = 15  # last prints whose median an outlier is measured against
RECENT = 4  # previous rows that an exact repeat is looked for in


class Fate(IntEnum):
    """What became of a row."""

    KEPT = 0
    REPAIRED = 1
    QUARANTINED = 2


class Problem(IntEnum):
    """The rules, in the order of the report."""

    UNKNOWN_ORDER = 0
    DUPLICATE = 1
    REPEAT = 2
    TIME_BACKWARDS = 3
    SIZE_NOT_POSITIVE = 4
    PRICE_NOT_POSITIVE = 5
    OVER_EXECUTION = 6
    OVER_CANCEL = 7
    PRICE_OFF_TICK = 8
    OUTLIER_TRADE = 9
    CROSSED_BOOK = 10
    LOCKED_BOOK = 11
    HALT = 12
    UNCHECKED = 13


ACTIONS = {
    Problem.UNKNOWN_ORDER: "executions repaired to prints, others quarantined",
    Problem.DUPLICATE: "quarantined",
    Problem.REPEAT: "kept: an exact repeat that can stand",
    Problem.TIME_BACKWARDS: "repaired: set to the last time",
    Problem.SIZE_NOT_POSITIVE: "quarantined",
    Problem.PRICE_NOT_POSITIVE: "quarantined",
    Problem.OVER_EXECUTION: "repaired: reduced to what was left",
    Problem.OVER_CANCEL: "repaired: reduced to what was left",
    Problem.PRICE_OFF_TICK: "kept",
    Problem.OUTLIER_TRADE: "kept, flagged OUTLIER",
    Problem.CROSSED_BOOK: "kept",
    Problem.LOCKED_BOOK: "kept",
    Problem.HALT: "kept",
    Problem.UNCHECKED: "kept without the rules that need a book: choose an instrument with `symbol`",
}

_N = len(Problem)

# Over the whole file. `at`: rows (within the chunk) of the examples, `have` of each rule up to now.
STATE = np.dtype(
    [
        ("last", "i8"),  # time of the last row, ns UTC
        ("tolerance", "i8"),
        ("started", "i8"),
        ("packets", "i8"),  # the feed marks the ends of packets: the book is judged there only
        ("orders", "i8"),  # the feed names orders
        ("sized_deletes", "i8"),  # a delete must state a size
        ("positive", "i8"),  # prices must be above zero
        ("unknown_prints", "i8"),  # unknown executions that became prints
        ("ring", "i8"),
        ("count", "i8", (_N,)),
        ("have", "i8", (_N,)),
        ("at", "i8", (_N * EXAMPLES,)),
        ("recent", EVENT, (RECENT,)),
    ],
    align=True,
)

# Per instrument. `mode` 0 normal, 1 crossed, 2 locked, since `since`.
MARKET = np.dtype(
    [
        ("step", "i8"),
        ("prints", "i8", (PRINTS,)),
        ("sorted", "i8", (PRINTS,)),
        ("seen", "i8"),
        ("mode", "i8"),
        ("since", "i8"),
        ("crossed_ns", "i8"),
        ("locked_ns", "i8"),
    ],
    align=True,
)
