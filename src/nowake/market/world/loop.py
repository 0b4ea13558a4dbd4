"""The order of events: the clock that is due first acts, resting orders among them."""

from typing import Any

import numpy as np

from nowake.book.bits import mix
from nowake.book.feed import clear
from nowake.core.draws import next_exponential, next_uniform
from nowake.core.events import Kind
from nowake.core.jit import inline, kernel
from nowake.market.dark import empty
from nowake.market.regimes import begin_day
from nowake.market.world.auction import cross_close, cross_open
from nowake.market.world.causes import (
    ACTIVITY,
    BUYERS,
    CLOCKS,
    FOLLOWERS,
    INFORMED,
    JUMPS,
    LIMITS,
    NEVER,
    OFFBOOK,
    OWN,
    RARE,
    SELLERS,
    START,
    TAKERS,
    VALUE,
    again,
    rekey,
)
from nowake.market.world.desks import serve, unwind
from nowake.market.world.faults import end_faults, pause, put_off
from nowake.market.world.feed import EXPIRED, emit, tell
from nowake.market.world.followers import follow
from nowake.market.world.investors import invest
from nowake.market.world.makers import act, place
from nowake.market.world.offbook import note_quote, retry
from nowake.market.world.orders import draw, rest
from nowake.market.world.own import carry_out
from nowake.market.world.state import MINE, REACH, STAYS, TOLD
from nowake.market.world.takers import informed, new_parent, take
from nowake.market.world.touch import pick_venue
from nowake.market.world.value import breathe, jump, move
from nowake.market.world.wheel import next_due
from nowake.market.world.words import Reason

__all__ = ["MARGIN", "advance", "close_market", "open_market", "start_day"]

MARGIN = 4096  # rows of the feed that must be free before an event
_LEVELS, _EACH = 20, 3  # of the book at the open
_CLEAR, _CLOSED = int(Kind.CLEAR), int(Reason.CLOSED)


@kernel
def open_market(worlds: Any, params: Any, books: Any, i: Any, feed: Any) -> None:
    """Fill an empty market at its open: a first book around the public value, and every clock.

    On the first day parents and investors come into being; later they are those of the day before.
    """
    w, p = worlds[i], params[0]
    w.days += 1
    w.crossed = 0
    w.calm_mid = w.value + w.gap
    w.fair, w.sold = w.value, 0.0
    w.pace = w.width = w.brevity = 1.0
    w.up = 0.5
    if w.days == 1:
        for x in range(2 * REACH):
            away = abs(x - REACH)
            share = 1.0
            if p.investor_used > 0.0:
                far = (away / p.investor_used) * (away / p.investor_used)
                far = far * far
                share = far * far / (1.0 + far * far)
            waiting = p.slope * away * share
            w.sellers[x], w.buyers[x] = (waiting, 0.0) if x > REACH else (0.0, waiting)
        for k in range(p.parents):
            new_parent(w, p, k)
    cross_open(w, p, feed)
    _first_book(w, p, books, feed)
    for cause in range(CLOCKS):
        w.due[cause] = NEVER
    w.rate[LIMITS], w.rate[TAKERS], w.rate[VALUE], w.rate[JUMPS] = p.limit_rate, p.taker_rate, p.value_rate, p.jump_rate
    w.rate[SELLERS] = w.rate[BUYERS] = RARE
    w.rate[FOLLOWERS] = p.follow_rate
    for cause in (LIMITS, TAKERS, VALUE, JUMPS, SELLERS, BUYERS, FOLLOWERS):
        rekey(w, cause, -w.days)
        again(w, cause)
    w.due[ACTIVITY], w.due[OFFBOOK] = w.now, w.close
    if w.inbox_count > 0:
        w.due[OWN] = max(w.now, w.inbox[w.inbox_head].time)


@kernel
def _first_book(w: Any, p: Any, books: Any, feed: Any) -> None:
    middle = w.value + w.gap  # what order flow has moved the price by stays overnight
    w.bid, w.ask = middle - 1, middle + 1
    note_quote(w)
    rekey(w, START, w.days * CLOCKS + OWN)
    for away in range(1, _LEVELS + 1):
        for k in range(2 * _EACH):
            side = 1 if k % 2 == 0 else -1
            venue = pick_venue(w, p, next_uniform(w, START))
            due = w.now + np.int64(next_exponential(w, START) * p.life)
            shares = draw(p.quantity, next_uniform(w, START))
            birth = mix(START, (w.days * _LEVELS + away) * 8 + k)
            rest(w, books, feed, venue, side, middle - side * away, shares, birth, due, STAYS)


