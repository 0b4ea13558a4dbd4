"""Where trips begin: a market at a random time of its day, and the path of its twin without orders.

All trips of a stream start from copies of one state and share one twin.
"""

from dataclasses import dataclass

import numpy as np

from nowake.core.streams import generator
from nowake.core.times import SECOND
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset
from nowake.market.sessions import next_weekday, session_of
from nowake.market.world.worlds import Worlds, new_worlds

__all__ = ["CLOSE", "LONGEST", "MIDDAY", "Scene", "Stage", "scene", "stage"]

LONGEST = 600  # s of a trip
MIDDAY, CLOSE = "day", "close"  # when a trip starts: at a random time, or ten minutes before the close
_EARLIEST = 60  # s after the open
_ARRIVED = 1_000_000  # ns after the last command of a second has arrived


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One start: the state, and the twin's path.

    `touch` f8[2 * LONGEST + 1, 2]: bid and ask of the twin, row 2k at second k, row 2k + 1 once commands sent then have
    arrived (`settle` ns later). `spread`: the twin's, averaged over time, ticks.
    """

    worlds: Worlds
    preset: Preset
    seed: int
    stream: int
    regime: str
    touch: np.ndarray
    settle: int
    spread: float


@dataclass(frozen=True, slots=True)
class Stage:
    """Which markets a hunt runs in: stream k has the regime k mod n and starts after `warm_days` sessions."""

    preset: Preset
    seed: int
    regimes: tuple[str, ...]
    warm_days: int


def _settle(preset: Preset) -> int:
    """Return how long after they are sent all commands have arrived, ns; below a second."""
    slowest = max([venue.latency for venue in preset.venues] + [pool.latency for pool in preset.dark])
    return min(round(slowest * SECOND) + _ARRIVED, 9 * SECOND // 10)


def stage(at: Stage, stream: int) -> tuple[Worlds, int]:
    """Return the market of a stream at the open of the day of its trips, and when its trips start (ns)."""
    day, regime = FIRST_DAY, at.regimes[stream % len(at.regimes)]
    seed = at.seed * 1_000_000 + stream
    worlds = new_worlds(at.preset, [seed], regime, *session_of(at.preset, day))
    for _ in range(at.warm_days):
        worlds.run(0, int(worlds.worlds[0]["close"]))
        day = next_weekday(day)
        worlds.next_day(0, *session_of(at.preset, day))
    w = worlds.worlds[0]
    first, last = int(w["open"]) + _EARLIEST * SECOND, int(w["close"]) - LONGEST * SECOND
    return worlds, int(generator(seed, "hunt/start").integers(first, max(last, first + 1)))


def scene(at: Stage, worlds: Worlds, stream: int, start: int) -> Scene:
    """Run `worlds` to `start` (ns) and return it with the path of its twin."""
    worlds.run(0, start)
    twin, settle = worlds.copy(), _settle(at.preset)
    w = twin.worlds[0]
    before = int(w["spread_time"])
    touch = np.zeros((2 * LONGEST + 1, 2))
    for row in range(len(touch)):
        twin.run(0, start + (row // 2) * SECOND + (row % 2) * settle)
        touch[row] = w["bid"], w["ask"]
    spread = (int(w["spread_time"]) - before) / (LONGEST * SECOND)
    seed, regime = at.seed * 1_000_000 + stream, at.regimes[stream % len(at.regimes)]
    return Scene(worlds, at.preset, seed, stream, regime, touch, settle, spread)
