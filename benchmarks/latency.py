"""From a market event to the child order that is handed to the venue, in process, on a recorded day.

The live shell takes one event at a time in the order and with the times of the recording: book, board, features,
slice decisions, router, guard, and the child as a command at the venue. Measured are the calls that send something.
Garbage is collected between events, as a trader process does it in quiet moments (`collection` is what such a moment
takes); rows with `gc_on` leave it to Python, rows with `oms` keep the books too: order management, and the hand-over to
a journal in SQLite that a thread writes to disk.
`submit_cancel` is one order of a given price through guard, books and hand-over, and the question to cancel it. The
venue answers at once: resting orders are acknowledged, immediate ones filled.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.runner import Row
from nowake.book.state import REPLAY
from nowake.core.board import PlaceKind
from nowake.core.errors import OrderError
from nowake.core.intent import OrderKind
from nowake.core.times import SECOND
from nowake.core.values import Instrument, ParentOrder, Side
from nowake.core.venue import Cancel, Command, New, OrderStatus, VenueEvent
from nowake.data.reader import open_reader
from nowake.execution.desk_state import CURVE, Placing
from nowake.execution.live import Child, LiveDesk, NobodyKeeps
from nowake.execution.opening import limit_path
from nowake.execution.path import DecisionPath, Place
from nowake.execution.policy import ScriptedPolicy, UniformForecaster
from nowake.oms.events import ParentNew, ParentSaid
from nowake.oms.keeper import Keeper, open_keeper
from nowake.oms.states import Act
from nowake.risk.guard import check
from nowake.risk.policy import load
from nowake.risk.projection import told
from nowake.risk.scopes import Scope, resolve
from nowake.service.bookkeeping import Books
from nowake.service.collecting import Collector

DAY = "inet_l3_2003/IBM_2003-01-15_message.csv.zst"
BARS = {"p50": 20.0, "p99": 100.0, "p99_9": 1000.0}
MOST = 400_000  # events
SHARES = 200_000
BLOCK = 1 << 15  # ids of children
WARM = 1000  # pairs that are not counted


class Answering:
    """A venue that acknowledges what rests, fills what does not, and cancels what it is asked to."""

    def __init__(self) -> None:
        self.sent = self._number = 0
        self._said: list[VenueEvent] = []
        self._side: dict[int, New] = {}

    def send(self, command: Command) -> None:
        self.sent += 1
        if isinstance(command, New):
            self._side[command.order_id] = command
            kind, left = ("ack", command.quantity) if command.kind == "post_only" else ("fill", 0)
            self._say(kind, command, left)
        elif isinstance(command, Cancel):
            self._say("cancel", self._side[command.order_id], 0)

    def _say(self, kind: str, order: New, left: int) -> None:
        self._number += 1
        self._said.append(
            VenueEvent(0, kind, order.order_id, order.venue, order.price, order.quantity, left, event_id=self._number)
        )

    def events(self) -> Sequence[VenueEvent]:
        new, self._said = self._said, []
        return new

    def status(self, scope: int | str | None = None) -> Sequence[OrderStatus]:  # noqa: ARG002
        return []


def recorded() -> tuple[np.ndarray, str, int]:
    """Return EVENT records of a day, what they are, and the quoting step: real data where there are some."""
    root = os.environ.get("NOWAKE_DATA")
    if root and (path := Path(root) / DAY).exists():
        return (
            np.concatenate([chunk.events for chunk in open_reader(path).chunks()])[:MOST],
            "IBM, 15 January 2003",
            100,
        )
    from nowake.market.market import Market as Simulated

    market = Simulated.load("midcap", 7)
    market.advance(3600.0)
    rows = market.messages()
    return rows[rows["instrument"] == 0][:MOST], "an hour of midcap", 1


def desk_of(events: np.ndarray, step: int, keeper: Keeper | None = None) -> tuple[LiveDesk, Answering]:
    """Return a desk with one parent that is worked over the whole recording; its books are kept by `keeper`."""
    instrument = Instrument("BENCH", Decimal("0.0001") if step == 100 else Decimal("0.01"), step=step)
    path = DecisionPath(1, [Place("ALPHA", PlaceKind.LIT)], ScriptedPolicy(), UniformForecaster(), seed=1)
    effective = resolve(load("default"), Scope(desk="program", symbol="BENCH"))
    limit_path(path, effective, instrument)
    for name in ("stale_after", "venue_silence", "clock_step"):
        path.limits[name] = 3600 * SECOND  # a quiet minute of 2003 is not what is measured
    first, last = int(events["time"][0]), int(events["time"][-1])
    order = ParentOrder("B", instrument, Side.BUY, SHARES, first + 60 * SECOND, last)
    path.take_on(0, order, np.linspace(0, 1, CURVE + 1), max((last - first) // 400, 10 * SECOND), Placing())
    path.ids(0, 1, 10**7)
    venue, books = Answering(), NobodyKeeps() if keeper is None else books_of(keeper, path, order)
    return LiveDesk(path, venue, books, REPLAY), venue


def books_of(keeper: Keeper, path: DecisionPath, order: ParentOrder) -> Books:
    """Return books that have the order; its children get ids that are reserved on disk."""
    number, tick = keeper.ids.next(), str(order.instrument.tick_size)
    keeper.enter(ParentNew(1, number, "fund", "BENCH", 1, order.quantity, order.start, order.end, tick_size=tick))
    keeper.record(ParentSaid(1, number, Act.ACKED))
    taken = [keeper.ids.next(number) for _ in range(BLOCK)]
    path.ids(0, taken[0], taken[-1])
    return Books(keeper, [number], time.time_ns)


def drive(
    events: np.ndarray, step: int, keeper: Keeper | None = None, collector: Collector | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the microseconds of every call that sent something, and of every collection between two calls."""
    desk, venue = desk_of(events, step, keeper)
    times = events["time"].tolist()
    took, collected, runs = [], [], 0
    clock: Callable[[], int] = time.perf_counter_ns
    for k, now in enumerate(times):
        before, start = venue.sent, clock()
        desk.market(events[k : k + 1], now)
        spent = clock() - start
        if venue.sent > before:
            took.append(spent)
        desk.hear()
        if collector is not None:
            start = clock()
            collector.nothing_waits()
            spent = clock() - start
            if collector.quiet > runs:
                runs = collector.quiet
                collected.append(spent)
    return np.array(took) / 1000, np.array(collected) / 1000


