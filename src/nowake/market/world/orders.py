"""Orders of a simulated market: rest, leave, be hit. The touch is the business of `touch`."""

from typing import Any

import numpy as np

from nowake.book.orders import add_order, grow, remove
from nowake.core.events import Kind
from nowake.core.jit import inline, kernel
from nowake.market.world.feed import emit
from nowake.market.world.mine import fill_own
from nowake.market.world.state import ORDERS, OWNER
from nowake.market.world.wheel import put, take_out

__all__ = ["draw", "hit", "leave", "rest"]

_ADD, _DELETE, _EXECUTE = int(Kind.ADD), int(Kind.DELETE), int(Kind.EXECUTE)


@inline
def draw(table: Any, u: Any) -> Any:
    """Return the quantile `u` (0 <= u < 1) of a table."""
    return table[np.int64(u * table.shape[0])]


@kernel
def rest(
    w: Any, books: Any, feed: Any, venue: Any, side: Any, price: Any, quantity: Any, birth: Any, due: Any, plan: Any
) -> Any:
    """Rest a background order that acts at `due`; returns its node."""
    b = books[w.first + venue]
    w.next_id += 1
    s = add_order(b, w.next_id, side, price, quantity)
    node = venue * ORDERS + s
    a = w.agent[node]
    a.due, a.birth, a.value, a.moves, a.trades, a.plan = max(due, w.now), birth, w.fair, 0, 0, plan
    put(w, node)
    w.adds += 1
    w.posted += quantity
    emit(w, feed, venue, _ADD, side, w.next_id, price, quantity, 0)
    return node


@kernel
def leave(w: Any, books: Any, feed: Any, node: Any) -> None:
    """Withdraw a background order."""
    venue = node // ORDERS
    b = books[w.first + venue]
    s = node - venue * ORDERS
    o = b.order[s]
    take_out(w, node)
    w.cancels += 1
    emit(w, feed, venue, _DELETE, o.side, o.id, o.price, o.quantity, 0)
    remove(b, s)


@kernel
def hit(w: Any, p: Any, books: Any, feed: Any, venue: Any, s: Any, quantity: Any) -> None:
    """Trade `quantity` <= displayed of the order in slot `s` against somebody."""
    b = books[w.first + venue]
    o = b.order[s]
    node = venue * ORDERS + s
    w.match += 1
    emit(w, feed, venue, _EXECUTE, o.side, o.id, o.price, quantity, w.match)
    whole = quantity == o.quantity
    if o.owner == OWNER:
        fill_own(w, w.agent[node].birth, venue, 2 * o.price, quantity, p.maker_fee[venue], 1)
    elif whole:
        take_out(w, node)
    if whole:
        remove(b, s)
    else:
        grow(b, s, -quantity)
