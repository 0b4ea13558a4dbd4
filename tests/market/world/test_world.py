"""The simulated market as others see it: deterministic, never crossed, its feed tells all, twins stay aligned."""

from collections.abc import Callable

import numpy as np
import pytest

from nowake.book.audit import audit, queues
from nowake.book.feed import apply_all
from nowake.book.queries import touched_best
from nowake.book.state import SMALL, new_books
from nowake.core.errors import InputError
from nowake.core.events import Kind
from nowake.core.times import HOUR, MINUTE, SECOND
from nowake.market.market import FIRST_DAY, Market
from nowake.market.preset import Preset
from nowake.market.sessions import next_weekday, session_of
from nowake.market.world.worlds import Worlds, new_worlds

OWN = 2**40  # own orders are numbered from here


def made(preset: Preset, seed: int = 7, regime: str = "calm") -> Worlds:
    return new_worlds(preset, [seed], regime, *session_of(preset, FIRST_DAY))


# (preset, regime, seed): events, trades and digest after five minutes
GOLDEN = [
    ("midcap", "calm", 7, (9232, 244, "9ddf404020a0865b")),
    ("midcap", "switching", 8, (8247, 171, "d82f8c7931fa0ee7")),
    ("small-cap", "calm", 7, (6958, 147, "aaa3e37fb0a4749c")),
    ("futures", "volatile", 7, (13498, 437, "b1abe778a1bb2783")),
    ("large-tick", "calm", 7, (7297, 193, "4beddb85993f5c13")),
    ("small-tick", "news", 7, (12104, 297, "d83817f8cd1c3d62")),
]


@pytest.mark.parametrize(("preset", "regime", "seed", "expected"), GOLDEN)
def test_golden_digest(preset: str, regime: str, seed: int, expected: tuple[int, int, str]) -> None:
    market = Market.load(preset, seed, regime)
    market.advance(300)
    assert (len(market.messages()), len(market.trades()), market.digest()) == expected


def test_how_it_is_run_changes_nothing(midcap: Preset) -> None:
    whole, pieces, kept = made(midcap), made(midcap), made(midcap)
    start = int(whole.worlds["now"][0])
    whole.run(0, start + 5 * MINUTE)
    for second in range(1, 301):
        pieces.run(0, start + second * SECOND)
    blocks: list[np.ndarray] = []
    while not kept.step(0, start + 5 * MINUTE, blocks.append):
        pass
    assert whole.digest(0) == pieces.digest(0) == kept.digest(0)
    assert whole.digest(0) != made(midcap, 8).digest(0)


def test_markets_of_a_batch_do_not_know_each_other(midcap: Preset) -> None:
    batch = new_worlds(midcap, [7, 8, 9], "calm", *session_of(midcap, FIRST_DAY))
    until = int(batch.worlds["now"][0]) + MINUTE
    for i in (2, 0, 1):
        batch.run(i, until)
    for i, seed in enumerate((7, 8, 9)):
        alone = made(midcap, seed)
        alone.run(0, until)
        assert batch.digest(i) == alone.digest(0)


def test_the_feed_tells_everything_and_no_book_is_ever_crossed(midcap: Preset) -> None:
    market = Market.load(midcap, 11, "volatile")
    venues = len(market.preset.venues)
    books = new_books(venues, SMALL)
    volume = 0
    for _ in range(40):
        market.advance(15)
        arrived = np.concatenate([market.messages(), market._view.deliver(market.now, at_once=True)])
        market._trades.clear()
        events = arrived[np.argsort(arrived["time"], kind="stable")]
        for venue in range(venues):
            own = np.ascontiguousarray(events[events["instrument"] == venue])
            apply_all(books, venue, own, 0, len(own))
        printed = (int(Kind.EXECUTE), int(Kind.HIDDEN), int(Kind.TRADE))
        volume += int(events["quantity"][np.isin(events["kind"], printed)].sum())
        ours = [market._worlds.books[venue] for venue in range(venues)]
        assert [queues(book) for book in books] == [queues(book) for book in ours]
        assert [audit(book) for book in ours] == [[]] * venues
        assert [queues(book) for book in market._view.books] == [queues(book) for book in ours]
        bids, asks = ([touched_best(book, side) for book in ours] for side in (1, -1))
        quote = market.quote()
        assert (quote.bid, quote.ask) == (max(bids), min(asks))
        assert max(bids) < min(asks)
        w = market._worlds.worlds[0]
        assert (int(w["bid"]), int(w["ask"])) == (quote.bid, quote.ask)
        assert int(w["volume"]) == volume
    assert books["unknown"].sum() + books["over"].sum() + books["duplicate"].sum() == 0


