"""A trader on a simulated market in this process: three sessions without sockets, and what the journal has."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from nowake.core.times import SECOND
from nowake.core.values import Side
from nowake.core.venue import Cancel, Command, New, OrderStatus, QuoteAccept, QuoteRequest, VenueEvent
from nowake.execution.policy import FixedPolicy, Policy
from nowake.market.market import Market
from nowake.market.venue import SimulatedVenue
from nowake.oms.events import Event, decode
from nowake.oms.journal.protocol import open_journal
from nowake.service import trader as trading
from nowake.service.control import Answer, Asked, Controls
from nowake.service.trader import Setup, Trader, Work


class Floor:
    """A market that outlives its traders; `said` are the own events in order of their numbers."""

    def __init__(self, seed: int = 7, warm_up: float = 60.0) -> None:
        self.market = Market.load("midcap", seed, "calm")
        self.market.advance(warm_up)
        self.market.messages()
        self.venue = SimulatedVenue(self.market)
        self.said: list[VenueEvent] = []
        self.sent: list[Command] = []
        self.news: list[np.ndarray] = []

    def run(self, until: int) -> None:
        if until > self.market.now:
            self.market.advance((until - self.market.now) / SECOND)
        self.hear()
        rows = self.market.messages()
        if len(rows):
            self.news.append(rows)

    def hear(self) -> None:
        self.said += self.venue.events()


class Session:
    """A session of a trader, as `SocketVenue` is one."""

    def __init__(self, floor: Floor, role: str, after: int) -> None:
        self.floor, self.role, self.last_event, self.closed = floor, role, after, False
        self._first = True
        self._pipe = os.pipe()
        venues = [(v.name, v.kind, v.maker_fee, v.taker_fee) for v in floor.market.venues()]
        self.welcome = SimpleNamespace(speed=0.0, venues=venues, close=floor.market.close, preset="midcap")
        if role == "data":
            floor.news.clear()

    @property
    def now(self) -> int:
        return self.floor.market.now

    def fileno(self) -> int:
        return self._pipe[0]

    def send(self, command: Command) -> None:
        self.floor.sent.append(command)
        self.floor.venue.send(command)
        self.floor.hear()

    def events(self) -> Sequence[VenueEvent]:
        self.floor.hear()
        new = [event for event in self.floor.said if event.event_id > self.last_event]
        self.last_event = max((event.event_id for event in new), default=self.last_event)
        return new

    def messages(self) -> np.ndarray:
        rows = [self.floor.market.books()] if self._first else []
        rows += self.floor.news
        self._first = False
        self.floor.news.clear()
        return np.concatenate(rows) if rows else self.floor.market.books()[:0]

    def statuses(self, scope: int | str | None = None) -> tuple[Sequence[OrderStatus], int]:
        return self.floor.venue.status(scope), len(self.floor.said)

    def run(self, until: int) -> int:
        self.floor.run(until)
        return self.now

    def close(self) -> None:
        for one in self._pipe:
            os.close(one)


class World:
    """A floor, a trader on it, and its controls; `restart` kills the trader (or lets it end) and starts another."""

    def __init__(
        self, folder: Path, work: Sequence[Work], patch: Any, decider: Policy | None = None, policy: str = "default",
        decisions: bool = False,
    ) -> None:  # fmt: skip
        self.folder, self.floor, self.work, self.policy = folder, Floor(), tuple(work), policy
        self.decider, self.decisions = decider or FixedPolicy(), decisions
        patch.setattr(trading, "_session", self._session)
        self.trader = self._trader()
        self.controls = Controls(self.trader)

    def _session(self, setup: Setup, role: str, after: int, opened: Any) -> Session:  # noqa: ARG002
        made = Session(self.floor, role, after)
        opened.callback(made.close)
        return made

    def _trader(self) -> Trader:
        setup = Setup(
            self.folder, self.folder / "none", self.work, decider=self.decider, policy=self.policy,
            decisions=self.decisions,
        )  # fmt: skip
        return Trader(setup)

    def restart(self, *, peace: bool = False) -> None:
        """End this trader, in peace or as if killed, and start the next."""
        if peace:
            self.stop()
        else:
            self.trader._opened.close()
        self.trader = self._trader()
        self.controls = Controls(self.trader)

    def stop(self) -> None:
        """End the trader in peace; the market goes on while it waits."""
        step = self.trader.step

        def stepping(wait: float = 0.0) -> None:
            self.floor.run(self.floor.market.now + SECOND // 10)
            step(0.0 * wait)

        self.trader.step = stepping  # type: ignore[method-assign]
        self.trader.stop()

    def run(self, seconds: float, every: float = 0.25, look: Callable[[], None] | None = None) -> None:
        """Let the market and the trader run; `look` is called after every step."""
        end = self.floor.market.now + round(seconds * SECOND)
        while self.floor.market.now < end:
            self.floor.run(self.floor.market.now + round(every * SECOND))
            self.trader.step(0.0)
            if look is not None:
                look()

    def say(self, what: str, target: str = "all", value: str = "", who: str = "ann") -> Answer:
        return self.controls.apply(Asked(what, target, value, who, "a test"))

    def done(self, what: str, target: str = "all", value: str = "", who: str = "ann") -> Answer:
        answer = self.say(what, target, value, who)
        assert answer.done, answer.words
        return answer

    def refused(self, what: str, target: str = "all", value: str = "", who: str = "ann") -> str:
        answer = self.say(what, target, value, who)
        assert not answer.done, answer.words
        return f"{answer.words}; {answer.hint}" if answer.hint else answer.words

    @property
    def row(self) -> np.void:
        return self.trader.path.desk[0]  # type: ignore[no-any-return]

    @property
    def names(self) -> tuple[str, ...]:
        return self.trader.names

    def orders(self) -> list[Command]:
        """New orders, requests and acceptances that have left."""
        return [one for one in self.floor.sent if isinstance(one, New | QuoteRequest | QuoteAccept)]

    def cancels(self) -> list[Command]:
        return [one for one in self.floor.sent if isinstance(one, Cancel)]

    def journal(self) -> list[Event]:
        """Every event on disk."""
        reader = open_journal(self.folder / "journal.db")
        try:
            return [decode(record.payload) for record in reader.replay()]
        finally:
            reader.close()

    def filled_at_venue(self) -> int:
        return sum(status.filled for status in self.floor.venue.status())


def buy(client: str = "P", quantity: int = 6_000, minutes: float = 10.0, **more: Any) -> Work:
    return Work(client, Side.BUY, quantity, 0.0, minutes * 60, **more)


@contextlib.contextmanager
def worlds(folder: Path, monkeypatch: Any, *usual: Work) -> Iterator[Callable[..., World]]:
    """Give what makes a world of `usual` work whose trader has run for a while; in the end all are closed."""
    made: list[World] = []

    def one(*work: Work, seconds: float = 30.0, **more: Any) -> World:
        made.append(World(folder, work or usual or [buy()], monkeypatch, **more))
        made[-1].run(seconds)
        return made[-1]

    yield one
    for each in made:
        each.trader._opened.close()
