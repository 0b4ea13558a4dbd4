"""Bitstamp level-3 order events, as the CSV of ob-analytics or as the raw log with trades.

CSV: ``id,timestamp,exchange.timestamp,price,volume,action,direction`` (times in ms, volume in 1e-8 coin). Log lines:
``<ms> order_created|order_changed|order_deleted|trade|order_book <JSON>``. The feed never says why an order shrank; how
that is decided is told in `nowake.data.formats.bitstamp_match`. Prices in cents, quantities in 1e-8 coin.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from nowake.core.errors import DataError
from nowake.core.values import Instrument
from nowake.data.formats.bitstamp_match import Matcher, Row
from nowake.data.formats.rows import Findings, units
from nowake.data.reader import Chunk, ReaderMeta, ReaderOptions, Rule
from nowake.data.source import iter_lines, read_head

__all__ = ["Reader", "sniff"]

_HEADER = b"id,timestamp,exchange.timestamp,price,volume,action,direction"
_LOT = Decimal("0.00000001")
_LOG = {"order_created": "created", "order_changed": "changed", "order_deleted": "deleted"}
_OTHER = ("order_book", "diff_order_book", "bitstamp_order_book", "live_trades")


def sniff(head: bytes, name: str) -> bool:  # noqa: ARG001 - one signature for all formats
    """Tell whether the file is the CSV by its header or the log by the words of its first line."""
    words = head.split(b"\n", 1)[0].split(b" ", 2)
    known = {*_LOG, *_OTHER, "trade"}
    return head.startswith(_HEADER) or (
        len(words) == 3 and words[0].isdigit() and words[1].decode("ascii", "replace") in known
    )


class Reader:
    """Streams one file of either kind."""

    def __init__(self, path: Path, options: ReaderOptions) -> None:
        self._path = path
        self._csv = read_head(path).startswith(_HEADER)
        self._tick = options.tick or Decimal("0.01")
        instrument = Instrument(
            options.symbol or "BTCUSD", self._tick, options.step or 1, _LOT, 1, venue="BITSTAMP", sessions=()
        )
        notes = ["receive time (ms); the exchange's stamps have seconds only"]
        notes.append("executions found by matching orders that shrink together" + ("" if self._csv else ", and trades"))
        self._meta = ReaderMeta("bitstamp", "l3", (instrument,), options.date, "line", tuple(notes))
        self._found = Findings()

    @property
    def meta(self) -> ReaderMeta:
        """Return symbol and notes, complete from the start."""
        return self._meta

    def findings(self) -> tuple[Rule, ...]:
        """Return what could not be matched, changes that change nothing, book lines."""
        return self._found.rules()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the events in file order; DataError with the line of the first row that does not read."""
        self._found = Findings()
        matcher = Matcher(self._found, self._path)
        for row in self._csv_rows() if self._csv else self._log_rows():
            matcher.enter(row)
            if matcher.rows.full:
                yield from matcher.rows.take()
        matcher.close()
        yield from matcher.rows.take()

    def _csv_rows(self) -> Iterator[Row]:
        for line, raw in iter_lines(self._path):
            if line == 1 or not raw.strip():
                continue
            cells = raw.decode("ascii", "replace").split(",")
            if len(cells) != 7:
                raise self._refuse("wrong number of columns", line, 7, len(cells))
            order, stamp, _, price, volume, action, direction = cells
            if action not in _LOG.values():
                raise self._refuse("column 6", line, "created, changed or deleted", repr(action))
            if direction not in ("bid", "ask"):
                raise self._refuse("column 7", line, "bid or ask", repr(direction))
            for column, text in ((1, order), (2, stamp), (5, volume)):
                if not text.isdigit():
                    raise self._refuse(f"column {column}", line, "a whole number", repr(text))
            yield Row(
                line,
                int(stamp) * 1_000_000,
                action,
                int(order),
                1 if direction == "bid" else -1,
                units(price, self._tick, self._path, line, "price"),
                int(volume),
            )

    def _log_rows(self) -> Iterator[Row]:
        for line, raw in iter_lines(self._path):
            stamp, _, rest = raw.partition(b" ")
            word, _, text = rest.partition(b" ")
            name = word.decode("ascii", "replace")
            if not raw.strip():
                continue
            if not stamp.isdigit() or name not in {*_LOG, *_OTHER, "trade"}:
                raise self._refuse("line", line, "<ms> order_created|order_changed|…", repr(raw[:60]))
            try:
                yield self._log_row(line, int(stamp) * 1_000_000, name, json.loads(text, parse_float=str))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                if isinstance(error, DataError):
                    raise
                raise self._refuse("message", line, "the JSON of an order or a trade", repr(text[:60])) from error

    def _log_row(self, line: int, time: int, name: str, data: dict[str, str]) -> Row:
        if name in _OTHER:
            return Row(line, time, "book", 0, 0, 0, 0)
        if name == "trade":  # floats as printed: 17 digits, the nearest unit is meant
            price = int((Decimal(data["price"]) / self._tick).to_integral_value())
            amount = int((Decimal(data["amount"]) / _LOT).to_integral_value())
            return Row(line, time, "trade", int(data["id"]), 0, price, amount)
        side = {0: 1, 1: -1}[int(data["order_type"])]
        price = units(data["price"], self._tick, self._path, line, "price")
        return Row(
            line,
            time,
            _LOG[name],
            int(data["id"]),
            side,
            price,
            units(data["amount"], _LOT, self._path, line, "amount"),
        )

    def _refuse(self, what: str, line: int, expected: object, got: object) -> DataError:
        return DataError(what, path=self._path, line=line, expected=expected, got=got)
