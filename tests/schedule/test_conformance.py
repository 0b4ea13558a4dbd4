"""Every schedule keeps the contract, and the checker finds those that do not."""

from collections.abc import Callable

import pytest

from nowake.schedule.afs import AlfonsiFruthSchied
from nowake.schedule.almgren_chriss import AlmgrenChriss, Urgency
from nowake.schedule.conformance import check_schedule
from nowake.schedule.impact import Impact
from nowake.schedule.obizhaeva_wang import ObizhaevaWang
from nowake.schedule.pov import Pov
from nowake.schedule.protocol import Schedule, ScheduleState
from nowake.schedule.twap import Twap
from nowake.schedule.vwap import DynamicVwap, StaticVwap, u_shape

SCHEDULES: dict[str, Schedule] = {
    "twap": Twap(),
    "vwap, fixed curve": StaticVwap(tuple(u_shape(13))),
    "vwap, curve with empty bins": StaticVwap((0.0, 1.0, 0.0, 2.0, 0.0)),
    "vwap, forecast": DynamicVwap(lambda state: u_shape(state.slices)[state.index :]),
    "urgency 0": Urgency(0.0),
    "urgency 3": Urgency(3.0),
    "urgency 5000": Urgency(5000.0),
    "almgren-chriss": AlmgrenChriss(5.0, Impact(0.95, 0.0, 2.5e-6), 1e-6),
    "almgren-chriss, drift": AlmgrenChriss(5.0, Impact(0.95, 0.0, 2.5e-6), 1e-6, 0.02),
    "almgren-chriss, risk-seeking": AlmgrenChriss(5.0, Impact(0.95, 0.0, 2.5e-6), -2e-7),
    "almgren-chriss, power": AlmgrenChriss(5.0, Impact(0.95, 0.0, 1e-3, power=0.6), 1e-6),
    "obizhaeva-wang": ObizhaevaWang(2.0),
    "alfonsi-fruth-schied": AlfonsiFruthSchied(20.0),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_keeps_the_contract(name: str) -> None:
    check_schedule(SCHEDULES[name])


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.9])
def test_pov_keeps_the_contract_except_completion(rate: float) -> None:
    check_schedule(Pov(rate), completes=False)


class Wrong:
    def __init__(self, answer: Callable[[ScheduleState], object]) -> None:
        self.answer = answer

    def target(self, state: ScheduleState) -> int:
        return self.answer(state)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (lambda s: s.total * (s.index + 1) / s.slices, "expected int"),
        (lambda s: s.total + 1, "outside"),
        (lambda s: -s.total, "outside"),
        (lambda s: s.total // (s.index + 1), "fell"),
        (lambda s: s.total * (s.index + 1) // (s.slices + 1), "at the end"),
    ],
)
def test_checker_finds_a_broken_schedule(answer: Callable[[ScheduleState], object], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_schedule(Wrong(answer))


def test_checker_finds_a_schedule_that_changes_its_mind() -> None:
    calls = iter(range(10**6))
    with pytest.raises(AssertionError, match="another answer"):
        check_schedule(Wrong(lambda s: next(calls) % (s.total + 1)))
