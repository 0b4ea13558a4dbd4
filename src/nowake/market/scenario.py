"""The founding scenario: one parent order, several policies, on the same twins.

Pair k is the market of seed `seed` x 10^6 + k after the warm-up. Copies of it are worked by each policy, one copy is
left alone (the twin): whatever differs from the twin was caused by the order, and whatever differs between two policies
was caused by the difference between them. Orders travel through the `Venue` seam only.
"""

from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import SECOND
from nowake.core.values import MAX_QUANTITY, ParentOrder, Side
from nowake.execution.work import Worker
from nowake.market.market import FIRST_DAY, Market
from nowake.market.policies import POLICIES, make_policy
from nowake.market.preset import Preset
from nowake.market.sessions import session_of
from nowake.market.simulate import instrument_of
from nowake.market.venue import SimulatedVenue, SimulatedView

__all__ = ["AFTER", "Run", "Scenario", "alone", "market_of", "steps_of", "worked"]

AFTER = 60 * SECOND  # from a child to the mid that shows its impact
MOST = 4  # daily volumes that an order may have


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is run: `quantity` shares within `horizon` s from `warm_up` s after the open, worked every `step` s."""

    preset: Preset
    quantity: int = 500_000
    side: Side = Side.BUY
    horizon: float = 4 * 3600.0
    pairs: int = 10
    seed: int = 7
    regime: str = "switching"
    warm_up: float = 1800.0
    step: float = 2.0
    policies: tuple[str, ...] = POLICIES

    def __post_init__(self) -> None:
        if not 2 <= self.pairs <= 100_000:
            raise InputError("pairs", expected="2 to 100,000", got=self.pairs)
        if not 0 <= self.seed < 2**40:
            raise InputError("seed", expected="a whole number from 0 to 2^40-1", got=self.seed)
        most = min(MOST * self.preset.instrument.daily_volume, MAX_QUANTITY)
        if not 0 < self.quantity <= most:
            raise InputError("quantity", expected=f"1 to {most:,} shares, {MOST} daily volumes", got=self.quantity)
        opened, closed = session_of(self.preset, FIRST_DAY)
        left = (closed - opened) / SECOND - self.warm_up
        if not 10 <= self.horizon <= left:
            raise InputError(
                "horizon", expected=f"10 s to {left:g} s: the order starts {self.warm_up:g} s after the open, and the "
                "close is the end", got=f"{self.horizon:g} s",
            )  # fmt: skip

    @property
    def session(self) -> tuple[int, int]:
        """Open and close, ns UTC."""
        return session_of(self.preset, FIRST_DAY)

    @property
    def window(self) -> tuple[int, int]:
        """Start and end of the order, ns UTC."""
        start = self.session[0] + round(self.warm_up * SECOND)
        return start, start + round(self.horizon * SECOND)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A worked order: `mids` (ticks) at every step from the start, beyond the end by AFTER where the day allows."""

    worker: Worker
    mids: np.ndarray


def steps_of(what: Scenario) -> np.ndarray:
    """Return the times (ns UTC) of the steps: the window, and AFTER as far as the close."""
    start, end = what.window
    gap = round(what.step * SECOND)
    inside = np.arange(start, end, gap)
    return np.concatenate((inside, np.arange(end, min(end + AFTER, what.session[1]) + 1, gap)))


def alone(market: Market, grid: np.ndarray) -> np.ndarray:
    """Return the mids of a market that is left alone."""
    view, mids = SimulatedView(market), np.empty(len(grid))
    for k, when in enumerate(grid.tolist()):
        market.advance((when - market.now) / SECOND)
        mids[k] = view.mid()
    return mids


def worked(what: Scenario, name: str, market: Market, grid: np.ndarray) -> Run:
    """Let policy `name` work the order in `market`."""
    start, end = what.window
    order = ParentOrder(name, instrument_of(what.preset), what.side, what.quantity, start, end)
    policy = make_policy(name, what.preset, what.session, what.window, what.quantity)
    view = SimulatedView(market)
    worker = Worker(SimulatedVenue(market), view, order, policy.schedule, policy.tactic, policy.slices)
    mids = np.empty(len(grid))
    for k, when in enumerate(grid.tolist()):
        while market.now < when:
            wake = when if worker.done else min(worker.look(), when)
            market.advance((wake - market.now) / SECOND)
        mids[k] = view.mid()
    worker.children.hear()
    return Run(worker, mids)


def market_of(what: Scenario, k: int) -> Market:
    """Return the market of pair `k` at the start of the order."""
    market = Market.load(what.preset, what.seed * 1_000_000 + k, what.regime)
    market.advance(what.warm_up)
    return market
