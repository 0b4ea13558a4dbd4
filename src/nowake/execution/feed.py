"""The market side of a replay: the reader behind its quality check, one instrument of it, the window that it covers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import DataError, InputError, nearest
from nowake.core.events import Flag, Kind
from nowake.core.times import MINUTE, local_midnight, show_time
from nowake.core.values import Instrument, Session
from nowake.data.quality import Check
from nowake.data.reader import ReaderOptions
from nowake.data.symbols import busiest
from nowake.execution.request import ReplayRequest

__all__ = ["Feed", "Span", "Window", "window"]

_PRINTS = (int(Kind.EXECUTE), int(Kind.HIDDEN), int(Kind.CROSS), int(Kind.TRADE))
_SILENT = int(Flag.UNPRINTED | Flag.BROKEN)
SLACK = 5 * MINUTE  # a window may reach this far beyond the first and the last event


@dataclass(frozen=True, slots=True)
class Span:
    """First and last event (ns UTC), number of events and printed volume of one instrument."""

    first: int
    last: int
    events: int
    volume: int


@dataclass(frozen=True, slots=True)
class Window:
    """Local midnight, decision, start and end of the order, ns UTC; the instrument's session (None: no fixed hours)."""

    midnight: int
    decided: int
    start: int
    end: int
    session: Session | None = None


class Feed:
    """One instrument's events from a reader, checked; readable twice (once for the span, once for the replay)."""

    def __init__(self, request: ReplayRequest) -> None:
        self.source = request.source
        self._options = ReaderOptions(clock_tolerance_ns=request.clock_tolerance_ns)
        self._reader = request.reader
        self.check = Check(request.reader, request.source, options=self._options)
        self._wanted = request.symbol
        self.index = 0

    def span(self) -> Span:
        """Read the data once and return what it covers; finds the instrument. DataError if there is nothing."""
        first, last, count, volume = 2**62, -(2**62), 0, 0
        counts: dict[int, int] = {}
        picked: int | None = None
        for events in self._arrays():
            for index, n in enumerate(np.bincount(events["instrument"])):
                counts[index] = counts.get(index, 0) + int(n)
            if picked is None:
                picked = self._pick()
            own = events if picked is None else events[events["instrument"] == picked]
            if not len(own):
                continue
            first, last = min(first, int(own["time"].min())), max(last, int(own["time"].max()))
            count += len(own)
            volume += int(own["quantity"][np.isin(own["kind"], _PRINTS) & (own["flags"] & _SILENT == 0)].sum())
        if picked is None and sum(n > 0 for n in counts.values()) > 1:
            raise self._several(counts)
        self.index = picked or 0
        if count == 0:
            raise DataError("nothing to replay", path=self.source, expected="events of the instrument", got="none")
        return Span(first, last, count, volume)

    def _several(self, counts: dict[int, int]) -> InputError:
        names = [one.symbol for one in self.instruments]
        rows = {names[index]: n for index, n in counts.items() if n and index < len(names)}
        return InputError(
            f"{self.source} holds several symbols", expected="--symbol for one of them", got=busiest(rows)
        )

    def _pick(self) -> int | None:
        """Return the index of the wanted instrument, None where none was named."""
        if self._wanted is None:
            return 0 if len(self.instruments) <= 1 else None
        names = [one.symbol.upper() for one in self.instruments]
        if self._wanted.upper() in names:
            return names.index(self._wanted.upper())
        raise InputError(
            f"unknown symbol '{self._wanted}'", expected=f"one of {', '.join(names[:8])}", got=repr(self._wanted),
            hint=nearest(self._wanted, names),
        )  # fmt: skip

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The reader's table of instruments."""
        return self._reader.meta.instruments

    @property
    def instrument(self) -> Instrument:
        """The instrument that is replayed."""
        table = self.instruments
        return table[self.index] if self.index < len(table) else Instrument("?")

    def _arrays(self) -> Iterator[np.ndarray]:
        for chunk in self._reader.chunks():
            if len(chunk.events):
                yield chunk.events

    def events(self) -> Iterator[np.ndarray]:
        """Yield the instrument's clean EVENT arrays in file order, none of them empty."""
        for chunk in self.check.chunks():
            own = chunk.events
            if len(self.instruments) > 1:
                own = own[own["instrument"] == self.index]
            if len(own):
                yield np.ascontiguousarray(own)


def window(request: ReplayRequest, instrument: Instrument, feed: Feed, span: Span) -> Window:
    """Return when the order is worked; InputError if the data does not cover it or the times are out of order."""
    session = instrument.sessions[0] if instrument.sessions else None
    zone = session.timezone if session else "UTC"
    day = feed.check.meta.date
    midnight = local_midnight(day, zone) if day else span.first // (24 * 60 * MINUTE) * (24 * 60 * MINUTE)
    low, high = span.first, span.last + 1
    if session and midnight + session.open < high and midnight + session.close > low:
        low, high = max(low, midnight + session.open), min(high, midnight + session.close)
    start = low if request.start is None else midnight + request.start
    end = high if request.end is None else midnight + request.end
    decided = start if request.decided is None else midnight + request.decided
    shown = f"{show_time(span.first, zone)} to {show_time(span.last, zone)}"
    if start >= end:
        got = f"{show_time(start, zone)} to {show_time(end, zone)}"
        raise InputError("window of the order", expected="start before end", got=got)
    if decided > start:
        wanted = f"not after the start {show_time(start, zone)}"
        raise InputError("decision time", expected=wanted, got=show_time(decided, zone))
    for name, when in (("start", start), ("end", end), ("decision", decided)):
        if not span.first - SLACK <= when <= span.last + SLACK:
            raise InputError(f"{name} of the order lies outside the data", expected=shown, got=show_time(when, zone))
    return Window(midnight, decided, start, end, session)
