"""A trip as it happens: a copy of the market, own orders in it, and fills priced on the twin.

Scripts act once a second. Orders go through `Market`, so that whatever a venue accepts can be hunted.
"""

from dataclasses import dataclass

import numpy as np

from nowake.book.queries import DEPTH, depth
from nowake.core.errors import NowakeError
from nowake.core.times import SECOND
from nowake.data.reader import kernel_view
from nowake.market.hunt.pricing import Fill, Sample, price_maker, price_taker
from nowake.market.hunt.scene import Scene
from nowake.market.market import Market, OwnEvent

__all__ = ["Desk", "Live"]

_LEVELS = 8  # of a venue that are searched for a price which is not ours


@dataclass(slots=True)
class Live:
    """An own order that is on its way or rests; `phase` is the one that sent it."""

    side: int
    price: int  # 0: a market order
    left: int
    venue: int  # number of the lit venue where it would rest
    phase: object
    sent: Sample


class Desk:
    """One trip: `size` shares, first bought (`sign` 1) or first sold (-1)."""

    def __init__(self, scene: Scene, size: int, sign: int) -> None:
        self.scene, self.size, self.sign = scene, size, sign
        self.worlds = scene.worlds.copy()
        self.market = Market(self.worlds, scene.preset, scene.seed, prompt=True)
        self.kinds = {v.name: v.kind for v in self.market.venues()}
        self.lit = [name for name, kind in self.kinds.items() if kind == "lit"]
        self.lot = scene.preset.instrument.round_lot
        self.usual_spread = scene.preset.instrument.spread  # ticks
        self.start = int(self.worlds.worlds[0]["now"])
        self.second = 0
        self.position = 0
        self.fills: list[Fill] = []
        self.live: dict[int, Live] = {}
        self.quotes: dict[int, tuple[OwnEvent, Sample]] = {}
        self.mids: list[float] = []
        self.sent = 0
        self._buffer = kernel_view(np.zeros(_LEVELS, DEPTH))
        self.now = self._sample(0)

    def touch(self, side: int) -> int:
        """Return the best price of `side` at which somebody else stands."""
        w = self.worlds.worlds[0]
        best = int(w["bid"] if side > 0 else w["ask"])
        own: dict[tuple[int, int], int] = {}
        for order in self.live.values():
            if order.side == side and order.price:
                at = (order.venue, order.price)
                own[at] = own.get(at, 0) + order.left
        if not any(price == best for _, price in own):
            return best
        found = [p for j in range(len(self.lit)) if (p := self._others(j, side, own)) is not None]
        return side * max(side * p for p in found) if found else best

    def _others(self, venue: int, side: int, own: dict[tuple[int, int], int]) -> int | None:
        n = int(depth(self.worlds.books, venue, side, self._buffer))
        for row in self._buffer[:n]:
            if row["quantity"] > own.get((venue, int(row["price"])), 0):
                return int(row["price"])
        return None

    def top(self, venue: int, side: int) -> tuple[int, int] | None:
        """Return the best price of a lit venue and the shares displayed there, None where nobody stands."""
        n = int(depth(self.worlds.books, venue, side, self._buffer[:1]))
        return (int(self._buffer["price"][0]), int(self._buffer["quantity"][0])) if n else None

    def _sample(self, row: int) -> Sample:
        return Sample(self.touch(1), self.touch(-1), *self.scene.touch[row].tolist())

    def begin(self) -> None:
        """Look at the market at the beginning of a second."""
        self.now = self._sample(2 * self.second)
        self.mids.append((self.now.bid + self.now.ask) / 2)

    def end(self) -> None:
        """Let the second pass; fills are priced as of its beginning, or of the arrival of what was sent then."""
        at = self.start + self.second * SECOND
        if self.sent:
            self._run(at + self.scene.settle)
            self.now = self._sample(2 * self.second + 1)
            self.sent = 0
        self.second += 1
        self._run(at + SECOND)

    def _run(self, until: int) -> None:
        w = self.worlds.worlds[0]
        while True:
            self.worlds.run(0, until)
            if int(w["own_events"]):
                self.market.advance(0)
                for event in self.market.events():
                    self._hear(event)
            if int(w["now"]) >= until:
                return

    def _hear(self, event: OwnEvent) -> None:
        if event.kind == "quote":
            self.quotes[event.oid] = event, self.now
            return
        order = self.live.get(event.oid)
        if order is None:
            return
        if event.kind == "fill":
            self._fill(event, order)
        ended = event.kind in ("cancel", "reject", "expire")
        if ended and (event.reason != "unknown" or event.oid in self.quotes):  # an acceptance came too late
            order.left = 0
        if order.left <= 0:
            del self.live[event.oid]

    def _fill(self, event: OwnEvent, order: Live) -> None:
        assert event.price is not None
        taken = event.liquidity == "taker" and self.kinds.get(event.venue or "") == "lit"
        without = (
            price_taker(order.side, event.price, order.sent) if taken else price_maker(event.price, self._fixed(event))
        )
        self.fills.append(Fill(order.side * event.quantity, event.price, without, event.fee))
        self.position += order.side * event.quantity
        order.left -= event.quantity

    def _fixed(self, event: OwnEvent) -> Sample:
        """Return the moment at which the price of a fill was fixed: a dealer's at his quote."""
        return self.quotes[event.oid][1] if event.oid in self.quotes else self.now

    def send(
        self, side: int, quantity: int, price: int | None = None, kind: str = "market", venue: str | None = None,
        phase: object = None,
    ) -> None:  # fmt: skip
        """Send an order, if there is anything to send; a market order has no price."""
        if quantity <= 0:
            return
        oid = self.market.submit(side, quantity, price=price, venue=venue, kind=kind)
        at = self.lit.index(venue) if venue in self.lit else 0
        self.live[oid] = Live(side, 0 if venue in self.pools() else price or 0, quantity, at, phase, self.now)
        self.sent += 1

    def pools(self) -> list[str]:
        """Return the names of the dark pools."""
        return [name for name, kind in self.kinds.items() if kind == "dark"]

    def resting(self, phase: object, side: int) -> list[Live]:
        """Return the live orders of a phase on one side."""
        return [order for order in self.live.values() if order.phase == phase and order.side == side]

    def withdraw(self, phase: object, side: int = 0) -> None:
        """Cancel the live orders of a phase (None: of all), on one side or on both (0)."""
        for oid, order in self.live.items():
            if (phase is None or order.phase == phase) and side in (0, order.side):
                self.market.cancel(oid)
                self.sent += 1

    def book(self, side: int, quantity: int, price: float) -> None:
        """Book a fill that no market has seen: the door through which a flaw is planted."""
        self.fills.append(Fill(side * quantity, price, price_maker(price, self.now)))
        self.position += side * quantity

    def lots(self, shares: float) -> int:
        """Return `shares` rounded to whole round lots."""
        return round(shares / self.lot) * self.lot

    def check_flat(self) -> None:
        """Raise if the trip has not ended flat, or its orders are still alive."""
        if self.position or self.live:
            raise NowakeError(f"a trip ends with {self.position} shares and {len(self.live)} live orders")
