"""Nothing is lost between those who trade: shares, cash, fees, orders, and the counters of a market."""

from collections import defaultdict
from random import Random

import numpy as np
import pytest

from nowake.core.events import Kind
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset, load
from nowake.market.sessions import session_of
from nowake.market.world import feed
from nowake.market.world.state import OWN_IDS
from nowake.market.world.words import Action, OrderKind
from nowake.market.world.worlds import new_worlds

SECOND = 10**9
DEALER_IDS = 2**30


class Session:
    """A short session of one market, everything that it published, and everything that it told us."""

    def __init__(self, preset: Preset, seed: int, seconds: int, regime: str = "volatile") -> None:
        self.preset = preset
        start, _ = session_of(preset, FIRST_DAY)
        self.close = start + seconds * SECOND
        self._blocks: list[np.ndarray] = []
        self._told: list[np.ndarray] = []
        self.markets = new_worlds(preset, [seed], regime, start, self.close, self._blocks.append)
        self.w = self.markets.worlds[0]
        self.side: dict[int, int] = {}  # of own orders and quotes
        self.asked: dict[int, int] = {}

    def run(self, until: int) -> None:
        done = False
        while not done:
            done = self.markets.step(0, until, self._blocks.append)
            self._told.append(self.w["own"][: self.w["own_events"]].copy())
            self.w["own_events"] = 0

    def send(self, action: Action, oid: int, side: int, price: int, quantity: int, venue: int, kind: OrderKind) -> None:
        self.side.setdefault(oid, side)
        self.asked.setdefault(oid, quantity)
        late = int(self.markets.params["latency"][0, max(venue, 0)])
        command = (int(self.w["now"]) + late, int(action), oid, side, price, quantity, venue, int(kind))
        self.markets.send(0, command)

    def trade(self, seed: int, every: float) -> None:
        """Send orders of all kinds at random moments, accept some quotes, and run to the close."""
        r, oid = Random(seed), 0
        lit, dark = len(self.preset.venues), len(self.preset.dark)
        while (until := int(self.w["now"] + r.expovariate(1 / every) * SECOND)) < self.close:
            self.run(until)
            oid += 1
            side, kind = r.choice((1, -1)), r.choice(list(OrderKind))
            near = int(self.w["bid"] if side > 0 else self.w["ask"]) + r.randrange(-3, 4)
            price = 0 if kind in (OrderKind.MARKET, OrderKind.MID_PEG, OrderKind.ON_CLOSE) else near
            venue = r.randrange(lit + dark) if kind is OrderKind.MID_PEG else r.randrange(-1, 1)
            self.send(Action.NEW, oid, side, price, r.choice((50, 300, 1200)), venue, kind)
            if oid > 4 and r.random() < 0.4:
                self.send(Action.CANCEL, r.randrange(1, oid), 1, 0, 0, 0, OrderKind.LIMIT)
            if self.preset.dealers and r.random() < 0.1:
                self.deal(DEALER_IDS + 8 * oid, side)
        self.run(self.close)

    def deal(self, first: int, side: int) -> None:
        """Ask every dealer, accept the first quote a moment later."""
        places = len(self.preset.venues) + len(self.preset.dark)
        for j in range(len(self.preset.dealers)):
            self.send(Action.ASK, first + j, side, 0, 800, places + j, OrderKind.LIMIT)
        self.run(min(int(self.w["now"]) + SECOND // 20, self.close))
        self.send(Action.ACCEPT, first, side, 0, 1, places, OrderKind.LIMIT)

    @property
    def events(self) -> np.ndarray:
        return np.concatenate(self._blocks)

    @property
    def told(self) -> np.ndarray:
        return np.concatenate(self._told)

    def fills(self) -> np.ndarray:
        return self.told[self.told["kind"] == feed.FILLED]

    def signs(self, fills: np.ndarray) -> np.ndarray:
        return np.array([self.side[int(oid)] for oid in fills["oid"]])


def shares(events: np.ndarray, kind: Kind, venues: range | None = None) -> int:
    rows = events["kind"] == int(kind)
    if venues is not None:
        rows &= np.isin(events["instrument"], list(venues))
    return int(events["quantity"][rows].sum())


@pytest.fixture(scope="module", params=["midcap", "large-tick"])
def session(request: pytest.FixtureRequest) -> Session:
    made = Session(load(request.param), 7, 900)
    made.trade(3, 0.7)
    return made


def test_counters_are_sums_over_the_feed(session: Session) -> None:
    e, w, preset = session.events, session.w, session.preset
    lit, dark = len(preset.venues), len(preset.dark)
    off, dealers = range(lit, lit + dark), range(lit + dark, lit + dark + len(preset.dealers))
    assert w["dark"] == shares(e, Kind.TRADE, off) > 0
    assert w["dealt"] == shares(e, Kind.TRADE, dealers) > 0
    assert w["hidden"] == shares(e, Kind.HIDDEN) > 0
    assert w["auctioned"] == shares(e, Kind.CROSS) > 0
    assert w["volume"] == sum(shares(e, kind) for kind in (Kind.EXECUTE, Kind.HIDDEN, Kind.TRADE))
    assert w["events"] == len(e)
    others = e[e["order_id"] < OWN_IDS]
    assert w["posted"] == shares(others, Kind.ADD)
    assert w["adds"] == (others["kind"] == int(Kind.ADD)).sum()
    assert w["cancels"] == (others["kind"] == int(Kind.DELETE)).sum()


def test_every_displayed_share_is_traded_withdrawn_or_still_there(session: Session) -> None:
    left: dict[int, int] = defaultdict(int)
    for row in session.events:
        kind, oid, quantity = Kind(int(row["kind"])), int(row["order_id"]), int(row["quantity"])
        if kind is Kind.ADD:
            assert left[oid] == 0
            left[oid] = quantity
        elif kind in (Kind.CANCEL, Kind.EXECUTE):
            left[oid] -= quantity
        elif kind is Kind.DELETE:
            assert left.pop(oid) == quantity
        assert left[oid] >= 0
    resting = {}
    for book in session.markets.books:
        for row in book["order"][book["order"]["status"] != 0]:
            resting[int(row["id"])] = int(row["quantity"])
    assert {oid: quantity for oid, quantity in left.items() if quantity} == resting


def test_own_fills_are_public_prints(session: Session) -> None:
    """Every share that we bought was sold by somebody: it is part of a print of that moment, venue and price."""
    printed: dict[tuple[int, int, int], int] = defaultdict(int)
    ours: dict[tuple[int, int, int], int] = defaultdict(int)
    e = session.events
    for row in e[np.isin(e["kind"], [int(k) for k in (Kind.EXECUTE, Kind.HIDDEN, Kind.TRADE, Kind.CROSS)])]:
        price2 = 2 * int(row["price"]) + int(row["flags"] & 4096 != 0)
        printed[int(row["time"]), int(row["instrument"]), price2] += int(row["quantity"])
    for fill in session.fills():
        ours[int(fill["time"]), int(fill["venue"]), int(fill["price2"])] += int(fill["quantity"])
    assert len(ours) > 100
    assert all(printed[key] >= quantity for key, quantity in ours.items())
    executed = e[(e["kind"] == int(Kind.EXECUTE)) & (e["order_id"] >= OWN_IDS)]
    passive = session.fills()[(session.fills()["passive"] == 1) & (session.fills()["price2"] % 2 == 0)]
    lit = [f for f in passive.tolist() if f[1] in set((executed["order_id"] - OWN_IDS).tolist())]
    public = [(r["time"], r["order_id"] - OWN_IDS, 2 * r["price"], r["quantity"], -r["side"]) for r in executed]
    assert public == [(*f[:4], -session.side[f[1]]) for f in lit]


def test_every_own_order_is_filled_ended_or_open(session: Session) -> None:
    entered: dict[int, int] = {}
    gone: dict[int, int] = defaultdict(int)
    for row in session.told:
        oid, kind, quantity = int(row["oid"]), int(row["kind"]), int(row["quantity"])
        if kind == feed.ACK:
            entered[oid] = quantity
        elif oid in entered and kind in (feed.FILLED, feed.CANCELLED, feed.EXPIRED):
            gone[oid] += quantity
            assert row["leaves"] == entered[oid] - gone[oid] >= 0
    open_now = {int(m["oid"]): int(m["leaves"]) for m in session.w["mine"] if m["live"]}
    assert {oid: entered[oid] - gone[oid] for oid in entered if entered[oid] != gone[oid]} == open_now
    assert len(open_now) == session.w["mine_live"]
    assert len(entered) > 500


def test_fees_are_those_of_the_tables(session: Session) -> None:
    preset = session.preset
    tables = [(v.taker_fee, v.maker_fee) for v in preset.venues] + [(d.fee, d.fee) for d in preset.dark]
    tables += [(0.0, 0.0)] * len(preset.dealers)
    fills = session.fills()
    expected = [tables[f["venue"]][f["passive"]] * int(f["quantity"]) for f in fills]
    assert fills["fee"].tolist() == expected
    total = 0.0
    for fee in session.told["fee"].tolist():
        total += fee
    assert session.w["own_fees"] == total != 0


def test_pools_keep_their_shares(session: Session) -> None:
    for pool in session.w["pool"][: session.w["darks"] + session.w["venues"]]:
        balance = pool["volume"] + pool["cancelled"] + pool["expired"] + pool["resting"]
        assert pool["entered"].tolist() == balance.tolist()
    traded = session.w["pool"]["volume"][: session.w["darks"] + session.w["venues"]].sum()
    assert traded == session.w["dark"] + session.w["hidden"]


def aggressive(session: Session) -> int:
    """Return the signed shares that others than us took of what was displayed."""
    e = session.events
    took = e[e["kind"] == int(Kind.EXECUTE)]
    fills = session.fills()
    lit = (fills["venue"] < len(session.preset.venues)) & (fills["passive"] == 0)
    return int(-(took["side"].astype(int) * took["quantity"]).sum()) - int(
        (session.signs(fills) * fills["quantity"])[lit].sum()
    )


def alone(**parts: object) -> Preset:
    """Return midcap in which makers meet nobody but `parts`."""
    p = load("midcap")
    quiet = {"informed_probability": 0.0, "jump_rate": 0.0, "investor_rate": 0.0, "taker_rate": 0.0}
    usual = {
        "lit": p.lit.model_copy(update=quiet), "hidden": p.hidden.model_copy(update={"share": 0.0}),
        "followers": p.followers.model_copy(update={"rate": 0.0}), "dark": (), "dealers": (),
    }  # fmt: skip
    return p.model_copy(update={**usual, **parts})


def test_followers_hold_what_they_have_traded() -> None:
    keen = load("midcap").followers.model_copy(update={"rate": 2.0, "momentum": 0.5, "memory": 60.0})
    session = Session(alone(followers=keen), 5, 600)
    for oid in range(1, 40):
        session.run(int(session.w["now"]) + 10 * SECOND)
        session.send(Action.NEW, oid, 1 if oid < 20 else -1, 0, 900, -1, OrderKind.MARKET)
    session.run(session.close)
    assert session.w["held"] == aggressive(session)
    e = session.events
    taken = shares(e, Kind.EXECUTE) - int(session.fills()["quantity"].sum())
    assert session.w["followed"] == taken > abs(int(session.w["held"]))


def test_dealers_hold_what_they_have_dealt_less_what_they_have_hedged() -> None:
    quick = tuple(d.model_copy(update={"unwind": 60.0, "patience": 50.0}) for d in load("midcap").dealers)
    session = Session(alone(dealers=quick), 5, 600)
    for k in range(40):
        session.run(int(session.w["now"]) + 10 * SECOND)
        session.deal(DEALER_IDS + 8 * k, 1 if k % 3 else -1)
    session.run(session.close)
    fills = session.fills()
    bought = int((session.signs(fills) * fills["quantity"]).sum())
    held = int(session.w["dealer"]["inventory"][: session.w["dealers"]].sum())
    assert bought > 0
    assert held == -bought + aggressive(session)
    assert held != -bought
