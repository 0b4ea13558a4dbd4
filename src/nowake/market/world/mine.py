"""Own orders as rows of `mine`: find one, find room for one, fill one."""

from typing import Any

import numpy as np

from nowake.core.jit import inline, kernel
from nowake.market.world.feed import FILLED, tell
from nowake.market.world.state import MINE

__all__ = ["fill_own", "free_row", "row_of"]


@inline
def row_of(w: Any, oid: Any) -> Any:
    """Return the row of a live own order, -1 if there is none."""
    found = np.int64(-1)
    if w.mine_live > 0:
        for i in range(MINE):
            if w.mine[i].live != 0 and w.mine[i].oid == oid:
                found = np.int64(i)
                break
    return found


@inline
def free_row(w: Any) -> Any:
    """Return a row without an order, -1 if all are taken."""
    found = np.int64(-1)
    for i in range(MINE):
        if w.mine[i].live == 0:
            found = np.int64(i)
            break
    return found


@kernel
def fill_own(w: Any, row: Any, venue: Any, price2: Any, quantity: Any, fee: Any, passive: Any) -> None:
    """Fill `quantity` shares of the own order in `row`; `fee` per share."""
    m = w.mine[row]
    m.leaves -= quantity
    tell(w, FILLED, row, m.oid, venue, price2, quantity, fee * quantity, passive, 0)
    r = w.last[venue]
    r.oid, r.price2, r.quantity, r.fee, r.passive = m.oid, price2, quantity, fee * quantity, passive
    if m.live != 0 and m.leaves == 0:
        m.live = 0
        w.mine_live -= 1
