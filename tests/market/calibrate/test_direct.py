"""What follows from data without a search: instrument, hours, one venue; rates that bring the profile close."""

from nowake.market.calibrate.direct import like_the_data, scaled, start
from nowake.market.calibrate.objective import Plan, evaluate, seeds_of
from nowake.market.calibrate.targets import PROFILE, Target, compare
from nowake.market.preset import Preset, load


def test_the_instrument_is_that_of_the_data(target: Target, quiet: Preset) -> None:
    made = like_the_data(load("large-tick"), target)
    one = made.instrument
    assert (one.symbol, one.tick, one.currency) == ("MIDC", 0.01, "USD")
    assert abs(one.price - quiet.instrument.price) < 0.1
    assert abs(one.daily_volume - target.parts["volume"].value) <= 50
    assert [venue.share for venue in made.venues] == [1.0]
    assert (made.dark, made.dealers) == ((), ())
    assert made.session == quiet.session
    assert made.lit.life > load("large-tick").lit.life  # orders are rarer in this data


def test_scaling_brings_the_profile_of_a_busy_market_close_to_the_data(target: Target) -> None:
    base, plan = load("midcap"), Plan(1, 2, 10**6)
    seeds = seeds_of(1, "search", plan.paths)
    made = start(base, seeds, plan, target)
    parts = evaluate(made, seeds, plan, target)[1]
    assert all(0.6 < parts[name].value / target.parts[name].value < 1.6 for name in PROFILE)
    facts, profile = compare(target, parts)
    assert len(facts) > 30
    assert max(abs(row.z) for row in profile) < 10


def test_too_few_trades_make_takers_come_more_often(target: Target, quiet: Preset) -> None:
    seen = dict(target.parts) | {"trades": type(target.parts["trades"])(target.known("trades") / 2, 0, 0)}
    assert scaled(quiet, seen, target).lit.taker_rate == 2 * quiet.lit.taker_rate
    assert scaled(quiet, dict(target.parts), target).lit == quiet.lit