def test_every_resting_background_order_hangs_in_the_wheel_once(morning: Callable[[], Market]) -> None:
    market = morning()
    market.submit("buy", 300, price=(market.quote().bid or 0) - 3)
    market.advance(60)
    w, hanging = market._worlds.worlds[0], []
    for place in w["wheel"]:
        node = int(place)
        while node:
            hanging.append(node)
            node = int(w["agent"]["next"][node])
    live = sum(int(book["live"]) for book in market._worlds.books) - int(w["mine_live"])
    assert len(hanging) == len(set(hanging)) == live


def test_an_order_far_away_changes_nothing_that_others_do(morning: Callable[[], Market]) -> None:
    alone, beside = morning(), morning()
    oid = beside.submit("buy", 5000, price=3000)
    alone.advance(200)
    beside.advance(100)
    beside.cancel(oid)
    beside.advance(100)
    ours = beside.messages()
    assert np.array_equal(alone.messages(), ours[ours["order_id"] < OWN])
    assert alone.truth() == beside.truth()


def test_a_twin_with_a_taken_offer_differs_and_stays_near(morning: Callable[[], Market]) -> None:
    alone, beside = morning(), morning()
    beside.submit("buy", 5000, kind="market")
    for market in (alone, beside):
        market.advance(0.01)
    before, after = alone.quote(), beside.quote()
    assert after.ask is not None
    assert before.ask is not None
    assert after.ask > before.ask
    assert alone.truth()["value"] == beside.truth()["value"]


def test_a_day_ends_and_the_next_begins(midcap: Preset) -> None:
    markets = made(midcap)
    w = markets.worlds[0]
    opened, _ = session_of(midcap, FIRST_DAY)
    markets.run(0, opened + MINUTE)
    value = int(w["value"])
    day = next_weekday(FIRST_DAY)
    rows: list[np.ndarray] = []
    markets.next_day(0, *session_of(midcap, day), rows.append)
    events = np.concatenate(rows)
    assert (events["kind"][:3] == int(Kind.CLEAR)).all()
    assert events["kind"][3] == int(Kind.CROSS)
    assert (events["kind"][4:] == int(Kind.ADD)).all()
    assert int(w["now"]) == session_of(midcap, day)[0]
    assert int(w["value"]) != value
    markets.run(0, int(w["now"]) + MINUTE)
    assert [audit(book) for book in markets.books] == [[]] * len(midcap.venues)


def test_next_weekday_leaves_out_the_weekend() -> None:
    assert FIRST_DAY.isoweekday() == 4
    assert next_weekday(next_weekday(FIRST_DAY)).isoweekday() == 1


def test_regimes_change_what_happens(midcap: Preset) -> None:
    moved = {}
    for regime in ("calm", "volatile", "thin"):
        markets = new_worlds(midcap, list(range(6)), regime, *session_of(midcap, FIRST_DAY))
        for i in range(6):
            markets.run(i, int(markets.worlds["open"][i]) + HOUR // 2)
        moved[regime] = markets.worlds["number"][:, 2].mean(), markets.worlds["adds"].mean()  # moves of the value
    assert moved["volatile"][0] > 1.5 * moved["calm"][0]
    assert moved["thin"][1] < moved["calm"][1]


@pytest.mark.parametrize(
    ("preset", "seed", "regime", "message"),
    [
        ("midcop", 7, None, "unknown preset 'midcop'"),
        ("midcap", -1, None, "seed"),
        ("midcap", True, None, "seed"),
        ("midcap", 7, "stormy", "unknown regime 'stormy'"),
    ],
)
def test_impossible_markets_are_refused(preset: str, seed: int, regime: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Market.load(preset, seed, regime)
