"""Builders of records, shared by the tests of tca."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from nowake.core.board import PlaceKind
from nowake.core.records import FILL, PRINT, QUOTE_PATH, Cause
from nowake.core.times import HOUR, MINUTE, MS, SECOND, local_midnight
from nowake.core.values import Instrument, ParentOrder, Session, Side
from nowake.tca.schedule_path import SchedulePath
from nowake.tca.summary import Analysis, OrderFacts, analyse
from nowake.tca.tables import FILLS, PRINTS, QUOTES, Child, Estimate, Parent, Tables, Tape

T0 = 1_042_642_800_000_000_000  # 2003-01-15 10:00 New York
NAN = float("nan")


def _fills(*rows: tuple[Any, ...], side: int = 1) -> np.ndarray:
    """Rows of (seconds, price, quantity, mid, untouched, cause, fee); prices in ticks."""
    out = np.zeros(len(rows), FILL)
    for i, (second, price, quantity, mid, untouched, cause, fee) in enumerate(rows):
        passive = cause is not Cause.TAKE
        out[i] = (
            T0 + round(second * SECOND),
            i + 1,
            round(price * 2),
            quantity,
            fee,
            mid,
            untouched,
            side,
            passive,
            cause,
        )
    return out


def _prints(*rows: tuple[Any, ...]) -> np.ndarray:
    """Rows of (seconds, price, quantity[, hidden[, flags]])."""
    out = np.zeros(len(rows), PRINT)
    for i, (second, price, quantity, *more) in enumerate(rows):
        hidden, flags = (*more, 0, 0)[:2]
        out[i] = (T0 + round(second * SECOND), round(price * 2), quantity, 0, hidden, flags)
    return out


def _quotes(*rows: tuple[Any, ...]) -> np.ndarray:
    """Rows of (seconds, bid, ask); 0 where a side is empty."""
    out = np.zeros(len(rows), QUOTE_PATH)
    for i, (second, bid, ask) in enumerate(rows):
        out[i] = (T0 + round(second * SECOND), bid, ask, 100 if bid else 0, 100 if ask else 0)
    return out


def _order(quantity: int = 1000, side: Side = Side.BUY, minutes: int = 10, **more: Any) -> ParentOrder:
    instrument = Instrument("XYZ", Decimal("0.01"), 1, sessions=(Session(34_200 * SECOND, 57_600 * SECOND),))
    return ParentOrder("P1", instrument, side, quantity, T0, T0 + minutes * MINUTE, **more)


@pytest.fixture(scope="session")
def fills() -> Callable[..., np.ndarray]:
    return _fills


@pytest.fixture(scope="session")
def prints() -> Callable[..., np.ndarray]:
    return _prints


@pytest.fixture(scope="session")
def quotes() -> Callable[..., np.ndarray]:
    return _quotes


@pytest.fixture(scope="session")
def order() -> Callable[..., ParentOrder]:
    return _order


@pytest.fixture(scope="session")
def story() -> Analysis:
    """A buy of 1000 at about 10.00, 700 filled: 300 from the queue, 100 through, 300 taken in two pieces."""
    own = _fills(
        (30, 999, 300, 1000, 1000, Cause.QUEUE, -0.6),
        (60, 1000, 100, 1001, 1001, Cause.THROUGH, -0.2),
        (120, 1004, 200, 1003, 1003, Cause.TAKE, 0.6),
        (120, 1005, 100, 1004, 1003, Cause.TAKE, 0.3),
    )
    market = _prints(
        (-60, 998, 100), (30, 999, 300), (60, 999, 200, 1), (300, 1006, 500), (660, 1008, 1000), (6000, 1010, 100)
    )
    best = _quotes(
        (-100, 999, 1001), (45, 1000, 1002), (90, 1002, 1004), (200, 1005, 1007), (400, 0, 1008), (500, 1007, 1009)
    )
    times = T0 + np.array([0, 300, 600]) * SECOND
    plan = SchedulePath(times, np.array([0.0, 500.0, 1000.0]), np.array([0.0, 400, 950]), np.array([100.0, 600, 1000]))
    facts = OrderFacts(_order(decided=T0 - 60 * SECOND), 999.0, 1000.0, 1008.0, children=5)
    return analyse(facts, own, market, best, plan)


@dataclass
class Desk:
    """Tables of a made-up desk: random walks, orders on two exchanges, a dark pool, two dealers.

    `dear`: half ticks that algorithm "slow" pays more; `toxic`: ticks that the mid moves against fills at BETA.
    """

    seed: int = 1
    days: int = 12
    orders: int = 3
    dear: int = 0
    toxic: int = 0
    rejecting: bool = False
    rng: np.random.Generator = field(init=False)
    parents: list[Parent] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    fills: list[tuple[Any, ...]] = field(default_factory=list)
    seq: int = 0

    def next(self) -> int:
        self.seq += 1
        return self.seq

    def tables(self) -> Tables:
        self.rng = np.random.default_rng(self.seed)
        instrument = Instrument("XYZ", Decimal("0.01"), 1, sessions=(Session(34_200 * SECOND, 57_600 * SECOND),))
        tapes = {}
        for k in range(self.days):
            day = date(2026, 3, 2) + timedelta(days=k)
            tapes["XYZ", day.isoformat()] = self.day(day)
        rows = np.array(sorted(self.fills, key=lambda row: row[2]), FILLS) if self.fills else np.zeros(0, FILLS)
        return Tables({"XYZ": instrument}, tuple(self.parents), tuple(self.children), rows, tapes, source="a desk")

    def day(self, day: date) -> Tape:
        opened = local_midnight(day, "America/New_York") + 34_200 * SECOND
        n = 7 * HOUR // (10 * SECOND) - 360
        times = opened + np.arange(n) * 10 * SECOND
        bid = 5000 + np.cumsum(self.rng.integers(-1, 2, n))
        market = [(0, 0, int(t), 2 * int(b) + 2, int(q), 0, 0, 0) for t, b, q in
                  zip(times + SECOND, bid, self.rng.integers(1, 9, n) * 100, strict=True)]  # fmt: skip
        shift = np.zeros(n, np.int64)
        for k in range(self.orders):
            market += self.order(f"{day:%m%d}-{k}", times, bid, shift)
        quotes = np.zeros(n, QUOTES)
        quotes["seq"] = [self.next() for _ in range(n)]
        quotes["time"], quotes["bid"], quotes["ask"] = times, bid + shift, bid + shift + 2
        quotes["bid_size"] = quotes["ask_size"] = 300
        prints = np.array(sorted(market, key=lambda row: row[2]), PRINTS)
        prints["seq"] = [self.next() for _ in range(len(prints))]
        return Tape(quotes, prints)

    def order(self, name: str, times: np.ndarray, bid: np.ndarray, shift: np.ndarray) -> list[tuple[Any, ...]]:
        """Add one order of eight children, a minute apart; return the prints of its fills."""
        rng, side = self.rng, Side(int(self.rng.choice([1, -1])))
        i = int(rng.integers(10, 1500))
        algo, last = ("slow", "fast")[int(rng.integers(2))], i + 60
        mid2 = [2 * int(bid[j]) + 2 for j in range(len(bid))]
        extra, prints, left = (self.dear if algo == "slow" else 0), [], 800
        for c in range(8):
            j = i + 6 * c
            venue = ("ALPHA", "BETA", "OPAL", "RFQ")[int(rng.integers(4))]
            if venue == "RFQ":
                done = self.request(f"{name}/{c}", name, side, int(times[j]), mid2[j])
            else:
                done = self.child(f"{name}/{c}", name, venue, side, int(times[j]), mid2[j] + side * extra, mid2[j])
            left -= done
            if venue == "BETA" and done:
                shift[j + 1 : j + 7] -= side * self.toxic
            if done and venue != "RFQ":
                prints.append((0, done, int(times[j]) + SECOND, self.fills[-1][3], done, 0, 0, 0))
        parent = Parent(
            name, "XYZ", side, 800, int(times[i - 6]), int(times[i]), int(times[last]), mid2[i - 6],
            mid2[i], mid2[last],
            account=("one", "two")[int(rng.integers(2))], desk="cash", algo=algo, model="m1",
            estimate=Estimate(2.0, -14.0, 2.0, 18.0), seqs=(self.next(), self.next()),
            schedule=SchedulePath(times[[i, last]], np.array([0.0, 800.0])),
        )  # fmt: skip
        self.parents.append(parent)
        return prints

    def child(self, cid: str, parent: str, venue: str, side: Side, time: int, around: int, mid2: int) -> int:
        kind = PlaceKind.DARK if venue == "OPAL" else PlaceKind.LIT
        passive = bool(self.rng.integers(2)) and kind is PlaceKind.LIT
        done = int(self.rng.choice([0, 50, 100])) if passive or kind is PlaceKind.DARK else 100
        away = 0 if kind is PlaceKind.DARK else -2 if passive else 2
        self.children.append(Child(cid, parent, venue, kind, time, 100, done, price=5000, seqs=(self.next(),)))
        if done:
            self.fill(time + SECOND, around + side * away, done, mid2, (2, 1)[passive])
        return done

    def fill(self, time: int, price2: int, quantity: int, mid2: int, liquidity: int) -> None:
        fee = round(quantity * (0.003 if liquidity == 2 else -0.002), 6)
        row = (self.next(), len(self.children) - 1, time, price2, quantity, mid2, float(mid2), fee, 0, liquidity)
        self.fills.append(row)

    def request(self, cid: str, parent: str, side: Side, time: int, mid2: int) -> int:
        """Ask two dealers for 100; the better quote is taken, and now and then refused after last look."""
        quoted = [mid2 + side * int(q) for q in self.rng.choice([0, 1, 2, 3], 2, replace=False)]
        best = int(np.argmin(np.array(quoted) * int(side)))
        refused = self.rejecting and bool(self.rng.integers(2))
        for d in (1 - best, best):
            won = d == best
            done = 100 if won and not refused else 0
            self.children.append(
                Child(
                    f"{cid}/{d}", parent, f"DLR{d}", PlaceKind.DEALER, time, 100, done, order_kind="quote",
                    rejected=won and refused, answered=time + 50 * MS if won else None, held=40 * MS if won else None,
                    rfq_id=f"R{cid}", quoted2=quoted[d], accepted=won, seqs=(self.next(),),
                )
            )  # fmt: skip
            if done:
                self.fill(time + 50 * MS, quoted[d], 100, mid2, 2)
        return 0 if refused else 100


@pytest.fixture(scope="session")
def desk() -> Callable[..., Tables]:
    """Return the maker of a desk's tables."""

    def make(**options: Any) -> Tables:
        return Desk(**options).tables()

    return make
