"""What prices did after the fills: signed mark-outs, reversion, effective / realised / quoted spread, spread capture.

Mark-out after h of a fill at p (s the side, m~ the market's mid at the fill): s (mid(t + h) - p) / m~ in bp; **positive
is good for us**, negative is adverse selection. Mids are those of the market without our orders, the last known one
where a side is empty. A mark-out that would need data after the last record is left out; `fills` says how many remain.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.times import MINUTE, MS, SECOND
from nowake.core.values import Side
from nowake.tca import quotes as path
from nowake.tca.statistics import weighted_mean

__all__ = ["HORIZONS", "MarkOut", "Reversion", "Spreads", "mark_outs", "reversions", "spreads"]

HORIZONS = (100 * MS, SECOND, 10 * SECOND, 60 * SECOND, 300 * SECOND)
REVERSIONS = (5 * MINUTE, 30 * MINUTE)


@dataclass(frozen=True, slots=True)
class MarkOut:
    """Quantity-weighted mark-out in bp `horizon_s` seconds after a fill, over `fills` fills of `quantity` shares."""

    horizon_s: float
    bps: float | None
    fills: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Reversion:
    """s (mid after - mid at the last fill) / mid in bp: negative = the price came back after we stopped."""

    minutes: float
    bps: float | None


@dataclass(frozen=True, slots=True)
class Spreads:
    """Quantity-weighted, in bp of the mid at the fill, full spreads (twice the half).

    Effective 2 s (p - m), realised 2 s (p - mid 60 s later), quoted just before the fill. `capture` is s (m - p) over
    half the quoted spread: 1 passive at the touch, -1 across the spread, 0 at mid.
    """

    effective_bps: float | None
    realised_bps: float | None
    quoted_bps: float | None
    capture: float | None


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _later(fills: np.ndarray, quotes: np.ndarray, horizon: int, last: int | np.ndarray) -> np.ndarray:
    """Return the mid `horizon` ns after each fill, NaN where that lies after `last` (ns, one or one a fill)."""
    when = fills["time"] + horizon
    return np.where(when <= last, path.mid_at(quotes, when), np.nan)


def mark_outs(
    fills: np.ndarray,
    untouched: np.ndarray,
    quotes: np.ndarray,
    last: int | np.ndarray,
    horizons: Sequence[int] = HORIZONS,
) -> tuple[MarkOut, ...]:
    """Return the mark-outs of `fills` whose market mids are `untouched` (f8[n], ticks).

    Data end at `last` (ns): one time for all, or i8[n], one a fill.
    """
    weight, rows = fills["quantity"].astype(float), []
    for horizon in horizons:
        move = fills["side"] * (_later(fills, quotes, horizon, last) - fills["price2"] / 2.0) / untouched * 1e4
        use = np.isfinite(move)
        quantity = int(fills["quantity"][use].sum())
        rows.append(MarkOut(horizon / SECOND, _known(weighted_mean(move, weight)), int(use.sum()), quantity))
    return tuple(rows)


def reversions(
    side: Side, fills: np.ndarray, quotes: np.ndarray, last: int, after: Sequence[int] = REVERSIONS
) -> tuple[Reversion, ...]:
    """Return the signed move of the mid from the last fill on; None without fills or beyond the data."""
    rows = []
    for wait in after:
        bps = None
        if len(fills):
            end = fills[-1:]
            start_mid, mid = path.mid_at(quotes, end["time"])[0], _later(end, quotes, wait, last)[0]
            bps = _known(int(side) * (mid - start_mid) / start_mid * 1e4)
        rows.append(Reversion(wait / MINUTE, bps))
    return tuple(rows)


def spreads(fills: np.ndarray, mids: np.ndarray, quotes: np.ndarray, last: int | np.ndarray) -> Spreads:
    """Return the spreads of `fills`; `mids` (f8[n], ticks) are the mids just before them in the book we trade in.

    Data end at `last` (ns): one time for all, or i8[n], one a fill.
    """
    weight, price, side = fills["quantity"].astype(float), fills["price2"] / 2.0, fills["side"].astype(float)
    quoted = path.spread_at(quotes, fills["time"])
    effective = 2 * side * (price - mids)
    realised = 2 * side * (price - _later(fills, quotes, 60 * SECOND, last))
    use = np.isfinite(quoted) & (quoted > 0)
    half = float((weight[use] * quoted[use]).sum()) / 2
    return Spreads(
        effective_bps=_known(weighted_mean(effective / mids * 1e4, weight)),
        realised_bps=_known(weighted_mean(realised / mids * 1e4, weight)),
        quoted_bps=_known(weighted_mean(quoted / mids * 1e4, weight)),
        capture=float((weight[use] * side[use] * (mids[use] - price[use])).sum()) / half if half else None,
    )
