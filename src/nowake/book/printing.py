"""The trades of the match engine: a bounded array of the record that the caller drains (`printed` = 0)."""

from typing import Any

from nowake.book.actions import Prevention
from nowake.core.jit import inline, kernel

__all__ = ["own", "print_trade"]

_NONE = int(Prevention.NONE)


@inline
def own(b: Any, owner: Any, s: Any) -> Any:
    """Tell whether self-trade prevention applies between the request in hand and resting slot `s`."""
    return b.now[0].prevention != _NONE and owner != 0 and b.order[s].owner == owner


@kernel
def print_trade(b: Any, s: Any, taker: Any, owner: Any, side: Any, price2: Any, quantity: Any, hidden: Any) -> None:
    """Record a trade against maker slot `s`; raises before anything of this trade has changed."""
    if b.printed >= b.trade.shape[0]:
        raise IndexError("no free trade record: drain `trade`, or raise `trades` of the book preset")
    t, o = b.trade[b.printed], b.order[s]
    t.maker, t.slot, t.maker_owner = o.id, s, o.owner
    t.taker, t.taker_owner, t.side = taker, owner, side
    t.price2, t.quantity, t.hidden = price2, quantity, hidden
    b.printed += 1
    b.volume += quantity
    b.trades += 1
