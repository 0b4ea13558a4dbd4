"""What a `Market` answers with: venues, quotes, own events, the state of an own order."""

from dataclasses import dataclass
from typing import Any

from nowake.core.errors import OrderError
from nowake.market.world import feed
from nowake.market.world.words import Reason

__all__ = ["OrderStatus", "OwnEvent", "Quote", "VenueInfo", "own_event", "sign_of"]

_WORDS = {
    feed.ACK: "ack",
    feed.REJECTED: "reject",
    feed.FILLED: "fill",
    feed.CANCELLED: "cancel",
    feed.REPLACED: "replace",
    feed.EXPIRED: "expire",
    feed.CORRECTED: "correction",
    feed.QUOTED: "quote",
    feed.HALTED: "halt",
    feed.OUTAGE: "outage",
}


@dataclass(frozen=True, slots=True)
class VenueInfo:
    """A venue: `kind` lit, dark or dealer; fees in currency per share, negative = a rebate."""

    name: str
    kind: str
    maker_fee: float
    taker_fee: float


@dataclass(frozen=True, slots=True)
class Quote:
    """The consolidated best quote; None where a side is empty."""

    bid: int | None
    bid_size: int
    ask: int | None
    ask_size: int


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """Something that happened to an own order; `price` in ticks (half ticks possible), `leaves` what is still open.

    `time`: at the venue, ns UTC. `oid`: of the order, or of the quote that a dealer gave; 0 for a halt or an outage.
    """

    time: int
    kind: str
    oid: int
    venue: str | None
    price: float | None
    quantity: int
    leaves: int
    fee: float
    liquidity: str | None
    reason: str | None


@dataclass(slots=True)
class OrderStatus:
    """What is known of an own order, or of a request to a dealer."""

    oid: int
    side: int
    quantity: int
    venue: str | None  # None: wherever the price is best; the rest stands at the first venue
    filled: int = 0
    leaves: int = 0
    state: str = "sent"

    def follow(self, event: OwnEvent) -> None:
        """Take note of an event of this order."""
        if event.kind == "reject":
            if self.state in ("sent", "quoted", "accepted"):
                self.state, self.leaves = "rejected", 0
            return
        if event.kind == "quote":
            self.state, self.quantity, self.leaves = "quoted", event.quantity, 0
            return
        if event.kind == "correction":
            self.filled -= event.quantity
            return
        self.leaves = event.leaves
        if event.kind == "fill":
            self.filled += event.quantity
        elif event.kind in ("ack", "replace"):
            self.quantity = self.filled + event.leaves
        ended = {"cancel": "cancelled", "expire": "expired"}
        self.state = ended.get(event.kind, "working" if self.leaves else "filled")


def own_event(row: Any, names: list[str]) -> OwnEvent:
    """Return the value of an OWN_EVENT record; `names` of the venues by number."""
    kind = _WORDS[int(row["kind"])]
    return OwnEvent(
        time=int(row["time"]), kind=kind, oid=int(row["oid"]),
        venue=names[int(row["venue"])] if int(row["venue"]) >= 0 else None,
        price=int(row["price2"]) / 2 if row["price2"] else None, quantity=int(row["quantity"]),
        leaves=int(row["leaves"]), fee=float(row["fee"]),
        liquidity=("maker" if row["passive"] else "taker") if kind in ("fill", "correction") else None,
        reason=Reason(int(row["reason"])).name.lower() if row["reason"] else None,
    )  # fmt: skip


def sign_of(side: int | str) -> int:
    """Return +1 for a buy and -1 for a sell; OrderError for anything else."""
    words: dict[int | str, int] = {"buy": 1, "sell": -1, 1: 1, -1: -1}
    if side not in words or isinstance(side, bool):
        raise OrderError("side", expected="buy, sell, +1 or -1", got=repr(side))
    return words[side]
