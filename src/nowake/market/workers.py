"""Threads over independent pieces of work: kernels release the lock, results never depend on how many there are."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

import numpy as np

__all__ = ["in_order", "in_parts"]

T = TypeVar("T")


def in_parts(n: int, call: Callable[[int, int], None], workers: int | None = None) -> None:
    """Call `call(lo, hi)` on consecutive parts of rows 0..n-1, one a worker (by default one a processor)."""
    edges = np.linspace(0, n, min(workers or os.cpu_count() or 1, n) + 1).astype(int)
    with ThreadPoolExecutor(len(edges) - 1) as pool:
        list(pool.map(call, edges[:-1].tolist(), edges[1:].tolist()))


def in_order(calls: Sequence[Callable[[], T]], workers: int | None = None) -> list[T]:
    """Return what every call returns, in their order; after an error or an interrupt what has not begun is dropped."""
    stop = Event()

    def begin(call: Callable[[], T]) -> T:
        if stop.is_set():
            raise CancelledError
        try:
            return call()
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(min(workers or os.cpu_count() or 1, max(len(calls), 1))) as pool:
        tasks = [pool.submit(begin, call) for call in calls]
        try:
            wait(tasks, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
    errors = [task.exception() for task in tasks if not task.cancelled()]
    first = next((error for error in errors if error and not isinstance(error, CancelledError)), None)
    if first is not None:
        raise first
    return [task.result() for task in tasks]
