"""A trial of the dark allocation: pools with contra sizes and mark-outs, one of which may turn toxic on the way.

The mid moves as a random walk (2 % a day: half-spreads of a 2-cent spread at 50 USD); a fill in a toxic pool is
followed by a move against us of `toxicity` half-spreads that builds up with `delay` seconds. Mark-outs are heard a
minute late, as they are. It tells how many routed children it takes until the toxic pool is left, and how often a
sound one is. The children are those of `router.route`, with the statistics that a live order keeps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb, inf, sqrt

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

__all__ = ["Departure", "Departures", "Trial", "departure", "departures", "routed", "trials", "wilson"]

_HALF = 100.0  # ticks
_WINDOW = 50  # children over which a share is measured
_WITHIN = 200  # children within which a toxic pool should be left


@dataclass(frozen=True, slots=True)
class Trial:
    """Pools and their moves: `toxic` is the pool that turns (-1: none), `at` which routed child.

    `usual` and `toxicity`: mean mark-outs at the end, in half-spreads, before and after; `deviation`: of the mid over
    a minute, half-spreads; `delay`: seconds by which a move builds up; `volume`: shares per decision; `every`: seconds;
    `tactic`: DARK hides all, JOIN asks the pools first and hides a part.
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
    tactic: Tactic = Tactic.DARK
    routing: Routing | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """`former`: share before; `children`: routed until the share of a window fell below a quarter of it, or None."""

    former: float
    children: int | None


@dataclass(frozen=True, slots=True)
class Departures:
    """Many runs: the `median` of the children until the pool was left (inf: more than half never), its 95 % interval.

    `left`: runs in which it was left at all, `within`: within 200 children, with the 95 % intervals of their shares.
    """

    runs: int
    median: float
    median_ci: tuple[float, float]
    left: int
    left_ci: tuple[float, float]
    within: int
    within_ci: tuple[float, float]
    former: float


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
    wants["side"], wants["step"], wants["passive"], wants["tactic"] = 1, 100, trial.volume, int(trial.tactic)
    waiting: list[tuple[float, int, int, NDArray[np.float64]]] = []
    sent, now, lot = 0, 0.0, int(params["lot"][0])
    while sent < trial.children:
        now += trial.every
        while waiting and waiting[0][0] <= now:
            _, venue, quantity, after = waiting.pop(0)
            markout["venue"], markout["quantity"], markout["after"] = venue, quantity, after
            marked(stats, params, markout, 0)
        wants["time"] = report["time"] = int(now * 1e9)
        n = route(boards, stats, params, wants, 0, draws, intents)
        given = np.bincount(intents["venue"][:n], intents["quantity"][:n], len(pools)).astype(np.int64)
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


def departures(trial: Trial, seeds: Sequence[int], pool: int = 0) -> Departures:
    """Return what `departure` comes to over `seeds`; the interval of the median is that of the sign test."""
    found = [departure(trial, seed, pool) for seed in seeds]
    told = sorted(inf if one.children is None else float(one.children) for one in found)
    runs, within = len(told), sum(children <= _WITHIN for children in told)
    rank, below = 0, 0.0
    while (below := below + comb(runs, rank) / 2**runs) <= 0.025:
        rank += 1
    ends = (told[rank - 1], told[runs - rank]) if rank else (0.0, inf)
    median = (told[(runs - 1) // 2] + told[runs // 2]) / 2
    left = sum(children < inf for children in told)
    former = sum(one.former for one in found) / runs
    return Departures(runs, median, ends, left, wilson(left, runs), within, wilson(within, runs), former)


def wilson(hits: int, runs: int) -> tuple[float, float]:
    """Return the 95 % interval of a probability of which `hits` of `runs` tell (Wilson 1927)."""
    z2, share = 1.96**2, hits / runs
    middle, scale = share + z2 / (2 * runs), 1 + z2 / runs
    half = sqrt(z2 * share * (1 - share) / runs + z2 * z2 / (4 * runs * runs))
    return max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0)


def trials(seeds: int = 50, sound: int = 200) -> list[tuple[Trial, Departures]]:
    """Return what is reported: `seeds` runs of pools that turn toxic fast or slowly, `sound` runs of sound ones."""
    made = [Trial(tactic=tactic, delay=delay) for tactic in (Tactic.DARK, Tactic.JOIN) for delay in (2.0, 5.0, 20.0)]
    found = [(one, departures(one, range(seeds))) for one in made]
    calm = [Trial(tactic=tactic, toxic=-1) for tactic in (Tactic.DARK, Tactic.JOIN)]
    return found + [(one, departures(one, range(sound))) for one in calm]
