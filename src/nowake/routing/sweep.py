"""A sweep that trades through no better displayed quote: price by price, at one price by fees and latency.

Every venue that is up and shows a better price than one that is sent an order is sent an order for all it shows, at
once. The all-in price (price, taker fee, `latency_cost` times milliseconds) decides among equal prices only: to take
a worse price with a better fee first would trade through. Every order is limited to the price that its venue shows.
"""

from typing import Any

import numpy as np

from nowake.core.board import PlaceKind, PlaceState
from nowake.core.intent import OrderKind
from nowake.core.jit import inline, kernel
from nowake.routing.reasons import Reason

__all__ = ["best_fee", "emit", "next_quote", "sweep", "within"]

_LIT, _UP, _IOC = int(PlaceKind.LIT), int(PlaceState.UP), int(OrderKind.IOC)
_BEST, _PROTECTED = int(Reason.SWEEP_BEST), int(Reason.SWEEP_PROTECTED)
_BEYOND = int(Reason.SWEEP_BEYOND)


@kernel
def emit(w: Any, intents: Any, n: Any, k: Any, kind: Any, price: Any, quantity: Any, reason: Any, score: Any) -> Any:
    """Write intent `n` of want `w` at place `k`; returns n + 1."""
    if n >= intents.shape[0]:
        raise IndexError("more intents than the array holds: raise its length")
    o = intents[n]
    o.parent, o.price, o.quantity, o.minimum, o.time = w.parent, price, quantity, 0, w.time
    o.score, o.venue, o.side, o.kind, o.tactic = score, k, w.side, kind, w.tactic
    o.origin, o.reason = w.origin, reason
    return n + 1


@inline
def within(w: Any, price: Any) -> Any:
    """Tell whether the want's limit allows `price`."""
    return w.limit == 0 or w.side * price <= w.side * w.limit


@inline
def all_in(q: Any, p: Any) -> Any:
    """Return fee and latency of taking at place `q`, ticks per share."""
    return q.taker_fee + p.latency_cost * q.latency * 1e-6


@kernel
def next_quote(b: Any, p: Any, w: Any, used: Any) -> Any:
    """Return the place with the best displayed price that is not in the bit mask `used`, cheapest first; -1: none."""
    best, price, cost = -1, 0, 0.0
    for k in range(np.int64(b.places)):
        q = b.place[k]
        if q.kind != _LIT or q.state != _UP or used >> k & 1:
            continue
        at, size = (q.ask, q.ask_size) if w.side > 0 else (q.bid, q.bid_size)
        if at <= 0 or size <= 0 or not within(w, at):
            continue
        c = all_in(q, p)
        if best < 0 or w.side * at < price or (w.side * at == price and c < cost):
            best, price, cost = k, w.side * at, c
    return best


@kernel
def best_fee(b: Any, p: Any, w: Any) -> Any:
    """Return fee and latency of the cheapest place at the best price of the other side; 0.0 where there is none."""
    k = next_quote(b, p, w, np.int64(0))
    return all_in(b.place[k], p) if k >= 0 else 0.0


@kernel
def sweep(b: Any, p: Any, w: Any, quantity: Any, intents: Any, n: Any) -> Any:
    """Send `quantity` against the displayed quotes; returns (number of intents, shares beyond what is displayed)."""
    used, left, first, fee, price = np.int64(0), quantity, 0, 0.0, 0
    while left > 0:
        k = next_quote(b, p, w, used)
        if k < 0:
            break
        q = b.place[k]
        price, size = (q.ask, q.ask_size) if w.side > 0 else (q.bid, q.bid_size)
        if used == 0:
            first, fee = price, all_in(q, p)
        used |= np.int64(1) << k
        size = min(size, left)
        reason = _BEST if price == first else _PROTECTED
        score = w.side * (first - price) + fee - all_in(q, p)
        n = emit(w, intents, n, k, _IOC, price, size, reason, score)
        left -= size
    if left > 0 and used != 0 and p.reach > 0 and w.urgency >= 1.0:
        beyond = price + w.side * p.reach * w.step
        o = intents[n - 1]
        o.price, o.quantity, o.reason = beyond if within(w, beyond) else w.limit, o.quantity + left, _BEYOND
        left = 0
    return n, left
