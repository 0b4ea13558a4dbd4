"""IEX DEEP 1.0 and TOPS 1.6 captures (pcap, pcapng): price levels or best quotes, and trades, of every symbol.

Price level updates become LEVEL (flag LAST where IEX says that the event is complete), quote updates two QUOTE rows,
trade reports TRADE (CROSS for single-price crosses; the aggressor is not published: side 0), trade breaks TRADE with
flag BROKEN, trading status and operational halts HALT and RESUME; everything else is TICK. Prices are in 1/10,000
dollar. A session that starts again from its first message clears every book.

An event happens when IEX sent it: the send time of its segment (IEX Transport Specification), which rises with the
sequence numbers. A message's own time is when the matching engine changed one security, before aggregation and
queueing; across securities it steps back. Messages more than the clock tolerance late are the finding `sent_late`.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from nowake.core.errors import DataError
from nowake.core.events import Flag, Kind, empty_events
from nowake.core.times import SECOND, clock_time
from nowake.core.values import Instrument
from nowake.data.formats.iex_kernel import SYMBOLS, decode
from nowake.data.formats.iex_packets import MAGICS, Segment, packets, segment
from nowake.data.formats.rows import Findings
from nowake.data.reader import Chunk, Level, ReaderMeta, ReaderOptions, Rule

__all__ = ["Reader", "sniff"]

_PROTOCOLS: dict[int, tuple[str, Level]] = {0x8004: ("DEEP 1.0", "l2"), 0x8003: ("TOPS 1.6", "quotes")}
_BATCH = 60_000  # messages decoded at once
_ERRORS = ("", "a message leaves its segment", "a message is too short", "too many symbols", "bytes after the messages")


def sniff(head: bytes, name: str) -> bool:  # noqa: ARG001 - one signature for all formats
    """Tell whether the bytes start like a pcap or pcapng capture."""
    return head[:4] in MAGICS or head[:4] == b"\x0a\x0d\x0d\x0a"


class Reader:
    """Streams one capture; the symbol table grows as symbols appear, so `meta` is complete after the last chunk."""

    def __init__(self, path: Path, options: ReaderOptions) -> None:
        self._path, self._options = path, options
        self._found = Findings()
        start = next(self._segments())
        name, level = _PROTOCOLS[start.protocol]
        self._found = Findings()
        notes = (
            f"IEX {name}",
            "times are those of sending",
            "aggressor not published: trades have side 0",
            "where is the byte of the message",
        )
        day = options.date or clock_time(start.sent, options.timezone or "America/New_York").date()
        self._meta = ReaderMeta("iex", level, (), day, "byte", notes)
        self._reset()

    def _reset(self) -> None:
        self._found = Findings()
        self._expected: dict[int, int] = {}
        self._keys, self._slots = np.zeros(SYMBOLS, np.int64), np.zeros(SYMBOLS, np.int64)
        self._symbols = np.zeros(SYMBOLS, np.int64)
        self._halted, self._lots = np.zeros(SYMBOLS, np.uint8), np.zeros(SYMBOLS, np.int64)
        self._state = np.zeros(6, np.int64)
        self._last_time = 0

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """Return (expected, got) of every break in the sequence numbers so far."""
        return self._found.gaps

    @property
    def meta(self) -> ReaderMeta:
        """Return level, notes, and the symbols seen so far in the order of EVENT.instrument."""
        n = int(self._state[1])
        names = self._symbols[:n].tobytes()
        table = tuple(
            Instrument(
                names[8 * i : 8 * i + 8].decode("ascii", "replace").rstrip(),
                self._options.tick or Decimal("0.0001"),
                self._options.step or 100,
                round_lot=int(self._lots[i]) or 100,
                venue="IEX",
            )
            for i in range(n)
        )
        return replace(self._meta, instruments=table)

    def findings(self) -> tuple[Rule, ...]:
        """Return sequence gaps, restarts, other traffic, a cut last packet, messages of unknown type."""
        return self._found.rules()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the messages in file order; DataError with the byte where lengths contradict."""
        self._reset()
        batch: list[Segment] = []
        waiting = 0
        for part in self._segments():
            if self._restarted(part):
                yield from self._decode(batch)
                yield from self._clear(part)
                batch, waiting = [], 0
            if part.count:
                batch.append(part)
                waiting += part.count
            if waiting >= _BATCH:
                yield from self._decode(batch)
                batch, waiting = [], 0
        yield from self._decode(batch)

    def _segments(self) -> Iterator[Segment]:
        seen = False
        for packet in packets(self._path):
            if not packet.whole:
                self._found.note("cut_packet", packet.offset, "the capture ends inside a packet", "skipped")
                continue
            part = segment(packet, self._path)
            if part is None:
                self._found.note("other_traffic", packet.offset, f"{len(packet.data)} bytes", "skipped")
                continue
            if part.protocol not in _PROTOCOLS:
                raise DataError(
                    "IEX protocol",
                    path=self._path,
                    offset=part.offset - 38,
                    expected="8004 (DEEP 1.0) or 8003 (TOPS 1.6)",
                    got=f"{part.protocol:04x}",
                )
            seen = True
            yield part
        if not seen:
            raise DataError("no IEX messages", path=self._path, expected="DEEP or TOPS segments", got="other traffic")

    def _restarted(self, part: Segment) -> bool:
        expected = self._expected.get(part.session)
        self._expected[part.session] = part.first + part.count
        if expected is None or part.first == expected:
            return False
        self._found.gap(expected, part.first, part.offset)
        return part.first < expected

    def _clear(self, part: Segment) -> Iterator[Chunk]:
        n = int(self._state[1])
        if n == 0:
            return
        events = empty_events(n)
        events["kind"], events["instrument"], events["flags"] = Kind.CLEAR, np.arange(n), Flag.LAST
        events["time"] = self._last_time
        yield Chunk(events, np.full(n, part.offset, np.int64))

    def _decode(self, batch: list[Segment]) -> Iterator[Chunk]:
        if not batch:
            return
        sizes = np.array([len(s.payload) for s in batch], np.int64)
        ends = np.cumsum(sizes)
        counts = np.array([s.count for s in batch], np.int64)
        places = np.array([s.offset for s in batch], np.int64)
        sent = np.array([s.sent for s in batch], np.int64)
        buffer = np.frombuffer(b"".join(s.payload for s in batch), np.uint8)
        most = 2 * int(counts.sum())
        events, where = empty_events(most), np.zeros(most, np.int64)
        tables: Any = (self._keys, self._slots, self._symbols, self._halted, self._lots)
        unknown = int(self._state[2])
        decode(buffer, ends - sizes, counts, ends, places, events, where, tables, self._state)
        n, _, now_unknown, error, offset, kind = (int(x) for x in self._state)
        if error:
            got = f"{_ERRORS[error]}, message type {chr(kind)!r}"
            raise DataError("IEX segment", path=self._path, offset=offset, expected="whole messages", got=got)
        for _ in range(now_unknown - unknown):
            self._found.note("unknown_message", int(places[0]), "no type of the specification", "kept as TICK")
        events, where = events[:n], where[:n]
        self._stamp(events, where, sent[np.searchsorted(places, where, "right") - 1])
        self._last_time = int(events["time"][n - 1])
        yield Chunk(events, where)

    def _stamp(self, events: np.ndarray, where: np.ndarray, sent: np.ndarray) -> None:
        """Put the time of sending in place of the messages' own times, and note those that were late."""
        lag = sent - events["time"]
        late = lag > self._options.clock_tolerance_ns
        late[1:] &= where[1:] != where[:-1]  # a quote update is two rows
        for place, ns in zip(where[late].tolist(), lag[late].tolist(), strict=True):
            self._found.note(
                "sent_late", place, f"{ns / SECOND:.3f} s after its own time", "kept at the time of sending"
            )
        events["time"] = np.maximum(events["time"], sent)
