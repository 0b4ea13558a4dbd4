"""Why the guard refused or changed an intent: numbers for records, words for people.

A reason is also a bit of a mask (`bit`): one intent may hit several limits at once.
"""

from enum import IntEnum

__all__ = ["POLICY_REASONS", "WORDS", "Reason", "Verdict", "bit", "reasons_of", "words_of"]


class Verdict(IntEnum):
    """What the guard did with an intent."""

    PASSED = 0
    PROJECTED = 1  # passed, with less quantity, another price or a larger least execution
    REFUSED = 2


class Reason(IntEnum):
    """Why; 0 is none."""

    NONE = 0
    # what cannot be trusted: no new risk
    MALFORMED = 1
    MISSING = 2
    BAD_STATE = 3
    NOT_A_NUMBER = 4
    CLOCK = 5
    STALE = 6
    CROSSED = 7
    NO_REFERENCE = 8
    # what is not allowed now
    KILLED = 9
    RESTRICTED = 10
    PHASE = 11
    SIDE = 12
    ORDER_TYPE = 13
    VENUE = 14
    VENUE_CLASS = 15
    DEALER = 16
    VENUE_DOWN = 17
    VENUE_STALE = 18
    OPEN_ORDERS = 19
    MESSAGE_RATE = 20
    SELF_TRADE = 21
    # prices
    COLLAR_ARRIVAL = 22
    COLLAR_LAST = 23
    COLLAR_QUOTE = 24
    LIMIT_PRICE = 25
    STEP = 26
    PROTECTED = 27
    # quantities
    CHILD = 28
    CHILD_NOTIONAL = 29
    ORDER_NOTIONAL = 30
    VENUE_NOTIONAL = 31
    DISPLAYED = 32
    PARTICIPATION = 33
    POSITION = 34
    SHORT = 35
    OVERFILL = 36
    DEVIATION = 37
    REDUCE_ONLY = 38
    LOSS = 39
    LOT = 40
    MINIMUM = 41
    DARK_MINIMUM = 42


WORDS = {
    Reason.NONE: "within every limit",
    Reason.MALFORMED: "not an order: side, kind, quantity, price, least execution or venue is impossible",
    Reason.MISSING: "a limit that the guard needs is missing",
    Reason.BAD_STATE: "the account's own numbers contradict each other or are out of range",
    Reason.NOT_A_NUMBER: "a number of the model or of the account is not a number",
    Reason.CLOCK: "the clock went back or jumped, and no market data has been heard since",
    Reason.STALE: "the market data are older than stale_after",
    Reason.CROSSED: "the consolidated quote is crossed",
    Reason.NO_REFERENCE: "a price that a collar needs is missing: arrival, last or the far quote",
    Reason.KILLED: "the kill switch is pressed",
    Reason.RESTRICTED: "the symbol is on the restricted list",
    Reason.PHASE: "the trading phase is not among phases",
    Reason.SIDE: "the side is not among sides, or not that of the parent",
    Reason.ORDER_TYPE: "the order type is not among order_types, or not for this class of venue",
    Reason.VENUE: "the venue is not among venues",
    Reason.VENUE_CLASS: "the venue's class is not among venue_classes",
    Reason.DEALER: "the dealer is not among dealers",
    Reason.VENUE_DOWN: "the venue is halted, out, or its feed has a gap",
    Reason.VENUE_STALE: "nothing has been heard from the venue for venue_silence",
    Reason.OPEN_ORDERS: "max_open_orders are open",
    Reason.MESSAGE_RATE: "max_messages_per_second at the venue is used up",
    Reason.SELF_TRADE: "it could trade with an own resting order",
    Reason.COLLAR_ARRIVAL: "the price was beyond collar_arrival_bp",
    Reason.COLLAR_LAST: "the price was beyond collar_last_bp",
    Reason.COLLAR_QUOTE: "the price was beyond collar_quote_bp",
    Reason.LIMIT_PRICE: "the price was beyond the parent's limit",
    Reason.STEP: "the price lay between two steps",
    Reason.PROTECTED: "an order without a price was given the worst one allowed",
    Reason.CHILD: "more than max_child_shares",
    Reason.CHILD_NOTIONAL: "more than max_child_notional",
    Reason.ORDER_NOTIONAL: "the order would exceed max_order_notional",
    Reason.VENUE_NOTIONAL: "the day at the venue would exceed max_venue_notional",
    Reason.DISPLAYED: "more than max_share_of_displayed",
    Reason.PARTICIPATION: "more than max_participation of the volume",
    Reason.POSITION: "the position would exceed max_position",
    Reason.SHORT: "the position would go short beyond what `short` allows",
    Reason.OVERFILL: "more than is left of the parent",
    Reason.DEVIATION: "further ahead of the schedule than max_deviation",
    Reason.REDUCE_ONLY: "the kill switch lets positions only be reduced",
    Reason.LOSS: "max_daily_loss is reached: positions may only be reduced",
    Reason.LOT: "not a multiple of the lot",
    Reason.MINIMUM: "less than the intent's own least execution was left",
    Reason.DARK_MINIMUM: "smaller than dark_minimum_shares",
}

POLICY_REASONS = frozenset(Reason) - {
    Reason.NONE,
    Reason.MALFORMED,
    Reason.BAD_STATE,
    Reason.NOT_A_NUMBER,
    Reason.CLOCK,
    Reason.STALE,
    Reason.CROSSED,
    Reason.NO_REFERENCE,
    Reason.VENUE_DOWN,
    Reason.VENUE_STALE,
    Reason.SELF_TRADE,
}
"""Reasons that a document or the kill switch gives, not the state of data and clock."""


def bit(reason: Reason) -> int:
    """Return the bit of `reason` in a mask of reasons; 0 of NONE."""
    return 1 << reason if reason else 0


def reasons_of(mask: int) -> tuple[Reason, ...]:
    """Return the reasons in `mask`, in their order."""
    return tuple(reason for reason in Reason if mask & bit(reason))


def words_of(mask: int) -> str:
    """Return what the reasons in `mask` say, for people."""
    return "; ".join(WORDS[reason] for reason in reasons_of(int(mask))) or WORDS[Reason.NONE]
