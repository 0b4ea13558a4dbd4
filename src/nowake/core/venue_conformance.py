"""The public checker that every `Venue` passes; use it on your own before orders go there."""

from collections.abc import Callable

from nowake.core.values import Side
from nowake.core.venue import Cancel, Command, MassCancel, New, Venue, VenueEvent

__all__ = ["check_venue"]

KINDS = ("ack", "reject", "fill", "cancel", "replace", "expire", "correction", "quote", "halt", "outage")
FINAL = ("filled", "cancelled", "expired", "rejected")


def check_venue(venue: Venue, settle: Callable[[], None], away: int, name: str) -> None:
    """Raise AssertionError unless `venue` keeps the contract of the seam.

    `settle` lets enough time pass for an answer; `away` is a price in ticks at which a buy rests and does not trade;
    `name` one of the venue's names. It sends orders of 100 shares, ids 1 to 9, and leaves none alive.
    """
    check = _Check(venue, settle)
    check.resting(away, name)
    check.market_order()
    check.refusals(away)
    check.everything_at_once(away, name)


class _Check:
    def __init__(self, venue: Venue, settle: Callable[[], None]) -> None:
        self._venue, self._settle = venue, settle
        assert not venue.events(), "events before any command"
        assert not venue.status(), "orders before any command"

    def _ask(self, *commands: Command) -> list[VenueEvent]:
        """Return what the venue says to `commands`, checked."""
        for command in commands:
            self._venue.send(command)
        self._settle()
        said = list(self._venue.events())
        assert all(event.kind in KINDS for event in said), f"kinds of events: {said}"
        assert all(event.leaves >= 0 and event.quantity >= 0 for event in said), f"shares below 0: {said}"
        assert [event.time for event in said] == sorted(event.time for event in said), f"out of order: {said}"
        assert not self._venue.events(), "an event told twice"
        return said

    def _state(self, order_id: int) -> str:
        (known,) = self._venue.status(order_id)
        assert known.order_id == order_id
        assert known.filled + known.leaves <= known.quantity, f"more shares than ordered: {known}"
        assert (known.leaves == 0) == (known.state in FINAL), f"state and open shares disagree: {known}"
        return known.state

    def resting(self, away: int, name: str) -> None:
        said = self._ask(New(1, Side.BUY, 100, away, name))
        assert [(event.kind, event.order_id) for event in said] == [("ack", 1)], f"a resting order: {said}"
        assert self._state(1) == "working"
        assert [order.order_id for order in self._venue.status(name)] == [1], "status of a venue"
        said = self._ask(Cancel(1))
        assert [(event.kind, event.order_id, event.quantity) for event in said] == [("cancel", 1, 100)], f"{said}"
        assert self._state(1) == "cancelled"

    def market_order(self) -> None:
        said = self._ask(New(2, Side.BUY, 100, kind="market"))
        assert said[0].kind in ("ack", "reject", "fill"), f"a market order: {said}"
        filled = sum(event.quantity for event in said if event.kind == "fill")
        (known,) = self._venue.status(2)
        assert known.filled == filled, f"fills of {filled} shares, status says {known.filled}"
        assert self._state(2) in FINAL, "a market order never rests"

    def refusals(self, away: int) -> None:
        for command, what in (
            (Cancel(3), "cancel of an unknown order"),
            (Cancel(1), "cancel of a finished order"),
            (New(4, Side.BUY, 100, away, "no such venue"), "unknown venue"),
            (New(5, Side.BUY, 100, away, kind="no such kind"), "unknown kind"),
            (New(1, Side.BUY, 100, away), "an order id used twice"),
        ):
            said = self._ask(command)
            assert [event.kind for event in said] == ["reject"], f"{what}: {said}"
            assert said[0].order_id == command.order_id, f"{what}: {said}"
            assert said[0].reason, f"{what}: a reject says why"
        assert not self._venue.status(3), "status of an unknown order"

    def everything_at_once(self, away: int, name: str) -> None:
        said = self._ask(*(New(n, Side.BUY, 100, away - n, name) for n in (6, 7, 8)))
        assert sorted(event.order_id for event in said if event.kind == "ack") == [6, 7, 8], f"{said}"
        said = self._ask(Cancel(6), MassCancel())
        gone = sorted(event.order_id for event in said if event.kind == "cancel")
        assert gone == [6, 7, 8], f"mass cancel: {said}"
        assert all(order.state in FINAL for order in self._venue.status()), "an order is alive after a mass cancel"
