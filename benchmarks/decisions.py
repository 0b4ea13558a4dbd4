"""The decision log: what a record costs its caller, how large it is, and how soon a log of a day is open.

Children and decisions of a real path are kept again and again; the time is the caller's own (`thread_time`). What has
come is written every ROUND records, outside of the time: no desk sends as fast as a loop that does nothing else. The
first child of a look keeps the look, too: what router, guard and features stood on
(`child_and_look`). The 99th percentile is of single calls by the wall clock.
"""

import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.runner import Row, median_of

__all__ = ["run"]

RECORDS, ROUND, VENUES, DAY = 20_000, 30, 8, 100_000


def _path() -> Any:
    """Return a path of one order on VENUES venues, with a look of four children passed by the guard."""
    from decimal import Decimal

    import numpy as np

    from nowake.core.board import PlaceKind
    from nowake.core.values import Instrument, ParentOrder, Side
    from nowake.execution.desk_state import CURVE, Placing
    from nowake.execution.path import DecisionPath, Place
    from nowake.execution.policy import FixedPolicy, UniformForecaster

    path = DecisionPath(1, [Place(f"V{k}", PlaceKind.LIT) for k in range(VENUES)], FixedPolicy(), UniformForecaster())
    instrument = Instrument("MIDC", Decimal("0.01"), step=1)
    order = ParentOrder("P", instrument, Side.BUY, 10_000, 0, 600 * 10**9)
    path.take_on(0, order, np.linspace(0, 1, CURVE + 1), 10**10, Placing())
    for k in range(4):
        j = path.projections[k]
        j["time"], j["venue"], j["side"], j["kind"], j["quantity"], j["price"] = 7, k, 1, 4, 100, 50_000
        j["verdict"] = 2 if k == 1 else 0  # one in four is refused: it is passed over
    return path, instrument


def _events(path: Any) -> tuple[list[Any], Any]:
    """Return the three children of a look, and a decision."""
    from nowake.core.intent import OrderKind
    from nowake.core.values import Side
    from nowake.execution.live import Child
    from nowake.execution.path import Decided

    children = [
        Child(1, 0, f"V{k}", Side.BUY, 100, 50_000, OrderKind.POST_ONLY, 0, 1, 1, 0, 4, 0.5, 7) for k in (0, 2, 3)
    ]
    return children, Decided(0, 7, 1, path.observations[0].copy(), 1.0, 0.0, 1)


def _settle(log: Any) -> None:
    """Write what has come."""
    log.flush()


def _measure(call: Callable[[int], None], log: Any, n: int = RECORDS) -> float:
    """Return the caller's microseconds per call."""
    took = 0.0
    for first in range(0, n, ROUND):
        begun = time.thread_time()
        for k in range(first, first + ROUND):
            call(k)
        took += time.thread_time() - begun
        _settle(log)
    return took / n * 1e6


def _tail(call: Callable[[int], None], log: Any, n: int = RECORDS) -> float:
    """Return the 99th percentile of single calls, microseconds."""
    times = []
    for k in range(n):
        begun = time.perf_counter_ns()
        call(k)
        times.append(time.perf_counter_ns() - begun)
        if k % ROUND == 0:
            _settle(log)
    return sorted(times)[n * 99 // 100] / 1e3


def run() -> Iterator[Row]:
    """Yield the rows."""
    from nowake.execution.decision_log import DecisionWriter
    from nowake.execution.decision_reader import DecisionLog
    from nowake.execution.decision_recorder import Recorder, header_of

    path, instrument = _path()
    children, decided = _events(path)
    hashes = {"policy": "0" * 16, "model": "0" * 16, "preset": "0" * 16}
    with tempfile.TemporaryDirectory(prefix="nowake-bench-") as name:
        log = DecisionWriter(Path(name) / "log", header_of(path, instrument, hashes, 0))
        recorder = Recorder(path, log, [1])
        traces, first = path.traces.view("u1").reshape(-1).data, struct.Struct("<2q")
        keep: Callable[[int], None] = lambda k: recorder.child(children[k % 3])  # noqa: E731

        def keep_both(k: int) -> None:
            first.pack_into(traces, 0, -k - 1, 7)  # a look that nobody has kept
            recorder.child(children[0])

        decide: Callable[[int], None] = lambda _: recorder.decided(decided)  # noqa: E731
        keep(0)
        yield Row("child_recorded", round(median_of(lambda: _measure(keep, log)), 2), "us", bar=5)
        yield Row("child_recorded_p99", round(_tail(keep, log), 2), "us")
        yield Row("child_and_look_recorded", round(median_of(lambda: _measure(keep_both, log)), 2), "us")
        yield Row("child_and_look_recorded_p99", round(_tail(keep_both, log), 2), "us")
        yield Row("decision_recorded", round(median_of(lambda: _measure(decide, log)), 2), "us", bar=5)
        yield Row("decision_recorded_p99", round(_tail(decide, log), 2), "us")
        log.close()
        yield Row(f"child_record_{VENUES}_venues", log.header.child["size"], "bytes")
        yield Row(f"decision_record_{VENUES}_venues", log.header.decision["size"], "bytes")
        yield Row("look_in_memory", log.header.look["size"], "bytes")
        begun = time.thread_time()
        kept = DecisionLog(Path(name) / "log")
        opened = (time.thread_time() - begun) / len(kept) * DAY
        yield Row(f"opened_{DAY}_records", round(opened * 1e3), "ms")


if __name__ == "__main__":
    for row in run():
        print(row)
