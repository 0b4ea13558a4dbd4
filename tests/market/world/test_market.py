"""One market, friendly: what happens to own orders, snapshots, refusals."""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.book.audit import audit
from nowake.core.errors import InputError, OrderError
from nowake.core.events import Flag, Kind
from nowake.market.market import Market


def sums(market: Market, events: list[Any]) -> dict[int, int]:
    """Return the shares filled by order."""
    filled: dict[int, int] = {}
    for event in events:
        if event.kind == "fill":
            filled[event.oid] = filled.get(event.oid, 0) + event.quantity
    return filled


@pytest.fixture
def market(morning: Callable[[], Market]) -> Market:
    return morning()


def test_a_market_order_takes_the_best_prices_of_all_venues_and_never_rests(market: Market) -> None:
    ask = market.quote().ask
    oid = market.submit("buy", 3000, kind="market")
    market.advance(1)
    events = market.events()
    assert [e.kind for e in events] == ["ack"] + ["fill"] * (len(events) - 1)
    prices = [e.price for e in events if e.kind == "fill"]
    assert prices[0] is not None
    assert ask is not None
    assert abs(prices[0] - ask) <= 2
    assert all(e.liquidity == "taker" for e in events[1:])
    assert market.status(oid)["state"] == "filled"
    assert math.isclose(sum(e.fee for e in events), sum(
        {v.name: v.taker_fee for v in market.venues()}[e.venue] * e.quantity for e in events if e.kind == "fill"
    ))  # fmt: skip


def test_a_market_order_climbs_the_book_but_for_what_waits_unseen_inside_the_spread() -> None:
    met = 0
    for seed in range(1, 65):
        market = Market.load("midcap", seed, "volatile")
        market.advance(60)
        bid, names = market.quote().bid, [venue.name for venue in market.venues()]
        assert bid is not None
        market.submit("buy", 3000, kind="market")
        market.advance(1)
        told = [e for e in market.events() if e.kind == "fill"]
        fills, (arrived,) = [(e.price, e.quantity, e.venue) for e in told], {e.time for e in told}
        rows = market.messages()
        unseen = Counter(
            (int(r["price"]) + bool(r["flags"] & int(Flag.HALF)) / 2, int(r["quantity"]), names[r["instrument"]])
            for r in rows[(rows["kind"] == int(Kind.HIDDEN)) & (rows["time"] == arrived)]
        )
        best = math.inf
        for price, quantity, venue in reversed(fills):  # the asks come down from the last one taken
            assert price is not None
            if unseen[price, quantity, venue]:
                unseen[price, quantity, venue] -= 1
                met += 1
                assert bid < price < best
            else:
                assert price <= best
                best = price
        assert not unseen.total()
    assert met > 3


def test_a_resting_order_waits_its_turn_and_earns_the_maker_fee(market: Market) -> None:
    bid, venue = market.quote().bid, market.venues()[1]
    oid = market.submit(1, 100, price=bid, venue=venue.name)
    market.advance(600)
    fills = [e for e in market.events() if e.kind == "fill"]
    if market.status(oid)["state"] == "working":
        pytest.fail("nobody came in ten minutes: choose another seed")
    assert [e.venue for e in fills] == [venue.name] * len(fills)
    assert {e.liquidity for e in fills} == {"maker"}
    assert math.isclose(sum(e.fee for e in fills), 100 * venue.maker_fee)
    assert {e.price for e in fills} == {bid}


def test_immediate_orders_give_back_what_they_could_not_get(market: Market) -> None:
    ask = market.quote().ask
    oid = market.submit("buy", 1_000_000, price=ask, kind="ioc")
    market.advance(0.5)
    events = market.events()
    assert events[-1].kind == "cancel"
    assert events[-1].reason == "unfilled"
    assert events[-1].quantity == 1_000_000 - sums(market, events).get(oid, 0)
    assert market.status(oid)["leaves"] == 0


