"""Simulated days of a preset, measured as the recorded ones were, and how far they are from them.

Every evaluation runs the same seeds (common random numbers), so that two presets differ by their parameters and not
by chance. The days of the venues of a market are read as one book, as a consolidated feed would show them.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import CapacityError, InputError
from nowake.core.events import Kind
from nowake.market.calibrate.targets import Target, compare, measure_all
from nowake.market.market import FIRST_DAY
from nowake.market.preset_model import Preset
from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.distance import Gap
from nowake.market.realism.events import from_events
from nowake.market.realism.measure import reduce_day
from nowake.market.realism.reduced import Reduced
from nowake.market.sessions import next_weekday, session_of
from nowake.market.world.state import ORDERS
from nowake.market.world.worlds import Worlds, new_worlds

__all__ = ["FAILED", "Plan", "Unusable", "days_of", "evaluate", "loss", "plan_of", "seeds_of"]

REGIME = "switching"
FAILED = 100.0
"""Loss of a market that cannot be measured: its book overflows, or hardly anybody trades."""
_CUT = 10.0  # as realism.distance
_PROFILE = 3.0  # facts that spread, volume, volatility, events and trades together count as
_EVENTS = 400_000  # of one evaluation, wanted
_PATHS = 4
_BUSY = 8  # times the messages of the data: no market is followed further
_FULL = 0.5  # of the places of a book: a market nearer to its capacity overflows on other seeds
_SLICE = 900_000_000_000  # ns between two looks at the number of events
_LEAST_TRADES = 30  # a day
_ROLES = {"search": 0, "runoff": 1, "judge": 2}


class Unusable(Exception):  # noqa: N818 - an outcome, no fault
    """A market of which no facts can be measured."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`paths` runs of `days` days each; a run ends when a day has more than `most` events."""

    paths: int
    days: int
    most: int


def plan_of(target: Target, *, factor: int = 1) -> Plan:
    """Return how much to simulate for data like `target`: runs as long as it, five days at most, 400,000 events."""
    days = min(max(len(target.dates), 2), 5)
    events = target.known("events")
    paths = int(min(max(_EVENTS * factor // (days * events), 1), _PATHS * factor))
    return Plan(max(paths, 2 * (factor > 1)), days, int(_BUSY * events) + 100_000)


def seeds_of(seed: int, role: str, paths: int) -> list[int]:
    """Return the market seeds of search, runoff or judge: no two roles share one."""
    return [(seed * len(_ROLES) + _ROLES[role]) * 1000 + k for k in range(paths)]


def days_of(preset: Preset, seed: int, days: int, most: int) -> Iterator[Reduced]:
    """Yield `days` consecutive days of the market, reduced; Unusable where it cannot be measured."""
    day, blocks = FIRST_DAY, list[np.ndarray]()
    try:
        markets = new_worlds(preset, [seed], REGIME, *session_of(preset, day), blocks.append)
        for k in range(days):
            if k:
                day = next_weekday(day)
                markets.next_day(0, *session_of(preset, day), blocks.append)
            _run_day(markets, blocks, most)
            yield _reduced(preset, seed, session_of(preset, day), blocks)
            blocks.clear()
    except (CapacityError, IndexError, InputError) as error:
        raise Unusable(str(error)) from error


def _run_day(markets: Worlds, blocks: list[np.ndarray], most: int) -> None:
    close, until = int(markets.worlds["close"][0]), int(markets.worlds["open"][0])
    while until < close:
        until = min(until + _SLICE, close)
        while not markets.step(0, until, blocks.append):
            pass
        if int(markets.books["live"].max()) > _FULL * ORDERS:
            raise Unusable("a book is half full: on another day it would overflow")
        if sum(map(len, blocks)) > most:
            raise Unusable(f"more than {most} events a day")


def _reduced(preset: Preset, seed: int, session: tuple[int, int], blocks: Sequence[np.ndarray]) -> Reduced:
    events = np.concatenate(blocks)
    lit = (events["instrument"] < len(preset.venues)) & (events["kind"] != int(Kind.CLEAR))
    events = events[lit]
    record = from_events(events, open_ns=session[0], close_ns=session[1], tick_size=preset.instrument.tick, series=seed)
    if len(record.trades) < _LEAST_TRADES:
        raise Unusable(f"{len(record.trades)} trades in a day")
    return reduce_day(record)


def evaluate(preset: Preset, seeds: Iterable[int], plan: Plan, target: Target) -> tuple[float, dict[str, Estimate]]:
    """Return the loss of a preset and its measured parts; FAILED and nothing if it cannot be measured."""
    try:
        days = [day for seed in seeds for day in days_of(preset, seed, plan.days, plan.most)]
    except Unusable:
        return FAILED, {}
    found = measure_all(days, draws=2)
    return loss(*compare(target, found)), found


def loss(facts: Sequence[Gap], profile: Sequence[Gap]) -> float:
    """Return what the search minimises: `realism.distance.distance`, with the profile as three facts more.

    Beyond the cut at ten standard errors a logarithm keeps a slope, so that a hopeless fact can be found again.
    """
    squares: dict[int, list[float]] = {}
    for row in (*facts, *profile):
        z = abs(row.z)
        squares.setdefault(row.id, []).append(min(z, _CUT) ** 2 + math.log1p(max(z - _CUT, 0.0)))
    weights = {number: _PROFILE if number == 0 else 1.0 for number in squares}
    total = sum(weights[number] * sum(rows) / len(rows) for number, rows in squares.items())
    return math.sqrt(total / sum(weights.values()))
