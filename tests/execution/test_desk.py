"""The decision path on the simulated market: shares are conserved, tactics kept to, controls take effect at once."""

from itertools import pairwise

import numpy as np
import pytest

from nowake.core.board import PlaceKind
from nowake.core.errors import InputError
from nowake.core.intent import OrderKind, Tactic
from nowake.core.times import SECOND
from nowake.core.values import Side
from nowake.core.venue import Cancel, New
from nowake.execution.desk_state import CHILDREN, CURVE, Hands, Placing, Stage
from nowake.execution.policy import FixedPolicy, ScriptedPolicy
from nowake.risk.reasons import Reason

from .desk_world import INSTRUMENT, World, linear, path_of, places_of


def check_books(world: World) -> None:
    """The desk, the guard's usage and the children agree, and never promise more than is left."""
    d, u = world.row, world.path.usages[0]
    kids, working = world.path.kids, world.path.working
    out = int(working["leaves"][kids["stage"] != 0].sum())
    assert int(d["working"]) == out == int(u["working"])
    assert int(d["filled"]) == int(u["filled"])
    assert int(d["filled"]) + out <= int(d["quantity"])
    assert int(u["open_orders"]) == int((kids["stage"] != 0).sum())
    assert int(u["position"]) == int(d["side"]) * int(d["filled"])


@pytest.mark.parametrize("tactic", list(Tactic))
@pytest.mark.parametrize("side", list(Side))
def test_every_tactic_completes_and_books_agree_at_every_step(tactic: Tactic, side: Side) -> None:
    world = World(FixedPolicy(tactic), side=side)
    while not world.row["done"]:
        world.step()
        check_books(world)
    assert int(world.row["filled"]) == 6_000 == world.filled_at_venues()
    assert not any(s.leaves for s in world.venue.status() if s.state not in ("quoted", "sent"))


@pytest.mark.parametrize("tactic", list(Tactic))
def test_no_slice_promises_a_share_twice(tactic: Tactic) -> None:
    world = World(FixedPolicy(tactic), quantity=20_000, placing=Placing(cross_before=5 * SECOND, slack=0.0))
    grown, sweep = 0, world.order.end - Placing().sweep_before
    before, slice_ = 0, -1
    while world.market.now < sweep:
        world.step()
        d = world.row
        out = int(d["filled"]) + int(d["working"])
        if int(d["decisions"]) == slice_ and out > before and world.market.now < sweep:
            grown += 1
            assert out <= int(d["filled_before"]) + int(d["quota"])
        before, slice_ = out, int(d["decisions"])
    assert grown >= 3


def test_a_script_of_all_tactics_and_rates_completes() -> None:
    world = World(ScriptedPolicy(), quantity=12_000, minutes=20.0, regime="volatile")
    while not world.row["done"]:
        world.step()
        check_books(world)
    assert world.filled_at_venues() == 12_000
    assert {int(one.tactic) for one in world.notes.decisions} == set(map(int, Tactic))


def test_dark_only_shows_nothing_until_the_order_must_be_finished() -> None:
    world = World(FixedPolicy(Tactic.DARK), placing=Placing(slack=1e6))
    world.run()
    lit = {info.name for info in world.market.venues() if info.kind == "lit"}
    early = [c for c in world.notes.children if c.time < world.order.end - 30 * SECOND]
    assert early
    assert not [c for c in early if c.venue in lit]
    assert {c.kind for c in early} <= {OrderKind.MID_PEG, OrderKind.QUOTE}


def test_crossing_takes_along_the_plan() -> None:
    world = World(FixedPolicy(Tactic.CROSS))
    world.run(300.0)
    assert {c.kind for c in world.notes.children} <= {OrderKind.IOC, OrderKind.QUOTE}
    assert int(world.row["filled"]) == pytest.approx(3_000, abs=400)


def test_a_rate_of_zero_trades_nothing_and_the_end_completes() -> None:
    world = World(FixedPolicy(Tactic.JOIN, rate=0.0))
    world.run(480.0)
    assert int(world.row["filled"]) == 0
    world.run()
    assert int(world.row["filled"]) == 6_000


def test_no_child_pays_more_than_the_limit() -> None:
    probe = World(FixedPolicy(Tactic.CROSS))
    limit = int(probe.desk.board["ask"])
    world = World(ScriptedPolicy(), limit=limit)
    world.run()
    assert all(c.price <= limit for c in world.notes.children if c.price)
    assert all(e.price is None or e.price <= limit for e in world.notes.events if e.kind == "fill")
    assert int(world.row["done"]) == 1


