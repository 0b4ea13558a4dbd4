"""A process that must not outlive the one that started it: it ends when the other end of a pipe is gone.

Whoever starts it holds the other end, and need do nothing: the system closes it with the process, however that ends.
The watch is a thread, so that it works while the process loads, compiles, or waits for something else.
"""

import os
import select
import threading
from collections.abc import Callable

__all__ = ["end_with_parent"]


def end_with_parent(file: int, last: Callable[[], object] = lambda: None) -> Callable[[], None]:
    """End this process (exit code 0, nothing cleared up but by `last`) when the other end of `file` is closed.

    Nothing is read from `file`. Returns what ends the watch: from then on the end is the caller's business.
    """
    over = threading.Event()

    def watch() -> None:
        hung_up = select.poll()
        hung_up.register(file, 0)  # POLLHUP and POLLERR are always told
        hung_up.poll()
        if not over.is_set():
            last()
            os._exit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()
    return over.set
