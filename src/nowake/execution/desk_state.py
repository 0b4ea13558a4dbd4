"""A parent order on the desk as one record: its plan, its slice, its ledger; and the children it has out.

One decision path works n of them in training and one per parent live. At every instant quantity = filled + working +
unplaced. Children of desk row i have the rows i * CHILDREN .. (i + 1) * CHILDREN - 1 of WORKING (`risk`) and of KID.
Prices are ticks, quantities shares, times ns UTC.
"""

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from nowake.core.board import PLACES
from nowake.core.errors import InputError
from nowake.core.intent import Tactic
from nowake.core.jit import jit_disabled
from nowake.core.times import MS, SECOND
from nowake.core.values import ParentOrder

__all__ = [
    "CHILDREN",
    "CURVE",
    "DESK",
    "KID",
    "MARK",
    "MARKS",
    "NEVER",
    "SEND",
    "Act",
    "Follow",
    "Hands",
    "Placing",
    "Stage",
    "new_desk",
    "take_on",
]

CHILDREN = 48  # most children of one parent that are out at a time
CURVE = 128  # steps of the planned path

NEVER = 2**62


class Stage(IntEnum):
    """Where a child stands, as far as we have been told."""

    FREE = 0  # this row holds no child
    SENT = 1
    LIVE = 2
    CANCELLING = 3


class Follow(IntEnum):
    """What the plan follows."""

    CURVE = 0  # a path over the window
    VOLUME = 1  # a part of what others trade


class Hands(IntEnum):
    """Whose order it is now."""

    ALGORITHM = 0
    PAUSED = 1  # what rests goes on resting, nothing new
    HUMAN = 2  # the algorithm has stopped; children of a person pass the same guard
    CANCEL = 3  # everything is withdrawn, nothing new
    FINISH = 4  # the rest is taken now


class Act(IntEnum):
    """What a SEND asks of a venue."""

    NEW = 1
    CANCEL = 2
    ASK = 3  # dealers for quotes: `asked` has one bit per place


KID = np.dtype(
    [
        ("stage", "u1"),
        ("tactic", "u1"),
        ("origin", "u1"),
        ("reason", "u1"),
        ("quantity", "i8"),
        ("ahead", "i8"),  # shares before it in its queue, at most; -1 unknown
        ("decision", "i8"),
        ("asked", "i8"),
        ("joined", "i8"),  # what `ahead` was when it came into its queue
        ("since", "i8"),
        ("score", "f8"),
    ],
    align=True,
)

SEND = np.dtype(
    [
        ("id", "i8"),
        ("price", "i8"),
        ("quantity", "i8"),
        ("minimum", "i8"),
        ("decision", "i8"),
        ("asked", "i8"),
        ("parent", "i8"),  # row of the desk
        ("row", "i8"),  # of WORKING and KID
        ("score", "f8"),
        ("venue", "i2"),
        ("act", "u1"),
        ("side", "i1"),
        ("kind", "u1"),
        ("tactic", "u1"),
        ("origin", "u1"),
        ("reason", "u1"),
    ],
    align=True,
)

MARKS = 64  # fills of one parent whose mark-outs are waited for
MARK = np.dtype(
    [
        ("time", "i8"),  # of the fill, 0: free
        ("quantity", "i8"),
        ("mid2", "i8"),  # at the fill, half ticks
        ("after", "f8", (3,)),
        ("next", "i8"),  # horizon that is waited for
        ("venue", "i8"),
    ],
    align=True,
)

