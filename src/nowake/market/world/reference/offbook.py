"""Own fills, and orders that nobody sees, like `mine` and `offbook`."""

from nowake.core.events import Kind
from nowake.market.world.causes import OFFBOOK
from nowake.market.world.feed import FILLED
from nowake.market.world.offbook import CHILD
from nowake.market.world.reference.book import Own
from nowake.market.world.reference.state import World
from nowake.market.world.state import PARENTS_MOST

__all__ = ["CHILD", "cross_pool", "fill_own", "meet", "pool_of", "retry", "slice_to"]


def fill_own(w: World, m: Own, venue: int, price2: int, quantity: int, fee: float, passive: int) -> None:
    """Fill shares of an own order; `fee` per share."""
    m.leaves -= quantity
    w.tell(FILLED, m, venue, price2, quantity, fee * quantity, passive)
    if m.live and m.leaves == 0:
        m.live = False
        del w.mine[m.row]


def pool_of(w: World, venue: int) -> int:
    """Return the number of the pool behind a venue, lit or dark."""
    return venue - w.venues if venue >= w.venues else w.darks + venue


def _print(w: World, k: int, taker: Own | None, *, swept: bool) -> None:
    """Publish what pool `k` has traded, and tell own orders."""
    pool, dark = w.pools[k], k < w.darks
    venue = w.venues + k if dark else k - w.darks
    trades = list(pool.trades)
    pool.trades.clear()
    for _, price2, quantity, buyer, seller, side in trades:
        w.print_mid(venue, Kind.TRADE if dark else Kind.HIDDEN, 0 if dark else -side, price2, quantity, dark=dark)
        w.add("dark" if dark else "hidden", quantity)
        if not swept:
            w.add("volume", quantity)
            w.add("trades")
        for party, oid in ((1, buyer), (-1, seller)):
            if oid < 0:
                _credit(w, oid, quantity)
            if oid <= 0:
                continue
            own = taker or w.own(oid)
            assert own is not None
            passive = int(side != party)
            fees = w.p.maker_fee if passive else w.p.taker_fee
            fill_own(w, own, venue, price2, quantity, pool.pool.fee if dark else fees[venue], passive)


def cross_pool(w: World, k: int) -> None:
    """Let pool `k` trade at the mid of the quote it sees; a refused price is tried again soon."""
    pool = w.pools[k]
    late = round(pool.pool.quote_latency * 1e9)
    _, bid, ask = next((row for row in reversed(w.seen) if row[0] <= w.now - late), w.seen[0])
    pool.cross(bid, ask, w.bid, w.ask, w.now)
    _print(w, k, None, swept=False)
    if pool.pending:
        w.causes.due[OFFBOOK] = min(w.causes.due[OFFBOOK], w.now + max(late, 1000))


def retry(w: World) -> None:
    """Cross every pool whose price was refused."""
    for k, pool in enumerate(w.pools):
        if pool.pending:
            cross_pool(w, k)


def meet(w: World, venue: int, side: int, quantity: int, own: Own | None) -> int:
    """Let an order for a lit venue meet what waits there at the mid; returns what is left."""
    k, price2 = w.darks + venue, w.bid + w.ask
    pool = w.pools[k]
    if not pool.waiting[-side]:
        return quantity
    left = pool.take(own.oid if own else 0, int(own is not None), side, quantity, price2, w.now)
    w.paid += 0.5 * price2 * (quantity - left)
    _print(w, k, own, swept=True)
    return left


def slice_to(w: World, k: int, number: int, i: int) -> None:
    """Hidden parent `i` sends slice `number` to pool `k`."""
    parent, pool = w.parents[i], w.pools[k]
    tag = parent.born * PARENTS_MOST + i
    pool.arrive(number, parent.sign, parent.left * CHILD * w.p.lot, tag, 2 * w.value - w.bid - w.ask, w.now)
    if any(o.id == -1 - number and o.tag == tag for side in (1, -1) for o in pool.waiting[side]):
        w.slices[-1 - number] = i, parent.born
    cross_pool(w, k)


def _credit(w: World, oid: int, quantity: int) -> None:
    """Take note of what a hidden parent has traded unseen, if it is still there."""
    i, born = w.slices.get(oid, (0, -1))
    if w.parents[i].born == born:
        w.parents[i].ahead += quantity
