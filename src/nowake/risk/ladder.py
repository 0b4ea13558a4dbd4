"""The fallback ladder: what decides when something fails, each rung with strictly fewer inputs than the one above.

    MODEL     the trained policy           features, forecast, model, volatility, volume, quotes, clock
    ADAPTIVE  re-planned Almgren-Chriss    volatility, volume, quotes, clock
    POV       a fraction of the volume     volume, quotes, clock
    STOP      cancel everything, alert     nothing

`step` is pure: a state and what was observed in, a state and perhaps an event out. Down at once, to the first rung
whose inputs are all sound; up one rung at a time, and only after a calm that grows with every fall.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, TypeVar

from nowake.core.clock import Clock
from nowake.core.errors import InputError
from nowake.core.times import MS, SECOND

__all__ = [
    "NEEDS",
    "Attempt",
    "Health",
    "Input",
    "LadderRules",
    "LadderState",
    "Moved",
    "Rung",
    "Trigger",
    "attempt",
    "step",
    "troubles",
]

T = TypeVar("T")


class Rung(IntEnum):
    """Who decides."""

    MODEL = 0
    ADAPTIVE = 1
    POV = 2
    STOP = 3


class Input(IntEnum):
    """What a rung reads."""

    CLOCK = 0
    QUOTES = 1
    VOLUME = 2
    VOLATILITY = 3
    FEATURES = 4
    FORECAST = 5
    MODEL = 6


NEEDS: dict[Rung, frozenset[Input]] = {
    Rung.MODEL: frozenset(Input),
    Rung.ADAPTIVE: frozenset({Input.VOLATILITY, Input.VOLUME, Input.QUOTES, Input.CLOCK}),
    Rung.POV: frozenset({Input.VOLUME, Input.QUOTES, Input.CLOCK}),
    Rung.STOP: frozenset(),
}


class Trigger(IntEnum):
    """Why a rung cannot decide."""

    STALE_FEED = 1
    NOT_A_NUMBER = 2
    TIMEOUT = 3
    CONFIDENCE = 4
    PROJECTIONS = 5
    EXCEPTION = 6
    CLOCK = 7


@dataclass(frozen=True, slots=True)
class LadderRules:
    """When to leave a rung and when to come back; times ns.

    `projections`: most intents of the last `window` that the guard may change or refuse, as a part; judged once `least`
    of them are there. `confidence`: least that the model must have. `calm`: how long a better rung must have been
    sound, with every threshold tightened by `margin`, before it decides again; doubled by each fall, `doublings` times
    at most.
    """

    feed_age: int = 2 * SECOND
    timeout: int = 50 * MS
    confidence: float = 0.5
    projections: float = 0.05
    window: int = 200
    least: int = 40
    calm: int = 30 * SECOND
    margin: float = 0.5
    doublings: int = 4

    def __post_init__(self) -> None:
        times = min(self.feed_age, self.timeout, self.calm)
        parts = 0 < self.confidence < 1 and 0 < self.projections < 1 and 0 < self.margin <= 1
        if times <= 0 or not parts or not 1 <= self.least <= self.window or self.doublings < 0:
            raise InputError("fallback ladder", expected="times above 0, parts in 0..1, least <= window", got=self)


@dataclass(frozen=True, slots=True)
class Health:
    """What was observed at `now`: each number as it came, NaN where it is missing.

    `feed_age` ns since market data were heard. `answer` ns that the model took (None: it was not asked), `failed` who
    raised an exception. `confidence` 0..1. `seen`, `touched`: the counters of the guard, intents of the model in all,
    and those of them that were changed or refused. `numbers`: what each input says, for the search of NaN.
    """

    now: int
    feed_age: int
    answer: int | None = None
    confidence: float = 1.0
    seen: int = 0
    touched: int = 0
    failed: Rung | None = None
    clock_ok: bool = True
    numbers: tuple[tuple[Input, float], ...] = ()


@dataclass(frozen=True, slots=True)
class LadderState:
    """Where the ladder stands; `sound_since` per rung (ns, None: not sound), `counted` the guard's counters so far."""

    rung: Rung = Rung.MODEL
    since: int = 0
    falls: int = 0
    sound_since: tuple[int | None, ...] = (None, None, None, None)
    counted: tuple[tuple[int, int], ...] = ((0, 0),)


@dataclass(frozen=True, slots=True)
class Moved:
    """The journal event of a change; `why` are the triggers of the rung that was left, empty on the way up.

    `cancel_all`: everything that works is to be cancelled, and somebody to be called.
    """

    time: int
    before: Rung
    after: Rung
    why: tuple[Trigger, ...]
    cancel_all: bool


