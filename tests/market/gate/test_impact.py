"""Orders of the gate and their pairs: planned participations, twins on one stream, both sides."""

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.times import SECOND
from nowake.market.gate.days import SEEDS_APART
from nowake.market.gate.impact import ImpactPlan, impact_rows, orders
from nowake.market.impact import PAUSE, flat, session_seconds, trade, usual_child, warmed
from nowake.market.preset import Preset, load, preset_names


@pytest.mark.parametrize("name", preset_names())
def test_orders_have_the_participation_and_time_that_the_gate_asks_for(name: str) -> None:
    preset = load(name)
    planned, volume, session = orders(preset), preset.instrument.daily_volume, session_seconds(preset)
    assert [o.participation for o in planned] == [0.05] * 5 + [0.15] * 5 + [0.3] * 5
    for order in planned:
        meanwhile = volume * order.seconds / session
        assert order.shares / (order.shares + meanwhile) == pytest.approx(order.participation, rel=0.08)
        assert 170 <= order.seconds <= 1.01 * session
        assert order.child <= 2 * usual_child(preset)
        assert order.shares <= 0.31 * volume
        assert order.child % preset.instrument.lot == 0
    assert all(170 <= order.seconds <= 200 for order in planned[::5])


@pytest.fixture(scope="module")
def plan() -> ImpactPlan:
    return ImpactPlan(seed=5, batch=3, most=6, half_width=1e-6, warm_up=30.0)


def test_rows_hold_both_sides_of_every_stream(brief: Preset, plan: ImpactPlan) -> None:
    rows, parts = impact_rows(brief, plan)
    assert len(rows) == 15
    for row in rows:
        assert row.path.shape == (12, 10)
        first = 5 * SEEDS_APART
        assert row.stream.tolist() == [first + k for k in (0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5)]
        assert np.isfinite(row.path).all()
        assert np.isfinite(row.shortfall).all()
        assert np.isfinite(row.after).all() == (row.horizon <= 0.5)
    assert rows[-1].path[:, -1].mean() > 0
    assert rows[-1].shortfall.mean() > 0
    assert {"exponent", "exponent_5", "prefactor_30", "decay", "path_50", "rate_exponent"} <= parts.keys()


def test_the_same_plan_gives_the_same_numbers(brief: Preset, plan: ImpactPlan) -> None:
    told: list[float] = []
    small = ImpactPlan(seed=5, batch=3, most=3, warm_up=30.0)
    (one, _), (two, _) = impact_rows(brief, plan), impact_rows(brief, small, told.append)
    for a, b in zip(one, two, strict=True):
        assert np.array_equal(a.path[:6], b.path)
        assert np.array_equal(a.shortfall[:6], b.shortfall)
    assert told == sorted(told)
    assert told[-1] == 1


def test_without_an_order_what_is_read_after_a_child_is_the_mid_of_that_second(brief: Preset) -> None:
    """The gate takes the twin of a child's peak from mids of every second."""
    markets = warmed(flat(brief), [5, 6], "switching", 30.0)
    seconds, _, _ = trade(markets.copy(), 0, 0, 0, SECOND, 40)
    mids, peaks, fills = trade(markets.copy(), 0, 4, 1200, 10 * SECOND, 4)
    assert np.array_equal(mids, seconds[:, 9::10])
    assert np.array_equal(peaks, seconds[:, PAUSE - 1 :: 10])
    assert not fills.any()
    _, moved, fills = trade(markets, 1, 4, 1200, 10 * SECOND, 4)
    assert (fills[..., 0] == 300).all()
    assert (moved - peaks).mean() > 0


def test_streams_stop_when_the_exponent_is_known(brief: Preset) -> None:
    rows, _ = impact_rows(brief, ImpactPlan(seed=5, batch=3, most=9, half_width=0.99, warm_up=30.0))
    assert len(rows[0].path) < 18


@pytest.mark.parametrize("changed", [{"batch": 1}, {"batch": 8, "most": 4}, {"half_width": 0.0}, {"warm_up": -1.0}])
def test_impossible_plans_are_refused(changed: dict[str, float]) -> None:
    with pytest.raises(InputError, match="impact of the gate"):
        ImpactPlan(**changed)  # type: ignore[arg-type]