@kernel
def start_day(worlds: Any, i: Any) -> None:
    """Move the regimes of market `i` to its new session."""
    w = worlds[i]
    begin_day(w.regime[0], w.open, w.close)


@kernel
def close_market(worlds: Any, params: Any, books: Any, i: Any, feed: Any) -> None:
    """End the session: own orders are cancelled, the books cleared, the public value moves overnight."""
    w, p = worlds[i], params[0]
    for row in range(MINE):
        m = w.mine[row]
        if m.live != 0:
            m.live = 0
            left = m.leaves
            m.leaves = 0
            tell(w, EXPIRED, row, m.oid, m.venue, 2 * m.price, left, 0.0, 1, _CLOSED)
    w.mine_live = 0
    w.gap = (w.bid + w.ask) // 2 - w.value
    for k in range(w.darks + w.venues):
        empty(w.pool[k])
    for j in range(w.venues):
        clear(books[w.first + j], 0)
        emit(w, feed, j, _CLEAR, 0, 0, 0, 0, 0)
    w.wheel[:] = 0
    rekey(w, START, -w.days)
    step = -6.0
    for _ in range(12):
        step += next_uniform(w, START)
    w.value += np.int64(np.floor(step * p.overnight + 0.5))


@inline
def _first(w: Any) -> Any:
    """Return the cause whose clock is due first."""
    best = np.int64(0)
    for cause in range(1, CLOCKS):
        if w.due[cause] < w.due[best]:
            best = np.int64(cause)
    return best


@inline
def _pass(w: Any, now: Any) -> None:
    """Let time pass; the spread is summed over time."""
    now = max(now, w.now)
    w.spread_time += (w.ask - w.bid) * (now - w.now)
    w.now = now


@inline
def _happen(w: Any, p: Any, books: Any, feed: Any, cause: Any) -> None:
    if w.halt_until > w.now and pause(w, cause):
        return
    if cause == LIMITS:
        place(w, p, books, feed)
    elif cause == TAKERS:
        take(w, p, books, feed)
    elif cause == VALUE:
        move(w, p, books)
    elif cause == INFORMED:
        informed(w, p, books, feed)
    elif cause == SELLERS or cause == BUYERS:
        invest(w, p, books, feed, cause)
    elif cause == ACTIVITY:
        breathe(w, p, books)
        if w.halt_until <= w.now:
            unwind(w, p, books, feed)
    elif cause == JUMPS:
        jump(w, p, books)
    elif cause == FOLLOWERS:
        follow(w, p, books, feed)
    elif cause == OFFBOOK:
        w.due[OFFBOOK] = NEVER
        end_faults(w, feed)
        if w.crossed == 0 and w.now >= w.close:
            cross_close(w, p, feed)
        elif w.crossed == 0:
            w.due[OFFBOOK] = min(w.due[OFFBOOK], w.close)
        if w.halt_until <= w.now:
            retry(w, p, feed)
            serve(w, feed)
    else:
        carry_out(w, p, books, feed)


@kernel
def advance(worlds: Any, params: Any, books: Any, i: Any, until: Any, feed: Any) -> bool:
    """Let market `i` run up to `until` (ns, included); False if feed or own events have to be collected first."""
    w, p = worlds[i], params[0]
    while True:
        if (feed.shape[0] > 0 and feed.shape[0] - w.fed < MARGIN) or w.own_events > TOLD // 2:
            return False
        cause = _first(w)
        bound = min(w.due[cause], until)
        node = next_due(w, bound)
        if node != 0 and w.agent[node].due <= bound:
            _pass(w, w.agent[node].due)
            if w.halt_until > w.now:
                put_off(w, node)
            else:
                act(w, p, books, feed, node)
        elif w.due[cause] <= until:
            _pass(w, w.due[cause])
            _happen(w, p, books, feed, cause)
        else:
            _pass(w, until)
            return True