def submit_cancel(events: np.ndarray, step: int, keeper: Keeper) -> np.ndarray:
    """Return the microseconds of every pair of an order at the touch and its cancel."""
    desk, venue = desk_of(events, step, keeper)
    for k, now in enumerate(events["time"][:5000].tolist()):
        desk.market(events[k : k + 1], now)
    path, books, took = desk.path, desk.keeper, []
    path.usages["target"] = SHARES
    price, usages = int(path.boards[0]["bid"]), path.usages.copy()
    clock: Callable[[], int] = time.perf_counter_ns
    for oid in range(int(path.desk[0]["next_id"]), int(path.desk[0]["last_id"])):
        path.usages[:] = usages  # else its limits on messages and open orders stop it, as they should
        start = clock()
        path.intents[0] = (0, price, 100, 0, now, 0.0, 0, 1, int(OrderKind.POST_ONLY), 0, 0, 0)
        leaving = check(
            path.limits, path.usages, path.switches, path.boards, path.intents, 0, 1, now, path.passed, path.projections
        )
        books.child(Child(oid, 0, "ALPHA", Side.BUY, 100, price, OrderKind.POST_ONLY, 0, 0, 0, 0, 0, 0.0, now))
        venue.send(New(oid, Side.BUY, 100, price, "ALPHA", "post_only"))
        books.asked(oid)
        venue.send(Cancel(oid))
        took.append(clock() - start)
        for event in venue.events():
            books.event(event)
        if leaving != 1:
            raise OrderError("submit_cancel", expected="an order that the guard passes", got=told(path.projections[0]))
    return np.array(took[WARM:]) / 1000


def run() -> list[dict[str, Any]]:
    """Return the rows."""
    events, what, step = recorded()
    events["instrument"] = 0
    drive(events[:20_000], step)  # compile
    with TemporaryDirectory() as folder:
        found = _measured(events, step, Path(folder))
    rows = []
    for name, q in (("p50", 50), ("p99", 99), ("p99_9", 99.9)):
        for kind in ("", "_oms", "_gc_on"):
            bar = BARS[name] if kind != "_gc_on" else None
            value = float(np.percentile(found[f"tick_to_child{kind}"], q))
            rows.append(Row(f"tick_to_child_{name}{kind}", value, "us", bar=bar).as_dict())
    pairs = found["submit_cancel"]
    rows.append(Row("submit_cancel", float(np.percentile(pairs, 50)), "us", bar=25.0).as_dict())
    rows.append(Row("submit_cancel_p99", float(np.percentile(pairs, 99)), "us").as_dict())
    if len(found["collection"]):
        rows.append(Row("collection_p50", float(np.percentile(found["collection"], 50)), "us").as_dict())
        rows.append(Row("collection_most", float(found["collection"].max()), "us").as_dict())
    rows.append(Row(f"children_{what.replace(' ', '_')}", float(len(found["tick_to_child"])), "calls").as_dict())
    return rows


def _measured(events: np.ndarray, step: int, folder: Path) -> dict[str, np.ndarray]:
    """Return the microseconds of each kind of call."""
    found = {"tick_to_child_gc_on": drive(events, step)[0]}
    with Collector() as collector:
        found["tick_to_child"], found["collection"] = drive(events, step, None, collector)
    keeper = open_keeper(folder / "tick_to_child.db", 1, block=BLOCK)
    with closing(keeper), Collector() as collector:
        found["tick_to_child_oms"] = drive(events, step, keeper, collector)[0]
    keeper = open_keeper(folder / "submit_cancel.db", 1, block=BLOCK)
    with closing(keeper), Collector():
        found["submit_cancel"] = submit_cancel(events, step, keeper)
    return found
