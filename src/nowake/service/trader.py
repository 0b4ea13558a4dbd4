"""The trader: a process that works parent orders at an exchange, and may be killed at any moment.

It keeps a folder: `journal.db`, `kill.json`, and beside the journal the log of decisions if asked to. A start replays
the journal, makes journal and venue agree (`recovery`), takes the parents up where they stand, and only then trades.
One symbol; three sessions: orders, data, drop copy. A difference that the drop copy shows (`reconcile`) stops it:
everything is withdrawn. So does SIGTERM, in peace. Attendants look in at every step: whoever records, supervises,
shows, or hears commands.
"""

import contextlib
import select
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import numpy as np

from nowake.book.state import Preset as BookPreset
from nowake.core.board import Phase
from nowake.core.errors import InputError, NowakeError
from nowake.core.times import SECOND
from nowake.core.values import Instrument, ParentOrder, Side
from nowake.execution.decision_log import DecisionWriter
from nowake.execution.decision_recorder import Recorder, Recording, header_of
from nowake.execution.desk_state import CURVE, Hands, Placing
from nowake.execution.live import Bookkeeper, LiveDesk
from nowake.execution.opening import limit_path, places_of
from nowake.execution.path import DecisionPath
from nowake.execution.policy import Policy, ScriptedPolicy, UniformForecaster
from nowake.oms.events import ParentNew, ParentSaid, PolicyLoaded
from nowake.oms.identifiers import Ids
from nowake.oms.journal.protocol import open_journal
from nowake.oms.keeper import Keeper, Mode, open_keeper
from nowake.oms.orders import Parent
from nowake.oms.states import CLOSED, Act
from nowake.risk.kill import KillSwitch
from nowake.risk.policy import load, policy_hash
from nowake.risk.scopes import Scope, resolve
from nowake.service.bookkeeping import Books, Witness, last_number
from nowake.service.reconcile import DropCopy
from nowake.service.recovery import Recovered, recover
from nowake.service.venue_client import SocketVenue

__all__ = ["Attendant", "Setup", "Trader", "Work", "run"]

_LATENCY = 500_000  # ns to a venue, taken as given
_SPARE = 80  # ids of a parent below which it gets a new block
_DESK = "program"


@dataclass(frozen=True, slots=True)
class Work:
    """A parent order: `client` is its sender's id, known once; `start` and `end` in s from the trader's first start."""

    client: str
    side: Side
    quantity: int
    start: float
    end: float
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """What a trader needs to know; `books` and `own_from` as `execution.live.LiveDesk` takes them.

    `journal`: where it lies, in the folder if None. `decisions`: whether a log of decisions is kept beside it.
    """

    folder: Path
    socket: Path
    work: tuple[Work, ...]
    mode: Mode = Mode.RESERVED
    instance: int = 1
    block: int = 256  # ids that are reserved at a time for each parent
    policy: str = "default"
    instrument: Instrument = field(default_factory=lambda: Instrument("MIDC", Decimal("0.01"), step=1))
    books: BookPreset = field(default_factory=lambda: BookPreset(levels=1024, orders=2048, trades=256))
    own_from: int = 2**40
    decider: Policy = field(default_factory=ScriptedPolicy)
    journal: Path | None = None
    decisions: bool = False
    preset: str = "unknown"  # of the market at the venue, for the log of decisions

    def __post_init__(self) -> None:
        names = [one.client for one in self.work]
        if not names or len(set(names)) < len(names):
            raise InputError("parents of a trader", expected="one or more, each with its own client id", got=names)
        if self.block <= _SPARE:
            raise InputError("block of ids", expected=f"above {_SPARE}", got=self.block)

    @property
    def file(self) -> Path:
        """The journal."""
        return self.journal or self.folder / "journal.db"


class Attendant(Protocol):
    """Whoever looks in at every step of a trader that is clean."""

    def files(self) -> Sequence[int]:
        """Return the descriptors that wake the trader."""

    def attend(self, news: np.ndarray, now: int) -> None:
        """Look in at `now` (ns UTC), after the desk has acted on `news` (EVENT)."""

    def end(self) -> None:
        """Let go: the trader ends."""


