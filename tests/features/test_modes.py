"""The kernels with bounds checked, and with the compiler off: `compiled` is what the rest of the suite runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CORE = ("test_twin.py", "test_stream.py", "test_board.py", "test_context.py")


def passes(names: tuple[str, ...], **switch: str) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *(str(HERE / name) for name in names)]
    ran = subprocess.run(
        command, cwd=HERE.parents[1], env={**os.environ, **switch}, capture_output=True, text=True, check=False,
        timeout=540,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-1000:]
    assert " passed" in ran.stdout


def test_they_run_as_plain_python() -> None:
    passes(("test_board.py", "test_context.py"), NUMBA_DISABLE_JIT="1")


@pytest.mark.nightly
def test_the_twin_agrees_with_plain_python() -> None:
    passes(("test_twin.py",), NUMBA_DISABLE_JIT="1")


@pytest.mark.nightly
def test_no_index_leaves_its_array() -> None:
    passes(CORE, NUMBA_BOUNDSCHECK="1")
