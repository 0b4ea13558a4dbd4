"""Makers, the public value and the activity of the hour, like `makers`, `value` and `investors.renew`."""

import math

from nowake.core.draws import Draws
from nowake.market.regimes_state import DRIFT, JUMPS, LIFE, LIMITS, SPREAD, TAKERS, VARIANCE, VOLATILITY, VOLUME
from nowake.market.world import causes as c
from nowake.market.world.reference.book import Resting
from nowake.market.world.reference.state import World
from nowake.market.world.reference.streams import mix
from nowake.market.world.reference.takers import draw
from nowake.market.world.reference.touch import displayed, improve, leave, pick_venue, regard, rest, settle, stale
from nowake.market.world.state import REACH

__all__ = ["act", "breathe", "jump", "move", "normal", "place"]

_CALM = 1 / 60


def _lifetime(w: World, draws: Draws, behind: int, crowd: float) -> int:
    factor = w.p.life_factor[min(behind, len(w.p.life_factor) - 1)] * (1.0 + crowd)
    return int(draws.exponential() * factor * w.p.life * w.brevity)


def _crowd(w: World, side: int, price: int) -> float:
    """Return how long the queue that an order would join is, in `long_queue`."""
    joins = w.p.long_queue > 0 and price == w.touch(side)
    return displayed(w, side, price) / float(w.p.long_queue) if joins else 0.0


def _behind_other(w: World, side: int, price: int) -> int:
    """Return `price`, or one tick from the best of the other side where it would meet it."""
    other = w.touch(-side)
    return other - side if side * price >= side * other else price


def place(w: World) -> None:
    """A maker places a limit order."""
    draws, p = w.causes.turn(c.LIMITS), w.p
    side = 1 if draws.uniform() < 0.5 * (1.0 - w.tilt) else -1
    venue = pick_venue(w, draws.uniform())
    quantity = draw(p.quantity, draws.uniform())
    beyond = draw(p.beyond, draws.uniform())
    away = max(1, int(p.spread * w.width + draws.uniform())) + beyond
    price = _behind_other(w, side, w.touch(-side) + stale(w, -side) - side * away)
    crowd = _crowd(w, side, price)
    if crowd > 0 and draws.uniform() * (1.0 + crowd) >= 1.0:
        price, crowd = price - side, 0.0
    behind = max(side * (w.touch(side) - price), 0)
    due = w.now + _lifetime(w, draws, behind, crowd)
    birth = mix(c.LIMITS, w.causes.number[c.LIMITS])
    rest(w, Resting(0, venue, side, price, quantity, birth), due)
    improve(w, side, price)
    w.causes.again(c.LIMITS, w.now)


def act(w: World, o: Resting) -> None:
    """A resting order is due: it leaves, or goes where the public value has gone."""
    follows, gone, moves = o.plan == "follows", w.fair - o.value, o.moves + 1
    leave(w, o)
    if o.price == w.touch(o.side):
        settle(w, o.side)
    if not follows:
        return
    price = _behind_other(w, o.side, o.price + gone)
    draws = w.causes.rekey(c.REPRICE, mix(o.birth, moves))
    due = w.now + _lifetime(w, draws, 0, _crowd(w, o.side, price))
    rest(w, Resting(0, o.venue, o.side, price, o.quantity, o.birth, moves=moves), due)
    improve(w, o.side, price)


def _shift(w: World, draws: Draws, by: int) -> None:
    w.value += by
    regard(w)
    if draws.uniform() < w.p.informed_share or abs(by) > 1:
        w.informed_sign = 1 if by > 0 else -1
        w.causes.due[c.INFORMED] = w.now + int(draws.exponential() * w.p.informed_delay)


def move(w: World) -> None:
    """The public value moves by a tick."""
    draws = w.causes.turn(c.VALUE)
    by = 1 if draws.uniform() < w.up else -1
    w.causes.again(c.VALUE, w.now)
    _shift(w, draws, by)


def jump(w: World) -> None:
    """The public value jumps."""
    draws = w.causes.turn(c.JUMPS)
    by = draw(w.p.jump, draws.uniform())
    by = by if draws.uniform() < 0.5 else -by
    w.causes.again(c.JUMPS, w.now)
    _shift(w, draws, by)


def normal(draws: Draws) -> float:
    """Return nearly a standard normal: twelve uniforms less six."""
    total = -6.0
    for _ in range(12):
        total += draws.uniform()
    return total


def _exponential(x: float) -> float:
    y = 1.0 + x / 1048576.0
    for _ in range(20):
        y *= y
    return y


def _power(w: World, x: float) -> float:
    """Return x^-elasticity from the tables, by binary exponent and mantissa."""
    octave, within = w.p.octave, w.p.within
    k = len(octave) // 2
    while x >= 2.0 and k < len(octave) - 1:
        x, k = x * 0.5, k + 1
    while x < 1.0 and k > 0:
        x, k = x * 2.0, k - 1
    factor: float = octave[k] * within[min(max(int((x - 1.0) * len(within)), 0), len(within) - 1)]
    return factor


def breathe(w: World) -> None:
    """Begin an epoch: activity and regime anew, clocks carried over, investors renewed."""
    draws, p, r, now = w.causes.turn(c.ACTIVITY), w.p, w.regime, w.now
    w.slow = w.slow * p.slow_keep + p.slow_kick * normal(draws)
    w.fast = w.fast * p.fast_keep + p.fast_kick * normal(draws)
    r.follow(now)
    activity = _exponential(w.slow + w.fast + p.activity_mean)
    rough = r.shape(VOLATILITY, now)
    w.variance = activity * rough * rough * r.factor(VARIANCE)
    w.pace = activity * r.shape(VOLUME, now)
    w.brevity = r.factor(LIFE) * _power(w, w.pace)
    w.width = math.sqrt(r.factor(VARIANCE) / r.factor(TAKERS)) * r.shape(SPREAD, now)
    w.up = 0.5 + 0.5 * (r.factor(DRIFT) * r.sign) / (p.sigma * w.variance)
    w.causes.pace(c.LIMITS, p.limit_rate * w.pace * r.factor(LIMITS), now)
    w.causes.pace(c.TAKERS, p.taker_rate * w.pace * r.factor(TAKERS), now)
    w.causes.pace(c.JUMPS, p.jump_rate * w.pace * r.factor(JUMPS), now)
    w.causes.pace(c.VALUE, p.value_rate * w.variance, now)
    _renew(w)
    regard(w)
    w.calm_mid += (0.5 * (w.bid + w.ask) - w.calm_mid) * _CALM
    w.causes.due[c.ACTIVITY] = now + p.epoch


def _renew(w: World) -> None:
    """Move the centre of the investors, renew them by one epoch, and set the rates of those who are marketable."""
    p = w.p
    w.centre += (0.5 * (w.bid + w.ask) - w.value - w.centre) * p.recentre
    w.shift = math.floor(w.centre + 0.5)
    at_zero = w.value + w.shift - REACH
    sell = buy = 0.0
    for i in range(2 * REACH):
        x = i - REACH
        w.sellers[i] += p.renewal * (p.slope * max(x, 0) - w.sellers[i])
        w.buyers[i] += p.renewal * (p.slope * max(-x, 0) - w.buyers[i])
        if at_zero + i <= w.bid:
            sell += w.sellers[i]
        if at_zero + i >= w.ask:
            buy += w.buyers[i]
    w.causes.pace(c.SELLERS, sell * p.investor_rate, w.now)
    w.causes.pace(c.BUYERS, buy * p.investor_rate, w.now)
