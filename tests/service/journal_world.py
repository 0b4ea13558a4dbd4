"""A real journal: a trader that has worked parents at an exchange for some minutes of market, with tape and log.

It is made once and copied for whoever wants to change it. The exchange's clock follows the trader, so it is the same
in every run.
"""

import asyncio
import atexit
import contextlib
import shutil
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from nowake.core.times import MS
from nowake.core.values import Side
from nowake.market.preset import load, parameter_hash
from nowake.service.exchange import serve
from nowake.service.ledger_file import Made
from nowake.service.tape import TapeKeeper
from nowake.service.trader import Setup, Trader, Work
from nowake.service.venue_client import SocketVenue

MADE = Made("V1", "midcap", parameter_hash(load("midcap")), 7, "calm", 120.0)
MARKET_S = 420.0
WORK = (
    Work("first", Side.BUY, 6_000, 0.0, 240.0),
    Work("second", Side.SELL, 4_000, 20.0, 260.0),
    Work("third", Side.BUY, 300_000, 60.0, 300.0),  # more than can be had
)


class Served:
    """An exchange in a thread of this process."""

    def __init__(self, folder: Path, made: Made = MADE) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(made, folder),), daemon=True)
        self._thread.start()
        assert self._ready.wait(900)

    async def _serve(self, made: Made, folder: Path) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        with contextlib.suppress(asyncio.CancelledError):
            await serve(made, folder, 0.0, self._ready.set)

    def close(self) -> None:
        assert self._task is not None
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(30)


class Watching:
    """Notes what a trader does, beside its journal: the boards and children as they were."""

    def __init__(self, trader: Trader) -> None:
        self.trader = trader
        self.news: list[np.ndarray] = []
        self.boards: list[tuple[int, int, int]] = []

    def files(self) -> Sequence[int]:
        return ()

    def attend(self, news: np.ndarray, now: int) -> None:
        self.news.append(news.copy())
        board = self.trader.desk.board
        self.boards.append((now, int(board["bid"]), int(board["ask"])))

    def end(self) -> None:
        pass


@dataclass(frozen=True)
class Traded:
    """A folder with a journal that is done, and what was watched."""

    folder: Path
    news: np.ndarray
    boards: np.ndarray
    ends: list[int]  # rows of `news` at which each batch ends

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    def copy(self, folder: Path) -> Path:
        """Return the journal of a copy, its log and tape beside it."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.glob("journal*"):
            if path.is_file():
                shutil.copyfile(path, folder / path.name)
            else:
                shutil.copytree(path, folder / path.name)
        return folder / "journal.db"


def follow(trader: Trader, seconds: float) -> None:
    """Let market and trader go on together for `seconds` of market time."""
    until = trader.now() + round(seconds * 1e9)
    while trader.now() < until and not trader.done:
        reached = trader.orders.run(trader.now() + 100 * MS)
        for session in (trader.data, trader.copy):
            while session.now < reached:
                assert session.wait(30)
        trader.step(0.0)


def setup_of(folder: Path, work: tuple[Work, ...] = WORK) -> Setup:
    return Setup(folder, folder / "venue.sock", work, decisions=True, preset="midcap")


def trade(folder: Path, seconds: float = MARKET_S, work: tuple[Work, ...] = WORK) -> Watching:
    """Work the parents in `folder` for some time, the tape beside the journal."""
    trader = Trader(setup_of(folder, work))
    watching = Watching(trader)
    try:
        trader.add(TapeKeeper(trader, trader.setup.base.with_suffix(".tape")))
        trader.add(watching)
        follow(trader, seconds)
        begin_running(trader)
    finally:
        trader.stop()
    return watching


def pass_time(folder: Path, seconds: float) -> None:
    """Let the market go on with no trader at it."""
    venue = SocketVenue(folder / "venue.sock", "nobody")
    venue.run(venue.now + round(seconds * 1e9))
    venue.close()


def begin_running(trader: Trader) -> None:
    """Let the market go on while the trader stops: nobody else moves its clock."""
    tick = trader.step

    def step(wait: float = 0.0) -> None:
        trader.orders.run(trader.now() + 100 * MS)
        tick(wait)

    trader.step = step  # type: ignore[method-assign]


@lru_cache(maxsize=1)
def traded() -> Traded:
    """Return the journal of one run, made at the first call."""
    folder = Path(tempfile.mkdtemp(prefix="nowake-journal-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    served = Served(folder)
    try:
        watched = trade(folder)
    finally:
        served.close()
    news = watched.news
    return Traded(
        folder, np.concatenate(news), np.array(watched.boards, np.int64), np.cumsum([len(n) for n in news]).tolist()
    )
