"""Binance websocket captures: a line is ``<local time> <JSON>``, local time in µs or ns since 1970 UTC.

depthUpdate -> LEVEL (quantity 0 removes), depth snapshots -> CLEAR and LEVEL with flag SNAPSHOT, bookTicker -> two
QUOTE, trade and aggTrade -> TRADE (buyer is maker: resting side +1), anything else -> TICK. Time is the exchange's
(T, else E), the local one where the message has neither (spot bookTicker). One book is fed by one stream: depth where
the file has it, else bookTicker. Sources: Binance spot and USD-M futures websocket market streams, "how to manage a
local order book".
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from nowake.core.errors import DataError
from nowake.core.events import Flag, Kind
from nowake.core.values import Instrument
from nowake.data.formats.rows import Findings, Rows, decimals, units
from nowake.data.reader import Chunk, ReaderMeta, ReaderOptions, Rule
from nowake.data.source import iter_lines, logical_name, read_head

__all__ = ["Reader", "Streams", "sniff"]

Streams = Literal["auto", "depth", "ticker", "trades"]

_LINE = re.compile(rb"\d{13,19} \{")
_LAST = int(Flag.LAST)
_FINE, _COARSE = Decimal("0.00000001"), Decimal("0.00001")
_QUANTITY = re.compile(rb'"(?:q|B|A)": ?"([0-9.]+)"|\["[0-9.]+", ?"([0-9.]+)"\]')


def sniff(head: bytes, name: str) -> bool:  # noqa: ARG001 - one signature for all formats
    """Tell whether the first line is a time stamp and a JSON object of a stream or a depth snapshot."""
    first = head.split(b"\n", 1)[0]
    return bool(_LINE.match(first)) and any(k in first for k in (b'"stream"', b'"lastUpdateId"', b'"depthUpdate"'))


class Reader:
    """Streams one capture; `streams` chooses what feeds the book (``trades``: nothing does, trades only)."""

    def __init__(self, path: Path, options: ReaderOptions, streams: Streams = "auto") -> None:
        self._path = path
        head = read_head(path)
        if streams == "auto":
            streams = "depth" if b'"depthUpdate"' in head or b'"lastUpdateId"' in head else "ticker"
        self._book = streams
        self._tick = options.tick or Decimal("0.01")
        self._lot = _lot(head)
        symbol = options.symbol or _symbol(head) or logical_name(path).split(".")[0].upper()
        instrument = Instrument(symbol, self._tick, options.step or 1, self._lot, 1, _currency(symbol), "BINANCE", ())
        level: Any = {"depth": "l2", "ticker": "quotes", "trades": "trades"}[streams]
        self._meta = ReaderMeta("binance", level, (instrument,), options.date, "line", self._notes(head))
        self._reset()

    def _notes(self, head: bytes) -> tuple[str, ...]:
        notes = [f"book from {self._book}" if self._book != "trades" else "trades only", f"lot {self._lot}"]
        if self._book == "depth" and b'"lastUpdateId"' not in head:
            notes.append("no snapshot near the start: the book knows only the levels that changed")
        if self._book == "ticker" and b'"e":"bookTicker"' not in head.replace(b" ", b""):
            notes.append("spot bookTicker has no exchange time: local time")
        return tuple(notes)

    def _reset(self) -> None:
        self._found = Findings()
        self._rows = Rows(self._path)
        self._last: int | None = None
        self._snapshot: int | None = None

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """Return (expected, got) of every break in the depth sequence so far."""
        return self._found.gaps

    @property
    def meta(self) -> ReaderMeta:
        """Return symbol and notes, complete from the start."""
        return self._meta

    def findings(self) -> tuple[Rule, ...]:
        """Return sequence gaps, stale depth, streams not used, and lines whose local time precedes the exchange's."""
        return self._found.rules()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the events in file order; DataError with the line of the first that does not read."""
        self._reset()
        for line, raw in iter_lines(self._path):
            if raw.strip():
                self._line(line, raw)
            if self._rows.full:
                yield from self._rows.take()
        yield from self._rows.take()

    def _line(self, line: int, raw: bytes) -> None:
        stamp, _, text = raw.partition(b" ")
        if not stamp.isdigit() or len(stamp) not in (13, 16, 19):
            raise self._refuse(line, "local time", "ms, µs or ns since 1970 and a JSON object", raw)
        local = int(stamp) * 10 ** (19 - len(stamp))
        try:
            message = json.loads(text)
            data = message.get("data", message)
            self._message(line, local, data, message.get("stream", ""))
        except DataError:
            raise
        except (ValueError, UnicodeDecodeError) as error:
            raise self._refuse(line, "JSON", "a JSON object", text) from error
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise self._refuse(line, f"message field {error}", "the fields of a Binance stream", text) from error

    def _message(self, line: int, local: int, data: dict[str, Any], stream: str) -> None:
        kind = data.get("e") or ("bookTicker" if "bookTicker" in stream else "")
        stamp = data.get("T", data.get("E"))
        time = int(stamp) * 1_000_000 if stamp is not None and kind != "markPriceUpdate" else local
        if time > local:
            self._found.note("local_before_exchange", line, f"local {local}, exchange {time}")
        if kind == "depthUpdate":
            self._depth(line, time, data)
        elif kind == "bookTicker":
            self._ticker(line, time, data)
        elif kind in ("trade", "aggTrade"):
            price, quantity = self._price(data["p"], line), self._quantity(data["q"], line)
            side = 1 if data["m"] else -1
            self._rows.add(
                (time, 0, price, quantity, int(data.get("t", data.get("a", 0))), 0, Kind.TRADE, side, _LAST), line
            )
        elif "lastUpdateId" in data:
            self._depth_snapshot(line, time, data)
        else:
            self._rows.add((time, 0, 0, 0, 0, 0, Kind.TICK, 0, _LAST), line)
            self._found.note("other_stream", line, str(kind or stream), "kept as TICK")

    def _depth(self, line: int, time: int, data: dict[str, Any]) -> None:
        if self._book != "depth":
            self._found.note("stream_not_used", line, "depthUpdate", "skipped")
            return
        first, last = int(data["U"]), int(data["u"])
        if self._snapshot is not None and last <= self._snapshot:
            self._found.note("stale_depth", line, f"up to {last}, snapshot {self._snapshot}", "skipped")
            return
        self._follow(line, first, data.get("pu"), last)
        self._levels(line, time, (data["b"], data["a"]), last, 0)

    def _follow(self, line: int, first: int, previous: object, last: int) -> None:
        if self._snapshot is not None:
            if first > self._snapshot + 1:
                self._found.gap(self._snapshot + 1, first, line)
            self._snapshot = None
        elif self._last is not None:
            expected, got = (self._last, int(str(previous))) if previous is not None else (self._last + 1, first)
            if expected != got:
                self._found.gap(expected, got, line)
        self._last = last

    def _depth_snapshot(self, line: int, time: int, data: dict[str, Any]) -> None:
        if self._book != "depth":
            self._found.note("stream_not_used", line, "snapshot", "skipped")
            return
        self._snapshot = self._last = int(data["lastUpdateId"])
        self._rows.add((time, 0, 0, 0, self._snapshot, 0, Kind.CLEAR, 0, int(Flag.SNAPSHOT)), line)
        self._levels(line, time, (data["bids"], data["asks"]), self._snapshot, int(Flag.SNAPSHOT))

    def _levels(self, line: int, time: int, sides: tuple[Any, Any], ref: int, flags: int) -> None:
        for side, levels in zip((1, -1), sides, strict=True):
            for price, quantity in levels:
                row = (time, 0, self._price(price, line), self._quantity(quantity, line), ref, 0)
                self._rows.add((*row, Kind.LEVEL, side, flags), line)
        if sides[0] or sides[1]:
            self._rows.flag_last(_LAST)
        else:
            self._rows.add((time, 0, 0, 0, ref, 0, Kind.TICK, 0, flags | _LAST), line)

    def _ticker(self, line: int, time: int, data: dict[str, Any]) -> None:
        if self._book != "ticker":
            self._found.note("stream_not_used", line, "bookTicker", "skipped")
            return
        for side, price, quantity, flags in ((1, "b", "B", 0), (-1, "a", "A", _LAST)):
            row = (time, 0, self._price(data[price], line), self._quantity(data[quantity], line), int(data["u"]), 0)
            self._rows.add((*row, Kind.QUOTE, side, flags), line)

    def _price(self, text: str, line: int) -> int:
        return units(text, self._tick, self._path, line, "price")

    def _quantity(self, text: str, line: int) -> int:
        return units(text, self._lot, self._path, line, "quantity")

    def _refuse(self, line: int, what: str, expected: str, raw: bytes) -> DataError:
        got = repr(raw[:60].decode("utf-8", "replace"))
        return DataError(what, path=self._path, line=line, expected=expected, got=got)


def _lot(head: bytes) -> Decimal:
    """Return 1e-8 if quantities are printed finer than 1e-5 (spot: eight decimals), else 1e-5 (futures: three)."""
    printed = ((a or b).partition(b".")[2] for a, b in _QUANTITY.findall(head))
    return _FINE if any(len(part) > decimals(_COARSE) for part in printed) else _COARSE


def _symbol(head: bytes) -> str | None:
    match = re.search(rb'"s": ?"([A-Z0-9_]+)"', head)
    return match[1].decode() if match else None


def _currency(symbol: str) -> str:
    return next((c for c in ("USDT", "USDC", "BUSD", "USD", "EUR", "BTC") if symbol.endswith(c)), "USD")
