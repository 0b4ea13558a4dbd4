"""What happens to an order: fills before the acknowledgement, after the cancel, too many; busts and repeats."""

import pytest
from oms_worlds import PARENT, VENUE, begun, child, fill, said

from nowake.oms.apply import Oms
from nowake.oms.conserve import differences
from nowake.oms.events import Asked, VenueSaid
from nowake.oms.orders import Standing, leaves
from nowake.oms.states import Act, State


@pytest.fixture
def oms() -> Oms:
    """A parent of 1,000 with one child of 100, number 2, just sent."""
    made = begun()
    assert child(made, 2, 100) is None
    return made


def stands(oms: Oms, number: int = 2) -> tuple[State, int, int]:
    """State, filled and leaves of an order; whatever happened, everything is conserved."""
    assert differences(oms) == []
    order = oms.children.get(number) or oms.parents[number]
    return State(order.state), order.filled, leaves(order)


def asked(oms: Oms, act: Act, quantity: int = 0, price: int = 0) -> bool:
    alert = oms.apply(Asked(15, 2, act, quantity, price))
    return alert is None


def test_the_life_of_a_child(oms: Oms) -> None:
    assert stands(oms) == (State.PENDING_NEW, 0, 100)
    assert oms.unplaced(PARENT) == 900
    assert said(oms, 2, Act.ACKED) is None
    assert stands(oms) == (State.NEW, 0, 100)
    assert fill(oms, 2, 40, "a", fee=7) is None
    assert stands(oms) == (State.PARTIALLY_FILLED, 40, 60)
    assert fill(oms, 2, 60, "b", price2=1_000_001) is None
    assert stands(oms) == (State.FILLED, 100, 0)
    assert stands(oms, PARENT) == (State.PARTIALLY_FILLED, 100, 900)
    held = oms.positions["fund", "MIDC"]
    assert (held.shares, held.cash2, held.fee) == (100, -40 * 1_000_000 - 60 * 1_000_001, 7)
    assert oms.unplaced(PARENT) == 900
    assert oms.open == {}


def test_a_sale_is_a_short_position_and_cash() -> None:
    oms = begun(side=-1)
    child(oms, 2, 100)
    fill(oms, 2, 100, "a")
    assert oms.position("fund", "MIDC") == -100
    assert oms.cash("fund") == 100 * 500_000 * oms.cash("nobody") + 100 * 50


def test_a_fill_before_the_acknowledgement_counts_and_the_late_acknowledgement_changes_nothing(oms: Oms) -> None:
    assert fill(oms, 2, 40, "a") is None
    assert stands(oms) == (State.PARTIALLY_FILLED, 40, 60)
    assert said(oms, 2, Act.ACKED) is None
    assert stands(oms) == (State.PARTIALLY_FILLED, 40, 60)


def test_a_fill_after_the_cancel_counts_and_is_told(oms: Oms) -> None:
    said(oms, 2, Act.ACKED)
    assert asked(oms, Act.CANCEL_ASKED)
    assert stands(oms) == (State.PENDING_CANCEL, 0, 100)
    assert said(oms, 2, Act.CANCELED) is None
    assert stands(oms) == (State.CANCELED, 0, 0)
    alert = fill(oms, 2, 30, "late")
    assert (alert.rule, alert.applied) == ("late fill", True)
    assert stands(oms) == (State.CANCELED, 30, 0)
    assert fill(oms, 2, 70, "later").applied
    assert stands(oms) == (State.FILLED, 100, 0)


def test_a_fill_while_the_cancel_is_pending_leaves_it_pending(oms: Oms) -> None:
    asked(oms, Act.CANCEL_ASKED)
    assert fill(oms, 2, 40, "a") is None
    assert stands(oms) == (State.PENDING_CANCEL, 40, 60)
    assert said(oms, 2, Act.CANCEL_REFUSED) is None
    assert stands(oms) == (State.PARTIALLY_FILLED, 40, 60)


def test_an_overfill_is_booked_and_told(oms: Oms) -> None:
    alert = fill(oms, 2, 150, "a")
    assert (alert.rule, alert.applied) == ("overfill", True)
    assert "50 shares more" in alert.text
    assert stands(oms) == (State.FILLED, 150, 0)
    assert oms.unplaced(PARENT) == 850


def test_an_overfill_of_the_parent_is_told_although_each_child_is_right() -> None:
    oms = begun(100)
    child(oms, 2, 100)
    said(oms, 2, Act.CANCELED)
    child(oms, 3, 100)
    assert fill(oms, 3, 100, "a") is None
    alert = fill(oms, 2, 20, "late")
    assert (alert.rule, alert.applied) == ("overfill", True)
    assert stands(oms, PARENT) == (State.FILLED, 120, 0)


def test_a_repeated_fill_counts_once(oms: Oms) -> None:
    for _ in range(3):
        assert fill(oms, 2, 40, "a") is None
    assert stands(oms) == (State.PARTIALLY_FILLED, 40, 60)
    assert oms.repeats == 2


