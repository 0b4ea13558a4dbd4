"""One order of the founding scenario at work: the decision path at a copy of the market.

Features, a forecaster that knows nothing, the script of the strategy, router, guard, placer: what a trader runs. The
market goes on by steps of the scenario, and by the placer's reaction while something is on its way.
"""

from dataclasses import astuple, dataclass, replace
from math import isnan
from pathlib import Path

import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.times import SECOND
from nowake.core.values import ParentOrder
from nowake.execution.decision_log import DecisionWriter
from nowake.execution.decision_recorder import Recorder, Recording, header_of
from nowake.execution.desk_state import CURVE, Follow, Stage
from nowake.execution.live import LiveDesk
from nowake.execution.opening import limit_path, places_of, warm
from nowake.execution.path import DecisionPath, Place
from nowake.execution.policy import UniformForecaster
from nowake.market.market import Market
from nowake.market.policies import Strategy, make_strategy
from nowake.market.preset import parameter_hash
from nowake.market.scenario import Scenario, traded
from nowake.market.scenario_ledger import Ledger
from nowake.market.usual import usual_day
from nowake.market.venue import SimulatedVenue
from nowake.market.world.state import BOOKS, OWN_IDS

__all__ = ["PARENT", "Run", "places_in", "worked"]

PARENT = 1  # id of the order; its children follow
_IDS = 10**7
_SENT, _CANCELLING = int(Stage.SENT), int(Stage.CANCELLING)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A worked order: `mids` (ticks) at every step from the start, beyond the end by AFTER where the day allows.

    `looks` (ns) and `seen` (ticks): the mid of the others at every look of the desk. `due`: shares that the plan wanted
    at every step.
    """

    ledger: Ledger
    places: tuple[tuple[str, str], ...]
    mids: np.ndarray
    due: np.ndarray
    looks: np.ndarray
    seen: np.ndarray


def places_in(market: Market) -> list[Place]:
    """Return the places of `market` with their fees and latencies."""
    late = {v.name: round(v.latency * SECOND) for v in market.preset.venues}
    places = places_of(map(astuple, market.venues()), market.preset.instrument.tick)
    return [replace(place, latency=late.get(place.name, 0)) for place in places]


class _Desk:
    """A market with an order of one strategy on it; `log`: where the decision log goes, if there is to be one.

    `past`: what the market has published so far, for the features.
    """

    def __init__(self, what: Scenario, name: str, market: Market, past: np.ndarray, log: Path | None) -> None:
        self.what, self.market, self.ledger = what, market, Ledger()
        self.strategy = make_strategy(name, what.preset, what.session, what.window, what.quantity)
        self.places = places_in(market)
        self.path = DecisionPath(
            1, self.places, self.strategy.policy, UniformForecaster(), seed=market.seed,
            context=usual_day(what.preset, what.session),
        )  # fmt: skip
        warm(self.path, past, BOOKS)
        effective = what.effective
        limit_path(self.path, effective, traded(what.preset))
        self._take_on(self.strategy)
        keeper = self.ledger
        self._writer = self._log(log, name, effective.version) if log else None
        if self._writer:
            keeper = Recording(keeper, Recorder(self.path, self._writer, [PARENT]))  # type: ignore[assignment]
        self.desk = LiveDesk(self.path, SimulatedVenue(market), keeper, BOOKS, own_from=OWN_IDS)
        self.ledger.mid = self.desk.mid
        self.looks: list[int] = []
        self.seen: list[float] = []
        self._finishing = 0  # shares done when pov began to look at the clock
        self._look(market.books())

    def _take_on(self, strategy: Strategy) -> None:
        what, path = self.what, self.path
        order = ParentOrder(strategy.name, traded(what.preset), what.side, what.quantity, *what.window)
        path.take_on(0, order, strategy.plan, strategy.interval, strategy.placing)
        path.ids(0, PARENT + 1, _IDS)
        d = path.desk[0]
        if strategy.part:
            d["follow"], d["part"] = int(Follow.VOLUME), strategy.part
        if not strategy.hidden:
            d["barred"] = sum(1 << k for k, place in enumerate(self.places) if place.kind is not PlaceKind.LIT)

    def _log(self, log: Path, name: str, policy: str) -> DecisionWriter:
        hashes = {"policy": policy, "model": f"schedule {name}", "preset": parameter_hash(self.what.preset)}
        return DecisionWriter(log, header_of(self.path, traded(self.what.preset), hashes, self.market.now), every=None)

    def _look(self, messages: np.ndarray) -> None:
        """Let the desk act on `messages` now."""
        now = self.market.now
        if self.strategy.part:
            self._finish(now)
        self.desk.market(messages, now)
        self.desk.tick(now)
        mid = self.desk.mid()
        self.looks.append(now)
        self.seen.append(self.seen[-1] if isnan(mid) and self.seen else mid)

    def _finish(self, now: int) -> None:
        """Follow the straight line to the end instead of the volume where that would do less."""
        d, (start, end), total = self.path.desk[0], self.what.window, self.what.quantity
        since = end - round(self.strategy.finish * (end - start))
        if now < since or d["done"]:
            return
        if not self._finishing:
            self._finishing = max(int(d["filled"]), 1)
            times = np.linspace(start, end, CURVE + 1)
            d["curve"] = np.interp(times, [since, end], [self._finishing / total, 1.0])
        ratio = self.strategy.part / (1 - self.strategy.part)
        volume = ratio * max(int(self.desk.board["volume"]) - int(d["volume_start"]) - int(d["filled"]), 0)
        line = self._finishing + (total - self._finishing) * (now - since) / (end - since)
        d["follow"] = int(Follow.VOLUME if volume >= line else Follow.CURVE)

    def step(self, until: int) -> None:
        """Let the market run to `until` (ns), and the desk look on the way."""
        market, path = self.market, self.path
        while market.now < until:
            soonest = market.now + self.strategy.placing.reaction
            stage = path.kids["stage"]
            flying = ((stage == _SENT) | (stage == _CANCELLING)).any()
            wake = soonest if flying else max(self.desk.next_wake(), soonest)
            market.advance((min(wake, until) - market.now) / SECOND)
            self._look(market.messages())

    def due(self) -> float:
        """Return the shares that the plan wants done by now."""
        d, now = self.path.desk[0], self.market.now
        return float(d["quantity"] if d["done"] or now >= d["end"] else self.path.usages[0]["target"])

    def close(self) -> None:
        """Let go of the log."""
        if self._writer:
            self._writer.close()


def worked(
    what: Scenario, name: str, market: Market, grid: np.ndarray, log: Path | None = None, past: np.ndarray | None = None
) -> Run:
    """Let policy `name` work the order in `market`, which is used up; `log`: file of the decision log, if wanted.

    `past`: what the market has published since its open; by default what it has not told yet.
    """
    desk = _Desk(what, name, market, market.messages() if past is None else past, log)
    mids, due = np.empty(len(grid)), np.empty(len(grid))
    try:
        for k, when in enumerate(grid.tolist()):
            desk.step(when)
            market.trades()  # let go
            mids[k], due[k] = market.mid(), desk.due()
    finally:
        desk.close()
    places = tuple((place.name, place.kind.name.lower()) for place in desk.places)
    return Run(desk.ledger, places, mids, due, np.array(desk.looks, np.int64), np.array(desk.seen))
