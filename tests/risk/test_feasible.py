"""An order that can never fill is told before it starts, with the limit that binds and the scope that set it."""

from typing import Any

import pytest
from guard_world import FIRM, INSTRUMENT, PLACES, table

from nowake.core.errors import ConfigError, InputError, OrderError
from nowake.core.times import HOUR, SECOND
from nowake.core.values import Instrument, Side
from nowake.risk.feasible import Plan, can_fill, refuse_impossible
from nowake.risk.policy import from_table
from nowake.risk.scopes import Effective, Scope, resolve


def rules(symbol: dict[str, Any] | None = None, **firm: Any) -> Effective:
    located = {"MIDC": firm.pop("located", 0)}
    tables = table(firm=FIRM | firm, symbol={"MIDC": symbol or {}}, located=located)
    return resolve(from_table(tables), Scope(symbol="MIDC"))


def plan(**change: Any) -> Plan:
    fields = {"quantity": 100_000, "side": Side.BUY, "volume": 1_000_000, "length": HOUR} | change
    return Plan(instrument=INSTRUMENT, price=5_000, places=PLACES, **fields)


def test_what_can_fill_is_told_so() -> None:
    found = refuse_impossible(rules(), plan())
    assert (found.fillable, found.possible, found.limit, found.words) == (100_000, True, "", "every share can fill")
    assert refuse_impossible(rules(), plan(volume=None)).possible


BINDING: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], str, int]] = [
    # tightened for the symbol, firm, order; the binding limit, what can fill
    ({"restricted": ["MIDC"]}, {}, {}, "restricted", 0),
    ({"sides": ["sell"]}, {}, {}, "sides", 0),
    ({"venues": ["OPAL"], "dealers": []}, {}, {"places": ("ALPHA",)}, "venues", 0),
    ({"venue_classes": ["dark"]}, {}, {"places": ("ALPHA", "BETA")}, "venue_classes", 0),
    ({"order_types": ["quote"]}, {}, {"places": ("ALPHA", "OPAL")}, "order_types", 0),
    ({"order_types": ["limit", "market", "on_close"]}, {}, {}, "order_types", 0),
    ({"order_types": ["post_only"], "venue_classes": ["dark", "dealer"]}, {}, {}, "order_types", 0),
    ({"order_types": ["mid_peg"], "venue_classes": ["lit"]}, {}, {}, "order_types", 0),
    ({"phases": ["auction"]}, {}, {}, "phases", 0),
    ({"venue_classes": ["dark"]}, {}, {"quantity": 99}, "dark_minimum_shares", 0),
    ({}, {"max_child_notional": 49.0}, {}, "max_child_notional", 0),
    ({"max_participation": 0.02}, {}, {}, "max_participation", 20_408),
    ({"max_participation": 0.02}, {}, {"volume": 0}, "max_participation", 2_000),
    ({"max_order_notional": 1_000_000.0}, {}, {}, "max_order_notional", 20_000),
    ({}, {"max_position": 30_000}, {"position": -5_000}, "max_position", 35_000),
    ({"short": "no"}, {}, {"side": Side.SELL, "position": 400}, "short", 400),
    ({"short": "locate"}, {"located": 600}, {"side": Side.SELL, "position": 400}, "short", 1_000),
    ({"short": "locate"}, {}, {"side": Side.SELL, "position": -400}, "short", 0),
    ({"short": "no"}, {"located": 600}, {"side": Side.SELL, "position": 400}, "short", 400),
    ({"max_child_shares": 100}, {"max_messages_per_second": 1}, {"length": 60 * SECOND}, "max_messages_per_second", 0),
    ({}, {"max_venue_notional": 50_000.0}, {}, "max_venue_notional", 6_000),
]


@pytest.mark.parametrize(("symbol", "firm", "order", "limit", "most"), BINDING)
def test_the_binding_limit_is_named(
    symbol: dict[str, Any], firm: dict[str, Any], order: dict[str, Any], limit: str, most: int
) -> None:
    fields = {"quantity": 100_000, "side": Side.BUY, "volume": 1_000_000, "length": HOUR, "places": PLACES} | order
    asked = Plan(instrument=INSTRUMENT, price=5_000, **fields)
    e = rules(symbol, **firm)
    found = can_fill(e, asked)
    expected = most or (0 if limit != "max_messages_per_second" else (8 + 60) * 6 * 100)
    assert (found.limit, found.fillable, found.possible) == (limit, expected, False)
    assert found.scope == e.scope(limit)
    with pytest.raises(OrderError, match="can never fill") as refused:
        refuse_impossible(e, asked)
    assert f"{limit} of {e.scope(limit)}" in str(refused.value)


def test_located_shares_may_be_sold_short_and_what_is_short_already_counts() -> None:
    e = rules({"short": "locate"}, located=100_600)
    assert refuse_impossible(e, plan(side=Side.SELL)).possible
    assert refuse_impossible(e, plan(side=Side.SELL, position=-600)).possible
    found = can_fill(e, plan(side=Side.SELL, position=-700))
    assert (found.fillable, found.words[-50:]) == (99_900, "-700 shares are held and 100,600 shares are located"[-50:])


@pytest.mark.parametrize("types", [["ioc"], ["post_only"], ["mid_peg"], ["quote"]])
def test_one_order_type_that_the_router_sends_is_enough(types: list[str]) -> None:
    assert refuse_impossible(rules({"order_types": types}), plan()).possible


def test_an_instrument_of_another_currency_is_refused_before_it_starts() -> None:
    asked = Plan(Instrument("MIDC", currency="EUR"), Side.BUY, 100, 5_000, HOUR, PLACES)
    with pytest.raises(ConfigError, match="MIDC trades in another currency") as refused:
        can_fill(rules(), asked)
    assert refused.value.key == "currency"


IMPOSSIBLE: list[dict[str, Any]] = [
    {"quantity": -5},
    {"quantity": 10.5},
    {"quantity": 0},
    {"length": 0},
    {"volume": -1},
]


@pytest.mark.parametrize("change", IMPOSSIBLE, ids=str)
def test_what_is_not_an_order_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        plan(**change)
