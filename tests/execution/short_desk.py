"""Prints what a desk decides and sends on recorded steps, in the mode of the environment: run by `test_desk_modes`."""

import hashlib
import json
import pickle
import sys
from pathlib import Path

from nowake.core.venue import New
from nowake.execution.desk_state import Placing
from nowake.execution.live import LiveDesk
from nowake.execution.policy import ScriptedPolicy

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.execution.desk_world import CONFIG, OURS, Notes, Recorded, linear, path_of


def main() -> None:
    """Print counts and digests as one JSON object."""
    order, interval, places, steps = pickle.loads(Path(sys.argv[1]).read_bytes())
    path = path_of(places, ScriptedPolicy())
    path.take_on(0, order, linear(), interval, Placing())
    path.ids(0, 1, 10**6)
    venue, notes = Recorded(), Notes()
    desk = LiveDesk(path, venue, notes, CONFIG, own_from=OURS)
    for step in steps:
        desk.market(step.messages, step.now)
        venue.waiting = list(step.said)
        desk.tick(step.now)
    decided = hashlib.sha256()
    for one in notes.decisions:
        decided.update(one.observation.tobytes() + repr((one.time, one.number, one.rate, one.tactic)).encode())
    found = {
        "children": sum(isinstance(command, New) for command in venue.sent),
        "sent": hashlib.sha256(repr(venue.sent).encode()).hexdigest(),
        "decisions": len(notes.decisions),
        "decided": decided.hexdigest(),
        "filled": int(path.desk[0]["filled"]),
    }
    print(json.dumps(found))  # noqa: T201 - the caller reads it


if __name__ == "__main__":
    main()
