"""Impact by twins: what is measured on markets whose answer is known, and what is refused."""

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.values import Side
from nowake.market.impact import Plan, Row, measure, square_root_fit
from nowake.market.preset import load


def rows_of(exponent: float, prefactor: float, noise: float, pairs: int = 400) -> list[Row]:
    """Return rows whose impact is prefactor * 200 bp * size^exponent and noise."""
    rng = np.random.default_rng(5)
    made = []
    for size in (0.01, 0.03, 0.1, 0.3):
        samples = prefactor * 200 * size**exponent + noise * rng.standard_normal(pairs)
        mean = float(samples.mean())
        made.append(Row(size, 0.15, 1.0, pairs, mean, (mean, mean), 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, samples))
    return made


def test_the_fit_finds_a_planted_law() -> None:
    fit = square_root_fit(rows_of(0.5, 0.8, 0.0), 0.02)
    assert fit is not None
    assert fit.exponent == pytest.approx(0.5)
    assert pytest.approx(0.8) == fit.Y
    assert fit.exponent_ci == pytest.approx((0.5, 0.5))


def test_the_intervals_of_the_fit_cover_the_truth() -> None:
    fit = square_root_fit(rows_of(0.6, 0.8, 30.0), 0.02)
    assert fit is not None
    assert fit.exponent_ci[0] < 0.6 < fit.exponent_ci[1]
    assert 0.02 < fit.exponent_ci[1] - fit.exponent_ci[0] < 0.3


def test_no_law_is_fitted_where_impact_is_not_above_zero() -> None:
    assert square_root_fit(rows_of(0.5, -0.8, 0.0), 0.02) is None
    assert square_root_fit(rows_of(0.5, 0.8, 0.0)[:1], 0.02) is None


def test_buying_and_selling_move_the_price_against_the_order() -> None:
    for side in Side:
        plan = Plan(sizes=(0.01,), horizon=600.0, pairs=32, side=side, warm_up=600.0)
        (row,) = measure(load("midcap"), plan)
        assert row.impact_bps_ci[0] > 0
        assert row.shortfall_bps > 0
        assert row.completion == 1
        assert row.vrf > 5
        assert row.child_bps < row.impact_bps


def test_the_same_plan_gives_the_same_numbers_and_pairs_are_pairs() -> None:
    small, large = (
        measure(load("midcap"), Plan(sizes=(0.001,), horizon=20.0, pairs=n, warm_up=60.0))[0] for n in (4, 8)
    )
    again = measure(load("midcap"), Plan(sizes=(0.001,), horizon=20.0, pairs=4, warm_up=60.0))[0]
    assert small.samples.tolist() == again.samples.tolist() == large.samples[:4].tolist()
    assert small.horizon_s == pytest.approx(20, rel=1e-3)


def test_participation_sets_the_time() -> None:
    (row,) = measure(load("midcap"), Plan(sizes=(0.0005,), participation=0.2, pairs=2, warm_up=60.0))
    assert row.participation == pytest.approx(0.2, rel=1e-3)
    assert row.horizon_s == pytest.approx(1000 * 5 / 2_000_000 * 23_400, rel=1e-3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sizes": ()}, "sizes"), ({"sizes": (0.0,)}, "sizes"), ({"sizes": (6.0,)}, "sizes"),
        ({"participation": 0.1}, "a horizon or a participation"), ({"horizon": None}, "a horizon or a participation"),
        ({"horizon": None, "participation": 1.0}, "participation"), ({"horizon": 0.1}, "horizon"),
        ({"pairs": 1}, "pairs"), ({"warm_up": 0.0}, "warm-up"), ({"seed": -1}, "seed"),
    ],
)  # fmt: skip
def test_impossible_plans_are_refused(changed: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"sizes": (0.01,), "horizon": 60.0, **changed}
    with pytest.raises(InputError, match=message):
        Plan(**arguments)  # type: ignore[arg-type]