@pytest.mark.parametrize(("quantity", "price2"), [(41, 1_000_000), (40, 1_000_001)])
def test_a_fill_id_with_other_terms_is_quarantined(oms: Oms, quantity: int, price2: int) -> None:
    fill(oms, 2, 40, "a")
    alert = fill(oms, 2, quantity, "a", price2)
    assert (alert.rule, alert.applied) == ("fill", False)
    assert stands(oms) == (State.PARTIALLY_FILLED, 40, 60)


def test_the_same_fill_id_of_two_venues_is_two_fills(oms: Oms) -> None:
    child(oms, 3, 100, venue="BETA")
    fill(oms, 2, 40, "a")
    assert fill(oms, 3, 40, "a") is None
    assert oms.parents[PARENT].filled == 80


def test_a_bust_takes_shares_and_money_back_and_they_do_not_stand_again(oms: Oms) -> None:
    said(oms, 2, Act.ACKED)
    fill(oms, 2, 40, "a", fee=9)
    alert = said(oms, 2, Act.BUSTED, fill="a")
    assert (alert.rule, alert.applied) == ("busted", True)
    assert stands(oms) == (State.NEW, 0, 60)
    held = oms.positions["fund", "MIDC"]
    assert (held.shares, held.cash2, held.fee) == (0, 0, 0)
    assert said(oms, 2, Act.BUSTED, fill="a") is None, "a repeat"
    assert fill(oms, 2, 40, "a", fee=9) is None, "the busted fill once more is a repeat too"
    assert stands(oms) == (State.NEW, 0, 60)
    fill(oms, 2, 60, "b")
    assert [(one.id, one.quantity, one.standing) for one in oms.fills_of(2)] == [
        ("a", 0, Standing.BUSTED),
        ("b", 60, Standing.BOOKED),
    ]
    assert stands(oms) == (State.CANCELED, 60, 0), "all that stood is filled; 40 were taken back"


def test_a_bust_of_a_filled_child_ends_it_and_reopens_the_parent() -> None:
    oms = begun(100)
    child(oms, 2, 100)
    fill(oms, 2, 60, "a")
    fill(oms, 2, 40, "b")
    assert stands(oms, PARENT) == (State.FILLED, 100, 0)
    said(oms, 2, Act.BUSTED, fill="b")
    assert stands(oms) == (State.CANCELED, 60, 0)
    assert stands(oms, PARENT) == (State.PARTIALLY_FILLED, 60, 40)
    assert child(oms, 3, 40) is None, "what was taken back can be placed again"


def test_a_bust_before_its_fill_waits_for_it(oms: Oms) -> None:
    alert = said(oms, 2, Act.BUSTED, fill="a")
    assert (alert.rule, alert.applied) == ("early", True)
    assert fill(oms, 2, 40, "a").rule == "busted"
    assert stands(oms) == (State.NEW, 0, 60)


def test_a_correction_changes_price_and_quantity(oms: Oms) -> None:
    fill(oms, 2, 40, "a")
    assert said(oms, 2, Act.CORRECTED, 30, 999_000, "a").applied
    child_ = oms.children[2]
    assert (child_.filled, child_.money2) == (30, 30 * 999_000)
    assert stands(oms) == (State.PARTIALLY_FILLED, 30, 60)
    assert said(oms, 2, Act.CORRECTED, 30, 999_000, "a") is None, "a repeat"
    said(oms, 2, Act.BUSTED, fill="a")
    assert not said(oms, 2, Act.CORRECTED, 20, 999_000, "a").applied, "what is busted is not corrected"


def test_a_correction_before_its_fill_waits_for_it(oms: Oms) -> None:
    assert said(oms, 2, Act.CORRECTED, 30, 999_000, "a", fee=3).rule == "early"
    fill(oms, 2, 40, "a")
    held = oms.positions["fund", "MIDC"]
    assert (held.shares, held.cash2, held.fee) == (30, -30 * 999_000, 3)
    assert differences(oms) == []


def test_replace_changes_the_terms_when_the_venue_says_so(oms: Oms) -> None:
    said(oms, 2, Act.ACKED)
    fill(oms, 2, 40, "a")
    assert asked(oms, Act.REPLACE_ASKED, 300, 500_100)
    assert stands(oms) == (State.PENDING_REPLACE, 40, 60)
    assert oms.unplaced(PARENT) == 700, "the larger quantity is taken from the parent when it is asked for"
    assert said(oms, 2, Act.REPLACED) is None
    assert stands(oms) == (State.PARTIALLY_FILLED, 40, 260)
    assert oms.children[2].price == 500_100


def test_a_refused_replacement_gives_its_shares_back(oms: Oms) -> None:
    said(oms, 2, Act.ACKED)
    asked(oms, Act.REPLACE_ASKED, 300, 500_100)
    said(oms, 2, Act.REPLACE_REFUSED)
    assert stands(oms) == (State.NEW, 0, 100)
    assert oms.unplaced(PARENT) == 900


