"""An own order leaves its book or pool."""

from typing import Any

import numpy as np

from nowake.book.orders import remove
from nowake.core.events import Kind
from nowake.core.jit import kernel
from nowake.market.dark import cancel
from nowake.market.world.feed import emit
from nowake.market.world.offbook import pool_of
from nowake.market.world.state import OWN_IDS
from nowake.market.world.touch import settle

__all__ = ["lift"]

_DELETE = int(Kind.DELETE)


@kernel
def lift(w: Any, p: Any, books: Any, feed: Any, row: Any) -> None:
    """Take an own order out of its book or pool."""
    m = w.mine[row]
    m.live = 0
    w.mine_live -= 1
    if m.unseen == 2:
        return
    if m.unseen != 0:
        cancel(w.pool[pool_of(w, np.int64(m.venue))], m.oid)
        return
    b = books[w.first + m.venue]
    emit(w, feed, m.venue, _DELETE, m.side, OWN_IDS + m.oid, m.price, m.leaves, 0)
    remove(b, m.slot)
    if m.price == (w.bid if m.side > 0 else w.ask):
        settle(w, p, books, feed, m.side)
