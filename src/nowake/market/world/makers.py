"""Makers: limit orders near the other side's touch, each with a lifetime and a public value of its own.

A maker wants to stand `spread` ticks, times the width of the hour, from the best price of the other side as it
will be when that side has caught up with the public value; part of the orders stand further behind (Pareto). Nobody
anchors the price: what order flow has pushed away from the public value stays pushed until the flow itself brings it
back. `fair` is the public value as makers see it: higher by a little for what they have just sold, until they have
bought it back. An order at the touch whose `fair` has moved follows it after a delay (`touch.wake`), the others wait.
A long queue keeps makers from joining it, and those who are in it stay for longer (`long_queue`).
"""

from typing import Any

import numpy as np

from nowake.book.bits import mix
from nowake.core.draws import next_exponential, next_uniform
from nowake.core.jit import kernel
from nowake.market.world.causes import LIMITS, REPRICE, again, rekey, turn
from nowake.market.world.orders import draw, leave, rest
from nowake.market.world.state import FOLLOWS, ORDERS, STAYS
from nowake.market.world.touch import displayed, improve, pick_venue, settle, stale

__all__ = ["act", "place"]


@kernel
def _lifetime(w: Any, p: Any, cause: Any, behind: Any, crowd: Any) -> Any:
    """Draw a lifetime (ns): longer behind the touch and in a long queue, shorter in busy times."""
    factor = p.life_factor[min(behind, p.life_factor.shape[0] - 1)] * (1.0 + crowd)
    return np.int64(next_exponential(w, cause) * factor * p.life * w.brevity)


@kernel
def _crowd(w: Any, p: Any, books: Any, side: Any, price: Any) -> Any:
    """Return how long the queue at `price` is, in `long_queue`; 0 where it is not the touch of `side`."""
    if p.long_queue == 0.0 or price != (w.bid if side > 0 else w.ask):
        return 0.0
    return displayed(w, books, side, price) / p.long_queue


@kernel
def place(w: Any, p: Any, books: Any, feed: Any) -> None:
    """A maker places a limit order."""
    k = turn(w, LIMITS)
    side = 1 if next_uniform(w, LIMITS) < 0.5 * (1.0 - w.tilt) else -1
    venue = pick_venue(w, p, next_uniform(w, LIMITS))
    quantity = draw(p.quantity, next_uniform(w, LIMITS))
    beyond = draw(p.beyond, next_uniform(w, LIMITS))
    away = max(1, np.int64(p.spread * w.width + next_uniform(w, LIMITS))) + beyond
    other = w.ask if side > 0 else w.bid
    price = other + stale(w, books, -side) - side * away
    if side * price >= side * other:
        price = other - side
    crowd = _crowd(w, p, books, side, price)
    if crowd > 0.0 and next_uniform(w, LIMITS) * (1.0 + crowd) >= 1.0:
        price, crowd = price - side, 0.0
    behind = max(side * ((w.bid if side > 0 else w.ask) - price), 0)
    due = w.now + _lifetime(w, p, LIMITS, behind, crowd)
    rest(w, books, feed, venue, side, price, quantity, mix(LIMITS, k), due, STAYS)
    improve(w, p, books, side, price)
    again(w, LIMITS)


@kernel
def act(w: Any, p: Any, books: Any, feed: Any, node: Any) -> None:
    """The order of `node` is due: it leaves, or goes where the public value has gone."""
    a = w.agent[node]
    venue = node // ORDERS
    o = books[w.first + venue].order[node - venue * ORDERS]
    side, price, quantity, birth, moves = np.int64(o.side), o.price, o.quantity, a.birth, a.moves + 1
    follows, gone = a.plan == FOLLOWS, w.fair - a.value
    leave(w, books, feed, node)
    if price == (w.bid if side > 0 else w.ask):
        settle(w, p, books, feed, side)
    if not follows:
        return
    w.repriced += 1
    other = w.ask if side > 0 else w.bid
    price += gone
    if side * price >= side * other:
        price = other - side
    rekey(w, REPRICE, mix(birth, moves))
    due = w.now + _lifetime(w, p, REPRICE, 0, _crowd(w, p, books, side, price))
    new = rest(w, books, feed, venue, side, price, quantity, birth, due, STAYS)
    w.agent[new].moves = moves
    improve(w, p, books, side, price)
