"""Level-3 days: the kernel against a plain pass over the reference book, hand-made days, and INET 2003."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.book.reference import ReferenceBook
from nowake.core.errors import DataError, InputError
from nowake.core.events import EVENT, Flag, Kind
from nowake.core.records import QUOTE_PATH
from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.day import PLACEMENTS, TRADE, DayRecord
from nowake.market.realism.events import from_events, from_file
from nowake.market.realism.measure import measure, reduce_day
from nowake.market.realism.view import view_of

DATA = os.environ.get("NOWAKE_DATA")
real = pytest.mark.skipif(not DATA, reason="NOWAKE_DATA is not set: no real market data")
OPEN, CLOSE, STEP = 100, 900, 2


def tape(rows: list[tuple[int, ...]]) -> np.ndarray:
    """Return events of (time, kind, id, side, price, quantity[, flags, ref])."""
    out = np.zeros(len(rows), EVENT)
    for e, row in zip(out, rows, strict=True):
        for name, value in zip(
            ("time", "kind", "order_id", "side", "price", "quantity", "flags", "ref"), row, strict=False
        ):
            e[name] = value
    return out


def recorded(events: np.ndarray) -> DayRecord:
    return from_events(events, open_ns=OPEN, close_ns=CLOSE, tick_size=0.01, step=STEP)


class Plain:
    """The same pass in plain Python."""

    def __init__(self, events: np.ndarray) -> None:
        self.book, self.trades, self.quotes = ReferenceBook(), [], []  # type: ignore[var-annotated]
        self.adds = self.cancels = self.posted = self.order = 0
        self.placements = [0] * PLACEMENTS
        last: Any = None
        for e in events:
            if e["time"] > CLOSE:
                break
            if e["time"] >= OPEN:
                if not self.quotes:
                    self.quote(OPEN)
                last = self.message(e, last)
            self.book.apply(e)
            if e["time"] >= OPEN:
                self.quote(int(e["time"]))

    def touch(self, side: int) -> tuple[int, int]:
        best = self.book.best(side)
        return (0, 0) if best is None else (best, sum(o.quantity for o in self.book.queues[side, best]))

    def quote(self, time: int) -> None:
        (bid, bid_size), (ask, ask_size) = self.touch(1), self.touch(-1)
        if not self.quotes or self.quotes[-1][1:] != (bid, ask, bid_size, ask_size):
            self.quotes.append((time, bid, ask, bid_size, ask_size))

    def message(self, e: Any, last: Any) -> Any:
        """Count one message; returns (time, side) of the print that the next one may belong to."""
        kind, flags = Kind(int(e["kind"])), Flag(int(e["flags"]))
        if kind in (Kind.EXECUTE, Kind.HIDDEN, Kind.TRADE):
            return last if flags & (Flag.UNPRINTED | Flag.BROKEN | Flag.OUTLIER) else self.printed(e, kind, last)
        if kind in (Kind.CANCEL, Kind.DELETE, Kind.REPLACE):
            self.cancels += 1
        entry = kind is Kind.ADD and not flags & Flag.SNAPSHOT
        if entry or (kind is Kind.REPLACE and not flags & Flag.KEEP_PRIORITY):
            self.adds += 1
            self.posted += int(e["quantity"])
            best = self.book.best(int(e["side"])) if e["side"] else None
            if best is not None:
                self.placements[max(int(e["side"]) * (best - int(e["price"])), 0) // STEP] += 1
        return None

    def printed(self, e: Any, kind: Kind, last: Any) -> Any:
        side, price = int(e["side"]), int(e["price"])
        order = self.book.ids.get(int(e["order_id"])) if kind is Kind.EXECUTE else None
        if order is not None:
            side, price = order.side, price or order.price
        bid, ask = self.book.best(1), self.book.best(-1)
        if side == 0 and bid is not None and ask is not None and 2 * price != bid + ask:
            side = 1 if 2 * price < bid + ask else -1
        if price <= 0 or e["quantity"] <= 0:
            return last
        self.order += last != (int(e["time"]), side)
        hidden = int(kind is Kind.HIDDEN)
        self.trades.append((int(e["time"]), 2 * price, int(e["quantity"]), self.order, 0, -side, hidden, 0))
        return int(e["time"]), side


flags = st.sampled_from(
    [0, 0, 0, 0, int(Flag.SNAPSHOT), int(Flag.UNPRINTED), int(Flag.BROKEN), int(Flag.KEEP_PRIORITY)]
)
rows = st.tuples(
    st.integers(0, 250),
    st.sampled_from([1, 1, 1, 2, 3, 4, 4, 5, 6, 9, 13]),
    st.integers(1, 12),
    st.sampled_from([-1, 0, 1, 1]),
    st.integers(95, 105),
    st.integers(0, 9),
    flags,
    st.integers(13, 20),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(rows, max_size=60))
def test_the_kernel_and_the_plain_pass_agree(drawn: list[tuple[int, ...]]) -> None:
    events = tape([(4 * t, *rest) for t, *rest in sorted(drawn, key=lambda row: row[0])])
    found, wanted = recorded(events), Plain(events)
    assert found.trades.tolist() == wanted.trades
    assert found.quotes.tolist() == wanted.quotes
    assert (found.adds, found.cancels, found.posted) == (wanted.adds, wanted.cancels, wanted.posted)
    assert found.placements.tolist() == wanted.placements


def test_a_sweep_is_one_trade_and_its_sign_is_the_taker_s() -> None:
    day = recorded(
        tape(
            [
                (10, Kind.ADD, 1, -1, 102, 5), (20, Kind.ADD, 2, -1, 104, 5), (30, Kind.ADD, 3, 1, 98, 7),
                (200, Kind.EXECUTE, 1, -1, 102, 5), (200, Kind.HIDDEN, 0, -1, 103, 2),
                (200, Kind.EXECUTE, 2, -1, 104, 1),
                (200, Kind.ADD, 4, 1, 102, 3), (200, Kind.EXECUTE, 2, -1, 104, 1), (950, Kind.EXECUTE, 3, 1, 98, 7),
            ]
        )
    )  # fmt: skip
    assert day.trades["order"].tolist() == [1, 1, 1, 2]
    assert day.trades["sign"].tolist() == [1, 1, 1, 1]
    assert day.trades["hidden"].tolist() == [0, 1, 0, 0]
    assert view_of(day).trades["quantity"].tolist() == [8, 1]
    assert day.quotes[0].tolist() == (OPEN, 98, 102, 7, 5)
    assert (day.adds, day.posted) == (1, 3)


def test_impossible_days_are_refused(make_day) -> None:
    with pytest.raises(InputError, match="times in order"):
        make_day(None, {"time": [5, 4]})
    with pytest.raises(InputError, match="both sides"):
        view_of(make_day({"bid": 0}))
    with pytest.raises(InputError, match="step"):
        make_day(step=0)
    with pytest.raises(InputError, match="TRADE"):
        DayRecord(np.zeros(0, EVENT), np.zeros(0, QUOTE_PATH), 0, 1, 0, 0, 0, np.zeros(1, int), 0.01)
    with pytest.raises(InputError, match="at least one day"):
        measure([])
    assert TRADE.itemsize == 40


def test_a_file_that_is_no_level_3_day_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "X_message.csv"
    path.write_text("34204.5,1,1,100,885800,-1\n")
    with pytest.raises(DataError, match="level-3 data with a date"):
        from_file(path)


@pytest.fixture(scope="module")
def inet() -> dict[str, dict[str, Estimate]]:
    found = {}
    for symbol in ("IBM", "YHOO", "CSCO"):
        files = sorted((Path(DATA or "") / "inet_l3_2003").glob(f"{symbol}_*_message.csv.zst"))
        assert len(files) == (5 if symbol == "CSCO" else 14)
        found[symbol] = measure([reduce_day(from_file(path)) for path in files])
    return found


@real
@pytest.mark.realdata
@pytest.mark.parametrize(
    ("part", "low", "high"),
    [
        ("traded_over_posted", 0.024, 0.149),
        ("cancels_per_trade", 1.9, 14.8),
        ("hidden_share", 0.36, 0.42),
        ("ofi_r2", 0.0997, 0.243),
        ("next_up", 0.52, 0.60),
        ("spread_over_sigma", 1.5, 4.0),
        ("duration_cv", 1.5, 2.5),
        ("sign_acf_1", 0.3, 0.4),
        ("queue_shape", 0.5, 1.7),
        ("volume_middle", 0.08, 0.10),
    ],
)
def test_inet_2003_is_what_was_measured_on_it(
    inet: dict[str, dict[str, Estimate]], part: str, low: float, high: float
) -> None:
    values = [found[part].value for found in inet.values()]
    assert low <= min(values)
    assert max(values) <= high


@real
@pytest.mark.realdata
def test_the_hidden_share_of_ibm_is_that_of_the_prints(inet: dict[str, dict[str, Estimate]]) -> None:
    hidden = inet["IBM"]["hidden_share"]
    assert hidden.value == pytest.approx(0.384, abs=0.001)
    assert hidden.low < 0.384 < hidden.high
