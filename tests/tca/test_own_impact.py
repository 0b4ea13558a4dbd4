"""What own fills have done to the mid, by the model: a slow reference, the law of the paper, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.core.times import SECOND
from nowake.schedule.pretrade import Almgren2005, almgren2005
from nowake.tca.own_impact import MEMORY_S, ImpactModel, own_impact

MODEL = ImpactModel(0.02, 2_000_000.0, 300_000_000.0, 1 / 23_400)


def plain(model: ImpactModel, times: list[int], quantities: list[int]) -> list[float]:
    """The sums as they are written."""
    found = []
    for now in times:
        earlier = [(t, q) for t, q in zip(times, quantities, strict=True) if t < now]
        done = sum(q for _, q in earlier)
        recent = sum(q * np.exp(-(now - t) / 1e9 / MEMORY_S) for t, q in earlier)
        lasting = 0.314 * model.sigma * done / model.adv * (model.outstanding / model.adv) ** 0.25
        rate = recent / (model.adv * MEMORY_S * model.pace)
        found.append(lasting + 0.142 * model.sigma * rate**0.6)
    return found


@given(st.lists(st.tuples(st.integers(0, 4 * 3600 * SECOND), st.integers(1, 10_000)), max_size=30))
def test_it_is_the_sums_as_they_are_written(fills: list[tuple[int, int]]) -> None:
    fills.sort()
    times, quantities = np.array([t for t, _ in fills], np.int64), np.array([q for _, q in fills], np.int64)
    got = own_impact(MODEL, times, quantities)
    assert got.tolist() == pytest.approx(plain(MODEL, times.tolist(), quantities.tolist()), rel=1e-9)
    assert (got >= 0).all()


def test_a_steady_order_pays_what_the_paper_says() -> None:
    hours, each = 4, 100
    times = np.arange(0, hours * 3600, 2) * SECOND
    got = own_impact(MODEL, times, np.full(len(times), each))
    paper = almgren2005(Almgren2005(each * len(times), MODEL.adv, MODEL.outstanding, MODEL.sigma, hours / 6.5))
    lasting, passing = paper.parts["permanent_bps"], paper.parts["temporary_bps"]
    assert got[-1] * 1e4 == pytest.approx(lasting + passing, rel=0.005)
    assert got.mean() * 1e4 == pytest.approx(paper.mean_bps, rel=0.06)  # it has to build up first
    assert got.mean() * 1e4 < paper.mean_bps


def test_half_an_hour_later_the_temporary_part_is_all_but_gone() -> None:
    times = np.array([0, 1800]) * SECOND
    got = own_impact(MODEL, times, np.array([50_000, 1]))
    lasting = 0.314 * 0.02 * 50_000 / 2e6 * 150**0.25
    recent = 50_000 * np.exp(-3) / (2e6 * 600 / 23_400)
    assert got.tolist() == pytest.approx([0.0, lasting + 0.142 * 0.02 * recent**0.6])


def test_no_fills_have_done_nothing() -> None:
    assert own_impact(MODEL, np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []


@pytest.mark.parametrize("name", ["sigma", "adv", "outstanding", "pace"])
def test_what_is_not_above_zero_is_refused(name: str) -> None:
    terms = {"sigma": 0.02, "adv": 2e6, "outstanding": 3e8, "pace": 1e-4, name: 0.0}
    with pytest.raises(InputError, match=name):
        ImpactModel(**terms)
