"""What a torture loads before it forks traders, so that a start takes no time."""

import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.events import empty_events
from nowake.core.times import SECOND
from nowake.core.values import ParentOrder, Side
from nowake.execution.desk_state import CURVE, Placing
from nowake.execution.hearing import Word, hear
from nowake.execution.live import LiveDesk, NobodyKeeps
from nowake.execution.path import DecisionPath, Place
from nowake.execution.policy import UniformForecaster
from nowake.service.trader_setup import Setup

__all__ = ["warm_up"]


def warm_up(setup: Setup) -> None:
    """Run the path once over an empty market, so that its kernels are in memory before the first fork."""
    p = DecisionPath(len(setup.work), [Place("X", PlaceKind.LIT)], setup.decider, UniformForecaster())
    order = ParentOrder("W", setup.instrument, Side.BUY, 100, 1, 600 * SECOND)
    p.take_on(0, order, np.linspace(0, 1, CURVE + 1), 10 * SECOND, Placing())
    p.ids(0, 1, 1000)
    desk = LiveDesk(p, None, NobodyKeeps(), setup.books, setup.own_from)  # type: ignore[arg-type]
    desk.market(empty_events(0), SECOND)
    p.hear(0, 1, Word.ACK, 0, 0, SECOND)
    hear(
        p.desk, p.kids, p.working, p.usages, p.boards, p.features, p.stats, p.params, p.reports, p.marks, 0, 0,
        int(Word.KEPT), 0, SECOND,
    )  # fmt: skip
