"""A generated day, or a stream of a given length, as EVENT records."""

import datetime

import numpy as np

from nowake.core.errors import InputError
from nowake.core.events import EVENT
from nowake.core.times import DAY, local_midnight
from nowake.market.flow import MARGIN, advance, fill_book
from nowake.market.parameters import ZeroIntelligence
from nowake.market.state import ORDERS, new_world

__all__ = ["DEFAULT_DATE", "check_seed", "generate_day", "generate_stream"]

DEFAULT_DATE = datetime.date(2026, 1, 15)
_BLOCK = 1 << 17


def check_seed(seed: object) -> int:
    """Return `seed` if it is a whole number in 0..2^63-1; InputError else."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise InputError("seed", expected="a whole number from 0 to 2^63-1", got=seed)
    return seed


def generate_day(
    seed: int, date: datetime.date = DEFAULT_DATE, parameters: ZeroIntelligence | None = None
) -> np.ndarray:
    """Return the EVENT array of a trading day: (seed, date, parameters) decide every bit of it.

    The first rows rest a stationary book at the open; times are ns UTC within the instrument's session.
    """
    chosen = parameters or ZeroIntelligence()
    session = chosen.instrument().sessions[0]
    midnight = local_midnight(date, session.timezone)
    return _run(seed, midnight + session.open, midnight + session.close, chosen, None)


def generate_stream(seed: int, events: int, parameters: ZeroIntelligence | None = None) -> np.ndarray:
    """Return exactly `events` EVENT records of a session without an end and without the U shape: for benchmarks."""
    if events < 1:
        raise InputError("events", expected="at least 1", got=events)
    chosen = parameters or ZeroIntelligence(u_shape=0.0)
    start = local_midnight(DEFAULT_DATE, "America/New_York") + chosen.instrument().sessions[0].open
    return _run(seed, start, start + 10_000 * DAY, chosen, events)


def _run(seed: int, start: int, end: int, parameters: ZeroIntelligence, limit: int | None) -> np.ndarray:
    worlds = new_world(check_seed(seed), start, end, parameters)
    buffer = np.zeros(max(_BLOCK, ORDERS) + MARGIN, EVENT)
    blocks = [buffer[: fill_book(worlds, 0, buffer)].copy()]
    total = len(blocks[0])
    while worlds["now"][0] < end and (limit is None or total < limit):
        count = advance(worlds, 0, buffer)
        blocks.append(buffer[:count].copy())
        total += count
    events = np.concatenate(blocks)
    return events if limit is None else events[:limit]
