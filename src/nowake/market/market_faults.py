"""What can go wrong in a `Market`, on demand: the kinds of `Market.fault`.

| kind | at | what happens |
|---|---|---|
| `outage` | any venue | gone: its book is cancelled, commands are rejected (`outage` events at both ends) |
| `slow` | any venue | own commands take `size` seconds longer |
| `reject_storm` | lit or dark | every own order is rejected (`storm`) |
| `stuck_cancel` | lit or dark | own cancels get no answer |
| `halt` | the market | no trading; orders are rejected (`halted`), cancels accepted (`halt` events at both ends) |
| `bust` | lit or dark | the last own fill there is taken back (`correction`) |
| `feed_gap` | lit venue | its messages are lost; a snapshot follows |
| `crossed` | lit venue | its feed shows a bid `size` ticks (3) above the best ask that is not there |
| `fat_finger` | lit venue | a print `size` (a tenth) below the market, flagged as an outlier, broken a second later |
"""

import numpy as np

from nowake.core.errors import InputError, nearest
from nowake.core.events import Flag, Kind, empty_events
from nowake.core.times import SECOND
from nowake.market.view import View
from nowake.market.world.words import Fault

__all__ = ["FAULTS", "Faults"]

_KERNEL = {
    "outage": Fault.OUTAGE,
    "slow": Fault.SLOW,
    "reject_storm": Fault.STORM,
    "stuck_cancel": Fault.STUCK,
    "halt": Fault.HALT,
    "bust": Fault.BUST,
}
_ORDERS = ("reject_storm", "stuck_cancel", "bust")
_PUBLIC = ("feed_gap", "crossed", "fat_finger")
FAULTS = (*_KERNEL, *_PUBLIC)
_PHANTOM = 2**50  # ids of orders that are not there
_LONGEST = 86_400.0


class Faults:
    """Messages that a faulty feed will still publish: `injected`, EVENT records."""

    def __init__(self) -> None:
        self.injected = empty_events(0)

    def copy(self) -> "Faults":
        """Return an independent copy."""
        twin = Faults()
        twin.injected = self.injected.copy()
        return twin

    def begin(
        self, kind: str, venue: int, seconds: float, size: float, view: View, w: np.void
    ) -> tuple[Fault, int, int] | None:
        """Begin a fault of the feeds, or return (fault, length ns, by ns) for the world; InputError for nonsense."""
        if kind not in FAULTS:
            known = ", ".join(FAULTS)
            raise InputError("fault", expected=f"one of {known}", got=repr(kind), hint=nearest(kind, FAULTS))
        if not 0 < seconds <= _LONGEST or not 0 <= size < 1e6:
            raise InputError("fault", expected="seconds above 0, a size of 0 or more", got=(seconds, size))
        self._check_place(kind, venue, view, w)
        length = round(seconds * SECOND)
        if kind in _KERNEL:
            return _KERNEL[kind], length, round(size * SECOND)
        now = int(w["now"])
        if kind == "feed_gap":
            view.lose(venue, now + length)
        elif kind == "crossed":
            ask = min(int(rows["price"][0]) for j in range(view.venues) if len(rows := view.levels(j, -1, 1)))
            self._inject(Kind.ADD, now, venue, ask + round(size or 3), 1)
            self._inject(Kind.DELETE, now + length, venue, ask + round(size or 3), 1)
        else:
            bid = max(int(rows["price"][0]) for j in range(view.venues) if len(rows := view.levels(j, 1, 1)))
            price = max(round(bid * (1 - (size or 0.1))), 1)
            self._inject(Kind.TRADE, now, venue, price, 0, Flag.OUTLIER)
            self._inject(Kind.TRADE, now + SECOND, venue, price, 0, Flag.BROKEN)
        return None

    def _check_place(self, kind: str, venue: int, view: View, w: np.void) -> None:
        if kind == "halt":
            return
        if venue < 0 or (kind in _PUBLIC and venue >= view.venues):
            raise InputError(
                f"venue of a {kind}", expected="the name of a venue (lit, for a fault of a feed)", got=venue
            )
        if kind in _ORDERS and venue >= view.venues + int(w["darks"]):
            raise InputError(f"venue of a {kind}", expected="a lit venue or dark pool", got="a dealer")
        there = sum(1 for j in range(view.venues) if j != venue and w["out_until"][j] <= w["now"])
        if kind == "outage" and venue < view.venues and there == 0:
            raise InputError("outage", expected="another lit venue that is there (use halt)", got="the last one")

    def _inject(self, kind: Kind, time: int, venue: int, price: int, side: int, flags: Flag = Flag.NONE) -> None:
        row = empty_events(1)
        row["time"], row["instrument"], row["kind"], row["side"] = time, venue, int(kind), side
        row["price"], row["quantity"], row["flags"] = price, 100, int(flags)
        row["order_id"] = _PHANTOM + venue if kind in (Kind.ADD, Kind.DELETE) else 0
        self.injected = np.concatenate([self.injected, row])

    def publish(self, now: int, view: View) -> None:
        """Let the messages that are due by `now` set out."""
        if len(self.injected):
            due = self.injected["time"] <= now
            if due.any():
                view.put(self.injected[due])
                self.injected = self.injected[~due]
