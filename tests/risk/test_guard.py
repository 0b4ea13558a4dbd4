"""What the guard does with one intent: a test per limit, per refusal, and per way of failing closed."""

import math
from typing import Any

import numpy as np
import pytest
from guard_world import ALPHA, ASK, BID, GAMMA, NORTH, NOW, OPAL, PLACES, World, as_intents, for_kernels, world

from nowake.core.board import Phase, PlaceState
from nowake.core.intent import INTENT, OrderKind, Origin
from nowake.core.times import SECOND
from nowake.risk.guard import check, tick
from nowake.risk.limits import new_limits
from nowake.risk.projection import new_projections, told
from nowake.risk.reasons import Reason, Verdict, reasons_of
from nowake.risk.switches import Level

LIMIT, MARKET, IOC, POST_ONLY, MID_PEG, ON_CLOSE, QUOTE = OrderKind


def verdict(row: Any) -> tuple[Verdict, set[Reason]]:
    return Verdict(int(row["verdict"])), set(reasons_of(int(row["reasons"])))


def refused(row: Any) -> set[Reason]:
    assert row["verdict"] == Verdict.REFUSED
    assert row["quantity"] == 0
    return verdict(row)[1]


def test_what_is_within_every_limit_passes_as_it_is() -> None:
    w = world()
    children, projections = w.check({"quantity": 100})
    assert verdict(projections[0]) == (Verdict.PASSED, set())
    assert children[0] == as_intents([{"quantity": 100}])[0]
    u = w.usages[0]
    assert (u["working"], u["working_buy"], u["open_orders"], u["own_bid"]) == (100, 100, 1, ASK)
    assert u["money"] == (10_000 * 50_000_000) + 100 * ASK * 10_000
    assert (u["seen"], u["passed"], u["projected"], u["refused"]) == (1, 1, 0, 0)


QUANTITIES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], int, Reason]] = [
    # policy, usage, intent, what is left, why
    ({"max_child_shares": 120}, {}, {}, 120, Reason.CHILD),
    ({"max_child_notional": 10_000.0}, {}, {}, 199, Reason.CHILD_NOTIONAL),
    ({}, {"money": 49_990_000 * 10**6}, {}, 199, Reason.ORDER_NOTIONAL),
    ({"max_venue_notional": 6_000.0}, {}, {}, 119, Reason.VENUE_NOTIONAL),
    ({"max_share_of_displayed": 0.2}, {}, {}, 240, Reason.DISPLAYED),
    ({"max_share_of_displayed": 0.05}, {}, {"price": BID, "kind": POST_ONLY}, 150, Reason.DISPLAYED),
    ({"max_participation": 0.1}, {}, {}, 0, Reason.PARTICIPATION),
    ({"max_participation": 0.1, "participation_grace_shares": 10_030}, {}, {}, 30, Reason.PARTICIPATION),
    ({"max_participation": 0.1}, {"volume_start": 0, "filled": 9_900}, {}, 111, Reason.PARTICIPATION),
    ({}, {"position": 199_000, "working_buy": 900}, {}, 100, Reason.POSITION),
    ({}, {"quantity": 10_050}, {}, 50, Reason.OVERFILL),
    ({}, {"target": 0, "filled": 9_000, "working": 900}, {}, 100, Reason.DEVIATION),
    ({}, {"pnl": -50_000.0, "position": -70}, {}, 70, Reason.LOSS),
    ({}, {"pnl": -50_000.0, "position": 70}, {}, 0, Reason.LOSS),
]


@pytest.mark.parametrize(("firm", "usage", "intent", "left", "why"), QUANTITIES, ids=[r[4].name for r in QUANTITIES])
def test_quantities_are_shrunk_to_the_tightest_limit(
    firm: dict[str, Any], usage: dict[str, Any], intent: dict[str, Any], left: int, why: Reason
) -> None:
    w = world(**firm)
    w.usages[0]["volume_start"] = 0 if why == Reason.PARTICIPATION else w.boards[0]["volume"] - 99_999
    for name, value in usage.items():
        w.usages[0][name] = value
    row = w.one(quantity=600, **intent)
    assert row["quantity"] == left
    assert row["binding"] == why
    assert row["verdict"] == (Verdict.PROJECTED if left else Verdict.REFUSED)


