"""The quality check: stands between a reader and its consumer, repairs or quarantines doubtful rows, accounts for all.

``rows_in = kept + repaired + quarantined`` holds exactly. A `Check` is itself a Reader of the clean rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from nowake.core.errors import DataError
from nowake.core.events import Flag, Kind
from nowake.core.times import SECOND, show_time
from nowake.data.quality_rules import ACTIONS, EXAMPLES, MARKET, STATE, Fate, Problem
from nowake.data.reader import Chunk, Example, Reader, ReaderMeta, ReaderOptions, Rule, kernel_view, open_reader

__all__ = ["BOOKS", "Check", "QualityReport", "Rule", "Sink", "check", "describe"]

BOOKS = 8  # instruments of one file whose books are followed


class Sink(Protocol):
    """Takes the quarantined rows."""

    def put(self, events: np.ndarray, where: np.ndarray, reasons: list[str]) -> None:
        """Take the rows as they were read (EVENT[n]), their lines or byte offsets (int64[n]) and the rule of each."""
        ...


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What became of the rows, and what each rule met; ns of crossed and locked books, all instruments together."""

    rows_in: int
    kept: int
    repaired: int
    quarantined: int
    rules: tuple[Rule, ...]
    crossed_ns: int = 0
    locked_ns: int = 0

    def rule(self, name: str) -> Rule:
        """Return the rule `name`; KeyError if the report has none."""
        for rule in self.rules:
            if rule.id == name:
                return rule
        raise KeyError(name)


def check(
    path: str | Path, *, fmt: str | None = None, options: ReaderOptions | None = None, sink: Sink | None = None
) -> "Check":
    """Return the check of the file at `path`: iterate it for the clean chunks, then ask for its report."""
    options = options or ReaderOptions()
    return Check(open_reader(path, fmt=fmt, options=options), path, options=options, sink=sink)


