"""The simulated market: book events a second of `midcap`, calm, midday, all venues and causes, 64 markets, one core."""

import statistics
import threading
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from benchmarks.runner import Row
from nowake.core.times import HOUR, SECOND
from nowake.market.batch import BATCH_ORDER, Batch
from nowake.market.impact import flat
from nowake.market.market import FIRST_DAY
from nowake.market.preset import load
from nowake.market.sessions import session_of
from nowake.market.world.words import Action, OrderKind
from nowake.market.world.worlds import Worlds, new_worlds

MARKETS, MINUTES = 64, 20
REPEATS = 5
ABIDES = 2900.0  # events per CPU second that were once measured; abides-markets does not install on Python 3.11


def _markets() -> Worlds:
    """Return 64 markets that have run for ten minutes."""
    preset = flat(load("midcap"))
    opened, _ = session_of(preset, FIRST_DAY)
    markets = new_worlds(preset, list(range(MARKETS)), "calm", opened, opened + 24 * HOUR)
    for i in range(MARKETS):
        markets.run(i, opened + 600 * SECOND)
    return markets


def _forward(markets: Worlds, lo: int, hi: int, until: int) -> None:
    for i in range(lo, hi):
        markets.run(i, until)


def _rate(markets: Worlds, threads: int, clock: Callable[[], float]) -> float:
    """Return events per second of `clock` over MINUTES of market time."""
    before, until = int(markets.worlds["events"].sum()), int(markets.worlds["now"][0]) + MINUTES * 60 * SECOND
    edges = [MARKETS * k // threads for k in range(threads + 1)]
    begun = clock()
    if threads == 1:
        _forward(markets, 0, MARKETS, until)
    else:
        parts = [threading.Thread(target=_forward, args=(markets, lo, hi, until)) for lo, hi in pairwise(edges)]
        for part in parts:
            part.start()
        for part in parts:
            part.join()
    return (int(markets.worlds["events"].sum()) - before) / (clock() - begun)


def _own_orders(markets: Worlds) -> tuple[float, float]:
    """Return events per CPU second with a working order in every market, and decisions per CPU second.

    Every ten seconds of market time each market is looked at and its passive order moved to the touch.
    """
    batch = Batch.of_worlds(load("midcap"), markets.copy(), threads=1)
    orders = np.zeros(2 * MARKETS, BATCH_ORDER)
    orders["market"], orders["side"], orders["quantity"], orders["venue"] = np.arange(2 * MARKETS) // 2, 1, 200, 0
    orders["action"][::2], orders["action"][1::2], orders["kind"] = Action.CANCEL, Action.NEW, OrderKind.LIMIT
    before, begun = int(markets.worlds["events"].sum()), time.process_time()
    decisions = MINUTES * 6
    for k in range(decisions):
        orders["oid"][::2], orders["oid"][1::2] = max(k, 1), k + 1
        orders["price"][1::2] = batch.observe()["bid"]
        batch.step(10.0, orders)
    busy = time.process_time() - begun
    return (int(batch.worlds.worlds["events"].sum()) - before) / busy, decisions * MARKETS / busy


def run() -> list[Row]:
    """Return rows for one core, own orders, two threads against one, memory per market, and ABIDES as it was quoted."""
    markets = _markets()
    rate = statistics.median(_rate(markets, 1, time.process_time) for _ in range(REPEATS))
    ratio = statistics.median(
        _rate(markets, 2, time.perf_counter) / _rate(markets, 1, time.perf_counter) for _ in range(REPEATS)
    )
    busy = [_own_orders(markets) for _ in range(REPEATS)]
    with_orders, decisions = (statistics.median(values) for values in zip(*busy, strict=True))
    memory = (markets.worlds.nbytes + markets.books.nbytes) / MARKETS / 2**20
    return [
        Row("midcap, 64 markets", round(rate), "events/CPU-s", 4e6, 10e6, better="higher"),
        Row("with own orders and observations", round(with_orders), "events/CPU-s", 3e6, 8e6, better="higher"),
        Row("decisions", round(decisions), "per CPU-s"),
        Row("events per decision", round(with_orders / decisions), "events"),
        Row("two threads against one", round(ratio, 2), "times", 1.8, better="higher"),
        Row("memory per market", round(memory, 2), "MiB", 4.0, 1.0),
        Row(
            "against ABIDES rmsc04", round(rate), "events/CPU-s", 1000.0, None, "ABIDES, quoted, not run here", ABIDES,
            round(rate / ABIDES), "higher", "ratio",
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    print(run())