@pytest.mark.parametrize(("short", "located", "left"), [("no", 500, 300), ("locate", 100, 400), ("yes", 0, 600)])
def test_a_sell_goes_short_no_further_than_the_rule_says(short: str, located: int, left: int) -> None:
    w = world(short=short, located=located)
    u = w.usages[0]
    u["side"], u["position"], u["working_sell"] = -1, 500, 200
    row = w.one(side=-1, price=BID, quantity=600, venue=ALPHA)
    assert row["quantity"] == min(left, 500)  # half of what ALPHA displays
    assert (short == "yes") == (Reason.SHORT not in verdict(row)[1])


PRICES: list[tuple[dict[str, Any], dict[str, Any], int, int, int, set[Reason]]] = [
    # policy, usage, side, price, price it leaves with, why
    ({"collar_quote_bp": 4.0}, {}, 1, 5_010, 5_003, {Reason.COLLAR_QUOTE}),
    ({"collar_quote_bp": 4.0}, {}, -1, 4_990, 4_998, {Reason.COLLAR_QUOTE}),
    ({"collar_last_bp": 10.0}, {}, 1, 5_009, 5_005, {Reason.COLLAR_LAST}),
    ({"collar_last_bp": 10.0}, {}, -1, 4_991, 4_995, {Reason.COLLAR_LAST}),
    ({"collar_arrival_bp": 1.0}, {"arrival2": 10_003}, 1, 5_005, 5_002, {Reason.COLLAR_ARRIVAL}),
    ({"collar_arrival_bp": 1.0}, {"arrival2": 10_003}, -1, 4_999, 5_001, {Reason.COLLAR_ARRIVAL}),
    ({}, {"limit": 5_002}, 1, 5_005, 5_002, {Reason.LIMIT_PRICE}),
    ({}, {"limit": 4_999}, -1, 4_995, 4_999, {Reason.LIMIT_PRICE}),
    ({}, {}, 1, 4_000, 4_000, set()),  # passive: no collar
    ({}, {}, -1, 6_000, 6_000, set()),
]


@pytest.mark.parametrize(("firm", "usage", "side", "price", "left", "why"), PRICES)
def test_aggressive_prices_are_clamped_and_passive_ones_are_not(
    firm: dict[str, Any], usage: dict[str, Any], side: int, price: int, left: int, why: set[Reason]
) -> None:
    w = world(**firm)
    u = w.usages[0]
    u["side"] = side
    for name, value in usage.items():
        u[name] = value
    row = w.one(side=side, price=price, quantity=50)
    assert row["price"] == left
    assert verdict(row) == (Verdict.PROJECTED if why else Verdict.PASSED, why)


def test_prices_between_two_steps_leave_at_the_passive_one() -> None:
    w = world()
    w.limits[0]["step"] = 5
    assert w.one(price=4_998)["price"] == 4_995
    w.usages[0]["side"] = -1
    w.usages[0]["own_bid"] = 0
    row = w.one(side=-1, price=4_998)
    assert (row["price"], row["binding"]) == (5_000, Reason.STEP)


def test_orders_without_a_price_get_the_worst_one_allowed() -> None:
    w = world()
    row = w.one(kind=MARKET, price=0)
    assert (row["kind"], row["price"]) == (IOC, ASK + 10)
    assert verdict(row) == (Verdict.PASSED, {Reason.PROTECTED})
    peg = w.one(kind=MID_PEG, price=0, venue=OPAL, minimum=100)
    assert (peg["kind"], peg["price"], peg["minimum"]) == (MID_PEG, ASK + 10, 100)
    assert w.one(kind=QUOTE, price=0, venue=NORTH)["price"] == ASK + 10


def test_dark_orders_accept_no_smaller_execution_than_the_policy_says() -> None:
    row = world().one(kind=MID_PEG, price=ASK, venue=OPAL, quantity=400)
    assert (row["minimum"], row["verdict"], row["binding"]) == (100, Verdict.PROJECTED, Reason.DARK_MINIMUM)
    assert world().one(kind=MID_PEG, price=ASK, venue=OPAL, quantity=400, minimum=250)["minimum"] == 250
    assert refused(world().one(kind=MID_PEG, price=ASK, venue=OPAL, quantity=99)) == {Reason.DARK_MINIMUM}


def test_a_cut_below_the_intents_own_least_execution_is_refused() -> None:
    row = world(max_child_shares=120).one(quantity=500, minimum=200)
    assert refused(row) == {Reason.CHILD, Reason.MINIMUM}
    assert row["binding"] == Reason.CHILD


