"""Level-2 and best-quote replays: the declared queue model, to the share, with numbers worked out by hand."""

import numpy as np
import pytest

from nowake.core.events import EVENT, Flag, Kind
from nowake.core.records import Cause
from nowake.core.values import Side
from nowake.data.replay.state import QueueModel
from nowake.data.replay.venue import RecordedVenue

BUY, SELL = 1, -1
LEVEL, QUOTE, TRADE = Kind.LEVEL, Kind.QUOTE, Kind.TRADE


def tape(*rows: tuple[int, Kind, int, int, int], flags: int = 0) -> np.ndarray:
    """Rows of (time, kind, side, price, quantity)."""
    events = np.zeros(len(rows), EVENT)
    for event, (time, kind, side, price, quantity) in zip(events, rows, strict=True):
        event["time"], event["kind"], event["side"] = time, int(kind), side
        event["price"], event["quantity"], event["flags"] = price, quantity, flags
    return events


def got(venue: RecordedVenue) -> list[tuple[int, int, float, str]]:
    return [(int(f["time"]), int(f["quantity"]), f["price2"] / 2, Cause(int(f["cause"])).name) for f in venue.fills()]


BOOK = [(1, LEVEL, BUY, 100, 100), (2, LEVEL, SELL, 102, 50)]
DAY = tape(
    *BOOK,
    (20, LEVEL, BUY, 100, 160),  # 60 join behind us
    (30, LEVEL, BUY, 100, 120),  # 40 of 160 are cancelled: where?
    (40, TRADE, BUY, 100, 30),
    (41, LEVEL, BUY, 100, 90),  # the trade again: nobody cancelled
    (50, LEVEL, BUY, 100, 60),  # 30 of 90 are cancelled
    (60, TRADE, BUY, 100, 70),
    (61, TRADE, BUY, 99, 100),
)
# Shares ahead after each event that moves us. power:1 and 30: 40 * 100/(100 + 60) = 25 ahead; power:2: 40 * 100^2 /
# (100^2 + 60^2) = 29.41, of which .41 waits; at 50: 30 * 41^2 / (41^2 + 49^2) = 12.35, and .41 make 12.77.
MODELS = [
    (QueueModel.PESSIMISTIC, 1.0, [100, 100, 70, 70, 60], [(60, 10, "MODEL"), (61, 70, "THROUGH")]),
    (QueueModel.POWER, 1.0, [100, 75, 45, 45, 30], [(60, 40, "MODEL"), (61, 40, "THROUGH")]),
    (QueueModel.POWER, 2.0, [100, 71, 41, 41, 29], [(60, 41, "MODEL"), (61, 39, "THROUGH")]),
]


@pytest.mark.parametrize(("model", "power", "ahead", "fills"), MODELS)
def test_queue_models(model: QueueModel, power: float, ahead: list[int], fills: list[tuple[int, int, str]]) -> None:
    venue = RecordedVenue(DAY, model=model, power=power)
    venue.submit(10, 7, Side.BUY, 80, 100)
    seen = []
    for until in (21, 31, 41, 42, 51):
        venue.play(until)
        seen.append(venue.ahead(7))
    assert seen == ahead
    venue.play()
    assert [(time, quantity, cause) for time, quantity, _, cause in got(venue)] == fills


def test_a_high_power_of_a_large_queue_stays_finite() -> None:
    # 1e9 units to the power of 100 is beyond a float; only the ratio of the two queues counts.
    venue = RecordedVenue(
        tape((1, LEVEL, BUY, 100, 10**9), (2, LEVEL, SELL, 102, 5), (20, LEVEL, BUY, 100, 2 * 10**9),
             (30, LEVEL, BUY, 100, 2 * 10**9 - 100)), model=QueueModel.POWER, power=100.0,
    )  # fmt: skip
    venue.submit(10, 7, Side.BUY, 80, 100)
    venue.play()
    assert venue.ahead(7) == 10**9 - 50


def test_each_own_price_follows_its_own_level() -> None:
    venue = RecordedVenue(
        tape(*BOOK, (3, LEVEL, BUY, 99, 40), (20, LEVEL, BUY, 99, 10), (21, LEVEL, BUY, 100, 30),
             (30, TRADE, BUY, 100, 20), (31, TRADE, BUY, 99, 5), (32, LEVEL, BUY, 99, 5), (33, LEVEL, BUY, 100, 10)),
        model=QueueModel.PESSIMISTIC,
    )  # fmt: skip
    venue.submit(10, 7, Side.BUY, 80, 100)
    venue.submit(11, 8, Side.BUY, 80, 99)
    venue.submit(12, 9, Side.BUY, 80, 99)
    seen = []
    for until in (15, 22, 31, 32, 40):
        venue.play(until)
        seen.append([venue.ahead(oid) for oid in (7, 8, 9)])
    assert seen == [[100, 40, 40], [30, 10, 10], [10, 10, 10], [10, 5, 5], [10, 5, 5]]
    assert got(venue) == [(31, 5, 100.0, "THROUGH")]  # the print at 99 had to pass 100


