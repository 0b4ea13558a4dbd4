"""Faults on demand: each is seen where a trader would see it, and the market goes on afterwards."""

from collections.abc import Callable
from typing import Any

import pytest

from nowake.book.audit import audit
from nowake.core.errors import InputError
from nowake.core.events import Flag, Kind
from nowake.market.market import Market
from nowake.market.market_faults import FAULTS


def told(market: Market) -> list[tuple[str, str | None, str | None]]:
    return [(e.kind, e.reason, e.venue) for e in market.events()]


def test_an_outage_cancels_the_book_refuses_orders_and_ends(morning: Callable[[], Market]) -> None:
    market = morning()
    oid = market.submit("buy", 100, price=4000, venue="BETA")
    market.advance(0.1)
    market.events()
    market.fault("outage", "BETA", seconds=20)
    market.advance(1)
    assert told(market) == [("cancel", "outage", "BETA"), ("outage", "outage", "BETA")]
    assert market.book("BETA") == ([], [])
    market.submit("buy", 100, price=4000, venue="BETA")
    market.submit("buy", 100, kind="market")
    market.cancel(oid)
    market.advance(1)
    events = market.events()
    assert ("reject", "outage") in {(e.kind, e.reason) for e in events if e.venue == "BETA"}
    assert "BETA" not in {e.venue for e in events if e.kind == "fill"}
    market.advance(60)
    assert told(market) == [("outage", "resumed", "BETA")]
    assert all(market.book("BETA"))
    assert [audit(book) for book in market._worlds.books] == [[]] * 3


def test_an_outage_of_a_pool_takes_its_orders(morning: Callable[[], Market]) -> None:
    market = morning()
    market.submit("buy", 100_000, venue="OPAL", kind="mid_peg")
    market.advance(0.01)
    market.fault("outage", "OPAL", seconds=5)
    market.advance(0.1)
    assert ("cancel", "outage", "OPAL") in told(market)
    assert sum(market._worlds.worlds[0]["pool"][0]["resting"]) == 0


def test_in_a_halt_nothing_trades_and_cancels_work(morning: Callable[[], Market]) -> None:
    market = morning()
    oid = market.submit("buy", 100, price=4000)
    market.advance(0.1)
    market.events()
    market.trades()
    market.fault("halt", seconds=300)
    market.advance(0.1)
    assert told(market) == [("halt", "halted", None)]
    market.submit("buy", 100, kind="market")
    market.cancel(oid)
    market.advance(200)
    assert told(market) == [("reject", "halted", None), ("cancel", "asked", "ALPHA")]
    assert len(market.trades()) == 0
    kinds = market.messages()["kind"]
    assert (kinds == int(Kind.HALT)).sum() == 3
    market.advance(200)
    assert told(market) == [("halt", "resumed", None)]
    assert len(market.trades()) > 0
    assert (market.messages()["kind"] == int(Kind.RESUME)).sum() == 3
    assert market.truth()["bid"] < market.truth()["ask"]


def test_a_slow_venue_a_storm_and_a_stuck_cancel(morning: Callable[[], Market]) -> None:
    market = morning()
    oid = market.submit("buy", 100, price=4000, venue="ALPHA")
    market.advance(0.1)
    market.events()
    market.fault("slow", "ALPHA", seconds=10, size=2.0)
    market.advance(0.001)
    sent = market.now
    market.submit("buy", 100, price=4000, venue="ALPHA")
    market.advance(5)
    (ack,) = market.events()
    assert ack.time - sent == 2_000_500_000
    market.advance(6)
    market.fault("stuck_cancel", "ALPHA", seconds=5)
    market.cancel(oid)
    market.advance(10)
    assert told(market) == []
    assert market.status(oid)["state"] == "working"
    market.cancel(oid)
    market.fault("reject_storm", "ALPHA", seconds=5)
    market.submit("buy", 100, price=4000, venue="ALPHA")
    market.advance(1)
    assert told(market) == [("cancel", "asked", "ALPHA"), ("reject", "storm", "ALPHA")]