def test_odd_quantities_are_cut_to_lots() -> None:
    w = world()
    w.limits[0]["lot"] = 100
    row = w.one(quantity=250)
    assert (row["quantity"], row["binding"]) == (200, Reason.LOT)
    assert refused(w.one(quantity=99)) == {Reason.LOT}


NOT_ALLOWED: list[tuple[dict[str, Any], dict[str, Any], set[Reason]]] = [
    ({"order_types": ["limit"]}, {"kind": IOC}, {Reason.ORDER_TYPE}),
    ({"order_types": ["market", "limit"]}, {"kind": MARKET, "price": 0}, {Reason.ORDER_TYPE}),
    ({}, {"kind": QUOTE, "venue": ALPHA}, {Reason.ORDER_TYPE}),
    ({}, {"kind": LIMIT, "venue": NORTH}, {Reason.ORDER_TYPE}),
    ({}, {"kind": ON_CLOSE, "venue": OPAL}, {Reason.ORDER_TYPE}),
    ({"venues": ["BETA"]}, {}, {Reason.VENUE}),
    ({}, {"venue": 9}, {Reason.VENUE}),
    ({"venue_classes": ["lit"]}, {"venue": OPAL, "kind": MID_PEG}, {Reason.VENUE_CLASS}),
    ({"dealers": ["WEST"]}, {"venue": NORTH, "kind": QUOTE}, {Reason.DEALER}),
    ({"restricted": ["MIDC"]}, {}, {Reason.RESTRICTED}),
    ({"sides": ["sell"]}, {}, {Reason.SIDE}),
    ({}, {"side": -1}, {Reason.SIDE}),
    ({"sides": ["sell"], "restricted": ["MIDC"]}, {"kind": QUOTE}, {Reason.SIDE, Reason.RESTRICTED, Reason.ORDER_TYPE}),
]


@pytest.mark.parametrize(("firm", "intent", "why"), NOT_ALLOWED)
def test_what_is_not_allowed_is_refused_with_every_reason(
    firm: dict[str, Any], intent: dict[str, Any], why: set[Reason]
) -> None:
    assert refused(world(**firm).one(**intent)) == why


MALFORMED: list[dict[str, Any]] = [
    {"quantity": 0}, {"quantity": -100}, {"quantity": 2**31}, {"side": 0}, {"side": 2}, {"kind": 0}, {"kind": 8},
    {"price": 0}, {"price": -1}, {"price": 2**40}, {"minimum": -1}, {"minimum": 101}, {"venue": -1}, {"venue": 16},
    {"kind": MARKET, "price": 5}, {"parent": 1}, {"parent": -1},
]  # fmt: skip


@pytest.mark.parametrize("intent", MALFORMED, ids=str)
def test_what_is_not_an_order_is_refused(intent: dict[str, Any]) -> None:
    assert refused(world().one(**intent)) == {Reason.MALFORMED}


def put(where: str, **values: Any) -> Any:
    def change(w: World) -> None:
        row = {"u": w.usages, "b": w.boards, "m": w.limits}[where][0]
        for name, value in values.items():
            row[name] = value

    return change


def place(**values: Any) -> Any:
    def change(w: World) -> None:
        for name, value in values.items():
            w.boards[0]["place"][ALPHA][name] = value

    return change


FAILING: list[tuple[Any, Reason]] = [
    (put("b", heard=NOW - 2 * SECOND - 1), Reason.STALE),
    (put("b", heard=NOW + 1), Reason.CLOCK),
    (put("u", clock=NOW + 1), Reason.CLOCK),
    (put("u", clock=NOW - 61 * SECOND), Reason.CLOCK),
    (put("u", pnl=math.nan), Reason.NOT_A_NUMBER),
    (put("u", pnl=-math.inf), Reason.NOT_A_NUMBER),
    (put("u", target=-1), Reason.MISSING),
    (put("m", max_position=-1), Reason.MISSING),
    (put("m", stale_after=0), Reason.MISSING),
    (put("m", valid=0), Reason.MISSING),
    (put("u", arrival2=0), Reason.NO_REFERENCE),
    (put("b", last2=0), Reason.NO_REFERENCE),
    (put("b", ask=0), Reason.NO_REFERENCE),
    (put("b", bid=ASK + 1), Reason.CROSSED),
    (put("b", bid=-1), Reason.BAD_STATE),
    (put("u", working=-1), Reason.BAD_STATE),
    (put("u", filled=2**50), Reason.BAD_STATE),
    (put("u", account=7), Reason.BAD_STATE),
    (put("u", board=1), Reason.BAD_STATE),
    (put("u", side=0), Reason.BAD_STATE),
    (put("b", phase=Phase.HALTED), Reason.PHASE),
    (put("b", phase=Phase.CLOSED), Reason.PHASE),
    (put("u", open_orders=20), Reason.OPEN_ORDERS),
    (place(state=PlaceState.GAP), Reason.VENUE_DOWN),
    (place(state=PlaceState.HALTED), Reason.VENUE_DOWN),
    (place(state=PlaceState.OUTAGE), Reason.VENUE_DOWN),
    (place(time=NOW - 31 * SECOND), Reason.VENUE_STALE),
    (place(time=NOW + 1), Reason.VENUE_STALE),
]