class Check:
    """The clean rows of `reader`; `path` is for messages only."""

    def __init__(
        self, reader: Reader, path: str | Path, *, options: ReaderOptions | None = None, sink: Sink | None = None
    ) -> None:
        self._reader, self._path, self._sink = reader, Path(path), sink
        self._options = options or ReaderOptions()
        self._reset()

    def _reset(self) -> None:
        meta = self._reader.meta
        self._fates = np.zeros(len(Fate), np.int64)
        self._examples: dict[Problem, list[Example]] = {problem: [] for problem in Problem}
        self._state = _records(1, STATE)
        state = self._state[0]
        state["tolerance"] = self._options.clock_tolerance_ns
        state["orders"] = meta.level == "l3"
        state["sized_deletes"] = meta.format == "lobster"
        state["positive"] = meta.format != "dbn"  # spreads of futures trade below zero
        self._markets = _records(1 if len(meta.instruments) == 1 else BOOKS, MARKET)

    @property
    def meta(self) -> ReaderMeta:
        """Return what the reader knows about the file."""
        return self._reader.meta

    def findings(self) -> tuple[Rule, ...]:
        """Return the rules of the report so far."""
        return self.report().rules

    def __iter__(self) -> Iterator[Chunk]:
        return self.chunks()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows that are kept or repaired, in file order, from the start of the file.

        DataError if the time goes backwards by more than the clock tolerance.
        """
        from nowake.book.state import REPLAY, new_books

        self._reset()
        books = new_books(len(self._markets), REPLAY)
        for chunk in self._reader.chunks():
            clean = self._judge(books, chunk)
            if len(clean.events):
                yield clean

    def _judge(self, books: np.ndarray, chunk: Chunk) -> Chunk:
        from nowake.data.quality_kernel import judge

        for market, instrument in zip(self._markets, self._reader.meta.instruments, strict=False):
            market["step"] = instrument.step
        events, n = chunk.events.copy(), len(chunk.events)
        self._state[0]["packets"] |= bool((events["flags"] & int(Flag.LAST)).any())
        fate, cause = np.zeros(n, np.uint8), np.full(n, -1, np.int8)
        before = self._state[0]["have"].copy()
        last = int(self._state[0]["last"])
        bad = int(judge(books, self._markets, self._state, kernel_view(events), fate, cause))
        if bad >= 0:
            raise self._backwards(chunk, bad, max(last, int(events["time"][:bad].max(initial=last))))
        self._remember(chunk, before)
        self._fates += np.bincount(fate, minlength=len(Fate))
        out = fate == Fate.QUARANTINED
        if not out.any():
            return Chunk(events, chunk.where)
        if self._sink is not None:
            reasons = [Problem(int(c)).name.lower() for c in cause[out]]
            self._sink.put(chunk.events[out], chunk.where[out], reasons)
        return Chunk(events[~out], chunk.where[~out])

    def _remember(self, chunk: Chunk, before: np.ndarray) -> None:
        state = self._state[0]
        for problem in Problem:
            for k in range(int(before[problem]), int(state["have"][problem])):
                row = int(state["at"][problem * EXAMPLES + k])
                self._examples[problem].append(Example(int(chunk.where[row]), describe(chunk.events[row])))

    def _backwards(self, chunk: Chunk, row: int, last: int) -> DataError:
        where, zone = int(chunk.where[row]), self._options.timezone or "America/New_York"
        time = int(chunk.events["time"][row])
        line = self.meta.place == "line"
        return DataError(
            f"time going backwards by more than {self._options.clock_tolerance_ns / SECOND:g} s",
            path=self._path,
            line=where if line else None,
            offset=None if line else where,
            expected=f"not before {show_time(last, zone)} less the tolerance",
            got=show_time(time, zone),
        )

    def report(self) -> QualityReport:
        """Return what was met up to now; after the iteration it covers the whole file."""
        state, fates = self._state[0], self._fates
        open_ns = np.where(self._markets["mode"] > 0, state["last"] - self._markets["since"], 0)
        crossed = int(self._markets["crossed_ns"].sum() + open_ns[self._markets["mode"] == 1].sum())
        locked = int(self._markets["locked_ns"].sum() + open_ns[self._markets["mode"] == 2].sum())
        rules = [self._rule(problem, crossed, locked) for problem in Problem]
        found = self._reader.findings()
        if all(rule.id != "sequence_gap" for rule in found):
            rules.append(Rule("sequence_gap", 0, "kept"))
        kept, repaired, quarantined = (int(n) for n in fates)
        return QualityReport(int(fates.sum()), kept, repaired, quarantined, (*rules, *found), crossed, locked)

    def _rule(self, problem: Problem, crossed: int, locked: int) -> Rule:
        state, action = self._state[0], ACTIONS[problem]
        count = int(state["count"][problem])
        if problem is Problem.UNKNOWN_ORDER and count:
            repaired = int(state["unknown_prints"])
            action += f" ({repaired} repaired, {count - repaired} quarantined)"
        if problem is Problem.CROSSED_BOOK and count:
            action += f" ({crossed / SECOND:.3f} s in all)"
        if problem is Problem.LOCKED_BOOK and count:
            action += f" ({locked / SECOND:.3f} s in all)"
        return Rule(problem.name.lower(), count, action, tuple(self._examples[problem]))


def describe(event: np.void) -> str:
    """Return one EVENT for people: kind, order, side, quantity and price in integer units."""
    parts = [Kind(int(event["kind"])).name]
    if event["order_id"]:
        parts.append(f"order {event['order_id']}")
    parts.append({1: "buy", -1: "sell"}.get(int(event["side"]), "no side"))
    parts.append(f"{event['quantity']} at {event['price']}")
    if event["ref"]:
        parts.append(f"ref {event['ref']}")
    if event["flags"]:
        parts.append(str(Flag(int(event["flags"])).name))
    return " ".join(parts)


def _records(n: int, dtype: np.dtype) -> np.ndarray:
    return kernel_view(np.zeros(n, dtype))
