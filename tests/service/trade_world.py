"""Trades of the tests: small orders at the midcap market, in this process or in one of their own that can be killed."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nowake.core.values import Side
from nowake.oms.apply import Oms
from nowake.service.trade_begin import Wanted
from nowake.service.trade_files import look_into

__all__ = ["At", "apart", "held", "wanted"]


def wanted(journal: str | Path, **more: Any) -> Wanted:
    """Return a small order of two minutes, worked as fast as market and trader can."""
    return replace(
        Wanted("midcap", Side.BUY, 1_000, 120.0, 7, journal, strategy="twap", urgency=0.0, speed=0.0), **more
    )


def held(journal: str | Path) -> Oms:
    """Return what a journal holds."""
    state = look_into(journal)
    assert state is not None
    return state.oms


class At:
    """An attendant that does something once, when the order has `filled` shares."""

    def __init__(self, trader: Any, filled: int, do: Any) -> None:
        self.trader, self.filled, self.do, self.done = trader, filled, do, False

    def files(self) -> Sequence[int]:
        return ()

    def attend(self, *_: object) -> None:
        if not self.done and self.trader.parents[0].filled >= self.filled:
            self.done = True
            self.do()

    def end(self) -> None:
        pass


def apart(
    journal: str | Path, quantity: int, horizon: float, speed: float, shares: int, does: str
) -> subprocess.CompletedProcess[str]:
    """Work an order in a process of its own, which does `does` (Python) when `shares` are filled."""
    tests = str(Path(__file__).parents[2])
    code = f"""
import os, signal, sys
sys.path.insert(0, {tests!r})
from tests.service.trade_world import At, wanted
from nowake.service.trade import trade
one = wanted({str(journal)!r}, quantity={quantity}, horizon={horizon}, speed={speed})
def do():
    {does}
try:
    trade(one, lambda trader, watch: [At(trader, {shares}, do)], lambda line: print(line, flush=True))
except KeyboardInterrupt:
    sys.exit(130)
"""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False, env=dict(os.environ)
    )
