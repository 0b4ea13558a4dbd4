"""The public value and the activity of the hour.

The public value moves by one tick at a time at a rate in proportion to the variance of the hour, and jumps now and
then. Activity is the product of two log-normal Ornstein-Uhlenbeck factors, slow and fast, drawn anew every epoch; with
the regime and the intraday curves it sets the rates of makers, takers, news and the public value. The spread that
makers aim at goes with the volatility per trade, not per second (Wyart et al. 2008): a busy hour is not a wide one.
"""

from typing import Any

import numpy as np

from nowake.core.draws import next_exponential, next_uniform
from nowake.core.jit import inline, kernel
from nowake.market.regimes import advance as follow
from nowake.market.regimes import factor, shape
from nowake.market.regimes_state import DRIFT, LIFE, SPREAD, VARIANCE, VOLATILITY, VOLUME
from nowake.market.regimes_state import JUMPS as NEWS
from nowake.market.regimes_state import LIMITS as FLOW
from nowake.market.regimes_state import TAKERS as TAKING
from nowake.market.world.causes import ACTIVITY, INFORMED, JUMPS, LIMITS, TAKERS, VALUE, again, pace, turn
from nowake.market.world.investors import renew
from nowake.market.world.orders import draw
from nowake.market.world.touch import regard

__all__ = ["breathe", "exponential", "jump", "move"]

_CALM = 1 / 60  # weight of an epoch in the mean mid of about the last ten minutes


@inline
def exponential(x: Any) -> float:
    """Return e^x to 1e-6 for |x| < 8, by products only: the same bits on every platform."""
    y: float = 1.0 + x / 1048576.0
    for _ in range(20):
        y *= y
    return y


@kernel
def _shift(w: Any, p: Any, books: Any, cause: Any, by: Any) -> None:
    w.value += by
    regard(w, p, books)
    if next_uniform(w, cause) < p.informed_share or abs(by) > 1:
        w.informed_sign = 1 if by > 0 else -1
        w.due[INFORMED] = w.now + np.int64(next_exponential(w, cause) * p.informed_delay)


@kernel
def move(w: Any, p: Any, books: Any) -> None:
    """The public value moves by a tick."""
    turn(w, VALUE)
    by = 1 if next_uniform(w, VALUE) < w.up else -1
    again(w, VALUE)
    _shift(w, p, books, VALUE, by)


@kernel
def jump(w: Any, p: Any, books: Any) -> None:
    """News: the public value jumps."""
    turn(w, JUMPS)
    by = draw(p.jump, next_uniform(w, JUMPS))
    by = by if next_uniform(w, JUMPS) < 0.5 else -by
    again(w, JUMPS)
    _shift(w, p, books, JUMPS, by)


@inline
def _normal(w: Any) -> float:
    """Return nearly a standard normal: twelve uniforms less six."""
    total = -6.0
    for _ in range(12):
        total += next_uniform(w, ACTIVITY)
    return total


@inline
def _power(p: Any, x: Any) -> Any:
    """Return x^-elasticity from tables, by its binary exponent and mantissa."""
    k = p.octave.shape[0] // 2
    while x >= 2.0 and k < p.octave.shape[0] - 1:
        x *= 0.5
        k += 1
    while x < 1.0 and k > 0:
        x *= 2.0
        k -= 1
    return p.octave[k] * p.within[min(max(np.int64((x - 1.0) * p.within.shape[0]), 0), p.within.shape[0] - 1)]


@kernel
def breathe(w: Any, p: Any, books: Any) -> None:
    """Begin an epoch: new activity and regime, clocks carried over to the new rates, investors renewed."""
    turn(w, ACTIVITY)
    w.slow = w.slow * p.slow_keep + p.slow_kick * _normal(w)
    w.fast = w.fast * p.fast_keep + p.fast_kick * _normal(w)
    r = w.regime[0]
    follow(r, w.now)
    activity = exponential(w.slow + w.fast + p.activity_mean)
    rough = shape(r, VOLATILITY, w.now)
    variance = activity * rough * rough * factor(r, VARIANCE)
    w.variance = variance
    w.pace = activity * shape(r, VOLUME, w.now)
    w.brevity = factor(r, LIFE) * _power(p, w.pace)
    w.width = np.sqrt(factor(r, VARIANCE) / factor(r, TAKING)) * shape(r, SPREAD, w.now)
    w.up = 0.5 + 0.5 * factor(r, DRIFT) / (p.sigma * variance)
    pace(w, LIMITS, p.limit_rate * w.pace * factor(r, FLOW))
    pace(w, TAKERS, p.taker_rate * w.pace * factor(r, TAKING))
    pace(w, JUMPS, p.jump_rate * w.pace * factor(r, NEWS))
    pace(w, VALUE, p.value_rate * variance)
    renew(w, p)
    regard(w, p, books)
    w.calm_mid += (0.5 * (w.bid + w.ask) - w.calm_mid) * _CALM
    w.due[ACTIVITY] = w.now + p.epoch
