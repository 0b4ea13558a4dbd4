"""Days of a simulated market, each reduced to what the facts need and then forgotten."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from nowake.core.errors import InputError
from nowake.core.events import Flag, Kind
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset
from nowake.market.realism.day import TRADE, DayRecord
from nowake.market.realism.events import from_events
from nowake.market.realism.measure import reduce_day
from nowake.market.realism.reduced import Reduced
from nowake.market.sessions import next_weekday, session_of
from nowake.market.workers import in_order
from nowake.market.world.worlds import new_worlds

__all__ = ["SEEDS_APART", "day_record", "reduced_days"]

SEEDS_APART = 1_000_000
"""Streams of the gate with seed s are s * SEEDS_APART and those that follow."""
_HALF = 4096  # flag of a print: its price is half a tick higher
_CLEAR = int(Kind.CLEAR)

Report = Callable[[int], None]


def day_record(preset: Preset, day: date, blocks: Sequence[np.ndarray], series: int = 0) -> DayRecord:
    """Return a simulated day (EVENT arrays of all venues in time order) as the facts see it.

    Lit venues make one book; prints of dark pools (instruments behind the lit ones) are trades that never touch it.
    """
    events = np.concatenate(blocks)
    unlit = events["instrument"] >= len(preset.venues)
    prints = events[unlit & (events["kind"] == int(Kind.TRADE)) & (events["flags"] & int(Flag.BROKEN) == 0)]
    lit = events[~unlit & (events["kind"] != _CLEAR)]  # every day stands alone
    lit["instrument"] = 0
    opened, closed = session_of(preset, day)
    record = from_events(
        lit, open_ns=opened, close_ns=closed, tick_size=preset.instrument.tick, series=series, unmeasured=frozenset()
    )
    inside = (prints["time"] >= opened) & (prints["time"] <= closed)
    return replace(record, trades=_with_dark(record.trades, prints[inside])) if inside.any() else record


def _with_dark(trades: np.ndarray, prints: np.ndarray) -> np.ndarray:
    """Return `trades` and the dark prints (EVENT) among them in time order; nobody was the aggressor of those."""
    rows = np.zeros(len(prints), TRADE)
    rows["time"], rows["quantity"], rows["dark"] = prints["time"], prints["quantity"], 1
    rows["price2"] = 2 * prints["price"] + ((prints["flags"] & _HALF) != 0)
    rows["order"] = -1 - np.arange(len(rows))
    rows["venue"] = prints["instrument"]
    both = np.concatenate([trades, rows])
    ordered: np.ndarray = both[np.argsort(both["time"], kind="stable")]
    return ordered


def _series(preset: Preset, seed: int, regime: str, days: int, warm: int, tell: Report) -> list[Reduced]:
    """Return `days` consecutive days of one seed after `warm` days that nobody looks at."""
    day, blocks = FIRST_DAY, list[np.ndarray]()
    reduced: list[Reduced] = []
    markets = new_worlds(preset, [seed], regime, *session_of(preset, day), blocks.append)
    w = markets.worlds[0]
    for k in range(warm + days):
        if k:
            day = next_weekday(day)
            markets.next_day(0, *session_of(preset, day), blocks.append)
        if k < warm:
            markets.run(0, int(w["close"]))
        else:
            while not markets.step(0, int(w["close"]), blocks.append):
                pass
            reduced.append(reduce_day(day_record(preset, day, blocks, series=seed)))
        blocks.clear()
        tell(1)
    return reduced


def reduced_days(
    preset: Preset,
    *,
    seed: int,
    seeds: int,
    days: int,
    regime: str = "switching",
    warm: int = 0,
    workers: int | None = None,
    tell: Report = lambda _: None,
) -> list[Reduced]:
    """Return seeds x days reduced days, seed by seed in their order, the same whatever the number of `workers`.

    `warm` days are run before those of every seed; `tell(1)` is called after each day. InputError for numbers below 1.
    """
    if seeds < 1 or days < 1 or warm < 0:
        raise InputError("realism", expected="at least one seed and one day", got=(seeds, days))
    first = seed * SEEDS_APART

    def job(k: int) -> Callable[[], list[Reduced]]:
        return lambda: _series(preset, first + k, regime, days, warm, tell)

    return [day for series in in_order([job(k) for k in range(seeds)], workers) for day in series]
