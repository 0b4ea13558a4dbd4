"""What the average price is compared with: arrival, VWAP, TWAP, close, PWP; and how the order took part in the market.

A slippage is s (Pbar - B) / B in bp, positive = cost. Prices here are ticks (floats), None where there is none.
Windows include both ends. The day is the session of the instrument that holds the start of the order, or everything
that was given where it starts in none. The closing auction, which prints just after the close, belongs to the day.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.events import Flag
from nowake.core.times import DAY, SECOND, clock_time, local_midnight
from nowake.core.values import ParentOrder, Side
from nowake.tca import prints as market
from nowake.tca import quotes as path

__all__ = [
    "PWP_RATES",
    "Benchmarks",
    "Conduct",
    "MarketInterval",
    "benchmarks",
    "conduct",
    "market_interval",
    "session_window",
    "slippage",
]

PWP_RATES = (0.05, 0.10, 0.20)


@dataclass(frozen=True, slots=True)
class Pwp:
    """Average price of the first Q / rate shares after the start; `complete` if so many traded."""

    rate: float
    price: float | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """Benchmark prices in ticks; None where nothing printed or no mid was seen."""

    arrival: float
    vwap: float | None
    vwap_ex_own: float | None
    twap: float | None
    day_vwap: float | None
    close: float | None
    pwp: tuple[Pwp, ...]


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the order took part: shares of it (0..1), seconds after its start (None: never)."""

    participation: float
    completion: float
    passive_share: float | None
    first_fill_s: float | None
    time_to_fill_s: float | None


@dataclass(frozen=True, slots=True)
class MarketInterval:
    """The market between start and end: volume, prints, `hidden_share` of volume, ticks, and mid moves in bp.

    `volatility_bps` is the realised volatility over the interval, root of the sum of squared one-minute mid returns.
    `drift_bps` is the mid's move from first to last, positive up.
    """

    volume: int
    prints: int
    hidden_share: float | None
    low: float | None
    high: float | None
    spread_ticks: float | None
    volatility_bps: float | None
    drift_bps: float | None


def slippage(side: Side, price: float | None, benchmark: float | None) -> float | None:
    """Return s (price - benchmark) / benchmark in bp; None where either is missing."""
    if price is None or benchmark is None or benchmark == 0:
        return None
    return int(side) * (price - benchmark) / benchmark * 1e4


def session_window(order: ParentOrder) -> tuple[int, int] | None:
    """Return open and close (ns UTC) of the session that holds the start of the order; None if it starts in none."""
    for session in order.instrument.sessions:
        midnight = local_midnight(clock_time(order.start, session.timezone).date(), session.timezone)
        if midnight + session.open <= order.start <= midnight + session.close:
            return midnight + session.open, midnight + session.close
    return None


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _day(order: ParentOrder, counted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the prints of the day, closing auction last, and those of the closing auction."""
    session = session_window(order)
    if session is None:
        return market.between(counted, order.start - DAY, order.end + DAY), counted[:0]
    cross = market.closing_cross(counted, session[1])
    inside = market.between(counted, *session)
    at_close = (inside["time"] == session[1]) & ((inside["flags"] & int(Flag.AUCTION)) != 0)
    return np.concatenate([inside[~at_close], cross]), cross


def benchmarks(
    order: ParentOrder,
    arrival: float,
    fills: np.ndarray,
    prints: np.ndarray,
    quotes: np.ndarray,
    *,
    rates: Sequence[float] = PWP_RATES,
) -> Benchmarks:
    """Return the benchmark prices of `order` from FILL, PRINT and QUOTE_PATH records, each in time order."""
    counted = market.countable(prints)
    window = market.between(counted, order.start, order.end)
    day, cross = _day(order, counted)
    pwp = (Pwp(rate, *market.first_shares(day, order.start, order.quantity / rate)) for rate in rates)
    return Benchmarks(
        arrival=arrival,
        vwap=market.vwap(window),
        vwap_ex_own=market.vwap(window, window["quantity"] - market.displaced(window, fills)),
        twap=_known(path.time_weighted(quotes, path.mids(quotes), order.start, order.end)),
        day_vwap=market.vwap(day),
        close=market.vwap(cross) if len(cross) else float(day["price2"][-1]) / 2 if len(day) else None,
        pwp=tuple(pwp),
    )


def conduct(order: ParentOrder, fills: np.ndarray, prints: np.ndarray) -> Conduct:
    """Return how `order` took part in the market; participation = filled / (market volume + own volume not in it).

    The denominator is never below what was filled, so that the participation is at most 1.
    """
    filled = int(fills["quantity"].sum())
    volume = int(market.between(market.countable(prints), order.start, order.end)["quantity"].sum())
    whole = max(volume + market.unprinted_quantity(fills), filled)
    first = (int(fills["time"][0]) - order.start) / SECOND if filled else None
    done = (int(fills["time"][-1]) - order.start) / SECOND if filled == order.quantity else None
    passive = int(fills["quantity"][fills["passive"] != 0].sum())
    return Conduct(
        participation=filled / whole if whole else 0.0,
        completion=filled / order.quantity,
        passive_share=passive / filled if filled else None,
        first_fill_s=first,
        time_to_fill_s=done,
    )


def market_interval(start: int, end: int, prints: np.ndarray, quotes: np.ndarray) -> MarketInterval:
    """Return what the market did between `start` and `end` (ns)."""
    window = market.between(market.countable(prints), start, end)
    volume = int(window["quantity"].sum())
    hidden = int(window["quantity"][window["hidden"] != 0].sum())
    two_sided = np.isfinite(path.mids(quotes))
    spread = np.where(two_sided, quotes["ask"] - quotes["bid"], np.nan)
    mid = path.sample_mids(quotes, start, end, 60 * SECOND)
    steps = np.diff(mid) / mid[:-1] * 1e4 if len(mid) > 1 else None
    return MarketInterval(
        volume=volume,
        prints=len(window),
        hidden_share=hidden / volume if volume else None,
        low=float(window["price2"].min()) / 2 if volume else None,
        high=float(window["price2"].max()) / 2 if volume else None,
        spread_ticks=_known(path.time_weighted(quotes, spread, start, end)),
        volatility_bps=float(np.sqrt((steps**2).sum())) if steps is not None else None,
        drift_bps=float((mid[-1] / mid[0] - 1) * 1e4) if len(mid) > 1 else None,
    )
