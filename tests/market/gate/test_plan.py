"""Sizes of a run."""

import pytest

from nowake.core.errors import InputError
from nowake.market.gate.plan import IDS, GatePlan, plan_of


def test_the_gate_asks_for_ten_seeds_of_twenty_five_days() -> None:
    for plan in (plan_of(), plan_of(quick=True)):
        assert (plan.seeds, plan.days, plan.regime, plan.facts) == (10, 25, "switching", IDS)
        assert plan.trips >= 200
        assert plan.half_width <= 0.05
        assert plan.decides
    assert plan_of(quick=True).pairs < plan_of().pairs


def test_less_is_no_verdict_and_shrinks_the_rest() -> None:
    small = plan_of(seeds=2, days=5)
    assert not small.decides
    assert small.name == "small"
    assert small.pairs < plan_of().pairs
    assert small.alpha_seeds * small.alpha_days >= 5
    assert not plan_of(facts=frozenset({1})).decides
    assert not plan_of(regime="calm").decides
    assert plan_of(seeds=20, days=50).decides


def test_a_plan_is_json() -> None:
    assert plan_of().as_dict()["facts"] == list(range(1, 27))


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"seeds": 0}, "--seeds"), ({"days": 0}, "--days"), ({"seed": -1}, "--seed"), ({"facts": frozenset()}, "--facts"),
     ({"facts": frozenset({27})}, "--facts"), ({"regime": "clam"}, "clam")],
)  # fmt: skip
def test_impossible_sizes_are_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        GatePlan(**changed)  # type: ignore[arg-type]
