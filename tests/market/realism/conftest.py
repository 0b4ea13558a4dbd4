"""Made days for the realism gate: quotes and trades from plain arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nowake.core.records import QUOTE_PATH
from nowake.core.times import HOUR
from nowake.market.realism.day import TRADE, DayRecord

OPEN, CLOSE = 0, int(6.5 * HOUR)


def make_day(quotes: dict[str, Any] | None = None, trades: dict[str, Any] | None = None, **fields: Any) -> DayRecord:
    """Return a day; quotes default to one at the open (99/101, 100 shares each side), trades to none."""
    quotes = {"time": [OPEN], "bid": 99, "ask": 101, "bid_size": 100, "ask_size": 100} | (quotes or {})
    trades = {"time": []} | (trades or {})
    arrays = []
    for columns, dtype in ((trades, TRADE), (quotes, QUOTE_PATH)):
        out = np.zeros(len(columns["time"]), dtype)
        for name, values in columns.items():
            out[name] = values
        arrays.append(out)
    given = {"adds": 0, "cancels": 0, "posted": 0, "placements": np.zeros(8, np.int64), "tick_size": 0.01} | fields
    return DayRecord(arrays[0], arrays[1], OPEN, CLOSE, **given)


@pytest.fixture(name="make_day")
def make_day_fixture() -> Callable[..., DayRecord]:
    return make_day