def test_post_only_is_rejected_where_it_would_take(market: Market) -> None:
    quote = market.quote()
    crossing = market.submit("buy", 100, price=(quote.ask or 0) + 2, kind="post_only")
    resting = market.submit("buy", 100, price=(quote.bid or 0) - 5, kind="post_only")
    market.advance(0.01)
    assert [(e.oid, e.kind, e.reason) for e in market.events()] == [
        (crossing, "reject", "would_cross"), (resting, "ack", None),
    ]  # fmt: skip
    assert market.status(crossing)["state"] == "rejected"
    assert market.status(resting)["state"] == "working"


def test_cancelling_what_is_gone_is_a_reject(market: Market) -> None:
    oid = market.submit("sell", 100, kind="market")
    market.advance(1)
    market.events()
    market.cancel(oid)
    market.cancel(99)
    market.advance(1)
    assert [(e.oid, e.kind, e.reason) for e in market.events()] == [
        (oid, "reject", "unknown"),
        (99, "reject", "unknown"),
    ]
    assert market.status(oid)["state"] == "filled"


def test_own_orders_do_not_trade_with_each_other(market: Market) -> None:
    bid = market.quote().bid or 0
    resting = market.submit("buy", 100, price=bid + 1)
    market.advance(0.001)
    market.events()
    taking = market.submit("sell", 100, price=bid + 1, kind="ioc")
    market.advance(0.001)
    assert [(e.oid, e.kind) for e in market.events()] == [(taking, "ack"), (taking, "cancel")]
    assert market.status(resting)["state"] == "working"


def test_a_smaller_replacement_keeps_its_place_and_a_new_price_loses_it(market: Market) -> None:
    bid = (market.quote().bid or 0) - 1
    oid = market.submit("buy", 300, price=bid)
    market.advance(0.001)
    market.replace(oid, 200, bid)
    market.advance(0.001)
    assert market.status(oid)["leaves"] == 200
    market.replace(oid, 200, bid - 4)
    market.advance(0.001)
    assert market.status(oid)["leaves"] == 200
    names = [venue.name for venue in market.venues()]
    bids, _ = market.book(names[0], 50)
    assert any(price == bid - 4 and size >= 200 for price, size in bids)


def test_commands_take_the_latency_of_their_venue(market: Market) -> None:
    sent = market.now
    for venue in market.venues():
        market.submit("buy", 100, price=(market.quote().bid or 0) - 20, venue=venue.name)
    market.advance(1)
    delays = [e.time - sent for e in market.events() if e.kind == "ack"]
    wanted = [round(venue.latency * 1e9) for venue in market.preset.venues]
    assert all(late >= delay for late, delay in zip(delays, wanted, strict=True))
    assert delays[0] == wanted[0]


def test_a_snapshot_goes_on_bit_for_bit(market: Market) -> None:
    market.submit("buy", 400, price=market.quote().bid)
    market.advance(3)
    copy = Market.restore(market.snapshot())
    for one in (market, copy, third := market.twin()):
        one.submit("sell", 700, kind="market")
        one.advance(60)
    assert market.digest() == copy.digest() == third.digest()
    assert market.status() == copy.status()
    with pytest.raises(InputError, match="snapshot"):
        Market.restore(b"nothing of the kind")


@pytest.mark.parametrize(
    ("what", "error", "message"),
    [
        (lambda m: m.submit("hold", 100, kind="market"), OrderError, "side"),
        (lambda m: m.submit("buy", 0, kind="market"), OrderError, "quantity"),
        (lambda m: m.submit("buy", 2**31, kind="market"), OrderError, "quantity"),
        (lambda m: m.submit("buy", 1.5, kind="market"), OrderError, "quantity"),
        (lambda m: m.submit("buy", 100, kind="limt"), OrderError, "kind of order"),
        (lambda m: m.submit("buy", 100), OrderError, "price of a limit order"),
        (lambda m: m.submit("buy", 100, price=5, kind="market"), OrderError, "price of a market order"),
        (lambda m: m.submit("buy", 100, price=-5), OrderError, "price of a limit order"),
        (lambda m: m.submit("buy", 100, price=5, venue="NYSE"), InputError, "venue"),
        (lambda m: m.replace(1, 0, 5), OrderError, "replacement"),
        (lambda m: m.advance(-1), InputError, "seconds to advance"),
        (lambda m: m.advance(30_000), InputError, "until the close"),
        (lambda m: m.status(12), InputError, "order"),
        (lambda m: m.book("ALPHA", depth=0), InputError, "depth"),
    ],
)
def test_impossible_requests_are_refused(market: Market, what: Any, error: type[Exception], message: str) -> None:
    digest = market.digest()
    with pytest.raises(error, match=message):
        what(market)
    assert market.digest() == digest


