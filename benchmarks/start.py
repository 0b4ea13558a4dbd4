"""From the start of a process: to the help text, to the first replayed event, to the end of a whole replay.

Each value is the median of five processes, after one that fills the caches of kernels and files.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.runner import Row, Skip, median_of

__all__ = ["run"]

DAY = "inet_l3_2003/IBM_2003-01-15_message.csv.zst"

# The second report of progress comes when the first chunk has been replayed: the process ends there.
FIRST_EVENT = """
import os, numpy as np
from nowake.core.events import EVENT
from nowake.core.values import Instrument, Side
from nowake.data.reader import Chunk, ReaderMeta
from nowake.execution.replay import replay_order
from nowake.execution.request import ReplayRequest

class Few:
    meta = ReaderMeta("few", "l3", (Instrument("X", sessions=()),), None)
    def chunks(self):
        events = np.zeros(3, EVENT)
        events["time"] = [10**9, 2 * 10**9, 400 * 10**9]
        events["order_id"], events["price"], events["quantity"] = [1, 2, 3], [500000, 500200, 499900], 100
        events["kind"], events["side"] = 1, [1, -1, 1]
        yield Chunk(events, np.arange(1, 4))
    def findings(self):
        return ()

def progress(fraction, seen=[]):
    seen.append(fraction)
    if len(seen) == 2:
        os._exit(0)

replay_order(ReplayRequest(Few(), "few", "twap", Side.BUY, 100, on_progress=progress))
"""


def _environment() -> dict[str, str]:
    """Return the environment with Python's own cache of byte code on, as an installation has it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
    elapsed = time.perf_counter() - begun
    if done.returncode:
        raise Skip(f"{' '.join(command)[:60]} failed: {done.stderr.strip()[-200:]}")
    return elapsed


def _median(command: list[str]) -> float:
    _seconds(command)
    return median_of(lambda: _seconds(command))


def run() -> Iterator[Row | Skip]:
    """Yield the rows; a whole replay needs $NOWAKE_DATA."""
    script = Path(sys.executable).with_name("nowake")
    nowake = [str(script)] if script.exists() else [sys.executable, "-m", "nowake.cli.main"]
    yield Row("help", _median([*nowake, "--help"]), "s", bar=0.35)
    yield Row("first_event", _median([sys.executable, "-c", FIRST_EVENT]), "s", bar=1.6, goal=1.2)
    day = Path(os.environ.get("NOWAKE_DATA", "")) / DAY
    if not os.environ.get("NOWAKE_DATA") or not day.is_file():
        yield Skip("the whole replay needs market data: set NOWAKE_DATA")
        return
    order = ["--algo", "vwap", "--side", "buy", "--qty", "20000", "--json"]
    yield Row("replay_ibm_2003_01_15", _median([*nowake, "replay", str(day), *order]), "s", bar=2.0)
