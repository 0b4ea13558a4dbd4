"""A parent order at work as one record: its ledger, its children, its slice, the placer's parameters.

At every instant quantity = filled + working + unplaced: `unplaced` is not stored but follows from the other three, and
`working` is the sum of the open shares of the children, as far as the engine has been told.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import MS, SECOND
from nowake.core.values import ParentOrder
from nowake.data.reader import kernel_view
from nowake.data.replay.state import Reason

__all__ = ["CHILD", "ORDER_OUT", "PARENT", "Placement", "Stage", "new_parent"]

MAX_CHILDREN = 8


class Stage(IntEnum):
    """Where a child stands, as far as the engine has been told."""

    FREE = 0  # this row holds no child
    SENT = 1
    LIVE = 2
    CANCELLING = 3


CHILD = np.dtype(
    [
        ("id", "i8"),
        ("price", "i8"),
        ("leaves", "i8"),
        ("time", "i8"),
        ("stage", "u1"),
        ("passive", "u1"),
    ],
    align=True,
)
ORDER_OUT = np.dtype(
    [("id", "i8"), ("price", "i8"), ("quantity", "i8"), ("action", "u1"), ("terms", "u1"), ("side", "i1")], align=True
)

PARENT = np.dtype(
    [
        ("side", "i8"),
        ("quantity", "i8"),
        ("filled", "i8"),
        ("working", "i8"),
        ("target", "i8"),  # cumulative shares that should be done by the end of the slice
        ("limit", "i8"),  # ticks, 0: none
        ("start", "i8"),
        ("end", "i8"),
        ("slice_end", "i8"),
        ("step", "i8"),  # own prices are multiples of it
        ("next_id", "i8"),
        ("children", "i8"),  # sent so far
        ("rejects", "i8"),
        ("next_wake", "i8"),
        ("decided_at", "i8"),
        ("moved_at", "i8"),
        ("bid", "i8"),  # touch at the last look
        ("ask", "i8"),
        ("halted", "i8"),  # state of trading at the last look
        ("quiet_until", "i8"),  # no new child before, after a reject
        ("refused_in_row", "i8"),
        ("refused", "i8", (len(Reason),)),  # rejected children by reason
        ("done", "i8"),
        ("outgoing", "i8"),
        ("cross_before", "i8"),
        ("sweep_before", "i8"),
        ("patience", "i8"),
        ("reaction", "i8"),
        ("improve", "i8"),
        ("depth", "i8"),
        ("max_child", "i8"),
        ("child", CHILD, (MAX_CHILDREN,)),
        ("out", ORDER_OUT, (2 * MAX_CHILDREN,)),
    ],
    align=True,
)


@dataclass(frozen=True, slots=True)
class Placement:
    """How the placer works a slice.

    `cross_before`: ns before the slice's end from which what is missing crosses the spread (0: never crosses).
    `sweep_before`: ns before the order's end from which a crossing order may pay any price up to the limit (0: never).
    `patience`: least ns between two moves of a resting order that was left behind.
    `reaction`: least ns between two looks at the market.
    `improve`: steps better than the touch at which to join (0: join it; never reaches the other side).
    `depth`: steps beyond the touch that a crossing order may pay.
    `max_child`: most shares of one child (0: no limit).
    """

    cross_before: int = 10 * SECOND
    sweep_before: int = 2 * SECOND
    patience: int = SECOND
    reaction: int = 100 * MS
    improve: int = 0
    depth: int = 0
    max_child: int = 0

    def __post_init__(self) -> None:
        low = {name: getattr(self, name) for name in self.__slots__ if getattr(self, name) < 0}
        if low or self.reaction == 0:
            raise InputError("placement", expected="values from 0 (reaction above 0)", got=low or "reaction 0")


def new_parent(order: ParentOrder, placement: Placement) -> np.ndarray:
    """Return PARENT[1] for `order`, nothing filled, nothing working, no slice begun."""
    parents = np.zeros(1, PARENT)
    p = parents[0]
    p["side"], p["quantity"], p["limit"] = int(order.side), order.quantity, order.limit or 0
    p["start"], p["end"], p["step"] = order.start, order.end, order.instrument.step
    p["slice_end"] = p["next_wake"] = order.start
    p["next_id"] = 1
    for name in Placement.__slots__:
        p[name] = getattr(placement, name)
    p["decided_at"] = p["moved_at"] = p["quiet_until"] = -(2**62)
    return kernel_view(parents)