def test_a_replacement_accepted_after_the_last_fill_reopens_the_order(oms: Oms) -> None:
    asked(oms, Act.REPLACE_ASKED, 150, 500_000)
    fill(oms, 2, 100, "a")
    assert stands(oms) == (State.FILLED, 100, 0)
    assert said(oms, 2, Act.REPLACED, 150, 1_000_000).applied
    assert stands(oms) == (State.PARTIALLY_FILLED, 100, 50)


def test_a_venue_that_replaces_by_other_terms_is_told(oms: Oms) -> None:
    asked(oms, Act.REPLACE_ASKED, 150, 500_100)
    alert = said(oms, 2, Act.REPLACED, 120, 1_000_200)
    assert (alert.rule, alert.applied) == ("terms", True)
    assert stands(oms) == (State.REPLACED, 0, 120)


@pytest.mark.parametrize("quantity", [0, -5, 2_000])
def test_a_replacement_that_cannot_be_is_not_asked(oms: Oms, quantity: int) -> None:
    assert not asked(oms, Act.REPLACE_ASKED, quantity, 500_000)
    assert stands(oms) == (State.PENDING_NEW, 0, 100)


@pytest.mark.parametrize(
    ("before", "word"),
    [
        ([(Act.REJECTED, 0)], Act.FILL_PART),
        ([(Act.FILL_PART, 40)], Act.REJECTED),
        ([(Act.FILL_PART, 100)], Act.CANCELED),
        ([(Act.FILL_PART, 100)], Act.EXPIRED),
        ([], Act.CANCEL_REFUSED),
        ([], Act.REPLACED),
        ([], Act.CALCULATED),
        ([(Act.ACKED, 0)], Act.CONTRADICTED),
        ([(Act.ACKED, 0)], Act.CANCEL_ASKED),
    ],
)
def test_what_cannot_be_is_quarantined_and_changes_nothing(oms: Oms, before: list, word: Act) -> None:
    for number, (act, quantity) in enumerate(before):
        said(oms, 2, act, quantity, 1_000_000, f"{number}")
    stood = stands(oms)
    alert = said(oms, 2, word, 10, 1_000_000, "x")
    assert alert is not None
    assert not alert.applied
    assert stands(oms) == stood
    assert oms.quarantined == 1
    assert oms.alerts[-1] == alert


@pytest.mark.parametrize(
    ("quantity", "price2", "name"),
    [(0, 100, "a"), (-3, 100, "a"), (3, 0, "a"), (3, -1, "a"), (3, 100, ""), (2**31, 100, "a")],
)
def test_a_fill_with_impossible_terms_is_quarantined(oms: Oms, quantity: int, price2: int, name: str) -> None:
    alert = fill(oms, 2, quantity, name, price2)
    assert not alert.applied
    assert stands(oms) == (State.PENDING_NEW, 0, 100)


def test_a_word_about_an_unknown_order_is_quarantined(oms: Oms) -> None:
    alert = oms.apply(VenueSaid(1, 777, Act.ACKED))
    assert (alert.rule, alert.order, alert.applied) == ("unknown", 777, False)


def test_a_rejected_child_gives_its_shares_back(oms: Oms) -> None:
    assert said(oms, 2, Act.REJECTED) is None
    assert stands(oms) == (State.REJECTED, 0, 0)
    assert oms.unplaced(PARENT) == 1000
    assert said(oms, 2, Act.REJECTED) is None, "a repeat"


def test_suspended_resumed_done_calculated(oms: Oms) -> None:
    said(oms, 2, Act.ACKED)
    assert said(oms, 2, Act.SUSPENDED) is None
    assert stands(oms) == (State.SUSPENDED, 0, 100)
    assert fill(oms, 2, 10, "a").rule == "late fill", "a suspended order should not fill"
    said(oms, 2, Act.RESUMED)
    assert stands(oms) == (State.PARTIALLY_FILLED, 10, 90)
    said(oms, 2, Act.DONE_FOR_DAY)
    assert stands(oms) == (State.DONE_FOR_DAY, 10, 0)
    said(oms, 2, Act.CALCULATED)
    assert stands(oms) == (State.CALCULATED, 10, 0)
    assert said(oms, 2, Act.CORRECTED, 12, 1_000_000, "a").applied
    assert stands(oms) == (State.CALCULATED, 12, 0)


def test_children_by_venue_and_those_of_which_nothing_was_heard(oms: Oms) -> None:
    child(oms, 3, 50, venue="BETA")
    child(oms, 4, 50)
    said(oms, 4, Act.ACKED)
    assert [c.id for c in oms.open_at()] == [2, 3, 4]
    assert [c.id for c in oms.open_at(VENUE)] == [2, 4]
    assert [c.id for c in oms.unacknowledged()] == [2, 3]
    assert [c.id for c in oms.unacknowledged("BETA")] == [3]
    said(oms, 3, Act.EXPIRED)
    assert [c.id for c in oms.open_at()] == [2, 4]
