"""The market beside a journal: mids and kinds of venues, and the tape in the form that the analysis reads.

They come from the tape; where there is none, from the boards that the decision log kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.events import Flag
from nowake.core.times import MINUTE
from nowake.core.values import Instrument
from nowake.execution.decision_reader import DecisionLog
from nowake.service.tape_reader import MarketTape, read_tape
from nowake.tca.tables import PRINTS, QUOTES, Tape, trading_day

__all__ = ["Market", "market_of"]

_KINDS = {"lit": PlaceKind.LIT, "dark": PlaceKind.DARK, "dealer": PlaceKind.DEALER}
_BROKEN = int(Flag.BROKEN)
_QUARTER = 15 * MINUTE


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """What is known of the market of one symbol: `times` and `mids2` (half ticks) of its two-sided quotes.

    `kinds` by venue. Either file may be missing.
    """

    symbol: str = ""
    timezone: str = ""
    times: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    mids2: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    kinds: dict[str, PlaceKind] = field(default_factory=dict)
    tape: MarketTape | None = None
    log: DecisionLog | None = None

    @property
    def last(self) -> int:
        """When the last mid was seen, ns; 0 for never."""
        return int(self.times[-1]) if len(self.times) else 0

    def mid2(self, time: int, late: int = 0) -> tuple[int, int]:
        """Return the last mid (half ticks) at or before `time` (ns), and when it was seen.

        Where there is none before, the first one up to `late` ns after it; (0, 0) where there is none at all.
        """
        k = int(np.searchsorted(self.times, time, "right")) - 1
        if k < 0 and len(self.times) and self.times[0] <= time + late:
            k = 0
        return (int(self.mids2[k]), int(self.times[k])) if k >= 0 else (0, 0)

    def mids2_before(self, times: np.ndarray) -> np.ndarray:
        """Return the mids just before `times` on the tape, half ticks; 0 where there is no tape or none before."""
        if self.tape is None or not len(self.times):
            return np.zeros(len(times), np.int64)
        k = np.searchsorted(self.times, times, "left") - 1
        found: np.ndarray = np.where(k >= 0, self.mids2[np.maximum(k, 0)], 0)
        return found

    def tapes(self, instrument: Instrument, own: Iterable[tuple[str, int, int, int]]) -> dict[tuple[str, str], Tape]:
        """Return the tape by symbol and day; `own`: (venue, time, half ticks, shares) of our fills, for the prints."""
        if self.tape is None:
            return {}
        quotes = np.zeros(len(self.tape.quotes), QUOTES)
        for name in self.tape.quotes.dtype.names or ():
            quotes[name] = self.tape.quotes[name]
        prints = _with_own(self.tape, own)
        days = sorted({day for rows in (quotes, prints) for day in _days(instrument, rows)})
        return {
            (self.symbol, day): Tape(quotes[_on(instrument, quotes, day)], prints[_on(instrument, prints, day)])
            for day in days
        }


def _days(instrument: Instrument, rows: np.ndarray) -> set[str]:
    return {trading_day(instrument, int(quarter) * _QUARTER) for quarter in np.unique(rows["time"] // _QUARTER)}


def _on(instrument: Instrument, rows: np.ndarray, day: str) -> np.ndarray:
    """Tell which rows belong to a trading day; a day begins at a full quarter of an hour of UTC."""
    quarters, of = np.unique(rows["time"] // _QUARTER, return_inverse=True)
    mine = np.array([trading_day(instrument, int(quarter) * _QUARTER) == day for quarter in quarters], bool)
    found: np.ndarray = mine[of] if len(quarters) else np.zeros(0, bool)
    return found


def _with_own(tape: MarketTape, own: Iterable[tuple[str, int, int, int]]) -> np.ndarray:
    """Return PRINTS; of a print at the venue, time and price of our fills those shares are ours that no id showed."""
    rows = np.zeros(len(tape.prints), PRINTS)
    for column in rows.dtype.names or ():
        if column != "seq":
            rows[column] = tape.prints[column]
    ours: dict[tuple[int, int, int], int] = {}
    for venue, time, price2, shares in own:
        key = (tape.row_of(venue), time, price2)
        ours[key] = ours.get(key, 0) + shares
    times = np.ascontiguousarray(rows["time"])
    for (place, time, price2), shares in ours.items():
        lo, hi = np.searchsorted(times, time, "left"), np.searchsorted(times, time, "right")
        here = [
            k for k in range(int(lo), int(hi))
            if tape.prints["venue"][k] == place and rows["price2"][k] == price2 and not rows["flags"][k] & _BROKEN
        ]  # fmt: skip
        left = shares - sum(int(rows["own"][k]) for k in here)
        for k in here:
            more = max(min(left, int(rows["quantity"][k] - rows["own"][k])), 0)
            rows["own"][k] += more
            left -= more
    return rows


def market_of(decisions: Path | None, tape: Path | None) -> Market:
    """Return the market of a tape and a decision log; DataError for a damaged file, InputError for one not there."""
    log = None if decisions is None else DecisionLog(decisions)
    told = None if tape is None else read_tape(tape)
    kinds: dict[str, PlaceKind] = {}
    for places in ([told.places] if told else []) + [header.places for header in (log.sessions if log else [])]:
        for name, kind in places:
            kinds.setdefault(name, _KINDS.get(kind, PlaceKind.NONE))
    head = told.sessions[0] if told else log.sessions[0] if log and log.sessions else None
    if head is None:
        return Market(kinds=kinds, tape=told, log=log)
    rows = _quoted(told) if told else _boards(log)
    return Market(head.symbol, head.timezone, rows[:, 0], rows[:, 1], kinds, told, log)


def _quoted(tape: MarketTape) -> np.ndarray:
    q = tape.quotes[(tape.quotes["bid"] > 0) & (tape.quotes["ask"] > 0)]
    return np.stack([q["time"], q["bid"] + q["ask"]], axis=1)


def _boards(log: DecisionLog | None) -> np.ndarray:
    """Return times and mids of the boards that decisions and children saw."""
    kept = [] if log is None else [*log.decisions(), *log.children()]
    both = [
        (int(one["time"]), int(one["board"]["bid"]) + int(one["board"]["ask"]))
        for one in kept
        if one["board"]["bid"] > 0 and one["board"]["ask"] > 0
    ]
    return np.array(sorted(both), np.int64).reshape(-1, 2)
