"""The book alone: nanoseconds per message of a generated level-3 day, median of three runs."""

import statistics
import time
from typing import Any

from streams import l3_stream

from nowake.book.feed import apply_all
from nowake.book.state import REPLAY, new_books

BAR, GOAL = 30.0, 24.0


def run(messages: int = 5_000_000, seed: int = 1) -> list[dict[str, Any]]:
    """Return one row: CPU nanoseconds per message through `apply_all`, compiled, one core."""
    events = l3_stream(messages, seed)
    apply_all(new_books(1, REPLAY), 0, events, 0, 1000)
    runs = []
    for _ in range(3):
        books = new_books(1, REPLAY)
        start = time.process_time()
        apply_all(books, 0, events, 0, messages)
        runs.append((time.process_time() - start) / messages * 1e9)
    value = statistics.median(runs)
    row = {"name": "book alone", "value": round(value, 1), "unit": "ns/message", "bar": BAR, "goal": GOAL}
    return [{**row, "pass": value <= BAR}]


if __name__ == "__main__":
    print(run())
