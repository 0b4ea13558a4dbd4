"""The supervisor of a running trader: it watches health, moves the fallback ladder, and says so.

`supervise(trader)` is what a program calls when its trader is ready: decider and forecaster are watched from then on
(`supervise_ladder`), the guard's words are journalled (`guard_words`), the policy file and the venues' statistics are
looked after (`policy_watch`, `supervise_venues`). A rung that the ladder leaves decides no more from the next decision
on; STOP withdraws everything at once. Each move is a `Control` of who ``ladder`` in the journal, and an alert.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from nowake.core.board import Phase
from nowake.core.errors import InputError
from nowake.core.intent import OrderKind
from nowake.core.times import SECOND
from nowake.execution.desk_state import CHILDREN, Hands, Stage
from nowake.oms.events import Control
from nowake.risk.guard import tick
from nowake.risk.ladder import Health, Input, LadderRules, LadderState, Moved, Rung, Trigger, step
from nowake.risk.policy import Policy
from nowake.service.guard_words import GuardWords, Persistence
from nowake.service.limiting import idle_words
from nowake.service.policy_watch import PolicyWatch, Ruled, watched_file
from nowake.service.supervise_alerts import Alerts
from nowake.service.supervise_ladder import Laddered, Trial
from nowake.service.supervise_venues import VenueMemory

if TYPE_CHECKING:
    from nowake.service.trader import Attendant, Trader

__all__ = ["Supervised", "Supervision", "Supervisor", "supervise"]

_WHO, _WORD = "ladder", "rung"
_OURS = (int(Hands.ALGORITHM), int(Hands.FINISH))
_OUT = (int(Stage.SENT), int(Stage.LIVE))
_WAIT = (int(OrderKind.LIMIT), int(OrderKind.POST_ONLY), int(OrderKind.MID_PEG), int(OrderKind.QUOTE))
_WORDS = {
    Trigger.STALE_FEED: "no market data",
    Trigger.NOT_A_NUMBER: "a number that is none",
    Trigger.TIMEOUT: "the model answered too late",
    Trigger.CONFIDENCE: "the model is not confident",
    Trigger.PROJECTIONS: "the guard changed or refused too much of it",
    Trigger.EXCEPTION: "an exception",
    Trigger.CLOCK: "the clock jumped",
}


@dataclass(frozen=True, slots=True)
class Supervision:
    """How a trader is supervised.

    `part` of all volume and `urgency` are those of the rungs POV and ADAPTIVE. `every`: s of real time between two
    looks while nothing was decided. `patience`: ns after which a model is interrupted (None: four timeouts).
    """

    ladder: LadderRules = field(default_factory=LadderRules)
    persistence: Persistence = field(default_factory=Persistence)
    part: float = 0.1
    urgency: float = 1.0
    every: float = 0.02
    patience: int | None = None
    policy_every: float = 0.5
    save_every: float = 60.0

    def __post_init__(self) -> None:
        if min(self.every, self.policy_every) < 0 or self.save_every <= 0:
            raise InputError("supervision", expected="times of 0 s or more", got=self)
        if self.patience is not None and self.patience <= self.ladder.timeout:
            raise InputError("patience with a model", expected="more than its timeout", got=self.patience)


class Supervisor:
    """An attendant that keeps the ladder of `trader`; `state` where it stands, `moves` what it has done.

    Market data are stale where none was heard for `feed_age` of the market's time, as the session of market data tells
    it, while it trades, or where for as long of real time that session has not even told the time (not with a clock
    that follows its client). The time of another session says nothing: its messages may overtake the data.
    """

    def __init__(self, trader: "Trader", rules: Supervision, alerts: Alerts, words: GuardWords) -> None:
        self.trader, self.rules, self.alerts, self.words = trader, rules, alerts, words
        path = trader.path
        if isinstance(path.policy, Laddered):
            raise InputError("decider of a trader", expected="one that is not supervised yet", got="Laddered")
        self.laddered = Laddered(
            path.policy, path.desk, rules.ladder, part=rules.part, urgency=rules.urgency, patience=rules.patience
        )
        path.policy, path.forecaster = self.laddered, self.laddered.watch(path.forecaster)
        self.state, self.moves = self._stood(), list[Moved]()
        self.laddered.rung = self.state.rung
        self._alarms = 0  # of the trader, told
        self._ticking = trader.orders.welcome.speed > 0
        self._held: dict[int, int] = {}  # rows that STOP has paused, and whose hands they were in
        self._started = self._last = trader.now()
        self._fed = trader.data.now  # what the session of market data has told
        self._told = self._next = time.monotonic()
        self._seen, self._blamed = int(path.usages["seen"].sum()), words.blamed
        tick(path.limits, path.usages, 0, path.n, self._started)  # compiled before it is needed
        self._of_model = (0, 0)  # intents of the model, and those the guard changed or refused

    def _stood(self) -> LadderState:
        """Return where the ladder stood when the trader was last here: a restart makes nothing sound."""
        said = self.trader.controls.get(self.trader.setup.instrument.symbol, [])
        last = next((one for one in reversed(said) if (one.who, one.what) == (_WHO, _WORD)), None)
        rung = Rung.MODEL if last is None else Rung[last.value.rpartition(" ")[2]]
        if last is None or rung == Rung.MODEL:
            return LadderState()
        now = self.trader.now()
        self.alerts(now, "warning", _WHO, f"{rung.name} since before the restart: {last.why}")
        return LadderState(rung, now, falls=1)

    def files(self) -> Sequence[int]:
        """Nothing wakes a trader for its sake."""
        return ()

    def attend(self, news: np.ndarray, now: int) -> None:  # noqa: ARG002
        """Look at what was decided since the last time, or, once in a while, at the feed alone."""
        wall = time.monotonic()
        backwards = now < self._last
        for one in self.trader.alarms[self._alarms :]:
            self.alerts(one.time, "error", "trader", one.text)
        self._alarms = len(self.trader.alarms)
        if self.trader.data.now != self._fed:
            self._fed, self._told = self.trader.data.now, wall
        trials = self.laddered.take()
        self._last = max(now, self._last)
        if not (trials or backwards or wall >= self._next or self.state.rung == Rung.STOP):
            return
        if self.trader.stopping or not (self.trader.path.desk["done"] == 0).any():
            return
        self._next = wall + self.rules.every
        health = self._health(now, wall, clock_ok=not backwards)
        for trial in trials:
            self._observe(_tried(health, trial), trial)
        if not trials:
            self._observe(health)
        if self.state.rung == Rung.STOP:
            self._hold()

    def end(self) -> None:
        """Give the alarm signal back."""
        self.laddered.deadline.close()

    def _health(self, now: int, wall: float, *, clock_ok: bool) -> Health:
        path = self.trader.path
        board, usages = path.boards[0], path.usages
        tick(path.limits, usages, 0, path.n, now)  # the guard's clock: idle is no jump
        heard = int(board["heard"])
        age = max(self._fed - (heard or self._started), 0) if heard <= now else now - heard
        if self._ticking:
            age = max(age, round((wall - self._told) * SECOND))
        if board["phase"] != Phase.CONTINUOUS:
            age = 0  # nothing is published, and the guard lets nothing through
        seen, blamed = int(usages["seen"].sum()), self.words.blamed
        if self.state.rung == Rung.MODEL:
            self._of_model = self._of_model[0] + seen - self._seen, self._of_model[1] + blamed - self._blamed
        self._seen, self._blamed = seen, blamed
        jumped = int(usages["jumped"].max())
        clock_ok = clock_ok and (jumped == 0 or heard >= jumped)
        return Health(now, age, seen=self._of_model[0], touched=self._of_model[1], clock_ok=clock_ok)

    def _observe(self, health: Health, trial: Trial | None = None) -> None:
        self.state, moved = step(self.state, health, self.rules.ladder)
        if moved is not None:
            self.laddered.rung = self.state.rung
            self.moves.append(moved)
            self._tell(moved, trial)
            if moved.before == Rung.STOP:
                self._give_back()

    def _tell(self, moved: Moved, trial: Trial | None) -> None:
        why = ", ".join(_WORDS[one] for one in moved.why) or "sound for long enough"
        if trial is not None and not trial.sound:
            which = ", ".join(one.name.lower() for one in trial.broken)
            why += (f" ({which})" if which else "") + (f": {trial.error!r}" if trial.error is not None else "")
        value = f"{moved.before.name} -> {moved.after.name}"
        symbol = self.trader.setup.instrument.symbol
        self.trader.books.record(Control(moved.time, _WHO, why, _WORD, symbol, value))
        level = "error" if moved.cancel_all else "warning" if moved.why else "info"
        more = "; everything is withdrawn" if moved.cancel_all else ""
        self.alerts(moved.time, level, _WHO, f"{value}: {why}{more}")

    def _hold(self) -> None:
        """Pause every order, and withdraw what it has out; not those that a person works by hand, or has cancelled."""
        path = self.trader.path
        desk, kids, working = path.desk, path.kids, path.working
        for i in np.flatnonzero((desk["done"] == 0) & np.isin(desk["hands"], _OURS)).tolist():
            self._held[i] = int(desk["hands"][i])
            desk["hands"][i] = int(Hands.PAUSED)
        for i in np.flatnonzero((desk["done"] == 0) & (desk["hands"] == Hands.PAUSED)).tolist():
            self._held.setdefault(i, int(Hands.PAUSED))
        for i in self._held:
            rows = slice(i * CHILDREN, (i + 1) * CHILDREN)
            out = np.isin(kids["stage"][rows], _OUT) & np.isin(working["kind"][rows], _WAIT)
            if desk["hands"][i] == Hands.PAUSED:
                for number in working["id"][rows][out].tolist():
                    self.trader.desk.withdraw(number)

    def _give_back(self) -> None:
        """Let the orders that STOP has paused go on; not those that a person has taken or cancelled meanwhile."""
        desk, now = self.trader.path.desk, self.state.since
        for i, hands in self._held.items():
            if desk["hands"][i] == Hands.PAUSED:
                desk["hands"][i], desk["next_wake"][i] = hands, 0
                desk["until"][i] = min(int(desk["until"][i]), now)
        self._held.clear()


def _tried(health: Health, trial: Trial) -> Health:
    """Return `health` with what came of an attempt."""
    numbers: tuple[tuple[Input, float], ...] = tuple((one, float("nan")) for one in trial.broken)
    failed = trial.rung if trial.error is not None else None
    return replace(health, answer=trial.took, confidence=trial.confidence, failed=failed, numbers=numbers)


@dataclass(frozen=True, slots=True)
class Supervised:
    """Who looks after a trader; `policy` None where its policy is not a file."""

    alerts: Alerts
    supervisor: Supervisor
    words: GuardWords
    venues: VenueMemory
    policy: PolicyWatch | None


def supervise(trader: "Trader", rules: Supervision | None = None, alerts: Alerts | None = None) -> Supervised:
    """Look after `trader` from now on; limits of its policy that have no effect are told once."""
    rules, alerts = rules or Supervision(), alerts or Alerts()
    path, setup = trader.path, trader.setup
    words = GuardWords(path, trader.books.parents, trader.books.record, alerts, rules.persistence)
    trader.desk.listeners.append(words)
    venues = VenueMemory(
        path, setup.instrument.symbol, setup.base.with_suffix(".venues"), alerts, rules.save_every
    )  # fmt: skip
    watch = None
    file = watched_file(setup.policy)
    if file is not None:
        ruled = Ruled(trader.desk, setup.instrument, trader.scopes)
        held = trader.keeper.oms.policies["execution policy"][1]

        def taken(policy: Policy) -> None:
            trader.policy = policy

        watch = PolicyWatch(file, ruled, trader.books.record, alerts, held, rules.policy_every, taken)
    if idle := idle_words(trader.policy):
        alerts(trader.now(), "info", "policy", f"{setup.policy}: {idle}")
    supervisor = Supervisor(trader, rules, alerts, words)
    found: list[Attendant] = [supervisor, venues]
    for attendant in (*found, watch) if watch is not None else found:
        trader.add(attendant)
    return Supervised(alerts, supervisor, words, venues, watch)
