"""Random own commands by the batch, every action and kind, sensible or not: no invariant of a market ever breaks."""

from collections import defaultdict

import numpy as np
import pytest

from nowake.book.audit import audit, queues
from nowake.market.batch import BATCH_ORDER, Batch
from nowake.market.market import FIRST_DAY
from nowake.market.preset import load
from nowake.market.sessions import session_of
from nowake.market.world import feed
from nowake.market.world.state import OWN_IDS, OWNER
from nowake.market.world.words import Action, OrderKind

ACTIONS = [Action.NEW] * 11 + [Action.CANCEL] * 3 + [Action.REPLACE] * 3
ACTIONS += [Action.ASK, Action.ACCEPT, Action.MASS_CANCEL]


class Storm:
    """Batches of random commands for every market of a batch, and what is known of our orders from events."""

    def __init__(self, preset: str, regime: str, markets: int, seed: int) -> None:
        self.preset = load(preset)
        self.batch = Batch(self.preset, range(markets), regime, *session_of(self.preset, FIRST_DAY), threads=1)
        self.random = np.random.default_rng(seed)
        self.last = 0  # id of the newest order
        self.sent = 0
        self.left: dict[tuple[int, int], int] = {}  # shares open by (market, order), as the events tell
        self.kinds: dict[int, int] = defaultdict(int)

    def commands(self, n: int) -> np.ndarray:
        """Return `n` commands of a random market each, in ranges that contain the sensible ones."""
        r, p, out = self.random, self.preset, np.zeros(n, BATCH_ORDER)
        dealers = len(p.venues) + len(p.dark)
        places = dealers + len(p.dealers)
        seen, lot = self.batch.observe(), p.instrument.round_lot
        actions = [a for a in ACTIONS if p.dealers or a not in (Action.ASK, Action.ACCEPT)]
        out["market"] = r.integers(0, len(self.batch), n)
        out["action"] = r.choice(actions, n)
        out["kind"] = r.integers(1, len(OrderKind) + 1, n)
        out["side"] = r.choice([1, -1], n)
        near = np.where(out["side"] > 0, seen["bid"][out["market"]], seen["ask"][out["market"]])
        wild = r.integers(0, 2 * near)
        out["price"] = np.where(r.random(n) < 0.03, wild, np.where(r.random(n) < 0.1, 0, near + r.integers(-8, 9, n)))
        out["quantity"] = r.choice([1, 7, lot, 3 * lot, 20 * lot, 300 * lot], n)
        out["minimum"] = np.where(r.random(n) < 0.2, r.integers(0, 5 * lot, n), 0)
        out["venue"] = r.integers(-1, places, n)
        asks = np.isin(out["action"], [Action.ASK, Action.ACCEPT])
        out["venue"][asks] = r.integers(dealers, max(places, dealers + 1), asks.sum())
        old = np.isin(out["action"], [Action.CANCEL, Action.REPLACE, Action.ACCEPT])
        fresh = self.last + 1 + np.arange(n)
        out["oid"] = np.where(old, np.maximum(fresh - r.integers(1, 60 * len(self.batch), n), 1), fresh)
        self.last += n
        self.sent += n
        return out

    def step(self, seconds: float, n: int) -> None:
        for e in self.batch.step(seconds, self.commands(n)):
            key, kind, quantity = (int(e["market"]), int(e["oid"])), int(e["kind"]), int(e["quantity"])
            self.kinds[kind] += 1
            if kind in (feed.ACK, feed.REPLACED):
                self.left[key] = quantity
            elif kind in (feed.FILLED, feed.CANCELLED, feed.EXPIRED) and key in self.left:
                self.left[key] -= quantity
                assert self.left[key] == e["leaves"] >= 0
                if self.left[key] == 0:
                    del self.left[key]

    def check(self) -> None:
        for i in range(len(self.batch)):
            self._check(i)

    def _check(self, i: int) -> None:
        w, venues = self.batch.worlds.worlds[i], len(self.preset.venues)
        books = [self.batch.worlds.books[i * venues + j] for j in range(venues)]
        assert [audit(book) for book in books] == [[]] * venues
        shown = [queues(book) for book in books]
        bids, asks = ([side * p for levels in shown for s, p in levels if s == side] for side in (1, -1))
        assert (w["bid"], w["ask"]) == (max(bids), -max(asks))
        assert w["bid"] < w["ask"]
        ours = {
            (j, row[0] - OWN_IDS): row for j, v in enumerate(shown) for q in v.values() for row in q if row[7] == OWNER
        }
        hidden: dict[tuple[int, int], int] = {}
        for k, pool in enumerate(w["pool"][: w["darks"] + w["venues"]]):
            balance = pool["volume"] + pool["cancelled"] + pool["expired"] + pool["resting"]
            assert pool["entered"].tolist() == balance.tolist()
            waiting = pool["order"][pool["order"]["id"] != 0]
            resting = [int(waiting["quantity"][waiting["side"] == side].sum()) for side in (1, -1)]
            assert pool["resting"].tolist() == resting
            venue = venues + k if k < w["darks"] else k - int(w["darks"])
            hidden |= {(venue, int(o["id"])): int(o["quantity"]) for o in waiting if o["owner"] == OWNER}
        self._check_rows(i, w, ours, hidden)
        for d in w["dealer"][: w["dealers"]]:
            assert d["inventory"] == d["bought"] - d["sold"] + d["hedged"]
            assert d["quoted"] == d["filled"] + d["rejected"] + d["expired"] + d["open"]

    def _check_rows(
        self, i: int, w: np.void, ours: dict[tuple[int, int], tuple[int, ...]], hidden: dict[tuple[int, int], int]
    ) -> None:
        """Own orders are where their rows say, with the shares that their rows and the events say."""
        live = [m for m in w["mine"] if m["live"]]
        assert len(live) == w["mine_live"]
        lit, dark = {}, {}
        for m in live:
            key = int(m["venue"]), int(m["oid"])
            assert m["leaves"] > 0
            if m["unseen"] == 0:
                lit[key] = int(m["price"]), int(m["leaves"]), int(m["side"])
            elif m["unseen"] == 1:
                dark[key] = int(m["leaves"])
        assert lit == {key: (row[1], row[2], row[8]) for key, row in ours.items()}
        assert dark == hidden
        assert {int(m["oid"]): int(m["leaves"]) for m in live} == {o: n for (k, o), n in self.left.items() if k == i}


def storm(preset: str, regime: str, markets: int, commands: int, seed: int, every: int) -> None:
    made, steps = Storm(preset, regime, markets, seed), 0
    while made.sent < commands:
        made.step(float(made.random.choice([0.0, 0.001, 0.05, 0.5])), min(24 * markets, commands - made.sent))
        steps += 1
        if steps % every == 0:
            made.check()
    made.step(2.0, 1)
    made.check()
    wanted = {feed.ACK, feed.REJECTED, feed.FILLED, feed.CANCELLED, feed.REPLACED}
    assert set(made.kinds) >= wanted | ({feed.QUOTED} if made.preset.dealers else set())


PRESETS = [("midcap", "switching"), ("small-cap", "thin"), ("futures", "volatile"), ("large-tick", "news")]
PRESETS += [("small-tick", "calm")]


@pytest.mark.parametrize(("preset", "regime"), PRESETS)
def test_thousands_of_random_commands_break_nothing(preset: str, regime: str) -> None:
    storm(preset, regime, 4, 4_000, 1, every=5)


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "regime"), PRESETS)
def test_a_hundred_thousand_random_commands_break_nothing(preset: str, regime: str) -> None:
    storm(preset, regime, 16, 100_000, 2, every=6)
