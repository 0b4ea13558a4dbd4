"""The rest of an order planned anew: in the shape that its plan has, or by another strategy.

A plan stays a path over the whole window (DESK.curve), or a part of what others trade from now on.

Strategies have the names of `nowake schedule`: TWAP, VWAP, POV and Almgren-Chriss, and `adaptive`, Almgren-Chriss over
the volume that is expected (`schedule.adaptive.replan`), solved at the switch. A vwap's
volumes are a generic U shape over the instrument's session (`schedule.vwap.u_shape`), flat outside of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from nowake.core.errors import InputError, OrderError, nearest
from nowake.core.times import HOUR, MINUTE, clock_time, local_midnight
from nowake.core.values import Instrument
from nowake.execution.algorithms import spread_over
from nowake.execution.desk_state import CURVE, Follow
from nowake.schedule.adaptive import Remainder, replan
from nowake.schedule.almgren_chriss import remaining, risk_aversion_of
from nowake.schedule.impact import Impact
from nowake.schedule.vwap import u_shape

__all__ = ["STRATEGIES", "Plan", "anew", "goes_on", "rest_of", "switch"]

_AROUND_THE_CLOCK = 20 * HOUR  # a session this long has no open and close of its own
_BIN = 5 * MINUTE
_MOST_URGENT = 50.0  # kappa T: nearly everything at once

STRATEGIES = {"twap": None, "vwap": None, "pov": 0.1, "ac": 2.0, "adaptive": 2.0}
"""Names, and what their number is by default: a part of the volume (pov), kappa T (ac, adaptive), none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A strategy and its number."""

    name: str = "twap"
    number: float | None = None

    def __post_init__(self) -> None:
        if self.name not in STRATEGIES:
            known = ", ".join(STRATEGIES)
            raise InputError(
                f"unknown strategy '{self.name}'", expected=f"one of {known}", got=repr(self.name),
                hint=nearest(self.name, STRATEGIES),
            )  # fmt: skip
        if (self.number is None) != (STRATEGIES[self.name] is None):
            raise InputError(f"number of {self.name}", expected=STRATEGIES[self.name] or "none", got=self.number)
        if self.number is None:
            return
        if self.name == "pov" and not 0 < self.number < 1:
            raise InputError("part of the volume", expected="above 0 and below 1", got=self.number)
        if not 0 <= self.number <= _MOST_URGENT:
            raise InputError(f"urgency of {self.name}", expected=f"0 to {_MOST_URGENT:g}", got=self.number)

    @classmethod
    def parse(cls, text: str) -> "Plan":
        """Return the plan of ``twap``, ``pov 0.15`` or ``ac 3``; InputError else."""
        name, _, rest = text.strip().lower().partition(" ")
        if not rest:
            return cls(name, STRATEGIES.get(name))
        try:
            return cls(name, float(rest))
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"number of {name}", expected="a number", got=repr(rest)) from None

    def __str__(self) -> str:
        return self.name if self.number is None else f"{self.name} {self.number:g}"


def anew(d: np.void, now: int, volume: int, end: int | None = None) -> None:
    """Plan what is left of the order in `d` (a row of DESK) from `now` (ns UTC) on, in the shape that its plan has.

    What is behind or ahead is spread over the rest; with another `end` the rest is stretched to it. `volume` is what
    the board counts now (BOARD.volume, shares). OrderError where nothing of the window is left.
    """
    start, old = int(d["start"]), int(d["end"])
    begin = max(now, start)
    last = old if end is None else end
    grid, before = np.linspace(start, old, CURVE + 1), np.array(d["curve"])
    gone = float(np.interp(begin, grid, before)) if begin < old else 1.0

    def rest(times: np.ndarray) -> np.ndarray:
        if gone >= 1.0:  # its plan was done: the rest evenly
            return (times - begin) / (last - begin)
        then = np.interp(begin + (times - begin) * ((old - begin) / (last - begin)), grid, before)
        return np.asarray((then - gone) / (1.0 - gone))

    _lay(d, begin, last, volume, rest)


def goes_on(d: np.void, now: int, volume: int) -> None:
    """Let the order in `d` go on at `now` after a restart, in the midst of the slice that it would be in.

    What is behind its path is spread over the rest (`anew`). What is ahead of it stays ahead, and the slice gets what
    the path still wants of it: a trader that restarts again and again must not begin a whole slice each time.
    """
    follows = d["follow"] == Follow.CURVE
    if not follows or round(_part(d, now) * int(d["quantity"])) >= int(d["filled"]):
        anew(d, now, volume)
    if not follows or not d["filled"]:  # its next slice begins at once
        return
    start, end, interval, filled = int(d["start"]), int(d["end"]), int(d["interval"]), int(d["filled"])
    begun = start + (now - start) // interval * interval
    until = end if end - begun - interval < interval // 2 else begun + interval
    d["begun"], d["until"], d["next_wake"] = begun, until, now
    d["filled_before"], d["rate"] = filled, 1.0
    d["quota"] = max(round(_part(d, until) * int(d["quantity"])) - filled, 0)


def _part(d: np.void, time: int) -> float:
    """Return the part of the order that its path wants done by `time`."""
    return float(np.interp(time, np.linspace(int(d["start"]), int(d["end"]), CURVE + 1), np.array(d["curve"])))


def switch(d: np.void, plan: Plan, now: int, volume: int, instrument: Instrument) -> None:
    """Work what is left of the order in `d` by `plan` from `now` on; as `anew`."""
    begin, end = max(now, int(d["start"])), int(d["end"])
    if plan.name == "pov":
        _lay(d, begin, end, volume, lambda times: (times - begin) / (end - begin))
        d["follow"], d["part"] = int(Follow.VOLUME), plan.number or 0.0
        return
    if begin < end:
        grid, shape = np.linspace(begin, end, CURVE + 1), rest_of(plan, begin, end, instrument)
    _lay(d, begin, end, volume, lambda times: np.interp(times, grid, shape))
    d["follow"], d["part"] = int(Follow.CURVE), 0.0


def _lay(d: np.void, begin: int, end: int, volume: int, rest: Callable[[np.ndarray], np.ndarray]) -> None:
    """Write a curve that is at what is done at `begin` and follows `rest` from there; the next slice begins at once."""
    if begin >= end:
        raise OrderError("plan of an order", expected="an end that is still to come", got=f"{end} ns at {begin} ns")
    done = min(max(int(d["filled"]) / int(d["quantity"]), 0.0), 1.0)
    start = int(d["start"])
    times = np.linspace(start, end, CURVE + 1)
    curve = np.interp(times, np.linspace(start, int(d["end"]), CURVE + 1), np.array(d["curve"]))
    first = min(int(np.searchsorted(times, begin, side="right")), CURVE)  # the first time that is still to come
    ahead = np.clip(rest(np.maximum(times[first:], begin)), 0.0, 1.0)
    curve[first:] = done + (1.0 - done) * np.maximum.accumulate(ahead)
    curve[-1] = 1.0
    if first > 0:  # so that the line through its neighbour is at what is done now
        step, left = times[first] - times[first - 1], times[first] - begin
        curve[first - 1] = curve[first] - (curve[first] - done) * step / left if left > 0 else done
    d["curve"], d["end"] = curve, end
    d["plan_filled"], d["plan_volume"] = d["filled"], volume
    d["until"], d["next_wake"] = begin, 0


def rest_of(plan: Plan, begin: int, end: int, instrument: Instrument) -> np.ndarray:
    """Return f8[CURVE + 1]: the part of the rest to be done at equal times from `begin` to `end` (ns UTC)."""
    times = np.linspace(0.0, 1.0, CURVE + 1)
    if plan.name == "ac":
        done = 1 - remaining(times, plan.number or 0.0)
    elif plan.name == "vwap":
        done = np.concatenate(([0.0], np.cumsum(_volumes(begin, end, instrument))))
    elif plan.name == "adaptive":
        done = 1 - _adaptive(plan.number or 0.0, _volumes(begin, end, instrument))
    elif plan.name == "twap":
        done = times
    else:
        raise InputError("strategy with a path", expected="twap, vwap, ac or adaptive", got=plan.name)
    done = np.maximum.accumulate(np.clip(done / done[-1], 0.0, 1.0))
    done[0], done[-1] = 0.0, 1.0
    return done


def _adaptive(urgency: float, volumes: np.ndarray) -> np.ndarray:
    """Return the holdings f8[CURVE + 1], from 1 to 0, if temporary impact falls with `volumes`; kappa T = urgency."""
    impact = Impact(1.0, eta=1.0)
    etas = volumes.mean() / np.maximum(volumes, 1e-9 * volumes.max())
    return replan(Remainder(1.0, 1 / CURVE, etas, risk_aversion_of(urgency, 1.0, CURVE, impact)))


def _volumes(begin: int, end: int, instrument: Instrument) -> np.ndarray:
    """Return the part of the window's volume that is expected in each of CURVE equal pieces of it."""
    edges = np.linspace(begin, end, CURVE + 1)
    session = instrument.sessions[0]
    length = session.close - session.open
    midnight = local_midnight(_day(begin, session.timezone), session.timezone)
    inside = midnight + session.open <= begin and end <= midnight + session.close
    if not inside or length >= _AROUND_THE_CLOCK:
        return np.full(CURVE, 1 / CURVE)
    bins = max(1, length // _BIN)
    parts = spread_over(u_shape(bins), midnight + session.open, length // bins, edges)
    return np.asarray(parts / parts.sum())


def _day(ns: int, timezone: str) -> date:
    return clock_time(ns, timezone).date()
