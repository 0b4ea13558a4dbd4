"""A real trader at a real exchange in a thread of this process, whose market can be given faults; for tests."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nowake.core.times import SECOND
from nowake.core.values import Side
from nowake.execution.deciders import described_policy
from nowake.execution.policy import FixedPolicy
from nowake.market.preset import load, parameter_hash
from nowake.oms.events import Control, Event, RecoveryNote, decode
from nowake.oms.journal.protocol import open_journal
from nowake.risk.ladder import LadderRules
from nowake.service import exchange as exchange_module
from nowake.service.exchange import Exchange, serve
from nowake.service.ledger_file import LedgerFile, Made
from nowake.service.supervise import Supervised, Supervision, supervise
from nowake.service.supervise_alerts import Alert, Alerts
from nowake.service.trader import Setup, Trader, Work

MADE = Made("V1", "midcap", parameter_hash(load("midcap")), 7, "calm", 30.0)
RULES = LadderRules(timeout=20 * SECOND, calm=5 * SECOND)
"""No wall clock decides: tests run on busy machines."""
SUPERVISION = Supervision(RULES, every=0.0, policy_every=0.0)


class Model:
    """A policy that fails on demand: `fault` is None, or what it does."""

    def __init__(self, rate: float = 1.0) -> None:
        self.fault: str | Callable[[], None] | None = None
        self.confidence = 1.0
        self.asked = 0
        self._well = FixedPolicy(rate=rate)

    def described(self) -> dict[str, Any]:
        """Return what it is while it is well, so that a decision log can ask that again."""
        return described_policy(self._well)

    def decide(self, observations: np.ndarray, actions: np.ndarray) -> None:
        self.asked += 1
        if self.fault == "raises":
            raise ZeroDivisionError("a model")
        self._well.decide(observations, actions)
        if self.fault in ("nan", "strange"):
            actions["rate"] = np.nan if self.fault == "nan" else 7.0
        elif callable(self.fault):
            self.fault()


class Held(Exchange):
    """An exchange that tests can reach."""

    last: "Held"

    def __init__(self, kept: LedgerFile) -> None:
        super().__init__(kept)
        Held.last = self


class Desk:
    """A trader of one order of `quantity` shares over `seconds`, supervised; the clock follows `run`."""

    def __init__(
        self, folder: Path, model: Any = None, *, quantity: int = 6_000, seconds: float = 600.0,
        policy: str = "default", rules: Supervision = SUPERVISION, work: Sequence[Work] | None = None,
        decisions: bool = False,
    ) -> None:  # fmt: skip
        self.folder, self.model = folder, model or Model()
        self.heard: list[Alert] = []
        self._begin()
        work = work or (Work("one", Side.BUY, quantity, 0.0, seconds),)
        self._setup = Setup(
            folder, folder / "venue.sock", tuple(work), policy=policy, decider=self.model, decisions=decisions
        )
        self._rules = rules
        self._open()

    def _open(self) -> None:
        self.trader = Trader(self._setup)
        self.supervised: Supervised = supervise(self.trader, self._rules, Alerts(self.heard.append))
        self.supervisor = self.supervised.supervisor

    def restart(self) -> None:
        """Drop the trader as it stands, and begin another one."""
        self.trader.stopping = True
        self.trader._opened.close()
        self._open()

    def _begin(self) -> None:
        """Serve the exchange in a thread."""
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()

        def work() -> None:
            asyncio.set_event_loop(self._loop)
            self._task = self._loop.create_task(serve(MADE, self.folder, 0.0, ready.set))
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._task)
            self._loop.close()

        before, exchange_module.Exchange = exchange_module.Exchange, Held  # type: ignore[misc]
        self._thread = threading.Thread(target=work)
        self._thread.start()
        assert ready.wait(120)
        exchange_module.Exchange = before  # type: ignore[misc]
        self.market = Held.last.market

    @property
    def row(self) -> np.void:
        return self.trader.path.desk[0]  # type: ignore[no-any-return]

    @property
    def working(self) -> int:
        """Shares of children that are out."""
        return int(self.row["working"])

    def run(self, seconds: float, step: float = 0.1, until: Callable[[], bool] | None = None) -> None:
        """Let `seconds` of the market pass, or until `until` holds."""
        trader = self.trader
        for _ in range(round(seconds / step)):
            aim = trader.orders.now + round(step * SECOND)
            trader.orders.run(aim)
            while trader.data.now < aim or trader.copy.now < aim:
                trader.data.wait(0.001)
                trader.copy.wait(0.001)
            trader.step(0.0)
            if until is not None and until():
                return
        assert until is None, "it did not happen"

    def fault(self, kind: str, venue: str | None = None, seconds: float = 1.0, size: float = 0.0) -> None:
        self.market.fault(kind, venue, seconds, size)

    def close(self) -> None:
        """End the trader as it stands, and the exchange."""
        self.trader.stopping = True
        self.trader._opened.close()
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(60)

    def journalled(self, kind: type[Event]) -> list[Any]:
        """Return the events of a kind that the journal holds."""
        self.trader.books.record(_note(self.trader.now())).wait()
        reader = open_journal(self.folder / "journal.db")
        try:
            events = [decode(record.payload) for record in reader.replay()]
        finally:
            reader.close()
        return [event for event in events if isinstance(event, kind)]

    def rungs(self) -> list[str]:
        """Return the moves that the journal holds."""
        return [event.value for event in self.journalled(Control) if event.who == "ladder"]


def _note(now: int) -> Event:
    """Return an event that says nothing, to wait for those before it."""
    return RecoveryNote(now, "read by a test")
