"""Days of the gate: what they hold, dark prints, and that threads change nothing."""

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.events import EVENT, Flag, Kind
from nowake.market.gate.days import SEEDS_APART, day_record, reduced_days
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset, load
from nowake.market.sessions import session_of
from nowake.market.simulate import simulate

MIDCAP = load("midcap")
OPEN, CLOSE = session_of(MIDCAP, FIRST_DAY)
HALF, DARK = 4096, 8192


def event(
    after: float, kind: Kind, order: int, side: int, price: int, quantity: int, venue: int, flags: int = 0
) -> tuple:
    return (OPEN + round(after * 1e9), order, price, quantity, 0, venue, int(kind), side, flags)


def test_dark_prints_are_trades_that_never_touch_the_book() -> None:
    lit = [
        event(0, Kind.ADD, 1, 1, 4999, 100, 0),
        event(0, Kind.ADD, 2, -1, 5002, 300, 1),
        event(1, Kind.EXECUTE, 2, -1, 5002, 100, 1),
    ]
    dark = [
        event(2, Kind.TRADE, 0, 1, 5000, 700, 3, DARK | HALF),
        event(3, Kind.TRADE, 0, 0, 5001, 50, 4, DARK),
        event(-5, Kind.TRADE, 0, 0, 5001, 999, 4, DARK),  # before the open
        event(4, Kind.TRADE, 0, 0, 9999, 999, 4, DARK | Flag.BROKEN),  # cancelled by the pool
    ]
    with_dark = day_record(MIDCAP, FIRST_DAY, [np.array(sorted(lit + dark), EVENT)])
    without = day_record(MIDCAP, FIRST_DAY, [np.array(lit, EVENT)])
    assert with_dark.quotes.tolist() == without.quotes.tolist()
    assert (with_dark.adds, with_dark.cancels, with_dark.posted) == (without.adds, without.cancels, without.posted)
    rows = with_dark.trades
    assert rows["price2"].tolist() == [10004, 10001, 10002]
    assert rows["quantity"].tolist() == [100, 700, 50]
    assert rows["dark"].tolist() == [0, 1, 1]
    assert rows["sign"].tolist() == [1, 0, 0]
    assert len(set(rows["order"].tolist())) == 3


def test_the_reset_of_the_books_is_no_event_of_the_day() -> None:
    events = np.array([event(0, Kind.CLEAR, 0, 0, 0, 0, v) for v in range(3)], EVENT)
    assert len(day_record(MIDCAP, FIRST_DAY, [events]).trades) == 0


def test_days_hold_what_the_market_did(brief: Preset) -> None:
    done: list[int] = []
    seen = reduced_days(brief, seed=3, seeds=1, days=2, tell=done.append)
    same = simulate(brief, 3 * SEEDS_APART, days=2)
    volumes = [float(day["supply"][:3].sum()) for day in seen]
    assert sum(volumes) == same.volume
    assert sum(float(day["supply"][4]) for day in seen) == same.cancels
    assert done == [1, 1]


def test_the_numbers_do_not_depend_on_the_number_of_workers(brief: Preset) -> None:
    one, two = (reduced_days(brief, seed=3, seeds=3, days=2, warm=1, workers=n) for n in (1, 2))
    assert [int(d["series"][0]) for d in one] == [3 * SEEDS_APART + k for k in (0, 0, 1, 1, 2, 2)]
    for a, b in zip(one, two, strict=True):
        assert a.keys() == b.keys()
        assert all(np.array_equal(a[name], b[name], equal_nan=True) for name in a)


def test_days_before_the_first_are_run_and_forgotten(brief: Preset) -> None:
    three = reduced_days(brief, seed=3, seeds=1, days=3)
    last = reduced_days(brief, seed=3, seeds=1, days=1, warm=2)
    assert last[0]["supply"].tolist() == three[2]["supply"].tolist()


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="at least one seed"):
        reduced_days(MIDCAP, seed=1, seeds=0, days=1)
    with pytest.raises(InputError, match="calm"):
        reduced_days(MIDCAP, seed=1, seeds=1, days=1, regime="clam")
