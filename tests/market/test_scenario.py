"""The founding scenario, small: what is conserved, what a twin sees, what is refused."""

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.values import Side
from nowake.execution.outcome import Outcome
from nowake.market.policies import POLICIES, make_policy
from nowake.market.preset import load
from nowake.market.scenario import Scenario, alone, market_of, steps_of, worked
from nowake.market.twins import run_pairs, tell

SMALL = Scenario(load("midcap"), quantity=4_000, horizon=240.0, pairs=2, seed=3)


@pytest.fixture(scope="module")
def outcomes() -> list[list[Outcome]]:
    return run_pairs(SMALL)


def test_every_policy_fills_its_order_and_never_more(outcomes: list[list[Outcome]]) -> None:
    assert [[one.policy for one in pair] for pair in outcomes] == [list(POLICIES)] * 2
    for pair in outcomes:
        assert len({one.arrival for one in pair}) == 1  # the same market
        for one in pair:
            assert one.filled == 4_000
            assert one.done[-1] == one.filled
            assert (np.diff(one.done) >= 0).all()
            assert one.rejects == 0
            assert 0 <= one.maker <= one.filled


def test_impact_begins_at_zero_and_ends_where_it_says(outcomes: list[list[Outcome]]) -> None:
    for pair in outcomes:
        for one in pair:
            assert one.impact[0] == 0
            assert one.impact[-1] == one.impact_end


def test_progress_reaches_the_end() -> None:
    seen: list[float] = []
    few = Scenario(load("midcap"), quantity=500, horizon=20.0, pairs=2, policies=("previous",))
    run_pairs(few, progress=seen.append)
    assert seen == [0.5, 1.0]


def test_shares_and_cash_of_fills_are_those_of_the_outcome() -> None:
    base, grid = market_of(SMALL, 0), steps_of(SMALL)
    run = worked(SMALL, "twap", base.twin(), grid)
    told = tell(SMALL, 0, "twap")
    fills = run.worker.children.fills
    assert sum(fill.quantity for fill in fills) == told.outcome.filled
    assert sum(fill.quantity * (fill.price or 0) for fill in fills) == pytest.approx(told.outcome.paid)
    assert sum(fill.fee for fill in fills) == pytest.approx(told.outcome.fees)
    assert sum(step.filled for step in told.steps) == told.done[-1] == 4_000
    assert told.due[-1] == 4_000
    assert told.mid[0] == told.twin_mid[0]


def test_a_market_left_alone_is_its_own_twin() -> None:
    base, grid = market_of(SMALL, 1), steps_of(SMALL)
    assert np.array_equal(alone(base.twin(), grid), alone(base.twin(), grid))


def test_both_sides_move_the_price_against_themselves() -> None:
    for side in Side:
        what = Scenario(load("midcap"), 20_000, side, horizon=600.0, pairs=4, policies=("previous",))
        moved = [one.impact_end for pair in run_pairs(what) for one in pair]
        assert np.mean(moved) > 0


def test_pov_takes_the_share_that_would_finish_the_order() -> None:
    opened, closed = SMALL.session
    policy = make_policy("pov", SMALL.preset, (opened, closed), (opened, closed), 500_000)
    assert policy.schedule.rate == pytest.approx(0.2, abs=1e-6)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"quantity": 0}, "quantity"),
        ({"quantity": 10**9}, "quantity"),
        ({"horizon": 6.01 * 3600}, "horizon"),
        ({"horizon": 1.0}, "horizon"),
        ({"pairs": 1}, "pairs"),
        ({"seed": -1}, "seed"),
    ],
)
def test_impossible_scenarios(change: dict[str, float], what: str) -> None:
    with pytest.raises(InputError, match=what):
        Scenario(load("midcap"), **change)  # type: ignore[arg-type]


def test_an_order_may_end_with_the_session() -> None:
    preset = load("midcap")
    brief = preset.model_copy(update={"session": preset.session.model_copy(update={"close": "09:33"})})
    what = Scenario(brief, 2_000, horizon=120.0, warm_up=60.0, pairs=2, policies=("twap", "previous"))
    assert what.window[1] == what.session[1]
    for pair in run_pairs(what):
        assert [one.filled for one in pair] == [2_000, 2_000]
        assert all(np.isfinite(one.impact_child) for one in pair)  # of the children a minute before the close


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(InputError, match="policy"):
        make_policy("magic", SMALL.preset, SMALL.session, SMALL.window, 1)
