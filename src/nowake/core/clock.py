"""What time it is: the real clock, or one that a simulation moves."""

import time
from typing import Protocol

from nowake.core.errors import InputError

__all__ = ["Clock", "RealClock", "SimulatedClock"]


class Clock(Protocol):
    """Nanoseconds UTC, never going backwards."""

    def now(self) -> int:
        """Return the current time, ns UTC."""
        ...

    def sleep_until(self, when: int) -> None:
        """Return at `when` (ns UTC), at once if that is past."""
        ...


class RealClock:
    """The machine's clock; a step backwards of the system time is held until it is caught up."""

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> int:
        """Return the current time, ns UTC."""
        self._last = max(self._last, time.time_ns())
        return self._last

    def sleep_until(self, when: int) -> None:
        """Sleep until `when`, ns UTC."""
        while (left := when - self.now()) > 0:
            time.sleep(left / 1e9)


class SimulatedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: int = 0) -> None:
        self._now = start

    def now(self) -> int:
        """Return the current time, ns UTC."""
        return self._now

    def sleep_until(self, when: int) -> None:
        """Jump to `when` at once, ns UTC."""
        self._now = max(self._now, when)

    def set(self, when: int) -> None:
        """Move to `when`; InputError if that lies in the past."""
        if when < self._now:
            raise InputError("simulated clock", expected=f"a time not before {self._now}", got=when)
        self._now = when
