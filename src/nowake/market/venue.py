"""The simulated market behind the seams `Venue` and `View`: what works here can work on any other venue."""

import math
from collections.abc import Sequence
from dataclasses import replace

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
    Touch,
    VenueEvent,
)
from nowake.market.market import Market, OwnEvent

__all__ = ["SimulatedVenue", "SimulatedView"]


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
        new = [replace(event, event_id=self._told + k) for k, event in enumerate(said, 1)]
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


class SimulatedView:
    """A `View` of a `Market`: collects its trades and messages, and reads its books once per instant."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._lit = tuple(venue.name for venue in market.venues() if venue.kind == "lit")
        self._seen = -1
        self._touches: tuple[Touch, ...] = ()
        self._volume, self._mid = 0, math.nan
        market.messages()
        market.trades()

    @property
    def now(self) -> int:
        """The time, ns UTC."""
        return self._market.now

    def touches(self) -> tuple[Touch, ...]:
        """Return the touch of every lit venue."""
        if self._seen != self._market.now:
            self.volume()  # little and often: joining many record arrays is slow
            self._touches = tuple(self._touch(name) for name in self._lit)
            self._seen = self._market.now
        return self._touches

    def _touch(self, name: str) -> Touch:
        bids, asks = self._market.book(name, 1)
        bid, bid_size = bids[0] if bids else (None, 0)
        ask, ask_size = asks[0] if asks else (None, 0)
        return Touch(name, bid, bid_size, ask, ask_size)

    def volume(self) -> int:
        """Return the shares traded since the view was made; what was published before is let go."""
        self._market.messages()
        self._volume += int(self._market.trades()["quantity"].sum())
        return self._volume

    def mid(self) -> float:
        """Return the consolidated mid in ticks; the last one known where a side is empty everywhere."""
        rows = self.touches()
        bid = max((row.bid for row in rows if row.bid is not None), default=None)
        ask = min((row.ask for row in rows if row.ask is not None), default=None)
        if bid is not None and ask is not None:
            self._mid = (bid + ask) / 2
        return self._mid
