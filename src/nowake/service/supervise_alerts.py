"""Alerts: what a person should look at now, on standard error and in the memory of whoever shows them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from nowake.core import log

__all__ = ["Alert", "Alerts"]

_KEPT = 200


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to look at: `time` ns UTC of the market, `level` info, warning or error, from `who`, in `words`."""

    time: int
    level: str
    who: str
    words: str


class Alerts:
    """The youngest alerts; `say` is told of each, by default the program's log on standard error."""

    def __init__(self, say: Callable[[Alert], None] | None = None) -> None:
        self.kept: deque[Alert] = deque(maxlen=_KEPT)
        self.count = 0
        self._say = say or _logged

    def __call__(self, time: int, level: str, who: str, words: str) -> None:
        """Raise an alert."""
        one = Alert(time, level, who, words)
        self.kept.append(one)
        self.count += 1
        self._say(one)


def _logged(alert: Alert) -> None:
    if not structlog.is_configured():
        log.configure()  # an alert must not end in standard output, where results are
    getattr(log.logger(alert.who), alert.level)(alert.words, at=alert.time)
