"""The trader: a process that works parent orders at an exchange, and may be killed at any moment.

It keeps a folder: `journal.db`, `kill.json`, and beside the journal the log of decisions if asked to. A start replays
the journal, makes journal and venue agree (`recovery`), takes the parents up where they stand, and only then trades.
One symbol; three sessions: orders, data, drop copy. A difference that the drop copy shows (`reconcile`) presses the
kill switch of the firm: everything is withdrawn, and nothing traded until two people have looked. SIGTERM ends it in
peace. Attendants look in at every step: whoever records, supervises, shows, or hears commands.
"""

import contextlib
import select
import signal
from collections.abc import Callable
from pathlib import Path

from nowake.core.board import Phase
from nowake.core.errors import InputError
from nowake.core.times import SECOND
from nowake.execution.decision_log import DecisionWriter
from nowake.execution.decision_recorder import Recorder, Recording, header_of
from nowake.execution.desk_state import Hands
from nowake.execution.live import Bookkeeper, LiveDesk
from nowake.execution.opening import limit_rows, places_of
from nowake.execution.path import DecisionPath
from nowake.execution.policy import UniformForecaster
from nowake.oms.events import Arrived, ParentSaid, PolicyLoaded
from nowake.oms.identifiers import Ids, text
from nowake.oms.journal.protocol import open_journal
from nowake.oms.keeper import Keeper, open_keeper
from nowake.oms.orders import Flag, Parent
from nowake.oms.states import CLOSED, Act, State
from nowake.oms.unlike import held, standing_of
from nowake.risk.guard import tick
from nowake.risk.kill import KillSwitch
from nowake.risk.policy import load, policy_hash
from nowake.service.bookkeeping import Books, Witness, last_number
from nowake.service.collecting import Collector
from nowake.service.control_kill import press_again, stop_firm, withdraw_pressed
from nowake.service.control_words import Around
from nowake.service.limiting import DESK, scope_of, strategy_now
from nowake.service.policy_watch import refuse_hopeless
from nowake.service.reconcile import Difference, DropCopy
from nowake.service.recovery import Recovered, recover
from nowake.service.snapshots import Snapshots
from nowake.service.staging import enter
from nowake.service.taking_up import controls_in, count_money, go_on, take_up
from nowake.service.trader_setup import SPARE, Alarm, Attendant, Setup, Work
from nowake.service.venue_client import SocketVenue

__all__ = ["Alarm", "Attendant", "Setup", "Trader", "Work", "run"]

_LATENCY = 500_000  # ns to a venue, taken as given
_SWITCHES = 64  # of the kill switch, beside one per parent
_QUOTE_AFTER = 10 * SECOND  # a quote comes in that time


