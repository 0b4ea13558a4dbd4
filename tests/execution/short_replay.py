"""Prints what short replays give in the mode of the environment: run by `test_modes` in each of the three."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np

from nowake.core.events import EVENT, Kind
from nowake.core.times import MS, SECOND
from nowake.core.values import Side
from nowake.data.replay.state import Terms
from nowake.data.replay.venue import RecordedVenue
from nowake.execution.replay import replay_order
from nowake.execution.request import Latency, QueueChoice, ReplayRequest
from nowake.execution.state import Placement

sys.path.insert(0, str(Path(__file__).parent))
tapes = importlib.import_module("conftest")


def level_2(n: int = 300) -> np.ndarray:
    """Return a made level-2 tape."""
    rng = np.random.default_rng(5)
    events = np.zeros(n, EVENT)
    for k, e in enumerate(events):
        side = 1 if k % 2 else -1
        e["time"], e["side"], e["price"] = tapes.OPEN + k * SECOND, side, 1_000_000 - side * 100 * rng.integers(1, 4)
        trade = k > 20 and rng.random() < 0.3
        e["kind"], e["quantity"] = (Kind.TRADE if trade else Kind.LEVEL), rng.integers(1, 300)
    return events


def main() -> None:
    """Print digests as one JSON object."""
    found = {}
    for algo, halts in (("twap", False), ("pov", True)):
        reader = tapes.ArrayReader(tapes.market(3, 300, halts))
        asked = ReplayRequest(
            reader, "a tape", algo, Side.SELL, 777, slice_ns=30 * SECOND, participation=0.3,
            latency=Latency(MS, 2 * MS, 2 * MS, 0.8), placement=Placement(max_child=50, improve=1),
        )  # fmt: skip
        result = replay_order(asked)
        found[algo] = [result.digest, len(result.fills), result.children, result.conserved]
    reader = tapes.ArrayReader(level_2(), level="l2")
    asked = ReplayRequest(
        reader, "levels", "twap", Side.BUY, 500, queue=QueueChoice.parse("power:2"), slice_ns=SECOND * 60
    )
    result = replay_order(asked)
    found["level-2"] = [result.digest, len(result.fills), result.children, result.conserved]
    venue = RecordedVenue(tapes.market(4, 200), entry=MS, sigma=0.5)
    for k in range(1, 21):
        venue.submit(tapes.OPEN + k * 9 * SECOND, k, Side.BUY, 10 * k, 1_000_000 - 100 * (k % 3), Terms(k % 3))
    venue.play()
    found["venue"] = [int(venue.fills()["quantity"].sum()), len(venue.responses()), len(venue.prints())]
    print(json.dumps(found))  # noqa: T201 - the caller reads it


if __name__ == "__main__":
    main()
