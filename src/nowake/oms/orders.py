"""Parents, children and fills, and how an act moves one of them: judged by its quantities, decided by the table.

Quantities whole shares, `price` whole ticks (0: none), `money2` half ticks times shares, `fee` billionths of currency.
An order's leaves are `quantity - filled - lost` while it is open: `lost` are shares of busted fills, which do not stand
at the venue again. All structs are mutable, and belong to the tree alone.
"""

from enum import IntEnum
from typing import TypeVar

import msgspec

from nowake.oms.states import CLOSED, OPEN, SHUT, STAY, Act, Decision, State, Verdict

__all__ = [
    "Child",
    "Fill",
    "Flag",
    "Order",
    "Parent",
    "Standing",
    "decide",
    "exposure",
    "judge",
    "judge_fill",
    "leaves",
    "open_state",
    "settle",
]

AnyOrder = TypeVar("AnyOrder", bound="Order")


class Flag(IntEnum):
    """What is true of an order beside its state, a bit each; 32 was used once."""

    ACKED = 1  # its venue has shown that it knows it
    CANCEL_PENDING = 2
    REPLACE_PENDING = 4
    REPLACED = 8
    PAUSED = 16
    ADOPTED = 64  # found at the venue after a crash


class Standing(IntEnum):
    """Where a fill stands."""

    BOOKED = 0
    BUSTED = 1
    CORRECTED = 2
    BUST_FIRST = 3  # its bust came before the fill itself
    CORRECTION_FIRST = 4


class Order(msgspec.Struct, array_like=True, gc=False):
    """What parents and children share; `heard` has a bit for every act that was applied."""

    id: int
    side: int
    quantity: int
    price: int
    time: int
    state: int
    filled: int = 0
    money2: int = 0
    fee: int = 0
    lost: int = 0
    flags: int = 0
    heard: int = 0
    asked_quantity: int = 0
    asked_price: int = 0


class Child(Order, array_like=True, gc=False, kw_only=True):
    """One order at one venue; `exposure` is what it can still take from its parent."""

    parent: int
    venue: str
    kind: int
    route: int
    decision: int
    exposure: int


class Parent(Order, array_like=True, gc=False, kw_only=True):
    """The whole order; `working` is the sum of its children's exposures, `children` their ids.

    `arrival2`: the mid when the desk first looked at its market, half ticks; 0: not yet.
    """

    account: str
    symbol: str
    start: int
    end: int
    algo: str
    tick_size: str
    client: str
    basket: int
    who: str
    working: int = 0
    allocated: int = 0
    children: list[int] = []
    arrival2: int = 0


class Fill(msgspec.Struct, array_like=True, gc=False):
    """An execution: its terms now, and those that were told first, by which a repeat is known."""

    child: int
    id: str
    quantity: int
    price2: int
    fee: int
    time: int
    maker: bool
    standing: int
    told_quantity: int
    told_price2: int


# What a venue says once: heard again where the table has no place for it, it is a repeat.
_ONCE = sum(
    1 << act
    for act in Act
    if act in range(Act.PENDING, Act.CALCULATED + 1)
    and act not in (Act.FILL_PART, Act.FILL_REST, Act.OVERFILL, Act.CANCEL_ASKED, Act.REPLACE_ASKED)
)
_PENDING = tuple(
    int(Flag.CANCEL_PENDING) if act == Act.CANCEL_REFUSED
    else int(Flag.REPLACE_PENDING) if act in (Act.REPLACED, Act.REPLACE_REFUSED)
    else 0
    for act in Act
)  # fmt: skip
_CONTRADICTED, _FILL_PART, _FILL_REST, _OVERFILL = Act.CONTRADICTED, Act.FILL_PART, Act.FILL_REST, Act.OVERFILL
_FILLED, _PART, _NEW, _WAITING = int(State.FILLED), int(State.PARTIALLY_FILLED), int(State.NEW), int(State.PENDING_NEW)
_CANCELED, _SUSPENDED = int(State.CANCELED), int(State.SUSPENDED)
_PENDING_CANCEL, _PENDING_REPLACE = int(State.PENDING_CANCEL), int(State.PENDING_REPLACE)
_QUARANTINE = Verdict.QUARANTINE
_CANCELLING = int(Flag.CANCEL_PENDING)
_ACKED, _REPLACING, _PAUSED, _REPLACED = (
    int(flag) for flag in (Flag.ACKED, Flag.REPLACE_PENDING, Flag.PAUSED, Flag.REPLACED)
)


def leaves(order: Order) -> int:
    """Return the shares that stand at the venue (of a parent: that are not yet filled)."""
    return 0 if CLOSED[order.state] else max(0, order.quantity - order.filled - order.lost)


def exposure(order: Order) -> int:
    """Return the most shares that may still fill: a larger replacement that is asked for counts already."""
    if CLOSED[order.state]:
        return 0
    quantity = order.quantity if order.quantity > order.asked_quantity else order.asked_quantity
    return max(0, quantity - order.filled - order.lost)


def judge(order: Order, word: Act) -> Act:
    """Return the act that a word other than a fill is: CONTRADICTED if nothing was asked or a filled order fails."""
    pending = _PENDING[word]
    if pending and not order.flags & pending:
        return _CONTRADICTED
    return _CONTRADICTED if word is Act.REJECTED and order.filled > 0 else word


def judge_fill(order: Order, quantity: int) -> Act:
    """Return the act that a fill of `quantity` shares is."""
    after = order.filled + quantity
    if after < order.quantity:
        return _FILL_PART
    return _FILL_REST if after == order.quantity else _OVERFILL


def decide(
    order: Order, act: Act, table: tuple[tuple[Decision, ...], ...], word: Act | None = None
) -> tuple[Verdict, int]:
    """Return the cell of the table; the repeat of a `word` that was applied before changes nothing."""
    decision = table[order.state][act]
    if decision[0] is _QUARANTINE and order.heard & _ONCE & (1 << (act if word is None else word)):
        return Verdict.IGNORE, STAY
    return decision


def open_state(order: Order) -> int:
    """Return the state of an open order, from its quantities and flags."""
    if order.filled >= order.quantity:
        return _FILLED
    if order.filled + order.lost >= order.quantity:
        return _CANCELED  # what is not filled was busted, and stands nowhere
    if order.flags & _CANCELLING:
        return _PENDING_CANCEL
    if order.flags & _REPLACING:
        return _PENDING_REPLACE
    if order.flags & _PAUSED:
        return _SUSPENDED
    if order.filled:
        return _PART
    if order.flags & _REPLACED:
        return int(State.REPLACED)
    return _NEW if order.flags & _ACKED else _WAITING


def settle(order: Order, act: Act, to: int) -> None:
    """Move the order where the table says, after `act` has changed its quantities and flags."""
    order.heard |= 1 << act
    if to >= 0:
        order.state = to
    elif to == OPEN:
        order.state = open_state(order)
    elif to == SHUT:
        order.state = _FILLED if order.filled >= order.quantity else _CANCELED
