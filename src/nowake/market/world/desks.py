"""Dealers in the market: requests for quotes, answers, and what they trade lit to be rid of their positions.

A request asks one dealer; requests of one client action share a group (`id` // GROUP): when one quote of the group is
accepted the others have lost, and a loser may trade ahead of the client (`dealers.lose`).
"""

from typing import Any

import numpy as np

from nowake.core.events import Kind
from nowake.core.jit import kernel
from nowake.market.dealers import accept, attend, hedge, lose, quote, return_hedge
from nowake.market.dealers_state import EXPIRED as GONE
from nowake.market.dealers_state import FILLED, FREE, LATE, QUOTES
from nowake.market.world.causes import ACTIVITY, NEVER, OFFBOOK
from nowake.market.world.feed import EXPIRED, QUOTED, REJECTED, print_mid, tell
from nowake.market.world.feed import FILLED as FILL
from nowake.market.world.takers import sweep
from nowake.market.world.words import Reason

__all__ = ["GROUP", "ask", "serve", "take_quote", "unwind"]

GROUP = 8  # ids of one request: one a dealer
_TRADE = int(Kind.TRADE)
_DECLINED, _LOOK, _LATE, _UNKNOWN = int(Reason.DECLINED), int(Reason.LAST_LOOK), int(Reason.LATE), int(Reason.UNKNOWN)


@kernel
def _venue(w: Any, j: Any) -> Any:
    """Return the venue number of dealer `j`."""
    return w.venues + w.darks + j


@kernel
def _wake(w: Any) -> None:
    for j in range(w.dealers):
        w.due[OFFBOOK] = min(w.due[OFFBOOK], max(w.dealer[j].wake, w.now))


@kernel
def ask(w: Any, p: Any, j: Any, qid: Any, side: Any, quantity: Any) -> None:
    """Ask dealer `j` for a price; the answer is an own event at once."""
    d = w.dealer[j]
    root = np.sqrt(p.value_rate * w.variance)  # ticks per root second
    s = quote(d, qid, side, quantity, w.bid + w.ask, 2.0 * root, w.now)
    if s < 0:
        tell(w, REJECTED, -1, qid, _venue(w, j), 0, quantity, 0.0, 0, _DECLINED)
    else:
        tell(w, QUOTED, -1, qid, _venue(w, j), d.quote[s].price2, d.quote[s].quantity, 0.0, 0, 0)
    _wake(w)


@kernel
def _trade(w: Any, p: Any, books: Any, feed: Any, j: Any, flow: Any) -> None:
    """Trade `flow` signed shares of dealer `j` lit; what the market does not give goes back to him."""
    if flow == 0:
        return
    side = 1 if flow > 0 else -1
    left = sweep(w, p, books, feed, side, abs(flow), side * NEVER, -1, -1)
    if left > 0:
        return_hedge(w.dealer[j], side * left)


@kernel
def take_quote(w: Any, p: Any, books: Any, feed: Any, j: Any, qid: Any) -> None:
    """Accept the whole of a quote of dealer `j`; the other quotes of its group have lost."""
    d = w.dealer[j]
    size = np.int64(0)
    for s in range(QUOTES):
        if d.quote[s].state != FREE and d.quote[s].id == qid:
            size = d.quote[s].quantity
    found = accept(d, qid, max(size, 1), w.now)
    if found < 0:
        why = _LATE if found == LATE else _UNKNOWN  # the whole quote is accepted: it is never too large
        tell(w, REJECTED, -1, qid, _venue(w, j), 0, size, 0.0, 0, why)
        return
    mid2 = w.bid + w.ask
    for k in range(w.dealers):
        if k == j:
            continue
        for s in range(QUOTES):
            q = w.dealer[k].quote[s]
            if q.state != FREE and q.id // GROUP == qid // GROUP:
                _trade(w, p, books, feed, k, lose(w.dealer[k], q.id, mid2, w.now))
    serve(w, feed)


@kernel
def serve(w: Any, feed: Any) -> None:
    """Let every dealer do what is due, and tell what came of it."""
    for j in range(w.dealers):
        d = w.dealer[j]
        attend(d, w.bid + w.ask, w.now)
        for n in range(d.answered):
            a = d.answer[n]
            venue = _venue(w, j)
            if a.kind == FILLED:
                w.dealt += a.quantity
                w.volume += a.quantity
                print_mid(w, feed, venue, _TRADE, 0, a.price2, a.quantity, 1)
                tell(w, FILL, -1, a.quote_id, venue, a.price2, a.quantity, 0.0, 0, 0)
            elif a.kind == GONE:
                tell(w, EXPIRED, -1, a.quote_id, venue, a.price2, a.quantity, 0.0, 0, 0)
            else:
                tell(w, REJECTED, -1, a.quote_id, venue, a.price2, a.quantity, 0.0, 0, _LOOK)
        d.answered = 0
    _wake(w)


@kernel
def unwind(w: Any, p: Any, books: Any, feed: Any) -> None:
    """Let every dealer hedge part of what he holds, once an epoch."""
    for j in range(w.dealers):
        if w.dealer[j].inventory != 0:
            _trade(w, p, books, feed, j, hedge(w.dealer[j], w.number[ACTIVITY], p.epoch * 1e-9, p.lot))
