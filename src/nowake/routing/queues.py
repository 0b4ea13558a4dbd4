"""Resting orders: which queue to join, and when to leave one.

The shares that leave the best queue of a venue while an order waits are taken as exponential with a learnt mean, so
the share behind x others fills with probability exp(-x / mean). Its gain against crossing is probability (spread +
taker fee - maker fee + mark-out) - (1 - probability) urgency shortfall spread: the trade-off of Cont & Kukanov
(arXiv 1210.1625) at each venue's margin. The next piece goes where the gain is largest; below 0 crossing is better.
"""

from math import exp
from typing import Any

import numpy as np

from nowake.core.board import PLACES, PlaceKind, PlaceState
from nowake.core.jit import inline, kernel
from nowake.routing.toxicity import expected_mark

__all__ = ["displayed", "hear_queue", "outflow_of", "place_gain", "rest_gain", "spread_over", "to_leave"]

PRIOR = 5.0  # orders that the prior outflow counts as
PIECES = 64  # most pieces of one split
_LIT, _UP = int(PlaceKind.LIT), int(PlaceState.UP)


@inline
def outflow_of(v: Any, p: Any) -> Any:
    """Return the posterior mean outflow of a best queue, shares."""
    return (v.outflows * v.outflow + PRIOR * p.outflow) / (v.outflows + PRIOR)


@inline
def hear_queue(v: Any, p: Any, sent: Any, filled: Any, ahead: Any) -> None:
    """Learn the outflow from an order that waited behind `ahead` shares: exact if it filled in part, else a bound.

    One step of EM for an exponential law with censoring on both sides.
    """
    mean = outflow_of(v, p)
    if filled >= sent:
        left = ahead + sent + mean
    elif filled > 0:
        left = ahead + filled * 1.0
    elif ahead > 0:
        left = mean - ahead / (exp(min(ahead / mean, 500.0)) - 1.0)
    else:
        left = 0.0
    v.outflows = v.outflows * p.discount + 1.0
    v.outflow += (left - v.outflow) / v.outflows


@inline
def displayed(b: Any, k: Any, side: Any, price: Any) -> Any:
    """Return the shares that place `k` displays at `price` on the own `side`."""
    q = b.place[k]
    size = 0
    if side > 0 and q.bid == price:
        size = q.bid_size
    elif side < 0 and q.ask == price:
        size = q.ask_size
    return size


@inline
def rest_gain(v: Any, p: Any, x: Any, gain: Any, wait: Any) -> Any:
    """Return the gain of the share behind `x` others: `gain` if it fills, -`wait` if not."""
    f = exp(-x / outflow_of(v, p))
    return f * gain - (1.0 - f) * wait


@inline
def place_gain(s: Any, k: Any, far: Any, fee: Any, maker_fee: Any) -> Any:
    """Return what a filled resting share gains: `far` ticks to the other side, and the taker's `fee`."""
    return far + fee - maker_fee + expected_mark(s.venue[k])


@kernel
def spread_over(b: Any, s: Any, p: Any, w: Any, quantity: Any, price: Any, fee: Any, wait: Any) -> Any:
    """Divide `quantity` resting shares at `price` over the lit venues into `give`, `gain`; returns what crosses better.

    `gain` of a place is the sum over its shares.
    """
    far = abs((b.ask if w.side > 0 else b.bid) - price) * 1.0
    left, piece = quantity, max(p.lot, quantity // PIECES // p.lot * p.lot)
    while left > 0:
        best, most, n = -1, 0.0, min(piece, left)
        for k in range(np.int64(b.places)):
            q = b.place[k]
            if q.kind != _LIT or q.state != _UP:
                continue
            x = displayed(b, k, w.side, price) + w.own[k] + w.give[k] + n
            value = rest_gain(s.venue[k], p, x, place_gain(s, k, far, fee, q.maker_fee), wait)
            if value >= 0.0 and (best < 0 or value > most):
                best, most = k, value
        if best < 0:
            return left
        w.give[best] += n
        w.gain[best] += n * most
        left -= n
    return left


@kernel
def to_leave(b: Any, s: Any, p: Any, w: Any, price: Any, fee: Any, wait: Any) -> None:
    """Mark in `leave` every resting order whose place is worth less, by `hysteresis`, than the best one elsewhere.

    An order whose price is no longer the touch (`ahead` -1) leaves; where waiting costs, crossing (0) is a place too.
    """
    half = (b.ask - b.bid) / 2.0
    far = abs((b.ask if w.side > 0 else b.bid) - price) * 1.0
    for k in range(np.int64(b.places)):
        w.leave[k] = 0
        if w.own[k] <= 0:
            continue
        if w.ahead[k] < 0:
            w.leave[k] = 1
            continue
        best, known = 0.0, wait > 0.0
        for j in range(np.int64(b.places)):
            q = b.place[j]
            if j != k and q.kind == _LIT and q.state == _UP:
                x = displayed(b, j, w.side, price) + w.own[j] + w.own[k]
                there = rest_gain(s.venue[j], p, x, place_gain(s, j, far, fee, q.maker_fee), wait)
                if not known or there > best:
                    best, known = there, True
        q = b.place[k]
        gain = place_gain(s, k, far, fee, q.maker_fee)
        here = rest_gain(s.venue[k], p, w.ahead[k] + w.own[k], gain, wait)
        if known and here < best - p.hysteresis * half:
            w.leave[k] = 1
    for k in range(np.int64(b.places), PLACES):
        w.leave[k] = 0