def check_pools(market: Market) -> None:
    """Shares of every pool are conserved, and quotes of every dealer."""
    w = market._worlds.worlds[0]
    for d in w["pool"][:5]:
        for h in range(2):
            assert d["entered"][h] == d["volume"] + d["cancelled"][h] + d["expired"][h] + d["resting"][h]
    for d in w["dealer"][:3]:
        assert d["quoted"] == d["filled"] + d["rejected"] + d["expired"] + d["open"]
        assert d["inventory"] == d["bought"] - d["sold"] + d["hedged"]


commands = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("limit", "market", "ioc", "post_only", "mid_peg", "cancel"),
                *("cancel_all", "replace", "ask", "accept", "wait"),
            ]
        ),
        st.sampled_from([1, -1]), st.integers(1, 900), st.integers(-6, 6), st.integers(0, 8), st.integers(0, 24),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(orders=commands)
def test_no_sequence_of_commands_breaks_an_invariant(
    morning: Callable[[], Market], orders: list[tuple[str, int, int, int, int, int]]
) -> None:
    market = morning()
    names = [venue.name for venue in market.venues()]
    replaced: set[int] = set()
    quotes: set[int] = set()
    for kind, side, quantity, offset, venue, target in orders:
        price = max((market.quote().bid or 5000) + offset, 1)
        if kind == "wait":
            market.advance(quantity / 100)
        elif kind == "cancel":
            market.cancel(target)
        elif kind == "cancel_all":
            market.cancel_all(names[venue % 5])
        elif kind == "replace":
            replaced.add(target)
            market.replace(target, quantity, price)
        elif kind == "ask":
            quotes |= set(market.request_quotes(side, quantity, names[5 + venue % 3 :]))
        elif kind == "accept":
            if quotes and market.status(max(quotes))["state"] in ("sent", "quoted"):
                market.accept(max(quotes))
        elif kind == "mid_peg":
            market.submit(side, quantity, price if offset else None, names[venue % 5], kind, quantity // 3)
        else:
            at = names[venue] if venue < len(names) else None
            market.submit(side, quantity, None if kind == "market" else price, at, kind)
    market.advance(3)
    events = market.events()
    truth = market.truth()
    assert truth["bid"] < truth["ask"]
    assert [audit(book) for book in market._worlds.books] == [[]] * 3
    filled = sums(market, events)
    for order in market.status()["orders"]:
        if order["oid"] in quotes:
            assert order["filled"] in (0, order["quantity"])
            assert order["state"] in ("filled", "rejected", "expired")
            assert (order["state"] == "filled") == (order["filled"] > 0)
    check_pools(market)
    for order in (o for o in market.status()["orders"] if o["oid"] not in quotes):
        assert order["filled"] == filled.get(order["oid"], 0)
        gone = sum(e.quantity for e in events if e.oid == order["oid"] and e.kind == "cancel")
        if order["state"] != "rejected" and order["oid"] not in replaced:
            assert order["quantity"] == order["filled"] + order["leaves"] + gone
        assert (order["leaves"] > 0) == (order["state"] == "working")
    working = {o["oid"]: o["leaves"] for o in market.status()["orders"] if o["state"] == "working"}
    mine = market._worlds.worlds[0]["mine"]
    assert {int(m["oid"]): int(m["leaves"]) for m in mine if m["live"]} == working
