"""The plain tables that post-trade analysis reads: parents, children, fills, the market's quotes and prints.

Whoever keeps the journal fills them in; nothing here knows how a journal looks. Every row carries `seq` (or `seqs`),
the sequence numbers of the journal records that it came from (0: none), so that every number links back to them. Prices
are integer **half ticks** of the instrument (a mid may lie between two ticks), quantities integer shares or lots, times
ns UTC, fees currency (negative: a rebate).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import IntEnum
from fractions import Fraction

import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.records import PRINT, QUOTE_PATH
from nowake.core.times import clock_time
from nowake.core.values import Instrument, ParentOrder, Side
from nowake.tca.schedule_path import SchedulePath

__all__ = ["FILLS", "PRINTS", "QUOTES", "Child", "Estimate", "Liquidity", "Parent", "Tables", "Tape", "trading_day"]


class Liquidity(IntEnum):
    """How a fill came about, from our side."""

    UNKNOWN = 0
    MAKER = 1
    TAKER = 2


# `child`: row of Tables.children. `mid2`: mid just before the fill in the market we trade in, half ticks, 0 unknown.
# `untouched2`: that mid without our orders, half ticks, NaN unknown; `estimated` 1: it comes from a model, and may then
# lie between half ticks.
FILLS = np.dtype(
    [
        ("seq", "i8"),
        ("child", "i8"),
        ("time", "i8"),
        ("price2", "i8"),
        ("quantity", "i8"),
        ("mid2", "i8"),
        ("untouched2", "f8"),
        ("fee", "f8"),
        ("estimated", "u1"),
        ("liquidity", "u1"),
    ],
    align=True,
)
# Prices of QUOTES are ticks, 0 where a side is empty. `own` of PRINTS: how many shares of the print were ours.
QUOTES = np.dtype([("seq", "i8"), *((name, QUOTE_PATH[name]) for name in QUOTE_PATH.names or ())], align=True)
PRINTS = np.dtype([("seq", "i8"), ("own", "i8"), *((name, PRINT[name]) for name in PRINT.names or ())], align=True)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the order was expected to cost: mean and quantiles in bp, positive = cost, made before it started."""

    mean_bps: float
    q10_bps: float
    q50_bps: float
    q90_bps: float


@dataclass(frozen=True, slots=True)
class Parent:
    """One parent order.

    `decision2`, `arrival2`, `end2`: mids at `decided`, `start` and `end` in half ticks; `end2` 0 is unknown, which is
    allowed where all was filled. `limit` in ticks. `rate`: value of one unit of the instrument's currency in the
    currency of the report. `schedule`: what should have been done by when.
    """

    order_id: str
    symbol: str
    side: Side
    quantity: int
    decided: int
    start: int
    end: int
    decision2: int
    arrival2: int
    end2: int = 0
    limit: int | None = None
    account: str = ""
    desk: str = ""
    algo: str = ""
    model: str = ""
    rate: float = 1.0
    estimate: Estimate | None = None
    schedule: SchedulePath | None = field(default=None, compare=False)
    seqs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Child:
    """One order sent to one venue, or one dealer's line of a request for quotes.

    `quantity` is what was offered there. A line of a request has `rfq_id`, the dealer as `venue`, his `quoted2` (half
    ticks, None: no answer) and `accepted`; where it was not accepted nothing was offered and `quantity` is what was
    asked. `cover2`: the best of the other quotes, found from the other lines where None. `answered`: when a rejection
    or the answer to an accepted quote came; `held`: ns of last look between acceptance and answer. `price` in ticks,
    None: a market order or a request.
    """

    child_id: str
    parent_id: str
    venue: str
    kind: PlaceKind
    sent: int
    quantity: int
    filled: int = 0
    price: int | None = None
    order_kind: str = "limit"
    rejected: bool = False
    answered: int | None = None
    held: int | None = None
    rfq_id: str = ""
    quoted2: int | None = None
    cover2: int | None = None
    accepted: bool = False
    reason: str = ""
    seqs: tuple[int, ...] = ()

    @property
    def offered(self) -> int:
        """Shares that could have been filled: 0 for a quote that we did not take."""
        return 0 if self.rfq_id and not self.accepted else self.quantity


@dataclass(frozen=True, slots=True, eq=False)
class Tape:
    """What the market did in one instrument on one day: QUOTES and PRINTS records in time order.

    `snapshots`: the quotes were taken at single moments, one at every fill, and between them nothing is known; else
    each holds until the next.
    """

    quotes: np.ndarray = field(default_factory=lambda: np.zeros(0, QUOTES))
    prints: np.ndarray = field(default_factory=lambda: np.zeros(0, PRINTS))
    snapshots: bool = False

    @property
    def last(self) -> int | None:
        """Time of the last record (ns), None of an empty tape."""
        return max((int(rows["time"][-1]) for rows in (self.quotes, self.prints) if len(rows)), default=None)


def trading_day(instrument: Instrument, time: int) -> str:
    """Return the date (ISO) of `time` (ns UTC) where the instrument trades; in UTC where it has no session."""
    zone = instrument.sessions[0].timezone if instrument.sessions else "UTC"
    return clock_time(time, zone).date().isoformat()


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """All tables together: `fills` is FILLS in time order, `tapes` by (symbol, trading day); `currency` of the report.

    `source` says in words where they come from. Call `nowake.tca.check.check_tables` before anything else.
    """

    instruments: Mapping[str, Instrument]
    parents: tuple[Parent, ...]
    children: tuple[Child, ...]
    fills: np.ndarray
    tapes: Mapping[tuple[str, str], Tape]
    currency: str = "USD"
    source: str = ""

    def day(self, parent: Parent) -> str:
        """Return the trading day on which `parent` started."""
        return trading_day(self.instruments[parent.symbol], parent.start)

    def unit(self, parent: Parent) -> Fraction:
        """Return the currency value of one half tick of one share."""
        instrument = self.instruments[parent.symbol]
        return Fraction(instrument.tick_size) * Fraction(instrument.lot) / 2

    def order(self, parent: Parent) -> ParentOrder:
        """Return `parent` as the value that the benchmarks take."""
        instrument = self.instruments[parent.symbol]
        return ParentOrder(
            parent.order_id, instrument, parent.side, parent.quantity, parent.start, parent.end, parent.limit,
            parent.decided,
        )  # fmt: skip

    def days(self, parent: Parent, until: int) -> Iterator[str]:
        """Yield the trading days from the start of `parent` to `until` (ns)."""
        instrument = self.instruments[parent.symbol]
        day = date.fromisoformat(self.day(parent))
        last = date.fromisoformat(trading_day(instrument, max(until, parent.start)))
        while day <= last:
            yield day.isoformat()
            day += timedelta(days=1)

    def tape(self, parent: Parent, until: int) -> Tape:
        """Return the market of the days from the start of `parent` to `until` (ns), one after the other."""
        found = [t for day in self.days(parent, until) if (t := self.tapes.get((parent.symbol, day))) is not None]
        if len(found) < 2:
            return found[0] if found else Tape()
        quotes, prints = np.concatenate([t.quotes for t in found]), np.concatenate([t.prints for t in found])
        return Tape(quotes, prints, any(t.snapshots for t in found))
