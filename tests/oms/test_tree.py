"""Parents: staging, baskets, routes, allocations, adoption; kill switches and ids; what is refused."""

from decimal import Decimal

import msgspec
import pytest
from oms_worlds import PARENT, VENUE, begun, child, fill, said

from nowake.core.errors import InputError
from nowake.oms.apply import Oms
from nowake.oms.conserve import differences
from nowake.oms.events import (
    Allocated,
    Arrived,
    BasketNew,
    ChildAdopted,
    ChildNew,
    Control,
    Event,
    IdsReserved,
    KillPressed,
    KillReleased,
    ParentNew,
    ParentSaid,
    PolicyLoaded,
    Retired,
    Started,
    decode,
)
from nowake.oms.snapshot import freeze, thaw
from nowake.oms.states import Act, State
from nowake.oms.tree import Block


def refused(oms: Oms, event: Event, rule: str, text: str = "") -> None:
    alert = oms.apply(event)
    assert alert is not None
    assert (alert.rule, alert.applied) == (rule, False)
    assert text in alert.text


def parent(number: int = 5, **changed: object) -> ParentNew:
    terms = {"account": "fund", "symbol": "MIDC", "side": 1, "quantity": 500, "start": 0, "end": 9} | changed
    return ParentNew(5, number, **terms)  # type: ignore[arg-type]


def test_the_arrival_price_of_a_parent_is_kept_once() -> None:
    oms = begun()
    refused(oms, Arrived(3, 77, 2_001), "arrival", "not there")
    refused(oms, Arrived(3, PARENT, 0), "arrival", "0 half ticks")
    assert oms.parents[PARENT].arrival2 == 0
    assert oms.apply(Arrived(3, PARENT, 2_001)) is None
    refused(oms, Arrived(4, PARENT, 2_005), "arrival", "where 2001 is known")
    assert oms.parents[PARENT].arrival2 == 2_001


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (parent(PARENT), "in use"),
        (parent(5000), "never reserved"),
        (parent(client="c-1"), "client id 'c-1' of order 1 once more"),
        (parent(side=2), "side 2"),
        (parent(quantity=-5), "quantity -5"),
        (parent(quantity=0), "quantity 0"),
        (parent(quantity=2**31), "quantity 2147483648"),
        (parent(start=9, end=9), "window 9 to 9"),
        (parent(limit=-1), "limit -1"),
        (parent(basket=3), "a basket that is not there"),
    ],
)
def test_a_parent_that_cannot_be_is_refused(event: ParentNew, text: str) -> None:
    oms = begun()
    refused(oms, event, "parent", text)
    assert list(oms.parents) == [PARENT]


def test_one_symbol_has_one_tick_size_in_an_account() -> None:
    oms = begun()
    child(oms, 2, 10)
    fill(oms, 2, 10, "a")
    refused(oms, parent(tick_size="0.01"), "parent", "tick size 0.01")


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"id": 2}, "in use"),
        ({"id": 5000}, "never reserved"),
        ({"parent": 8}, "unknown parent"),
        ({"side": -1}, "side -1"),
        ({"quantity": 901}, "quantity 901, unplaced are 900"),
        ({"quantity": 0}, "quantity 0"),
        ({"quantity": -1}, "quantity -1"),
        ({"price": -1}, "price -1"),
        ({"minimum": 11}, "least execution 11"),
    ],
)
def test_a_child_that_cannot_be_is_refused(changed: dict[str, int], text: str) -> None:
    oms = begun()
    child(oms, 2, 100)
    terms = {"id": 3, "parent": PARENT, "venue": VENUE, "side": 1, "quantity": 10, "price": 5} | changed
    refused(oms, ChildNew(9, **terms), "child", text)  # type: ignore[arg-type]
    assert list(oms.children) == [2]
    assert differences(oms) == []


def test_a_staged_parent_waits_for_its_release() -> None:
    oms = begun(staged=True)
    refused(oms, ChildNew(9, 2, PARENT, VENUE, 1, 10), "child", "its parent is staged")
    refused(oms, ParentSaid(9, PARENT, Act.ACKED), "impossible")
    assert oms.apply(ParentSaid(9, PARENT, Act.REPLACED, 700, 0)) is None, "it may be edited meanwhile"
    assert oms.parents[PARENT].quantity == 700
    assert oms.apply(ParentSaid(9, PARENT, Act.RELEASED, who="ann")) is None
    assert oms.parents[PARENT].state == State.PENDING_NEW
    assert oms.apply(ParentSaid(9, PARENT, Act.ACKED)) is None
    assert oms.parents[PARENT].state == State.NEW
    assert child(oms, 2, 700) is None


@pytest.mark.parametrize(
    ("time", "end", "window"), [(3, 0, (5, 20)), (9, 0, (9, 20)), (9, 40, (9, 40)), (30, 40, (30, 40))]
)
def test_a_release_begins_a_window_that_has_begun_and_keeps_its_end_unless_it_was_moved(
    time: int, end: int, window: tuple[int, int]
) -> None:
    oms = Oms()
    oms.apply(IdsReserved(1, 1, 9))
    oms.apply(parent(1, start=5, end=20, staged=True))
    assert oms.apply(ParentSaid(time, 1, Act.RELEASED, who="ann", end=end)) is None
    assert (oms.parents[1].start, oms.parents[1].end) == window


