"""The board: what one instrument shows over all its venues, one aligned numpy record for kernels.

A row of BOARD is written by whoever hears the feeds (a replay, the simulated market, a live feed) and read by features,
guard, router and policy. Prices are integer ticks, 0 where a side is empty; quantities shares; times ns UTC; fees ticks
per share (negative: a rebate). Own orders are left out of the sizes where the feed tells them apart.
"""

from enum import IntEnum

import numpy as np

__all__ = ["BOARD", "PLACES", "Phase", "PlaceKind", "PlaceState", "new_boards"]

PLACES = 16  # most venues of an instrument: lit exchanges, dark pools, dealers


class Phase(IntEnum):
    """The trading phase of an instrument."""

    CLOSED = 0
    AUCTION = 1
    CONTINUOUS = 2
    HALTED = 3


class PlaceKind(IntEnum):
    """What kind of venue it is."""

    NONE = 0
    LIT = 1
    DARK = 2
    DEALER = 3


class PlaceState(IntEnum):
    """Whether a venue can be traded at."""

    UP = 0
    HALTED = 1
    OUTAGE = 2
    GAP = 3  # its feed has lost messages and is not yet recovered


PLACE = np.dtype(
    [
        ("bid", "i8"),
        ("ask", "i8"),
        ("bid_size", "i8"),
        ("ask_size", "i8"),
        ("time", "i8"),  # of the last message heard from it
        ("latency", "i8"),  # ns from us to its match engine
        ("maker_fee", "f8"),
        ("taker_fee", "f8"),
        ("kind", "u1"),
        ("state", "u1"),
    ],
    align=True,
)

BOARD = np.dtype(
    [
        ("time", "i8"),  # of the last market event, at the venue
        ("heard", "i8"),  # when it was heard here
        ("bid", "i8"),  # best over the lit venues that are up
        ("ask", "i8"),
        ("bid_size", "i8"),  # displayed at the best price, over all of them
        ("ask_size", "i8"),
        ("last2", "i8"),  # last print, half ticks
        ("volume", "i8"),  # shares printed since the open, own ones included
        ("trades", "i8"),
        ("phase", "u1"),
        ("places", "u1"),  # how many rows of `place` are used
        ("place", PLACE, (PLACES,)),
    ],
    align=True,
)


def new_boards(n: int) -> np.ndarray:
    """Return BOARD[n]: nothing heard, every phase closed."""
    return np.zeros(n, BOARD)
