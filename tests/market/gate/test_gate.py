"""A run of the gate: only what is asked is run, and what cannot be told does not pass."""

import os
import sys
from typing import Any

import numpy as np
import pytest

from nowake.core.errors import CapacityError
from nowake.market.gate import gate
from nowake.market.gate.gate import run_gate
from nowake.market.gate.plan import plan_of
from nowake.market.gate.verdicts import stored_verdict
from nowake.market.preset import Preset, load
from nowake.market.realism.arbitrage import Trips


def test_only_what_the_facts_need_is_run(brief: Preset) -> None:
    told: list[tuple[float, float, str]] = []
    plan = plan_of(seeds=2, days=2, facts=frozenset({12, 17}))
    found = run_gate(brief, plan, lambda *step: told.append(step))
    assert [fact.id for fact in found.facts] == [12, 17]
    assert found.verdict is None
    assert set(found.seconds) == {"days"}
    assert found.rows == ()
    assert len(found.days) == 4
    assert found.shown["volume"].value > 0
    assert told[-1][:2] == (1.0, 1)
    assert {step[2] for step in told} == {"days"}


def _trips(count: int, profit: float) -> Any:
    rng = np.random.default_rng(1)

    def hunt(
        preset: Preset, *, seed: int, trips: int, workers: int, progress: Any = None
    ) -> tuple[list[Trips], list[Trips]]:
        stream, regime = np.repeat(np.arange(trips // 2), 2), np.resize(["calm", "volatile", "thin"], trips)

        def some(family: str, mean: float) -> Trips:
            values = mean + 0.3 * rng.standard_normal(trips)
            return Trips(family, 1.0, values, values, stream, regime)

        return [some(f"family {k}", profit) for k in range(count)], [some("flaw", 1.0)]

    return hunt


@pytest.mark.parametrize(("families", "profit", "passed"), [(12, -0.5, True), (11, -0.5, False), (12, 0.5, False)])
def test_the_hunter_decides_fact_25(
    monkeypatch: pytest.MonkeyPatch, brief: Preset, families: int, profit: float, passed: bool
) -> None:
    monkeypatch.setattr(gate, "hunt", _trips(families, profit))
    (fact,) = run_gate(brief, plan_of(facts=frozenset({25}))).facts
    assert fact.passed == passed
    assert fact.note == ""


@pytest.mark.parametrize("kind", [CapacityError, IndexError])
def test_an_exhausted_capacity_fails_the_fact_and_not_the_run(
    monkeypatch: pytest.MonkeyPatch, brief: Preset, kind: type[Exception]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise kind("raise `levels`")

    monkeypatch.setattr(gate, "across", full)
    found = run_gate(brief, plan_of(seeds=1, days=2, facts=frozenset({11, 12})))
    notes = {fact.id: fact.note for fact in found.facts}
    assert notes == {11: "raise `levels`", 12: ""}
    assert not found.facts[0].passed


def test_any_other_fault_stops_the_run(monkeypatch: pytest.MonkeyPatch, brief: Preset) -> None:
    def broken(*_: object, **__: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(gate, "across", broken)
    with pytest.raises(IndexError, match="list index"):
        run_gate(brief, plan_of(seeds=1, days=1, facts=frozenset({11})))


@pytest.mark.slow
def test_the_gate_of_continuous_integration(capsys: pytest.CaptureFixture[str]) -> None:
    midcap = load("midcap")
    shipped = stored_verdict(midcap)
    assert shipped is not None
    assert shipped.current, "the market has changed: run `nowake realism --quick --preset midcap`, keep its verdict"
    found = run_gate(midcap, plan_of(quick=True), workers=os.cpu_count() or 1)
    assert [fact.id for fact in found.facts] == list(range(1, 27))
    assert found.verdict is not None
    assert found.plan.decides
    unknown = {fact.id for fact in found.facts if any(part.value is None for part in fact.parts)}
    assert unknown <= {25}
    assert found.verdict.passed == sum(fact.passed for fact in found.facts)
    failed = [fact.id for fact in found.facts if not fact.passed]
    with capsys.disabled():
        words = f"safe {found.verdict.safe}, realistic {found.verdict.realistic}, failed {failed}"
        sys.stdout.write(f"\nmidcap: {words}; seconds { ({k: round(v) for k, v in found.seconds.items()}) }\n")
    verdict = found.verdict
    assert (shipped.safe, shipped.realistic, list(shipped.failed)) == (verdict.safe, verdict.realistic, failed)
