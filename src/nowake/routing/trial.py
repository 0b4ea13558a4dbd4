"""A trial of the dark allocation: pools with contra sizes and mark-outs, one of which may turn toxic on the way.

The mid moves as a random walk (2 % a day: half-spreads of a 2-cent spread at 50 USD); a fill in a toxic pool is
followed by a move against us of `toxicity` half-spreads that builds up with `delay` seconds. Mark-outs are heard a
minute late, as they are. It tells how many routed children it takes until the toxic pool is left, and how often a
sound one is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nowake.core.board import Phase, PlaceKind, new_boards
from nowake.core.intent import Tactic, new_intents
from nowake.core.streams import generator, stream_key
from nowake.data.reader import kernel_view
from nowake.routing.learning import heard, marked
from nowake.routing.parameters import Routing, new_params
from nowake.routing.pools import CensoredPools, PoolLaw
from nowake.routing.router import route
from nowake.routing.venues import HORIZONS, new_draws, new_markouts, new_reports, new_stats
from nowake.routing.want import new_wants

__all__ = ["Departure", "Trial", "departure", "routed"]

_HALF = 100.0  # ticks
_WINDOW = 50  # children over which a share is measured


@dataclass(frozen=True, slots=True)
class Trial:
    """Pools and their moves: `toxic` is the pool that turns (-1: none), `at` which routed child.

    `usual` and `toxicity`: mean mark-outs at the end, in half-spreads, before and after; `deviation`: of the mid over
    a minute, half-spreads; `delay`: seconds by which a move builds up; `volume`: shares per decision; `every`: seconds.
    """

    laws: tuple[PoolLaw, ...] = (PoolLaw(0.4, 1.2, 60), PoolLaw(0.4, 1.2, 60), PoolLaw(0.4, 1.2, 60))
    toxic: int = 0
    at: int = 400
    children: int = 600
    usual: float = -0.2
    toxicity: float = -3.0
    deviation: float = 5.0
    delay: float = 5.0
    volume: int = 3000
    every: float = 10.0
    routing: Routing | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """`former`: share before; `children`: routed until the share of a window fell below a quarter of it, or None."""

    former: float
    children: int | None


def _board(pools: int) -> np.ndarray:
    boards = new_boards(1)
    boards["phase"], boards["places"] = int(Phase.CONTINUOUS), pools
    boards["bid"], boards["ask"], boards["bid_size"], boards["ask_size"] = 499_900, 500_100, 1000, 1000
    boards["place"]["kind"][0, :pools] = int(PlaceKind.DARK)
    return kernel_view(boards)


def _mark_outs(random: np.random.Generator, trial: Trial, mean: float) -> NDArray[np.float64]:
    """Return signed mark-outs after 1, 10 and 60 s in ticks."""
    times = np.array((0, *HORIZONS), dtype=np.float64)
    walk = np.cumsum(random.standard_normal(3) * np.sqrt(np.diff(times) / 60)) * trial.deviation
    return _HALF * (walk + mean * (1 - np.exp(-times[1:] / trial.delay)))


def routed(trial: Trial, seed: int) -> Iterator[tuple[int, int]]:
    """Yield (pool, shares) of every child that the router sends, one by one."""
    pools, random = CensoredPools(trial.laws, seed), generator(seed, "routing/trial")
    boards, stats, params = _board(len(pools)), new_stats(1), new_params(trial.routing)
    wants, draws, intents = new_wants(1), new_draws([stream_key(seed, "routing/trial/draws")]), new_intents(64)
    intents = kernel_view(intents)
    report, markout = new_reports(1), new_markouts(1)
    report["kind"] = int(PlaceKind.DARK)
    wants["side"], wants["step"], wants["passive"], wants["tactic"] = 1, 100, trial.volume, int(Tactic.DARK)
    waiting: list[tuple[float, int, int, NDArray[np.float64]]] = []
    sent, now, lot = 0, 0.0, int(params["lot"][0])
    while sent < trial.children:
        now += trial.every
        while waiting and waiting[0][0] <= now:
            _, venue, quantity, after = waiting.pop(0)
            markout["venue"], markout["quantity"], markout["after"] = venue, quantity, after
            marked(stats, params, markout, 0)
        n = route(boards, stats, params, wants, 0, draws, intents)
        given = np.array(wants["give"][0, : len(pools)], np.int64)
        filled = pools.fill(given // lot) * lot
        for row in intents[:n]:
            k, quantity = int(row["venue"]), int(row["quantity"])
            got = int(filled[k]) if filled[k] >= row["minimum"] else 0
            report["venue"], report["sent"], report["filled"], report["minimum"] = k, quantity, got, row["minimum"]
            heard(stats, params, report, 0)
            bad = k == trial.toxic and sent >= trial.at
            if got:
                after = _mark_outs(random, trial, trial.toxicity if bad else trial.usual)
                waiting.append((now + HORIZONS[-1], k, got, after))
            sent += 1
            yield k, quantity


def departure(trial: Trial, seed: int, pool: int = 0) -> Departure:
    """Return when the share of `pool` in the routed shares fell below a quarter of its share before `trial.at`."""
    rows = np.array(list(routed(trial, seed)), np.int64)
    own = np.where(rows[:, 0] == pool, rows[:, 1], 0)
    former = float(own[trial.at // 2 : trial.at].sum() / rows[trial.at // 2 : trial.at, 1].sum())
    for end in range(trial.at + _WINDOW, len(rows) + 1):
        share = own[end - _WINDOW : end].sum() / rows[end - _WINDOW : end, 1].sum()
        if share < former / 4:
            return Departure(former, end - trial.at)
    return Departure(former, None)
