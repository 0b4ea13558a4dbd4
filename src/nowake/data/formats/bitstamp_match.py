"""Which shrinking Bitstamp orders were executed: two orders of opposite sides that lose the same amount together.

A Bitstamp order cannot be reduced by its owner, only withdrawn, so `changed` with a smaller volume and `deleted` with
volume 0 are executions (a market order walking the book changes its price, and its volume with it: REPLACE), and a
deletion with volume left is a withdrawal. Each trade shrinks its maker and its taker (a marketable order is announced
as created before it trades). The pair is found as the nearest opposite reduction of the same amount (to 1e-8 coin:
the CSV was cut from floats) within WINDOW; an order from before the file has an unknown amount and takes its
partner's. The maker is the one with the smaller id (ids rise with time): its row becomes the printed EXECUTE, the
taker's EXECUTE with flag UNPRINTED, so that volume counts once. A `trade` line of the log that fits a pair is dropped
to TICK, the others stay TRADE. A reduction without a partner is a printed EXECUTE; one of unknown size a DELETE.
"""

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nowake.core.events import Flag, Kind
from nowake.core.times import SECOND
from nowake.data.formats.rows import Findings, Rows

__all__ = ["WINDOW", "Matcher", "Row"]

WINDOW = 3 * SECOND  # seen: pairs within 35 ms, trade lines within 2.1 s
_NEAR = SECOND // 4


class Row(NamedTuple):
    """One line: `what` is created, changed, deleted, trade or book; `amount` is what is left (a trade's: traded)."""

    line: int
    time: int
    what: str
    order_id: int
    side: int
    price: int
    amount: int


@dataclass(slots=True)
class _Pending:
    """A row that waits for what explains it.

    `amount` None: not known. `open`: may still find a partner. `moved`: the row also changes the order's price.
    """

    row: Row
    kind: int
    amount: int | None
    flags: int = int(Flag.LAST)
    open: bool = False
    partner: "_Pending | None" = None
    moved: bool = False
    printed: bool = False


class Matcher:
    """Rows in, events out in the same order, at most WINDOW late."""

    def __init__(self, found: Findings, path: Path) -> None:
        self.rows = Rows(path)
        self._found = found
        self._left: dict[int, tuple[int, int]] = {}
        self._waiting: deque[_Pending] = deque()
        self._open: list[_Pending] = []

    def enter(self, row: Row) -> None:
        """Take the next line."""
        while self._waiting and self._waiting[0].row.time < row.time - WINDOW:
            self._settle(self._waiting.popleft())
        self._open = [p for p in self._open if p.row.time >= row.time - WINDOW]
        item = self._read(row)
        self._waiting.append(item)
        if row.what == "trade":
            self._trade(item)
        elif item.open:
            self._pair(item)
            self._open.append(item)

    def close(self) -> None:
        """Settle what still waits: the file is at its end."""
        while self._waiting:
            self._settle(self._waiting.popleft())

    def _read(self, row: Row) -> _Pending:
        if row.what == "book":
            self._found.note("order_book_line", row.line, "a published book", "kept as TICK")
            return _Pending(row, Kind.TICK, 0)
        if row.what == "trade":
            return _Pending(row, Kind.TRADE, row.amount)
        old_price, before = self._left.get(row.order_id, (row.price, None))
        if row.what == "created":
            self._left[row.order_id] = (row.price, row.amount)
            return _Pending(row, Kind.ADD, row.amount)
        if row.what == "deleted":
            self._left.pop(row.order_id, None)
            if row.amount or before == 0:
                return _Pending(row, Kind.DELETE, row.amount)
            return _Pending(row, Kind.EXECUTE, before, open=True)
        self._left[row.order_id] = (row.price, row.amount)
        if before is None:
            return _Pending(row, Kind.EXECUTE, None, open=True)
        if before <= row.amount:
            return self._not_smaller(row, before, old_price)
        return _Pending(row, Kind.EXECUTE, before - row.amount, open=True, moved=old_price != row.price)

    def _not_smaller(self, row: Row, before: int, old_price: int) -> _Pending:
        if before == row.amount and old_price == row.price:
            self._found.note("change_of_nothing", row.line, f"order {row.order_id} still {before}", "kept as TICK")
            return _Pending(row, Kind.TICK, 0)
        text = f"order {row.order_id} from {before} at {old_price} to {row.amount} at {row.price}"
        self._found.note("order_changed_terms", row.line, text, "kept as REPLACE")
        return _Pending(row, Kind.REPLACE, row.amount)

    def _pair(self, item: _Pending) -> None:
        for other in reversed(self._open):
            unknown = item.amount is None or other.amount is None
            if other.partner is not None or other.row.side == item.row.side or other.row.order_id == item.row.order_id:
                continue
            if item.amount is None and other.amount is None:
                continue
            if unknown and item.row.time - other.row.time > _NEAR:
                continue
            if not unknown and abs((item.amount or 0) - (other.amount or 0)) > 1:
                continue
            item.partner, other.partner = other, item
            if unknown:
                item.amount = other.amount = other.amount if item.amount is None else item.amount
            return

    def _trade(self, item: _Pending) -> None:
        fits = [p for p in self._open if p.amount == item.amount and not p.printed]
        best = next((p for p in fits if p.partner is not None), fits[0] if fits else None)
        if best is None:
            best = next((p for p in reversed(self._open) if p.amount is None and not p.printed), None)
            if best is None:
                self._found.note("trade_without_orders", item.row.line, f"trade {item.row.order_id}", "kept as TRADE")
                return
            best.amount = item.amount
        best.printed = True
        if best.partner is not None:
            best.partner.printed = True
        item.kind = Kind.TICK

    def _settle(self, item: _Pending) -> None:
        row, kind, flags = item.row, item.kind, item.flags
        ref = row.order_id if kind == Kind.REPLACE or row.what == "trade" else 0
        quantity = 0 if item.amount is None or kind == Kind.TICK else item.amount
        if kind == Kind.EXECUTE:
            if item.amount is None:
                kind = Kind.DELETE if row.what == "deleted" else Kind.TICK
                self._found.note("fill_of_unknown_size", row.line, f"order {row.order_id}", "kept without quantity")
            elif item.partner is None and item.moved and not item.printed:
                kind, ref, quantity = Kind.REPLACE, row.order_id, row.amount
                self._found.note(
                    "order_changed_terms", row.line, f"order {row.order_id} to {row.price}", "kept as REPLACE"
                )
            elif item.partner is None:
                self._found.note("fill_without_partner", row.line, f"order {row.order_id}", "kept as EXECUTE")
            elif row.order_id > item.partner.row.order_id:
                flags |= Flag.UNPRINTED
        order = 0 if row.what in ("trade", "book") else row.order_id
        price = 0 if kind == Kind.TICK and row.what == "book" else row.price
        if (
            kind == Kind.EXECUTE
            and item.partner is not None
            and flags & Flag.UNPRINTED
            and item.partner.row.price != price
        ):
            price = item.partner.row.price
            flags |= Flag.PRICED
        self.rows.add((row.time, order, price, quantity, ref, 0, int(kind), row.side, int(flags)), row.line)
