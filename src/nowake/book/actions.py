"""What one may ask of the match engine, and what it answers: the integers in REQUEST and in results."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

__all__ = ["RESULT", "Action", "Outcome", "Prevention", "Request"]


class Action(IntEnum):
    """`REQUEST.kind`. LIMIT and POST with `display` > 0 are icebergs; `minimum`: IOC in total, PEG per execution."""

    LIMIT = 1  # good till cancelled
    MARKET = 2  # no limit; what is not filled is cancelled
    IOC = 3  # immediate or cancel
    FOK = 4  # all or nothing, at once
    POST = 5  # rejected if it would trade
    PEG = 6  # hidden, pegged to the mid
    CANCEL = 7
    REPLACE = 8  # `id` becomes `ref` (0: the same id) at price, quantity


class Prevention(IntEnum):
    """`REQUEST.prevention`: what happens when an order meets one of the same owner (owner 0 is nobody)."""

    NONE = 0  # they trade
    NEWEST = 1  # the arriving order is cancelled
    OLDEST = 2  # the resting order is cancelled
    DECREMENT = 3  # both lose the smaller quantity without a trade


class Outcome(IntEnum):
    """What became of a request."""

    RESTING = 1  # the rest (all or part) is in the book
    FILLED = 2
    CANCELLED = 3  # IOC or market: what could not be filled was cancelled
    KILLED = 4  # FOK or minimum not met: nothing happened
    CROSSING = 5  # post-only would have traded: rejected
    HALTED = 6
    DUPLICATE = 7  # the id is live
    UNKNOWN = 8  # the order to cancel or replace is not live
    INVALID = 9
    PREVENTED = 10  # self-trade prevention cancelled what was left
    DONE = 11  # cancelled, or reduced in its place


RESULT = np.dtype([("outcome", "i8"), ("filled", "i8"), ("rested", "i8"), ("cut", "i8")], align=True)
"""Outcome; shares traded; slot of the resting rest (0: none); shares lost to DECREMENT."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, the fields of the REQUEST record: prices in ticks, `owner` 0 is nobody, `ref` 0 keeps the id."""

    id: int
    kind: Action
    side: int = 1
    price: int = 0
    quantity: int = 0
    ref: int = 0
    display: int = 0
    minimum: int = 0
    owner: int = 0
    prevention: Prevention = Prevention.NONE
