"""The simulated market behind the seam `Venue`: what works here can work on any other venue."""

from collections.abc import Sequence

import msgspec

from nowake.core.errors import InputError
from nowake.core.values import Side
from nowake.core.venue import (
    Cancel,
    Command,
    MassCancel,
    New,
    OrderStatus,
    QuoteAccept,
    QuoteRequest,
    Replace,
    VenueEvent,
)
from nowake.market.market import Market, OwnEvent

__all__ = ["SimulatedVenue"]


class SimulatedVenue:
    """A `Venue` over a `Market`; the caller lets the market run, commands and events pass through here.

    Order ids are the sender's. One venue per market: it collects the market's own events.
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self._oid: dict[int, int] = {}  # the market's number of an order id
        self._order: dict[int, int] = {}
        self._quote: dict[int, int] = {}  # request of a quote
        self._said: list[VenueEvent] = []
        self._told = 0  # events so far: their numbers
        self._first = market.venues()[0].name  # where the rest of an order without a venue stands

    def send(self, command: Command) -> None:
        """Put `command` on its way; what the market refuses at once is told as a `reject` with the reason."""
        try:
            self._carry_out(command)
        except InputError as error:
            self._refuse(0 if isinstance(command, MassCancel) else command.order_id, str(error))

    def _carry_out(self, command: Command) -> None:
        match command:
            case New():
                self._new(command)
            case Cancel() | Replace():
                self._change(command)
            case MassCancel():
                self._market.cancel_all(command.venue)
            case QuoteRequest() | QuoteAccept():
                self._deal(command)

    def _refuse(self, order_id: int, reason: str) -> None:
        self._said.append(VenueEvent(self._market.now, "reject", order_id, reason=reason))

    def _know(self, order_id: int, oid: int) -> None:
        self._oid[order_id], self._order[oid] = oid, order_id

    def _new(self, order: New) -> None:
        if order.order_id in self._oid:
            return self._refuse(order.order_id, "duplicate")
        oid = self._market.submit(
            int(order.side), order.quantity, order.price, order.venue, order.kind, order.min_quantity
        )
        return self._know(order.order_id, oid)

    def _change(self, command: Cancel | Replace) -> None:
        oid = self._oid.get(command.order_id)
        if oid is None:
            self._refuse(command.order_id, "unknown")
        elif isinstance(command, Cancel):
            self._market.cancel(oid)
        else:
            self._market.replace(oid, command.quantity, command.price)

    def _deal(self, command: QuoteRequest | QuoteAccept) -> None:
        market = self._market
        if command.order_id in self._oid:
            return self._refuse(command.order_id, "duplicate")
        if isinstance(command, QuoteRequest):
            for quote in market.request_quotes(
                int(command.side), command.quantity, list(command.dealers) if command.dealers else None
            ):
                self._quote[quote] = command.order_id
            return None
        if command.quote_id not in self._quote:
            return self._refuse(command.order_id, "unknown")
        market.accept(command.quote_id)
        return self._know(command.order_id, command.quote_id)

    def events(self) -> Sequence[VenueEvent]:
        """Return what happened to own orders since the last call."""
        said, self._said = self._said, []
        new = [msgspec.structs.replace(event, event_id=self._told + k) for k, event in enumerate(said, 1)]
        first = self._told + len(new) + 1
        new += [self._event(event, number) for number, event in enumerate(self._market.events(), first)]
        self._told += len(new)
        return new

    def _event(self, event: OwnEvent, number: int) -> VenueEvent:
        known = self._order.get(event.oid)
        order_id = known if known is not None else self._quote.get(event.oid, 0)
        return VenueEvent(
            event.time, event.kind, order_id, event.venue, event.price, event.quantity, event.leaves, event.fee,
            event.liquidity, event.reason, event.oid if event.oid in self._quote else 0,
            number,
        )  # fmt: skip

    def status(self, scope: int | str | None = None) -> Sequence[OrderStatus]:
        """Return what is known of an order id, of a venue's orders, or of all."""
        if isinstance(scope, int):
            oid = self._oid.get(scope)
            return [] if oid is None else [self._status(oid)]
        every = [self._status(oid) for oid in self._order]
        return every if scope is None else [order for order in every if (order.venue or self._first) == scope]

    def _status(self, oid: int) -> OrderStatus:
        known = self._market.status(oid)
        return OrderStatus(
            self._order[oid], Side(known["side"]), known["quantity"], known["venue"], known["filled"],
            known["leaves"], known["state"],
        )  # fmt: skip
