"""Phases that play venues against each other: stale quotes, dark pools, dealers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from nowake.core.times import SECOND
from nowake.market.hunt.desk import Desk, Live
from nowake.market.hunt.phases import missing_shares

__all__ = ["Deal", "Peg", "Pick", "Ping"]


class _Dealing(Protocol):
    """A market with dealers."""

    def request_quotes(self, side: int, quantity: int, dealers: Sequence[str] | None = None) -> Sequence[int]:
        """Ask for quotes; they come as own events."""

    def accept(self, quote_id: int) -> None:
        """Deal at a quote."""


@dataclass(frozen=True, slots=True)
class Pick:
    """Take a venue's touch that is not worse than the mid of all other venues: it has not followed them."""

    start: int
    end: int
    to: float

    def act(self, desk: Desk, t: int) -> None:
        """Look at every venue."""
        side, missing = missing_shares(desk, self.to)
        if missing == 0 or t >= self.end:
            return
        tops = [(desk.top(j, 1), desk.top(j, -1)) for j in range(len(desk.lit))]
        for j, (bid, ask) in enumerate(tops):
            near = ask if side > 0 else bid
            others = [(b, a) for i, (b, a) in enumerate(tops) if i != j and b and a]
            if not near or not others:
                continue
            mid = (max(b[0] for b, _ in others) + min(a[0] for _, a in others)) / 2
            if side * (mid - near[0]) >= 0:
                desk.send(side, min(near[1], missing), near[0], "ioc", desk.lit[j])
                return


@dataclass(frozen=True, slots=True)
class Ping:
    """Immediate orders of `lots` round lots to every dark pool, every `every` seconds, on `side` of the trip."""

    start: int
    end: int
    side: int
    lots: int = 1
    every: int = 10

    def act(self, desk: Desk, t: int) -> None:
        """Send a ping to each pool; its limit lies at the touch of the other side, so that the mid is good enough."""
        if (t - self.start) % self.every:
            return
        side = self.side * desk.sign
        for pool in desk.pools():
            desk.send(side, self.lots * desk.lot, desk.touch(-side), "ioc", pool)


@dataclass(frozen=True, slots=True)
class Peg:
    """What is missing rests at the mid in dark pools, in equal parts, split anew every `every` seconds."""

    start: int
    end: int
    to: float
    every: int = 20

    def act(self, desk: Desk, t: int) -> None:
        """Spread what is missing over the pools."""
        if (t - self.start) % self.every:
            return
        (side, left), pools = missing_shares(desk, self.to), desk.pools()
        desk.withdraw(self)
        for n, pool in enumerate(pools):
            part = min(-(-left // (len(pools) - n) // desk.lot) * desk.lot, left)  # lots, rounded up
            desk.send(side, part, desk.touch(-side), "mid_peg", pool, self)
            left -= part


@dataclass(frozen=True, slots=True)
class Deal:
    """Quotes from all dealers `every` s; the best is accepted once it is `edge` usual spreads better than the mid."""

    start: int
    end: int
    to: float
    edge: float
    every: int = 10
    valid: float = 2.0  # s that a quote is tried; a dealer who stands by it for less rejects

    def act(self, desk: Desk, t: int) -> None:
        """Ask, or accept; one deal at a time."""
        side, missing = missing_shares(desk, self.to)
        if missing == 0 or desk.live:
            return
        dealing = cast("_Dealing", desk.market)
        if (t - self.start) % self.every == 0:
            dealing.request_quotes(side, missing)
            desk.sent += 1
            return
        w = desk.worlds.worlds[0]
        mid = (int(w["bid"]) + int(w["ask"])) / 2
        open_quotes = [
            event for event, _ in desk.quotes.values()
            if event.price is not None and int(w["now"]) - event.time <= self.valid * SECOND
        ]  # fmt: skip
        best = min(open_quotes, key=lambda event: side * (event.price or 0.0), default=None)
        if best is None or best.price is None or side * (mid - best.price) < self.edge * desk.usual_spread:
            return
        dealing.accept(best.oid)
        desk.live[best.oid] = Live(side, 0, min(best.quantity, missing), 0, self, desk.quotes[best.oid][1])
        desk.sent += 1
