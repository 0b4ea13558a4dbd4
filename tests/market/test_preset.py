"""Presets: they load, every value is documented, and what cannot be is refused with its key and the nearest name."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from nowake.core.errors import ConfigError, InputError
from nowake.market.dark_state import new_pools
from nowake.market.dealers_state import new_dealers
from nowake.market.preset import check, from_table, load, parameter_hash, preset_names, preset_text

LIT_KEYS = {
    *("order_sizes", "order_weights"),
    *("limit_rate", "life", "life_power", "placement_tail", "deepest", "spread", "taker_rate", "taker_fraction"),
    *("pareto", "parents", "sigma", "jump_rate", "jump_size", "reprice_delay", "chase_delay", "informed_probability"),
    *("informed_delay", "informed_most", "investor_slope", "investor_renewal", "investor_rate", "investor_show"),
    *("investor_life", "recentre", "activity_vol", "activity_time", "u_shape", "open_multiplier", "depth_elasticity"),
    *("fade", "long_queue", "skew", "skew_time", "burst", "investor_used", "lean", "lean_time"),
}


def table(name: str = "midcap") -> dict[str, Any]:
    return tomllib.loads(preset_text(name))


def test_the_presets_that_come_with_nowake() -> None:
    assert preset_names() == ("futures", "large-tick", "midcap", "small-cap", "small-tick")


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_loads_and_its_records_can_be_made(name: str) -> None:
    preset = load(name)
    assert preset.name == name
    assert set(table(name)["lit"]) == LIT_KEYS
    assert len(new_pools(1, preset.dark)) == len(preset.dark) == (0 if name == "futures" else 2)
    assert len(new_dealers(1, preset.dealers)) == len(preset.dealers) == (0 if name == "futures" else 3)
    assert len(preset.venues) == (1 if name == "futures" else 3)
    assert preset.instrument.spread <= preset.lit.deepest


def test_midcap_is_the_founding_scenario() -> None:
    p = load("midcap")
    assert (p.instrument.price, p.instrument.tick, p.instrument.spread) == (50.0, 0.01, 2.0)
    assert (p.instrument.daily_volume, p.instrument.daily_volatility) == (2_000_000, 0.02)
    assert [v.taker_fee < 0 < v.maker_fee for v in p.venues].count(True) == 1, "one inverted venue"


@pytest.mark.parametrize("name", preset_names())
def test_every_value_has_a_comment_with_its_source(name: str) -> None:
    silent = []
    for line in preset_text(name).splitlines():
        key = re.match(r"(\w+) = (?!\[ )", line)
        texts = {"name", "title", "symbol", "currency", "timezone", "next"}
        if key and key.group(1) not in texts and "#" not in line:
            silent.append(line)
    assert silent == []


@pytest.mark.parametrize("name", preset_names())
def test_every_source_tag_is_explained_at_the_top(name: str) -> None:
    head, *_ = preset_text(name).split("\nname = ")
    used = set(re.findall(r"\[([A-Z])[:,\]]", preset_text(name)))
    assert used <= set(re.findall(r"\[([A-Z])\]", head))


def test_a_copy_of_a_preset_is_the_same_market_and_a_changed_value_is_not(tmp_path: Path) -> None:
    copy = tmp_path / "my.toml"
    copy.write_text(preset_text("midcap").replace('name = "midcap"', 'name = "mine"'), encoding="utf-8")
    assert parameter_hash(load(copy)) == parameter_hash(load("midcap"))
    copy.write_text(preset_text("midcap").replace("jump_size = 12.0", "jump_size = 12.5"), encoding="utf-8")
    assert parameter_hash(load(str(copy))) != parameter_hash(load("midcap"))


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        load("midcpa")
    assert caught.value.hint == "did you mean 'midcap'?"
    with pytest.raises(InputError, match=re.escape("nowhere.toml")):
        load("nowhere.toml")


def test_a_broken_file_is_bad_input(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[lit\n", encoding="utf-8")
    with pytest.raises(InputError, match="TOML"):
        load(broken)
    with pytest.raises(InputError, match="readable"):
        load(tmp_path / "missing.toml")


def change(path: str, value: Any) -> dict[str, Any]:
    """Return the table of midcap with one value changed or added; `None` deletes it."""
    whole = table()
    *parents, last = path.split(".")
    inner: Any = whole
    for part in parents:
        inner = inner[int(part)] if part.isdigit() else inner[part]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return whole


@pytest.mark.parametrize(
    ("path", "value", "key", "words"),
    [
        ("lit.limit_rate", -1.0, "lit.limit_rate", "greater than 0 .*-1.0"),
        ("lit.taker_rate", -0.1, "lit.taker_rate", "greater than or equal to 0"),
        ("lit.informed_probability", 1.2, "lit.informed_probability", "less than or equal to 1 .*1.2"),
        ("dark.0.leak", 1.01, "dark.0.leak", "less than or equal to 1"),
        ("dealers.2.leak", -0.01, "dealers.2.leak", "greater than or equal to 0"),
        ("lit.sigma", float("nan"), "lit.sigma", "."),
        ("lit.jump_size", float("inf"), "lit.jump_size", "finite"),
        ("lit.parents", 8.5, "lit.parents", "integer"),
        ("lit.parents", "8", "lit.parents", "integer"),
        ("lit.limit_rate", True, "lit.limit_rate", "number"),
        ("lit.sigma", None, "lit.sigma", "required"),
        ("lit.activity_vol", [0.3], "lit.activity_vol.1", "required"),
        ("venues", [], "venues", "at least one.*none"),
        ("venues.0.share", 0.5, "venues.share", "sum of 1, got 1.05"),
        ("venues.0.name", "BETA", "venues", "used twice.*BETA"),
        ("dealers.0.name", "OPAL", "venues", "used twice.*OPAL"),
        ("dark.0.share", 0.9, "dark.share", "at most 1"),
        ("hidden.share", 0.9, "dark.share", "at most 1"),
        ("followers.rate", -1.0, "followers.rate", "greater than or equal to 0"),
        ("auctions.close", 1.5, "auctions.close", "less than or equal to 1"),
        ("dark.0.largest", 150, "dark.0.largest", "whole lots"),
        ("dark.0.minimum", 20_000, "dark.0.largest", "below"),
        ("instrument.tick", 0.03, "instrument.tick", "disagree.*0.03"),
        ("instrument.tick", 0.0, "instrument.tick", "greater than 0"),
        ("instrument.tick", 1.0, "instrument.tick", "100 or more"),
        ("instrument.lot", 30, "instrument.lot", "divisor of the round lot of 100.*30"),
        ("instrument.daily_volatility", 0.2, "lit.sigma", "daily_volatility"),
        ("instrument.daily_volume", 2**31, "instrument.daily_volume", "less than or equal"),
        ("session.close", "09:00", "session.close", "later than 09:30"),
        ("session.open", "9 am", "session.open", "pattern"),
        ("session.timezone", "Mars/Olympus", "session.timezone", "IANA.*Mars"),
        ("lit.skew_time", 0.0, "lit.skew_time", "greater than 0"),
        ("lit.skew", -0.1, "lit.skew", "greater than or equal to 0"),
        ("lit.burst", 1.5, "lit.burst", "less than or equal to 1"),
        ("lit.deepest", 2, "lit.deepest", "at least 2.35"),
        ("lit.order_sizes", [1, 2, 3], "lit.order_weights", "3 weights"),
        ("lit.order_sizes", [1, 2, 2, 5], "lit.order_sizes", "rising"),
        ("lit.order_sizes", [0, 2, 3, 5], "lit.order_sizes.0", "greater than or equal to 1"),
        ("lit.order_sizes", [], "lit.order_sizes", "at least 1"),
        ("lit.informed_most", 2**31 - 1, "lit.informed_most", "2147483647 shares"),
        ("lit.investor_show", 2**25, "lit.investor_show", "21474836 lots of 100"),
        ("lit.order_weights", [0.0, 0.0, 0.0, 0.0], "lit.order_weights", "not all 0"),
        ("lit.order_weights", [1.0, -1.0, 1.0, 1.0], "lit.order_weights.1", "greater than or equal to 0"),
        ("regimes.chain.epoch", 700.0, "regimes.chain.spell.4", "at least 700"),
        ("regimes.chain.next", [[1, 0, 0, 0, 0]] * 5, "regimes.chain.next.0", "calm leads nowhere"),
        ("regimes.calm.variance", 0.0, "regimes.calm.variance", "greater than 0"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(path: str, value: Any, key: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        from_table(change(path, value))
    assert caught.value.key == key
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("lit.limitrate", "limit_rate"),
        ("instrument.tik", "tick"),
        ("venues.1.makerfee", "maker_fee"),
        ("dark.0.leek", "leak"),
        ("dealers.0.halfspread", "half_spread"),
        ("regimes.calm.drifts", "drift"),
        ("regimes.chain.epochs", "epoch"),
        ("venue", "venues"),
    ],
)
def test_an_unknown_key_names_the_nearest(path: str, hint: str) -> None:
    with pytest.raises(ConfigError, match="unknown key") as caught:
        from_table(change(path, 1))
    assert caught.value.key == path
    assert caught.value.hint == f"did you mean '{hint}'?"


def test_too_many_venues_are_refused() -> None:
    p = load("midcap")
    many = tuple(p.venues[0].model_copy(update={"name": f"V{n}", "share": 1 / 9}) for n in range(9))
    with pytest.raises(ConfigError, match="at most 4"):
        check(p.model_copy(update={"venues": many}))


def test_limit_orders_larger_than_any_venue_takes_are_refused() -> None:
    whole = table("futures")  # no dark pools, whose sizes would be refused first
    whole["instrument"]["round_lot"] = 2**30
    with pytest.raises(ConfigError, match=r"2147483647 shares, 1 lots of 1073741824.* got 25") as caught:
        from_table(whole)
    assert caught.value.key == "lit.order_sizes"