@pytest.mark.parametrize("old", [["Sent", 9, 2], ["DecisionLogged", 9, 3, 1, "journal.decisions", "ab12"]])
def test_events_that_are_no_longer_written_are_read_counted_and_change_nothing(old: list[object]) -> None:
    oms = begun()
    child(oms, 2, 10)
    event = decode(msgspec.msgpack.encode(old))
    assert event == Retired(9, str(old[0]))
    before = freeze(oms)
    assert oms.apply(event) is None
    assert oms.counts.pop("Retired") == 1
    oms.sequence -= 1
    oms.time = thaw(before).time
    assert freeze(oms) == before
    for broken in (["Sent"], ["Sent", "9", 2], ["Sender", 9, 2], {"Sent": 9}):
        with pytest.raises(InputError, match="an event that this version knows"):
            decode(msgspec.msgpack.encode(broken))


def test_a_paused_parent_gets_no_children_and_its_fills_still_count() -> None:
    oms = begun()
    child(oms, 2, 100)
    assert oms.apply(ParentSaid(9, PARENT, Act.SUSPENDED, who="ann", reason="news")) is None
    assert not child(oms, 3, 10).applied
    assert fill(oms, 2, 40, "a") is None
    assert oms.parents[PARENT].state == State.SUSPENDED
    oms.apply(ParentSaid(9, PARENT, Act.RESUMED))
    assert oms.parents[PARENT].state == State.PARTIALLY_FILLED
    assert child(oms, 3, 10) is None


@pytest.mark.parametrize("act", [Act.CANCELED, Act.EXPIRED, Act.DONE_FOR_DAY])
def test_a_parent_ends_only_when_nothing_works_for_it(act: Act) -> None:
    oms = begun()
    child(oms, 2, 100)
    refused(oms, ParentSaid(9, PARENT, act), "parent", "100 shares still work")
    said(oms, 2, Act.CANCELED)
    assert oms.apply(ParentSaid(9, PARENT, act)) is None
    assert oms.unplaced(PARENT) == 0
    assert fill(oms, 2, 10, "late").rule == "late fill"
    assert oms.parents[PARENT].filled == 10
    assert differences(oms) == []


def test_a_parent_that_had_children_is_not_rejected_and_fills_come_from_children_alone() -> None:
    oms = begun()
    child(oms, 2, 100)
    said(oms, 2, Act.CANCELED)
    refused(oms, ParentSaid(9, PARENT, Act.REJECTED), "parent", "it has had children")
    refused(oms, ParentSaid(9, PARENT, Act.FILL_PART, 10), "parent", "come from its children")
    refused(oms, ParentSaid(9, 77, Act.ACKED), "unknown")


def test_a_parent_is_replaced_not_below_what_is_filled_or_works() -> None:
    oms = begun()
    child(oms, 2, 100)
    fill(oms, 2, 30, "a")
    refused(oms, ParentSaid(9, PARENT, Act.REPLACE_ASKED, 99), "parent", "below the 100")
    assert oms.apply(ParentSaid(9, PARENT, Act.REPLACE_ASKED, 100)) is None
    assert oms.apply(ParentSaid(9, PARENT, Act.REPLACED)) is None
    assert oms.unplaced(PARENT) == 0
    fill(oms, 2, 70, "b")
    assert oms.parents[PARENT].state == State.FILLED


def test_routes_group_what_was_sent_together() -> None:
    oms = begun()
    for number, route in ((2, 1), (3, 1), (4, 2)):
        oms.apply(ChildNew(9, number, PARENT, VENUE, 1, 10, route=route))
    assert {route: [c.id for c in sent] for route, sent in oms.routes(PARENT).items()} == {1: [2, 3], 2: [4]}
    assert oms.parent_of(3).id == PARENT
    with pytest.raises(InputError, match="no child order 9"):
        oms.parent_of(9)


def test_a_basket_lists_its_parents() -> None:
    oms = begun()
    assert oms.apply(BasketNew(5, 3, "rebalance")) is None
    refused(oms, BasketNew(5, 3, "again"), "basket")
    for number in (5, 6):
        assert oms.apply(parent(number, basket=3, staged=True)) is None
    assert oms.baskets[3].parents == [5, 6]


def test_an_allocation_moves_shares_money_and_fees_exactly() -> None:
    oms = begun(100)
    child(oms, 2, 100)
    fill(oms, 2, 33, "a", 1_000_001, fee=10)
    fill(oms, 2, 67, "b", 999_999, fee=1)
    assert oms.apply(Allocated(9, PARENT, (("red", 41), ("blue", 59)))) is None
    assert (oms.position("fund", "MIDC"), oms.position("red", "MIDC"), oms.position("blue", "MIDC")) == (0, 41, 59)
    total = oms.cash("red") + oms.cash("blue")
    assert total == -(33 * Decimal("50.00005") + 67 * Decimal("49.99995")) - Decimal(11) * Decimal("1e-9")
    assert oms.cash("fund") == 0
    assert differences(oms) == []
    refused(oms, Allocated(9, PARENT, (("red", 100),)), "allocation", "a second time")
    assert "after its allocation" in said(oms, 2, Act.BUSTED, fill="a").text
    assert oms.position("fund", "MIDC") == -33
    assert differences(oms) == []


