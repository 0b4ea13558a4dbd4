"""The founding scenario: one parent order, several policies, on the same twins.

Pair k is the market of seed `seed` x 10^6 + k after the warm-up. Copies of it are worked by each policy, one copy is
left alone (the twin): whatever differs from the twin was caused by the order, and whatever differs between two policies
was caused by the difference between them. How a copy is worked: `scenario_desk`.
"""

from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import SECOND
from nowake.core.values import MAX_QUANTITY, Instrument, Side
from nowake.market.market import FIRST_DAY, Market
from nowake.market.policies import POLICIES
from nowake.market.preset import Preset
from nowake.market.sessions import session_of
from nowake.market.simulate import instrument_of
from nowake.risk.feasible import Plan, refuse_impossible
from nowake.risk.policy import load as load_policy
from nowake.risk.scopes import Effective, Scope, resolve

__all__ = ["AFTER", "LISTEN", "Scenario", "alone", "check", "market_of", "steps_of", "traded"]

AFTER = 60 * SECOND  # from a child to the mid that shows its impact
LISTEN = 60.0  # s before the order starts from which its desk listens: no guard trusts a market without a print
MOST = 4  # daily volumes that an order may have
DESK, STRATEGY = "program", "schedule"  # whose limits hold


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is run: `quantity` shares within `horizon` s from `warm_up` s after the open, looked at every `step` s.

    `limits`: the execution policy, a name or a file.
    """

    preset: Preset
    quantity: int = 500_000
    side: Side = Side.BUY
    horizon: float = 4 * 3600.0
    pairs: int = 10
    seed: int = 7
    regime: str = "switching"
    warm_up: float = 1800.0
    step: float = 4.0
    policies: tuple[str, ...] = POLICIES
    limits: str = "default"

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

    @property
    def effective(self) -> Effective:
        """The limits in force."""
        scope = Scope(desk=DESK, strategy=STRATEGY, symbol=self.preset.instrument.symbol)
        return resolve(load_policy(self.limits), scope)


def traded(preset: Preset) -> Instrument:
    """Return the instrument of a preset in whole ticks: own prices never lie between two."""
    one = instrument_of(preset)
    return Instrument(
        one.symbol, one.tick_size * 2, step=1, round_lot=one.round_lot, currency=one.currency, venue=one.venue,
        sessions=one.sessions,
    )  # fmt: skip


def check(what: Scenario) -> None:
    """Refuse an order that its execution policy could never let through: OrderError with the limit that binds."""
    about, (start, end) = what.preset.instrument, what.window
    preset = what.preset
    places = [*(v.name for v in preset.venues), *(p.name for p in preset.dark), *(d.name for d in preset.dealers)]
    price = about.price / about.tick
    refuse_impossible(what.effective, Plan(traded(preset), what.side, what.quantity, price, end - start, places))


def steps_of(what: Scenario) -> np.ndarray:
    """Return the times (ns UTC) of the steps: the window, and AFTER as far as the close."""
    start, end = what.window
    gap = round(what.step * SECOND)
    inside = np.arange(start, end, gap)
    return np.concatenate((inside, np.arange(end, min(end + AFTER, what.session[1]) + 1, gap)))


def alone(market: Market, grid: np.ndarray) -> np.ndarray:
    """Return the mids of a market that is left alone."""
    mids = np.empty(len(grid))
    for k, when in enumerate(grid.tolist()):
        market.advance((when - market.now) / SECOND)
        market.messages()
        market.trades()
        mids[k] = market.mid()
    return mids


def market_of(what: Scenario, k: int) -> Market:
    """Return the market of pair `k`, LISTEN before the order starts or at the open."""
    market = Market.load(what.preset, what.seed * 1_000_000 + k, what.regime)
    market.advance(max(what.warm_up - LISTEN, 0.0))
    return market
