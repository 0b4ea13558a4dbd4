"""The lines of a trade on standard error, once in a while, where no view is shown."""

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from nowake.core.times import show_time
from nowake.oms.identifiers import text

if TYPE_CHECKING:
    import numpy as np

    from nowake.service.trade_watch import Watch
    from nowake.service.trader import Trader

__all__ = ["Lines", "Voice", "kept", "line"]

EVERY = 5.0  # s of real time


class Voice:
    """Says lines on `out`, unless a view has the terminal (`quiet`)."""

    def __init__(self, out: TextIO) -> None:
        self._out, self.quiet = out, False

    def __call__(self, words: str) -> None:
        """Say a line."""
        if not self.quiet:
            self._out.write(f"{words}\n")
            self._out.flush()


def kept(trader: "Trader", zone: str) -> str:
    """Return in words for how long the market of an order that is over is kept."""
    close = trader.orders.welcome.close
    until = f"{show_time(trader.until, zone)[:8]}" if trader.until < close else "the close"
    return f"its market is kept until {until}, Ctrl-C ends that"


def line(trader: "Trader", watch: "Watch", zone: str) -> str:
    """Return where the orders stand, a line each."""
    return "\n".join(_line(trader, one, zone) for one in watch.together)


def _line(trader: "Trader", watch: "Watch", zone: str) -> str:
    parent, now, costs = watch.parent, trader.now(), watch.costs()
    if watch.staged:
        return (
            f"{show_time(now, zone)[:8]} order {text(parent.id)} ({parent.client}) is staged: it waits for its release"
        )
    cost = costs["paid_bps"]
    told = "nothing filled" if math.isnan(cost) else f"average {costs['avg_price']:.4f}, {cost:+.1f} bp"
    done, plan = parent.filled / parent.quantity, watch.planned(now)
    at, name = show_time(now, zone)[:8], f"{parent.client} " if len(watch.together) > 1 else ""
    if trader.done:
        return f"{at} {name}{done:.1%} done, {told}; the order is over, {kept(trader, zone)}"
    out = sum(child.parent == parent.id for child in trader.keeper.oms.open.values())
    return f"{at} {name}{done:.1%} done, plan {plan:.1%}, {told}, {out} orders out"


class Lines:
    """An attendant that says where the order stands every few seconds."""

    def __init__(self, trader: "Trader", watch: "Watch", zone: str, voice: Voice, every: float = EVERY) -> None:
        self._trader, self._watch, self._zone, self.voice, self._every = trader, watch, zone, voice, every
        self._last = time.monotonic()

    def files(self) -> Sequence[int]:
        """Return none: nothing wakes it."""
        return ()

    def attend(self, news: "np.ndarray", now: int) -> None:  # noqa: ARG002
        """Say a line if it is time."""
        if not self.voice.quiet and time.monotonic() - self._last >= self._every:
            self._last = time.monotonic()
            self.voice(line(self._trader, self._watch, self._zone))

    def end(self) -> None:
        """Do nothing."""
