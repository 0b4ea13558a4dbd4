"""The guard's tests with bounds checked, and with the compiler off."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CORE = ("test_guard.py", "test_usage.py", "test_tighten.py")


@pytest.mark.parametrize("switch", [pytest.param("NUMBA_BOUNDSCHECK", marks=pytest.mark.slow), "NUMBA_DISABLE_JIT"])
def test_the_core_tests_pass_in_this_mode(switch: str) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *(str(HERE / name) for name in CORE)]
    ran = subprocess.run(
        command, cwd=HERE.parents[1], env={**os.environ, switch: "1"}, capture_output=True, text=True, check=False,
        timeout=540,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-1000:]
    assert " passed" in ran.stdout
