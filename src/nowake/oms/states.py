"""The states of an order and the table that says, for every state and every act, what happens.

States and their codes are those of the FIX field OrdStatus (39), with one of our own: STAGED, a parent that waits for
its release. An act is what happened to the order: what a venue said, judged by the quantities that we know (`orders`
does that), or what we did. One cell of the table per pair:

    a code   applied, the order is in that state now      =   applied, the state stays
    o        applied, open again: `orders.open_state`     s   applied, over: FILLED if all is filled, else CANCELED
    .        changes nothing: stale or repeated           x   impossible: quarantined, never applied
    ! behind a cell: applied, and somebody should look

A fill is money, so it is booked wherever an order may have been alive at the venue: before its acknowledgement, after
its cancel, beyond its quantity. Which status outranks which where two hold at once (a partly filled order whose cancel
is pending) follows the order of precedence of FIX 4.2, appendix D.
"""

from enum import IntEnum
from typing import NamedTuple

__all__ = [
    "CHILD_TABLE",
    "CLOSED",
    "CODES",
    "OPEN",
    "PARENT_TABLE",
    "SHUT",
    "STAY",
    "WORKABLE",
    "Act",
    "Decision",
    "State",
    "Verdict",
]


class State(IntEnum):
    """The state of a parent or child order."""

    STAGED = 0
    PENDING_NEW = 1
    NEW = 2
    PARTIALLY_FILLED = 3
    REPLACED = 4  # open with changed terms, nothing filled
    PENDING_CANCEL = 5
    PENDING_REPLACE = 6
    SUSPENDED = 7
    FILLED = 8
    DONE_FOR_DAY = 9
    CANCELED = 10
    REJECTED = 11
    EXPIRED = 12
    CALCULATED = 13

    def __str__(self) -> str:
        return self.name.lower()


class Act(IntEnum):
    """What happened to an order."""

    RELEASED = 0  # a staged parent may go
    PENDING = 1  # the venue has it and has not decided
    ACKED = 2
    FILL_PART = 3  # shares stay to be filled
    FILL_REST = 4  # the quantity is filled
    OVERFILL = 5  # more than the quantity is filled
    CANCEL_ASKED = 6
    CANCELED = 7
    CANCEL_REFUSED = 8
    REPLACE_ASKED = 9
    REPLACED = 10
    REPLACE_REFUSED = 11
    REJECTED = 12
    EXPIRED = 13
    SUSPENDED = 14
    RESUMED = 15
    DONE_FOR_DAY = 16
    CALCULATED = 17
    BUSTED = 18  # a fill is taken back
    CORRECTED = 19  # a fill gets other terms
    CONTRADICTED = 20  # a reject of what is filled, an answer to what was never asked

    def __str__(self) -> str:
        return self.name.lower()


class Verdict(IntEnum):
    """What a cell of the table says."""

    IGNORE = 0
    APPLY = 1
    ALERT = 2  # apply, and tell
    QUARANTINE = 3


class Decision(NamedTuple):
    """A cell: `to` is a State, STAY, OPEN or SHUT."""

    verdict: Verdict
    to: int


STAY, OPEN, SHUT = -1, -2, -3
CODES = dict(zip(State, "SA0156" + "E923" + "48CB", strict=True))  # OrdStatus (39)
CLOSED = tuple(state >= State.FILLED for state in State)
WORKABLE = tuple(
    state in (State.NEW, State.PARTIALLY_FILLED, State.REPLACED, State.PENDING_REPLACE) for state in State
)  # a parent that may get children

_COLUMNS = "rel pnd ack prt ful ovr c?  can c-  r?  rpl r-  rej exp sus res dfd clc bst cor con"
_TABLE = """
S           A   x   x   x   x   x   x   4   x   x   =   x   8   C   x   x   x   x   x   x   x
A           x   .   0   o   2   2!  6   4   .   E   .   .   8   C   9   .   3   x   o!  o!  x
0           x   .   .   o   2   2!  6   4   .   E   .   .   8!  C   9   .   3   x   o!  o!  x
1           x   .   .   o   2   2!  6   4   .   E   .   .   x   C   9   .   3   x   o!  o!  x
5           x   .   .   o   2   2!  6   4   .   E   .   .   8!  C   9   .   3   x   o!  o!  x
6           x   .   =   =   2   2!  .   4   o   x   =   =   8   C   =   =   3   x   =!  =!  x
E           x   .   =   =   2   2!  6   4   .   x   o   o   8!  C   =   =   3   x   =!  =!  x
9           x   .   =   =!  2!  2!  6   4   .   E   =   =   8!  C   .   o   3   x   =!  =!  x
2           x   .   .   x   x   =!  x   x   =   x   o!  =   x   x   .   .   3   B   s!  s!  x
3           x   .   .   =!  2!  2!  x   4   =   x   =   =   x   C   .   x   .   B   =!  =!  x
4           x   .   .   =!  2!  2!  x   .   =   x   =   =   x   .   .   .   .   B   =!  =!  x
8           x   .   .   x   x   x   x   x   =   x   x   =   .   .   .   .   .   x   x   x   x
C           x   .   .   =!  2!  2!  x   .   =   x   =   =   x   .   .   .   .   B   =!  =!  x
B           x   .   .   =!  =!  =!  x   .   =   x   =   =   x   .   .   .   .   .   =!  =!  x
"""
# A parent's shares come back when a fill is busted; a paused parent's children may still fill.
_PARENTS = {
    (State.FILLED, Act.BUSTED): "o!",
    (State.FILLED, Act.CORRECTED): "o!",
    (State.SUSPENDED, Act.FILL_PART): "=",
    (State.SUSPENDED, Act.FILL_REST): "2",
}


def _decision(cell: str) -> Decision:
    """Return what a cell says."""
    if cell in ".x":
        return Decision(Verdict.IGNORE if cell == "." else Verdict.QUARANTINE, STAY)
    states = {code: int(state) for state, code in CODES.items()}
    to = {"=": STAY, "o": OPEN, "s": SHUT, **states}[cell[0]]
    return Decision(Verdict.ALERT if cell[1:] == "!" else Verdict.APPLY, to)


def _table(overlay: dict[tuple[State, Act], str]) -> tuple[tuple[Decision, ...], ...]:
    """Return decisions by state and act; the text must name every state once and every act in each."""
    rows = {line.split()[0]: line.split()[1:] for line in _TABLE.strip().splitlines()}
    return tuple(
        tuple(_decision(overlay.get((state, act), cell)) for act, cell in zip(Act, rows[CODES[state]], strict=True))
        for state in State
    )


CHILD_TABLE = _table({})
PARENT_TABLE = _table(_PARENTS)
