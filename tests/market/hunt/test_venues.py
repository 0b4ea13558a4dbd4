"""Phases between venues, against a desk that writes down what it is told: pools, dealers, a stale quote."""

from types import SimpleNamespace

import numpy as np

from nowake.market.hunt.desk import Desk
from nowake.market.hunt.pricing import Sample
from nowake.market.hunt.scene import Scene
from nowake.market.hunt.venues import Deal, Peg, Pick, Ping
from nowake.market.market import OwnEvent

STILL, MOVED = Sample(99, 101, 99, 101), Sample(103, 105, 99, 101)


class Notes:
    """A desk and a market in one; every call is a tuple in `said`."""

    def __init__(self, size: int = 1000, sign: int = 1) -> None:
        self.said: list[tuple] = []
        self.size, self.sign, self.position, self.lot, self.sent = size, sign, 0, 100, 0
        self.usual_spread = 4.0
        self.live: dict[int, object] = {}
        self.quotes: dict[int, tuple[OwnEvent, Sample]] = {}
        self.lit = ["A", "B"]
        self.market = self
        self.worlds = SimpleNamespace(worlds=[{"now": 10**9, "bid": 103, "ask": 105}])
        self.tops = {(0, 1): (99, 300), (0, -1): (101, 200), (1, 1): (99, 300), (1, -1): (101, 200)}

    def lots(self, shares: float) -> int:
        return round(shares / 100) * 100

    def pools(self) -> list[str]:
        return ["OPAL", "ONYX"]

    def touch(self, side: int) -> int:
        return 99 if side > 0 else 101

    def top(self, venue: int, side: int) -> tuple[int, int] | None:
        return self.tops[venue, side]

    def send(self, *order: object) -> None:
        self.said.append(order)

    def withdraw(self, phase: object) -> None:
        self.said.append(("withdraw", phase))

    def request_quotes(self, side: int, quantity: int) -> list[int]:
        self.said.append(("request", side, quantity))
        return [7]

    def accept(self, quote_id: int) -> None:
        self.said.append(("accept", quote_id))


def quote(oid: int, price: float, time: int = 10**9) -> OwnEvent:
    return OwnEvent(time, "quote", oid, "NORTH", price, 1000, 0, 0.0, None, None)


def test_pings_go_to_every_pool_on_the_side_asked_for() -> None:
    desk, ping = Notes(sign=-1), Ping(0, 60, -1, lots=2, every=10)
    for t in range(15):
        ping.act(desk, t)
    one = [(1, 200, 101, "ioc", "OPAL"), (1, 200, 101, "ioc", "ONYX")]
    assert desk.said == one * 2  # seconds 0 and 10; the trip sells first, the pings buy


def test_a_peg_splits_what_is_missing_over_the_pools() -> None:
    desk = Notes(size=900)
    peg = Peg(0, 100, 1)
    peg.act(desk, 0)
    assert desk.said[0] == ("withdraw", peg)
    assert [order[:5] for order in desk.said[1:]] == [
        (1, 500, 101, "mid_peg", "OPAL"),
        (1, 400, 101, "mid_peg", "ONYX"),
    ]
    desk.said, desk.position = [], 900
    Peg(0, 100, 0).act(desk, 20)
    assert {order[0] for order in desk.said[1:]} == {-1}


def test_a_dealer_is_picked_once_the_mid_has_passed_his_price() -> None:
    desk, deal = Notes(), Deal(0, 100, 1, edge=0.25)
    deal.act(desk, 0)
    assert desk.said == [("request", 1, 1000)]
    desk.quotes = {7: (quote(7, 103.5), STILL)}
    deal.act(desk, 1)
    assert len(desk.said) == 1  # the mid is 104: not enough
    desk.quotes[8] = (quote(8, 102.5), STILL)
    deal.act(desk, 1)
    assert desk.said[1:] == [("accept", 8)]
    deal.act(desk, 10)
    assert len(desk.said) == 2  # one deal at a time


def test_an_old_quote_is_not_tried() -> None:
    desk = Notes()
    desk.quotes = {7: (quote(7, 90.0, time=10**9 - 3 * 10**9), STILL)}
    Deal(0, 100, 1, edge=0.0).act(desk, 1)
    assert desk.said == []


def test_a_venue_that_has_not_followed_is_taken() -> None:
    desk, pick = Notes(), Pick(0, 100, 1)
    pick.act(desk, 0)
    assert desk.said == []
    desk.tops[0, 1], desk.tops[0, -1] = (101, 300), (103, 300)  # A has gone up, B still offers at 101
    pick.act(desk, 1)
    assert desk.said == [(1, 200, 101, "ioc", "B")]


def test_a_dealers_price_is_priced_as_of_his_quote(midday: Scene) -> None:
    desk = Desk(midday, 1000, 1)
    desk.kinds["NORTH"] = "dealer"
    desk.now = STILL
    desk._hear(quote(7, 102.0))
    desk.live[7] = SimpleNamespace(side=1, left=500, sent=STILL)
    desk.now = MOVED  # since then we have moved the lit mid by four ticks
    desk._hear(OwnEvent(0, "fill", 7, "NORTH", 102.0, 500, 0, 0.0, "taker", None))
    assert [fill.without for fill in desk.fills] == [102.0]
    assert desk.position == 500


def test_a_fill_at_the_mid_of_a_pool_counts_what_we_moved(midday: Scene) -> None:
    desk = Desk(midday, 1000, 1)
    desk.kinds["OPAL"] = "dark"
    desk.now = MOVED
    desk.live[9] = SimpleNamespace(side=-1, left=500, sent=STILL)
    desk._hear(OwnEvent(0, "fill", 9, "OPAL", 104.0, 500, 0, 0.5, "taker", None))
    assert [(fill.quantity, fill.without, fill.fee) for fill in desk.fills] == [(-500, 100.0, 0.5)]
    assert np.isclose(desk.fills[0].price - desk.fills[0].without, MOVED.moved)
