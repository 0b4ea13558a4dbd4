"""The smart order router: one want in, intents out, all of them decided on the same view of the market.

CROSS sweeps. JOIN and IMPROVE ask dark pools for what they hold of all that may wait, at once or not at all; what is
left rests, a part hidden (`dark_share`), the rest in the best queues. They sweep what is due and what is cheaper taken
than waited for. DARK hides all. What is large against the displayed size
is offered to dealers. Whatever has no route now stays in `left`: shares are neither made nor lost.
"""

from typing import Any

import numpy as np

from nowake.core.board import PLACES, Phase, PlaceKind, PlaceState
from nowake.core.intent import OrderKind, Tactic
from nowake.core.jit import inline, kernel
from nowake.routing.dark import allocate, clear_desk, prepare_asks, prepare_dealers, prepare_pools
from nowake.routing.queues import displayed, spread_over, to_leave
from nowake.routing.reasons import Reason
from nowake.routing.sweep import best_fee, emit, sweep, within
from nowake.routing.want import DEALERS

__all__ = ["better_elsewhere", "route"]

_CONTINUOUS = int(Phase.CONTINUOUS)
_LIT, _DARK, _UP = int(PlaceKind.LIT), int(PlaceKind.DARK), int(PlaceState.UP)
_CROSS, _JOIN, _IMPROVE, _HIDE = int(Tactic.CROSS), int(Tactic.JOIN), int(Tactic.IMPROVE), int(Tactic.DARK)
_POST, _PEG, _QUOTE = int(OrderKind.POST_ONLY), int(OrderKind.MID_PEG), int(OrderKind.QUOTE)
_IOC = int(OrderKind.IOC)
_GREEDY, _AT_MID, _DEALERS = int(Reason.DARK_GREEDY), int(Reason.DARK_AT_MID), int(Reason.ASK_DEALERS)
_ASK_POOL = int(Reason.DARK_FIRST)
_FIRST, _QUEUE, _STEP = int(Reason.JOIN_FIRST), int(Reason.JOIN_QUEUE), int(Reason.IMPROVE_STEP)


@inline
def _two_sided(b: Any) -> Any:
    """Tell whether there is a mid: both sides shown, neither locked nor crossed."""
    return 0 < b.bid < b.ask


@inline
def _on_grid(w: Any, price: Any) -> Any:
    """Return `price` moved to the own side's multiple of the step: never more aggressive."""
    down = price // w.step * w.step
    return down if w.side > 0 or down == price else down + w.step


@inline
def _own_price(b: Any, w: Any) -> Any:
    """Return the price at which to rest: the touch, or for IMPROVE one step better where that is inside the spread."""
    price = _on_grid(w, b.bid if w.side > 0 else b.ask)
    far = b.ask if w.side > 0 else b.bid
    better = price + w.side * w.step
    return better if w.tactic == _IMPROVE and w.side * (far - better) > 0 else price


@inline
def _far_price(b: Any, w: Any) -> Any:
    """Return the touch of the other side, or the limit where that is nearer: the mid is never beyond it."""
    far = b.ask if w.side > 0 else b.bid
    return far if within(w, far) else w.limit


@kernel
def _send_hidden(b: Any, w: Any, intents: Any, n: Any, reason: Any) -> Any:
    """Write the intents of the desk's pools, and one for each dealer asked; returns their number."""
    kind, price = _PEG, w.limit
    if reason == _ASK_POOL:
        kind, price = _IOC, _far_price(b, w)
    for k in range(np.int64(b.places)):
        if w.give[k] > 0 and b.place[k].kind == _DARK:
            n = emit(w, intents, n, k, kind, price, w.give[k], reason, w.gain[k] / w.give[k])
            intents[n - 1].minimum = w.least[k]
    if w.give[DEALERS] > 0:
        for k in range(np.int64(b.places)):
            if w.asked[k] != 0:
                score = w.gain[DEALERS] / w.give[DEALERS]
                n = emit(w, intents, n, k, _QUOTE, w.limit, w.give[DEALERS], _DEALERS, score)
    return n


@inline
def _spare_dealers(w: Any, left: Any) -> Any:
    """Ask dealers for nothing rather than for too little; returns the shares left."""
    if w.give[DEALERS] < w.deal_least:
        left += w.give[DEALERS]
        w.give[DEALERS] = 0
    return left


@kernel
def _hide(
    b: Any, s: Any, p: Any, w: Any, d: Any, volume: Any, fee: Any, wait: Any, dealers: Any, intents: Any, n: Any
) -> Any:
    """Offer `volume` to pools, and to dealers where asked for; returns (number of intents, shares left)."""
    left = volume
    if volume > 0 and _two_sided(b):
        clear_desk(b, w, volume, w.urgency)
        usable = prepare_pools(b, s, p, w, d, volume, fee)
        if dealers and volume >= w.deal_least:
            prepare_dealers(b, s, p, w, d, volume, fee)
        left = _spare_dealers(w, allocate(b, s, p, w, volume, usable, wait))
        at_mid = w.tactic == _IMPROVE and _own_price(b, w) == _on_grid(w, b.bid if w.side > 0 else b.ask)
        n = _send_hidden(b, w, intents, n, _AT_MID if at_mid else _GREEDY)
    return n, left


