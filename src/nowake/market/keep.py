"""Simulated days in the store, like ingested data: messages of all venues as one book, trades, best quotes.

Prices are stored in half ticks, quotes move in steps of two: fills at the mid are whole numbers then.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from nowake.core.events import EVENT, Flag, Kind
from nowake.data.parts import Part, PartMeta
from nowake.data.replay.venue import RecordedVenue
from nowake.data.store import ParquetStore
from nowake.market.preset import Preset
from nowake.market.simulate import instrument_of

__all__ = ["keep_day"]

_PRINTED = (int(Kind.EXECUTE), int(Kind.HIDDEN), int(Kind.TRADE))


def keep_day(store: ParquetStore, preset: Preset, identity: str, day: date, blocks: Sequence[np.ndarray]) -> int:
    """Write one day (EVENT arrays in time order) as kinds l3, trades and quotes; returns the parts newly written.

    `identity` (16 hex digits) names preset, seed, regime and day: what is there already is not written again.
    """
    events = np.concatenate(blocks)
    l3 = events[events["kind"] != int(Kind.CLEAR)]  # the resets of the venues between two days: each day stands alone
    l3["instrument"] = 0
    half = (l3["flags"] & int(Flag.HALF)) != 0
    l3["price"] = 2 * l3["price"] + half
    l3["flags"] &= ~np.uint16(Flag.HALF)
    venue = RecordedVenue(l3)
    venue.play()
    kinds = {"l3": l3, "trades": _trades(l3), "quotes": _quotes(venue.quotes())}
    written = 0
    for kind, rows in kinds.items():
        if not len(rows):
            continue
        first, last = int(rows["time"][0]), int(rows["time"][-1])
        meta = PartMeta(instrument_of(preset), f"simulated:{preset.name}", "simulated", len(rows), first, last)
        written += store.write(Part(day, preset.instrument.symbol, kind, identity), meta, [rows])
    return written


def _trades(events: np.ndarray) -> np.ndarray:
    """Return the executions as TRADE rows."""
    rows: np.ndarray = events[np.isin(events["kind"], _PRINTED)].copy()
    rows["kind"], rows["order_id"] = int(Kind.TRADE), 0
    return rows


def _quotes(path: np.ndarray) -> np.ndarray:
    """Return a QUOTE row per side and change of the best quote."""
    sides = []
    for side, name in ((1, "bid"), (-1, "ask")):
        price, size = path[name], path[f"{name}_size"]
        new = np.ones(len(path), bool)
        new[1:] = (np.diff(price) != 0) | (np.diff(size) != 0)
        rows = np.zeros(int(new.sum()), EVENT)
        rows["time"], rows["price"], rows["quantity"] = path["time"][new], price[new], size[new]
        rows["kind"], rows["side"], rows["flags"] = int(Kind.QUOTE), side, int(Flag.LAST)
        sides.append(rows)
    both = np.concatenate(sides)
    ordered: np.ndarray = both[np.argsort(both["time"], kind="stable")]
    return ordered
