"""Builders of records, shared by the tests of tca."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from nowake.core.records import FILL, PRINT, QUOTE_PATH, Cause
from nowake.core.times import MINUTE, SECOND
from nowake.core.values import Instrument, ParentOrder, Session, Side
from nowake.tca.schedule_path import SchedulePath
from nowake.tca.summary import Analysis, OrderFacts, analyse

T0 = 1_042_642_800_000_000_000  # 2003-01-15 10:00 New York
NAN = float("nan")


def _fills(*rows: tuple[Any, ...], side: int = 1) -> np.ndarray:
    """Rows of (seconds, price, quantity, mid, untouched, cause, fee); prices in ticks."""
    out = np.zeros(len(rows), FILL)
    for i, (second, price, quantity, mid, untouched, cause, fee) in enumerate(rows):
        passive = cause is not Cause.TAKE
        out[i] = (
            T0 + round(second * SECOND),
            i + 1,
            round(price * 2),
            quantity,
            fee,
            mid,
            untouched,
            side,
            passive,
            cause,
        )
    return out


def _prints(*rows: tuple[Any, ...]) -> np.ndarray:
    """Rows of (seconds, price, quantity[, hidden[, flags]])."""
    out = np.zeros(len(rows), PRINT)
    for i, (second, price, quantity, *more) in enumerate(rows):
        hidden, flags = (*more, 0, 0)[:2]
        out[i] = (T0 + round(second * SECOND), round(price * 2), quantity, 0, hidden, flags)
    return out


def _quotes(*rows: tuple[Any, ...]) -> np.ndarray:
    """Rows of (seconds, bid, ask); 0 where a side is empty."""
    out = np.zeros(len(rows), QUOTE_PATH)
    for i, (second, bid, ask) in enumerate(rows):
        out[i] = (T0 + round(second * SECOND), bid, ask, 100 if bid else 0, 100 if ask else 0)
    return out


def _order(quantity: int = 1000, side: Side = Side.BUY, minutes: int = 10, **more: Any) -> ParentOrder:
    instrument = Instrument("XYZ", Decimal("0.01"), 1, sessions=(Session(34_200 * SECOND, 57_600 * SECOND),))
    return ParentOrder("P1", instrument, side, quantity, T0, T0 + minutes * MINUTE, **more)


@pytest.fixture(scope="session")
def fills() -> Callable[..., np.ndarray]:
    return _fills


@pytest.fixture(scope="session")
def prints() -> Callable[..., np.ndarray]:
    return _prints


@pytest.fixture(scope="session")
def quotes() -> Callable[..., np.ndarray]:
    return _quotes


@pytest.fixture(scope="session")
def order() -> Callable[..., ParentOrder]:
    return _order


@pytest.fixture(scope="session")
def story() -> Analysis:
    """A buy of 1000 at about 10.00, 700 filled: 300 from the queue, 100 through, 300 taken in two pieces."""
    own = _fills(
        (30, 999, 300, 1000, 1000, Cause.QUEUE, -0.6),
        (60, 1000, 100, 1001, 1001, Cause.THROUGH, -0.2),
        (120, 1004, 200, 1003, 1003, Cause.TAKE, 0.6),
        (120, 1005, 100, 1004, 1003, Cause.TAKE, 0.3),
    )
    market = _prints(
        (-60, 998, 100), (30, 999, 300), (60, 999, 200, 1), (300, 1006, 500), (660, 1008, 1000), (6000, 1010, 100)
    )
    best = _quotes(
        (-100, 999, 1001), (45, 1000, 1002), (90, 1002, 1004), (200, 1005, 1007), (400, 0, 1008), (500, 1007, 1009)
    )
    times = T0 + np.array([0, 300, 600]) * SECOND
    plan = SchedulePath(times, np.array([0.0, 500.0, 1000.0]), np.array([0.0, 400, 950]), np.array([100.0, 600, 1000]))
    facts = OrderFacts(_order(decided=T0 - 60 * SECOND), 999.0, 1000.0, 1008.0, children=5)
    return analyse(facts, own, market, best, plan)
