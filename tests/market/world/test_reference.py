"""The kernels and the plain Python twin of the simulated world: the same events, public and own, to the last bit."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.book.audit import queues
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset, load
from nowake.market.sessions import session_of
from nowake.market.world import feed
from nowake.market.world.reference import advance, new_world, send
from nowake.market.world.reference.state import Command, Published, Told
from nowake.market.world.words import Action, OrderKind, Reason
from nowake.market.world.worlds import new_worlds

SECOND, MS = 10**9, 10**6
PUBLIC = ("time", "instrument", "kind", "side", "order_id", "price", "quantity", "ref", "flags")
OWN = ("time", "kind", "oid", "venue", "price2", "quantity", "leaves", "fee", "passive", "reason")
PRESETS = [("midcap", "calm"), ("small-cap", "thin"), ("futures", "volatile"), ("large-tick", "trending")]
PRESETS += [("small-tick", "news"), ("midcap", "switching")]
STATE = ("now", "value", "bid", "ask", "next_id", "held", "shift", "informed_sign", "slow", "fast", "pace", "width")
STATE += ("brevity", "up", "centre", "variance", "calm_mid", "trend", "tilt", "digest")
COUNTS = ("events", "trades", "volume", "dark", "hidden", "dealt", "followed", "auctioned", "informed", "investors")


class Pair:
    """One market by kernels, the same one in plain Python."""

    def __init__(self, preset: Preset, seed: int, regime: str, seconds: float = 3600) -> None:
        self.preset = preset
        self.open = session_of(preset, FIRST_DAY)[0]
        self.close = self.open + int(seconds * SECOND)
        self.blocks: list[np.ndarray] = []
        self.told: list[Told] = []
        self.fast = new_worlds(preset, [seed], regime, self.open, self.close, self.blocks.append)
        self.plain = new_world(preset, seed, regime, self.open, self.close)

    def run(self, until: int) -> None:
        done = False
        while not done:
            done = self.fast.step(0, until, self.blocks.append)
            w = self.fast.worlds[0]
            rows = w["own"][: w["own_events"]]
            self.told += zip(*(rows[name].tolist() for name in OWN), strict=True)
            w["own_events"] = 0
        advance(self.plain, until)

    def send(self, *words: int) -> None:
        """Send action, oid, side, price, quantity, venue, kind, minimum to both, by the latency of the venue."""
        late = int(self.fast.params["latency"][0, max(words[5], 0)])
        self.fast.send(0, (self.plain.now + late, *words))
        send(self.plain, Command(self.plain.now + late, *words))

    def published(self) -> list[Published]:
        events = np.concatenate(self.blocks)
        return list(zip(*(events[name].tolist() for name in PUBLIC), strict=True))

    def agree(self) -> None:
        """Check everything; the first difference is what fails."""
        for ours, theirs in ((self.published(), self.plain.published), (self.told, self.plain.told)):
            for n, (one, other) in enumerate(zip(ours, theirs, strict=False)):
                assert (n, one) == (n, other)
            assert len(ours) == len(theirs)
        w, plain = self.fast.worlds[0], self.plain
        fast = {name: w[name].item() for name in STATE}
        fast["digest"] %= 2**64
        assert fast == {name: getattr(plain, name) for name in STATE}
        assert {n: w[n] for n in COUNTS} == {n: plain.count.get(n, 0) for n in COUNTS}
        assert w["parent"][: len(plain.parents)].tolist() == [(x.left, x.sign, x.born, x.ahead) for x in plain.parents]
        assert [d["inventory"] for d in w["dealer"][: len(plain.desks)]] == [desk.inventory for desk in plain.desks]
        for book, twin in zip(self.fast.books, plain.books, strict=True):
            levels = {(side, price): q for side in (1, -1) for price, q in twin.queues[side].items()}
            shown = {level: [(row[0], row[2]) for row in rows] for level, rows in queues(book).items()}
            assert shown == {level: [(o.id, o.quantity) for o in orders] for level, orders in levels.items()}


Step = tuple[int, int, int, int, int, int, int]
"""Milliseconds to wait, what to do, side, kind, size, price, venue: numbers that `Trader` makes a command of."""
STEPS = st.tuples(*(st.integers(0, most) for most in (3000, 19, 1, 5, 5, 10, 7)))


class Trader:
    """Makes commands of every kind out of numbers, sensible ones and others."""

    def __init__(self, pair: Pair) -> None:
        self.pair, self.places = pair, []  # type: ignore[var-annotated]
        self.quotes: list[tuple[int, int]] = []
        p = pair.preset
        self.lit, self.dark, self.dealers = len(p.venues), len(p.dark), len(p.dealers)

    def act(self, step: Step) -> None:
        _, what, side, kind, size, price, venue = step
        sign = 1 if side else -1
        lot = self.pair.preset.instrument.round_lot
        quantity = (1, lot, 3 * lot, 7 * lot, 40 * lot, 2 * lot + 1)[size]
        near = self.pair.plain.touch(sign) + price - 5
        if what < 11 or not self.places:
            self.enter(sign, OrderKind(kind + 1), quantity, near, venue)
        elif what < 15:
            oid, at, old = self.places[-1 - (price + 3 * venue) % min(len(self.places), 12)]
            action = Action.CANCEL if what < 13 else Action.REPLACE
            self.pair.send(action, oid, 1, (old, near)[price % 2], quantity, at, OrderKind.LIMIT, 0)
        elif what < 19 and self.dealers:
            self.deal(sign, quantity, price, ask=what < 17)
        else:
            self.pair.send(Action.MASS_CANCEL, 0, 1, 0, 0, venue % (self.lit + 1) - 1, OrderKind.LIMIT, 0)

    def enter(self, side: int, kind: OrderKind, quantity: int, near: int, venue: int) -> None:
        oid, at, minimum = len(self.places) + 1, venue % (self.lit + 1) - 1, 0
        price = 0 if kind is OrderKind.MARKET else near
        unseen = kind is OrderKind.MID_PEG or (kind is OrderKind.IOC and venue % 2)
        if unseen or venue == 7:
            at = venue % (self.lit + self.dark)
            price, minimum = (0, near)[quantity % 2], (0, quantity, 101)[venue % 3]
        elif kind is OrderKind.ON_CLOSE:
            at, price = (-1, 0, 0, 1)[venue % 4], (0, near)[venue % 2]
        self.places.append((oid, max(at, 0), price))
        self.pair.send(Action.NEW, oid, side, price, quantity, at, kind, minimum)

    def deal(self, side: int, quantity: int, pick: int, *, ask: bool) -> None:
        venue = self.lit + self.dark
        if ask or not self.quotes:
            first = 2**30 + 8 * len(self.quotes)
            for j in range(self.dealers if pick % 2 else 1):
                self.quotes.append((first + j, j))
                self.pair.send(Action.ASK, first + j, side, 0, quantity, venue + j, OrderKind.LIMIT, 0)
        else:
            qid, j = self.quotes[-1 - pick % min(len(self.quotes), 4)]
            self.pair.send(Action.ACCEPT, qid, 1, 0, 1, venue + j, OrderKind.LIMIT, 0)


def trade(pair: Pair, steps: Sequence[Step]) -> None:
    """Send a command at every step, then let the market run to its close and a little beyond."""
    trader = Trader(pair)
    for step in steps:
        until = pair.plain.now + step[0] * MS
        if until >= pair.close:
            break
        pair.run(until)
        trader.act(step)
    pair.run(pair.close + SECOND)
    pair.agree()


def numbers(seed: int, gap: int, count: int) -> list[Step]:
    r = Random(seed)
    return [(r.randrange(gap), *(r.randrange(n) for n in (20, 2, 6, 6, 11, 8))) for _ in range(count)]  # type: ignore[misc]


def exaggerated(preset: Preset) -> Preset:
    """Return `preset` with everything that is rare or at rest in it: leaks, fading, leaning, ties at one moment."""
    lit = {
        "fade": 0.9, "lean": (2.0, 0.0, -0.5, 0.0, 1.5), "reprice_delay": 0.0, "chase_delay": 0.0,
        "informed_delay": 0.0, "informed_probability": 0.5, "jump_rate": 4000.0, "investor_rate": 0.05,
        "long_queue": 15.0,
    }  # fmt: skip
    crowd = {"rate": 2.0, "momentum": 0.3, "predation": 1.0}
    pools = [{"leak": 0.9, "picky": 0.5, "informed": 1.0, "quote_latency": 0.004, "share": 0.1}, {"share": 0.1}]
    desks = {
        "leak": 1.0,
        "leak_fraction": 0.5,
        "unwind": 20.0,
        "softness": 4.0,
        "valid": 2.0,
        "hold": 0.0,
        "inventory": 3000,
    }
    return preset.model_copy(
        update={
            "lit": preset.lit.model_copy(update=lit),
            "followers": preset.followers.model_copy(update=crowd),
            "hidden": preset.hidden.model_copy(update={"share": 0.2}),
            "dark": tuple(d.model_copy(update=u) for d, u in zip(preset.dark, pools, strict=False)),
            "dealers": tuple(d.model_copy(update=desks) for d in preset.dealers),
            "venues": tuple(v.model_copy(update={"message_limit": 3}) for v in preset.venues),
        }
    )


@pytest.mark.parametrize("seed", [7, 8])
@pytest.mark.parametrize(("preset", "regime"), PRESETS)
def test_a_market_left_alone(preset: str, regime: str, seed: int) -> None:
    pair = Pair(load(preset), seed, regime)
    for second in (60, 120):
        pair.run(pair.open + second * SECOND)
    pair.agree()


@pytest.mark.parametrize(("preset", "regime"), PRESETS)
def test_a_short_session_with_own_orders_of_every_kind(preset: str, regime: str) -> None:
    pair = Pair(load(preset), 9, regime, seconds=90)
    trade(pair, numbers(9, 400, 500))
    kinds = Counter(row[1] for row in pair.told)
    assert set(kinds) >= {feed.ACK, feed.REJECTED, feed.FILLED, feed.CANCELLED, feed.REPLACED, feed.EXPIRED}
    assert Counter(event[2] for event in pair.plain.published)[6] >= 1  # the closing auction, after that at the open


def test_what_is_rare_and_what_happens_at_one_moment() -> None:
    pair = Pair(exaggerated(load("midcap")), 3, "switching", seconds=240)
    trade(pair, numbers(4, 160, 3000))
    reasons = {row[9] for row in pair.told}
    assert reasons >= {
        Reason.UNKNOWN, Reason.WOULD_CROSS, Reason.UNFILLED, Reason.ASKED, Reason.WOULD_LOCK, Reason.NOT_HERE,
        Reason.INVALID, Reason.THROTTLED, Reason.DECLINED,
    }  # fmt: skip
    assert {row[8] for row in pair.told if row[1] == feed.FILLED} == {0, 1}
    count = pair.plain.count
    assert min(count[name] for name in ("dark", "hidden", "dealt", "followed", "auctioned", "informed")) > 0
    assert any(desk.inventory for desk in pair.plain.desks)


def test_too_many_own_orders() -> None:
    pair = Pair(load("large-tick"), 5, "calm", seconds=30)
    low = pair.plain.bid - 200
    for n in range(260):
        pair.send(Action.NEW, n + 1, 1, low - n % 7, 100, n % 2, OrderKind.LIMIT, 0)
        pair.run(pair.plain.now + 100 * MS)
    for n in range(0, 260, 3):
        pair.send(Action.CANCEL, n + 1, 1, 0, 0, n % 2, OrderKind.LIMIT, 0)
        pair.run(pair.plain.now + 10 * MS)
    pair.run(pair.close)
    pair.agree()
    assert sum(row[9] == Reason.FULL for row in pair.told) == 4


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**31), steps=st.lists(STEPS, max_size=60))
def test_any_own_orders(seed: int, steps: list[Step]) -> None:
    trade(Pair(MIDCAP, seed, "switching", seconds=40), steps)


MIDCAP = load("midcap")