class Trader:
    """A trader that has come back: clean, its parents on the desk, nothing sent yet."""

    def __init__(self, setup: Setup, witness: Witness | None = None) -> None:
        self.setup, self.drop, self.stopping = setup, DropCopy(), False
        self.attendants: list[Attendant] = []
        with contextlib.ExitStack() as opened:
            self._begin(setup, witness, opened)
            self._opened = opened.pop_all()

    def _begin(self, setup: Setup, witness: Witness | None, opened: contextlib.ExitStack) -> None:
        journal = setup.file
        self.keeper = open_keeper(journal, setup.instance, mode=setup.mode, block=setup.block, clock=self.now)
        opened.callback(self.keeper.close)
        last = _last(journal, self.keeper)
        self.orders = _session(setup, "orders", last, opened)
        self.copy = _session(setup, "drop", last, opened)
        self.data = _session(setup, "data", 0, opened)
        self.books = Books(self.keeper, [], self.now, witness)
        self.books.last = last
        self.recovered: Recovered = recover(self.books, self.orders, self.now)
        self.parents = [self._parent(work) for work in setup.work]
        self.books.parents = [parent.id for parent in self.parents]
        self.path = self._path()
        self.desk = LiveDesk(self.path, self.orders, self._bookkeeper(opened), setup.books, setup.own_from)
        for i in range(len(self.parents)):
            self._take_up(i)

    def now(self) -> int:
        """Return the venue's time, ns UTC; 0 before the first session."""
        sessions = (getattr(self, name, None) for name in ("orders", "data"))
        return max((session.now for session in sessions if session is not None), default=0)

    def _parent(self, work: Work) -> Parent:
        """Return the parent of `work`, entered if the journal does not have it."""
        oms, now = self.keeper.oms, self.now()
        number = oms.clients.get(work.client)
        if number is None:
            number = self.keeper.ids.next()
            times = (now + round(work.start * SECOND), now + round(work.end * SECOND))
            tick = str(self.setup.instrument.tick_size)
            new = ParentNew(
                now, number, "fund", self.setup.instrument.symbol, int(work.side), work.quantity, *times,
                work.limit or 0, "scripted", tick, work.client,
            )  # fmt: skip
            self.keeper.enter(new)
        parent = oms.parents[number]
        if not parent.flags:  # entered, and not yet accepted: now, or just before a kill
            self.books.record(ParentSaid(now, number, Act.ACKED)).wait()
        return parent

    def _path(self) -> DecisionPath:
        """Return a path with its limits, hung on the kill switch."""
        setup, tick = self.setup, float(self.setup.instrument.tick_size)
        venues = self.orders.welcome.venues
        places = places_of(venues, tick, _LATENCY)
        path = DecisionPath(len(self.parents), places, setup.decider, UniformForecaster(), seed=setup.instance)
        policy = load(setup.policy)
        self.books.record(PolicyLoaded(self.now(), "execution policy", setup.policy, policy_hash(policy)))
        file = setup.folder / "kill.json"
        kill = KillSwitch.open if file.exists() else KillSwitch.create
        self.kill = kill(file, path.switches)
        limit_path(path, resolve(policy, Scope(desk=_DESK, symbol=setup.instrument.symbol)), setup.instrument)
        return path

    def _bookkeeper(self, opened: contextlib.ExitStack) -> Bookkeeper:
        """Return the books, behind the log of decisions if there is to be one."""
        setup = self.setup
        if not setup.decisions:
            return self.books
        model = type(setup.decider).__name__
        hashes = {"policy": policy_hash(load(setup.policy)), "model": model, "preset": setup.preset}
        header = header_of(self.path, setup.instrument, hashes, self.now())
        log = DecisionWriter(setup.file.with_suffix(".decisions"), header)
        opened.callback(log.close)
        return Recording(self.books, Recorder(self.path, log, [parent.id for parent in self.parents]))

    def _take_up(self, i: int) -> None:
        """Put parent `i` on the desk as the journal has it: its fills done, nothing working."""
        parent, path = self.parents[i], self.path
        order = ParentOrder(
            parent.client, self.setup.instrument, Side(parent.side), parent.quantity, parent.start, parent.end,
            parent.price or None,
        )  # fmt: skip
        interval = max(10 * SECOND, (parent.end - parent.start) // 60)
        path.take_on(i, order, np.linspace(0, 1, CURVE + 1), interval, Placing())
        path.desk[i]["filled"] = path.usages[i]["filled"] = parent.filled
        children = (self.keeper.oms.children[number] for number in parent.children)
        path.desk[i]["decisions"] = max((child.decision for child in children), default=0)
        path.usages[path.usages[i]["symbol"]]["position"] += parent.side * parent.filled
        self.kill.attach(path.usages, i, Scope(desk=_DESK, symbol=parent.symbol), self._names())
        if CLOSED[parent.state]:
            path.desk[i]["done"] = 1
        else:
            path.ids(i, *_block(self.keeper.ids, parent.id, self.setup.block))

    def _names(self) -> Sequence[str]:
        return [place.name for place in self.path.places]

    def add(self, attendant: Attendant) -> None:
        """Let `attendant` look in from now on."""
        self.attendants.append(attendant)
        self._opened.callback(attendant.end)

    def step(self, wait: float = 0.02) -> None:
        """Wait for something to arrive, at most `wait` s, and let the desk act on it."""
        waking = [session.fileno() for session in (self.orders, self.data, self.copy)]
        for attendant in self.attendants:
            waking += attendant.files()
        select.select(waking, [], [], wait)
        news = self.data.messages()
        now = self.now()
        if self.orders.closed:
            self.path.boards[0]["phase"] = int(Phase.CLOSED)
        if len(news):
            self.desk.market(news, now)
        self.desk.tick(now)
        for attendant in self.attendants:
            attendant.attend(news, now)
        self._look_after(now)
        self.drop.take(self.copy.events())
        for one in self.drop.compare(self.keeper.oms, self.books.last):
            raise NowakeError(f"the drop copy differs from the journal: {one}")

    def _look_after(self, now: int) -> None:
        """Give parents that run out of ids a new block, and end those whose window is over."""
        for i, parent in enumerate(self.parents):
            d = self.path.desk[i]
            if CLOSED[parent.state]:
                continue
            if d["done"] == 0 and d["last_id"] - d["next_id"] < _SPARE:
                self.path.ids(i, *_block(self.keeper.ids, parent.id, self.setup.block))
            if d["done"] and now >= parent.end and not parent.working:
                self.books.record(ParentSaid(now, parent.id, Act.EXPIRED, reason="its window is over"))

    @property
    def done(self) -> bool:
        """Every parent is over."""
        return all(CLOSED[parent.state] for parent in self.parents)

    def stop(self, patience: float = 20.0) -> None:
        """Withdraw everything, wait until nothing works, and let go of journal and sessions."""
        self.stopping = True
        try:
            self.path.desk["hands"] = int(Hands.CANCEL)
            for _ in range(round(patience / 0.02)):
                if not self.keeper.oms.open:
                    break
                self.path.desk["next_wake"] = 0
                self.step()
        finally:
            self._opened.close()


def _last(journal: Path, keeper: Keeper) -> int:
    """Return the number of the last word of the venue that is on disk."""
    reader = open_journal(journal)
    try:
        return last_number(reader, keeper.oms.sequence)
    finally:
        reader.close()


def _session(setup: Setup, role: str, after: int, opened: contextlib.ExitStack) -> SocketVenue:
    made = SocketVenue(setup.socket, f"trader-{setup.instance}", role, after, patience=30.0)
    opened.callback(made.close)
    return made


def _block(ids: Ids, parent: int, size: int) -> tuple[int, int]:
    """Return the first and the last id of the parent's next block, which is on disk; blocks are taken whole."""
    taken = [ids.next(parent) for _ in range(size)]
    if taken[-1] - taken[0] != size - 1:
        raise InputError(f"block of order {parent}", expected=f"{size} ids in a row", got=(taken[0], taken[-1]))
    return taken[0], taken[-1]


def run(setup: Setup, witness: Witness | None = None, ready: Callable[[Trader], None] | None = None) -> None:
    """Run a trader until its parents are over, the session closes, or SIGTERM.

    `ready` is called once it is clean, and may add attendants.
    """
    asked: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    try:
        trader = Trader(setup, witness)
        if ready is not None:
            ready(trader)
        try:
            while not (asked or trader.done or trader.orders.closed):
                trader.step()
        finally:
            trader.stop()
    finally:
        signal.signal(signal.SIGTERM, before)
