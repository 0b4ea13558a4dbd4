"""A file larger than memory works: what a command holds at most does not grow with the file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nowake.core.events import EVENT

pytestmark = pytest.mark.slow

CHILD = """
import resource, sys
from nowake.cli.main import main

assert main(sys.argv[1:]) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""
ROOM = 100  # MiB more than for a file of a quarter of the size, which fills every buffer already


def day(folder: Path, rows: int) -> Path:
    """Write orders that come and go around 100.00, so that the book stays small."""
    path = folder / f"B{rows}_2020-01-02_34200000_57600000_message_1.csv"
    with path.open("w", encoding="ascii") as file:
        for i in range(0, rows, 2):
            at, side = 34_200 + i * 23_000 / rows, 1 if i // 2 % 2 else -1
            order = f"{i + 1},100,{1_000_000 - side * 100 * (1 + i // 2 % 7)},{side}\n"
            file.write(f"{at:.9f},1,{order}{at:.9f},{4 if i % 10 == 0 else 3},{order}")
    return path


def held(folder: Path, *argv: object) -> int:
    """Return the most memory that the command held, MiB."""
    env = {**os.environ, "NOWAKE_HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *map(str, argv)], env=env, capture_output=True, text=True, check=True
    )
    return int(done.stderr)


@pytest.mark.parametrize("command", ["check", "ingest"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, command: str) -> None:
    store = () if command == "check" else ("--store", tmp_path / "store")
    rows = 6_000_000
    quarter, whole = day(tmp_path, rows // 4), day(tmp_path, rows)
    held(tmp_path, "data", command, day(tmp_path, 100), *store)  # compiles, so that it is not measured
    more = held(tmp_path, "data", command, whole, *store) - held(tmp_path, "data", command, quarter, *store)
    assert more < ROOM
    assert min(whole.stat().st_size - quarter.stat().st_size, rows * 3 // 4 * EVENT.itemsize) > 1.5 * ROOM * 2**20
