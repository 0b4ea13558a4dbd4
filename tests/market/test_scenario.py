"""The founding scenario, small: what is conserved, what a twin sees, where strategies may trade, what is refused."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from nowake.core.errors import InputError, OrderError
from nowake.core.intent import Tactic
from nowake.core.values import Side
from nowake.execution.decision_reader import DecisionLog, difference
from nowake.execution.desk_state import CURVE
from nowake.execution.explain import explained
from nowake.execution.outcome import Outcome, Told
from nowake.execution.policy import ACTION, OBSERVED
from nowake.features.vector import INDEX
from nowake.market.policies import LIT_ONLY, POLICIES, PREVIOUS, HiddenFirst, make_strategy, plan_of
from nowake.market.preset import load
from nowake.market.scenario import Scenario, alone, check, market_of, steps_of
from nowake.market.scenario_desk import PARENT, Run, worked
from nowake.market.twins import run_pairs, tell
from nowake.risk.policy import policy_text
from nowake.schedule.almgren_chriss import Urgency
from nowake.schedule.twap import Twap

SMALL = Scenario(load("midcap"), quantity=4_000, horizon=240.0, pairs=2, seed=3)


@pytest.fixture(scope="module")
def outcomes() -> list[list[Outcome]]:
    return run_pairs(SMALL)


@cache
def run(name: str, k: int = 0) -> Run:
    return worked(SMALL, name, market_of(SMALL, k), steps_of(SMALL))


@cache
def story(name: str = "twap") -> Told:
    return tell(SMALL, 0, name)


def test_every_policy_fills_its_order_and_never_more(outcomes: list[list[Outcome]]) -> None:
    assert [[one.policy for one in pair] for pair in outcomes] == [list(POLICIES)] * 2
    for pair in outcomes:
        assert len({one.arrival for one in pair}) == 1  # the same market
        for one in pair:
            assert one.filled == 4_000
            assert one.done[-1] == one.filled
            assert (np.diff(one.done) >= 0).all()
            assert 0 <= one.maker <= one.filled


def test_impact_begins_at_zero_and_ends_where_it_says(outcomes: list[list[Outcome]]) -> None:
    for pair in outcomes:
        for one in pair:
            assert one.impact[0] == 0
            assert one.impact[-1] == one.impact_end


def test_venues_add_up_to_the_order(outcomes: list[list[Outcome]]) -> None:
    for one in (order for pair in outcomes for order in pair):
        kinds = np.array([kind for _, kind in one.places])
        rows = one.venues
        assert [name for name, _ in one.places][:5] == ["ALPHA", "BETA", "GAMMA", "OPAL", "ONYX"]
        assert rows["filled"].sum() == one.filled
        assert rows["maker"].sum() == one.maker
        seen = kinds != "dealer"
        assert rows["children"][seen].sum() <= one.children  # and requests, which are no child of a single dealer
        assert rows["children"][seen].sum() == one.children or rows["children"][~seen].sum() > 0
        assert rows["fills"].sum() == one.fills
        assert rows["fees"].sum() == pytest.approx(one.fees)
        assert (rows["filled"] <= rows["offered"]).all()
        assert rows["filled"][kinds == "dark"].sum() == one.dark
        assert rows["filled"][kinds == "dealer"].sum() == one.dealer
        assert (rows["marked"] <= rows["filled"][:, None]).all()


def test_only_those_that_may_trade_unseen(outcomes: list[list[Outcome]]) -> None:
    by = {name: [one for pair in outcomes for one in pair if one.policy == name] for name in POLICIES}
    for name in (LIT_ONLY, PREVIOUS):
        assert all(one.venues["children"][3:].sum() == 0 for one in by[name])
    assert sum(one.dark for one in by["twap"]) > 0
    assert all(one.maker == 0 for one in by[PREVIOUS])  # it never rests
    assert sum(one.maker for one in by["twap"]) > 0


def test_the_spread_at_a_venue_is_price_against_the_mid_before() -> None:
    one, seen = story("previous").outcome, run("previous")
    half = 0.0
    for fill in seen.ledger.fills:
        before = seen.seen[np.searchsorted(seen.looks, fill.time, side="left") - 1]
        half += fill.quantity * ((fill.price or 0.0) - before)
    assert one.venues["half"].sum() == pytest.approx(half)
    assert half > 0  # it crosses


def test_progress_reaches_the_end() -> None:
    seen: list[float] = []
    few = Scenario(load("midcap"), quantity=500, horizon=20.0, pairs=2, policies=("previous",))
    run_pairs(few, progress=seen.append)
    assert seen == [0.5, 1.0]


def test_shares_and_cash_of_fills_are_those_of_the_outcome() -> None:
    told, fills = story(), run("twap").ledger.fills
    assert sum(fill.quantity for fill in fills) == told.outcome.filled
    assert sum(fill.quantity * (fill.price or 0) for fill in fills) == pytest.approx(told.outcome.paid)
    assert sum(fill.fee for fill in fills) == pytest.approx(told.outcome.fees)
    assert sum(step.filled for step in told.steps) == told.done[-1] == 4_000
    assert told.due[-1] == 4_000
    assert told.mid[0] == told.twin_mid[0]


def test_no_more_is_promised_than_is_left() -> None:
    for name in ("twap", "pov", PREVIOUS):
        ledger = run(name).ledger
        assert all(child.filled <= child.quantity for child in ledger.children.values())
        assert ledger.rejects == 0


def test_every_child_of_the_told_order_says_why() -> None:
    told = story()
    for step in told.steps:
        assert set(step.answers) == {"venue", "size", "price", "moment", "guard"}
        assert f"{step.quantity:,} shares" in step.answers["size"]
        assert step.answers["venue"].startswith("" if step.place == "dealer" else f"{step.venue} ({step.place})")
        assert step.why in step.answers["venue"]
    assert [one["number"] for one in told.decisions] == [1, 2, 3, 4]  # a slice a minute
    assert sum(one["children"] for one in told.decisions) == len(told.steps)
    given = sum(one[f"filled_{kind}"] for one in told.decisions for kind in ("lit", "dark", "dealer"))
    assert given == told.outcome.filled
    assert {"policy", "router", "limits", "preset", "code"} <= set(told.versions)


def test_the_log_of_the_told_order_can_be_kept_and_asked(tmp_path: Path) -> None:
    file = tmp_path / "order.decisions"
    told = tell(SMALL, 0, "twap", file)
    log = DecisionLog(file)
    assert [int(one["order_id"]) for one in log.children(PARENT)] == [step.order_id for step in told.steps]
    step = told.steps[-1]
    answer = explained(log, step.order_id)
    assert answer["why"] == step.answers
    assert (answer["quantity"], answer["symbol"]) == (step.quantity, "MIDC")


def test_the_first_decision_knows_the_market_since_its_open(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("told.decisions", "worked.decisions")]
    tell(SMALL, 0, "twap", files[0])
    worked(SMALL, "twap", market_of(SMALL, 0), steps_of(SMALL), files[1])
    logs = [DecisionLog(file) for file in files]
    assert difference(*logs) is None
    first = logs[0].decisions()[0]
    ready = first["ready"].astype(bool)
    for name in ("volatility_512s", "volatility_relative", "pace_day", "ofi_deep_64s", "sign_100", "realised_512s"):
        assert ready[INDEX[name]], name
    assert 0.3 < first["observation"][OBSERVED.index("pace_day")] < 3


def test_a_market_left_alone_is_its_own_twin() -> None:
    base, grid = market_of(SMALL, 1), steps_of(SMALL)
    assert np.array_equal(alone(base.twin(), grid), alone(base.twin(), grid))


def test_the_same_order_is_worked_the_same_again() -> None:
    again = worked(SMALL, "pov", market_of(SMALL, 0), steps_of(SMALL))
    assert again.ledger.fills == run("pov").ledger.fills
    assert np.array_equal(again.mids, run("pov").mids)


def test_both_sides_move_the_price_against_themselves() -> None:
    for side in Side:
        what = Scenario(load("midcap"), 20_000, side, horizon=600.0, pairs=4, policies=("previous",))
        moved = [one.impact_end for pair in run_pairs(what) for one in pair]
        assert np.mean(moved) > 0


def test_pov_takes_the_share_that_would_finish_the_order() -> None:
    opened, closed = SMALL.session
    strategy = make_strategy("pov", SMALL.preset, (opened, closed), (opened, closed), 500_000)
    assert strategy.part == pytest.approx(0.2, abs=1e-6)


def test_pov_makes_up_for_volume_that_does_not_come() -> None:
    busy = SMALL.preset.instrument.model_copy(update={"daily_volume": 8 * SMALL.preset.instrument.daily_volume})
    what = Scenario(SMALL.preset.model_copy(update={"instrument": busy}), 4_000, horizon=240.0, seed=3)
    assert make_strategy("pov", what.preset, what.session, what.window, 4_000).part < 0.03
    slow = worked(what, "pov", market_of(SMALL, 0), steps_of(what))
    done = sum(fill.quantity for fill in slow.ledger.fills)
    late = sum(fill.quantity for fill in slow.ledger.fills if fill.time > sum(what.window) // 2)
    assert done == 4_000
    assert late > 3_000  # the volume would have let it do far less than half by then


def test_the_script_waits_unseen_until_it_is_late() -> None:
    seen, actions = np.zeros((3, len(OBSERVED))), np.zeros(3, ACTION)
    seen[:, OBSERVED.index("behind")] = (-0.1, 0.02, 0.0201)
    HiddenFirst(0.02).decide(seen, actions)
    assert actions["tactic"].tolist() == [int(Tactic.DARK), int(Tactic.DARK), int(Tactic.CROSS)]
    assert actions["rate"].tolist() == [1.0, 1.0, 1.0]


def test_the_mid_to_measure_with_is_that_of_the_market() -> None:
    market = market_of(SMALL, 0)
    truth = market.truth()
    assert market.mid() == (truth["bid"] + truth["ask"]) / 2


@pytest.mark.parametrize("schedule", [Twap(), Urgency(2.0)])
def test_the_plan_is_the_path_of_its_schedule(schedule: Twap | Urgency) -> None:
    plan, at = plan_of(schedule), np.linspace(0, 1, CURVE + 1)
    expected = at if isinstance(schedule, Twap) else 1 - np.sinh(2 * (1 - at)) / np.sinh(2)
    assert plan == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("name", POLICIES)
def test_plans_rise_from_nothing_to_the_whole_order(name: str) -> None:
    strategy = make_strategy(name, SMALL.preset, SMALL.session, SMALL.window, SMALL.quantity)
    assert (strategy.plan[0], strategy.plan[-1]) == (0, 1)
    assert (np.diff(strategy.plan) >= 0).all()
    assert strategy.interval >= strategy.placing.reaction
    assert strategy.hidden == (name not in (LIT_ONLY, PREVIOUS))


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


def test_an_order_that_its_policy_never_lets_through_is_told_before_it_starts(tmp_path: Path) -> None:
    with pytest.raises(OrderError, match="max_order_notional of firm lets 1,000,000 of 1,200,000"):
        run_pairs(Scenario(load("midcap"), quantity=1_200_000))
    with pytest.raises(OrderError, match="none of GLOBE is named there"):
        check(Scenario(load("futures"), quantity=10))
    tight = tmp_path / "tight.toml"
    tight.write_text(policy_text("default").replace("restricted = []", 'restricted = ["MIDC"]'), encoding="utf-8")
    with pytest.raises(OrderError, match="restricted"):
        check(Scenario(load("midcap"), quantity=10, limits=str(tight)))
    check(SMALL)


def test_a_tighter_policy_holds(tmp_path: Path) -> None:
    tight = tmp_path / "lit.toml"
    text = policy_text("default").replace("max_child_shares = 20_000 ", "max_child_shares = 150 ")
    tight.write_text(text.replace("[strategy.schedule]", '[strategy.schedule]\nvenue_classes = ["lit"]'), "utf-8")
    what = Scenario(load("midcap"), 1_000, horizon=60.0, pairs=2, seed=3, limits=str(tight))
    ledger = worked(what, "twap", market_of(what, 0), steps_of(what)).ledger
    assert {child.venue for child in ledger.children.values()} <= {"ALPHA", "BETA", "GAMMA"}
    assert max(child.quantity for child in ledger.children.values()) <= 150


def test_an_order_may_end_with_the_session() -> None:
    preset = load("midcap")
    brief = preset.model_copy(update={"session": preset.session.model_copy(update={"close": "09:33"})})
    what = Scenario(brief, 2_000, horizon=120.0, warm_up=60.0, pairs=2, policies=("twap", "previous"))
    assert what.window[1] == what.session[1]
    for pair in run_pairs(what):
        assert [one.filled for one in pair] == [2_000, 2_000]
        assert all(np.isfinite(one.impact_child) for one in pair)  # of the children a minute before the close
        assert all((one.venues["marked"][:, 1] <= one.venues["filled"]).all() for one in pair)


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(InputError, match="policy"):
        make_strategy("magic", SMALL.preset, SMALL.session, SMALL.window, 1)
