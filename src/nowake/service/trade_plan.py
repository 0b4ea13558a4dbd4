"""The plan of a trade: from the name of a schedule to what the desk follows, and whether the order can ever fill.

The names and parameters are those of `nowake schedule`. A path has 128 steps over the order's window; `pov` follows the
volume of others instead, and by default takes the part of it that finishes the order at the volume that is expected:
the market's daily volume along its U shape.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from nowake.core.errors import InputError, OrderError, nearest
from nowake.core.intent import Tactic
from nowake.core.times import SECOND, show_time
from nowake.core.values import Instrument, Side
from nowake.execution.algorithms import spread_over
from nowake.execution.desk_state import CURVE
from nowake.execution.policy import FixedPolicy, Policy
from nowake.execution.rungs import AdaptiveRung
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset
from nowake.market.sessions import session_of
from nowake.market.simulate import instrument_of as of_feed
from nowake.oms.events import Expected
from nowake.risk.feasible import Plan, refuse_impossible
from nowake.risk.policy import load
from nowake.risk.scopes import Scope, resolve
from nowake.schedule.almgren_chriss import Urgency
from nowake.schedule.obizhaeva_wang import ObizhaevaWang
from nowake.schedule.pretrade import Almgren2005, almgren2005
from nowake.schedule.protocol import Schedule, ScheduleState
from nowake.schedule.twap import Twap
from nowake.schedule.vwap import StaticVwap, u_shape

__all__ = [
    "STRATEGIES", "TURNOVER", "AdaptivePolicy", "Question", "Window", "check_fill", "expected_of", "expected_volumes",
    "instrument_of", "path_of", "policy_of", "venues_of", "window_of",
]  # fmt: skip

STRATEGIES = ("twap", "vwap", "pov", "ac", "ow", "adaptive")
TURNOVER = 150.0  # days of volume that make the shares outstanding, as of a US share of this size
_BINS = 78  # of a day's volume
_FINE = 10**6  # shares of the order whose path is asked of a schedule
_VOLATILITY_OVER = 512  # s
_BEFORE_CLOSE = 60 * SECOND  # what is on its way comes back before the session is over


@dataclass(frozen=True, slots=True)
class Window:
    """The session of a day and the order's window in it, ns UTC."""

    open: int
    close: int
    start: int
    end: int


def instrument_of(preset: Preset) -> Instrument:
    """Return what a trader trades there: prices in ticks of the market."""
    one = of_feed(preset)
    return Instrument(
        one.symbol, one.tick_size * 2, step=1, round_lot=one.round_lot, currency=one.currency, venue=one.venue,
        sessions=one.sessions,
    )  # fmt: skip


def window_of(preset: Preset, day: date, warm_up: float, horizon: float) -> Window:
    """Return the window of an order of `horizon` s that starts `warm_up` s after the open; OrderError if it is none."""
    opened, closed = session_of(preset, day)
    start = opened + round(warm_up * SECOND)
    end = start + round(horizon * SECOND)
    if end > closed - _BEFORE_CLOSE:
        most = (closed - _BEFORE_CLOSE - start) / SECOND
        at = show_time(start, preset.session.timezone)
        raise OrderError("--horizon", expected=f"at most {most / 3600:.4g}h: the order starts at {at}",
                         got=f"{horizon / 3600:.4g}h")  # fmt: skip
    return Window(opened, closed, start, end)


def expected_volumes(preset: Preset, window: Window) -> np.ndarray:
    """Return the shares that others are expected to trade in each step of a path, f8[CURVE]."""
    shares = u_shape(_BINS, preset.lit.u_shape)
    edges = np.linspace(window.start, window.end, CURVE + 1)
    return spread_over(shares, window.open, (window.close - window.open) // _BINS, edges) * (
        preset.instrument.daily_volume
    )


def expected_of(preset: Preset, quantity: int, volumes: np.ndarray) -> Expected:
    """Return what an order of `quantity` costs by Almgren et al. 2005, where others are expected to trade `volumes`.

    T is counted in volume, as there: what is expected to trade meanwhile over a day's volume. Volume and volatility are
    the preset's; it names no shares outstanding, so TURNOVER days of volume stand for them (their fourth root counts).
    """
    daily = preset.instrument.daily_volume
    order = Almgren2005(
        quantity, daily, TURNOVER * daily, preset.instrument.daily_volatility, float(volumes.sum()) / daily
    )
    found = almgren2005(order)
    return Expected(
        found.mean_bps, found.q10_bps, found.q50_bps, found.q90_bps, order.sigma, order.adv, order.shares_outstanding,
        order.days,
    )  # fmt: skip


