"""DBN market-by-order records to events, so that the book is right and volume counts once.

Databento's documentation: T (an aggressor traded) and F (a resting order was filled) leave the book as it is; the C
or M that follows them in the same event (up to flag LAST) takes the filled quantity out. Here F becomes EXECUTE (it
names the order that a queue model must follow), and the C or M that only repeats the fill becomes TICK; what a C
withdraws or an M changes beyond the fill stays. T becomes TRADE for the part of its size that no F of its event
explains, else TICK. M at the same price with a size not larger keeps its priority (CME; Nasdaq has no M), else it
loses it.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from nowake.core.events import Flag, Kind, empty_events
from nowake.data.formats.dbn_records import UNDEF_PRICE, UNDEF_TIME
from nowake.data.formats.rows import Findings
from nowake.data.reader import Chunk

__all__ = ["Orders"]

_SNAPSHOT, _LAST, _TOB, _MBP = 32, 128, 64, 16
_SIDES = np.zeros(256, np.int8)
_SIDES[ord("B")], _SIDES[ord("A")] = 1, -1
_KINDS = np.full(256, int(Kind.TICK), np.uint8)
for _action, _kind in (("A", Kind.ADD), ("C", Kind.CANCEL), ("M", Kind.REPLACE), ("R", Kind.CLEAR)):
    _KINDS[ord(_action)] = _kind
_KINDS[ord("T")], _KINDS[ord("F")] = Kind.TRADE, Kind.EXECUTE
_TICK, _KEEP = int(Kind.TICK), int(Flag.KEEP_PRIORITY)
_A, _C, _M, _R, _T, _F = (ord(c) for c in "ACMRTF")


@dataclass(slots=True)
class _Columns:
    """The fields of the events that fills change, as lists: faster one by one than an array."""

    kind: list[int]
    order_id: list[int]
    side: list[int]
    quantity: list[int]
    ref: list[int]
    flags: list[int]

    @classmethod
    def of(cls, events: np.ndarray) -> "_Columns":
        return cls(*(events[f.name].tolist() for f in fields(cls)))

    def write(self, events: np.ndarray) -> None:
        for f in fields(self):
            events[f.name] = getattr(self, f.name)


class Orders:
    """Remembers (price, size) of every resting order, and the records of an event that is not yet complete."""

    def __init__(self, found: Findings) -> None:
        self._found = found
        self._resting: dict[tuple[int, int], tuple[int, int]] = {}
        self._held: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def enter(self, table: np.ndarray, index: np.ndarray, unit: int, where: np.ndarray) -> Chunk | None:
        """Return the events of all complete packets so far; the rest waits. `unit` is the tick in 1e-9."""
        whole = np.flatnonzero((table["flags"] & _LAST) != 0)
        cut = int(whole[-1]) + 1 if len(whole) else 0
        if cut == 0 and sum(len(t) for t, _, _ in self._held) > 100_000:  # a feed without LAST
            cut = len(table)
        if cut == 0:
            self._held.append((table, index, where))
            return None
        parts = [*self._held, (table[:cut], index[:cut], where[:cut])]
        self._held = [(table[cut:], index[cut:], where[cut:])] if cut < len(table) else []
        return self._events(parts, unit)

    def close(self, unit: int) -> Chunk | None:
        """Return the events of what still waits."""
        parts, self._held = self._held, []
        return self._events(parts, unit) if parts else None

    def _events(self, parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]], unit: int) -> Chunk:
        table, index, where = (np.concatenate(c) for c in zip(*parts, strict=True))
        events = empty_events(len(table))
        flags = table["flags"]
        snapshot = (flags & _SNAPSHOT) != 0
        stamp = np.where(snapshot | (table["ts_event"] == UNDEF_TIME), table["ts_recv"], table["ts_event"])
        events["time"], events["order_id"] = stamp.astype(np.int64), table["order_id"].astype(np.int64)
        price = table["price"]
        defined = price != UNDEF_PRICE
        events["price"] = np.where(defined, price, 0) // unit
        if (np.where(defined, price, 0) % unit).any():
            at = int(np.flatnonzero(np.where(defined, price, 0) % unit)[0])
            self._found.note("price_off_tick", int(where[at]), f"{price[at]}e-9", "rounded down")
        events["quantity"], events["instrument"] = table["size"], index
        events["kind"], events["side"] = _KINDS[table["action"]], _SIDES[table["side"]]
        events["flags"] = np.where(snapshot, int(Flag.SNAPSHOT), 0) | np.where(flags & _LAST, int(Flag.LAST), 0)
        aggregate = (flags & (_TOB | _MBP)) != 0
        columns = _Columns.of(events)
        self._follow(columns, table, where, aggregate)
        columns.write(events)
        return Chunk(events, where)

    def _follow(self, c: _Columns, table: np.ndarray, where: np.ndarray, aggregate: np.ndarray) -> None:
        """Walk the records in order: remember orders, join fills with what they do to the book."""
        actions, last = table["action"].tolist(), (table["flags"] & _LAST).tolist()
        ids, sizes = table["order_id"].tolist(), table["size"].tolist()
        prices, numbers = table["price"].tolist(), table["instrument_id"].tolist()
        special = aggregate.tolist()
        resting = self._resting
        trades: list[int] = []
        fills: dict[tuple[int, int], int] = {}
        for i, action in enumerate(actions):
            key = (numbers[i], ids[i])
            if special[i]:
                self._aggregate(c, table, i)
            elif action == _A:
                resting[key] = (prices[i], sizes[i])
            elif action == _C:
                self._cancel(c, i, key, sizes[i], fills)
            elif action == _M:
                self._modify(c, i, key, (prices[i], sizes[i]), fills)
            elif action == _F:
                fills[key] = fills.get(key, 0) + sizes[i]
                self._explain(c, trades, numbers, i)
            elif action == _T:
                c.order_id[i], c.side[i] = 0, -c.side[i]
                trades.append(i)
            elif action == _R:
                for gone in [k for k in resting if k[0] == numbers[i]]:
                    del resting[gone]
            if last[i] and (trades or fills):
                self._close_packet(c, where[: i + 1], trades, fills)

    def _cancel(self, c: _Columns, i: int, key: tuple[int, int], size: int, fills: dict[Any, int]) -> None:
        filled = min(fills.get(key, 0), size)
        if filled:
            fills[key] -= filled
        price, before = self._resting.get(key, (0, 0))
        if before > size:
            self._resting[key] = (price, before - size)
        else:
            self._resting.pop(key, None)
        if filled == size:
            c.kind[i], c.ref[i] = _TICK, 0
        c.quantity[i] = size - filled

    def _modify(self, c: _Columns, i: int, key: tuple[int, int], now: tuple[int, int], fills: dict[Any, int]) -> None:
        filled = fills.pop(key, 0)
        before = self._resting.get(key)
        self._resting[key] = now
        c.ref[i] = c.order_id[i]
        if before is None:
            return
        if filled and before[0] == now[0] and before[1] - filled == now[1]:
            c.kind[i], c.quantity[i], c.ref[i] = _TICK, 0, 0
        elif before[0] == now[0] and now[1] <= before[1]:
            c.flags[i] |= _KEEP

    def _explain(self, c: _Columns, trades: list[int], numbers: list[int], i: int) -> None:
        """Take the fill of record i from the trades of its packet."""
        left = c.quantity[i]
        for k in trades:
            if numbers[k] == numbers[i]:
                taken = min(left, c.quantity[k])
                c.quantity[k] -= taken
                left -= taken

    def _close_packet(
        self, c: _Columns, where: np.ndarray, trades: list[int], fills: dict[tuple[int, int], int]
    ) -> None:
        for k in trades:
            if c.quantity[k] == 0:
                c.kind[k] = _TICK
            else:
                self._found.note("trade_without_fill", int(where[k]), f"{c.quantity[k]} left", "kept as TRADE")
        for key, left in fills.items():
            if left:
                self._found.note("fill_without_change", int(where[-1]), f"order {key[1]}, {left}", "kept as EXECUTE")
        trades.clear()
        fills.clear()

    def _aggregate(self, c: _Columns, table: np.ndarray, i: int) -> None:
        """Rewrite an A of a publisher without orders: with flag TOB the best quote of its side, with MBP a level."""
        if table["action"][i] != _A:
            return
        top = bool(table["flags"][i] & _TOB)
        c.kind[i], c.order_id[i] = (Kind.QUOTE if top else Kind.LEVEL), 0
        c.ref[i] = table["sequence"][i]
        if table["price"][i] == UNDEF_PRICE:
            c.quantity[i] = 0