def test_nobody_is_asked_twice_to_cancel_and_ids_are_never_used_twice() -> None:
    world = World(ScriptedPolicy(), quantity=12_000)
    world.run()
    sent = [c.order_id for c in world.venue.sent if isinstance(c, New)]
    assert len(set(sent)) == len(sent)
    gone = [c.order_id for c in world.venue.sent if isinstance(c, Cancel)]
    assert len(set(gone)) == len(gone)
    assert world.notes.cancels == gone


@pytest.mark.parametrize("hands", [Hands.PAUSED, Hands.HUMAN])
def test_nothing_new_leaves_while_the_algorithm_is_stopped(hands: Hands) -> None:
    world = World(FixedPolicy(Tactic.JOIN))
    world.run(60.0)
    world.row["hands"] = int(hands)
    before = len(world.notes.children)
    world.run(60.0)
    assert len(world.notes.children) == before
    world.row["hands"] = int(Hands.ALGORITHM)
    world.run()
    assert int(world.row["filled"]) == 6_000


def test_cancel_withdraws_everything_and_finish_takes_the_rest_now() -> None:
    world = World(FixedPolicy(Tactic.JOIN))
    world.run(60.0)
    world.row["hands"] = int(Hands.CANCEL)
    world.row["next_wake"] = 0
    world.run(2.0)
    assert int(world.row["working"]) == 0
    assert int(world.row["done"]) == 0
    world.row["hands"] = int(Hands.FINISH)
    world.row["next_wake"] = 0
    world.run(60.0)
    assert int(world.row["filled"]) == 6_000
    assert int(world.row["done"]) == 1


def test_a_barred_venue_gets_nothing_more() -> None:
    world = World(FixedPolicy(Tactic.JOIN))
    world.run(60.0)
    world.row["barred"] = 1  # row 0 of the board
    world.run(2.0)
    name, before = world.path.places[0].name, len(world.notes.children)
    world.run(200.0)
    assert not [c for c in world.notes.children[before:] if c.venue == name]
    assert int(world.desk.board["place"]["state"][0]) == 0


def test_a_participation_cap_holds() -> None:
    world = World(FixedPolicy(Tactic.CROSS), quantity=50_000)
    world.row["cap"] = 0.05
    world.run(400.0)
    others = int(world.desk.board["volume"]) - int(world.row["volume_start"]) - int(world.row["filled"])
    assert int(world.row["filled"]) <= 0.05 / 0.95 * others + 100


