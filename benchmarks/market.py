"""The simulated market: book events a second of `midcap`, calm, midday, all venues and causes, 64 markets, one core."""

import statistics
import threading
import time
from itertools import pairwise
from typing import Any

import numpy as np

from nowake.core.times import HOUR, SECOND
from nowake.market.batch import BATCH_ORDER, Batch
from nowake.market.impact import flat
from nowake.market.market import FIRST_DAY
from nowake.market.preset import load
from nowake.market.sessions import session_of
from nowake.market.world.words import Action, OrderKind
from nowake.market.world.worlds import Worlds, new_worlds

MARKETS, MINUTES = 64, 20
REPEATS = 3


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


def _rate(markets: Worlds, threads: int) -> float:
    """Return events per second of wall time (one thread: of CPU time) over MINUTES of market time."""
    before, until = int(markets.worlds["events"].sum()), int(markets.worlds["now"][0]) + MINUTES * 60 * SECOND
    edges = [MARKETS * k // threads for k in range(threads + 1)]
    clock = time.process_time if threads == 1 else time.perf_counter
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


def run() -> list[dict[str, Any]]:
    """Return rows for one core, two threads against one, and memory per market."""
    markets = _markets()
    one = [_rate(markets, 1) for _ in range(REPEATS)]
    ratios = [_rate(markets, 2) / _rate(markets, 1) for _ in range(REPEATS)]
    busy = [_own_orders(markets) for _ in range(REPEATS)]
    with_orders, decisions = (statistics.median(values) for values in zip(*busy, strict=True))
    memory = (markets.worlds.nbytes + markets.books.nbytes) / MARKETS / 2**20
    rate, ratio = statistics.median(one), statistics.median(ratios)
    return [
        {"name": "midcap, 64 markets", "value": round(rate), "unit": "events/CPU-s", "bar": 4e6, "goal": 10e6,
         "pass": rate >= 4e6},
        {"name": "with own orders and observations", "value": round(with_orders), "unit": "events/CPU-s", "bar": 3e6,
         "goal": 8e6, "pass": with_orders >= 3e6},
        {"name": "decisions", "value": round(decisions), "unit": "per CPU-s"},
        {"name": "events per decision", "value": round(with_orders / decisions), "unit": "events"},
        {"name": "two threads against one", "value": round(ratio, 2), "unit": "times", "bar": 1.8,
         "pass": ratio >= 1.8},
        {"name": "memory per market", "value": round(memory, 2), "unit": "MiB", "bar": 4.0, "goal": 1.0,
         "pass": memory <= 4.0},
    ]  # fmt: skip


if __name__ == "__main__":
    print(run())
