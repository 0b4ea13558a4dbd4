"""From a market event to the child order that is handed to the venue, in process, on a recorded day.

The live shell takes one event at a time in the order and with the times of the recording: book, board, features,
slice decisions, router, guard, and the child as a command at the venue. Measured are the calls that send something.
The collector of garbage is frozen and off in between, as a trader process has it; the last rows leave it on. The venue
answers at once: resting orders are acknowledged, immediate ones filled.
"""

import gc
import os
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.runner import Row
from nowake.book.state import REPLAY
from nowake.core.board import PlaceKind
from nowake.core.times import SECOND
from nowake.core.values import Instrument, ParentOrder, Side
from nowake.core.venue import Cancel, Command, New, OrderStatus, VenueEvent
from nowake.data.reader import open_reader
from nowake.execution.desk_state import CURVE, Placing
from nowake.execution.live import LiveDesk, NobodyKeeps
from nowake.execution.opening import limit_path
from nowake.execution.path import DecisionPath, Place
from nowake.execution.policy import ScriptedPolicy, UniformForecaster
from nowake.risk.policy import load
from nowake.risk.scopes import Scope, resolve

DAY = "inet_l3_2003/IBM_2003-01-15_message.csv.zst"
BARS = {"p50": 20.0, "p99": 100.0, "p99_9": 1000.0}
MOST = 400_000  # events


class Answering:
    """A venue that acknowledges what rests, fills what does not, and cancels what it is asked to."""

    def __init__(self) -> None:
        self.sent = 0
        self._said: list[VenueEvent] = []
        self._side: dict[int, New] = {}

    def send(self, command: Command) -> None:
        self.sent += 1
        if isinstance(command, New):
            self._side[command.order_id] = command
            kind, left = ("ack", command.quantity) if command.kind == "post_only" else ("fill", 0)
            self._said.append(
                VenueEvent(0, kind, command.order_id, command.venue, command.price, command.quantity, left)
            )
        elif isinstance(command, Cancel):
            old = self._side[command.order_id]
            self._said.append(VenueEvent(0, "cancel", command.order_id, old.venue, old.price, old.quantity))

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


def desk_of(events: np.ndarray, step: int) -> tuple[LiveDesk, Answering]:
    """Return a desk with one parent that is worked over the whole recording."""
    instrument = Instrument("BENCH", Decimal("0.0001") if step == 100 else Decimal("0.01"), step=step)
    path = DecisionPath(1, [Place("ALPHA", PlaceKind.LIT)], ScriptedPolicy(), UniformForecaster(), seed=1)
    effective = resolve(load("default"), Scope(desk="program", symbol="BENCH"))
    limit_path(path, effective, instrument)
    for name in ("stale_after", "venue_silence", "clock_step"):
        path.limits[name] = 3600 * SECOND  # a quiet minute of 2003 is not what is measured
    first, last = int(events["time"][0]), int(events["time"][-1])
    order = ParentOrder("B", instrument, Side.BUY, 200_000, first + 60 * SECOND, last)
    path.take_on(0, order, np.linspace(0, 1, CURVE + 1), max((last - first) // 400, 10 * SECOND), Placing())
    path.ids(0, 1, 10**7)
    venue = Answering()
    return LiveDesk(path, venue, NobodyKeeps(), REPLAY), venue


def drive(events: np.ndarray, step: int) -> np.ndarray:
    """Return the microseconds of every call that sent something."""
    desk, venue = desk_of(events, step)
    times = events["time"].tolist()
    took = []
    clock: Callable[[], int] = time.perf_counter_ns
    for k, now in enumerate(times):
        before, start = venue.sent, clock()
        desk.market(events[k : k + 1], now)
        spent = clock() - start
        if venue.sent > before:
            took.append(spent)
        desk.hear()
    return np.array(took) / 1000


def run() -> list[dict[str, Any]]:
    """Return the rows."""
    events, what, step = recorded()
    events["instrument"] = 0
    drive(events[:20_000], step)  # compile
    rows = []
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        quiet = drive(events, step)
    finally:
        gc.enable()
    loud = drive(events, step)
    gc.unfreeze()
    for name, q in (("p50", 50), ("p99", 99), ("p99_9", 99.9)):
        rows.append(Row(f"tick_to_child_{name}", float(np.percentile(quiet, q)), "us", bar=BARS[name]).as_dict())
        rows.append(Row(f"tick_to_child_{name}_gc_on", float(np.percentile(loud, q)), "us").as_dict())
    rows.append(Row(f"children_{what.replace(' ', '_')}", float(len(quiet)), "calls").as_dict())
    return rows
