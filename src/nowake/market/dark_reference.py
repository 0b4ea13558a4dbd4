"""A dark pool in plain Python, to be read beside the kernels: they must agree with it trade by trade."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nowake.core.draws import Draws
from nowake.core.streams import stream_key
from nowake.market.dark_state import DUPLICATE, INVALID, MOST_QUANTITY, NO_LIMIT, QUANTILES, STREAMS, size_table
from nowake.market.keyed import decayed, keyed

if TYPE_CHECKING:
    from nowake.market.preset_model import DarkPool

__all__ = ["Hidden", "ReferencePool"]

NO_PRICE = 2**62
Trade = tuple[int, int, int, int, int, int]  # time, price2, quantity, buyer's id, seller's id, side of the later order


@dataclass(slots=True)
class Hidden:
    """A hidden order, as in DARK_ORDER."""

    id: int
    owner: int
    side: int
    quantity: int
    minimum: int
    limit2: int
    expires: int
    tag: int
    seq: int


@dataclass(slots=True)
class ReferencePool:
    """A pool with the behaviour of `pool` under `seed`."""

    seed: int
    pool: "DarkPool"
    lot: int = 100
    waiting: dict[int, list[Hidden]] = field(default_factory=lambda: {1: [], -1: []})
    trades: list[Trade] = field(default_factory=list)
    pings: list[tuple[int, int, int, bool, bool]] = field(default_factory=list)  # time, side, shares, found, leaked
    gone: list[tuple[int, int, int]] = field(default_factory=list)  # expired own orders: time, id, shares
    entered: int = 0
    heat: float = 0.0
    heat_time: int = 0
    pending: bool = False
    sizes: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.sizes = size_table(self.pool.size_tail, self.lot, self.pool.largest)

    def draws(self, stream: str, k: int) -> Draws:
        """Return the draws of event `k` of a cause."""
        assert stream in STREAMS
        return Draws(keyed(stream_key(self.seed, f"market/dark/{self.pool.name}/{stream}"), k))

    def leaked(self, now: int) -> float:
        """Return the signed leaked shares that followers still remember."""
        return self.heat * decayed((now - self.heat_time) / (1e9 * self.pool.leak_life))

    def ping(self, side: int, quantity: int, found: bool, now: int) -> None:
        """Note an own entry or partial fill."""
        u = self.draws("leak", len(self.pings)).uniform()
        heard = u * (quantity + self.pool.leak_size) < self.pool.leak * quantity
        self.pings.append((now, side, quantity, found, heard))
        if heard:
            self.heat, self.heat_time = self.leaked(now) + side * quantity, now

    def enter(
        self,
        oid: int,
        owner: int,
        side: int,
        quantity: int,
        minimum: int,
        limit2: int,
        expires: int,
        tag: int,
        now: int,
    ) -> int:
        """Rest an order; returns 1, or INVALID, DUPLICATE."""
        possible = oid != 0 and side in (1, -1) and 0 < quantity <= MOST_QUANTITY and 0 <= minimum <= quantity
        if not possible or owner < 0 or expires <= now:
            return INVALID
        if owner and any(o.id == oid for queue in self.waiting.values() for o in queue):
            return DUPLICATE
        self.entered += 1
        order = Hidden(oid, owner, side, quantity, minimum, limit2, expires, tag, self.entered)
        self.waiting[side].append(order)
        if owner:
            self.ping(side, quantity, any(fits(order, o) for o in self.waiting[-side]), now)
        return 1

    def cancel(self, oid: int) -> int:
        """Withdraw an order; returns what was left."""
        for queue in self.waiting.values():
            for o in queue:
                if o.id == oid:
                    queue.remove(o)
                    return o.quantity
        return 0

    def reduce(self, oid: int, left: int) -> int:
        """Reduce an order in its place; returns what was withdrawn."""
        o = next((o for queue in self.waiting.values() for o in queue if o.id == oid), None)
        if o is None or not 0 < left < o.quantity:
            return 0
        off, o.quantity = o.quantity - left, left
        return off

    def expire(self, now: int) -> None:
        """Remove orders whose time is over."""
        for side in (1, -1):
            over = [o for o in self.waiting[side] if o.expires <= now]
            self.gone += [(now, o.id, o.quantity) for o in over if o.owner]
            self.waiting[side] = [o for o in self.waiting[side] if o.expires > now]

    def cross(self, seen_bid: int, seen_ask: int, bid: int, ask: int, now: int) -> int:
        """Trade all that fits at the mid of the quote seen, if it lies inside the consolidated quote."""
        self.expire(now)
        price2, before = seen_bid + seen_ask, len(self.trades)
        self.pending = False
        if not self.waiting[1] or not self.waiting[-1]:
            return 0
        sane = 0 < seen_bid < seen_ask < NO_PRICE and 0 < bid < ask < NO_PRICE
        if not (sane and 2 * bid <= price2 <= 2 * ask):
            self.pending = True
            return 0
        while self._pass(price2, now):
            pass
        return sum(trade[2] for trade in self.trades[before:])

    def _pass(self, price2: int, now: int) -> bool:
        before = len(self.trades)
        for buy in [o for o in self.waiting[1] if price2 <= o.limit2]:
            for sell in [o for o in self.waiting[-1] if price2 >= o.limit2]:
                if buy.quantity and fits(buy, sell):
                    self._trade(buy, sell, price2, now)
        return len(self.trades) > before

    def _trade(self, buy: Hidden, sell: Hidden, price2: int, now: int) -> None:
        q = min(buy.quantity, sell.quantity)
        self.trades.append((now, price2, q, buy.id, sell.id, 1 if buy.seq > sell.seq else -1))
        for o in (buy, sell):
            o.quantity -= q
            if o.quantity == 0:
                self.waiting[o.side].remove(o)
            elif o.owner:
                self.ping(o.side, q, True, now)

    def arrive(self, k: int, sign: int, quantity: int, tag: int, edge2: float, now: int) -> int:
        """Rest arrival `k` of a hidden parent; returns its signed shares."""
        p, size_draws = self.pool, self.draws("size", k)
        if quantity <= 0 or size_draws.uniform() < p.zero:
            return 0
        size = min(quantity, int(self.sizes[size_draws.below(QUANTILES)]))
        behaviour = self.draws("behaviour", k)
        near = p.informed_size / (p.informed_size + size)
        informed = behaviour.uniform() < p.informed * near * near
        minimum = min(size, p.minimum) if behaviour.uniform() < p.picky else 0
        expires = now + 1 + int(self.draws("life", k).exponential() * p.life * 1e9)
        if informed and abs(edge2) >= 2.0 * p.informed_edge:
            sign, tag, minimum = 1 if edge2 > 0 else -1, 0, 0
        self.enter(-1 - k, 0, sign, size, minimum, sign * NO_LIMIT, expires, tag, now)
        return sign * size


def fits(one: Hidden, other: Hidden) -> bool:
    """Tell whether two orders accept each other's size and owner."""
    q = min(one.quantity, other.quantity)
    sizes = q >= min(one.minimum, one.quantity) and q >= min(other.minimum, other.quantity)
    return sizes and (one.owner == 0 or one.owner != other.owner)
