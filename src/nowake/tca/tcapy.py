"""Tables from the order and trade files of tcapy, an open-source analysis of foreign-exchange orders (CSV, one pair).

An order is a parent. Every event of the trade file is a child: a `placement`, `cancel/replace` or `cancel` offers
nothing (the file does not say how much was shown where), a `trade` offers what it executed, at its venue. Each event
carries a two-sided quote of the market, so the events together are the quotes; there are no prints, hence no VWAP.

Quotes are snapshots, so nothing that looks between them (TWAP, mark-outs, reversion) exists. Prices are decimals of a
pair, kept to 1e-12. The mid of a fill is that of its own quote; nobody knows the market without our orders: untouched
mids are taken as the mids seen, flagged as estimated. The end price is the last mid known at the end of the benchmark
window. `rate` makes the decision notional worth the file's notional in US dollars, by the last mids known (the next
ones where none came before): a notional in the pair's second currency is of equal worth, so the costs in bp are those
of the file's prices either way.
"""

import csv
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.errors import DataError
from nowake.core.times import SECOND
from nowake.core.values import Instrument, Side
from nowake.tca.tables import FILLS, QUOTES, Child, Parent, Tables, Tape, trading_day

__all__ = ["EVENTS", "ORDER_FIELDS", "TRADE_FIELDS", "read_tcapy"]

TICK = Decimal("1e-12")
ORDER_FIELDS = (
    "date", "account_id", "algo_id", "algo_settings", "arrival_price", "benchmark_date_end", "benchmark_date_start",
    "broker_id", "broker_sub_id", "id", "notional", "notional_currency", "portfolio_id", "portfolio_manager_id",
    "price_limit", "side", "ticker", "trader_id",
)  # fmt: skip
TRADE_FIELDS = (
    "date", "account_id", "algo_id", "algo_settings", "ancestor_pointer_id", "broker_id", "broker_sub_id",
    "event_type", "executed_notional", "executed_price", "id", "market_ask", "market_bid", "market_mid",
    "notional_currency", "order_notional", "portfolio_id", "portfolio_manager_id", "price_limit", "side", "ticker",
    "trader_id", "venue",
)  # fmt: skip
EVENTS = ("placement", "trade", "cancel/replace", "cancel")


