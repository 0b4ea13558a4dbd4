"""The clock of a market that follows its trader: nothing is missed, however fast it runs or slow the machine is.

At every step the market runs on by `step` ns of its own time, and the trader goes on when every session has heard of
it. Without a `speed` that is as fast as both can; with one the trader waits where it would be faster, and where it
cannot keep up the market waits for it instead of running away.
"""

import os
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nowake.core.errors import MissingError
from nowake.core.times import MS, SECOND

if TYPE_CHECKING:
    from nowake.service.trader import Trader

__all__ = ["FASTEST", "STEP", "Clockwork"]

STEP = 250 * MS
FASTEST = 100.0  # times real time up to which a venue's clock runs by itself
_PACED_STEP = SECOND
_PATIENCE = 30.0  # s


class Clockwork:
    """An attendant that lets the market of `trader` run, `speed` times real time (0: unbounded); to be added last."""

    def __init__(self, trader: "Trader", speed: float = 0.0) -> None:
        self._trader, self._speed = trader, speed
        self._step = _PACED_STEP if speed else STEP
        self._begun: tuple[float, int] | None = None  # s of real time, ns of the market's
        self._out, self._in = os.pipe()
        os.write(self._in, b".")  # never read: the trader does not wait

    def files(self) -> Sequence[int]:
        """Return what never lets the trader wait."""
        return (self._out,)

    def attend(self, news: np.ndarray, now: int) -> None:  # noqa: ARG002
        """Let the market run on, and wait until all sessions know its time."""
        one = self._trader
        if one.orders.closed:
            return
        if one.done:
            self._step = _PACED_STEP  # the market is listened to alone
        if self._speed:
            self._wait(now)
        reached = one.orders.run(now + self._step)
        for session in (one.data, one.copy):
            while session.now < reached:
                if not session.wait(_PATIENCE):
                    raise MissingError(f"the venue has told nothing of its market for {_PATIENCE:g} s")

    def _wait(self, now: int) -> None:
        """Wait until the next step is due; what is missed is not made good."""
        wall = time.monotonic()
        since, start = self._begun or (wall, now)
        early = (now + self._step - start) / (self._speed * SECOND) - (wall - since)  # s
        if early > 0:
            time.sleep(early)
        self._begun = (since, start) if early > 0 else (wall, now + self._step)

    def end(self) -> None:
        """Let go of the pipe."""
        os.close(self._out)
        os.close(self._in)