@pytest.mark.parametrize(
    ("rows", "text"),
    [((("red", 99),), "99 shares, 100 are filled"), ((("red", 101), ("blue", -1)), "below 1"), ((), "0 shares")],
)
def test_an_allocation_that_does_not_add_up_is_refused(rows: tuple, text: str) -> None:
    oms = begun(100)
    child(oms, 2, 100)
    fill(oms, 2, 100, "a")
    refused(oms, Allocated(9, PARENT, rows), "allocation", text)
    refused(oms, Allocated(9, 50, rows), "allocation", "unknown parent")
    refused(oms, Allocated(9, PARENT, (("red", 50), ("red", 50))), "allocation", "one account twice")
    refused(oms, Allocated(9, PARENT, (("", 100),)), "allocation", "without a name")


def test_nothing_is_allocated_while_the_parent_works() -> None:
    oms = begun(100)
    child(oms, 2, 50)
    fill(oms, 2, 50, "a")
    refused(oms, Allocated(9, PARENT, (("red", 50),)), "allocation", "before the parent is over")


def test_an_order_found_at_a_venue_is_adopted_and_told() -> None:
    oms = begun(100)
    child(oms, 2, 100)
    alert = oms.apply(ChildAdopted(9, 7, PARENT, VENUE, 1, 30, 500_000))
    assert (alert.rule, alert.applied) == ("adopted", True)
    assert oms.children[7].state == State.NEW
    assert oms.unplaced(PARENT) == 0
    fill(oms, 7, 30, "a")
    fill(oms, 2, 100, "b")
    assert oms.parents[PARENT].filled == 130
    assert differences(oms) == []
    refused(oms, ChildAdopted(9, 7, PARENT, VENUE, 1, 30), "adopted", "in use")
    refused(oms, ChildAdopted(9, 5000, PARENT, VENUE, 1, 30), "adopted", "never reserved")
    refused(oms, ChildAdopted(9, 8, 50, VENUE, 1, 30), "adopted", "no parent")


def test_ids_are_reserved_upwards_and_may_belong_to_a_parent() -> None:
    oms = begun()
    refused(oms, IdsReserved(9, 900, 1100), "ids")
    refused(oms, IdsReserved(9, 1005, 1000), "ids")
    assert oms.apply(IdsReserved(9, 1000, 1009, PARENT)) is None
    assert oms.apply(IdsReserved(9, 1010, 1019, 7)) is None
    assert child(oms, 1000, 10) is None
    assert "for this parent" in child(oms, 1010, 10).text
    assert oms.block(1009) == Block(1000, 1009, PARENT)
    assert oms.block(1020) is None


def test_the_ids_that_nothing_tells_of_are_known() -> None:
    oms = begun()
    for number in (2, 3, 7, 999):
        child(oms, number, 10)
    oms.apply(IdsReserved(9, 1000, 1001, PARENT))
    assert list(oms.unused()) == [Block(4, 6, 0), Block(8, 998, 0), Block(1000, 1001, PARENT)]


def test_epochs_only_rise() -> None:
    oms = begun()
    refused(oms, Started(9, 1, 1), "epoch")
    assert oms.apply(Started(9, 1, 2)) is None


def test_a_kill_switch_stays_pressed_until_two_people_release_it() -> None:
    oms = begun()
    assert oms.apply(KillPressed(9, "symbol:MIDC", "pause", "ann", "news")) is None
    refused(oms, KillReleased(9, "firm", "ann", "bob", "over"), "kill", "not pressed")
    refused(oms, KillReleased(9, "symbol:MIDC", "ann", "ann", "over"), "kill", "two people")
    refused(oms, KillReleased(9, "symbol:MIDC", "ann", "", "over"), "kill", "two people")
    assert oms.kills["symbol:MIDC"].why == "news"
    assert oms.apply(KillReleased(9, "symbol:MIDC", "ann", "bob", "over")) is None
    assert oms.kills == {}


def test_what_is_kept_for_people_is_counted() -> None:
    oms = begun()
    child(oms, 2, 10)
    assert oms.apply(Control(9, "ann", "slower", "urgency", "1-1-1", "0.2")) is None
    assert oms.apply(PolicyLoaded(9, "policy", "desk.toml", "ab12")) is None
    assert oms.counts == {"Control": 1}
    assert oms.policies == {"policy": ("desk.toml", "ab12")}


def test_conservation_notices_shares_from_nowhere() -> None:
    oms = begun()
    child(oms, 2, 100)
    fill(oms, 2, 40, "a")
    oms.children[2].filled += 1
    oms.parents[PARENT].working += 1
    oms.positions["fund", "MIDC"].cash2 += 5
    what = [found["what"] for found in differences(oms)]
    assert what == ["child filled, money, fee", "position shares, cash, fee", "parent working"]
