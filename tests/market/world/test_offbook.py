"""Own orders where nobody sees them: dark pools, the mid of lit venues, dealers, the closing auction."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nowake.core.errors import InputError, OrderError
from nowake.core.events import Flag, Kind
from nowake.market.market import Market
from nowake.market.preset import Preset

SECOND = 10**9


def fills(events: list[Any]) -> list[Any]:
    return [e for e in events if e.kind == "fill"]


def quotes_of(market: Market, seconds: int, step: float = 0.05) -> list[tuple[int, int, int]]:
    """Return (time, bid, ask) of the consolidated quote every `step` seconds."""
    rows = []
    for _ in range(round(seconds / step)):
        truth = market.truth()
        rows.append((market.now, truth["bid"], truth["ask"]))
        market.advance(step)
    return rows


@pytest.mark.parametrize("venue", ["OPAL", "ONYX"])
def test_a_dark_order_fills_at_mids_inside_the_quote(morning: Callable[[], Market], venue: str) -> None:
    market = morning()
    oid = market.submit("buy", 20_000, venue=venue, kind="mid_peg")
    for _ in range(4000):
        before = market.truth()
        market.advance(0.5)
        after = market.truth()
        for fill in fills(market.events()):
            assert fill.venue == venue
            assert fill.liquidity in ("maker", "taker")
            assert min(before["bid"], after["bid"]) - 6 <= fill.price <= max(before["ask"], after["ask"]) + 6
        if market.status(oid)["filled"] >= 500:
            break
    assert market.status(oid)["filled"] >= 500
    assert market.status(oid)["filled"] + market.status(oid)["leaves"] == 20_000


def test_every_dark_print_lies_within_the_consolidated_quote_of_its_moment(midcap: Preset) -> None:
    market = Market.load(midcap, 5, "volatile")
    prints = 0
    for _ in range(60):
        market.advance(30)
        w = market._worlds.worlds[0]
        seen = {int(s["time"]): (int(s["bid"]), int(s["ask"])) for s in w["seen"]}
        times = np.array(sorted(seen))
        for row in market.trades():
            known = times[times <= row["time"]]
            if row["kind"] != int(Kind.TRADE) or not len(known) or known[-1] == row["time"]:
                continue
            bid, ask = seen[int(known[-1])]
            price = row["price"] + (0.5 if row["flags"] & int(Flag.HALF) else 0.0)
            assert bid <= price <= ask
            assert row["flags"] & int(Flag.DARK)
            prints += 1
    assert prints > 20


def test_a_least_execution_is_kept(morning: Callable[[], Market]) -> None:
    market = morning()
    market.submit("sell", 3000, venue="ONYX", kind="mid_peg", min_quantity=1000)
    market.advance(3000)
    told = fills(market.events())
    left = 3000
    for fill in told:
        assert fill.quantity >= min(1000, left)
        left -= fill.quantity


def test_a_ping_takes_what_is_there_and_nothing_rests(morning: Callable[[], Market]) -> None:
    market = morning()
    oid = market.submit("buy", 5000, venue="OPAL", kind="ioc")
    market.advance(0.1)
    events = market.events()
    assert events[0].kind == "ack"
    assert events[-1].kind == "cancel"
    assert events[-1].quantity == 5000 - sum(e.quantity for e in fills(events))
    assert market.status(oid)["state"] == "cancelled"
    pool = market._worlds.worlds[0]["pool"][0]
    assert pool["pings"] >= 1


def test_an_unseen_order_at_a_lit_venue_improves_the_price_of_both(morning: Callable[[], Market]) -> None:
    market = morning()
    market.submit("buy", 1000, venue="ALPHA", kind="mid_peg")
    market.advance(1200)
    told = fills(market.events())
    assert told
    assert {e.venue for e in told} == {"ALPHA"}
    assert {e.liquidity for e in told} <= {"maker", "taker"}
    hidden = [row for row in market.trades() if row["kind"] == int(Kind.HIDDEN)]
    assert sum(int(row["quantity"]) for row in hidden) >= sum(e.quantity for e in told)


def test_what_a_parent_trades_in_the_dark_comes_off_its_later_children(midcap: Preset) -> None:
    """One buyer without end and one pool: turns = slices + children that trade + children that our sales replaced."""
    pool = midcap.dark[0].model_copy(update={"share": 0.3, "zero": 0.0, "informed": 0.0, "largest": 1000, "leak": 0.0})
    lone = midcap.lit.model_copy(update={"parents": 1, "informed_probability": 0.0, "investor_rate": 0.0})
    update = {
        "lit": lone, "dark": (pool,), "dealers": (), "hidden": midcap.hidden.model_copy(update={"share": 0.0}),
        "followers": midcap.followers.model_copy(update={"rate": 0.0}),
    }  # fmt: skip
    market = Market.load(midcap.model_copy(update=update), 7)
    w, most = market._worlds.worlds[0], 10**9
    w["parent"]["left"][0], w["parent"]["sign"][0], w["parent"]["ahead"][0] = most, 1, 0
    market.submit("sell", 20_000, venue="OPAL", kind="mid_peg")
    market.advance(1200)
    own, prints = fills(market.events()), market.trades()
    turns, ahead = most - int(w["parent"]["left"][0]), int(w["parent"]["ahead"][0])
    sold = sum(e.quantity for e in own)
    skipped, odd = divmod(sold - ahead, 300)
    assert (sold, odd) == (20_000, 0)
    assert 0 <= ahead < 1000
    assert skipped > 40
    children = len({int(row["time"]) for row in prints if not row["flags"] & int(Flag.DARK)})
    slices = turns - children - skipped
    assert abs(slices - 0.3 * turns) < 4 * (0.21 * turns) ** 0.5
    assert turns > 400


def test_own_orders_do_not_meet_in_a_pool(morning: Callable[[], Market]) -> None:
    market = morning()
    a = market.submit("buy", 300_000, venue="OPAL", kind="mid_peg")
    b = market.submit("sell", 300_000, venue="OPAL", kind="mid_peg")
    market.advance(60)
    assert market.status(a)["leaves"] > 0
    assert market.status(b)["leaves"] > 0
    market.cancel_all("OPAL")
    market.advance(1)
    assert {market.status(oid)["state"] for oid in (a, b)} == {"cancelled"}


def test_replacing_and_cancelling_an_unseen_order(morning: Callable[[], Market]) -> None:
    market = morning()
    oid = market.submit("buy", 50_000, price=4000, venue="OPAL", kind="mid_peg")
    market.replace(oid, 20_000, 4000)
    market.advance(0.1)
    assert market.status(oid)["leaves"] == 20_000
    market.replace(oid, 30_000, 4001)
    market.advance(0.1)
    assert [e.kind for e in market.events()] == ["ack", "replace", "replace"]
    assert market.status(oid)["leaves"] == 30_000
    market.cancel(oid)
    market.advance(0.1)
    assert [(e.kind, e.quantity) for e in market.events()] == [("cancel", 30_000)]


def test_quotes_and_last_look(morning: Callable[[], Market]) -> None:
    market = morning()
    ids = market.request_quotes("buy", 2000)
    market.advance(0.05)
    quotes = market.events()  # each as late as the dealer is
    assert sorted((e.kind, e.oid) for e in quotes) == [("quote", oid) for oid in ids]
    truth = market.truth()
    assert all(e.price > (truth["bid"] + truth["ask"]) / 2 - 3 for e in quotes)
    best = min(quotes, key=lambda e: e.price)
    market.accept(best.oid)
    market.advance(0.3)
    ends = {e.oid: e for e in market.events()}
    assert ends[best.oid].kind in ("fill", "reject")
    assert {ends[oid].kind for oid in ids if oid != best.oid} == {"expire"}
    if ends[best.oid].kind == "fill":
        assert (ends[best.oid].price, ends[best.oid].quantity) == (best.price, 2000)
    market.accept(best.oid)
    market.advance(0.1)
    assert [(e.kind, e.reason) for e in market.events()] == [("reject", "unknown")]


def test_last_look_is_accounted_for_over_many_requests(morning: Callable[[], Market]) -> None:
    market = morning()
    kinds = []
    for k in range(60):
        side = "buy" if k % 2 else "sell"
        (qid,) = market.request_quotes(side, 1000, ["NORTH"])
        market.advance(0.4)
        market.accept(qid)
        market.advance(5)
        kinds += [e.kind for e in market.events() if e.oid == qid and e.kind != "quote"]
    d = market._worlds.worlds[0]["dealer"][0]
    assert kinds.count("fill") == d["filled"] > 5
    assert kinds.count("reject") == d["rejected"] + d["declined"] > 0
    assert d["inventory"] == d["bought"] - d["sold"] + d["hedged"]
    assert d["quoted"] == d["filled"] + d["rejected"] + d["expired"] + d["open"]


def test_a_late_acceptance_is_refused(morning: Callable[[], Market]) -> None:
    market = morning()
    ids = market.request_quotes("sell", 1000, ["WEST"])
    market.advance(2)
    assert [e.kind for e in market.events()] == ["quote", "expire"]
    market.accept(ids[0])
    market.advance(0.1)
    assert [(e.kind, e.reason) for e in market.events()] == [("reject", "unknown")]
    assert market.status(ids[0])["state"] == "expired"


def test_the_close_is_one_price_for_all(midcap: Preset) -> None:
    market = Market.load(midcap, 7)
    market.advance((market.close - market.now) / SECOND - 60)
    any_price = market.submit("buy", 3000, kind="on_close")
    never = market.submit("sell", 500, price=9000, kind="on_close")
    market.advance(60)
    events = market.events()
    (cross,) = [row for row in market.trades() if row["kind"] == int(Kind.CROSS) and row["time"] == market.close]
    told = fills(events)
    assert [(e.oid, e.price, e.venue) for e in told] == [(any_price, float(cross["price"]), "ALPHA")]
    assert cross["quantity"] >= told[0].quantity > 1500
    assert [(e.oid, e.kind, e.reason) for e in events if e.oid == never] == [
        (never, "ack", None), (never, "expire", "unfilled"),
    ]  # fmt: skip


def test_a_large_order_moves_the_closing_price(midcap: Preset) -> None:
    prices = []
    for quantity in (0, 100_000, 400_000):
        market = Market.load(midcap, 7)
        market.advance((market.close - market.now) / SECOND - 60)
        if quantity:
            market.submit("buy", quantity, kind="on_close")
        market.advance(60)
        prices.append(int(market.trades()["price"][-1]))
    assert prices[0] < prices[1] < prices[2]


def test_followers_go_where_the_leak_points_and_come_back(midcap: Preset) -> None:
    loud = [pool.model_copy(update={"leak": 1.0, "leak_size": 1.0}) for pool in midcap.dark]
    keen = midcap.followers.model_copy(update={"rate": 5.0, "momentum": 0.0, "predation": 1.0})
    market = Market.load(midcap.model_copy(update={"dark": tuple(loud), "followers": keen}), 7)
    market.advance(60)
    assert market.truth()["followers"] == 0
    market.submit("buy", 1000, price=4000, venue="OPAL", kind="mid_peg")
    market.advance(30)
    assert 0 < market.truth()["followers"] <= 1000
    market.advance(1200)
    assert abs(market.truth()["followers"]) <= 100  # a lot is the least they trade


@pytest.mark.parametrize(
    ("what", "error", "message"),
    [
        (lambda m: m.submit("buy", 100, kind="mid_peg", min_quantity=101), OrderError, "least execution"),
        (lambda m: m.submit("buy", 100, price=5000, min_quantity=50), OrderError, "least execution"),
        (lambda m: m.submit("buy", 100, venue="OPAL", kind="post_only"), OrderError, "price"),
        (lambda m: m.request_quotes("buy", 100, ["NORD"]), InputError, "dealer"),
        (lambda m: m.accept(77), OrderError, "quote"),
        (lambda m: m.book("OPAL"), InputError, "lit venue"),
    ],
)
def test_impossible_requests_are_refused(
    morning: Callable[[], Market], what: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        what(morning())


def test_a_venue_refuses_what_it_has_no_place_for(morning: Callable[[], Market]) -> None:
    market = morning()
    market.submit("buy", 100, price=5000, venue="OPAL")
    market.submit("buy", 100, kind="market", venue="NORTH")
    market.submit("buy", 100, kind="on_close", venue="BETA")
    market.advance(0.1)
    assert [(e.kind, e.reason) for e in market.events()] == [("reject", "not_here")] * 3
