"""The scripts: each trades, ends flat within ten minutes, and looks the same from both sides."""

import pytest

from nowake.core.errors import InputError
from nowake.market.hunt.families import FAMILIES, Family, chosen
from nowake.market.hunt.hunter import trip
from nowake.market.hunt.phases import Make, Rest, Show, Sip, Take
from nowake.market.hunt.scene import LONGEST, MIDDAY, Scene
from nowake.market.hunt.triggers import Move, Wide

LIT = [family for family in FAMILIES if family.needs in (None, "venues")]
AT_ONCE = [family for family in LIT if family.trigger is None]


def test_there_are_at_least_twelve_without_dark_pools_and_dealers() -> None:
    assert len(LIT) >= 12
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_script_leaves_time_to_close_what_is_left(family: Family) -> None:
    latest = family.trigger.deadline if family.trigger else 0
    assert latest + family.length <= LONGEST - 15
    assert all(0 <= phase.start < phase.end for phase in family.phases)


@pytest.mark.parametrize("family", LIT, ids=lambda family: family.name)
@pytest.mark.parametrize("sign", [1, -1])
def test_every_trip_ends_flat(midday: Scene, family: Family, sign: int) -> None:
    desk = trip(midday, family, 1000, sign)
    assert desk.position == 0 == sum(fill.quantity for fill in desk.fills)
    assert not desk.live
    assert desk.second <= LONGEST
    if family in AT_ONCE:
        assert desk.fills
        bought = sum(fill.quantity for fill in desk.fills if fill.quantity > 0)
        assert bought >= 500 or family.name == "venue-latency"


def test_the_sign_says_what_is_done_first(midday: Scene) -> None:
    family = Family("x", (Take(0, 3, 1, 3), Take(10, 13, 0, 3)))
    bought, sold = trip(midday, family, 900, 1), trip(midday, family, 900, -1)
    assert bought.fills[0].quantity > 0 > sold.fills[0].quantity
    assert sum(fill.quantity for fill in bought.fills if fill.quantity > 0) == 900
    assert bought.second == sold.second == 13  # it ends as soon as it is flat


def test_a_trigger_that_does_not_come_trades_nothing(midday: Scene) -> None:
    for trigger in (Move(60, 50.0, 1, 100), Wide(100.0, 100)):
        desk = trip(midday, Family("x", (Take(0, 5, 1, 1),), trigger), 1000, 1)
        assert desk.fills == []
        assert desk.second == 101


def test_a_move_towards_the_side_starts_the_script(midday: Scene) -> None:
    desk = trip(midday, Family("x", (Take(0, 5, 1, 1),), Move(10, 0.01, 1, 300)), 1000, 1)
    before = desk.mids[:-6]
    assert before[-1] - before[-11] > 0
    assert desk.fills[0].quantity > 0


def test_orders_for_show_are_taken_back(midday: Scene) -> None:
    desk = trip(midday, Family("x", (Show(0, 20, -1, 3.0, 3, 4),)), 1000, 1)
    assert desk.fills == []
    assert desk.market.status()["orders"]
    assert {order["side"] for order in desk.market.status()["orders"]} == {-1}
    assert {order["quantity"] for order in desk.market.status()["orders"]} == {1000}


def test_orders_for_show_are_pulled_once_they_have_traded(midday: Scene) -> None:
    desk = trip(midday, Family("x", (Show(0, 400, -1, 3.0, every=1),)), 1000, 1)
    sold = -sum(fill.quantity for fill in desk.fills if fill.quantity < 0)
    assert 0 < sold <= 3000
    shown = [order for order in desk.market.status()["orders"] if order["state"] != "rejected" and order["side"] == -1]
    first = min(order["oid"] for order in shown if order["filled"])
    assert not [order for order in shown if order["oid"] > first]


def test_passive_phases_send_nothing_that_takes(midday: Scene) -> None:
    desk = trip(midday, Family("x", (Rest(0, 300, 1, 2), Make(300, 500))), 500, 1)
    script = [order for order in desk.market.status()["orders"] if order["state"] != "rejected"]
    assert len(script) > 5
    assert sum(fill.quantity for fill in desk.fills if fill.quantity > 0) >= 500


def test_a_sip_takes_the_touch_and_no_more(midday: Scene) -> None:
    desk = trip(midday, Family("x", (Sip(0, 1, 1),)), 10_000, 1)
    first = [fill for fill in desk.fills if fill.quantity > 0]
    assert {fill.price for fill in first} == {midday.touch[0, 1]}


def test_families_are_chosen_by_name() -> None:
    assert [family.name for family in chosen(("spoof", "close"))] == ["spoof", "close"]
    assert next(f for f in FAMILIES if f.name == "close").when != MIDDAY
    with pytest.raises(InputError, match="spoof") as raised:
        chosen(("spof",))
    assert "'spoof'" in str(raised.value.hint)
    with pytest.raises(InputError, match="at least one"):
        chosen(())
