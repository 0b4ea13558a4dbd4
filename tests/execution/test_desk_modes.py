"""A desk decides and sends the same compiled, with bounds checked, and with the compiler off."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nowake.execution.policy import ScriptedPolicy

from .desk_world import World

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = World(ScriptedPolicy(), quantity=1_200, minutes=1.0, regime="volatile")
    world.run(45.0)
    file = tmp_path_factory.mktemp("desk") / "steps"
    file.write_bytes(pickle.dumps((world.order, world.interval, list(world.path.places), world.steps)))
    return file


def ran(file: Path, mode: dict[str, str]) -> Any:
    done = subprocess.run(
        [sys.executable, str(HERE / "short_desk.py"), str(file)], cwd=HERE.parents[1], env={**os.environ, **mode},
        capture_output=True, text=True, check=False, timeout=540,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout)


def test_with_the_compiler_off_a_desk_decides_and_sends_the_same(recorded: Path) -> None:
    compiled = ran(recorded, {})
    assert ran(recorded, {"NUMBA_DISABLE_JIT": "1"}) == compiled
    assert compiled["children"] >= 5
    assert compiled["decisions"] >= 3
    assert compiled["filled"] > 0


@pytest.mark.nightly
def test_with_bounds_checked_a_desk_decides_and_sends_the_same(recorded: Path) -> None:
    assert ran(recorded, {"NUMBA_BOUNDSCHECK": "1"}) == ran(recorded, {})