@kernel
def _ask_pools(b: Any, s: Any, p: Any, w: Any, fee: Any, intents: Any) -> Any:
    """Ask pools for what they hold of all that may wait, at once or not at all; returns (intents, shares left)."""
    n, left = 0, w.passive
    if left > 0 and 0.0 < p.dark_share < 1.0:  # 1: it may wait in them just as well
        clear_desk(b, w, left, 0.0)
        usable = prepare_asks(b, s, w, left, fee)
        if usable > 0:
            left = allocate(b, s, p, w, left, usable, 0.0)
            n = _send_hidden(b, w, intents, n, _ASK_POOL)
    return n, left


@kernel
def _rest(b: Any, s: Any, p: Any, w: Any, quantity: Any, fee: Any, wait: Any, intents: Any, n: Any) -> Any:
    """Rest `quantity` in the best queues; returns (number of intents, shares better taken than waited for)."""
    price = _own_price(b, w)
    if quantity <= 0 or not within(w, price):
        return n, quantity
    clear_desk(b, w, quantity, 0.0)
    left = spread_over(b, s, p, w, quantity, price, fee, wait)
    better = price != _on_grid(w, b.bid if w.side > 0 else b.ask)
    for k in range(np.int64(b.places)):
        if w.give[k] > 0:
            reason = _STEP if better else _QUEUE if displayed(b, k, w.side, price) > 0 else _FIRST
            n = emit(w, intents, n, k, _POST, price, w.give[k], reason, w.gain[k] / w.give[k])
    return n, left


@inline
def _hidden_part(b: Any, p: Any, w: Any) -> Any:
    """Return how many of the shares that may wait are offered to pools first."""
    part = np.int64(0)
    if w.tactic == _JOIN or w.tactic == _IMPROVE:
        part = np.int64(p.dark_share * w.passive) // p.lot * p.lot
        touch = _on_grid(w, b.bid if w.side > 0 else b.ask)
        if w.tactic == _IMPROVE and _own_price(b, w) == touch:
            part = np.int64(w.passive)  # no step is free inside the spread: the mid is
    return part


@kernel
def _ask(b: Any, s: Any, p: Any, w: Any, d: Any, volume: Any, fee: Any, wait: Any, intents: Any, n: Any) -> Any:
    """Offer what a sweep could not take to dealers; returns (number of intents, shares left)."""
    if volume <= 0 or volume < w.deal_least or not _two_sided(b):
        return n, volume
    clear_desk(b, w, volume, 1.0)
    prepare_dealers(b, s, p, w, d, volume, fee)
    left = _spare_dealers(w, allocate(b, s, p, w, volume, 0, wait))
    return _send_hidden(b, w, intents, n, _DEALERS), left


@inline
def _wait_cost(b: Any, p: Any, w: Any) -> Any:
    """Return what a share costs that waits in vain, ticks."""
    return w.urgency * p.shortfall * (b.ask - b.bid) if _two_sided(b) else 0.0


@kernel
def better_elsewhere(boards: Any, stats: Any, params: Any, wants: Any, r: Any) -> None:
    """Mark in `leave` the places where what rests of want `r` had better leave its queue; none without a mid."""
    w, p = wants[r], params[0]
    b, s = boards[w.board], stats[w.stats]
    for k in range(PLACES):
        w.leave[k] = 0
    if b.phase == _CONTINUOUS and _two_sided(b):
        to_leave(b, s, p, w, _own_price(b, w), best_fee(b, p, w), _wait_cost(b, p, w))


@kernel
def route(boards: Any, stats: Any, params: Any, wants: Any, r: Any, draws: Any, intents: Any) -> Any:
    """Route want `r` into `intents` from row 0; returns how many, and leaves in `left` the shares without a route.

    The intents of dealers (QUOTE) stand for one quantity, that of whoever is accepted. Statistics of dark pools forget
    a little with every dark decision; everything else only reads. IndexError where `intents` is too short.
    """
    w, p = wants[r], params[0]
    b, s, d = boards[w.board], stats[w.stats], draws[w.board]
    w.left = w.due + w.passive
    if b.phase != _CONTINUOUS or w.left <= 0:
        return 0
    fee, mid = best_fee(b, p, w), _two_sided(b)
    wait = _wait_cost(b, p, w)
    n, n_left, taken = 0, np.int64(0), np.int64(w.due)
    if w.tactic == _HIDE:
        n, w.left = _hide(b, s, p, w, d, w.left, fee, wait, True, intents, n)
        return n
    if w.tactic == _CROSS:
        taken += w.passive
    elif mid:
        n, back = _ask_pools(b, s, p, w, fee, intents)
        if n == 0:
            part = _hidden_part(b, p, w)
            n, back = _hide(b, s, p, w, d, part, fee, wait, False, intents, n)
            back += w.passive - part
        n, n_left = _rest(b, s, p, w, back, fee, wait, intents, n)
    else:
        n_left = np.int64(w.passive)
    if wait > 0.0:
        taken, n_left = taken + n_left, np.int64(0)
    n, left = sweep(b, p, w, taken, intents, n)
    n, left = _ask(b, s, p, w, d, left, fee, wait, intents, n)
    w.left = left + n_left
    return n
