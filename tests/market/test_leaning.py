"""How makers lean: what the price does after flow, what a weight changes in it, and what is learnt from it."""

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.market.leaning import _response, learn, responses, with_weights
from nowake.market.preset import Preset, load

SCALES = (30.0, 60.0, 120.0, 240.0, 300_000.0)  # lots; nobody trades as much as the last in these runs
NONE = np.zeros(5)
FIRST = np.array([0.5, 0.0, 0.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def market() -> Preset:
    one = load("midcap")
    return with_weights(one.model_copy(update={"lit": one.lit.model_copy(update={"lean_time": SCALES})}), NONE)


def test_the_response_is_the_move_that_follows_per_unit_of_past_flow() -> None:
    flow = np.where(np.random.default_rng(1).random(400) < 0.5, 2.0, -2.0)
    price = np.concatenate([[0.0], np.cumsum(0.25 * flow)[:-1]])  # half a tick after each, in its direction
    volume = 10.0 * np.arange(400)
    assert _response(price, volume, flow, 10.0) == pytest.approx(0.5)
    assert _response(-price, volume, flow, 10.0) == pytest.approx(-0.5)
    assert _response(0 * price, volume, flow, 10.0) == 0
    assert np.isnan(_response(price, volume, flow, 3_950.0))  # five moments have that much volume ahead of them
    assert np.isnan(_response(price, volume, 0 * flow, 10.0))


def test_every_scale_has_a_response_with_an_interval_around_it(market: Preset) -> None:
    found = responses(market, seed=3, markets=4, hours=2)
    assert tuple(one.lots for one in found) == SCALES
    for one in found[:-1]:
        assert one.ci[0] < one.value < one.ci[1]
    assert np.isnan([found[-1].value, *found[-1].ci]).all()
    assert found[:-1] == responses(market, seed=3, markets=4, hours=2)[:-1]
    assert found[:-1] != responses(market, seed=4, markets=4, hours=2)[:-1]


def test_makers_who_lean_let_the_price_follow_less(market: Preset) -> None:
    plain = responses(market, seed=3, markets=12, hours=4)
    leaning = responses(with_weights(market, FIRST), seed=3, markets=12, hours=4)
    following = responses(with_weights(market, -FIRST), seed=3, markets=12, hours=4)
    assert leaning[0].ci[1] < plain[0].ci[0]
    assert plain[0].ci[1] < following[0].ci[0]


def test_weights_replace_those_of_the_preset_and_nothing_else(market: Preset) -> None:
    leaning = with_weights(market, FIRST)
    assert leaning.lit.lean == tuple(FIRST)
    assert leaning != market
    assert with_weights(leaning, NONE) == market


def test_a_round_moves_each_weight_by_the_response_of_its_scale(market: Preset) -> None:
    start = np.array([0.5, 0.0, 0.1, 0.3, 0.2])
    preset = with_weights(market, start)
    learnt, (found,) = learn(preset, seed=3, rounds=1, rate=0.1, markets=2, hours=1)
    assert found[:-1] == responses(preset, seed=3, markets=2, hours=1)[:-1]
    moved = [w + 0.1 * one.value for w, one in zip(start, found[:-1], strict=False)]
    assert learnt.lit.lean == pytest.approx((*np.clip(moved, 0, 0.9), 0.2), abs=1e-4)  # the last is not known: it stays
    assert learnt.lit.lean[0] < 0.5


def test_what_is_learnt_is_never_below_0_and_always_the_same(market: Preset) -> None:
    told: list[float] = []
    preset = with_weights(market, FIRST)  # leans too much
    learnt, history = learn(preset, seed=3, rounds=3, rate=5.0, markets=2, hours=1, progress=told.append)
    assert len(history) == 3
    assert told == pytest.approx([1 / 3, 2 / 3, 1])
    again, _ = learn(preset, seed=3, rounds=3, rate=5.0, markets=2, hours=1)
    assert learnt == again
    for rounds in (1, 2, 3):
        weights = learn(preset, seed=3, rounds=rounds, rate=5.0, markets=2, hours=1)[0].lit.lean
        assert all(0 <= weight <= 0.9 for weight in weights)
        assert 0 in weights or 0.9 in weights  # steps that large go beyond an end


def test_impossible_requests_are_refused(market: Preset) -> None:
    for markets, hours in ((1, 2.0), (2, 0.5)):
        with pytest.raises(InputError, match="two markets or more"):
            responses(market, seed=1, markets=markets, hours=hours)
    for rounds, rate in ((0, 0.4), (1, 0.0), (1, -1.0), (1, float("nan"))):
        with pytest.raises(InputError, match="a round or more"):
            learn(market, rounds=rounds, rate=rate, markets=2, hours=1)
    for weights in (np.zeros(4), np.array([np.nan, 0, 0, 0, 0])):
        with pytest.raises(InputError, match="5 finite numbers"):
            with_weights(market, weights)
    with pytest.raises(InputError, match="calm"):
        responses(market, seed=1, markets=2, hours=1, regime="clam")