def path_of(strategy: str, urgency: float, volumes: np.ndarray) -> np.ndarray:
    """Return the part of the order that is to be done at equal times of its window, f8[CURVE + 1].

    `urgency`: kappa T of ac and adaptive (whose plan is the path of ac), rho T of ow. For pov, which follows the volume
    instead, the path that the expected `volumes` make. InputError for an unknown name.
    """
    schedule: Schedule
    match strategy:
        case "twap":
            schedule = Twap()
        case "vwap" | "pov":
            schedule = StaticVwap(tuple(volumes))
        case "ac" | "adaptive":
            schedule = Urgency(urgency)
        case "ow":
            schedule = ObizhaevaWang(urgency)
        case _:
            raise InputError(f"unknown strategy '{strategy}'", expected=f"one of {', '.join(STRATEGIES)}",
                             got=repr(strategy), hint=nearest(strategy, STRATEGIES))  # fmt: skip
    done = [0]
    for k in range(CURVE):
        state = ScheduleState(k, 0, CURVE, _FINE, done[-1], done[-1], k, CURVE, volumes=(0,) * k)
        done.append(max(schedule.target(state), done[-1]))
    return np.array(done) / _FINE


@dataclass(slots=True)
class AdaptivePolicy:
    """Almgren-Chriss solved anew at every decision for what is left; `normal` volatility in bp over 512 s.

    The rows of a desk that it decides for are known when its trader is there: `take` them on.
    """

    urgency: float
    normal: float
    rung: AdaptiveRung | None = None

    def take(self, desk: np.ndarray) -> None:
        """Decide for `desk` (DESK) from now on."""
        self.rung = AdaptiveRung(desk, self.urgency, self.normal)

    def described(self) -> dict[str, Any]:
        """Return what a decision log needs to ask it again."""
        return {"policy": AdaptiveRung.__name__, "given": {"urgency": self.urgency, "normal": self.normal}}

    def decide(self, observations: np.ndarray, actions: np.ndarray) -> None:
        """Fill `actions`; InputError before it has a desk."""
        if self.rung is None:
            raise InputError("adaptive policy", expected="a desk to decide for", got="none yet")
        self.rung.decide(observations, actions)


def policy_of(strategy: str, urgency: float, preset: Preset) -> Policy:
    """Return what decides at the start of every slice: the plan as it is, or re-planned where it adapts."""
    if strategy != "adaptive":
        return FixedPolicy(Tactic.JOIN)
    opened, closed = session_of(preset, FIRST_DAY)
    part = _VOLATILITY_OVER * SECOND / (closed - opened)
    return AdaptivePolicy(urgency, 1e4 * preset.instrument.daily_volatility * part**0.5)


def venues_of(preset: Preset) -> list[str]:
    """Return the names of every venue of a market: lit, dark, dealers."""
    return [*(v.name for v in preset.venues), *(v.name for v in preset.dark), *(v.name for v in preset.dealers)]


@dataclass(frozen=True, slots=True)
class Question:
    """An order before it starts, as the execution policy is asked about it; `limit` in ticks, `position` shares now."""

    side: Side
    quantity: int
    limit: int
    part: float
    position: int = 0


def check_fill(policy: str, scope: Scope, preset: Preset, window: Window, asked: Question) -> None:
    """Refuse an order of `scope` that can never fill: OrderError with the limit of the execution policy that binds."""
    instrument, rules = instrument_of(preset), load(policy)
    effective = resolve(rules, scope)
    resolve(rules, replace(scope, by_hand=True))  # a person may take it over
    price = max(preset.instrument.price / preset.instrument.tick, float(asked.limit))
    names = venues_of(preset)
    volume = round(float(expected_volumes(preset, window).sum()))
    plan = Plan(instrument, asked.side, asked.quantity, price, window.end - window.start, names, volume, asked.position)
    refuse_impossible(effective, plan)
    most = float(effective["max_participation"])
    if asked.part > most:
        raise OrderError("--participation", expected=f"at most {most:g}: max_participation of the execution policy",
                         got=asked.part)  # fmt: skip
