"""The consolidated quote under latency: what is seen is the best over books as old as their feeds, and no older."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from nowake.core.events import Kind
from nowake.market.market import FIRST_DAY, Market, Quote
from nowake.market.preset import Preset, load
from nowake.market.sessions import session_of
from nowake.market.world.worlds import new_worlds

SECOND = 10**9
SPAN = 40  # seconds
NEVER = np.iinfo(np.int64).max


def slow_feeds() -> Preset:
    """Return small-tick with feeds 20, 80 and 150 ms late, so that venues are seen at different times."""
    p = load("small-tick")
    late = (0.02, 0.08, 0.15)
    return p.model_copy(
        update={"venues": tuple(v.model_copy(update={"feed_latency": s}) for v, s in zip(p.venues, late, strict=True))}
    )


PRESETS = [load("midcap"), slow_feeds(), load("futures")]


def delays(preset: Preset) -> list[int]:
    return [round(v.feed_latency * SECOND) for v in preset.venues]


class Shown:
    """The displayed orders of one venue, taken from messages alone: a dict, nothing of the book."""

    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int]] = {}

    def hear(self, row: np.void) -> None:
        oid, quantity = int(row["order_id"]), int(row["quantity"])
        if row["kind"] == int(Kind.ADD):
            self.orders[oid] = int(row["side"]), int(row["price"]), quantity
        elif row["kind"] == int(Kind.DELETE):
            del self.orders[oid]
        elif row["kind"] in (int(Kind.EXECUTE), int(Kind.CANCEL)):
            side, price, had = self.orders[oid]
            self.orders[oid] = side, price, had - quantity
            if had == quantity:
                del self.orders[oid]

    def best(self, side: int) -> int | None:
        return max((s * price for s, price, _ in self.orders.values() if s == side), default=None)

    def at(self, side: int, price: int) -> int:
        return sum(q for s, at, q in self.orders.values() if (s, at) == (side, price))


def consolidated(venues: list[Shown]) -> Quote:
    out = []
    for side in (1, -1):
        bests = [best for shown in venues if (best := shown.best(side)) is not None]
        price = side * max(bests) if bests else None
        out += [price, sum(shown.at(side, price) for shown in venues) if price is not None else 0]
    return Quote(*out)


def history(preset: Preset, seed: int) -> np.ndarray:
    """Return every message of `SPAN` seconds at the time when it happened."""
    blocks: list[np.ndarray] = []
    start, close = session_of(preset, FIRST_DAY)
    markets = new_worlds(preset, [seed], "volatile", start, close, blocks.append)
    while not markets.step(0, start + SPAN * SECOND, blocks.append):
        pass
    return np.concatenate(blocks)


def arrivals(events: np.ndarray, late: Sequence[int]) -> np.ndarray:
    """Return when each message of a lit venue is here, those of the open at once; others never."""
    lit = events["instrument"] < len(late)
    delay = np.array(late)[np.where(lit, events["instrument"], 0)]
    here = np.where(events["time"] > events["time"][0], events["time"] + delay, events["time"])
    return np.where(lit, here, NEVER)


def books(preset: Preset, events: np.ndarray, times: np.ndarray) -> Iterator[tuple[int, list[Shown]]]:
    """Yield every moment of `times` and what the venues show after all messages of that moment."""
    venues = [Shown() for _ in preset.venues]
    order = np.argsort(times, kind="stable")
    order = order[times[order] < NEVER]
    for n, k in enumerate(order):
        venues[events["instrument"][k]].hear(events[k])
        if n + 1 == len(order) or times[order[n + 1]] > times[k]:
            yield int(times[k]), venues


def touches(venues: Iterator[tuple[int, list[Shown]]]) -> list[tuple[int, tuple[int, ...]]]:
    """Return (time, best prices times sides of every venue, bids, then asks) at every change of one of them."""
    out: list[tuple[int, tuple[int, ...]]] = []
    for time, shown in venues:
        bests = tuple(v.best(side) or -(2**62) for side in (1, -1) for v in shown)
        if not out or out[-1][1] != bests:
            out.append((time, bests))
    return out


def spread(bests: tuple[int, ...]) -> int:
    """Return best ask less best bid over all venues."""
    half = len(bests) // 2
    return -max(bests[half:]) - max(bests[:half])


@pytest.mark.parametrize("preset", PRESETS, ids=["midcap", "slow-feeds", "futures"])
def test_the_quote_is_the_best_of_the_messages_that_have_arrived(preset: Preset) -> None:
    events = history(preset, 5)
    here = arrivals(events, delays(preset))
    seen = [(time, consolidated(shown)) for time, shown in books(preset, events, here)]
    times = [time for time, _ in seen]
    market, r = Market.load(preset, 5, "volatile"), Random(1)
    start, checked = market.now, 0
    while market.now < start + (SPAN - 1) * SECOND:
        if r.random() < 0.5:  # to the very moment of an arrival, or to the one before
            to = next((t for t in times if t > market.now + SECOND // 5), start + (SPAN - 1) * SECOND) - r.randrange(2)
        else:
            to = market.now + r.randrange(SECOND // 3)
        market.advance((to - market.now) / SECOND)
        assert market.now == to
        known = max(n for n, time in enumerate(times) if time <= to)
        assert market.quote() == seen[known][1]
        checked += 1
    assert checked > 100


@pytest.mark.parametrize("preset", PRESETS, ids=["midcap", "slow-feeds", "futures"])
def test_differences_from_the_truth_last_as_long_as_the_latencies_say(preset: Preset) -> None:
    """Where nothing has changed since the slowest feed set out, what is seen is the truth.

    And a quote that looks locked or crossed, which the true one never is, looks so only while the news of a change are
    here from one venue and not yet from another.
    """
    events, late = history(preset, 5), delays(preset)
    real = touches(books(preset, events, arrivals(events, [0] * len(late))))
    seen = touches(books(preset, events, arrivals(events, late)))
    least, most, settled = min(late), max(late), 0
    assert all(spread(bests) > 0 for _, bests in real)
    moments = np.array([time for time, _ in real])
    times = np.array([time for time, _ in seen])
    for (time, bests), (after, _) in pairwise(real[1:]):
        if time + most < after + least:  # all feeds tell of the same state for a while
            assert seen[np.searchsorted(times, time + most, "right") - 1][1] == bests
            assert not ((times > time + most) & (times < after + least)).any()
            settled += 1
    assert settled > 20

    odd = [(row[0], after[0]) for row, after in pairwise(seen) if spread(row[1]) <= 0]
    for moment, ends in odd:
        while moment < ends:  # up to its end some change is known from one venue and not yet from another
            under_way = moments[(moments > moment - most) & (moments <= moment - least)]
            assert len(under_way), f"{moment}: locked or crossed without news"
            moment = int(under_way[-1]) + most
    assert odd or preset.name != "small-tick"  # there the touch moves faster than the news of it
