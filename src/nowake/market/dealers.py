"""Dealers who quote on request: spread, last look, inventory, hedging, and what losers of a request do.

Half-spread in half ticks: h = half_spread + volatility * sigma - skew * side * inventory + toxicity * markout + noise
* z, at least `least`, rounded up; `side` is the client's, so a long dealer sells cheaper. `markout` is the moving
average of how far the mid has gone the client's way, from the quote to `horizon` after the fill, so that picking off
stale quotes counts too. Last look: after `hold` the dealer rejects where the mid has moved against him since the quote
by more than `patience`, on a ramp `softness` wide (a uniform law in place of the normal one, so that no libm is
needed). Inventory falls by hedging, exponentially with `unwind` seconds; the flow is handed to the caller, who may
trade it lit. A loser trades a share `leak_fraction` of a lost request ahead of its client with probability `leak`, and
hedges that position away like any other.

Every kernel takes the record of one dealer first. Draws belong to the request (`qid`) or to the hedging epoch.
"""

from typing import Any

import numpy as np

from nowake.core.draws import next_uniform
from nowake.core.jit import inline, kernel
from nowake.market.dealers_state import (
    ANSWERS,
    DECLINED,
    EXPIRED,
    FILLED,
    FREE,
    HEDGE,
    HELD,
    LATE,
    LOOK,
    LOST,
    MARKS,
    NEVER,
    NOISE,
    OPEN,
    QUOTES,
    REJECTED,
    TOO_LARGE,
    UNKNOWN,
)
from nowake.market.keyed import decay, seek

__all__ = ["accept", "attend", "hedge", "lose", "quote", "return_hedge"]


@inline
def _normal(d: Any, c: Any) -> Any:
    """Return a draw of mean zero and deviation one: three uniforms (Irwin-Hall)."""
    u = next_uniform(d, c)
    u += next_uniform(d, c)
    u += next_uniform(d, c)
    return 2.0 * u - 3.0


@inline
def _offset2(d: Any, qid: Any, side: Any, volatility2: Any) -> Any:
    """Return the half-spread of request `qid` in whole half ticks."""
    seek(d, NOISE, qid)
    h = d.half_spread + d.volatility * volatility2 - d.skew * side * d.inventory + d.toxicity * d.markout
    h = max(h + d.noise * _normal(d, NOISE), d.least)
    whole = int(h)
    return whole if whole == h else whole + 1


@inline
def _room(d: Any, side: Any) -> Any:
    """Return the shares that the position limit leaves for a client of `side`."""
    return max(d.limit + side * d.inventory, 0)


@inline
def _slot_of(d: Any, qid: Any) -> Any:
    for s in range(QUOTES):
        if d.quote[s].state != FREE and d.quote[s].id == qid:
            return s
    return -1


@kernel
def quote(d: Any, qid: Any, side: Any, quantity: Any, mid2: Any, volatility2: Any, now: Any) -> Any:
    """Quote request `qid` (used once); returns the index into `quote`, DECLINED where there is no size to offer.

    `volatility2`: half ticks per root second. The row holds price2, quantity and expires.
    """
    d.asked += 1
    size = min(quantity, d.most, _room(d, side))
    if size <= 0 or (side != 1 and side != -1) or _slot_of(d, qid) >= 0:
        d.declined += 1
        return DECLINED
    s = 0
    while s < QUOTES and d.quote[s].state != FREE:
        s += 1
    if s == QUOTES:
        raise IndexError("too many open quotes of one dealer: raise `QUOTES`")
    q = d.quote[s]
    q.id, q.side, q.quantity, q.mid2, q.state, q.accepted = qid, side, size, mid2, OPEN, 0
    q.price2 = mid2 + side * _offset2(d, qid, side, volatility2)
    q.expires = now + d.valid
    d.wake = min(d.wake, q.expires)
    d.quoted += 1
    d.open += 1
    return s


@kernel
def accept(d: Any, qid: Any, quantity: Any, now: Any) -> Any:
    """Accept up to the whole size of an open quote; returns when the last look ends (ns), or UNKNOWN, LATE, TOO_LARGE.

    The answer, FILLED or REJECTED, comes out of `attend` at that time.
    """
    s = _slot_of(d, qid)
    if s < 0 or d.quote[s].state != OPEN:
        return UNKNOWN
    q = d.quote[s]
    if now >= q.expires:
        return LATE
    if not 0 < quantity <= q.quantity:
        return TOO_LARGE
    q.accepted, q.state, q.due = quantity, HELD, now + d.hold
    d.wake = min(d.wake, q.due)
    return q.due


