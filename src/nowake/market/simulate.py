"""Whole days of a simulated market: counts, spread, volatility, and the days themselves for the store."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import SECOND, local_midnight
from nowake.core.values import Instrument, Session
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset
from nowake.market.sessions import next_weekday, session_of
from nowake.market.world.worlds import Worlds, new_worlds

__all__ = ["Simulation", "instrument_of", "simulate"]

STEP = 300 * SECOND  # of the returns that measure volatility
MOST_DAYS = 10_000

Sink = Callable[[date, list[np.ndarray]], None]


@dataclass(frozen=True, slots=True)
class Simulation:
    """What happened; volume in shares, `spread_ticks` averaged over time.

    `volatility_daily`: root mean over days of the sum of squared five-minute returns of the mid, as a fraction.
    """

    days: int
    events: int
    trades: int
    volume: int
    spread_ticks: float
    volatility_daily: float
    digest: str
    events_per_s: float
    adds: int
    cancels: int
    posted: int


def instrument_of(preset: Preset) -> Instrument:
    """Return the instrument of a preset; its price unit is half a tick, so that fills at the mid are whole numbers."""
    one, hours = preset.instrument, preset.session
    midnight = local_midnight(FIRST_DAY, hours.timezone)
    low, high = (at - midnight for at in session_of(preset, FIRST_DAY))
    return Instrument(
        one.symbol, tick_size=Decimal(str(one.tick)) / 2, step=2, round_lot=one.round_lot, currency=one.currency,
        venue="SIM", sessions=(Session(low, high, hours.timezone),),
    )  # fmt: skip


def simulate(
    preset: Preset,
    seed: int,
    *,
    regime: str = "switching",
    days: int = 1,
    sink: Sink | None = None,
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Run `days` trading days of the market (preset, seed, regime); `sink` gets each day's EVENT arrays, venues merged.

    InputError for a number of days outside 1..10,000 or an unknown regime.
    """
    if not 1 <= days <= MOST_DAYS:
        raise InputError("days", expected=f"1 to {MOST_DAYS}", got=days)
    day, returns, busy, session = FIRST_DAY, [], 0.0, 0
    blocks: list[np.ndarray] = []
    keep = blocks.append if sink else None
    markets = new_worlds(preset, [seed], regime, *session_of(preset, day), keep)
    w = markets.worlds[0]
    markets.run(0, int(w["now"]) - 1)  # compiles, and does nothing else: not counted as speed
    for k in range(days):
        if k:
            day, blocks[:] = next_weekday(day), []
            markets.next_day(0, *session_of(preset, day), keep)
        begun = time.process_time()
        mids = _day(markets, keep)
        busy += time.process_time() - begun
        returns.append(float((np.diff(mids) ** 2 / mids[:-1] ** 2).sum()))
        session += int(w["close"] - w["open"])
        if sink:
            sink(day, list(blocks))
        if progress:
            progress((k + 1) / days)
    spread = float(w["spread_time"]) / session
    counts = {name: int(w[name]) for name in ("events", "trades", "volume", "adds", "cancels", "posted")}
    return Simulation(
        days=days, spread_ticks=spread, volatility_daily=float(np.sqrt(np.mean(returns))),
        digest=f"{markets.digest(0):016x}", events_per_s=counts["events"] / max(busy, 1e-9), **counts,
    )  # fmt: skip


def _day(markets: Worlds, keep: Callable[[np.ndarray], None] | None) -> np.ndarray:
    """Run market 0 to its close; return the mid (ticks) at the open and after every STEP."""
    w = markets.worlds[0]
    mids = [(float(w["bid"]) + float(w["ask"])) / 2]
    while w["now"] < w["close"]:
        until = min(int(w["now"]) + STEP, int(w["close"]))
        if keep is None:
            markets.run(0, until)
        while keep and not markets.step(0, until, keep):
            pass
        mids.append((float(w["bid"]) + float(w["ask"])) / 2)
    return np.array(mids)
