"""From a journal of any size to the tables of post-trade analysis, with the tape and the decision log beside it.

The journal alone tells parents, children, fills and fees. The tape gives the market: mids, prints, quotes of dealers.
The decision log gives the path that the slices wanted, and, where there is no tape, mids of the moments at which
something was decided or sent. What none of them tells is missing in the analysis too, and `notes` say it in words; an
order of which not even the arrival price is known is left out, by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np

from nowake.core.errors import InputError
from nowake.core.times import DAY, SECOND, local_midnight, show_time
from nowake.core.values import Instrument, Session, Side
from nowake.execution.decision_reader import Kept
from nowake.oms.conserve import differences
from nowake.oms.events import Control
from nowake.oms.identifiers import text
from nowake.oms.journal.address import base_of, on_server, shown
from nowake.oms.orders import Flag
from nowake.oms.orders import Parent as KeptParent
from nowake.oms.states import CLOSED
from nowake.service.journal_tables_children import Rows, children_of, impact_model
from nowake.service.journal_tables_market import Market, market_of
from nowake.service.journal_tables_read import Account, account_of
from nowake.tca.schedule_path import SchedulePath
from nowake.tca.tables import Estimate, Parent, Tables, Tape

__all__ = ["FromJournal", "beside", "read_journal", "tables_of"]

_LATE = 10 * SECOND  # a first mid that comes so late still stands for the one before


@dataclass(frozen=True, slots=True, eq=False)
class FromJournal:
    """The tables of a journal; `conserved`: their sums are the journal's, and the journal's own sums hold."""

    tables: Tables
    account: Account
    market: Market
    notes: tuple[str, ...]
    conserved: bool


def beside(journal: str | Path, suffix: str) -> Path | None:
    """Return the file with `suffix` beside a journal, None where there is none."""
    path = base_of(journal).with_suffix(suffix)
    return path if path.is_file() else None


def read_journal(
    journal: str | Path, decisions: str | Path | None = None, tape: str | Path | None = None
) -> FromJournal:
    """Return the tables of `journal` and what there is to say of them; the files beside it are taken by themselves.

    DamagedError or DataError for a file that is damaged, OrderError where no order can be analysed.
    """
    log = Path(decisions) if decisions is not None else beside(journal, ".decisions")
    told = Path(tape) if tape is not None else beside(journal, ".tape")
    return _Making(account_of(journal), market_of(log, told), shown(journal)).made()


def tables_of(journal: str | Path, decisions: str | Path | None = None, tape: str | Path | None = None) -> Tables:
    """Return the tables of `journal` alone; as `read_journal`."""
    return read_journal(journal, decisions, tape).tables


@dataclass(slots=True)
class _Making:
    """Tables as they are made."""

    account: Account
    market: Market
    name: str
    notes: list[str] = field(default_factory=list)

    def made(self) -> FromJournal:
        """Return everything."""
        self._missing()
        parents = {}
        for number, kept in self.account.oms.parents.items():
            one = self._parent(kept)
            if one is not None:
                parents[number] = one
        if not parents:
            got = "; ".join(self.notes) or "none"
            raise InputError(f"orders of {self.name}", expected="one whose arrival price is known", got=got)
        self._impact(list(parents))
        rows = children_of(self.account, self.market, {number: one.start for number, one in parents.items()})
        self.notes += rows.notes
        instruments = {one.symbol: self._instrument(one.symbol) for one in parents.values()}
        tapes = self.market.tapes(instruments[self.market.symbol], rows.own) if self.market.symbol else {}
        self._coverage(tapes, instruments)
        tables = Tables(
            instruments, tuple(parents.values()), tuple(rows.children), rows.fills, tapes, source=self._source()
        )
        return FromJournal(tables, self.account, self.market, tuple(self.notes), self._conserved(rows, parents))

    def _coverage(self, tapes: Mapping[tuple[str, str], Tape], instruments: Mapping[str, Instrument]) -> None:
        """Say of which days the tape holds a part alone: what is of the day is then of that part."""
        for (symbol, day), tape in tapes.items():
            one = instruments[symbol].sessions[0]
            midnight = local_midnight(date.fromisoformat(day), one.timezone)
            times = [int(rows["time"][k]) for rows in (tape.quotes, tape.prints) if len(rows) for k in (0, -1)]
            early = max(times) < midnight + one.close - _LATE
            if early or min(times) > midnight + one.open + _LATE:
                first, last = (show_time(moment, one.timezone)[:8] for moment in (min(times), max(times)))
                what = "VWAP of the day and close are" if early else "VWAP of the day is"
                self.notes.append(f"the tape of {day} is from {first} to {last}: {what} of that")

    def _source(self) -> str:
        market = self.market
        files = [self.name, *(str(one.path) for one in (market.tape, market.log) if one is not None)]
        return ", ".join(file if on_server(file) else Path(file).name for file in files)

    def _conserved(self, rows: Rows, parents: dict[int, Parent]) -> bool:
        kept = [self.account.oms.parents[number] for number in parents]
        same = rows.shares == sum(one.filled for one in kept) and rows.fees == sum(one.fee for one in kept)
        return same and not differences(self.account.oms)

    def _missing(self) -> None:
        """Say what is not there at all."""
        market = self.market
        if market.tape is None:
            self.notes.append(
                "no tape: mids at fills, VWAP, TWAP, participation, spreads, mark-outs and reversion are not known;"
                " spread and timing are not told apart"
            )
        elif market.tape.torn:
            self.notes.append(f"the tape's last {market.tape.torn} bytes are no whole block")
        for low, high in market.tape.gaps if market.tape else ():
            self.notes.append(f"the tape has a gap of {(high - low) / SECOND:g} s: the quote before it is carried on")
        if market.log is None:
            self.notes.append("no decision log: the schedule is not known")
        elif market.log.torn:
            self.notes.append(f"the decision log's last {market.log.torn} bytes are no whole block")

    def _impact(self, numbers: Sequence[int]) -> None:
        """Say where own impact comes from."""
        if self.market.tape is None:
            return
        blind = [text(number) for number in numbers if impact_model(self.account, number) is None]
        if len(blind) < len(numbers):
            self.notes.append(
                "nobody knows the market without our orders: own impact is a model's (Almgren et al. 2005, estimated), "
                "timing is the rest"
            )
        if blind:
            self.notes.append(
                f"{'' if len(blind) == len(numbers) else ', '.join(blind) + ': '}nobody knows the market without our "
                "orders: own impact is part of timing (estimated)"
            )

    def _instrument(self, symbol: str) -> Instrument:
        ticks = {one.tick_size for one in self.account.oms.parents.values() if one.symbol == symbol}
        made = Instrument(symbol, Decimal(ticks.pop()), 1)
        if self.market.symbol == symbol and self.market.timezone not in ("", made.sessions[0].timezone):
            return replace(made, sessions=(Session(0, DAY, self.market.timezone),))
        return made

    def _parent(self, kept: KeptParent) -> Parent | None:
        """Return the row of a parent, None, with a note, where it cannot be analysed."""
        name, market = text(kept.id), self.market
        why = self._hopeless(kept)
        if why:
            self.notes.append(f"{name} is left out: {why}")
            return None
        decided, start = kept.time, max(kept.start, kept.time)
        late = max(_LATE, (self._planned(kept) - kept.start) // 100)
        arrival2, seen = self._arrival(kept, start, late)
        decision2, before = market.mid2(decided, late) if decided < start else (arrival2, seen)
        if decided < start and (not decision2 or before > decided):
            decided, decision2 = start, arrival2
            self.notes.append(f"{name}: the market at its decision is not known; it counts as decided at its start")
        if seen > start:
            self.notes.append(
                f"{name}: arrival price of {(seen - start) / SECOND:g} s after its start, the first known"
            )
        end = self._end(kept, start)
        return Parent(
            name, kept.symbol, Side(kept.side), kept.quantity, decided, start, end, decision2, arrival2,
            self._end_price(kept, end), self._limit(kept), kept.account, algo=self._algo(kept), model=self._model(),
            desk=self.account.entered[kept.id].desk, estimate=self._estimate(kept),
            schedule=self._schedule(kept), seqs=tuple(self.account.seqs[kept.id]),
        )  # fmt: skip

    def _estimate(self, kept: KeptParent) -> Estimate | None:
        """Return what it was expected to cost; nothing of an order that is another one now."""
        expected = self.account.expected(kept.id)
        if expected is None:
            return None
        return Estimate(expected.mean_bps, expected.q10_bps, expected.q50_bps, expected.q90_bps)

    def _hopeless(self, kept: KeptParent) -> str:
        market = self.market
        if kept.filled > kept.quantity:
            return f"{kept.filled} shares are filled of {kept.quantity}: no analysis knows such an order"
        if kept.symbol != market.symbol or not len(market.times):
            return f"no market of {kept.symbol} is known"
        if not (kept.flags & Flag.ACKED or kept.filled):
            return "it was staged, and nobody has released it"
        start = max(kept.start, kept.time)
        if start > market.last and not kept.filled:
            return "it had not begun when the market was last seen"
        late = max(_LATE, (self._planned(kept) - kept.start) // 100)
        return "" if self._arrival(kept, start, late)[0] else "its arrival price is not known"

    def _arrival(self, kept: KeptParent, start: int, late: int) -> tuple[int, int]:
        """Return the arrival price, half ticks, and when it was seen; of the desk where the market files lack it."""
        mid2, seen = self.market.mid2(start, late)
        return (mid2, seen) if mid2 else (kept.arrival2, start)

    def _planned(self, kept: KeptParent) -> int:
        """Return when the order was to end: as it came in, or as somebody has changed it."""
        ends = [int(one.value) for one in self._said(kept, "end") if one.value.isdecimal()]
        return ends[-1] if ends else kept.end

    def _said(self, kept: KeptParent, word: str) -> list[Control]:
        return [one for one in self.account.controls.get(kept.id, ()) if one.what == word]

    def _algo(self, kept: KeptParent) -> str:
        """Return the strategies in turn, and say what else was changed by hand."""
        words = dict.fromkeys(one.what for one in self.account.controls.get(kept.id, ()))
        if words:
            self.notes.append(f"{text(kept.id)} was changed by hand: {', '.join(words)}")
        then = [one.value.split()[0].strip(":,") for one in self._said(kept, "strategy") if one.value]
        return ", then ".join([kept.algo, *then])

    def _limit(self, kept: KeptParent) -> int | None:
        """Return the limit; none where it was changed: fills before and after would not be held against the same."""
        return None if self._said(kept, "limit") else kept.price or None

    def _end(self, kept: KeptParent, start: int) -> int:
        """Return when the order was over: its end, or when it was closed, or, open still, what is known last."""
        over, planned = self.account.over.get(kept.id), self._planned(kept)
        if CLOSED[kept.state] and kept.filled < kept.quantity and over is not None:
            end = min(planned, over)
        elif not CLOSED[kept.state]:
            end = min(planned, self.market.last)
            self.notes.append(f"{text(kept.id)} is still open: it is analysed as of the last quote")
        else:
            end = planned
        return max(end, start + 1)

    def _end_price(self, kept: KeptParent, end: int) -> int:
        mid2, seen = self.market.mid2(end, _LATE)
        if kept.filled < kept.quantity and end - seen > _LATE:
            self.notes.append(
                f"{text(kept.id)}: end price of {(end - seen) / SECOND:g} s before its end, the last known"
            )
        return mid2

    def _model(self) -> str:
        log = self.market.log
        return log.sessions[-1].hashes.get("model", "") if log is not None and log.sessions else ""

    def _schedule(self, kept: KeptParent) -> SchedulePath | None:
        log = self.market.log
        decisions = [] if log is None else log.decisions(kept.id)
        return _path(decisions) if decisions else None


def _path(decisions: Sequence[Kept]) -> SchedulePath:
    """Return what the slices wanted: from what was filled when one began along a line to its quota at its end.

    A slice that another one cut short ends there, at what its line had reached.
    """
    times: list[int] = []
    target: list[float] = []
    band: list[tuple[float, float]] = []
    begins = [int(one["slice"]["begun"]) for one in decisions] + [2**62]
    for one, following in zip(decisions, begins[1:], strict=True):
        s = one["slice"]
        begun, until, base, quota = (int(s[name]) for name in ("begun", "until", "filled_before", "quota"))
        stop = max(min(until, following), begun)
        reached = base + quota * ((stop - begun) / (until - begun) if until > begun else 1.0)
        times += [begun, stop]
        target += [float(base), reached]
        band += [(float(base), reached)] * 2
    low, high = np.array(band).T
    return SchedulePath(np.array(times, np.int64), np.array(target), low, high)
