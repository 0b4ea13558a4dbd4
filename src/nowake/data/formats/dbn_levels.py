"""DBN market-by-price, best-quote and trade records to events.

A record shows the levels after its event, except that a trade's record (T) shows them before its effect. Best-quote
schemas give a QUOTE per side that changed, mbp-10 a LEVEL per level that changed (a level that leaves the ten shown
becomes quantity 0: what lies below is not published), a T gives TRADE, after the quotes it shows. The side of a T is
its aggressor's: the event carries the opposite, the resting side.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
import numpy as np

from nowake.core.events import Flag, empty_events
from nowake.core.jit import inline, kernel
from nowake.data.formats.dbn_records import UNDEF_PRICE, UNDEF_TIME
from nowake.data.formats.rows import Findings
from nowake.data.reader import Chunk

__all__ = ["Levels"]

_LAST, _SNAPSHOT = 128, 32
_INTERVAL = ("BBOMsg", "CBBOMsg")  # a sample of the quote, with the last trade repeated: no trade event


class Levels:
    """Remembers the levels shown last of every instrument: int64[instruments, side, depth, (price, size)]."""

    def __init__(self, found: Findings) -> None:
        self._found = found
        self._shown = np.zeros((0, 2, 10, 2), np.int64)

    def enter(self, name: str, table: np.ndarray, index: np.ndarray, unit: int, where: np.ndarray) -> Chunk:
        """Return the events of the records; `unit` is the tick in 1e-9."""
        stamp = table["ts_recv"] if name in _INTERVAL else table["ts_event"]
        stamp = np.where(stamp == UNDEF_TIME, table["ts_recv"], stamp).astype(np.int64)
        levels = self._levels(table)
        self._grow(int(index.max()) + 1 if len(index) else 0)
        depth = levels.shape[2]
        trade = (table["action"] == ord("T")) & (name not in _INTERVAL)
        side = np.where(table["side"] == ord("B"), -1, np.where(table["side"] == ord("A"), 1, 0)).astype(np.int8)
        flags = np.where(table["flags"] & _LAST, int(Flag.LAST), 0) | np.where(
            table["flags"] & _SNAPSHOT, int(Flag.SNAPSHOT), 0
        )
        out = empty_events(len(table) * (4 * depth + 2))
        rows = np.zeros(len(out), np.int64)
        clear = table["action"] == ord("R")
        price = np.where(table["price"] == UNDEF_PRICE, 0, table["price"])
        heads = (stamp, index, price, table["size"].astype(np.int64), trade, clear, side, flags.astype(np.int64))
        seq = table["sequence"].astype(np.int64)
        n = spread(levels, heads, seq, self._shown, unit, out, rows)
        return Chunk(out[:n].copy(), where[rows[:n]])

    def _levels(self, table: np.ndarray) -> np.ndarray:
        """Return int64[records, side, depth, (price, size)], size 0 and price 0 where a level is empty."""
        if "levels" not in (table.dtype.names or ()):
            return np.zeros((len(table), 2, 0, 2), np.int64)
        shown = table["levels"]
        both = np.zeros((len(table), 2, shown.shape[1], 2), np.int64)
        for side, (px, sz) in enumerate((("bid_px", "bid_sz"), ("ask_px", "ask_sz"))):
            there = shown[px] != UNDEF_PRICE
            both[:, side, :, 0] = np.where(there, shown[px], 0)
            both[:, side, :, 1] = np.where(there, shown[sz], 0)
        return both

    def _grow(self, n: int) -> None:
        if n > len(self._shown):
            grown = np.zeros((n, 2, 10, 2), np.int64)
            grown[: len(self._shown)] = self._shown
            self._shown = grown


@inline
def put(out, rows, n, i, time, index):
    """Start row n of `out` for record i; return n + 1."""
    e = out[n]
    e["time"], e["instrument"], e["order_id"], e["price"], e["quantity"], e["ref"] = time, index, 0, 0, 0, 0
    e["kind"], e["side"], e["flags"] = 14, 0, 0
    rows[n] = i
    return n + 1


@inline
def size_at(levels, depth, price):
    """Return the size shown at `price`, 0 where it is not shown."""
    size = np.int64(0)
    for k in range(depth):
        if levels[k, 1] > 0 and levels[k, 0] == price:
            size = levels[k, 1]
    return size


@inline
def differ(old, new, depth, out, rows, n, i, heads, seq, s, unit):
    """Write a LEVEL for what one side no longer shows, then for what it shows anew; return the next row."""
    for k in range(depth):
        if old[k, 1] > 0 and size_at(new, depth, old[k, 0]) == 0:
            n = put(out, rows, n, i, heads[0][i], heads[1][i])
            e = out[n - 1]
            e["kind"], e["side"], e["price"], e["ref"] = 11, 1 - 2 * s, old[k, 0] // unit, seq[i]
    for k in range(depth):
        if new[k, 1] > 0 and size_at(old, depth, new[k, 0]) != new[k, 1]:
            n = put(out, rows, n, i, heads[0][i], heads[1][i])
            e = out[n - 1]
            e["kind"], e["side"], e["price"], e["quantity"], e["ref"] = (
                11,
                1 - 2 * s,
                new[k, 0] // unit,
                new[k, 1],
                seq[i],
            )
    return n


@kernel
def spread(levels, heads, seq, shown, unit, out, rows):
    """Write the events of every record to `out`, the record's row to `rows`; return how many."""
    stamp, index, price, size, trade, clear, side, flags = heads
    n, depth = 0, levels.shape[2]
    for i in range(stamp.shape[0]):
        first = n
        if clear[i]:
            n = put(out, rows, n, i, stamp[i], index[i])
            out[n - 1]["kind"], out[n - 1]["flags"] = 10, flags[i]
            shown[index[i]] = 0
        for s in range(2):
            old, new = shown[index[i], s], levels[i, s]
            if depth == 1 and (old[0, 0] != new[0, 0] or old[0, 1] != new[0, 1]):
                n = put(out, rows, n, i, stamp[i], index[i])
                e = out[n - 1]
                e["kind"], e["side"], e["price"], e["quantity"], e["ref"] = (
                    12,
                    1 - 2 * s,
                    new[0, 0] // unit,
                    new[0, 1],
                    seq[i],
                )
            elif depth > 1:
                n = differ(old, new, depth, out, rows, n, i, heads, seq, s, unit)
            for k in range(depth):
                old[k, 0], old[k, 1] = new[k, 0], new[k, 1]
        if trade[i]:
            n = put(out, rows, n, i, stamp[i], index[i])
            e = out[n - 1]
            e["kind"], e["side"], e["price"], e["quantity"], e["ref"] = 13, side[i], price[i] // unit, size[i], seq[i]
        if n == first:
            n = put(out, rows, n, i, stamp[i], index[i])
            out[n - 1]["kind"] = 14
        for k in range(first, n):
            out[k]["flags"] = flags[i] & ~16
        out[n - 1]["flags"] |= flags[i] & 16
    return n
