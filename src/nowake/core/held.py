"""The decorator of kernels that a desk calls at every event: they keep Python's lock.

A kernel of `core.jit` lets the lock go while it runs, so that others compute meanwhile. In an event loop it is a trap:
a thread that waits for the lock, as the one that writes the journal does, takes it in the midst of the event, and the
loop waits for that thread's Python, which lasts longer than the kernel did. A few microseconds are kept instead.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from nowake.core.jit import cache_dir, config

__all__ = ["held"]

F = TypeVar("F", bound=Callable[..., Any])


def held(function: F) -> F:
    """Compile an entry point as `kernel` does, but one that keeps the lock: only for what takes microseconds.

    One function has one decorator: Numba's cache does not tell the two apart.
    """
    before, config.CACHE_DIR = config.CACHE_DIR, cache_dir()
    try:
        compiled = numba.njit(cache=True, error_model="numpy")(function)
    finally:
        config.CACHE_DIR = before
    return cast("F", compiled)
