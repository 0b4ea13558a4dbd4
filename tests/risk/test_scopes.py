"""From scopes to what holds: the narrowest scope that is tighter wins, and nothing ever loosens."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from guard_world import FIRM, INSTRUMENT, PLACES, table
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import CapacityError, ConfigError, InputError
from nowake.core.values import Instrument
from nowake.risk.document import NUMBERS
from nowake.risk.limits import NONE, Traded, compile_limits, new_limits
from nowake.risk.policy import from_table
from nowake.risk.scopes import Scope, idle, kind_of, resolve, tighter


def test_the_narrowest_scope_that_is_tighter_wins_and_says_so() -> None:
    policy = from_table(
        table(
            desk={"us": {"max_child_shares": 900, "max_position": 10**6}},
            strategy={"pov": {"max_child_shares": 1_200, "short": "no"}},
            symbol={"MIDC": {"max_child_shares": 700, "stale_after": "500ms", "dark_minimum_shares": 50}},
            order={"A-1": {"max_child_shares": 701, "dark_minimum_shares": 300, "max_open_orders": 3}},
        )
    )
    e = resolve(policy, Scope("us", "pov", "MIDC", "A-1"))
    assert (e["max_child_shares"], e.scope("max_child_shares")) == (700, "symbol.MIDC")
    assert (e["max_position"], e.scope("max_position")) == (200_000, "firm")
    assert (e["short"], e.scope("short")) == ("no", "strategy.pov")
    assert (e["stale_after"], e.scope("stale_after")) == ("500ms", "symbol.MIDC")
    assert (e["dark_minimum_shares"], e.scope("dark_minimum_shares")) == (300, "order.A-1")
    assert (e["max_open_orders"], e.scope("max_open_orders")) == (3, "order.A-1")
    assert resolve(policy, Scope("us", symbol="OTHR"))["max_child_shares"] == 900


def test_lists_are_what_every_scope_allows_and_restrictions_add_up() -> None:
    policy = from_table(
        table(
            firm=FIRM | {"restricted": ["BADD"]},
            desk={"us": {"venues": ["BETA", "ALPHA"], "restricted": ["WORS"]}},
            strategy={"pov": {"venues": ["BETA", "OPAL"], "order_types": ["ioc", "limit"]}},
        )
    )
    e = resolve(policy, Scope("us", "pov"))
    assert (e["venues"], e.scope("venues")) == (("BETA",), "strategy.pov")
    assert (e["restricted"], e.scope("restricted")) == (("BADD", "WORS"), "desk.us")
    assert e["order_types"] == ("limit", "ioc")


def test_scopes_that_together_leave_nothing_are_a_contradiction() -> None:
    policy = from_table(table(desk={"us": {"sides": ["buy"]}}, symbol={"MIDC": {"sides": ["sell"]}}))
    with pytest.raises(ConfigError, match=r"symbol\.MIDC\.sides: contradicts desk\.us"):
        resolve(policy, Scope("us", symbol="MIDC"))


def test_a_desk_or_strategy_that_is_not_named_does_not_escape_its_limits() -> None:
    policy = from_table(table(desk={"us": {}, "europe": {}}, strategy={"pov": {}}))
    with pytest.raises(InputError, match="unknown desk 'europ'") as refused:
        resolve(policy, Scope("europ"))
    assert refused.value.hint == "did you mean 'europe'?"
    with pytest.raises(InputError, match="unknown strategy 'pvo'"):
        resolve(policy, Scope("us", "pvo"))
    assert resolve(from_table(table()), Scope("anything", "goes"))["max_position"] == 200_000


def test_an_algorithm_is_of_its_own_strategy_or_else_of_its_kind() -> None:
    tables = {"twap": {"max_child_shares": 300}, "schedule": {"max_child_shares": 400}, "model": {"sides": ["sell"]}}
    policy = from_table(table(strategy=tables))

    def of(strategy: str) -> str:
        return resolve(policy, Scope(strategy=strategy)).scope("max_child_shares")

    assert [of(name) for name in ("twap", "vwap", "pov", "ac", "ow", "adaptive", "schedule", "net-3")] == [
        "strategy.twap", *["strategy.schedule"] * 6, "firm",
    ]  # fmt: skip
    assert resolve(policy, Scope(strategy="net-3"))["sides"] == ("sell",)
    assert (kind_of("twap"), kind_of("net-3"), kind_of("manual")) == ("schedule", "model", "manual")
    with pytest.raises(InputError, match="unknown strategy 'net-3'"):
        resolve(from_table(table(strategy={"twap": {}})), Scope(strategy="net-3"))


def test_what_a_person_sends_is_held_to_its_order_and_to_manual() -> None:
    tables = {
        "twap": {"max_child_shares": 300},
        "manual": {"max_child_shares": 400, "collar_quote_bp": 5.0, "sides": ["buy"]},
    }
    policy = from_table(table(strategy=tables, order={"A-1": {"max_child_shares": 200}}))
    plain = resolve(policy, Scope(strategy="twap", order="A-1"))
    by_hand = resolve(policy, Scope(strategy="twap", order="A-1", by_hand=True))
    assert (plain["collar_quote_bp"], plain["sides"]) == (20.0, ("buy", "sell"))
    assert (by_hand["collar_quote_bp"], by_hand.scope("collar_quote_bp")) == (5.0, "strategy.manual")
    assert (by_hand["sides"], by_hand.scope("max_child_shares")) == (("buy",), "order.A-1")
    without = from_table(table(strategy={"twap": {"max_child_shares": 300}}))
    assert resolve(without, Scope(strategy="twap", by_hand=True)).scope("max_child_shares") == "strategy.twap"


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"firm": FIRM | {"restricted": ["midc"]}}, "firm.restricted"),
        ({"desk": {"us": {"restricted": ["Midc"]}}}, "desk.us.restricted"),
        ({"symbol": {"midc": {}}}, "symbol"),
        ({"located": {"midc": 100}}, "located"),
    ],
)
def test_a_symbol_in_other_capitals_is_refused_because_it_would_not_hold(more: dict[str, Any], key: str) -> None:
    policy = from_table(table(**more))
    with pytest.raises(ConfigError, match="other capitals") as refused:
        resolve(policy, Scope(symbol="MIDC"))
    assert (refused.value.key, refused.value.hint) == (key, "did you mean 'MIDC'?")
    assert resolve(policy, Scope(symbol="OTHR"))["max_position"] == 200_000
    both = from_table(table(firm=FIRM | {"restricted": ["midc", "MIDC"]}))  # two symbols, both named
    assert resolve(both, Scope(symbol="MIDC"))["restricted"] == ("midc", "MIDC")


NUMBER = {
    "max_child_shares": st.integers(100, 10_000),
    "max_position": st.integers(0, 10**6),
    "dark_minimum_shares": st.integers(0, 100),
    "short": st.sampled_from(("no", "locate", "yes")),
    "collar_last_bp": st.floats(0, 10_000),
    "stale_after": st.sampled_from(("1ms", "90s", "3s", "1m")),
}
scope_limits = st.fixed_dictionaries({}, optional=NUMBER)


@settings(max_examples=100, deadline=None)
@given(firm=scope_limits, desk=scope_limits, strategy=scope_limits, symbol=scope_limits, order=scope_limits)
def test_nothing_loosens_whatever_the_scopes_say(
    firm: dict[str, Any], desk: dict[str, Any], strategy: dict[str, Any], symbol: dict[str, Any], order: dict[str, Any]
) -> None:
    tables = {"desk": {"d": desk}, "strategy": {"s": strategy}, "symbol": {"y": symbol}, "order": {"o": order}}
    policy = from_table(table(firm=FIRM | firm, **tables))
    e = resolve(policy, Scope("d", "s", "y", "o"))
    for name in NUMBERS:
        said = [one[name] for one in (FIRM | firm, desk, strategy, symbol, order) if name in one]
        assert not any(tighter(name, value, e[name]) for value in said)
        assert e[name] in said


def test_limits_without_effect_are_told() -> None:
    policy = from_table(table(desk={"us": {"max_child_shares": 9_000, "max_position": 5, "sides": ["buy", "sell"]}}))
    assert [(one.key, one.value, one.firm) for one in idle(policy)] == [
        ("desk.us.max_child_shares", 9_000, 5_000),
        ("desk.us.sides", ("buy", "sell"), ("buy", "sell")),
    ]


def test_compiled_limits_are_the_document_in_whole_numbers() -> None:
    limits = new_limits(2)
    assert limits[0]["valid"] == 0
    assert limits[0]["max_child"] == NONE
    compile_limits(resolve(from_table(table()), Scope(symbol="MIDC")), Traded(INSTRUMENT, PLACES, 10), limits, 1)
    row = limits[1]
    assert (limits[0]["valid"], row["valid"], row["lot"], row["step"]) == (0, 1, 10, 1)
    assert row["venues"] == 0b010111
    assert row["dealers"] == 0b101000
    assert row["participation"] == 250_000
    assert row["collar_quote"] == 2_000
    assert row["child_notional"] == 10**12
    assert row["stale_after"] == 2 * 10**9
    assert (row["value_num"], row["value_den"]) == (10_000, 1)
    assert all(row[name] >= 0 for name in limits.dtype.names or ())


def test_a_venue_that_the_policy_does_not_name_stays_forbidden() -> None:
    limits = new_limits(1)
    compile_limits(resolve(from_table(table()), Scope()), Traded(INSTRUMENT, ("OTHER", "ALPHA")), limits, 0)
    assert limits[0]["venues"] == 0b10


def test_what_cannot_be_compiled_is_refused() -> None:
    e = resolve(from_table(table()), Scope())
    with pytest.raises(ConfigError, match="another currency"):
        compile_limits(e, Traded(Instrument("EURX", currency="EUR"), PLACES), new_limits(1), 0)
    with pytest.raises(CapacityError, match="PLACES"):
        Traded(INSTRUMENT, [f"V{k}" for k in range(17)])
    with pytest.raises(InputError, match="least quantity"):
        Traded(INSTRUMENT, PLACES, 0)


def test_the_worth_of_a_share_is_exact_for_the_smallest_units() -> None:
    coin = Instrument("XBT", tick_size=Decimal("0.01"), step=1, lot=Decimal("0.00000001"))
    limits = new_limits(1)
    compile_limits(resolve(from_table(table()), Scope()), Traded(coin, PLACES), limits, 0)
    assert (limits[0]["value_num"], limits[0]["value_den"]) == (1, 10_000)
    assert isinstance(limits[0], np.void)
