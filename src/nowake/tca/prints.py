"""Questions to the market's prints (PRINT records in time order; own executions are not among them).

Prints flagged as outliers, broken, or not to be counted as volume are left out of everything here. What an own passive
fill displaced: in history the shares went to somebody else and their print is among the market's. VWAP without own
volume removes those shares, at the price at which they printed. Own aggressive fills took resting orders that history
left alone: they have no print, nothing is removed for them.
"""

import numpy as np

from nowake.core.events import Flag
from nowake.core.records import Cause
from nowake.core.times import MINUTE

__all__ = ["between", "closing_cross", "countable", "displaced", "first_shares", "unprinted_quantity", "vwap"]

_AUCTION = int(Flag.AUCTION)
_CROSS_WITHIN = 15 * MINUTE  # of the close
_LEFT_OUT = int(Flag.OUTLIER | Flag.BROKEN | Flag.UNPRINTED)


def countable(prints: np.ndarray) -> np.ndarray:
    """Return the prints that benchmarks count."""
    kept: np.ndarray = prints[((prints["flags"] & _LEFT_OUT) == 0) & (prints["quantity"] > 0)]
    return kept


def between(records: np.ndarray, start: int, end: int) -> np.ndarray:
    """Return the records with start <= time <= end (ns)."""
    lo, hi = np.searchsorted(records["time"], start, "left"), np.searchsorted(records["time"], end, "right")
    return records[lo:hi]


def closing_cross(prints: np.ndarray, close: int) -> np.ndarray:
    """Return the auction prints from `close` (ns) until a quarter of an hour later: the closing auction."""
    late = between(prints, close, close + _CROSS_WITHIN)
    crossed: np.ndarray = late[(late["flags"] & _AUCTION) != 0]
    return crossed


def vwap(prints: np.ndarray, quantity: np.ndarray | None = None) -> float | None:
    """Return the average price in ticks weighted by `quantity` (by default the prints' own), None for none."""
    weight = (prints["quantity"] if quantity is None else quantity).astype(float)
    total = float(weight.sum())
    return float((weight * prints["price2"]).sum() / total / 2) if total > 0 else None


def displaced(prints: np.ndarray, fills: np.ndarray) -> np.ndarray:
    """Return i8[n]: shares of each print that own passive fills displaced, never more than it has.

    A passive fill displaces prints of its own instant at its price or beyond it (a sell print at or below our bid, a
    buy print at or above our offer), in file order. What finds none (a model fill) removes nothing.
    """
    taken = np.zeros(len(prints), np.int64)
    own = fills[(fills["passive"] != 0) & (fills["cause"] != Cause.CROSSED)]
    times = np.ascontiguousarray(prints["time"])
    first, past = np.searchsorted(times, own["time"], "left"), np.searchsorted(times, own["time"], "right")
    for fill, lo, hi in zip(own, first, past, strict=True):
        left = int(fill["quantity"])
        for i in range(lo, hi):
            if left and (int(prints["price2"][i]) - int(fill["price2"])) * int(fill["side"]) <= 0:
                share = min(left, int(prints["quantity"][i] - taken[i]))
                taken[i] += share
                left -= share
    return taken


def unprinted_quantity(fills: np.ndarray) -> int:
    """Return the own shares without a print in the market: taken ones, and arrivals that crossed our quote."""
    return int(fills["quantity"][(fills["passive"] == 0) | (fills["cause"] == Cause.CROSSED)].sum())


def first_shares(prints: np.ndarray, start: int, shares: float) -> tuple[float | None, bool]:
    """Return the average price (ticks) of the first `shares` traded from `start` (ns) on, and whether so many traded.

    The print that crosses the mark counts in part.
    """
    after = prints[np.searchsorted(prints["time"], start, "left") :]
    upto = np.cumsum(after["quantity"], dtype=float)
    k = int(np.searchsorted(upto, shares, "left")) + 1
    weight = after["quantity"][:k].astype(float)
    if k <= len(after):
        weight[-1] -= upto[k - 1] - shares
    return vwap(after[:k], weight), bool(len(upto) and upto[-1] >= shares)
