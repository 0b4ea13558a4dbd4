"""Independent pieces of work on all processors: results never depend on how many there are.

Threads where kernels do the work, since they release the lock; processes where Python does.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import (
    FIRST_EXCEPTION,
    CancelledError,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from multiprocessing import get_context
from signal import SIG_IGN, SIGINT, signal
from threading import Event
from typing import TypeVar

import numpy as np

__all__ = ["in_order", "in_parts", "in_processes"]

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


def in_processes(
    n: int, call: Callable[[int], T], workers: int, progress: Callable[[float], None] | None = None
) -> list[T]:
    """Return `call(k)` of every k in 0..n-1, in order; `progress` hears the fraction that is done.

    With one worker in this process; with more, `call` must pickle, and a script that comes here needs the usual
    `if __name__ == "__main__"`.
    """
    done: dict[int, T] = {}

    def keep(k: int, value: T) -> None:
        done[k] = value
        if progress:
            progress(len(done) / n)

    if min(workers, n) <= 1:
        for k in range(n):
            keep(k, call(k))
        return list(done.values())
    with ProcessPoolExecutor(min(workers, n), get_context("spawn"), initializer=_ignore_interrupts) as pool:
        try:
            running = {pool.submit(call, k): k for k in range(n)}
            for future in as_completed(running):
                keep(running[future], future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [done[k] for k in range(n)]


def _ignore_interrupts() -> None:
    signal(SIGINT, SIG_IGN)  # the parent ends the pool