DESK = np.dtype(
    [
        ("side", "i8"),
        ("quantity", "i8"),
        ("filled", "i8"),
        ("working", "i8"),
        ("limit", "i8"),  # 0: none
        ("start", "i8"),
        ("end", "i8"),
        ("step", "i8"),  # own prices are multiples of it
        ("lot", "i8"),  # shares of the least child, but for the last
        ("board", "i8"),  # rows of what it looks at
        ("stats", "i8"),
        ("features", "i8"),
        ("first", "i8"),  # rows of the desk that share its symbol: first to last, not included
        ("last", "i8"),
        ("next_id", "i8"),  # ids that may be used: from here
        ("last_id", "i8"),
        # plan
        ("follow", "i8"),
        ("part", "f8"),  # of what others trade
        ("volume_start", "i8"),
        ("filled_start", "i8"),  # shares that were done when `volume_start` was taken
        ("plan_filled", "i8"),  # shares that were done when the rest was planned anew, and the volume: Follow.VOLUME
        ("plan_volume", "i8"),
        ("curve", "f8", (CURVE + 1,)),  # part of the order that is to be done at equal times of the window
        # slice
        ("interval", "i8"),
        ("begun", "i8"),
        ("until", "i8"),
        ("filled_before", "i8"),  # when it began
        ("quota", "i8"),  # shares of it
        ("volume_begun", "i8"),
        ("rate", "f8"),
        ("tactic", "i8"),
        ("urgency", "f8"),
        ("decisions", "i8"),
        ("origin", "i8"),
        # control
        ("hands", "i8"),
        ("keep", "i8"),  # 1: what the algorithm has out stays when a person takes over
        ("cap", "f8"),  # most part of the volume, 1: none
        ("urge", "f8"),  # a person's urgency, in place of the policy's; below 0: none
        ("barred", "i8"),  # places that may not be used, one bit each
        # state
        ("done", "i8"),
        ("next_wake", "i8"),
        ("looked", "i8"),
        ("crossed", "i8"),
        ("moved", "i8"),
        ("asked_at", "i8"),  # when dealers were last asked
        ("quiet_until", "i8"),
        ("refused_in_row", "i8"),
        ("arrival2", "i8"),  # mid at the first look, half ticks
        ("children", "i8"),
        ("unsent", "i8"),  # intents that the guard passed and no free row or id was left for
        ("next_mark", "i8"),
        ("marked", "i8"),  # when mark-outs were last looked for
        ("asking", "i8"),  # 1: a request for quotes is out
        ("guarded", "i8"),  # rows of its part of PROJECTION that the last look has left
        # placing
        ("patience", "i8"),
        ("reaction", "i8"),
        ("pace", "i8"),
        ("cross_before", "i8"),
        ("sweep_before", "i8"),
        ("slack", "f8"),
        ("ask_every", "i8"),
        ("ask_least", "i8"),
        ("own", "i8", (PLACES,)),
        ("ahead", "i8", (PLACES,)),
    ],
    align=True,
)


@dataclass(frozen=True, slots=True)
class Placing:
    """How slices become children, whatever the tactic.

    `reaction`: least ns between two looks. `patience`: least ns between two withdrawals of what was left behind.
    `pace`: ns between two crossing children. `cross_before`: ns before a slice's end from which what is missing
    crosses (tactics that rest). `sweep_before`: ns before the order's end from which everything crosses. `slack`: part
    of a slice by which tactic DARK may lag before it is carried into the next. `ask_every`: least ns between two
    requests for quotes; `ask_least`: least round lots of one, for each tells dealers that somebody is there.
    """

    reaction: int = 50 * MS
    patience: int = 2 * SECOND
    pace: int = 5 * SECOND
    cross_before: int = 20 * SECOND
    sweep_before: int = 30 * SECOND
    slack: float = 1.0
    ask_every: int = 15 * SECOND
    ask_least: int = 5

    def __post_init__(self) -> None:
        low = {f.name: getattr(self, f.name) for f in fields(self) if not getattr(self, f.name) >= 0}
        if low or self.reaction == 0 or self.pace == 0:
            raise InputError("placing", expected="values from 0 (reaction, pace above 0)", got=low or "0")


def new_desk(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return DESK[n], every row done, KID[n * CHILDREN] and MARK[n * MARKS]."""
    desk, kids, marks = np.zeros(n, DESK), np.zeros(n * CHILDREN, KID), np.zeros(n * MARKS, MARK)
    desk["done"], desk["next_wake"] = 1, NEVER
    if jit_disabled():
        return desk.view(np.recarray), kids.view(np.recarray), marks.view(np.recarray)
    return desk, kids, marks


def take_on(desk: np.ndarray, i: int, order: ParentOrder, plan: np.ndarray, interval: int, placing: Placing) -> None:
    """Put `order` on row `i`; `plan` f8[CURVE + 1], part to be done at equal times, ends at 1.

    InputError for a plan that falls, or an interval of less than the reaction.
    """
    path = np.asarray(plan, np.float64)
    if path.shape != (CURVE + 1,) or path[0] < 0 or (np.diff(path) < -1e-12).any() or abs(path[-1] - 1) > 1e-9:
        raise InputError("plan", expected=f"{CURVE + 1} parts from 0 that rise to 1", got=path)
    if interval < placing.reaction:
        raise InputError("interval", expected=f"at least the reaction, {placing.reaction} ns", got=interval)
    row = np.zeros(1, DESK)
    row["side"], row["quantity"], row["limit"] = int(order.side), order.quantity, order.limit or 0
    row["start"], row["end"], row["step"] = order.start, order.end, order.instrument.step
    row["lot"], row["interval"], row["curve"] = order.instrument.round_lot, interval, path
    row["board"] = row["stats"] = row["features"] = row["first"] = i
    row["last"] = i + 1
    row["next_wake"] = row["until"] = order.start
    row["tactic"], row["rate"], row["cap"], row["urge"] = int(Tactic.JOIN), 1.0, 1.0, -1.0
    for one in fields(Placing):
        row[one.name] = getattr(placing, one.name)
    for name in ("crossed", "moved", "looked", "asked_at"):
        row[name] = -NEVER
    desk[i : i + 1] = row
