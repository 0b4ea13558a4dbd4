"""Replay and parent engine give the same compiled, with bounds checked, and with the compiler off."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nowake.core.records import FILL, PRINT, QUOTE_PATH
from nowake.data.replay.state import COMMAND, OWN, RESPONSE, VENUE
from nowake.execution.state import CHILD, ORDER_OUT, PARENT

HERE = Path(__file__).parent
MODES: dict[str, dict[str, str]] = {
    "compiled": {},
    "bounds": {"NUMBA_BOUNDSCHECK": "1"},
    "plain": {"NUMBA_DISABLE_JIT": "1"},
}


def ran(command: list[str], mode: str) -> str:
    environment = {**os.environ, **MODES[mode]}
    done = subprocess.run(
        [sys.executable, *command], cwd=HERE.parents[1], env=environment, capture_output=True, text=True, check=False,
        timeout=540,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


@cache
def short_replay(mode: str) -> Any:
    return json.loads(ran(["-W", "error", str(HERE / "short_replay.py")], mode))


@pytest.mark.parametrize("mode", ["bounds", "plain"])
def test_the_same_digests_as_compiled(mode: str) -> None:
    assert short_replay(mode) == short_replay("compiled")


def test_the_short_replays_are_worth_comparing() -> None:
    found = short_replay("compiled")
    assert all(row[1] >= 5 and row[3] for name, row in found.items() if name != "venue")
    assert found["venue"][0] > 0


@pytest.mark.parametrize("mode", ["bounds", "plain"])
def test_the_tests_of_own_orders_and_the_twin_pass(mode: str) -> None:
    folder = HERE.parent / "data" / "replay"
    files = [
        str(folder / name)
        for name in ("test_own_orders.py", "test_hard_history.py", "test_queue_models.py", "test_twin.py")
    ]
    deselect = ["-k", "not whatever_a_feed_may_send"] if mode == "plain" else []
    assert " passed" in ran(["-m", "pytest", "-p", "no:cacheprovider", *files, *deselect], mode)


@pytest.mark.parametrize("dtype", [VENUE, OWN, COMMAND, RESPONSE, PARENT, CHILD, ORDER_OUT, FILL, PRINT, QUOTE_PATH])
def test_no_field_hides_behind_an_attribute_of_numpy_records(dtype: np.dtype) -> None:
    # `flags` is read as e["flags"] everywhere.
    assert set(dtype.names or ()) & set(dir(np.void)) <= {"flags"}