def test_a_bust_takes_the_last_fill_back_once(morning: Callable[[], Market]) -> None:
    market = morning()
    oid = market.submit("buy", 100, kind="market", venue="ALPHA")
    market.advance(0.1)
    fill = market.events()[-1]
    market.trades()
    for _ in range(2):
        market.fault("bust", "ALPHA")
        market.advance(0.1)
    (correction,) = market.events()
    assert (correction.kind, correction.oid, correction.quantity) == ("correction", oid, fill.quantity)
    assert correction.price == fill.price
    assert correction.fee == -fill.fee
    assert market.status(oid)["filled"] == 0
    assert [int(t["quantity"]) for t in market.trades() if t["flags"] & int(Flag.BROKEN)] == [fill.quantity]


def test_a_gap_in_the_feed_ends_with_a_snapshot(morning: Callable[[], Market]) -> None:
    market = morning()
    market.messages()
    market.fault("feed_gap", "ALPHA", seconds=20)
    before = market.book("ALPHA", 3)
    market.advance(19)
    assert market.book("ALPHA", 3) == before
    assert not (market.messages()["instrument"] == 0).any()
    market.advance(2)
    snapshot = market.messages()
    snapshot = snapshot[(snapshot["flags"] & int(Flag.SNAPSHOT)) != 0]
    assert snapshot["kind"][0] == int(Kind.CLEAR)
    assert len(snapshot) > 30
    market.advance(5)
    assert market._view.books["unknown"].sum() == 0
    assert [audit(book) for book in market._view.books] == [[]] * 3


def test_a_crossed_feed_and_a_fat_finger_show_and_pass(morning: Callable[[], Market]) -> None:
    market = morning()
    market.fault("crossed", "GAMMA", seconds=2)
    market.advance(0.5)
    crossed = market.quote()
    assert crossed.bid is not None
    assert crossed.ask is not None
    assert crossed.bid > crossed.ask
    assert market.truth()["bid"] < market.truth()["ask"]
    market.advance(10)
    market.trades()
    bid = market.quote().bid
    market.fault("fat_finger", "ALPHA")
    market.advance(3)
    odd = [t for t in market.trades() if t["flags"] & int(Flag.OUTLIER | Flag.BROKEN)]
    assert len(odd) == 2
    assert bid is not None
    assert all(t["price"] < 0.95 * bid for t in odd)


def test_too_many_messages_in_a_second_are_refused(morning: Callable[[], Market]) -> None:
    market = morning()
    market.advance(1 - (market.now % 10**9) / 1e9 + 0.01)
    for _ in range(220):
        market.submit("buy", 100, price=4000, venue="ALPHA", kind="ioc")
    market.advance(0.1)
    reasons = [e.reason for e in market.events() if e.kind == "reject"]
    assert reasons == ["throttled"] * 20


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_leaves_a_snapshot_that_goes_on_alike(morning: Callable[[], Market], kind: str) -> None:
    market = morning()
    market.submit("buy", 200, kind="market", venue="ALPHA")
    market.advance(0.1)
    market.fault(kind, None if kind == "halt" else "ALPHA", seconds=3)
    market.advance(1)
    copy, twin = Market.restore(market.snapshot()), market.twin()
    for one in (market, copy, twin):
        one.events()
        one.messages()
        one.advance(5)
    assert market.digest() == copy.digest() == twin.digest()
    assert market.events() == copy.events() == twin.events()
    assert market.messages().tobytes() == copy.messages().tobytes() == twin.messages().tobytes()
    assert market.quote() == copy.quote() == twin.quote()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("outge", "ALPHA"), "one of outage, slow"),
        (("outage", None), "name of a venue"),
        (("crossed", "OPAL"), "name of a venue"),
        (("halt", None, -1.0), "seconds above 0"),
        (("outage", "NYSE"), "venue"),
        (("bust", "NORTH"), "lit venue or dark pool"),
    ],
)
def test_impossible_faults_are_refused(morning: Callable[[], Market], arguments: Any, message: str) -> None:
    with pytest.raises(InputError) as raised:
        morning().fault(*arguments)
    assert message in f"{raised.value}"


def test_the_last_venue_cannot_go(morning: Callable[[], Market]) -> None:
    market = morning()
    for venue in ("ALPHA", "BETA"):
        market.fault("outage", venue, seconds=50)
        market.advance(0.1)
    with pytest.raises(InputError, match="another lit venue"):
        market.fault("outage", "GAMMA")
