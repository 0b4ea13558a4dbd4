"""The dark allocation: lots to the pool, or the dealers, whose next lot gains most in expectation.

Greedy of Ganchev, Kearns, Nevmyvaka & Vaughan 2010 on posterior draws (discounted Thompson sampling): the marginal
gain of a share in pool v is T_v(given + 1) edge_v, with edge = half-spread + taker fee saved - pool fee + mark-out -
leak. Both the tail and the mark-out are drawn once per decision and pool. The dealers together are one more pool
that holds any size. A pool that is only asked for what it holds is judged by the means: asking costs no waiting.
"""

from math import sqrt
from typing import Any

import numpy as np

from nowake.core.board import PlaceKind, PlaceState
from nowake.core.intent import Tactic
from nowake.core.jit import inline, kernel
from nowake.routing.dealers import BEST_OF, answer_rate, dealer_cost, most_worth_asking, quote_variance, reject_rate
from nowake.routing.leak import leak_of
from nowake.routing.minimum import least_execution
from nowake.routing.tails import hazard, normal
from nowake.routing.toxicity import expected_mark, mark_deviation
from nowake.routing.venues import EDGES, SIZES
from nowake.routing.want import DEALERS

__all__ = ["AGAIN", "allocate", "clear_desk", "prepare_asks", "prepare_dealers", "prepare_pools"]

AGAIN = 30_000_000_000  # ns after which a pool may hold something new

_JOIN, _IMPROVE = int(Tactic.JOIN), int(Tactic.IMPROVE)
_DARK, _DEALER, _UP = int(PlaceKind.DARK), int(PlaceKind.DEALER), int(PlaceState.UP)
_EDGES = np.array(EDGES, np.int64)
_BEST = np.array(BEST_OF)


@inline
def clear_desk(b: Any, w: Any, volume: Any, hurry: Any) -> None:
    """Empty the want's desk; `walk`: what crossing `volume` costs beyond the touch, times `hurry` (0: it need not).

    A step per displayed size, so on average half of them.
    """
    shown = b.ask_size if w.side > 0 else b.bid_size
    w.walk = hurry * w.step * max(volume / max(shown, 1) - 1.0, 0.0) / 2.0
    for k in range(DEALERS + 1):
        w.give[k], w.least[k], w.level[k] = 0, 0, 0
        w.edge[k], w.alive[k], w.gain[k] = 0.0, 0.0, 0.0


@kernel
def prepare_asks(b: Any, s: Any, w: Any, volume: Any, fee: Any) -> Any:
    """Set the edge of every pool that may hold something new, by the means; returns how many have a gain.

    Not one whose last order came back short within AGAIN: it has told what it holds.
    """
    half, usable = (b.ask - b.bid) / 2.0, 0
    for k in range(np.int64(b.places)):
        q, v = b.place[k], s.venue[k]
        if q.kind != _DARK or q.state != _UP or 0 <= w.time - v.short < AGAIN:
            continue
        w.edge[k] = half + fee - q.maker_fee + expected_mark(v) - leak_of(s, k) * (volume + w.rest) / volume
        w.draw[k], w.alive[k] = 0.0, 1.0
        usable += 1 if w.edge[k] > 0.0 else 0
    return usable


@kernel
def prepare_pools(b: Any, s: Any, p: Any, w: Any, d: Any, volume: Any, fee: Any) -> Any:
    """Draw tail and mark-out of every pool that is up; returns how many have a gain."""
    half, usable = (b.ask - b.bid) / 2.0, 0
    for k in range(np.int64(b.places)):
        q, v = b.place[k], s.venue[k]
        if q.kind != _DARK or q.state != _UP:
            continue
        v.marks *= p.forget
        w.draw[k] = p.explore * normal(d)
        mark = expected_mark(v) + p.explore * normal(d) * mark_deviation(s, v)
        w.edge[k] = w.walk + half + fee - q.maker_fee + mark - leak_of(s, k) * (volume + w.rest) / volume
        w.alive[k] = 1.0
        usable += 1 if w.edge[k] > 0.0 else 0
    s.decisions += 1
    return usable


