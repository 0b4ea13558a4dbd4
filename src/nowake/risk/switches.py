"""SWITCH: what is stopped now, as a shared record array that the guard's kernel reads before anything leaves.

Row 0 is the firm; every desk, strategy, symbol, venue and order that may be stopped has a row of its own, which USAGE
names. Of several levels that hold for an intent the largest counts.
"""

from enum import IntEnum

import numpy as np

from nowake.data.reader import kernel_view

__all__ = ["FIRM_ROW", "SCOPES", "SWITCH", "Level", "new_switches"]

FIRM_ROW = 0
SCOPES = ("firm", "desk", "strategy", "symbol", "venue", "order")
"""Whom a switch may stop; a venue is named per row of BOARD.place."""


class Level(IntEnum):
    """How far a switch is pressed, the mildest first."""

    RUN = 0
    REDUCE_ONLY = 1  # what reduces the absolute position may pass
    PAUSE = 2  # nothing new; what works goes on working
    CANCEL_ALL = 3  # nothing new, and what works is cancelled


SWITCH = np.dtype([("level", "i8"), ("since", "i8")], align=True)


def new_switches(n: int) -> np.ndarray:
    """Return SWITCH[n], nothing pressed; one may as well lay it over shared memory."""
    switches = np.zeros(n, SWITCH)
    return kernel_view(switches)
