"""A trade: one order or a basket, from the plan to the last fill, at a simulated market in a process of its own.

The trader runs in this process, the venue in a child of it (`trade_process`); the journal and what lies beside it
(`trade_files`) outlive both. An order that was cut off, by a kill, a dead venue or an interruption, is unfinished: the
same order asked for again goes on where it stood, on the same market, which has stood still meanwhile.
"""

import getpass
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nowake.core.errors import InputError, MissingError
from nowake.core.values import Side
from nowake.market.preset import load
from nowake.market.usual import usual_day
from nowake.oms.events import ParentSaid
from nowake.oms.journal.address import base_of, shown
from nowake.oms.states import CLOSED, Act
from nowake.service import trade_files as files
from nowake.service.control_server import ControlServer
from nowake.service.control_wire import Asked
from nowake.service.journal_folder import claim
from nowake.service.supervise import supervise
from nowake.service.supervise_alerts import Alerts
from nowake.service.tape import TapeKeeper
from nowake.service.trade_begin import Wanted, begin
from nowake.service.trade_clock import FASTEST, Clockwork
from nowake.service.trade_files import Kept, OrderKept
from nowake.service.trade_found import found
from nowake.service.trade_plan import (
    AdaptivePolicy,
    expected_of,
    expected_volumes,
    instrument_of,
    path_of,
    policy_of,
    window_of,
)
from nowake.service.trade_process import VenueProcess
from nowake.service.trade_watch import Watch
from nowake.service.trader import Attendant, Setup, Trader, Work, run
from nowake.service.venue_client import SessionLostError

__all__ = ["Staff", "attend_to", "listen_to", "trade"]

_LOOKS = 500  # for the first books

Staff = Callable[[Trader, Watch], Sequence[Attendant]]