@dataclass(frozen=True, slots=True)
class _Line:
    """One row of a file with its place, read field by field; DataError names file, line and field."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def bad(self, name: str, expected: str) -> DataError:
        return DataError(name, path=self.path, line=self.line, expected=expected, got=repr(self.cells[name]))

    def time(self, name: str) -> int:
        """Return ns UTC, exact to the microsecond."""
        try:
            when = datetime.fromisoformat(self.cells[name])
        except ValueError as error:
            raise self.bad(name, "a date and time such as 2017-04-25 07:09:31.804+00:00") from error
        if when.tzinfo is None:
            raise self.bad(name, "a time with its offset from UTC")
        past = when.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return (past.days * 86_400 + past.seconds) * SECOND + past.microseconds * 1_000

    def ticks(self, name: str, *, halves: bool = False) -> int:
        """Return a price above 0 in ticks, or in half ticks."""
        try:
            price = Decimal(self.cells[name]) / TICK * (2 if halves else 1)
            whole = round(price)
        except (InvalidOperation, ValueError, OverflowError) as error:
            raise self.bad(name, "a price") from error
        if not 0 < whole < 2**62:
            raise self.bad(name, "a price above 0")
        return whole

    def whole(self, name: str) -> int:
        """Return a whole number from 0."""
        text = self.cells[name]
        if not text.isdecimal():
            raise self.bad(name, "a whole number from 0")
        return int(text)

    def side(self) -> Side:
        if self.cells["side"] not in ("1", "-1"):
            raise self.bad("side", "1 or -1")
        return Side(int(self.cells["side"]))


def _lines(path: Path, fields: tuple[str, ...]) -> list[_Line]:
    try:
        with path.open(encoding="utf-8", newline="") as text:
            rows = csv.DictReader(text)
            if missing := sorted(set(fields) - set(rows.fieldnames or ())):
                raise DataError("header", path=path, line=1, expected=", ".join(fields), got=f"no {missing[0]}")
            found = [_Line(path, rows.line_num, dict(row)) for row in rows]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError("file", path=path, expected="a readable CSV file", got=error) from error
    for line in found:
        if None in line.cells.values() or None in line.cells:
            raise DataError("row", path=path, line=line.line, expected=f"{len(fields)} cells", got="another number")
    return found


@dataclass(slots=True)
class _Mids:
    """Mids of pairs over time, to value one currency in US dollars."""

    times: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    mids: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, ticker: str, time: int, mid: float) -> None:
        self.times[ticker].append(time)
        self.mids[ticker].append(mid)

    def at(self, ticker: str, time: int) -> float | None:
        """Return the last mid of `ticker` at `time`, the first one after it where there is none, None without any."""
        times = self.times.get(ticker)
        return self.mids[ticker][max(bisect_right(times, time) - 1, 0)] if times else None

    def dollars(self, currency: str, time: int) -> float | None:
        """Return the value of one unit of `currency` in US dollars, None where no pair says it."""
        if currency == "USD":
            return 1.0
        straight, turned = self.at(f"{currency}USD", time), self.at(f"USD{currency}", time)
        return straight if straight is not None else 1 / turned if turned else None


def _quotes(events: list[_Line]) -> tuple[dict[tuple[str, str], Tape], _Mids]:
    """Return the quotes of all events by pair and day, and the mids by pair."""
    by_day: dict[tuple[str, str], list[tuple[int, ...]]] = defaultdict(list)
    mids = _Mids()
    instrument = _instrument("EURUSD")
    for seq, event in sorted(enumerate(events, 1), key=lambda one: one[1].time("date")):
        time, bid, ask, ticker = (
            event.time("date"), event.ticks("market_bid"), event.ticks("market_ask"), event.cells["ticker"],
        )  # fmt: skip
        by_day[ticker, trading_day(instrument, time)].append((seq, time, bid, ask, 0, 0))
        mids.add(ticker, time, (bid + ask) / 2 * float(TICK))
    return {key: Tape(np.array(rows, QUOTES), snapshots=True) for key, rows in by_day.items()}, mids


def _instrument(ticker: str) -> Instrument:
    return Instrument(ticker, TICK, 1, currency=ticker[3:], venue="", sessions=())


def _parent(order: _Line, seq: int, mids: _Mids) -> Parent:
    cells, start = order.cells, order.time("benchmark_date_start")
    end, quantity, arrival2 = order.time("benchmark_date_end"), order.whole("notional"), order.ticks(
        "arrival_price", halves=True
    )  # fmt: skip
    worth = mids.dollars(cells["notional_currency"], start)
    if worth is None:
        raise order.bad("notional_currency", "a currency that a pair of the file values in US dollars")
    final = mids.at(cells["ticker"], end)
    return Parent(
        order_id=cells["id"], symbol=cells["ticker"], side=order.side(), quantity=quantity,
        decided=order.time("date"), start=start, end=end, decision2=arrival2, arrival2=arrival2,
        end2=0 if final is None else round(final / float(TICK) * 2), account=cells["account_id"],
        desk=cells["portfolio_id"], algo=cells["algo_id"], model=cells["broker_id"],
        rate=worth / (arrival2 / 2 * float(TICK)), seqs=(seq,),
    )  # fmt: skip


def _child(event: _Line, seq: int) -> Child:
    cells, kind = event.cells, event.cells["event_type"]
    if kind not in EVENTS:
        raise event.bad("event_type", f"one of {', '.join(EVENTS)}")
    quantity = event.whole("executed_notional")
    if (kind == "trade") != (quantity > 0):
        raise event.bad("executed_notional", "above 0 for a trade, 0 for every other event")
    return Child(
        child_id=cells["id"], parent_id=cells["ancestor_pointer_id"], venue=cells["venue"], kind=PlaceKind.LIT,
        sent=event.time("date"), quantity=quantity, filled=quantity, order_kind=kind, seqs=(seq,),
    )  # fmt: skip


def _fills(events: list[_Line], first: int) -> np.ndarray:
    rows = []
    for child, event in enumerate(events):
        if event.cells["event_type"] == "trade":
            mid2 = event.ticks("market_bid") + event.ticks("market_ask")
            price2, quantity = event.ticks("executed_price", halves=True), event.whole("executed_notional")
            rows.append((first + child, child, event.time("date"), price2, quantity, mid2, float(mid2), 0.0, 1, 0))
    return np.array(sorted(rows, key=lambda row: row[2]), FILLS)


def _symbols(lines: Iterable[_Line]) -> dict[str, Instrument]:
    out = {}
    for line in lines:
        ticker = line.cells["ticker"]
        if len(ticker) != 6 or not ticker.isalpha():
            raise line.bad("ticker", "a currency pair of six letters")
        out[ticker] = _instrument(ticker)
    return out


def read_tcapy(orders: str | Path, trades: str | Path) -> Tables:
    """Return the tables of an order file and its trade file; DataError with file and line for a row that cannot be.

    Sequence numbers: trades from 1 in file order, then orders.
    """
    events, parents = _lines(Path(trades), TRADE_FIELDS), _lines(Path(orders), ORDER_FIELDS)
    tapes, mids = _quotes(events)
    return Tables(
        instruments=_symbols([*parents, *events]),
        parents=tuple(_parent(line, len(events) + i, mids) for i, line in enumerate(parents, 1)),
        children=tuple(_child(line, i) for i, line in enumerate(events, 1)),
        fills=_fills(events, 1), tapes=tapes, currency="USD", source=f"{Path(orders).name}, {Path(trades).name}",
    )  # fmt: skip
