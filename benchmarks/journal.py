"""The journal: acknowledged events per second, the time to recover a day, and what an order costs its caller.

256 callers each wait for their event to be on disk before they hand over the next, tasks of an event loop and threads.
"""

import asyncio
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.runner import Row, Skip

__all__ = ["run"]

CALLERS, DAY = 256, 1_000_000
TAIL = 50_000  # events since the snapshot


def _event() -> bytes:
    from nowake.oms.events import VenueSaid, encode
    from nowake.oms.states import Act

    return encode(VenueSaid(1_700_000_000_000_000_000, 2**61, Act.FILL_PART, 100, 1_000_000, 5, "fill-000001", "ALPHA"))


def _tasks(address: str | Path, each: int) -> float:
    """Return acknowledged events per second of CALLERS tasks."""
    from nowake.oms.journal.protocol import open_journal
    from nowake.oms.journal.writer import Writer

    writer, payload = Writer(open_journal(address, write=True)), _event()

    async def caller() -> None:
        for _ in range(each):
            await writer.put(payload)

    async def everybody() -> None:
        await asyncio.gather(*(caller() for _ in range(CALLERS)))

    begun = time.perf_counter()
    asyncio.run(everybody())
    elapsed = time.perf_counter() - begun
    writer.close()
    return CALLERS * each / elapsed


def _threads(address: str | Path, each: int) -> float:
    """Return acknowledged events per second of CALLERS threads."""
    from nowake.oms.journal.protocol import open_journal
    from nowake.oms.journal.writer import Writer

    writer, payload = Writer(open_journal(address, write=True)), _event()

    def caller() -> None:
        for _ in range(each):
            writer.put(payload).wait()

    callers = [threading.Thread(target=caller) for _ in range(CALLERS)]
    begun = time.perf_counter()
    for one in callers:
        one.start()
    for one in callers:
        one.join()
    elapsed = time.perf_counter() - begun
    writer.close()
    return CALLERS * each / elapsed


def _fsync(folder: Path) -> float:
    """Return the milliseconds of an fsync after 4 KiB, median of 50."""
    handle = os.open(folder / "fsync", os.O_CREAT | os.O_WRONLY)
    times = []
    for _ in range(50):
        os.write(handle, bytes(4096))
        begun = time.perf_counter()
        os.fsync(handle)
        times.append(time.perf_counter() - begun)
    os.close(handle)
    return statistics.median(times) * 1e3


def _order(folder: Path, orders: int = 40_000) -> tuple[float, float]:
    """Return microseconds of the caller's own time per order placed, and per event that a venue says."""
    from nowake.oms.events import ChildNew, ParentNew, ParentSaid, VenueSaid
    from nowake.oms.keeper import open_keeper
    from nowake.oms.states import Act

    keeper = open_keeper(folder / "orders", 1)
    parent = keeper.ids.next()
    keeper.enter(ParentNew(1, parent, "fund", "MIDC", 1, 2**31 - 1, 0, 2**62))
    keeper.record(ParentSaid(1, parent, Act.ACKED))
    begun, children = time.thread_time(), []
    for n in range(orders):
        child = keeper.ids.next()
        keeper.place(ChildNew(n, child, parent, "ALPHA", 1, 100, 500_000, 1, 0, n))
        children.append(child)
    placed = (time.thread_time() - begun) / orders * 1e6
    begun = time.thread_time()
    for n, child in enumerate(children):
        keeper.record(VenueSaid(n, child, Act.ACKED))
        keeper.record(VenueSaid(n, child, Act.FILL_PART, 100, 1_000_000, 5, f"{n}"))
    said = (time.thread_time() - begun) / (2 * orders) * 1e6
    keeper.close()
    return placed, said


