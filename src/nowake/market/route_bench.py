"""Routers against naive ones on twins: what a parcel costs per share offered, on the same markets and random streams.

Pair k is the market of seed `seed` x 10^6 + k after the warm-up. Copies of it are offered the same parcel by each
router (a buy on even, a sell on odd pairs), one copy is left alone: the twin. What is unfilled at the end of the window
is taken from the books as they stand, and its cost counted: that is what waiting in vain costs. The learning router
learns in `schools`, each of `lessons` other markets, one after the other; pair k begins with what was known at the end
of school k mod `schools`. So it does not matter in what order or process pairs run, and luck in learning shows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import SECOND
from nowake.core.values import Side
from nowake.market.market import Market
from nowake.market.preset import Preset
from nowake.market.route_bench_desk import AFTER, ROUTERS, Offer, Offered, last_print, offer
from nowake.market.workers import in_processes
from nowake.routing.parameters import Routing

__all__ = ["LESSONS_FROM", "Parcel", "RouteBench", "learn", "run_pairs"]

LESSONS_FROM = 500_000  # number of the first market that is learnt on: more than there can be pairs
_STEP = SECOND  # between two looks at the twin


@dataclass(frozen=True, slots=True)
class RouteBench:
    """What is run: `quantity` shares offered for `window` s, retried every `interval` s, `warm_up` s after the open."""

    preset: Preset
    pairs: int = 400
    seed: int = 7
    regime: str = "switching"
    quantity: int = 1_000
    window: float = 90.0
    interval: float = 15.0
    warm_up: float = 600.0
    lessons: int = 100
    schools: int = 20  # at most; never more than pairs
    routing: Routing = field(default_factory=Routing)

    def __post_init__(self) -> None:
        for name, low, high in (
            ("pairs", 2, LESSONS_FROM - 1), ("seed", 0, 2**40 - 1), ("quantity", 100, 100_000), ("window", 10, 600),
            ("interval", 1, self.window), ("warm_up", 1, 3600), ("lessons", 0, 10_000),
            ("schools", 2, 40),
        ):  # fmt: skip
            value = getattr(self, name)
            whole = name not in ("window", "interval", "warm_up")
            if isinstance(value, bool) or not low <= value <= high or (whole and not isinstance(value, int)):
                raise InputError(name, expected=f"{'a whole number from ' if whole else ''}{low} to {high}", got=value)

    def parcel(self, k: int) -> Offer:
        """Return what is offered in market `k`."""
        side = Side.BUY if k % 2 == 0 else Side.SELL
        return Offer(side, self.quantity, self.window, self.interval, self.routing)

    def market(self, k: int) -> Market:
        """Return market `k` at the start of the parcel."""
        market = Market.load(self.preset, self.seed * 1_000_000 + k, self.regime)
        market.advance(self.warm_up)
        return market


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a parcel came to, in bp of the mid at its start, positive = against us.

    `cost`: paid against that mid, fees included, all shares offered. `markout`: how far the mid had gone our way 60 s
    after a fill, from its price (negative: the fill was a bad one), mean over `filled`; hidden fills alone in `dark`.
    `leak`: the mid less the twin's until just before the first fill; `impact`: the same at the end of the window.
    """

    router: str
    seed: int
    quantity: int
    cost: float
    fees: float
    filled: int
    hidden: int
    markout: float
    dark_markout: float
    leak: float
    impact: float
    children: int


def learn(what: RouteBench, *, workers: int = 1, progress: Callable[[float], None] | None = None) -> list[np.ndarray]:
    """Return STATS[1] of each school after `what.lessons` parcels in markets of its own; none without lessons."""
    if not what.lessons:
        return []
    _compile(what, workers)
    return in_processes(min(what.schools, what.pairs), partial(_school, what), workers, progress)


def _compile(what: RouteBench, workers: int) -> None:
    """Let one process compile before several would."""
    if workers > 1:
        offer(what.market(LESSONS_FROM - 1), what.parcel(0), "learning", None)


def _school(what: RouteBench, number: int) -> np.ndarray:
    stats: np.ndarray | None = None
    first = LESSONS_FROM + number * what.lessons
    for k in range(first, first + what.lessons):
        stats = offer(what.market(k), what.parcel(k), "learning", stats).stats
    assert stats is not None
    return stats


def run_pairs(
    what: RouteBench, known: Sequence[np.ndarray], *, workers: int = 1,
    progress: Callable[[float], None] | None = None,
) -> list[list[Parcel]]:  # fmt: skip
    """Return the parcels, one list per pair, routers in the order of ROUTERS; more `workers` save time only.

    `known`: what the learning router knows at the start of pair k, by k mod their number; none: nothing.
    """
    if not known:
        _compile(what, workers)
    return in_processes(what.pairs, partial(_pair, what, known), workers, progress)


def _pair(what: RouteBench, known: Sequence[np.ndarray], k: int) -> list[Parcel]:
    base, parcel = what.market(k), what.parcel(k)
    stats = known[k % len(known)] if known else None
    twin, last2 = _mids(base.twin(), round(what.window * SECOND)), last_print(base)
    return [_parcel(what, base, parcel, name, offer(base.twin(), parcel, name, stats, last2), twin) for name in ROUTERS]


def _mids(market: Market, ns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return times and mids (ticks) of a market that is left alone for `ns`; the last mid known where there is none."""
    times, mids, end = [], [], market.now + ns
    last = float("nan")
    while True:
        quote = market.quote()
        if quote.bid is not None and quote.ask is not None:
            last = (quote.bid + quote.ask) / 2
        times.append(market.now)
        mids.append(last)
        if market.now >= end:
            return np.array(times, np.int64), np.array(mids)
        market.advance(min(_STEP, end - market.now) / SECOND)


def _at(times: np.ndarray, values: np.ndarray, when: np.ndarray) -> np.ndarray:
    """Return the last of `values` not after each of `when`."""
    found: np.ndarray = values[np.clip(np.searchsorted(times, when, side="right") - 1, 0, len(values) - 1)]
    return found


def _parcel(
    what: RouteBench, base: Market, parcel: Offer, name: str, one: Offered, twin: tuple[np.ndarray, np.ndarray]
) -> Parcel:
    side, start, arrival = int(parcel.side), base.now, float(twin[1][0])
    bps = 1e4 / arrival
    shares, hidden = one.fills["quantity"], one.fills["hidden"]
    gone = side * (_at(one.times, one.mids, one.fills["time"] + AFTER) - one.fills["price"]) * bps
    end = start + round(what.window * SECOND)
    first = min(int(one.fills["time"].min()) - 1, end) if len(one.fills) else end
    moved = [
        side * float(_at(one.times, one.mids, np.array([t]))[0] - _at(*twin, np.array([t]))[0]) * bps
        for t in (max(first // _STEP * _STEP, start), end)
    ]
    return Parcel(
        router=name, seed=base.seed, quantity=parcel.quantity,
        cost=(side * (one.paid - parcel.quantity * arrival) + one.fees) / parcel.quantity * bps,
        fees=one.fees / parcel.quantity * bps, filled=one.filled, hidden=int(shares[hidden].sum()),
        markout=_mean(gone, shares), dark_markout=_mean(gone[hidden], shares[hidden]),
        leak=moved[0], impact=moved[1], children=one.children,
    )  # fmt: skip


def _mean(values: np.ndarray, weights: np.ndarray) -> float:
    return float((values * weights).sum() / weights.sum()) if len(values) else float("nan")