def _rate(state: LadderState, rules: LadderRules) -> float:
    """Return the part of the last intents that the guard changed or refused, 0 while there are too few."""
    seen = state.counted[-1][0] - state.counted[0][0]
    return (state.counted[-1][1] - state.counted[0][1]) / seen if seen >= rules.least else 0.0


def _counted(state: LadderState, health: Health, rules: LadderRules) -> tuple[tuple[int, int], ...]:
    """Return the counters that cover the last `window` intents; a counter that fell starts anew."""
    new = (health.seen, health.touched)
    if new[0] < state.counted[-1][0] or new[1] < state.counted[-1][1]:
        return (new,)
    if new == state.counted[-1]:
        return state.counted
    kept = (*state.counted, new)
    first = 0
    while first + 1 < len(kept) - 1 and new[0] - kept[first + 1][0] >= rules.window:
        first += 1
    return kept[first:]


def troubles(health: Health, rules: LadderRules, rate: float, *, strict: bool = False) -> dict[Rung, set[Trigger]]:
    """Return what speaks against each rung; `strict` tightens the thresholds by the margin, for the way up."""
    m = rules.margin if strict else 1.0
    bad: dict[Input, set[Trigger]] = {one: set() for one in Input}
    if not 0 <= health.feed_age <= rules.feed_age * m:
        bad[Input.QUOTES].add(Trigger.STALE_FEED)
    if not health.clock_ok:
        bad[Input.CLOCK].add(Trigger.CLOCK)
    for one, number in health.numbers:
        if not math.isfinite(number):
            bad[one].add(Trigger.NOT_A_NUMBER)
    if health.answer is not None and not 0 <= health.answer <= rules.timeout * m:
        bad[Input.MODEL].add(Trigger.TIMEOUT)
    if not health.confidence >= (1 - (1 - rules.confidence) * m):
        bad[Input.MODEL].add(Trigger.CONFIDENCE if math.isfinite(health.confidence) else Trigger.NOT_A_NUMBER)
    if rate > rules.projections * m:
        bad[Input.MODEL].add(Trigger.PROJECTIONS)
    found = {rung: {why for one in needs for why in bad[one]} for rung, needs in NEEDS.items()}
    if health.failed is not None and health.failed != Rung.STOP:
        found[health.failed].add(Trigger.EXCEPTION)
    return found


def step(state: LadderState, health: Health, rules: LadderRules) -> tuple[LadderState, Moved | None]:
    """Return the state after `health` was observed, and the event if the rung changed."""
    state = replace(state, counted=_counted(state, health, rules))
    rate = _rate(state, rules)
    now = troubles(health, rules, rate)
    strict = troubles(health, rules, rate, strict=True)
    sound = tuple(
        None if strict[rung] else health.now if state.sound_since[rung] is None else state.sound_since[rung]
        for rung in Rung
    )
    state = replace(state, sound_since=sound)
    if now[state.rung]:
        after = next(rung for rung in Rung if rung > state.rung and not now[rung])
        return _moved(state, after, health.now, tuple(sorted(now[state.rung])))
    better = Rung(max(state.rung - 1, 0))
    wait = rules.calm << min(max(state.falls - 1, 0), rules.doublings)
    since = sound[better]
    calm = since is not None and health.now - since >= wait and health.now - state.since >= wait
    return _moved(state, better, health.now, ()) if better < state.rung and calm else (state, None)


def _moved(state: LadderState, after: Rung, now: int, why: tuple[Trigger, ...]) -> tuple[LadderState, Moved]:
    down = after > state.rung
    event = Moved(now, state.rung, after, why, cancel_all=after == Rung.STOP)
    # The guard's verdicts on the model are forgotten with it: on trial it is judged by what it does then.
    counted = state.counted[-1:]
    return replace(state, rung=after, since=now, falls=state.falls + down, counted=counted), event


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of asking a rung: its `answer` (None: it failed), the ns it took, and the exception, if any."""

    answer: Any
    took: int
    error: Exception | None = None


def attempt(decide: Callable[[], T], clock: Clock) -> Attempt:
    """Ask `decide`, measure it, and keep its exception: whatever a model does, the loop goes on."""
    start = clock.now()
    try:
        answer = decide()
    except Exception as error:  # anything: the ladder is what answers it
        return Attempt(None, clock.now() - start, error)
    return Attempt(answer, clock.now() - start)
