"""A held kernel does what a kernel does, and nobody else runs Python while it does."""

import threading
import time
from typing import Any

import numpy as np
import pytest

from nowake.core.held import held
from nowake.core.jit import inline, jit_disabled, kernel


@inline
def _work(values: Any, rounds: Any) -> Any:
    total = 0.0
    for _ in range(rounds):
        for k in range(values.shape[0]):
            total += values[k] * 1.0000001
            values[k] = total % 1.0
    return total


@held
def _held(values: Any, rounds: Any) -> Any:
    return _work(values, rounds)


@kernel
def _free(values: Any, rounds: Any) -> Any:
    return _work(values, rounds)


def _ticks_of_others(call: Any, rounds: int) -> int:
    """Return how often another thread has run while `call` did."""
    ticks, over = 0, False

    def tick() -> None:
        nonlocal ticks
        while not over:
            ticks += 1
            time.sleep(0)

    other = threading.Thread(target=tick)
    other.start()
    values = np.linspace(0, 1, 1000)
    before = ticks
    call(values, rounds)
    found = ticks - before
    over = True
    other.join()
    return found


def test_both_compute_the_same() -> None:
    one, two = np.linspace(0, 1, 100), np.linspace(0, 1, 100)
    assert _held(one, 3) == _free(two, 3)
    assert one.tobytes() == two.tobytes()


@pytest.mark.skipif(jit_disabled(), reason="plain Python hands the lock on by itself")
def test_a_held_kernel_keeps_the_lock_and_a_kernel_lets_it_go() -> None:
    for call in (_held, _free):
        call(np.zeros(2), 1)  # compiled
    free, kept = _ticks_of_others(_free, 100_000), _ticks_of_others(_held, 100_000)  # a tenth of a second each
    assert 5 * kept < free
