"""One day of trading as the realism gate sees it: trades, consolidated best quotes, and counts of messages.

A *trade* is all prints of one aggressive order (`order`), so that sweeps over levels and venues count once.
"""

from dataclasses import dataclass, field

import numpy as np

from nowake.core.errors import InputError
from nowake.core.records import QUOTE_PATH

__all__ = ["PLACEMENTS", "TRADE", "DayRecord"]

TRADE = np.dtype(
    [
        ("time", "i8"),  # ns UTC
        ("price2", "i8"),  # half ticks
        ("quantity", "i8"),
        ("order", "i8"),  # id of the aggressive order, unique in the day
        ("venue", "i2"),
        ("sign", "i1"),  # of the aggressor: +1 buy, -1 sell; 0 where nobody was (dark mid)
        ("hidden", "u1"),  # against an invisible order of a lit venue
        ("dark", "u1"),  # in a dark pool
    ],
    align=True,
)
PLACEMENTS = 1024
"""Bins of a histogram of limit order distances: 0 at the own best or better, k steps behind it, the last and more."""


@dataclass(frozen=True, slots=True)
class DayRecord:
    """A day of continuous trading from `open` to `close` (ns UTC), auctions left out.

    `trades` TRADE[n] and `quotes` QUOTE_PATH[m] in time order (several quotes may share a time); prices in ticks of
    `tick_size` currency units, quotes move in multiples of `step` ticks. `adds`, `cancels` count messages about visible
    orders of lit venues, `posted` the shares that ADDs showed; `placements` i8[k] is the histogram of the distance of
    new limit orders from the best of their own side, in steps. `series` names the run of consecutive days that the day
    belongs to (the seed), `unmeasured` the ids of the facts that this data cannot tell, `notes` why. InputError if the
    arrays are not what they should be.
    """

    trades: np.ndarray
    quotes: np.ndarray
    open: int
    close: int
    adds: int
    cancels: int
    posted: int
    placements: np.ndarray
    tick_size: float
    step: int = 1
    series: int = 0
    unmeasured: frozenset[int] = field(default_factory=frozenset)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.trades.dtype != TRADE or self.quotes.dtype != QUOTE_PATH:
            raise InputError("day record", expected="TRADE and QUOTE_PATH records", got=self.trades.dtype)
        if not self.open < self.close or self.step < 1 or not self.tick_size > 0:
            raise InputError("day record", expected="open < close, step >= 1, tick size > 0", got=self.open)
        if min(self.adds, self.cancels, self.posted) < 0 or self.placements.ndim != 1:
            raise InputError("day record", expected="counts from 0, placements i8[k]", got=self.placements.shape)
        for name in ("trades", "quotes"):
            times = getattr(self, name)["time"]
            if len(times) and (np.any(np.diff(times) < 0) or times[0] < self.open or times[-1] > self.close):
                raise InputError(f"{name} of a day", expected="times in order, from open to close", got="others")