def _strict(folder: Path, orders: int = 200) -> float:
    """Return the milliseconds until an order may leave in strict mode, median, one caller."""
    from nowake.oms.events import ChildNew, ParentNew, ParentSaid
    from nowake.oms.keeper import Mode, open_keeper
    from nowake.oms.states import Act

    keeper = open_keeper(folder / "strict", 1, mode=Mode.STRICT)
    parent, times = keeper.ids.next(), []
    keeper.enter(ParentNew(1, parent, "fund", "MIDC", 1, 2**31 - 1, 0, 2**62))
    keeper.record(ParentSaid(1, parent, Act.ACKED))
    for n in range(orders):
        begun = time.perf_counter()
        keeper.place(ChildNew(n, keeper.ids.next(), parent, "ALPHA", 1, 100, 500_000, 1, 0, n))
        times.append(time.perf_counter() - begun)
    keeper.close()
    return statistics.median(times) * 1e3


def _day(folder: Path) -> tuple[float, float]:
    """Return seconds to recover a day of DAY events from a snapshot TAIL events old, and from zero."""
    from nowake.oms.events import Asked, ChildNew, IdsReserved, ParentNew, ParentSaid, Started, VenueSaid, encode
    from nowake.oms.journal.protocol import open_journal
    from nowake.oms.snapshot import advance, recover
    from nowake.oms.states import Act

    journal = open_journal(folder / "day", write=True)
    first = [Started(1, 1, 1), IdsReserved(2, 1, 2**29), ParentNew(3, 1, "fund", "MIDC", 1, 2**31 - 1, 0, 2**62)]
    journal.append([encode(event) for event in [*first, ParentSaid(4, 1, Act.ACKED)]])

    def batch(begin: int, end: int) -> list[bytes]:
        payloads = []
        for n in range(begin, end):
            payloads += [
                encode(ChildNew(n, n, 1, "ALPHA", 1, 100, 500_000, 1, 0, n)),
                encode(VenueSaid(n, n, Act.ACKED)),
                encode(VenueSaid(n, n, Act.FILL_PART, 60, 1_000_000, 5, f"{n}")),
                encode(Asked(n, n, Act.CANCEL_ASKED)),
                encode(VenueSaid(n, n, Act.CANCELED)),
            ]
        return payloads

    orders, step = DAY // 5, 2_000
    for begin in range(2, orders + 2, step):
        journal.append(batch(begin, min(begin + step, orders + 2)))
        if begin <= orders - TAIL // 5 < begin + step:
            advance(journal)
    journal.close()
    times = []
    for whole in (False, True):
        reader = open_journal(folder / "day")
        begun = time.perf_counter()
        found = recover(reader, whole=whole)
        times.append(time.perf_counter() - begun)
        if found.oms.sequence < DAY or len(found.oms.children) != orders:
            raise AssertionError("the day is not what was written")
        reader.close()
        del found
    return times[0], times[1]


def run() -> Iterator[Row | Skip]:
    """Yield the rows; PostgreSQL's need $NOWAKE_POSTGRES, the URL of a server that may be written to."""
    with tempfile.TemporaryDirectory(prefix="nowake-bench-") as name:
        folder = Path(name)
        yield Row("fsync", round(_fsync(folder), 2), "ms")
        rate = statistics.median(_tasks(folder / f"tasks{n}", 200) for n in range(3))
        yield Row("acknowledged_256_tasks", round(rate), "events/s", bar=20_000, goal=25_000, better="higher")
        rate = statistics.median(_threads(folder / f"threads{n}", 100) for n in range(3))
        yield Row("acknowledged_256_threads", round(rate), "events/s", bar=20_000, goal=25_000, better="higher")
        placed, said = _order(folder)
        yield Row("order_placed_reserved", round(placed, 2), "us", bar=10)
        yield Row("order_placed_strict", round(_strict(folder), 2), "ms")
        yield Row("venue_event_recorded", round(said, 2), "us")
        snapshot, zero = _day(folder)
        yield Row("recover_1m_events_from_snapshot", round(snapshot, 2), "s", bar=5)
        yield Row("recover_1m_events_from_zero", round(zero, 2), "s")
    address = os.environ.get("NOWAKE_POSTGRES")
    if not address:
        yield Skip("PostgreSQL needs a server: set NOWAKE_POSTGRES=postgresql://…")
        return
    join = "&" if "?" in address else "?"
    rate = _tasks(f"{address}{join}journal=bench{os.getpid()}", 100)
    yield Row("acknowledged_256_tasks_postgres", round(rate), "events/s")


if __name__ == "__main__":
    for row in run():
        print(row)
