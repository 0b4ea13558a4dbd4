"""A day prepared for measuring: two-sided quotes, trades by aggressive order, values on grids of time."""

from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.market.realism.day import DayRecord

__all__ = ["PARENT", "DayView", "view_of"]

PARENT = np.dtype([("time", "i8"), ("price", "f8"), ("quantity", "i8"), ("sign", "i1")], align=True)


@dataclass(frozen=True, slots=True)
class DayView:
    """Two-sided quotes as arrays (`time` ns, `bid`, `ask` ticks, sizes), and lit trades PARENT[n], one an order.

    The price of a trade is its last print's, in ticks.
    """

    record: DayRecord
    time: np.ndarray
    bid: np.ndarray
    ask: np.ndarray
    bid_size: np.ndarray
    ask_size: np.ndarray
    trades: np.ndarray

    @property
    def mid(self) -> np.ndarray:
        """Return the mid of every two-sided quote in ticks, f8[m]."""
        mid: np.ndarray = (self.bid + self.ask) / 2
        return mid

    def grid(self, every: int) -> np.ndarray:
        """Return the times open, open + every, … close (ns)."""
        return np.arange(self.record.open, self.record.close + 1, every, dtype=np.int64)

    def rows_at(self, times: np.ndarray, *, before: bool = False) -> np.ndarray:
        """Return the quote in force at each time (strictly `before` it if asked); the first one before any."""
        side = "left" if before else "right"
        rows = np.searchsorted(self.time, times, side=side) - 1  # type: ignore[call-overload]
        clipped: np.ndarray = np.maximum(rows, 0)
        return clipped

    def mid_at(self, times: np.ndarray, *, before: bool = False) -> np.ndarray:
        """Return the mid in force at each time in ticks."""
        rows = self.rows_at(times, before=before)
        mid: np.ndarray = (self.bid[rows] + self.ask[rows]) / 2
        return mid

    def averages(self, values: np.ndarray, edges: np.ndarray) -> np.ndarray:
        """Return the time-weighted mean of `values` (one a quote) between consecutive `edges` (ns)."""
        passed = np.concatenate([[0.0], np.cumsum(values[:-1] * np.diff(self.time))])
        rows = self.rows_at(edges)
        upto = passed[rows] + values[rows] * (edges - self.time[rows])
        mean: np.ndarray = np.diff(upto) / np.diff(edges)
        return mean

    def bins(self, times: np.ndarray, every: int) -> np.ndarray:
        """Return the number of the interval of width `every` that each time lies in (the close in the last)."""
        last = (self.record.close - self.record.open) // every - 1
        inside: np.ndarray = np.minimum((times - self.record.open) // every, last)
        return inside


def view_of(record: DayRecord) -> DayView:
    """Return the prepared day; InputError if it has no two-sided quote at all."""
    quotes = record.quotes
    two = quotes[(quotes["bid"] > 0) & (quotes["ask"] > 0)]
    if not len(two):
        raise InputError("day of the realism gate", expected="quotes with both sides", got=f"{len(quotes)} quotes")
    time, bid, ask, bid_size, ask_size = (np.ascontiguousarray(two[name]) for name in two.dtype.names or ())
    return DayView(record, time, bid, ask, bid_size, ask_size, _by_order(record.trades))


def _by_order(trades: np.ndarray) -> np.ndarray:
    """Return PARENT[n] in order of first prints: the lit prints of every aggressive order with a sign as one."""
    lit = trades[(trades["dark"] == 0) & (trades["sign"] != 0)]
    _, first, member = np.unique(lit["order"], return_index=True, return_inverse=True)
    last = np.zeros(len(first), np.int64)
    np.maximum.at(last, member, np.arange(len(lit)))
    out = np.zeros(len(first), PARENT)
    out["time"], out["sign"] = lit["time"][first], lit["sign"][first]
    out["price"] = lit["price2"][last] / 2
    out["quantity"] = np.bincount(member, weights=lit["quantity"], minlength=len(first)).astype(np.int64)
    return out[np.argsort(first, kind="stable")]
