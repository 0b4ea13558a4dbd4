"""What a DBN stream must remember: instruments, resting orders (mbo), shown levels (mbp); records in, events out."""

from decimal import Decimal
from typing import Any

import numpy as np

from nowake.core.events import Flag, Kind, empty_events
from nowake.data.formats.dbn_levels import Levels
from nowake.data.formats.dbn_mbo import Orders
from nowake.data.formats.dbn_records import UNDEF_PRICE, UNDEF_TIME
from nowake.data.formats.rows import Findings
from nowake.data.reader import Chunk

__all__ = ["State"]

# Databento status actions: what trading does from here on.
_STATUS = {7: (Kind.RESUME, 0), 8: (Kind.HALT, 0), 9: (Kind.HALT, 0), 11: (Kind.HALT, 0), 12: (Kind.HALT, 0)}
_QUOTING = {1, 2, 3}  # pre-open, pre-cross, quoting


class State:
    """Turns records into events; `instruments` lists Databento's numbers in the order of EVENT.instrument."""

    def __init__(self, tick: Decimal, found: Findings) -> None:
        self.instruments: list[int] = []
        self.definitions: dict[int, tuple[str, str, int, Decimal | None]] = {}
        self._found = found
        self._unit = int(tick.scaleb(9))
        self._orders = Orders(found)
        self._levels = Levels(found)

    def enter(self, name: str, table: Any, ordinal: int) -> Chunk | None:
        """Take consecutive records of one type, the first of which is number `ordinal`."""
        where = np.arange(ordinal, ordinal + len(table), dtype=np.int64)
        if not isinstance(table, np.ndarray):
            return Chunk(self._plain(name, table, ordinal), where)
        index = self._index(table["instrument_id"])
        if name == "MBOMsg":
            return self._orders.enter(table, index, self._unit, where)
        if name == "StatusMsg":
            return Chunk(self._status(table, index), where)
        return self._levels.enter(name, table, index, self._unit, where)

    def close(self) -> Chunk | None:
        """Return what waited for the end of its packet."""
        return self._orders.close(self._unit)

    def _index(self, numbers: np.ndarray) -> np.ndarray:
        found, inverse = np.unique(numbers, return_inverse=True)
        known = {n: i for i, n in enumerate(self.instruments)}
        for number in found.tolist():
            if number not in known:
                known[number] = len(self.instruments)
                self.instruments.append(number)
        return np.array([known[n] for n in found.tolist()], np.int32)[inverse]

    def _plain(self, name: str, rows: list[Any], ordinal: int) -> np.ndarray:
        """Return a TICK per record; definitions are noted.

        Their time is that of reception. Definitions are a table rather than news (flag SNAPSHOT): in any order.
        """
        events = empty_events(len(rows))
        events["kind"], events["flags"] = Kind.TICK, Flag.LAST
        for i, record in enumerate(rows):
            times = (getattr(record, name, 0) for name in ("ts_recv", "ts_event"))
            events["time"][i] = next((t for t in times if 0 < t < UNDEF_TIME >> 1), 0)
            number = getattr(record, "instrument_id", None)
            if number is not None:
                events["instrument"][i] = self._index(np.array([number]))[0]
            if name.startswith("InstrumentDef"):
                lot = int(record.min_lot_size_round_lot)
                currency = str(record.currency).strip("\0 ") or "USD"
                lot = lot if 0 < lot < 2**31 - 1 else 1
                step = record.min_price_increment
                tick = Decimal(step).scaleb(-9).normalize() if 0 < step < UNDEF_PRICE else None
                events["flags"][i] |= Flag.SNAPSHOT
                self.definitions[int(number or 0)] = (str(record.raw_symbol), currency, lot, tick)
            else:
                self._found.note("no_market_event", ordinal + i, name, "kept as TICK")
        return events

    def _status(self, table: np.ndarray, index: np.ndarray) -> np.ndarray:
        events = empty_events(len(table))
        events["time"], events["instrument"], events["flags"] = table["ts_event"].astype(np.int64), index, Flag.LAST
        events["kind"], events["ref"] = Kind.TICK, table["status"]
        for i, action in enumerate(table["status"].tolist()):
            if action in _QUOTING:
                events["kind"][i], events["flags"][i] = Kind.RESUME, Flag.LAST | Flag.QUOTE_ONLY
            elif action in _STATUS:
                events["kind"][i] = _STATUS[action][0]
        return events
