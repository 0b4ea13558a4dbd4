"""A bar on standard error for work that takes more than a second, only where a person watches."""

import sys
import threading
from types import TracebackType
from typing import Any, Self

__all__ = ["Progress"]


class Progress:
    """``with Progress("replay") as step: step(done, total)``: silent for a second, and always without a terminal.

    After that second the bar stands even if nothing was reported yet (a kernel is being compiled, a table is fitted);
    without a total it moves to and fro.
    """

    def __init__(self, label: str, *, patience: float = 1.0) -> None:
        self.label, self.patience = label, patience
        self._bar: Any = None
        self._task: Any = None
        self._last: dict[str, Any] = {"completed": 0, "total": None, "description": label}
        self._lock = threading.Lock()
        self._timer = threading.Timer(patience, self._open)
        self._timer.daemon = True
        self._over = False
        self._watched = sys.stderr.isatty()

    def __enter__(self) -> Self:
        if self._watched and self.patience > 0:
            self._timer.start()
        elif self._watched:
            self._open()
        return self

    def __call__(self, done: float, total: float | None = None, note: str | None = None) -> None:
        """Report that `done` of `total` is done; `note` names what is going on."""
        if not self._watched:
            return
        with self._lock:
            self._last = {"completed": done, "total": total, "description": note or self.label}
            if self._bar is not None:
                self._bar.update(self._task, **self._last)

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        with self._lock:
            if self._over:
                return
            columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
            self._bar = Progress(*columns, console=Console(file=sys.stderr), transient=True)
            self._task = self._bar.add_task(**self._last)
            self._bar.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._bar is not None:
                self._bar.stop()
