"""A bar on standard error for work that takes more than a second, only where a person watches."""

import sys
import time
from types import TracebackType
from typing import Any, Self

__all__ = ["Progress"]


class Progress:
    """``with Progress("replay") as step: step(done, total)``: silent for a second, and always without a terminal."""

    def __init__(self, label: str, *, patience: float = 1.0) -> None:
        self.label, self.patience = label, patience
        self._begun = time.monotonic()
        self._bar: Any = None
        self._task: Any = None
        self._watched = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __call__(self, done: float, total: float | None = None, note: str | None = None) -> None:
        """Report that `done` of `total` is done; `note` names what is going on."""
        if not self._watched:
            return
        if self._bar is None:
            if time.monotonic() - self._begun < self.patience:
                return
            self._open()
        self._bar.update(self._task, completed=done, total=total, description=note or self.label)

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        self._bar = Progress(*columns, console=Console(file=sys.stderr), transient=True)
        self._task = self._bar.add_task(self.label, total=None)
        self._bar.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
