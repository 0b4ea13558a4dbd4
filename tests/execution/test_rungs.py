"""The rungs below the model: what each reads, what each decides, and what becomes of an order that they work."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.core.intent import Tactic
from nowake.core.times import SECOND
from nowake.execution.desk_state import CURVE, DESK, Follow
from nowake.execution.policy import ACTION, OBSERVED, FixedPolicy, Policy
from nowake.execution.rungs import (
    INPUT_OF,
    MOST,
    AdaptiveRung,
    PovRung,
    StopRung,
    VolumePlan,
    columns_of,
    granted,
)
from nowake.risk.ladder import Input, Rung
from nowake.schedule.almgren_chriss import remaining

from .desk_world import World

AT = {name: k for k, name in enumerate(OBSERVED)}
WINDOW, SLICES = 600 * SECOND, 60


def desk_of(n: int = 1, curve: np.ndarray | None = None) -> np.ndarray:
    desk = np.zeros(n, DESK)
    desk["start"], desk["end"], desk["interval"] = 10**18, 10**18 + WINDOW, WINDOW // SLICES
    desk["quantity"], desk["curve"] = 60_000, np.linspace(0, 1, CURVE + 1) if curve is None else curve
    return desk


def seen(left: float, share: float, sigma: float = 28.0, pace: float = 0.0) -> np.ndarray:
    observation = np.full((1, len(OBSERVED)), 0.5)
    observation[0, AT["time_left"]], observation[0, AT["inventory_left"]] = left, share
    observation[0, AT["volatility_512s"]], observation[0, AT["pace_recent"]] = sigma, pace
    return observation


def rate(policy: Policy, observation: np.ndarray) -> float:
    actions = np.zeros(1, ACTION)
    policy.decide(observation, actions)
    assert (actions["urgency"][0], actions["tactic"][0]) == (0.0, int(Tactic.JOIN))
    return float(actions["rate"][0])


def rungs(desk: np.ndarray) -> dict[Rung, Policy]:
    return {Rung.ADAPTIVE: AdaptiveRung(desk, 2.0), Rung.POV: PovRung(), Rung.STOP: StopRung()}


def test_every_column_has_its_input_and_each_rung_fewer_of_them() -> None:
    assert sum(len(columns_of(one)) for one in Input) == len(OBSERVED) == len(INPUT_OF)
    sizes = [len(granted(rung)) for rung in Rung]
    assert sizes[0] == len(OBSERVED)
    assert sizes[0] > sizes[1] > sizes[2] > sizes[3] == 0
    assert all(columns_of(one) for one in Input if one != Input.MODEL)


@given(
    st.sampled_from([Rung.ADAPTIVE, Rung.POV, Rung.STOP]),
    st.lists(st.floats(0, 1e6), min_size=len(OBSERVED), max_size=len(OBSERVED)),
    st.sampled_from([math.nan, math.inf, -math.inf, 1e300, -5.0]),
)
def test_a_rung_reads_only_what_it_is_granted(rung: Rung, numbers: list[float], poison: float) -> None:
    observations = np.array([numbers, numbers])
    observations[:, AT["time_left"]] %= 1.0
    observations[:, AT["inventory_left"]] %= 1.0
    desk = desk_of(2)
    clean, poisoned = np.zeros(2, ACTION), np.zeros(2, ACTION)
    rungs(desk)[rung].decide(observations, clean)
    others = [k for k in range(len(OBSERVED)) if k not in granted(rung)]
    observations[:, others] = poison
    rungs(desk)[rung].decide(observations, poisoned)
    assert clean.tobytes() == poisoned.tobytes()
    assert np.isfinite(clean["rate"]).all()
    assert ((clean["rate"] >= 0) & (clean["rate"] <= MOST)).all()


def quota(d: np.void, left: float, share: float, rate: float) -> float:
    """Return the part of the order that a slice begins with, as `execution.slicing` has it, for a linear plan."""
    gone, step = 1 - left, 1 / SLICES
    if left <= step * 1.5:
        return share
    lag = max(gone - (1 - share), 0.0)
    return min(rate * (step / left * (share - lag) + lag), share)


@pytest.mark.parametrize("urgency", [0.5, 1.0, 3.0])
def test_replanned_slice_by_slice_it_is_the_path_of_almgren_and_chriss(urgency: float) -> None:
    desk = desk_of()
    policy, share, left, path = AdaptiveRung(desk, urgency), 1.0, 1.0, [1.0]
    for k in range(SLICES):
        left = 1 - k / SLICES
        share -= quota(desk[0], left, share, rate(policy, seen(left, share)))
        path.append(share)
    assert path == pytest.approx(remaining(np.linspace(0, 1, SLICES + 1), urgency), abs=2e-3)


def test_it_makes_up_for_what_is_behind_and_lets_what_is_ahead_wait() -> None:
    desk = desk_of()
    even = AdaptiveRung(desk, 0.0)
    assert rate(even, seen(0.5, 0.5)) == pytest.approx(1.0)
    for share in (0.4, 0.8):  # ahead, behind: what is left, evenly over the rest
        wanted = quota(desk[0], 0.5, share, rate(even, seen(0.5, share)))
        assert wanted == pytest.approx(share / 30, rel=1e-9)


def test_it_hurries_with_volatility_and_in_a_thin_market_takes_its_time() -> None:
    policy = AdaptiveRung(desk_of(), 2.0)
    normal, wild, calm = (rate(policy, seen(1.0, 1.0, sigma)) for sigma in (28.0, 56.0, 0.0))
    assert wild > normal > calm == pytest.approx(1.0)
    thin, thick = (rate(policy, seen(1.0, 1.0, 28.0, pace)) for pace in (0.5, 2.0))
    assert thick > normal > thin


def test_a_plan_that_is_no_line_is_scaled_to_the_same_path() -> None:
    curve = np.linspace(0, 1, CURVE + 1) ** 2
    policy = AdaptiveRung(desk_of(curve=curve), 0.0)
    wanted = rate(policy, seen(0.5, 0.75))
    planned = (31 / 60) ** 2 - 0.25
    assert wanted * planned / 0.75 * 0.75 == pytest.approx(0.75 / 30, rel=2e-2)


def test_what_is_over_gets_nothing_the_last_slice_all_and_a_flat_plan_cannot_be_scaled() -> None:
    policy = AdaptiveRung(desk_of())
    assert rate(policy, seen(0.0, 0.5)) == rate(policy, seen(0.5, 0.0)) == 0.0
    assert rate(policy, seen(1 / SLICES, 0.5)) == pytest.approx(1.0)
    flat = AdaptiveRung(desk_of(curve=np.r_[np.zeros(CURVE), 1.0]))
    assert rate(flat, seen(1.0, 1.0)) == 0.0
    steep = AdaptiveRung(desk_of(), 60.0)
    assert rate(steep, seen(1.0, 1.0)) == MOST


@pytest.mark.parametrize("column", ["time_left", "inventory_left", "volatility_512s", "pace_recent"])
def test_an_input_that_it_needs_and_that_is_no_number_spoils_its_row_alone(column: str) -> None:
    observations, actions = np.concatenate([seen(0.5, 0.5), seen(0.5, 0.5)]), np.zeros(2, ACTION)
    observations[0, AT[column]] = math.nan
    AdaptiveRung(desk_of(2)).decide(observations, actions)
    assert math.isnan(actions["rate"][0])
    assert actions["rate"][1] == rate(AdaptiveRung(desk_of()), seen(0.5, 0.5))
    assert math.isnan(rate(AdaptiveRung(desk_of()), seen(0.5, 0.5, sigma=-1.0)))


def test_an_order_that_follows_the_volume_goes_on_doing_so() -> None:
    desk = desk_of()
    desk["follow"] = int(Follow.VOLUME)
    assert rate(AdaptiveRung(desk, 6.0), seen(0.5, 0.9)) == 1.0


def test_a_volume_plan_takes_orders_over_and_gives_them_back() -> None:
    desk = desk_of(4)
    desk["follow"][1], desk["part"][1], desk["done"][2] = int(Follow.VOLUME), 0.3, 1
    plan = VolumePlan(desk, 0.1)
    plan.off()
    plan.on()
    plan.on()
    assert desk["follow"].tolist() == [Follow.VOLUME, Follow.VOLUME, Follow.CURVE, Follow.VOLUME]
    assert desk["part"].tolist() == [0.1, 0.3, 0.0, 0.1]
    desk["part"][3] = 0.2  # somebody has said so meanwhile
    plan.off()
    assert desk["follow"].tolist() == [Follow.CURVE, Follow.VOLUME, Follow.CURVE, Follow.VOLUME]
    assert desk["part"].tolist() == [0.0, 0.3, 0.0, 0.2]


@pytest.mark.parametrize(("make", "what"), [
    (lambda: AdaptiveRung(desk_of(), -1.0), "urgency"),
    (lambda: AdaptiveRung(desk_of(), 1.0, 0.0), "volatility"),
    (lambda: PovRung(0.0), "repair"),
    (lambda: VolumePlan(desk_of(), 1.0), "part"),
])  # fmt: skip
def test_parameters_that_cannot_be_are_refused(make: object, what: str) -> None:
    with pytest.raises(InputError, match=what):
        make()  # type: ignore[operator]


def test_pov_holds_its_part_of_the_volume_in_a_market() -> None:
    world = World(PovRung(), quantity=100_000, minutes=20.0, warm_up=60.0)
    VolumePlan(world.path.desk, 0.1).on()
    world.run(600)
    board, d = world.desk.board, world.row
    others = int(board["volume"] - d["volume_start"] - d["filled"])
    assert d["filled"] / (d["filled"] + others) == pytest.approx(0.1, abs=0.03)


def test_adaptive_works_an_order_to_its_end_in_a_market() -> None:
    world = World(FixedPolicy(), quantity=6_000, minutes=5.0, warm_up=60.0)
    world.path.policy = AdaptiveRung(world.path.desk, 2.0)
    world.run(150)
    assert world.row["filled"] > 3_000  # ahead of an even path
    world.run()
    assert world.row["filled"] == 6_000 == world.filled_at_venues()