class Trader:
    """A trader that has come back: clean, its parents on the desk, nothing sent yet.

    `alarms`: what somebody must look at, oldest first. `controls`: those that the journal held, by their target.
    `scopes`: whose each order is, by row, for the policy and the kill switch.
    """

    def __init__(self, setup: Setup, witness: Witness | None = None) -> None:
        self.setup, self.drop, self.stopping, self._last_fill = setup, DropCopy(), False, -1
        self.collector = Collector()
        self.attendants: list[Attendant] = []
        self.alarms: list[Alarm] = []
        self.mass_cancels: dict[int, int] = {}  # when they were sent, ns, by row of the venue
        with contextlib.ExitStack() as opened:
            self._begin(setup, witness, opened)
            self._opened = opened.pop_all()
        self.add(Snapshots(self.keeper, setup.address, self.alarm))

    def _begin(self, setup: Setup, witness: Witness | None, opened: contextlib.ExitStack) -> None:
        journal = setup.address
        self.keeper = open_keeper(journal, setup.instance, mode=setup.mode, block=setup.block, clock=self.now)
        opened.callback(self.keeper.close, snapshot=True)
        last, said = _last(journal, self.keeper), controls_in(self.keeper.oms)
        self.orders = _session(setup, "orders", last, opened)
        self.copy = _session(setup, "drop", last, opened)
        self.data = _session(setup, "data", 0, opened)
        self.policy = load(setup.policy)
        self.books = Books(self.keeper, [], self.now, witness)
        self.books.last = last
        self.books.record(PolicyLoaded(self.now(), "execution policy", setup.policy, policy_hash(self.policy)))
        self.recovered: Recovered = recover(self.books, self.orders, self.now)
        refuse_hopeless(
            setup, self.policy, [name for name, *_ in self.orders.welcome.venues], known=self.keeper.oms.clients,
            position=sum(self.keeper.oms.position(one, setup.instrument.symbol) for one in setup.accounts),
        )  # fmt: skip
        self.parents = [self._parent(work) for work in setup.work]
        self.books.parents = [parent.id for parent in self.parents]
        self.scopes = [
            scope_of(one.symbol, strategy_now(one.algo, said.get(text(one.id), ())), one.client) for one in self.parents
        ]
        self.path = self._path()
        self.desk = LiveDesk(self.path, self.orders, self._bookkeeper(opened), setup.books, setup.own_from)
        self.controls = said
        for i in range(len(self.parents)):
            self.take_up(i)
        self._unseen = go_on(self.path, self.parents)
        count_money(self.path, self.keeper.oms, self.parents, setup.instrument, self.now())
        press_again(self)

    def now(self) -> int:
        """Return the venue's time, ns UTC; 0 before the first session."""
        sessions = (getattr(self, name, None) for name in ("orders", "data"))
        return max((session.now for session in sessions if session is not None), default=0)

    def _parent(self, work: Work) -> Parent:
        """Return the parent of `work`, entered if the journal does not have it."""
        oms, now = self.keeper.oms, self.now()
        number = oms.clients.get(work.client)
        if number is None:
            number = enter(self.keeper, self.setup, work, DESK, now)
        parent = oms.parents[number]
        if parent.state == State.PENDING_NEW:  # entered or released, not yet accepted: now, or just before a kill
            self.books.record(ParentSaid(now, number, Act.ACKED)).wait()
        return parent

    def _path(self) -> DecisionPath:
        """Return a path with its limits, hung on the kill switch."""
        setup, tick = self.setup, float(self.setup.instrument.tick_size)
        venues = self.orders.welcome.venues
        places = places_of(venues, tick, _LATENCY)
        path = DecisionPath(
            len(self.parents), places, setup.decider, UniformForecaster(), seed=setup.instance,
            switches_n=_SWITCHES + len(self.parents), context=setup.context,
        )  # fmt: skip
        file = setup.folder / "kill.json"
        kill = KillSwitch.open if file.exists() else KillSwitch.create
        self.kill = kill(file, path.switches)
        limit_rows(path, self.policy, self.scopes, setup.instrument)
        return path

    def _bookkeeper(self, opened: contextlib.ExitStack) -> Bookkeeper:
        """Return the books, behind the log of decisions if there is to be one."""
        setup = self.setup
        if not setup.decisions:
            return self.books
        model = type(setup.decider).__name__
        hashes = {"policy": policy_hash(self.policy), "model": model, "preset": setup.preset}
        header = header_of(self.path, setup.instrument, hashes, self.now())
        log = DecisionWriter(setup.base.with_suffix(".decisions"), header)
        opened.callback(log.close)
        return Recording(self.books, Recorder(self.path, log, [parent.id for parent in self.parents]))

    def take_up(self, i: int) -> None:
        """Put parent `i` on the desk as the journal has it, and hang it on the kill switch."""
        parent = self.parents[i]
        wrong = take_up(self.path, i, parent, self.setup.work[i], self.controls.get(text(parent.id), []), self.around())
        back = held(self.keeper.oms, parent.id)  # as if it were filled, so that nobody trades it
        for name in ("filled", "filled_start", "plan_filled"):
            self.path.desk[i][name] += back
        self.path.usages[i]["filled"] += back
        if back:
            self.alarm(f"order {text(parent.id)}: {back:,} shares are held back, accepted differences are about them")
        children = (self.keeper.oms.children[number] for number in parent.children)
        self.path.desk[i]["decisions"] = max((child.decision for child in children), default=0)
        if wrong is not None:
            self.alarm(f"order {text(parent.id)} is paused: a control of it cannot be carried out any more: {wrong}")
        self.kill.attach(self.path.usages, i, self.scopes[i], self.names)
        if not CLOSED[parent.state]:
            self.path.ids(i, *_block(self.keeper.ids, parent.id, self.setup.block))

    @property
    def names(self) -> tuple[str, ...]:
        """The venues, by row of the board."""
        return tuple(place.name for place in self.path.places)

    def around(self) -> Around:
        """Return what a control may look at now."""
        board = self.path.boards[0]
        volume, bid, ask = (int(board[name]) for name in ("volume", "bid", "ask"))
        close = self.orders.welcome.close
        return Around(self.setup.instrument, self.names, self.now(), close, volume, bid, ask)

    def alarm(self, text: str) -> None:
        """Tell whoever looks at `alarms`."""
        self.alarms.append(Alarm(self.now(), text))

    def add(self, attendant: Attendant) -> None:
        """Let `attendant` look in from now on."""
        self.attendants.append(attendant)
        self._opened.callback(attendant.end)

    def step(self, wait: float = 0.02) -> None:
        """Wait for something to arrive, at most `wait` s, and let the desk act on it."""
        waking = [session.fileno() for session in (self.orders, self.data, self.copy)]
        for attendant in self.attendants:
            waking += attendant.files()
        if not select.select(waking, [], [], 0.0)[0]:
            self.collector.nothing_waits()
            select.select(waking, [], [], wait)
        news = self.data.messages()
        now = self.now()
        if self.orders.closed:
            self.path.boards[0]["phase"] = int(Phase.CLOSED)
        if len(news):
            self.desk.market(news, now)
        self.desk.tick(now)
        for i in [i for i in self._unseen if self.path.desk[i]["arrival2"]]:
            usage, before = self.path.usages[i], self._unseen.pop(i)
            if usage["volume_start"] >= before:  # else somebody has set it who knows the volume
                usage["volume_start"] -= before
            self.books.record(Arrived(now, self.parents[i].id, int(self.path.desk[i]["arrival2"])))
        for attendant in self.attendants:
            attendant.attend(news, now)
        self._look_after(now)
        self.drop.take(self.copy.events())
        for one in self.drop.compare(self.keeper.oms, self.books.last):
            self._differs(one)
        withdraw_pressed(self)
        self.collector.look()

    def _differs(self, one: Difference) -> None:
        """Stop trading: what journal and venue disagree on is for people."""
        self.alarm(f"the drop copy differs from the journal, order {text(one.order_id)}: {one.what}")
        stop_firm(self, f"the drop copy differs from the journal: {one}"[:500])

    def _look_after(self, now: int) -> None:
        """Give parents that run out of ids a new block, and end those whose window is over."""
        for i, parent in enumerate(self.parents):
            d = self.path.desk[i]
            if CLOSED[parent.state]:
                continue
            if parent.state == State.STAGED:  # the guard's clock sees the time that it waits
                tick(self.path.limits, self.path.usages, i, i + 1, now)
            if d["done"] == 0 and d["last_id"] - d["next_id"] < SPARE:
                self.path.ids(i, *_block(self.keeper.ids, parent.id, self.setup.block))
            working = parent.working > standing_of(self.keeper.oms, parent.id)
            if parent.flags & Flag.CANCEL_PENDING and not working and not d["working"]:
                self.books.record(ParentSaid(now, parent.id, Act.CANCELED, reason="all of it is withdrawn"))
                d["done"] = 1
            elif d["done"] and now >= d["end"] and not working:
                self.books.record(ParentSaid(now, parent.id, Act.EXPIRED, reason="its window is over"))

    @property
    def done(self) -> bool:
        """Every parent is over."""
        return all(CLOSED[parent.state] for parent in self.parents)

    @property
    def until(self) -> int:
        """Until when the market of parents that are over is heard, ns: `after` their last fill; 0 while they are not.

        Nothing is sent meanwhile. A little more than that, so that there is a quote that was known then.
        """
        if not self.done:
            return 0
        oms = self.keeper.oms
        if self._last_fill < 0:
            mine = {number for parent in self.parents for number in parent.children}
            fills = (fill for known in oms.fills.values() for fill in known.values())
            self._last_fill = max((fill.time for fill in fills if fill.child in mine and fill.quantity), default=0)
        long = self.setup.after > 0 and self._last_fill > 0
        return self._last_fill + round(self.setup.after * SECOND) + _QUOTE_AFTER if long else 1

    def stop(self, patience: float = 20.0) -> None:
        """Withdraw everything, wait until nothing works, and let go of journal and sessions."""
        self.stopping = True
        try:
            self.path.desk["hands"] = int(Hands.CANCEL)
            for _ in range(round(patience / 0.02)):
                if self.keeper.oms.open.keys() <= self.keeper.oms.looked_at():
                    break
                self.path.desk["next_wake"] = 0
                self.step()
        finally:
            self._opened.close()


def _last(journal: str | Path, keeper: Keeper) -> int:
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
    """Run a trader until its parents are over and the market after them was heard, the session closes, or SIGTERM.

    `ready` is called once it is clean, and may add attendants.
    """
    asked: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    try:
        trader = Trader(setup, witness)
        if ready is not None:
            ready(trader)
        with trader.collector:
            try:
                while not (asked or 0 < trader.until <= trader.now() or trader.orders.closed):
                    trader.step()
                if trader.orders.closed:
                    trader.step(0.0)  # the last words of the market
            finally:
                trader.stop()
    finally:
        signal.signal(signal.SIGTERM, before)