@pytest.mark.parametrize(("change", "why"), FAILING)
def test_it_fails_closed_and_says_why(change: Any, why: Reason) -> None:
    w = world()
    change(w)
    row = w.one()
    assert why in refused(row)
    assert row["binding"] == why
    assert told(row, PLACES).words.endswith(" at ALPHA")
    assert w.usages[0]["by_reason"][why] == 1


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_that_is_not_a_number_says_that_the_model_is_broken(score: float) -> None:
    assert refused(world().one(score=score)) == {Reason.NOT_A_NUMBER}


def test_limits_that_nobody_has_compiled_let_nothing_through() -> None:
    w = world()
    w.limits = new_limits(1)
    assert refused(w.one()) == {Reason.MISSING}
    assert refused(World(w.rules, np.zeros_like(w.limits), w.usages, w.switches, w.boards).one()) == {Reason.MISSING}


def test_after_a_jump_of_the_clock_newer_data_are_waited_for() -> None:
    w = world()
    assert w.one()["verdict"] == Verdict.PASSED
    later = NOW + 90 * SECOND
    w.boards[0]["heard"] = w.boards[0]["place"][ALPHA]["time"] = later - 1
    assert refused(w.one(now=later)) == {Reason.CLOCK}
    assert refused(w.one(now=later + 1)) == {Reason.CLOCK}
    w.boards[0]["heard"] = later + 2
    assert w.one(now=later + 2)["verdict"] == Verdict.PASSED


def test_a_heartbeat_keeps_an_idle_clock_from_looking_like_a_jump() -> None:
    w = world()
    assert w.one()["verdict"] == Verdict.PASSED
    for second in range(30, 121, 30):
        tick(w.limits, w.usages, 0, 1, NOW + second * SECOND)
    later = NOW + 121 * SECOND
    w.boards[0]["heard"] = w.boards[0]["place"][ALPHA]["time"] = later
    assert w.one(now=later)["verdict"] == Verdict.PASSED


def test_a_clock_that_went_back_is_waited_for() -> None:
    w = world()
    assert w.one()["verdict"] == Verdict.PASSED
    assert refused(w.one(now=NOW - SECOND // 20)) == {Reason.CLOCK}
    assert w.one()["verdict"] == Verdict.PASSED


@pytest.mark.parametrize("row", range(12))
def test_every_switch_that_an_intent_hangs_on_stops_it(row: int) -> None:
    w = world()
    w.switches[row]["level"] = Level.PAUSE
    assert (w.one()["verdict"] == Verdict.REFUSED) == (row <= 5)  # firm .. order, and the row of ALPHA
    assert (w.one(venue=GAMMA)["verdict"] == Verdict.REFUSED) == (row <= 4 or row == 9)


def test_a_switch_that_does_not_exist_counts_as_pressed() -> None:
    w = world()
    w.usages[0]["switch"][2] = 99
    assert refused(w.one()) == {Reason.KILLED}


@pytest.mark.parametrize(("side", "position", "left"), [(1, -250, 250), (1, 250, 0), (-1, 250, 250), (-1, 0, 0)])
def test_reduce_only_lets_through_what_reduces_the_position(side: int, position: int, left: int) -> None:
    w = world()
    w.switches[0]["level"] = Level.REDUCE_ONLY
    w.usages[0]["position"], w.usages[0]["side"] = position, side
    row = w.one(side=side, price=ASK if side > 0 else BID, quantity=400)
    assert row["quantity"] == left
    assert row["binding"] == Reason.REDUCE_ONLY


SELF: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"own_ask": ASK}, {"price": ASK}, True),
    ({"own_ask": ASK + 1}, {"price": ASK}, False),
    ({"own_ask": ASK}, {"kind": MARKET, "price": 0}, True),
    ({"own_ask": ASK}, {"kind": MID_PEG, "price": 0, "venue": OPAL, "quantity": 200}, False),
    ({"peg_sell": 5}, {"kind": MID_PEG, "price": 0, "venue": OPAL, "quantity": 200}, True),
    ({"peg_sell": 5}, {"price": ASK}, True),
    ({"peg_sell": 5}, {"price": BID}, False),
    ({"close_sell": 5}, {"kind": ON_CLOSE, "price": 0}, True),
    ({"close_sell": 5}, {"price": ASK}, False),
    ({"own_ask": ASK}, {"kind": QUOTE, "price": 0, "venue": NORTH}, False),
]


