"""The ladder: each trigger injected, each fall to the first sound rung, each way back with its calm."""

import math
from dataclasses import replace
from typing import Any

import pytest

from nowake.core.clock import SimulatedClock
from nowake.core.errors import InputError
from nowake.core.times import MS, SECOND
from nowake.risk.ladder import (
    NEEDS,
    Health,
    Input,
    LadderRules,
    LadderState,
    Moved,
    Rung,
    Trigger,
    attempt,
    step,
)

RULES = LadderRules()
WELL = Health(now=SECOND, feed_age=MS, answer=MS, confidence=0.9)


def test_each_rung_needs_strictly_fewer_inputs() -> None:
    for rung in list(Rung)[1:]:
        assert NEEDS[rung] < NEEDS[Rung(rung - 1)]
    assert NEEDS[Rung.STOP] == frozenset()


def nan(one: Input) -> dict[str, Any]:
    return {"numbers": ((one, math.nan),)}


INJECTED: list[tuple[dict[str, Any], Rung, Trigger]] = [
    ({"feed_age": 2 * SECOND + 1}, Rung.STOP, Trigger.STALE_FEED),
    ({"feed_age": -1}, Rung.STOP, Trigger.STALE_FEED),
    ({"clock_ok": False}, Rung.STOP, Trigger.CLOCK),
    (nan(Input.MODEL), Rung.ADAPTIVE, Trigger.NOT_A_NUMBER),
    (nan(Input.FEATURES), Rung.ADAPTIVE, Trigger.NOT_A_NUMBER),
    (nan(Input.FORECAST), Rung.ADAPTIVE, Trigger.NOT_A_NUMBER),
    (nan(Input.VOLATILITY), Rung.POV, Trigger.NOT_A_NUMBER),
    (nan(Input.VOLUME), Rung.STOP, Trigger.NOT_A_NUMBER),
    (nan(Input.QUOTES), Rung.STOP, Trigger.NOT_A_NUMBER),
    ({"numbers": ((Input.FEATURES, 1.0), (Input.FORECAST, -math.inf))}, Rung.ADAPTIVE, Trigger.NOT_A_NUMBER),
    ({"answer": 50 * MS + 1}, Rung.ADAPTIVE, Trigger.TIMEOUT),
    ({"confidence": 0.49}, Rung.ADAPTIVE, Trigger.CONFIDENCE),
    ({"confidence": math.nan}, Rung.ADAPTIVE, Trigger.NOT_A_NUMBER),
    ({"seen": 100, "touched": 6}, Rung.ADAPTIVE, Trigger.PROJECTIONS),
    ({"failed": Rung.MODEL}, Rung.ADAPTIVE, Trigger.EXCEPTION),
]


@pytest.mark.parametrize(("injected", "rung", "why"), INJECTED)
def test_each_trigger_falls_at_once_to_the_first_sound_rung(injected: dict[str, Any], rung: Rung, why: Trigger) -> None:
    state, event = step(LadderState(), replace(WELL, **injected), RULES)
    assert state.rung == rung
    assert event == Moved(SECOND, Rung.MODEL, rung, (why,), cancel_all=rung == Rung.STOP)


def test_an_exception_of_a_lower_rung_falls_further() -> None:
    state = LadderState(Rung.ADAPTIVE)
    state, event = step(state, replace(WELL, failed=Rung.ADAPTIVE), RULES)
    assert (state.rung, event.why if event else None) == (Rung.POV, (Trigger.EXCEPTION,))
    state, event = step(state, replace(WELL, failed=Rung.POV), RULES)
    assert state.rung == Rung.STOP
    assert event is not None
    assert event.cancel_all
    assert step(state, replace(WELL, failed=Rung.STOP), RULES)[0].rung == Rung.STOP


def test_what_is_sound_stays() -> None:
    for health in (WELL, replace(WELL, answer=None), replace(WELL, seen=100, touched=5), replace(WELL, confidence=0.5)):
        assert step(LadderState(), health, RULES)[1] is None


def test_too_few_projections_say_nothing_and_old_ones_are_forgotten() -> None:
    state, event = step(LadderState(), replace(WELL, seen=39, touched=39), RULES)
    assert event is None
    state = LadderState()
    for seen, touched in ((60, 3), (260, 3), (460, 12), (470, 13)):  # 9 or 10 of the last 200 to 210
        state, event = step(state, replace(WELL, seen=seen, touched=touched), RULES)
        assert event is None
    state, event = step(state, replace(WELL, seen=475, touched=18), RULES)
    assert event is not None
    assert event.why == (Trigger.PROJECTIONS,)


