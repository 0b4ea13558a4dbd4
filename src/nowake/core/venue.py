"""The seam to a venue, simulated or live: commands as values go in, events come out, `status` says what it knows.

Order ids are the sender's, above 0 and never used twice; a quote has an id that the venue gives. What a value can show
to be impossible (a quantity of 0) is refused when it is made; what only the venue can know (an unknown name, an order
that is finished) comes back as a `reject` event, so that a sender needs one way to hear of failures.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from nowake.core.errors import OrderError
from nowake.core.values import Side, check_quantity

__all__ = [
    "Cancel",
    "Command",
    "MassCancel",
    "New",
    "OrderStatus",
    "QuoteAccept",
    "QuoteRequest",
    "Replace",
    "Venue",
    "VenueEvent",
]


def _check_id(number: int, what: str = "order id") -> None:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**62:
        raise OrderError(what, expected="a whole number from 1 to 2^62-1", got=number)


def _check_price(price: int) -> None:
    if isinstance(price, bool) or not isinstance(price, int) or not 0 < price < 2**40:
        raise OrderError("price", expected="whole ticks from 1 to 2^40-1", got=price)


class New(msgspec.Struct, frozen=True, gc=False):
    """Send an order; `price` in ticks, None for a market order; no `venue`: wherever the price is best.

    `kind`: limit, market, ioc, post_only, mid_peg or whatever else the venue offers. `min_quantity`: the least that one
    execution may have, 0 for any.
    """

    order_id: int
    side: Side
    quantity: int
    price: int | None = None
    venue: str | None = None
    kind: str = "limit"
    min_quantity: int = 0

    def __post_init__(self) -> None:
        _check_id(self.order_id)
        check_quantity(self.quantity)
        if self.price is not None:
            _check_price(self.price)
        if not 0 <= self.min_quantity <= self.quantity:
            raise OrderError("least execution", expected=f"0 to the quantity {self.quantity}", got=self.min_quantity)


class Cancel(msgspec.Struct, frozen=True, gc=False):
    """Withdraw an order."""

    order_id: int

    def __post_init__(self) -> None:
        _check_id(self.order_id)


class Replace(msgspec.Struct, frozen=True, gc=False):
    """Change what is open of an order; a smaller quantity at its price keeps its place in the queue."""

    order_id: int
    quantity: int
    price: int

    def __post_init__(self) -> None:
        _check_id(self.order_id)
        check_quantity(self.quantity)
        _check_price(self.price)


class MassCancel(msgspec.Struct, frozen=True, gc=False):
    """Withdraw every own order, or every one at `venue`."""

    venue: str | None = None


class QuoteRequest(msgspec.Struct, frozen=True, gc=False):
    """Ask dealers (None: all) for a price; each answer is a `quote` event with this `order_id` and its `quote_id`."""

    order_id: int
    side: Side
    quantity: int
    dealers: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _check_id(self.order_id)
        check_quantity(self.quantity)


class QuoteAccept(msgspec.Struct, frozen=True, gc=False):
    """Take a quote; the `fill` or `reject` carries `order_id`."""

    order_id: int
    quote_id: int

    def __post_init__(self) -> None:
        _check_id(self.order_id)
        _check_id(self.quote_id, "quote id")


Command = New | Cancel | Replace | MassCancel | QuoteRequest | QuoteAccept


class VenueEvent(msgspec.Struct, frozen=True, gc=False):
    """Something that happened to an own order.

    `kind`: ack, reject, fill, cancel, replace, expire, correction, quote, halt or outage. `time` ns UTC, `price` in
    ticks (half ticks possible), `leaves` what is still open, `fee` in currency (negative: a rebate), `liquidity` maker
    or taker. `event_id`: the venue's number of this event, never used twice by it (0: it gives none); a repeated one
    is the same event told again.
    """

    time: int
    kind: str
    order_id: int
    venue: str | None = None
    price: float | None = None
    quantity: int = 0
    leaves: int = 0
    fee: float = 0.0
    liquidity: str | None = None
    reason: str | None = None
    quote_id: int = 0
    event_id: int = 0


class OrderStatus(msgspec.Struct, frozen=True, gc=False):
    """What the venue knows of an order; `state`: sent, working, filled, cancelled, expired or rejected."""

    order_id: int
    side: Side
    quantity: int
    venue: str | None
    filled: int
    leaves: int
    state: str


class Venue(Protocol):
    """Where orders go."""

    def send(self, command: Command) -> None:
        """Put a command on its way; what comes of it is told by `events`."""

    def events(self) -> Sequence[VenueEvent]:
        """Return what happened since the last call, in order of time."""

    def status(self, scope: int | str | None = None) -> Sequence[OrderStatus]:
        """Return what is known of one order (its id), of all at a venue (its name), or of all; empty if of none."""