def trade(wanted: Wanted, staff: Staff | None = None, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Work the order and return what became of it; `tell` hears in a line what is going on, alerts too.

    `staff` makes attendants beside those of `listen_to` and `attend_to`. KeyboardInterrupt where it was interrupted:
    everything is withdrawn then, the journal closed. MissingError where the venue has died; InputError, OrderError for
    what cannot be done, before anything is started.
    """
    claim(wanted.journal, wanted.folder)
    with files.held_market(wanted.journal), _terminable():
        folder, kept, again = begin(wanted, tell, lambda folder, kept: _Trade(folder, kept, wanted).cancel())
        try:
            return _Trade(folder, kept, wanted).work(staff, tell, again=again)
        except BaseException:
            _tidy(wanted.journal)
            raise


def listen_to(trader: Trader, watch: Watch) -> None:
    """Give `trader` those who must hear its market from the first message on: watch, tape."""
    trader.add(watch)
    trader.add(TapeKeeper(trader, trader.setup.base.with_suffix(".tape")))


def attend_to(trader: Trader, watch: Watch) -> None:
    """Give `trader` those who look in once its market runs, in their order; a clock that stands would alarm them."""
    policy = supervise(trader, alerts=watch.alerts).policy

    def look(_: Asked) -> str:
        if policy is None:
            raise InputError("policy", expected="one in a file, which can change", got=trader.setup.policy)
        policy.look(trader.now())
        return f"looked at the policy; {policy.version} holds"

    watch.controls.add("policy", look)
    trader.add(ControlServer(trader, watch.controls))


def _tidy(journal: str | Path) -> None:
    """Remove the folder of an order that never came into the journal."""
    state = files.look_into(journal)
    files.forget_unnamed(journal, state.oms.clients if state else ())


@dataclass(frozen=True, slots=True)
class _Ready:
    """What a trader that is clean waits for."""

    venue: VenueProcess
    staff: Staff | None
    tell: Callable[[str], None]
    stopping: Callable[[], None]


class _Trade:
    """A trade with its venue process and its trader."""

    def __init__(self, folder: Path, kept: Kept, wanted: Wanted) -> None:
        self.folder, self.kept, self.wanted = folder, kept, wanted
        self.preset = load(kept.market.preset)
        self.trader: Trader | None = None
        self.watch: Watch | None = None

    def _setup(self, socket: Path) -> Setup:
        order = self.kept.order
        window = window_of(self.preset, files.day_of(self.kept), self.kept.market.warm_up, order.horizon)
        return Setup(
            base_of(self.wanted.journal).parent, socket, tuple(self._work(one) for one in self.kept.orders),
            self.wanted.mode, policy=order.policy, instrument=instrument_of(self.preset),
            decider=policy_of(order.strategy, order.urgency, self.preset), journal=self.wanted.journal, decisions=True,
            preset=self.kept.market.parameters, after=self.wanted.after, basket=self.kept.basket,
            context=usual_day(self.preset, (window.open, window.close), self.wanted.micro),
        )  # fmt: skip

    def _work(self, order: OrderKept) -> Work:
        warm_up = self.kept.market.warm_up + order.start
        window = window_of(self.preset, files.day_of(self.kept), warm_up, order.horizon)
        volumes = expected_volumes(self.preset, window)
        path = path_of(order.strategy, order.urgency, volumes)
        part = order.part if order.strategy == "pov" else 0.0
        return Work(
            order.client, Side(order.side), order.quantity, order.start, order.start + order.horizon,
            order.limit or None, tuple(path.tolist()), part, order.strategy,
            expected_of(self.preset, order.quantity, volumes), order.account, order.staged,
        )  # fmt: skip

    def work(self, staff: Staff | None, tell: Callable[[str], None], *, again: bool) -> dict[str, Any]:
        """Work the order; `again`: it was begun before."""
        tell(f"starts market and trader: {self.preset.name}, {self.kept.market.day}, seed {self.kept.market.seed}")
        speed = self.wanted.speed if self.wanted.speed <= FASTEST else 0.0
        with VenueProcess(self.folder, speed) as venue:
            if again:
                venue.go()  # what still stands there ends in the market's own time
            with _interruptible() as stopping:
                try:
                    ready = _Ready(venue, staff, tell, stopping)
                    run(self._setup(venue.socket), ready=lambda trader: self._begin(trader, ready))
                except SessionLostError as error:
                    self._lost(venue.how_it_ended() or f"does not answer ({error.reason})", error, tell)
        if self.trader is None or self.watch is None or not self.trader.done:
            tell(
                f"stopped, everything withdrawn, journal {shown(self.wanted.journal)} closed; the same command goes on"
            )
            raise KeyboardInterrupt
        return found(self.kept, self.preset, self.watch)

    def _lost(self, how: str, error: SessionLostError, tell: Callable[[str], None]) -> None:
        """Raise MissingError for a venue that has ended before its order; say it of one after that."""
        if self.trader is None or not self.trader.done:
            raise MissingError(
                f"the venue process has ended {how} (expected one that lives as long as its order); "
                "the same command again goes on where it stood"
            ) from error
        tell(f"the venue process has ended {how}: the order is over, the tape ends before the time asked")

    def _begin(self, trader: Trader, ready: "_Ready") -> None:
        """Give a trader that is clean its plan and its attendants, and let the market run."""
        try:
            self.trader = trader
            if isinstance(trader.setup.decider, AdaptivePolicy):
                trader.setup.decider.take(trader.path.desk)
            self.watch = Watch(
                trader, self.folder, Alerts(lambda one: ready.tell(f"{one.level}: {one.who}: {one.words}"))
            )
            listen_to(trader, self.watch)
            for i in range(1, len(trader.parents)):
                trader.add(Watch(trader, self.folder, self.watch.alerts, i, self.watch))
            _first_look(trader)
            attend_to(trader, self.watch)
            for one in ready.staff(trader, self.watch) if ready.staff else ():
                trader.add(one)
            if not trader.orders.welcome.speed:
                trader.add(Clockwork(trader, self.wanted.speed))
            ready.stopping()
        except BaseException:
            ready.venue.go()  # what was sent is withdrawn in the market's own time
            if not trader.orders.welcome.speed:
                trader.add(Clockwork(trader))
            trader.stop()
            raise
        ready.venue.go()

    def cancel(self) -> None:
        """End the order for good: nothing works, the journal says so."""
        with VenueProcess(self.folder, 0.0) as venue:
            trader = Trader(self._setup(venue.socket))
            try:
                for parent in trader.parents:
                    if not CLOSED[parent.state]:
                        who, why = getpass.getuser(), "cancelled before another order"
                        said = ParentSaid(trader.now(), parent.id, Act.CANCELED, who=who, reason=why)
                        trader.books.record(said).wait()
            finally:
                trader.stop()


def _first_look(trader: Trader) -> None:
    """Let the desk act on the first books before time runs, so that it does not run while kernels are loaded."""
    for _ in range(_LOOKS):
        trader.step()
        if int(trader.desk.board["bid"]) and int(trader.desk.board["ask"]):
            trader.step(0.0)
            return


@contextmanager
def _terminable() -> Iterator[None]:
    """Take SIGTERM for an interruption of the keyboard: while a venue starts there is no trader yet that stops."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _interruptible() -> Iterator[Callable[[], None]]:
    """Let an interruption of the keyboard stop the trader in peace once the yielded call was made; a second at once."""
    before = signal.getsignal(signal.SIGINT)
    asked: list[int] = []

    def stop(number: int, _: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        signal.raise_signal(signal.SIGTERM)

    def begin() -> None:
        signal.signal(signal.SIGINT, stop)

    try:
        yield begin
    finally:
        signal.signal(signal.SIGINT, before)
