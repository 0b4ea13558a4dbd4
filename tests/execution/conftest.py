"""Small tapes and a reader over an array, for replays without files."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest

from nowake.core.events import EVENT, Kind
from nowake.core.times import SECOND, local_midnight
from nowake.core.values import Instrument
from nowake.data.reader import Chunk, ReaderMeta, Rule

DAY = date(2026, 1, 15)
HALTS = (100, 200, 240, 241, 290, 291, 350, 352)
OPEN = local_midnight(DAY, "America/New_York") + 34_200 * SECOND


class ArrayReader:
    """A Reader over EVENT records."""

    def __init__(self, events: np.ndarray, level: str = "l3", chunk: int = 1000) -> None:
        self._events, self._chunk = events, chunk
        self.meta = ReaderMeta("array", level, (Instrument("TEST"),), DAY)  # type: ignore[arg-type]

    def chunks(self) -> Iterator[Chunk]:
        for lo in range(0, len(self._events), self._chunk):
            part = self._events[lo : lo + self._chunk].copy()
            yield Chunk(part, np.arange(lo + 1, lo + 1 + len(part)))

    def findings(self) -> tuple[Rule, ...]:
        return ()


def market(seed: int, seconds: int = 600, halts: bool = False) -> np.ndarray:
    """A made tape: a book of five levels a side, random adds, cancels, visible and hidden executions.

    `halts`: from second 100 to 200, and three that are over before a slow message arrives.
    """
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, int, int, int, int, int]] = []
    live: dict[int, list[int]] = {}
    oid = 0

    def add(time: int, side: int, price: int, quantity: int) -> None:
        nonlocal oid
        oid += 1
        live[oid] = [side, price, quantity]
        rows.append((time, Kind.ADD, oid, side, price, quantity))

    for k in range(5):
        for side in (1, -1):
            add(OPEN + k, side, 1_000_000 - side * 100 * (k + 1), 500)
    for second in range(1, seconds):
        time = OPEN + second * SECOND + int(rng.integers(0, SECOND // 2))
        if halts and second in HALTS:
            rows.append((time, Kind.HALT if HALTS.index(second) % 2 == 0 else Kind.RESUME, 0, 0, 0, 0))
            continue
        best = {s: max((v[1] * s for v in live.values() if v[0] == s), default=None) for s in (1, -1)}
        side = int(rng.choice((1, -1)))
        action = rng.random()
        if action < 0.5 or best[side] is None or best[-side] is None:
            touch = best[side] if best[side] is not None else side * 1_000_000 - 100
            far = -best[-side] if best[-side] is not None else None  # in the terms of `side`
            price = touch - 100 * int(rng.integers(-1, 3))
            if far is None or price < far:
                add(time, side, price * side, int(rng.integers(1, 400)))
            continue
        queue = [o for o, v in live.items() if v[0] == side and v[1] * side == best[side]]
        target = queue[0] if action < 0.75 else int(rng.choice(list(live)))
        order = live[target]
        quantity = int(rng.integers(1, order[2] + 1))
        if action < 0.75:
            rows.append((time, Kind.EXECUTE, target, order[0], order[1], quantity))
        elif action < 0.85:
            rows.append((time, Kind.HIDDEN, 0, side, best[side] * side, quantity))
            continue
        else:
            rows.append((time, Kind.CANCEL, target, order[0], order[1], quantity))
        order[2] -= quantity
        if order[2] == 0:
            del live[target]
    events = np.zeros(len(rows), EVENT)
    for event, row in zip(events, rows, strict=True):
        for name, value in zip(("time", "kind", "order_id", "side", "price", "quantity"), row, strict=True):
            event[name] = int(value)
    return events


@pytest.fixture
def tape() -> np.ndarray:
    return market(1)
