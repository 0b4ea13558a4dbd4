"""The whole gate on the preset of the founding scenario: the verdict that comes with nowake is the one it gives."""

import pytest

from nowake.market.gate.gate import run_gate
from nowake.market.gate.plan import plan_of
from nowake.market.gate.verdicts import stored_verdict
from nowake.market.preset import load


@pytest.mark.slow
def test_the_verdict_on_midcap_is_the_one_that_comes_with_nowake() -> None:
    midcap = load("midcap")
    shipped = stored_verdict(midcap)
    assert shipped is not None
    assert shipped.current, "the market has changed: run `nowake realism --quick --preset midcap`, keep its verdict"
    found = run_gate(midcap, plan_of(quick=True))
    assert found.verdict is not None
    failed = tuple(fact.id for fact in found.facts if not fact.passed)
    assert (shipped.safe, shipped.realistic, shipped.failed) == (found.verdict.safe, found.verdict.realistic, failed)
