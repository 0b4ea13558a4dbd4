"""Parsers: LOBSTER rows and ITCH messages a second, from bytes in memory's page cache to EVENT records."""

import statistics
import struct
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from nowake.data.reader import open_reader

ROWS = 1_000_000
REPEATS = 3


def _lobster(path: Path, rng: np.random.Generator) -> None:
    times = 34_200_000_000_000 + np.cumsum(rng.integers(1, 40_000_000, ROWS))
    kinds = rng.choice([1, 2, 3, 4, 5], ROWS, p=[0.47, 0.02, 0.4, 0.08, 0.03])
    ids, sizes = rng.integers(1, 300_000_000, ROWS), rng.integers(1, 1000, ROWS)
    prices, sides = rng.integers(22_000, 22_500, ROWS) * 100, rng.choice([-1, 1], ROWS)
    columns = (times // 10**9 % 86_400, times % 10**9, kinds, ids, sizes, prices, sides)
    rows = zip(*(c.tolist() for c in columns), strict=True)
    path.write_text("".join(f"{s}.{ns:09d},{k},{i},{n},{p},{d}\n" for s, ns, k, i, n, p, d in rows))


def _itch(path: Path, rng: np.random.Generator) -> None:
    layouts = {
        "A": (
            36,
            lambda i: struct.pack(">Q1sI8sI", i, b"BS"[i & 1 : (i & 1) + 1], 100, b"AAA     ", 1_000_000 + i % 500),
        ),
        "D": (19, lambda i: struct.pack(">Q", i)),
        "U": (35, lambda i: struct.pack(">QQII", i, i + 1, 100, 1_000_000)),
        "E": (31, lambda i: struct.pack(">QIQ", i, 100, i)),
        "X": (23, lambda i: struct.pack(">QI", i, 50)),
    }
    letters = rng.choice(list(layouts), ROWS, p=[0.45, 0.42, 0.07, 0.04, 0.02])
    with path.open("wb") as out:
        for i, letter in enumerate(letters.tolist()):
            length, body = layouts[letter]
            head = struct.pack(">H1sHH", length, letter.encode(), 1, 0) + (34_200_000_000_000 + i * 1000).to_bytes(
                6, "big"
            )
            out.write(head + body(i + 1))


def _read(path: Path) -> float:
    """Return the CPU seconds of one pass over the file."""
    rows, start = 0, time.process_time()
    for chunk in open_reader(path).chunks():
        rows += len(chunk.events)
    taken = time.process_time() - start
    if rows != ROWS:
        raise AssertionError(f"{rows} rows read, {ROWS} written")
    return taken


def run() -> list[dict[str, Any]]:
    """Return one row per parser: ns a row, the median of three passes after one that compiles."""
    results = []
    cases: tuple[Any, ...] = (
        ("lobster_parse", "A_2012-06-21_message_0.csv", _lobster, "ns/row", 80.0, 62.0),
        ("itch_parse", "20101224.ITCH_50", _itch, "ns/message", 20.0, 14.0),
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, file, make, unit, bar, goal in cases:
            path = Path(folder) / file
            make(path, np.random.default_rng(7))
            _read(path)
            value = statistics.median(_read(path) for _ in range(REPEATS)) / ROWS * 1e9
            results.append(
                {"name": name, "value": round(value, 2), "unit": unit, "bar": bar, "goal": goal, "pass": value <= bar}
            )
            path.unlink()
    return results


if __name__ == "__main__":
    for row in run():
        print(row)
