"""The written file: the base's text with other values, its comments kept; loads as what was fitted."""

import tomllib

import pytest

from nowake.market.calibrate.space import changed
from nowake.market.calibrate.write import named, preset_file, value_text
from nowake.market.preset import Preset, from_table, load, preset_names, preset_text


def one_venue(preset: Preset) -> Preset:
    first = preset.venues[0].model_copy(update={"share": 1.0})
    return preset.model_copy(update={"venues": (first,), "dark": (), "dealers": ()})


@pytest.mark.parametrize("name", preset_names())
def test_the_text_of_a_preset_is_kept_but_for_its_values(name: str) -> None:
    base = load(name)
    fitted = named(changed(one_venue(base), {"lit.life": 12.345, "lit.activity_vol.1": 0.125}), "my fit.2", "A fit")
    text = preset_file(preset_text(name), fitted, head=["Calibrated on X."], marks={"lit.life": "calibrated"})
    assert from_table(tomllib.loads(text)) == fitted
    assert text.startswith("# Calibrated on X.\n")
    assert fitted.name == "my-fit-2"
    (life,) = [line for line in text.splitlines() if line.startswith("life = 12.345")]
    assert "# s" in life
    assert life.endswith("[calibrated]")
    assert text.count("[[venues]]") == 1
    assert "[[dark]]" not in text
    comments = [line.partition("#")[2] for line in preset_text(name).splitlines() if line.startswith("pareto")]
    assert comments
    assert all(comment in text for comment in comments)


def test_a_base_that_cannot_be_edited_by_line_is_written_plainly() -> None:
    base = one_venue(load("midcap"))
    inline = "lit = { limit_rate = 1.0 }\n"
    text = preset_file(inline, changed(base, {"lit.life": 4.5}), head=["X"], marks={})
    assert from_table(tomllib.loads(text)).lit.life == 4.5
    assert "[regimes.chain]" in text


def test_a_file_written_is_a_base_for_the_next() -> None:
    base = one_venue(load("midcap"))
    once = preset_file(preset_text("midcap"), base, head=["One"], marks={"lit.life": "calibrated"})
    again = changed(base, {"lit.life": 5.5})
    twice = preset_file(once, again, head=["Two"], marks={"lit.life": "calibrated"})
    assert from_table(tomllib.loads(twice)) == again
    assert twice.count("[calibrated]") == 1
    assert "# One" not in twice


def test_values_as_toml() -> None:
    assert [value_text(v) for v in (True, 1, 0.5, 'a"b', [1, [2.0]])] == ["true", "1", "0.5", '"a\\"b"', "[1, [2.0]]"]
