"""Hand-written tapes of level-3 events, and fills in words."""

import numpy as np

from nowake.core.events import EVENT, Kind
from nowake.core.records import Cause
from nowake.data.replay.venue import RecordedVenue

BUY, SELL = 1, -1


def tape(*rows: tuple[int, Kind, int, int, int, int]) -> np.ndarray:
    """Rows of (time, kind, order id, side, price, quantity)."""
    events = np.zeros(len(rows), EVENT)
    for event, (time, kind, oid, side, price, quantity) in zip(events, rows, strict=True):
        event["time"], event["kind"], event["order_id"] = time, int(kind), oid
        event["side"], event["price"], event["quantity"] = side, price, quantity
    return events


def got(venue: RecordedVenue) -> list[tuple[int, int, float, str]]:
    """Fills as (time, quantity, price, cause)."""
    return [(int(f["time"]), int(f["quantity"]), f["price2"] / 2, Cause(int(f["cause"])).name) for f in venue.fills()]


BOOK = [
    (1, Kind.ADD, 1, BUY, 100, 100),
    (2, Kind.ADD, 2, SELL, 102, 50),
    (3, Kind.ADD, 3, SELL, 102, 50),
    (4, Kind.ADD, 4, SELL, 103, 80),
]