@kernel
def prepare_dealers(b: Any, s: Any, p: Any, w: Any, d: Any, volume: Any, fee: Any) -> None:
    """Choose the dealers to ask and what the best of them gains, where `volume` is large against the displayed size."""
    half, known, variance = (b.ask - b.bid) / 2.0, 0, 0.0
    shown = b.ask_size if w.side > 0 else b.bid_size
    for k in range(np.int64(b.places)):
        w.asked[k] = 0
        q, v = b.place[k], s.venue[k]
        if q.kind != _DEALER or q.state != _UP:
            continue
        known += 1
        variance += quote_variance(v, half)
        noise = sqrt(quote_variance(v, half) / (v.answered + 2.0))
        w.draw[k] = dealer_cost(v, p, half, q.taker_fee) - p.explore * normal(d) * noise
    if known == 0 or volume < p.quote_depth * shown:
        return
    deviation = sqrt(variance / known)
    number = most_worth_asking(deviation, p.ask_cost * half, min(p.most_dealers, known))
    _choose(b, s, w, number, deviation, half + fee + w.walk)


@kernel
def _choose(b: Any, s: Any, w: Any, number: Any, deviation: Any, crossing: Any) -> None:
    """Mark the `number` cheapest dealers as asked; set their edge against crossing and the odds of a trade."""
    cost, silent, firm = 0.0, 1.0, 0.0
    for _ in range(number):
        best = -1
        for k in range(np.int64(b.places)):
            q = b.place[k]
            free = q.kind == _DEALER and q.state == _UP and w.asked[k] == 0
            if free and (best < 0 or w.draw[k] < w.draw[best]):
                best = k
        w.asked[best] = 1
        cost += w.draw[best] / number
        silent *= 1.0 - answer_rate(s.venue[best])
        firm += (1.0 - reject_rate(s.venue[best])) / number
    w.edge[DEALERS] = crossing - (cost - deviation * _BEST[number])
    w.alive[DEALERS] = (1.0 - silent) * firm


@inline
def _chunk(s: Any, w: Any, k: Any) -> Any:
    """Return (lots of the size step that pool `k` is at, P(S reaches its end) over P(S reaches its start))."""
    j = w.level[k]
    start = _EDGES[j - 1] if j > 0 else 0
    return _EDGES[j] - start, 1.0 - hazard(s.venue[k], j, w.draw[k])


@inline
def _marginal(s: Any, w: Any, k: Any) -> Any:
    """Return the mean probability that a share of the next size step of `k` fills; linear inside the step."""
    f = w.alive[k]
    if k != DEALERS:
        lots, stay = _chunk(s, w, k)
        f *= 1.0 - (1.0 - stay) * (lots + 1) / (2.0 * lots)
    return f


@inline
def _next(b: Any, s: Any, w: Any) -> Any:
    """Return the row of the desk with the largest marginal gain; -1 where none has any."""
    best, most = -1, 0.0
    for k in range(DEALERS + 1):
        if (k < b.places or k == DEALERS) and w.edge[k] > 0.0 and w.level[k] < SIZES and w.alive[k] > 0.0:
            value = w.edge[k] * _marginal(s, w, k)
            if value > most:
                best, most = k, value
    return best


@kernel
def allocate(b: Any, s: Any, p: Any, w: Any, volume: Any, usable: Any, wait: Any) -> Any:
    """Divide `volume` shares over what was prepared, into `give`, `least` and `gain`; returns the shares left.

    With two usable pools or more, none is given more than `pool_cap` of the volume (a lot at least).
    """
    left, cap = volume, volume
    if usable > 1:
        cap = max(int(p.pool_cap * volume) // p.lot * p.lot, min(p.lot, volume))
    while left > 0:
        k = _next(b, s, w)
        if k < 0:
            break
        f = _marginal(s, w, k)
        if w.tactic in (_JOIN, _IMPROVE) and f * (w.edge[k] - w.walk) < (1.0 - f) * wait:
            break  # better taken or shown than hidden: waiting costs more than it promises
        room = left if k == DEALERS else min(left, cap - w.give[k])
        lots, stay = (0, 1.0) if k == DEALERS else _chunk(s, w, k)
        n = room if k == DEALERS else min(room, lots * p.lot)
        w.give[k] += n
        w.gain[k] += n * (f * (w.edge[k] - w.walk) - (1.0 - f) * wait)
        left -= n
        if k == DEALERS or n < lots * p.lot or w.give[k] >= cap:
            w.level[k] = SIZES
        else:
            w.level[k] += 1
            w.alive[k] *= stay
    half = (b.ask - b.bid) / 2.0
    for k in range(np.int64(b.places)):
        if w.give[k] > 0 and b.place[k].kind == _DARK:
            gain = half - b.place[k].maker_fee
            w.least[k] = least_execution(s.venue[k], p, w.give[k], gain)
    return left
