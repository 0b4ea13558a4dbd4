"""Whole replays whose course is told by a few rows: halts, rejects, sessions, curves, the end of the day."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from nowake.core.events import EVENT, Kind
from nowake.core.times import HOUR, MINUTE, MS, SECOND
from nowake.core.values import Instrument, Session, Side
from nowake.data.volume import StaticCurve
from nowake.execution.algorithms import make_schedule
from nowake.execution.feed import Window
from nowake.execution.replay import replay_order
from nowake.execution.request import Curve, Latency, ReplayRequest, ReplayResult
from nowake.execution.state import Placement
from nowake.schedule.protocol import ScheduleState

from .conftest import OPEN, ArrayReader, market

BUY, SELL = 1, -1
BID, ASK = 999_900, 1_000_100
BOOK = [(0, Kind.ADD, 1, BUY, BID, 500), (0, Kind.ADD, 2, SELL, ASK, 500)]


def tape(*rows: tuple[float, Kind, int, int, int, int]) -> np.ndarray:
    """Rows of (seconds after the open, kind, order id, side, price, quantity)."""
    events = np.zeros(len(rows), EVENT)
    for event, (seconds, kind, oid, side, price, quantity) in zip(events, rows, strict=True):
        event["time"], event["kind"], event["order_id"] = OPEN + round(seconds * SECOND), int(kind), oid
        event["side"], event["price"], event["quantity"] = side, price, quantity
    return events


def run(events: np.ndarray, **changed: Any) -> ReplayResult:
    values: dict[str, Any] = {"algo": "twap", "side": Side.BUY, "quantity": 100, "slice_ns": HOUR}
    return replay_order(ReplayRequest(ArrayReader(events), "a tape", **{**values, **changed}))


def fills(result: ReplayResult) -> list[tuple[float, int, int, int]]:
    """(seconds after the open, price, quantity, passive)."""
    return [
        ((int(f["time"]) - OPEN) / SECOND, int(f["price2"]) // 2, int(f["quantity"]), int(f["passive"]))
        for f in result.fills
    ]


def test_trading_resumes_at_an_unchanged_touch_and_the_placer_wakes() -> None:
    result = run(tape(
        *BOOK, (0, Kind.HALT, 0, 0, 0, 0), (20, Kind.RESUME, 0, 0, 0, 0), (30, Kind.EXECUTE, 1, BUY, BID, 450),
        (31, Kind.EXECUTE, 1, BUY, BID, 50), (32, Kind.HIDDEN, 9, BUY, BID, 60), (50, Kind.TICK, 0, 0, 0, 0),
    ), placement=Placement(cross_before=0))  # fmt: skip
    assert fills(result) == [(32.0, BID, 60, 1)]
    assert result.conserved


def test_a_child_that_arrives_in_a_halt_is_rejected_and_told() -> None:
    result = run(
        tape(*BOOK, (1, Kind.HALT, 0, 0, 0, 0), (20, Kind.RESUME, 0, 0, 0, 0), (30, Kind.HIDDEN, 9, BUY, BID - 100, 60),
             (50, Kind.TICK, 0, 0, 0, 0)),
        latency=Latency(0, 2 * SECOND, MS), placement=Placement(cross_before=0),
    )  # fmt: skip
    assert (result.rejects, result.rejected) == (1, {"halted": 1})
    assert "children rejected: halted 1" in result.notes
    assert fills(result) == [(30.0, BID, 60, 1)]
    assert result.conserved


def test_the_end_of_the_data_ends_the_order() -> None:
    result = run(tape(*BOOK, (10, Kind.TICK, 0, 0, 0, 0)), end=9 * HOUR + 32 * MINUTE, quantity=300)
    assert sum(row[2] for row in fills(result)) == 300
    assert result.conserved
    assert result.working_left == 0


def test_a_limit_that_the_market_leaves_keeps_the_rest_unplaced() -> None:
    result = run(
        tape(*BOOK, (5, Kind.DELETE, 2, SELL, ASK, 500), (6, Kind.ADD, 3, SELL, ASK + 300, 500),
             (60, Kind.TICK, 0, 0, 0, 0)),
        limit=Decimal("100.02"), slice_ns=SECOND, placement=Placement(cross_before=500 * MS),
        quantity=600,
    )  # fmt: skip
    paid = result.fills["price2"]
    assert 0 < int(result.fills["quantity"].sum()) < 600
    assert int(paid.max()) <= 2 * 1_000_200
    assert result.conserved


def test_hidden_volume_and_latency_of_the_report() -> None:
    # Filled at 10 s; the report comes 5 s later: until then the engine believes that 100 are working.
    result = run(
        tape(*BOOK, (10, Kind.HIDDEN, 9, BUY, BID - 100, 100), (20, Kind.TICK, 0, 0, 0, 0)),
        latency=Latency(0, 0, 5 * SECOND), placement=Placement(cross_before=2 * SECOND),
    )  # fmt: skip
    assert fills(result) == [(10.0, BID, 100, 1)]


def window(session: Session | None, start: int = 0, end: int = 24 * HOUR) -> Window:
    return Window(0, start, start, end, session)


def shares(when: Window, edges: list[int], curve: Curve | None = None, seen: Any = None) -> list[int]:
    """Return the cumulative targets of a VWAP of 1,000,000."""
    grid = np.array(edges, np.int64)
    request = ReplayRequest(ArrayReader(market(1, 2)), "a tape", "vwap", Side.BUY, 1_000_000, curve=curve)
    schedule = make_schedule(request, when, grid, seen or (lambda *_: np.zeros(0)))
    out, done = [], 0
    for k in range(len(edges) - 1):
        state = ScheduleState(
            now=edges[k], start=edges[0], end=edges[-1], total=1_000_000, filled=done, filled_before=done, index=k,
            slices=len(edges) - 1, market_volume=0, volumes=(),
        )  # fmt: skip
        done = int(schedule.target(state))
        out.append(done)
    return out


def test_without_a_curve_vwap_is_u_shaped_over_the_session_of_the_instrument() -> None:
    session = Session(8 * HOUR, 16 * HOUR + 30 * MINUTE, "Europe/London")
    when = window(session, 8 * HOUR, 16 * HOUR + 30 * MINUTE)
    edges = [8 * HOUR + k * 102 * MINUTE for k in range(6)]
    targets = shares(when, edges)
    parts = np.diff([0, *targets])
    assert parts[0] == pytest.approx(parts[-1], abs=2)
    assert parts[0] > 1.5 * parts[2]
    assert targets[-1] == 1_000_000


@pytest.mark.parametrize("session", [None, Session(0, 24 * HOUR, "UTC"), Session(9 * HOUR, 10 * HOUR)])
def test_around_the_clock_and_outside_the_session_it_is_flat(session: Session | None) -> None:
    targets = shares(window(session, 0, 20 * HOUR), [k * 4 * HOUR for k in range(6)])
    assert targets == [200_000, 400_000, 600_000, 800_000, 1_000_000]


class Learning:
    """A forecast that puts all that is left where the day has shown nothing yet."""

    def shares(self, now: int, observed: Any) -> np.ndarray:
        heavy = len(observed) > 0 and observed[-1] > 100
        rest = np.ones(4 - now)
        if heavy:
            rest[0] = 3.0
        return rest / rest.sum()


def test_a_dynamic_curve_learns_from_the_bins_of_the_day() -> None:
    curve = Curve(0, HOUR, 4, Learning(), True, "learning")
    when = window(None, 0, 4 * HOUR)
    edges = [k * HOUR for k in range(5)]

    def quiet(open_: int, width: int, n: int) -> np.ndarray:
        return np.full(n, 10.0)

    def busy(open_: int, width: int, n: int) -> np.ndarray:
        return np.full(n, 1000.0)

    assert shares(when, edges, curve, quiet) == [250_000, 500_000, 750_000, 1_000_000]
    assert shares(when, edges, curve, busy) == [250_000, 700_000, 925_000, 1_000_000]
    static = Curve(0, HOUR, 4, StaticCurve(np.array([0.1, 0.2, 0.3, 0.4])), False, "fixed")
    assert shares(when, edges, static) == [100_000, 300_000, 600_000, 1_000_000]


@pytest.mark.parametrize("quantity", [1, 3, 99, 101])
def test_odd_lots_and_quantities_below_the_number_of_slices(quantity: int) -> None:
    result = run(market(2), quantity=quantity, slice_ns=10 * SECOND)
    assert int(result.fills["quantity"].sum()) == quantity
    assert result.targets[-1] == quantity


def test_an_instrument_without_a_session_trades_around_the_clock() -> None:
    class Crypto(ArrayReader):
        def __init__(self, events: np.ndarray) -> None:
            super().__init__(events)
            coin = Instrument("COIN", Decimal("0.01"), 1, Decimal("0.00000001"), 1, "USD", "X", ())
            self.meta = type(self.meta)("array", "l3", (coin,), date(2026, 1, 15))

    asked = ReplayRequest(Crypto(market(1)), "a tape", "vwap", Side.SELL, 1000, slice_ns=60 * SECOND)
    result = replay_order(asked)
    assert np.abs(np.diff(result.targets) - 100).max() <= 1
    assert result.conserved
