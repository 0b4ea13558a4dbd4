"""Coordinates: the start is the origin, every point inside the bounds is a preset that files accept."""

import numpy as np
import pytest

from nowake.market.calibrate.space import FREE, Space, changed, read, table_of
from nowake.market.preset import Preset, load, preset_names

RNG = np.random.default_rng(4)


@pytest.mark.parametrize("name", preset_names())
def test_the_origin_is_the_start_and_any_point_a_valid_preset(name: str) -> None:
    start = load(name).model_copy(update={"dark": ()})
    space = Space(start)
    origin, table = space.values(np.zeros(len(space.names))), table_of(start)
    for free in space.free:
        if not free.relative and not free.low <= read(table, free.key) <= free.high:
            continue  # outside the bounds of the search: it begins at the nearest bound
        assert origin[free.key] == pytest.approx(read(table, free.key), rel=1e-4), free.key
    low, high = space.bounds.T
    for u in (low, high, *(low + RNG.random((20, len(low))) * (high - low))):
        values = space.values(u) | {
            "lit.spread": start.lit.spread
        }  # a spread beyond `deepest` is refused: tested apart
        preset = changed(start, values)
        assert preset.lit.parents == values["lit.parents"]
        assert read(table_of(preset), "value.deviation") == pytest.approx(values["value.deviation"], rel=1e-3)


def test_points_beyond_the_bounds_lie_on_them(quiet: Preset) -> None:
    space = Space(quiet)
    assert space.values(np.full(len(space.names), 1e3)) == space.values(space.bounds[:, 1])
    top = space.values(space.bounds[:, 1])
    assert top["lit.limit_rate"] == pytest.approx(5 * quiet.lit.limit_rate)
    assert top["lit.pareto"] == pytest.approx(4)
    assert top["lit.informed_probability"] == pytest.approx(0.9)


def test_deviation_and_jumps_of_the_public_value_are_what_they_say(quiet: Preset) -> None:
    moved = changed(quiet, {"value.deviation": 0.7, "value.jumps": 0.36, "lit.jump_rate": 9.0})
    daily = 0.02 * 50 / 0.01
    assert moved.lit.sigma == pytest.approx(0.7 * daily * 0.8, rel=1e-4)
    assert moved.lit.jump_size == pytest.approx(0.7 * daily * 0.6 / 3, rel=1e-4)


def test_what_a_preset_lacks_or_may_not_change_is_left_out(quiet: Preset) -> None:
    there = table_of(quiet)
    known = {
        f.key for f in FREE if f.key.startswith("value.") or f.key.split(".")[1] in there.get(f.key.split(".")[0], {})
    }
    assert set(Space(quiet).names) == known
    assert "lit.life" in known
    assert "instrument.round_lot" not in Space(load("midcap")).names  # its pools trade whole round lots
    lots = quiet.model_copy(update={"instrument": quiet.instrument.model_copy(update={"lot": 100})})
    assert "instrument.round_lot" not in Space(lots).names