@inline
def _answer(d: Any, s: Any, kind: Any, quantity: Any, mid2: Any, now: Any) -> None:
    """Write the end of quote `s` and free it; raises before anything has changed."""
    if d.answered >= ANSWERS:
        raise IndexError("no free answer of a dealer: drain `answer`, or raise `ANSWERS`")
    q, a = d.quote[s], d.answer[d.answered]
    a.time, a.quote_id, a.price2, a.quantity, a.mid2, a.side, a.kind = now, q.id, q.price2, quantity, mid2, q.side, kind
    d.answered += 1
    d.open -= 1
    q.state = FREE


@inline
def _rejects(d: Any, s: Any, mid2: Any) -> Any:
    """Tell whether the last look ends in a rejection: the position is full, or the mid has run away."""
    q = d.quote[s]
    against = q.side * (mid2 - q.mid2) - d.patience
    seek(d, LOOK, q.id)
    u = next_uniform(d, LOOK)
    runs = against > 0 if d.softness == 0.0 else against > d.softness * (u - 0.5)
    return runs or q.accepted > _room(d, q.side)


@inline
def _decide(d: Any, s: Any, mid2: Any, now: Any) -> None:
    q = d.quote[s]
    if _rejects(d, s, mid2):
        _answer(d, s, REJECTED, q.accepted, mid2, now)
        d.rejected += 1
        return
    if d.marks >= MARKS:
        raise IndexError("too many fills of one dealer within its horizon: raise `MARKS`")
    _answer(d, s, FILLED, q.accepted, mid2, now)
    m = d.mark[d.marks]
    m.due, m.mid2, m.side = now + d.horizon, q.mid2, q.side
    d.marks += 1
    d.filled += 1
    d.inventory -= q.side * q.accepted
    if q.side > 0:
        d.sold += q.accepted
    else:
        d.bought += q.accepted


@inline
def _learn(d: Any, mid2: Any, now: Any) -> None:
    """Take the mark-outs that are due into the moving average, oldest first."""
    kept = 0
    for n in range(d.marks):
        m = d.mark[n]
        if m.due <= now:
            d.markout += d.memory * (m.side * (mid2 - m.mid2) - d.markout)
        else:
            k = d.mark[kept]
            k.due, k.mid2, k.side = m.due, m.mid2, m.side
            kept += 1
    d.marks = kept


@kernel
def attend(d: Any, mid2: Any, now: Any) -> None:
    """Do what is due: mark-outs, expiries, ends of last looks. Call it when `wake` <= now; answers come out."""
    if now < d.wake:
        return
    _learn(d, mid2, now)
    for s in range(QUOTES):
        q = d.quote[s]
        if q.state == OPEN and q.expires <= now:
            _answer(d, s, EXPIRED, q.quantity, mid2, now)
            d.expired += 1
        elif q.state == HELD and q.due <= now:
            _decide(d, s, mid2, now)
    d.wake = NEVER
    for s in range(QUOTES):
        q = d.quote[s]
        if q.state != FREE:
            d.wake = min(d.wake, q.due if q.state == HELD else q.expires)
    for n in range(d.marks):
        d.wake = min(d.wake, d.mark[n].due)


@kernel
def lose(d: Any, qid: Any, mid2: Any, now: Any) -> Any:
    """Tell the dealer that open request `qid` went elsewhere; returns the signed shares he now trades lit (0: none).

    The quote ends as EXPIRED. The trade counts in `inventory` and `hedged` at once; `return_hedge` takes back a rest.
    """
    s = _slot_of(d, qid)
    if s < 0 or d.quote[s].state != OPEN:
        return 0
    side, size = np.int64(d.quote[s].side), d.quote[s].quantity
    _answer(d, s, EXPIRED, size, mid2, now)
    d.expired += 1
    seek(d, LOST, qid)
    if next_uniform(d, LOST) >= d.leak:
        return 0
    flow = side * min(int(d.leak_fraction * size), _room(d, -side))
    if flow != 0:
        d.lost += 1
    d.inventory += flow
    d.hedged += flow
    return flow


@kernel
def hedge(d: Any, k: Any, seconds: Any, lot: Any) -> Any:
    """Return the signed shares that the dealer trades lit in hedging epoch `k`, `seconds` long, to shed inventory.

    On average |inventory| * (1 - exp(-seconds / unwind)), in whole lots (the last odd lot goes in one piece).
    """
    held = abs(d.inventory)
    if held == 0:
        return 0
    seek(d, HEDGE, k)
    lots = int(held * (1.0 - decay(seconds / d.unwind)) / lot + next_uniform(d, HEDGE))
    flow = min(lots * lot, held) * (-1 if d.inventory > 0 else 1)
    d.inventory += flow
    d.hedged += flow
    return flow


@kernel
def return_hedge(d: Any, flow: Any) -> None:
    """Take back `flow` signed shares of a hedge that the market did not fill."""
    d.inventory -= flow
    d.hedged -= flow