def test_rejects_make_the_desk_wait_longer_each_time() -> None:
    world = World(FixedPolicy(Tactic.CROSS), placing=Placing(pace=SECOND // 10))
    for venue in world.path.places:
        if int(venue.kind) == 1:
            world.market.fault("reject_storm", venue.name, seconds=30.0)
    world.run(30.0)
    refused = [e for e in world.notes.events if e.kind == "reject"]
    assert 2 <= len({e.time for e in refused}) <= 8
    world.run()
    assert int(world.row["filled"]) == 6_000


def test_an_outage_is_heard_and_the_venue_left_out() -> None:
    world = World(FixedPolicy(Tactic.JOIN))
    world.run(30.0)
    name = world.path.places[1].name
    world.market.fault("outage", name, seconds=60.0)
    world.run(5.0)
    assert int(world.desk.board["place"]["state"][1]) == 2
    before = len(world.notes.children)
    world.run(40.0)
    assert not [c for c in world.notes.children[before:] if c.venue == name]
    world.run()
    assert int(world.desk.board["place"]["state"][1]) == 0
    assert world.filled_at_venues() == 6_000


def test_a_bust_makes_shares_missing_again() -> None:
    world = World(FixedPolicy(Tactic.CROSS))
    world.run(60.0)
    before = int(world.row["filled"])
    fill = next(e for e in reversed(world.notes.events) if e.kind == "fill")
    world.market.fault("bust", fill.venue)
    world.run(1.0)
    bust = [e for e in world.notes.events if e.kind == "correction"]
    assert len(bust) == 1
    assert int(world.row["filled"]) <= before + 400
    world.run()
    assert int(world.row["filled"]) == 6_000 == world.filled_at_venues()


def test_fills_teach_the_router_and_mark_outs_arrive() -> None:
    world = World(FixedPolicy(Tactic.JOIN), quantity=12_000)
    world.run()
    told = world.path.stats[0]["venue"]
    assert float(told["filled"].sum()) > 1_000
    assert float(told["marks"].sum()) > 3


def test_dealers_are_asked_seldom_and_for_blocks_and_teach() -> None:
    placing = Placing(ask_every=20 * SECOND, ask_least=8)
    world = World(FixedPolicy(Tactic.DARK), quantity=60_000, minutes=10.0, placing=placing)
    world.run()
    asked = [child for child in world.notes.children if child.kind is OrderKind.QUOTE]
    assert len(asked) > 5
    assert min(child.quantity for child in asked) >= 8 * INSTRUMENT.round_lot
    times = [child.time for child in asked]
    assert min(later - before for before, later in pairwise(times)) >= 20 * SECOND
    dealers = [k for k, place in enumerate(world.path.places) if place.kind is PlaceKind.DEALER]
    told = world.path.stats[0]["venue"][dealers]
    assert (told["asked"] > 3).all()
    assert (told["answered"] > 0).all()
    assert (told["offset"] > 0).all()  # a quote costs something
    assert told["held"].sum() > 0


def test_the_last_fills_of_a_finished_parent_still_teach() -> None:
    world = World(FixedPolicy(Tactic.CROSS), quantity=600)
    while not world.row["done"]:
        world.step()
    open_marks = int((world.path.marks["time"] != 0).sum())
    before = world.path.stats[0]["venue"]["marks"].copy()
    world.run(90.0)
    assert open_marks > 0
    assert not world.path.marks["time"].any()
    assert (world.path.stats[0]["venue"]["marks"] != before).any()


def test_a_desk_without_ids_sends_nothing_and_counts_it() -> None:
    world = World(FixedPolicy(Tactic.CROSS))
    world.path.ids(0, 1, 10)
    world.run(30.0)
    assert not world.notes.children
    assert int(world.row["unsent"]) > 0


def test_bad_plans_and_places_are_refused() -> None:
    world = World(FixedPolicy(Tactic.JOIN))
    path = path_of(places_of(world.market), FixedPolicy())
    with pytest.raises(InputError, match="plan"):
        path.take_on(0, world.order, linear()[::-1], 10 * SECOND, Placing())
    with pytest.raises(InputError, match="plan"):
        path.take_on(0, world.order, np.zeros(CURVE), 10 * SECOND, Placing())
    with pytest.raises(InputError, match="interval"):
        path.take_on(0, world.order, linear(), 1, Placing())
    with pytest.raises(InputError, match="placing"):
        Placing(reaction=0)
    with pytest.raises(InputError, match="action"):
        FixedPolicy(Tactic.JOIN, rate=5.0)
    with pytest.raises(InputError, match="venues"):
        path_of([], FixedPolicy())
    assert CHILDREN > 0


def test_the_guard_has_nothing_to_change_in_what_pools_are_asked() -> None:
    world = World(FixedPolicy(Tactic.JOIN), quantity=12_000, placing=Placing(cross_before=3 * SECOND))
    world.run()
    asked = [child for child in world.notes.children if child.kind is OrderKind.IOC and child.minimum]
    assert asked  # of dark pools, in full lots
    by_reason = world.path.usages[0]["by_reason"]
    assert int(by_reason[Reason.DARK_MINIMUM]) == 0


def test_what_rests_leaves_a_queue_that_is_worth_less_than_another() -> None:
    world = World(FixedPolicy(Tactic.JOIN), quantity=30_000, minutes=20.0)
    near: list[int] = []
    while not near:  # resting at the touch, with a queue elsewhere to go to
        world.step()
        w, touch = world.path.working, int(world.desk.board["bid"])
        live = (world.path.kids["stage"] == Stage.LIVE) & (w["kind"] == OrderKind.POST_ONLY) & (w["price"] == touch)
        near = [int(v) for v in set(w["venue"][live])]
    stale, oid = near[0], int(w["id"][live & (w["venue"] == near[0])][0])
    assert oid not in world.notes.cancels
    heads = world.path.stats["venue"][0]
    heads["outflows"], heads["outflow"] = 1e6, 5_000.0
    heads["outflow"][stale] = 1.0  # nobody leaves this queue any more
    world.step()
    assert world.notes.cancels[-1] == oid
    world.run(120.0)
    assert {e.kind for e in world.venue.said if e.order_id == oid} == {"ack", "cancel"}
    later = [c for c in world.notes.children if c.order_id > oid and c.kind == OrderKind.POST_ONLY]
    assert later
    assert world.path.places[stale].name not in {c.venue for c in later}
