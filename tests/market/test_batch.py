"""Markets by the batch: the same as one by one, whatever the number of threads, and bad orders are refused."""

from typing import Any

import numpy as np
import pytest

from nowake.core.errors import InputError, OrderError
from nowake.market.batch import BATCH_EVENT, BATCH_ORDER, Batch
from nowake.market.market import FIRST_DAY, Market
from nowake.market.preset import load
from nowake.market.sessions import session_of
from nowake.market.world.feed import ACK, FILLED
from nowake.market.world.words import Action, OrderKind

MIDCAP = load("midcap")
SEEDS = (7, 8, 9)


def made(threads: int = 1) -> Batch:
    return Batch(MIDCAP, SEEDS, "calm", *session_of(MIDCAP, FIRST_DAY), threads=threads)


def orders(*rows: tuple[int, dict[str, Any]]) -> np.ndarray:
    """Return BATCH_ORDER records: market orders to buy 300 shares unless a row says otherwise."""
    out = np.zeros(len(rows), BATCH_ORDER)
    for k, (market, changes) in enumerate(rows):
        usual = {"action": Action.NEW, "kind": OrderKind.MARKET, "side": 1, "venue": -1, "oid": k + 1, "quantity": 300}
        for name, value in {**usual, "market": market, **changes}.items():
            out[k][name] = value
    return out


def script() -> list[np.ndarray]:
    rests = {"kind": OrderKind.LIMIT, "price": 4900, "venue": 1, "side": 1}
    return [
        orders((2, {}), (0, {}), (0, rests), (1, {"side": -1})),
        orders((0, {"action": Action.CANCEL, "oid": 3, "venue": 1}), (1, {"oid": 9, "venue": 0})),
        orders((2, {"kind": OrderKind.MID_PEG, "venue": 3, "oid": 12})),
    ]


def test_threads_change_nothing_and_events_come_in_the_order_of_their_markets() -> None:
    results = []
    for threads in (1, 2, 3):
        batch = made(threads)
        events = np.concatenate([batch.step(30.0, sent) for sent in script()])
        results.append((events.tolist(), batch.observe().tolist(), [batch.worlds.digest(i) for i in range(3)]))
    assert results[0] == results[1] == results[2]


def test_a_market_of_a_batch_equals_a_market_alone() -> None:
    batch, alone = made(), [Market.load(MIDCAP, seed) for seed in SEEDS]
    told = batch.step(20.0, orders((1, {})))
    alone[1].submit("buy", 300, kind="market")
    for market in alone:
        market.advance(20)
    fills = told[told["kind"] == FILLED]
    ours = [event for event in alone[1].events() if event.kind == "fill"]
    assert [(int(f["time"]), f["price2"] / 2, int(f["quantity"])) for f in fills] == [
        (e.time, e.price, e.quantity) for e in ours
    ]
    assert (told["market"] == 1).all()
    assert [f"{batch.worlds.digest(i):016x}" for i in range(3)] == [market.digest() for market in alone]
    seen = batch.observe()
    assert [(int(r["bid"]), int(r["ask"])) for r in seen] == [(m.truth()["bid"], m.truth()["ask"]) for m in alone]


def test_twins_of_a_batch_differ_only_by_the_order() -> None:
    batch = made()
    batch.step(60.0)
    twin = batch.copy()
    batch.step(0.01, orders((0, {"quantity": 5000})))
    twin.step(0.01)
    assert batch.observe()["ask"][0] > twin.observe()["ask"][0]
    assert [batch.worlds.digest(i) for i in (1, 2)] == [twin.worlds.digest(i) for i in (1, 2)]


def test_many_own_events_are_all_collected() -> None:
    batch = made()
    lots = orders(*((0, {"kind": OrderKind.LIMIT, "price": 4000, "oid": k + 1}) for k in range(150)))
    told = batch.step(1.0, lots)
    assert (told["kind"] == ACK).sum() == 150
    assert told.dtype == BATCH_EVENT


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"market": 3}, "a market from 0 to 2"),
        ({"action": 99}, "an action"),
        ({"action": Action.FAULT}, "an action"),
        ({"kind": 77}, "a kind"),
        ({"side": 0}, "a side"),
        ({"venue": 8}, "a venue from -1 to 7"),
        ({"action": Action.ASK, "venue": 0}, "a dealer"),
        ({"oid": 0}, "an id"),
        ({"quantity": 0}, "a quantity"),
        ({"price": -1}, "a price"),
    ],
)
def test_orders_that_no_venue_could_read_are_refused(change: dict[str, Any], message: str) -> None:
    batch = made()
    market = change.pop("market", 0)
    with pytest.raises(OrderError, match=message):
        batch.step(1.0, orders((market, change)))


def test_time_ends_at_the_close() -> None:
    batch = made()
    with pytest.raises(InputError, match="until the close"):
        batch.step(24_000.0)
    with pytest.raises(OrderError, match="BATCH_ORDER"):
        batch.step(1.0, np.zeros(1))
