"""The same tests with bounds checked, and with the compiler off: `compiled` is what the rest of the suite runs."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nowake.book.state import LEVEL, ORDER, REQUEST, SMALL, TRADE_OUT, book_dtype

HERE = Path(__file__).parent
CORE = ("test_bits.py", "test_feed.py", "test_golden.py", "test_matching.py", "test_twin.py")


@pytest.mark.parametrize("switch", ["NUMBA_BOUNDSCHECK", "NUMBA_DISABLE_JIT"])
def test_the_core_tests_pass_in_this_mode(switch: str) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *(str(HERE / name) for name in CORE)]
    environment = {**os.environ, switch: "1"}
    ran = subprocess.run(
        command, cwd=HERE.parents[1], env=environment, capture_output=True, text=True, check=False, timeout=540
    )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-1000:]
    assert " passed" in ran.stdout


def test_no_field_hides_behind_an_attribute_of_numpy_records() -> None:
    # With the compiler off, kernels read fields as attributes of np.record: a field named like one would be lost.

    for dtype in (book_dtype(SMALL), ORDER, LEVEL, TRADE_OUT, REQUEST):
        assert set(dtype.names or ()) & set(dir(np.void)) == set()