def test_trades_at_two_prices_are_both_remembered_until_their_levels_change() -> None:
    # power:1 would move us up for what a forgotten trade took.
    venue = RecordedVenue(
        tape(*BOOK, (3, LEVEL, BUY, 99, 100), (20, LEVEL, BUY, 100, 200), (21, LEVEL, BUY, 99, 200),
             (30, TRADE, BUY, 100, 40), (31, TRADE, BUY, 99, 40), (32, LEVEL, BUY, 100, 160),
             (33, LEVEL, BUY, 99, 160)), model=QueueModel.POWER,
    )  # fmt: skip
    venue.submit(10, 7, Side.BUY, 80, 100)
    venue.submit(11, 8, Side.BUY, 80, 99)
    venue.play(31)
    venue.play()
    # The print at 99 had to pass 100: it filled us there.
    assert got(venue) == [(31, 40, 100.0, "THROUGH")]
    assert [venue.ahead(oid) for oid in (7, 8)] == [60, 60]


def test_an_update_that_crosses_us_fills_us_once() -> None:
    venue = RecordedVenue(
        tape(*BOOK, (20, LEVEL, SELL, 100, 30), (21, LEVEL, SELL, 100, 30), (22, LEVEL, SELL, 100, 45)),
        model=QueueModel.PESSIMISTIC,
    )  # fmt: skip
    venue.submit(10, 7, Side.BUY, 80, 101)
    venue.play()
    # History's own bid of 100 stands in the way of none of it before it is taken out: 30 - 100 < 0.
    assert got(venue) == []
    free = RecordedVenue(
        tape(*BOOK, (15, LEVEL, BUY, 100, 0), (20, LEVEL, SELL, 100, 30), (21, LEVEL, SELL, 100, 30),
             (22, LEVEL, SELL, 100, 45)), model=QueueModel.PESSIMISTIC,
    )  # fmt: skip
    free.submit(10, 7, Side.BUY, 80, 101)
    free.play()
    assert got(free) == [(20, 30, 101.0, "CROSSED"), (22, 15, 101.0, "CROSSED")]


def test_what_we_took_of_a_level_stays_taken() -> None:
    venue = RecordedVenue(tape(*BOOK, (20, LEVEL, SELL, 102, 60), (30, LEVEL, SELL, 102, 20)), model=QueueModel.POWER)
    for when in (10, 11, 21, 31):
        venue.submit(when, when, Side.BUY, 50)
    venue.play()
    assert got(venue) == [(10, 50, 102.0, "TAKE"), (21, 10, 102.0, "TAKE")]


def test_best_quotes_hide_the_queue_behind_them() -> None:
    venue = RecordedVenue(
        tape((1, QUOTE, BUY, 100, 100), (2, QUOTE, SELL, 103, 50), (20, QUOTE, BUY, 101, 20), (30, QUOTE, BUY, 100, 40),
             (40, QUOTE, BUY, 99, 10), (50, QUOTE, BUY, 100, 70)), model=QueueModel.PESSIMISTIC, best_only=True,
    )  # fmt: skip
    venue.submit(10, 7, Side.BUY, 80, 100)
    venue.submit(25, 8, Side.BUY, 80, 100)
    seen = []
    for until in (11, 26, 31, 41, 51):
        venue.play(until)
        seen.append([venue.ahead(oid) for oid in ((7,) if until == 11 else (7, 8))])
    # At 20 a better quote hides our level: unchanged; a new order there does not know its queue. At 40 nobody is left.
    assert seen == [[100], [100, None], [40, 40], [0, 0], [0, 0]]


def test_no_quote_means_nobody_is_ahead() -> None:
    venue = RecordedVenue(
        tape((1, QUOTE, BUY, 100, 100), (2, QUOTE, SELL, 103, 50), (20, QUOTE, BUY, 0, 0)),
        model=QueueModel.POWER, best_only=True,
    )  # fmt: skip
    venue.submit(10, 7, Side.BUY, 80, 100)
    venue.play()
    assert venue.ahead(7) == 0


@pytest.mark.parametrize(("price", "expected"), [(100, 5), (101, 0), (99, 80)])
def test_a_print_without_a_side_hits_the_side_of_the_mid_that_it_lies_on(price: int, expected: int) -> None:
    venue = RecordedVenue(tape(*BOOK, (20, TRADE, 0, price, 105)), model=QueueModel.PESSIMISTIC)
    venue.submit(10, 7, Side.BUY, 80, 100)
    venue.play()
    assert sum(row[1] for row in got(venue)) == expected


@pytest.mark.parametrize("flag", [Flag.OUTLIER, Flag.BROKEN])
def test_doubtful_prints_fill_nobody(flag: Flag) -> None:
    events = np.concatenate((tape(*BOOK), tape((20, TRADE, BUY, 90, 500), flags=int(flag))))
    venue = RecordedVenue(events, model=QueueModel.PESSIMISTIC)
    venue.submit(10, 7, Side.BUY, 80, 100)
    venue.play()
    assert got(venue) == []
    assert venue.ahead(7) == 100


def test_after_a_snapshot_reset_the_queue_is_no_longer_than_the_level() -> None:
    events = np.concatenate((
        tape(*BOOK), tape((20, Kind.CLEAR, 0, 0, 0), (20, LEVEL, BUY, 100, 130), (20, LEVEL, SELL, 102, 9),
        flags=int(Flag.SNAPSHOT)), tape((30, LEVEL, BUY, 100, 60)),
    ))  # fmt: skip
    venue = RecordedVenue(events, model=QueueModel.PESSIMISTIC)
    venue.submit(10, 7, Side.BUY, 50, 100)
    venue.play(25)
    assert venue.ahead(7) == 100
    venue.play()
    assert venue.ahead(7) == 60
