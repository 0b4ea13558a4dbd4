"""What a script is made of: phases that act once a second, as data.

Times are seconds since the script began, `to` is the position to reach as a multiple of the trip's size, in the
direction in which the trip begins: 1 = all bought (all sold, in a trip that sells first), 0 = flat. A phase holds no
state: what is still to do follows from the position.
"""

from dataclasses import dataclass
from typing import Protocol

from nowake.market.hunt.desk import Desk

__all__ = ["Free", "Make", "Phase", "Rest", "Show", "Sip", "Take", "missing_shares"]


class Phase(Protocol):
    """A part of a script, from second `start` to second `end`."""

    @property
    def start(self) -> int:
        """Return its first second."""

    @property
    def end(self) -> int:
        """Return the second at which it withdraws what it has resting."""

    def act(self, desk: Desk, t: int) -> None:
        """Send the orders of second `t`, start <= t < end."""


def missing_shares(desk: Desk, to: float) -> tuple[int, int]:
    """Return the side on which shares are missing to the target position, and how many."""
    missing = desk.sign * desk.lots(to * desk.size) - desk.position
    return (1 if missing > 0 else -1), abs(missing)


def _stands(desk: Desk, phase: object, side: int, price: int) -> bool:
    """Tell whether orders of the phase rest at `price`, and nowhere else on that side."""
    mine = desk.resting(phase, side)
    return bool(mine) and all(order.price == price for order in mine)


@dataclass(frozen=True, slots=True)
class Take:
    """Market orders: `children` of them, evenly over the phase."""

    start: int
    end: int
    to: float
    children: int = 3

    def act(self, desk: Desk, t: int) -> None:
        """Send the child that is due."""
        length = self.end - self.start
        times = [self.start + i * length // self.children for i in range(self.children)]
        for i in (i for i, due in enumerate(times) if due == t):
            side, missing = missing_shares(desk, self.to)
            rest = self.children - i
            desk.send(side, missing if rest == 1 else desk.lots(missing / rest))


@dataclass(frozen=True, slots=True)
class Rest:
    """A post-only order at the touch of the others, `inside` ticks better where there is room; it follows `every` s."""

    start: int
    end: int
    to: float
    every: int = 5
    inside: int = 0

    def act(self, desk: Desk, t: int) -> None:
        """Follow the touch."""
        if (t - self.start) % self.every:
            return
        side, missing = missing_shares(desk, self.to)
        price = desk.touch(side)
        if self.inside and abs(desk.touch(-side) - price) > self.inside:
            price += side * self.inside
        if _stands(desk, self, side, price):
            return
        desk.withdraw(self)
        desk.send(side, missing, price, "post_only", phase=self)


@dataclass(frozen=True, slots=True)
class Show:
    """Orders not meant to trade: `multiple` x size on `side` (1: the trip's), in `layers` from `away` ticks on.

    Once they have traded, so that the position lies outside 0..size, they are pulled until it is back.
    """

    start: int
    end: int
    side: int
    multiple: float = 3.0
    layers: int = 1
    away: int = 0
    every: int = 5

    def act(self, desk: Desk, t: int) -> None:
        """Follow the touch at a distance; withdraw when hit."""
        if not 0 <= desk.sign * desk.position <= desk.lots(desk.size):
            desk.withdraw(self)
            return
        if (t - self.start) % self.every:
            return
        side = self.side * desk.sign
        best = desk.touch(side)
        wanted = [best - side * (self.away + layer) for layer in range(self.layers)]
        if sorted(o.price for o in desk.resting(self, side)) == sorted(wanted):
            return
        desk.withdraw(self)
        for price in wanted:
            each = max(desk.lots(self.multiple * desk.size / self.layers), desk.lot)
            desk.send(side, each, price, "post_only", phase=self)


@dataclass(frozen=True, slots=True)
class Make:
    """Quotes on both sides at the touch, half the size each, at most the size held; the trip's side begins."""

    start: int
    end: int
    every: int = 5

    def act(self, desk: Desk, t: int) -> None:
        """Follow the touch on both sides."""
        if (t - self.start) % self.every:
            return
        for side in (desk.sign, -desk.sign) if t > self.start else (desk.sign,):
            price, room = desk.touch(side), desk.size - side * desk.position
            if _stands(desk, self, side, price):
                continue
            desk.withdraw(self, side)
            desk.send(side, min(max(desk.lots(desk.size / 2), desk.lot), room), price, "post_only", phase=self)


@dataclass(frozen=True, slots=True)
class Sip:
    """The whole touch at once, no more: the queue of the other side is gone."""

    start: int
    end: int
    to: float

    def act(self, desk: Desk, t: int) -> None:
        """Take what is displayed at the best price."""
        if t != self.start:
            return
        (side, missing), quote = missing_shares(desk, self.to), desk.market.quote()
        desk.send(side, min(missing, quote.ask_size if side > 0 else quote.bid_size))


@dataclass(frozen=True, slots=True)
class Free:
    """A flaw: the position is changed at the mid of the market, without anybody on the other side."""

    start: int
    end: int
    to: float

    def act(self, desk: Desk, t: int) -> None:
        """Book the fill."""
        if t != self.start:
            return
        side, missing = missing_shares(desk, self.to)
        if missing:
            desk.book(side, missing, (desk.now.bid + desk.now.ask) / 2)
