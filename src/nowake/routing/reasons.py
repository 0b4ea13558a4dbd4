"""Why a child goes where it goes: a code in INTENT.reason, words for the decision log."""

from enum import IntEnum

__all__ = ["WORDS", "Reason", "words"]


class Reason(IntEnum):
    """The reason of a route."""

    NONE = 0
    SWEEP_BEST = 1
    SWEEP_PROTECTED = 2
    SWEEP_BEYOND = 3
    JOIN_QUEUE = 4
    JOIN_FIRST = 5
    IMPROVE_STEP = 6
    DARK_GREEDY = 7
    DARK_AT_MID = 8
    ASK_DEALERS = 9
    DARK_FIRST = 10


WORDS = {
    Reason.NONE: "no route",
    Reason.SWEEP_BEST: "the cheapest displayed price, fees and latency included",
    Reason.SWEEP_PROTECTED: "a worse price, sent together with orders for every better displayed quote",
    Reason.SWEEP_BEYOND: "the rest of an urgent sweep, beyond what is displayed, all displayed quotes taken at once",
    Reason.JOIN_QUEUE: "rests at the touch, where queue, fee and outflow promise most",
    Reason.JOIN_FIRST: "rests at the best price on a venue that does not show it yet: first in its queue",
    Reason.IMPROVE_STEP: "rests one step inside the spread",
    Reason.DARK_GREEDY: "the dark pool whose next lot is likeliest to gain, by its censored fills and mark-outs",
    Reason.DARK_AT_MID: "no step inside the spread is free: waits at the mid in a dark pool",
    Reason.ASK_DEALERS: "large against the displayed size: dealers are asked",
    Reason.DARK_FIRST: "asks a dark pool for what it holds, at once or not at all, before the rest waits in sight",
}


def words(reason: int) -> str:
    """Return the words of a reason code; ValueError on an unknown one."""
    return WORDS[Reason(reason)]