def test_counters_that_start_anew_are_not_a_rate_below_zero() -> None:
    state, _ = step(LadderState(), replace(WELL, seen=1_000, touched=40), RULES)
    state, event = step(state, replace(WELL, seen=10, touched=0), RULES)
    assert (event, state.counted) == (None, ((10, 0),))


def run(state: LadderState, health: Health, start: int, seconds: int) -> tuple[LadderState, list[Moved]]:
    """Observe `health` once a second."""
    events = []
    for second in range(start, start + seconds):
        state, event = step(state, replace(health, now=second * SECOND), RULES)
        events += [event] if event else []
    return state, events


def test_it_comes_back_one_rung_at_a_time_each_after_its_calm() -> None:
    state, _ = run(LadderState(), replace(WELL, feed_age=9 * SECOND), 1, 1)
    assert state.rung == Rung.STOP
    state, events = run(state, WELL, 2, 100)
    assert [(e.before, e.after, e.why) for e in events] == [
        (Rung.STOP, Rung.POV, ()), (Rung.POV, Rung.ADAPTIVE, ()), (Rung.ADAPTIVE, Rung.MODEL, ()),
    ]  # fmt: skip
    assert [e.time // SECOND for e in events] == [32, 62, 92]
    assert not any(e.cancel_all for e in events)


def test_one_bad_second_starts_the_calm_anew() -> None:
    state, _ = run(LadderState(), replace(WELL, confidence=0.1), 1, 1)
    state, events = run(state, WELL, 2, 29)
    assert events == []
    state, events = run(state, replace(WELL, confidence=0.4), 31, 1)
    state, events = run(state, WELL, 32, 30)
    assert (events, state.rung) == ([], Rung.ADAPTIVE)
    state, events = run(state, WELL, 62, 1)
    assert state.rung == Rung.MODEL


def test_barely_good_enough_to_stay_is_not_good_enough_to_come_back() -> None:
    edge = replace(WELL, confidence=0.6, answer=40 * MS, feed_age=3 * SECOND // 2)
    assert run(LadderState(), edge, 1, 100)[1] == []
    state, _ = run(LadderState(), replace(WELL, confidence=0.1), 1, 1)
    assert run(state, edge, 2, 200)[0].rung == Rung.ADAPTIVE


def test_every_fall_makes_the_way_back_longer() -> None:
    state, waits = LadderState(), []
    second = 1
    for _ in range(7):
        state, _ = run(state, replace(WELL, failed=Rung.MODEL), second, 1)
        second += 1
        start = second
        while state.rung != Rung.MODEL:
            state, _ = run(state, WELL, second, 1)
            second += 1
        waits.append(second - start - 1)
    assert waits == [30, 60, 120, 240, 480, 480, 480]


def test_after_a_fall_the_model_is_judged_by_what_it_does_then() -> None:
    state, event = step(LadderState(), replace(WELL, seen=100, touched=50), RULES)
    assert event is not None
    state, _ = run(state, replace(WELL, seen=100, touched=50), 2, 40)
    assert state.rung == Rung.MODEL
    assert step(state, replace(WELL, seen=139, touched=89), RULES)[1] is None  # 39 of 39, one too few to judge
    assert step(state, replace(WELL, seen=140, touched=90), RULES)[1] is not None


def test_an_attempt_keeps_the_answer_the_time_and_the_exception() -> None:
    clock = SimulatedClock(5)

    def slow() -> str:
        clock.set(5 + 80 * MS)
        return "answer"

    def broken() -> str:
        raise ZeroDivisionError("model")

    assert (attempt(slow, clock).answer, attempt(lambda: 1, clock).took) == ("answer", 0)
    assert attempt(broken, clock).answer is None
    assert isinstance(attempt(broken, clock).error, ZeroDivisionError)
    clock = SimulatedClock(5)
    health = replace(WELL, answer=attempt(slow, clock).took)
    assert step(LadderState(), health, RULES)[0].rung == Rung.ADAPTIVE


@pytest.mark.parametrize("change", [{"calm": 0}, {"confidence": 1.0}, {"projections": 0.0}, {"least": 201}])
def test_rules_that_cannot_be_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="fallback ladder"):
        LadderRules(**change)
