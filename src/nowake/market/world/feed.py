"""What a market publishes: normalised events with the venue as `instrument`, and own events; all enter the digest."""

from typing import Any

from nowake.book.bits import mix
from nowake.core.events import Flag
from nowake.core.jit import inline, kernel
from nowake.market.world.state import TOLD

__all__ = [
    "ACK",
    "CANCELLED",
    "CORRECTED",
    "EXPIRED",
    "FILLED",
    "HALTED",
    "OUTAGE",
    "QUOTED",
    "REJECTED",
    "REPLACED",
    "emit",
    "print_mid",
    "tell",
]

ACK, REJECTED, FILLED, CANCELLED, REPLACED, EXPIRED, CORRECTED, QUOTED, HALTED, OUTAGE = range(1, 11)  # OWN_EVENT.kind
_HALF, _DARK = int(Flag.HALF), int(Flag.DARK)


@inline
def emit(w: Any, feed: Any, venue: Any, kind: Any, side: Any, oid: Any, price: Any, quantity: Any, ref: Any) -> None:
    """Publish one event; an array of length 0 records nothing."""
    w.events += 1
    w.digest = mix(w.digest ^ w.now, mix(oid * 16 + kind, price * 4096 + quantity + venue))
    if feed.shape[0] > 0:
        e = feed[w.fed]
        e.time, e.order_id, e.price, e.quantity, e.ref = w.now, oid, price, quantity, ref
        e.instrument, e.kind, e.side = venue, kind, side
        e["flags"] = 0
        w.fed += 1


@kernel
def print_mid(w: Any, feed: Any, venue: Any, kind: Any, side: Any, price2: Any, quantity: Any, dark: Any) -> None:
    """Publish an execution at `price2` half ticks against an order that nobody could see."""
    w.match += 1
    emit(w, feed, venue, kind, side, 0, price2 >> 1, quantity, w.match)
    flags = (_HALF if price2 & 1 else 0) | (_DARK if dark else 0)
    w.digest = mix(w.digest, flags)
    if feed.shape[0] > 0:
        feed[w.fed - 1]["flags"] = flags


@kernel
def tell(
    w: Any, kind: Any, row: Any, oid: Any, venue: Any, price2: Any, quantity: Any, fee: Any, passive: Any, why: Any
) -> None:
    """Write an own event; `row` of `mine`, -1 for an order that never rested."""
    if w.own_events >= TOLD:
        raise IndexError("too many own events between two collections: raise `TOLD`")
    r = w.own[w.own_events]
    r.time, r.oid, r.price2, r.quantity, r.kind, r.venue = w.now, oid, price2, quantity, kind, venue
    r.fee, r.passive, r.reason = fee, passive, why
    r.leaves = w.mine[row].leaves if row >= 0 else 0
    w.own_events += 1
    w.own_fees += fee
