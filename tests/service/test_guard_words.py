"""The guard's words: each projection and refusal is journalled once, with its limit; one that binds often is told."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.intent import Origin, Tactic
from nowake.core.times import SECOND
from nowake.execution.placing import ROUTED
from nowake.execution.policy import FixedPolicy, Policy
from nowake.oms.events import Event, Projection
from nowake.risk.projection import new_projections
from nowake.risk.reasons import Reason, Verdict, bit
from nowake.service.guard_words import GuardWords, Persistence, rule_of
from nowake.service.supervise_alerts import Alert, Alerts

from ..execution.desk_world import World


@dataclass
class Ear:
    """A desk in a simulated market, and what the guard's words made of it."""

    policy: Policy = field(default_factory=lambda: FixedPolicy(Tactic.CROSS))
    rules: Persistence = field(default_factory=Persistence)
    limits: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.events: list[Event] = []
        self.heard: list[Alert] = []
        self.world = World(self.policy, quantity=20_000, minutes=10.0, warm_up=60.0)
        path = self.world.path
        for name, value in self.limits.items():
            path.limits[name] = value
        self.words = GuardWords(path, [77], self.events.append, Alerts(self.heard.append), self.rules)
        self.world.desk.listeners.append(self.words)

    def told(self) -> list[Projection]:
        return [event for event in self.events if isinstance(event, Projection)]


def test_each_projection_and_refusal_is_written_down_once() -> None:
    ear = Ear(limits={"participation": 100_000, "grace": 2_000, "deviation": 20_000})
    usage = ear.world.path.usages[0]
    before = int(usage["projected"] + usage["refused"])  # before there were ears
    counts = usage["by_reason"].copy()
    ear.world.run(180)
    told = ear.told()
    assert len(told) == int(usage["projected"] + usage["refused"]) - before > 10
    assert sum(event.passed == 0 for event in told) > 0
    assert all(event.parent == 77 and 0 <= event.passed <= event.wanted for event in told)
    assert {Reason(event.rule) for event in told} <= set(np.flatnonzero(usage["by_reason"] - counts).tolist())
    assert sum(ear.words.said.values()) == len(told)
    assert ear.words.blamed > 0
    assert [event.time for event in told] == sorted(event.time for event in told)


def test_within_the_limits_nothing_is_written() -> None:
    ear = Ear(FixedPolicy(Tactic.JOIN))
    ear.world.run(60)
    usage = ear.world.path.usages[0]
    assert usage["passed"] > 0
    assert len(ear.told()) == int(ear.words.said.total()) == len(ear.events)


def test_a_limit_that_binds_again_and_again_is_told_and_not_at_once_again() -> None:
    ear = Ear(rules=Persistence(5, 60 * SECOND, 600 * SECOND), limits={"participation": 10_000, "grace": 500})
    ear.world.run(240)
    rules = {alert.words.split(": ")[1].split(" (")[0] for alert in ear.heard}
    assert len(rules) == len(ear.heard) > 0
    assert any("max_participation" in rule for rule in rules)
    assert all(alert.who == "guard" and alert.words.startswith("order 77: ") for alert in ear.heard)


def judged(**more: int) -> np.ndarray:
    rows = new_projections(1)
    for name, value in {"verdict": Verdict.PROJECTED, "quantity_before": 9, "quantity": 4, **more}.items():
        rows[name] = int(value)
    return rows


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"binding": Reason.CHILD, "reasons": bit(Reason.CHILD) | bit(Reason.STEP)}, Reason.CHILD),
        ({"reasons": bit(Reason.COLLAR_QUOTE) | bit(Reason.STEP)}, Reason.COLLAR_QUOTE),
        ({}, Reason.NONE),
    ],
)
def test_the_rule_is_what_bound_or_the_first_of_all(more: dict[str, Any], rule: Reason) -> None:
    assert rule_of(judged(**more)[0]) == rule


def test_what_a_person_wanted_is_written_and_not_blamed_on_the_model() -> None:
    ear = Ear()
    for origin, reason in ((Origin.HUMAN, Reason.CHILD), (Origin.MODEL, Reason.STALE), (Origin.MODEL, Reason.KILLED)):
        ear.words.tell(judged(origin=origin, binding=reason)[0], 5)
    assert ear.events[-3:] == [
        Projection(5, 77, int(reason), 9, 4) for reason in (Reason.CHILD, Reason.STALE, Reason.KILLED)
    ]
    assert ear.words.blamed == 0
    ear.words.tell(judged(origin=Origin.MODEL, binding=Reason.CHILD)[0], 6)
    assert ear.words.blamed == 1


def test_rows_of_an_earlier_look_are_not_told_again() -> None:
    ear = Ear()
    path = ear.world.path
    path.projections[0:1] = judged(time=3, binding=Reason.CHILD)
    assert len(path.projections) == ROUTED
    path.desk["guarded"][0] = 1
    path.usages["projected"][0] += 1
    before = len(ear.events)
    ear.words(4)
    assert len(ear.events) == before
    path.usages["projected"][0] += 1
    ear.words(3)
    ear.words(3)
    assert len(ear.events) == before + 1


def test_persistence_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="persistence"):
        Persistence(times=1)
