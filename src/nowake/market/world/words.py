"""What own commands may say and why venues refuse: the codes of COMMAND, OWN_EVENT and of faults."""

from enum import IntEnum

__all__ = ["Action", "Fault", "OrderKind", "Reason"]


class Action(IntEnum):
    """COMMAND.action."""

    NEW = 1
    CANCEL = 2
    REPLACE = 3  # a smaller quantity at the same price keeps its place
    MASS_CANCEL = 4  # every own order, of one venue where it names one
    ASK = 5  # a dealer for a quote
    ACCEPT = 6  # a dealer's quote
    FAULT = 7  # for tests: `kind` is a Fault, `quantity` how long it lasts (ns), `price` what it needs


class OrderKind(IntEnum):
    """COMMAND.kind of a new order."""

    LIMIT = 1
    MARKET = 2
    IOC = 3
    POST_ONLY = 4
    MID_PEG = 5  # waits unseen at the mid
    ON_CLOSE = 6  # for the closing auction


class Fault(IntEnum):
    """COMMAND.kind of a fault: what can go wrong at a venue."""

    OUTAGE = 1  # the venue is gone: its book is cancelled, nothing is accepted
    SLOW = 2  # own commands take `price` ns longer
    STORM = 3  # every own order is refused
    STUCK = 4  # own cancels get no answer
    HALT = 5  # trading stops everywhere; cancels are accepted
    BUST = 6  # the last own fill there is taken back


class Reason(IntEnum):
    """Why a command was rejected or an order cancelled."""

    NONE = 0
    UNKNOWN = 1  # finished or never there
    WOULD_CROSS = 2  # post-only
    UNFILLED = 3  # the rest of an order that may not rest
    ASKED = 4
    FULL = 5  # too many own orders alive
    CLOSED = 6  # the session is over
    WOULD_LOCK = 7  # the rest of an order for one venue that would lock or cross the quote of another
    NOT_HERE = 8  # this venue has no place for that kind of order
    INVALID = 9  # minimum above the quantity
    THROTTLED = 10  # more messages in a second than the venue takes
    DECLINED = 11  # the dealer has no size to offer
    LAST_LOOK = 12  # the dealer has changed his mind
    LATE = 13  # the quote has run out
    OUTAGE = 15
    STORM = 16
    HALTED = 17
    BUSTED = 18
    RESUMED = 19
