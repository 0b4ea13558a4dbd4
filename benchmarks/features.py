"""Features: what keeping their state costs an event on top of the book, and what a row of the whole vector costs.

The core set is microprice, imbalance, volatility and trade flow; its state (with that of order-flow imbalance at the
touch, signs and intensity, which shares it) follows every event. The full set adds five levels a side. Each value is
the median of differences between neighbouring runs, compiled, one core.
"""

import statistics
import time
from typing import Any

import numpy as np
from streams import l3_stream

from nowake.book.feed import apply_all
from nowake.book.state import REPLAY, new_books
from nowake.features.state import NEWS, new_features
from nowake.features.stream import run as run_features
from nowake.features.vector import rows_for

BAR, GOAL = 15.0, 10.7
REPEATS = 5
_NO_NEWS = np.zeros(0, NEWS)


def _book(events: np.ndarray) -> float:
    """Return CPU seconds of the book alone."""
    books = new_books(1, REPLAY)
    start = time.process_time()
    apply_all(books, 0, events, 0, len(events))
    return time.process_time() - start


def _with_features(events: np.ndarray, *, depth: bool, every: int) -> tuple[float, int]:
    """Return CPU seconds of book and features together, and the rows written."""
    books, features, rows = new_books(1, REPLAY), new_features(1, step=100, depth=depth), rows_for(65_536)
    k, written, start = 0, 0, time.process_time()
    while k < len(events):
        k, n = run_features(books, features, 0, events, (k, len(events)), every, rows, _NO_NEWS)
        written += n
    return time.process_time() - start, written


def run(messages: int = 3_000_000, seed: int = 1) -> list[dict[str, Any]]:
    """Return three rows: ns per event of the core set, of the full set, and ns per row of the vector."""
    events = l3_stream(messages, seed)
    _book(events[:1000])
    _with_features(events[:1000], depth=True, every=0)
    core, full, row = [], [], []
    for _ in range(REPEATS):
        alone = _book(events)
        core.append((_with_features(events, depth=False, every=-1)[0] - alone) / messages * 1e9)
        silent = _with_features(events, depth=True, every=-1)[0]
        full.append((silent - alone) / messages * 1e9)
        taken, written = _with_features(events, depth=True, every=0)
        row.append((taken - silent) / written * 1e9)
    value = statistics.median(core)
    results: list[dict[str, Any]] = [
        {"name": "features, core set", "value": round(value, 1), "unit": "ns/event", "bar": BAR, "goal": GOAL,
         "pass": value <= BAR}
    ]  # fmt: skip
    for name, values, unit in (("features, full set", full, "ns/event"), ("feature row", row, "ns/row")):
        results.append({"name": name, "value": round(statistics.median(values), 1), "unit": unit, "bar": None,
                        "goal": None, "pass": None})  # fmt: skip
    return results


if __name__ == "__main__":
    for one in run():
        print(one)
