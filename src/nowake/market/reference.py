"""The same market in plain Python, to be read beside the paper: the kernel must agree with it event by event."""

from dataclasses import dataclass, field

from nowake.core.draws import Draws
from nowake.core.events import Flag, Kind
from nowake.core.streams import stream_key
from nowake.market.parameters import CENT, ZeroIntelligence
from nowake.market.state import STREAMS

__all__ = ["Reference", "Resting"]

BUY, SELL = 1, -1
SIZES = ((0.65, 100), (0.80, 200), (0.88, 300), (0.95, 500), (1.0, 1000))
Row = tuple[int, Kind, int, int, int, int, int, int]  # time, kind, side, order_id, price, quantity, ref, flags


@dataclass(slots=True)
class Resting:
    """A resting order; `price` in cents."""

    id: int
    side: int
    price: int
    quantity: int


@dataclass(slots=True)
class Reference:
    """A market from `start` to `end` (ns UTC); `run` yields its events as plain tuples."""

    seed: int
    start: int
    end: int
    parameters: ZeroIntelligence
    alive: list[Resting] = field(default_factory=list)  # swap-remove order: what "uniformly chosen" runs over
    queues: dict[int, list[Resting]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    match: int = 1
    next_id: int = 1

    def __post_init__(self) -> None:
        self.draw = {name: Draws(stream_key(self.seed, f"market/{name}")) for name in STREAMS}
        self.now = self.start
        self.last = {BUY: self.parameters.open_price // CENT, SELL: self.parameters.open_price // CENT + 1}

    draw: dict[str, Draws] = field(init=False)
    now: int = field(init=False)
    last: dict[int, int] = field(init=False)  # the best price of a side when it was last left

    def best(self, side: int) -> int:
        """Return the best price of `side` in cents, 0 if that side is empty."""
        prices = [price for price, queue in self.queues.items() if queue[0].side == side]
        return 0 if not prices else max(prices) if side == BUY else min(prices)

    def run(self) -> list[Row]:
        """Return every event of the session."""
        p = self.parameters
        for n in range(int(2 * p.band * p.limit_rate / p.cancel_rate + 0.5)):
            away = self.draw["limit"].below(p.band)
            middle = p.open_price // CENT
            self._rest(BUY if n % 2 == 0 else SELL, middle - away if n % 2 == 0 else middle + 1 + away)
            self.now += 1000
        limits, markets = 2.0 * p.band * p.limit_rate, 2.0 * p.market_rate
        while True:
            total = limits + markets + p.cancel_rate * len(self.alive)
            x = 2.0 * (self.now - self.start) / (self.end - self.start) - 1.0
            speed = total * (1.0 + p.u_shape * x * x) / (1.0 + p.u_shape / 3.0)
            self.now += max(int(self.draw["clock"].exponential() * (1e9 / speed)), 1)
            if self.now >= self.end:
                return self.rows
            u = self.draw["clock"].uniform() * total
            if u < limits:
                self._arrive()
            elif u < limits + markets:
                self._trade()
            elif self.alive:
                self._withdraw()

    def _emit(
        self, kind: Kind, side: int, oid: int, price: int, quantity: int, ref: int = 0, last: bool = True
    ) -> None:
        self.rows.append((self.now, kind, side, oid, price, quantity, ref, int(Flag.LAST) if last else 0))

    def _size(self) -> int:
        u = self.draw["size"].uniform()
        return 1 + self.draw["size"].below(99) if u < 0.05 else next(size for below, size in SIZES if u < below)

    def _rest(self, side: int, price: int) -> None:
        order = Resting(self.next_id, side, price, self._size())
        self.next_id += 1
        self.alive.append(order)
        self.queues.setdefault(price, []).append(order)
        self._emit(Kind.ADD, side, order.id, price * CENT, order.quantity)

    def _remove(self, order: Resting) -> None:
        best = self.best(order.side)
        place = next(i for i, other in enumerate(self.alive) if other is order)
        self.alive[place] = self.alive[-1]
        self.alive.pop()
        queue = self.queues[order.price]
        queue.remove(order)
        if not queue:
            del self.queues[order.price]
            if order.price == best:
                self.last[order.side] = best

    def _arrive(self) -> None:
        side = BUY if self.draw["limit"].uniform() < 0.5 else SELL
        away = 1 + self.draw["limit"].below(self.parameters.band)
        bid, ask = self.best(BUY), self.best(SELL)
        if side == BUY:
            self._rest(BUY, (ask or max(self.last[SELL], bid + 1)) - away)
        else:
            self._rest(SELL, (bid or (min(self.last[BUY], ask - 1) if ask else self.last[BUY])) + away)

    def _withdraw(self) -> None:
        order = self.alive[self.draw["cancel"].below(len(self.alive))]
        half = order.quantity // 2
        if self.draw["cancel"].uniform() < self.parameters.partial_share and half:
            order.quantity -= half
            self._emit(Kind.CANCEL, order.side, order.id, order.price * CENT, half)
        else:
            self._emit(Kind.DELETE, order.side, order.id, order.price * CENT, order.quantity)
            self._remove(order)

    def _print(self, kind: Kind, side: int, oid: int, price: int, quantity: int, left: int) -> None:
        self._emit(kind, side, oid, price, quantity, self.match, last=left == 0)
        self.match += 1

    def _trade(self) -> None:
        share = self.parameters.hidden_share
        passive = SELL if self.draw["market"].uniform() < 0.5 else BUY
        left = self._size()
        hides = self.draw["hidden"].uniform() < share
        bid, ask = self.best(BUY), self.best(SELL)
        if hides and bid and ask:
            inside = bid * CENT + (CENT // 2) * (1 + self.draw["hidden"].below(2 * (ask - bid) - 1))
            self._print(Kind.HIDDEN, passive, 0, inside, left, 0)
            return
        while left and (price := self.best(passive)):
            order = self.queues[price][0]
            quantity = min(left, order.quantity)
            left -= quantity
            self._print(Kind.EXECUTE, passive, order.id, price * CENT, quantity, left)
            order.quantity -= quantity
            if order.quantity:
                break
            self._remove(order)
            if left and price not in self.queues and self.draw["hidden"].uniform() < share:
                quantity = min(left, self._size())
                left -= quantity
                self._print(Kind.HIDDEN, passive, 0, price * CENT, quantity, left)
        if self.rows and self.rows[-1][0] == self.now:
            self.rows[-1] = (*self.rows[-1][:7], int(Flag.LAST))
