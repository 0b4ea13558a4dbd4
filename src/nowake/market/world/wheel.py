"""When resting orders act next: a timing wheel over the slots of all books of a market.

Node = venue * ORDERS + slot; node 0 stays empty. A place holds the orders due within its 34 ms of any lap; `next_due`
takes the earliest of this lap, so that orders act at their exact times.
"""

from typing import Any

import numpy as np

from nowake.core.jit import inline, kernel
from nowake.market.world.state import SLOT_BITS, WHEEL

__all__ = ["next_due", "put", "take_out"]


@inline
def put(w: Any, node: Any) -> None:
    """Hang `node` into the place of its `due` time."""
    a = w.agent[node]
    lap = max(a.due >> SLOT_BITS, w.wheel_at)
    place = lap & (WHEEL - 1)
    first = w.wheel[place]
    a.place, a.next, a.prev = place, first, 0
    if first != 0:
        w.agent[first].prev = node
    w.wheel[place] = node


@inline
def take_out(w: Any, node: Any) -> None:
    """Take `node` out of its place."""
    a = w.agent[node]
    if a.prev != 0:
        w.agent[a.prev].next = a.next
    else:
        w.wheel[a.place] = a.next
    if a.next != 0:
        w.agent[a.next].prev = a.prev


@kernel
def next_due(w: Any, until: Any) -> Any:
    """Return the node due first, 0 if none is due up to `until` (ns)."""
    last = until >> SLOT_BITS
    while w.wheel_at <= last:
        end = (w.wheel_at + 1) << SLOT_BITS
        node = np.int64(w.wheel[w.wheel_at & (WHEEL - 1)])
        found = np.int64(0)
        while node != 0:
            a = w.agent[node]
            if a.due < end:
                end, found = a.due, node
            node = np.int64(a.next)
        if found != 0:
            return found
        if w.wheel_at == last:
            return found
        w.wheel_at += 1
    return np.int64(0)
