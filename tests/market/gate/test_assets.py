"""The other shares of fact 11."""

import pytest

from nowake.core.errors import ConfigError
from nowake.market.gate.assets import FACTORS, perturbed
from nowake.market.preset import load, preset_names


def test_there_are_enough_assets_and_all_differ() -> None:
    assert len(set(FACTORS)) == len(FACTORS) >= 12
    assert {f for one in FACTORS for f in one} == {0.5, 1.0, 2.0}


def test_nothing_changes_without_a_factor() -> None:
    assert perturbed(load("midcap"), 1.0, 1.0, 1.0) == load("midcap")


def test_a_factor_changes_what_it_names() -> None:
    one = load("midcap")
    coarse, deep, wild = perturbed(one, 2.0, 1.0, 1.0), perturbed(one, 1.0, 2.0, 1.0), perturbed(one, 1.0, 1.0, 2.0)
    assert coarse.instrument.tick == 2 * one.instrument.tick
    assert coarse.lit.sigma * coarse.instrument.tick == one.lit.sigma * one.instrument.tick
    assert coarse.lit.spread * coarse.instrument.tick == one.lit.spread * one.instrument.tick
    assert deep.lit.limit_rate == 2 * one.lit.limit_rate
    assert deep.lit.sigma == one.lit.sigma
    assert (wild.lit.sigma, wild.lit.spread) == (2 * one.lit.sigma, 2 * one.lit.spread)
    assert wild.lit.investor_slope == one.lit.investor_slope / 4
    assert wild.lit.investor_used == 2 * one.lit.investor_used
    assert (wild.lit.skew, deep.lit.skew) == (2 * one.lit.skew, one.lit.skew / 2)
    assert deep.lit.informed_most == 2 * one.lit.informed_most


def test_as_many_moves_a_day_are_raced_as_in_the_preset() -> None:
    one = load("midcap")
    for factors in FACTORS:
        other = perturbed(one, *factors)
        moves = (other.lit.sigma / one.lit.sigma) ** 2  # of one tick, relative
        assert other.lit.informed_probability == min(one.lit.informed_probability / moves, 1.0)


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_be_perturbed(name: str) -> None:
    for factors in FACTORS:
        perturbed(load(name), *factors)


def test_an_impossible_share_is_refused() -> None:
    with pytest.raises(ConfigError):
        perturbed(load("midcap"), 7.0, 1.0, 1.0)
