"""When garbage is collected in a process that trades: in moments in which nothing waits.

What there is at the start is taken out of the collector's view (it lives as long as the process), and the collector
runs no more by itself. In a quiet moment it goes through what is new once that is worth it, and now and then through
all that was new since it did so last; what is left then lives long, and is taken out of view too, so that no run grows
with the day. If no quiet moment comes it runs nevertheless before the garbage can matter: that is counted. Reference
counts free nearly everything at once; the collector is there for the cycles.
"""

import gc
from typing import Self

__all__ = ["Collector"]

_SOME = 1_000  # containers that are made and not freed: worth a look of a tenth of a millisecond
_MOST = 50_000  # of them without a quiet moment: some megabytes
_WHOLE = 16  # looks at what is new for one at all that was new


class Collector:
    """The collector of this process while it is entered; before and after, Python's own rule holds.

    `quiet` and `forced` count its runs.
    """

    def __init__(self, some: int = _SOME, most: int = _MOST, whole: int = _WHOLE) -> None:
        self._some, self._most, self._whole = some, most, whole
        self.quiet = self.forced = 0
        self._on = self._before = False

    def __enter__(self) -> Self:
        self._before, self._on = gc.isenabled(), True
        gc.disable()
        gc.freeze()
        return self

    def __exit__(self, *_: object) -> None:
        self._on = False
        gc.unfreeze()
        if self._before:
            gc.enable()

    def nothing_waits(self) -> None:
        """Collect if it is worth it: nobody is kept waiting now."""
        if self._on and gc.get_count()[0] >= self._some:
            self.quiet += 1
            if self.quiet % self._whole:
                gc.collect(1)
            else:
                gc.collect()
                gc.freeze()

    def look(self) -> None:
        """Collect if it must be."""
        if self._on and gc.get_count()[0] >= self._most:
            self.forced += 1
            gc.collect(1)
