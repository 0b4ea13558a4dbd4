"""The simulated market is the same compiled, with bounds checked, and with the compiler off."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nowake.market.world.state import AGENT, COMMAND, OWN_EVENT, PARAMETERS, WORLD

HERE = Path(__file__).parent


def ran(environment: dict[str, str]) -> Any:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "short_market.py")],
        env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=1500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_three_modes_give_one_result() -> None:
    compiled = ran({})
    assert ran({"NUMBA_DISABLE_JIT": "1"}) == compiled
    assert ran({"NUMBA_BOUNDSCHECK": "1"}) == compiled
    assert all(len(row[2]) >= 5 for row in compiled)


@pytest.mark.parametrize("dtype", [AGENT, COMMAND, OWN_EVENT, PARAMETERS, WORLD], ids=lambda d: f"{d.itemsize} bytes")
def test_no_field_hides_behind_an_attribute_of_numpy_records(dtype: Any) -> None:
    import numpy as np

    assert dtype.names is not None
    assert not [name for name in dtype.names if hasattr(np.recarray, name) or hasattr(np.record, name)]