@pytest.mark.parametrize(("usage", "intent", "crosses"), SELF)
def test_it_never_trades_with_itself(usage: dict[str, Any], intent: dict[str, Any], crosses: bool) -> None:
    w = world()
    put("u", **usage)(w)
    row = w.one(**intent)
    assert (verdict(row)[1] & {Reason.SELF_TRADE} != set()) == crosses
    assert (row["verdict"] == Verdict.REFUSED) == crosses


def test_intents_of_one_call_see_each_other() -> None:
    children, projections = world(max_open_orders=3).check(*[{"quantity": 500}] * 5)
    assert len(children) == 3
    assert [row["binding"] for row in projections[3:]] == [Reason.OPEN_ORDERS] * 2


def test_parents_share_symbol_and_account() -> None:
    w = world(max_position=1_000)
    rows = [np.concatenate((a, a)) for a in (np.asarray(w.limits), np.asarray(w.usages))]
    limits, usages = map(for_kernels, rows)
    usages["position"] = 0
    usages["symbol"], usages["account"], usages["board"] = 0, 1, 0
    intents = for_kernels(as_intents([{"quantity": 600, "parent": 0}, {"quantity": 600, "parent": 1, "price": BID}]))
    out, projections = for_kernels(np.zeros(2, INTENT)), new_projections(2)
    assert check(limits, usages, w.switches, w.boards, intents, 0, 2, NOW, out, projections) == 2
    assert out["quantity"].tolist() == [600, 400]
    assert usages["working_buy"].tolist() == [1_000, 0]
    assert usages["working"].tolist() == [600, 400]
    assert usages[1]["venue_money"][ALPHA] == 600 * ASK * 10_000 + 400 * BID * 10_000


def test_messages_are_a_bucket_per_venue() -> None:
    w = world()
    tries = [{"quantity": 1, "price": BID}] * 12
    assert len(w.check(*tries)[0]) == 8
    assert len(w.check(*[one | {"venue": GAMMA} for one in tries])[0]) == 8
    put("u", open_orders=0)(w)
    w.boards[0]["heard"] = NOW + SECOND // 2
    children, projections = w.check(*tries, now=NOW + SECOND // 2)
    assert len(children) == 5
    assert refused(projections[5]) == {Reason.MESSAGE_RATE}


def test_everyone_is_checked_alike() -> None:
    rows = [world(max_child_shares=120).one(quantity=600, origin=origin) for origin in Origin]
    assert {int(row["quantity"]) for row in rows} == {120}
    assert [told(row, PLACES).origin for row in rows] == ["model", "schedule", "fallback", "human"]


def test_what_was_done_is_told_before_and_after_with_words() -> None:
    row = told(world(max_child_shares=120).one(quantity=600, price=5_020), PLACES)
    assert (row.verdict, row.quantity_before, row.quantity, row.price_before, row.price) == (
        "projected", 600, 120, 5_020, 5_011,
    )  # fmt: skip
    assert (row.binding, row.limits) == ("child", ("collar_quote", "child"))
    assert row.words == "more than max_child_shares at ALPHA"
    assert told(world().one(side=0, kind=99, origin=9), PLACES).side == "0"


def test_short_buffers_are_an_error_before_anything_is_booked() -> None:
    w = world()
    intents = for_kernels(as_intents([{}, {}]))
    with pytest.raises(IndexError, match="a row per intent"):
        check(w.limits, w.usages, w.switches, w.boards, intents, 0, 2, NOW, intents.copy()[:1], new_projections(2))
    assert w.usages[0]["seen"] == 0
