"""Order flow imbalance, the next move, and the law of queues against made data with known answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.records import QUOTE_PATH
from nowake.core.times import SECOND
from nowake.market.realism.bootstrap import Estimate, resampler
from nowake.market.realism.day import TRADE, DayRecord
from nowake.market.realism.flow import estimate, gamma_shape, imbalance_events, reduce
from nowake.market.realism.view import view_of

DAYS, BINS = 20, 2340


def measured(slope: str, noise: float = 1.0, seed: int = 1) -> dict[str, Estimate]:
    rng = np.random.default_rng(seed)
    depth = rng.lognormal(5, 0.5, (DAYS, BINS))
    flow = rng.normal(size=(DAYS, BINS)) * depth
    push = flow / depth if slope == "c/depth" else flow / 150
    move = push / push.std() + noise * rng.normal(size=(DAYS, BINS))
    days = [
        {"ofi": flow[d], "move": move[d], "depth": depth[d], "next_up": np.array([3.0, 4]), "queue": np.ones(3)}
        for d in range(DAYS)
    ]
    return estimate(days, resampler(np.arange(DAYS), seed=1))


@pytest.mark.parametrize(("noise", "r2"), [(1.0, 0.5), (0.5, 0.8), (3.0, 0.1)])
def test_r2_is_the_share_that_flow_explains(noise: float, r2: float) -> None:
    found = measured("constant", noise)["ofi_r2"]
    assert found.value == pytest.approx(r2, abs=0.02)
    assert found.low < r2 < found.high or abs(found.value - r2) < 0.01


def test_impact_of_one_over_depth_has_a_constant_product() -> None:
    assert measured("c/depth")["ofi_depth_cv"].value < 0.1
    assert measured("constant")["ofi_depth_cv"].value > 0.4


def quoted(times: np.ndarray, *columns: list[int]) -> DayRecord:
    quotes = np.zeros(len(times), QUOTE_PATH)
    for name, values in zip(QUOTE_PATH.names, (times, *columns), strict=True):
        quotes[name] = values
    return DayRecord(np.zeros(0, TRADE), quotes, 0, 23_400 * SECOND, 0, 0, 0, np.zeros(4, np.int64), 0.01)


sizes = st.integers(1, 9)
quote = st.tuples(st.integers(10, 12), st.integers(13, 15), sizes, sizes)


@settings(max_examples=80, deadline=None)
@given(quotes=st.lists(quote, min_size=2, max_size=30))
def test_every_imbalance_event_is_that_of_the_definition(quotes: list[tuple[int, int, int, int]]) -> None:
    b, a, qb, qa = (list(column) for column in zip(*quotes, strict=True))
    times = np.arange(len(quotes)) * SECOND
    view = view_of(quoted(times, b, a, qb, qa))
    wanted = []
    for i in range(1, len(quotes)):
        e = qb[i] * (b[i] >= b[i - 1]) - qb[i - 1] * (b[i] <= b[i - 1])
        e += qa[i - 1] * (a[i] >= a[i - 1]) - qa[i] * (a[i] <= a[i - 1])
        wanted.append(e)
    assert imbalance_events(view).tolist() == wanted
    assert reduce(view)["ofi"].sum() == sum(wanted)


@pytest.mark.parametrize("depth", [20, 60])
def test_the_book_of_constant_depth_moves_by_flow_over_twice_the_depth(depth: int) -> None:
    """Cont, Kukanov & Stoikov 2014, section 2.2: every level holds `depth`, so ΔP = OFI / (2 depth) up to rounding."""
    rng, n = np.random.default_rng(depth), 100_000
    up = np.where(rng.random(n) < 0.5 + 0.1 * np.sin(np.arange(n) / 300), 1, -1)
    side = rng.random(n) < 0.5
    bids, asks = 10**6 + np.cumsum(up * side), 10**6 - np.cumsum(up * ~side)
    columns = ((bids - 1) // depth, 2 * 10**6 // depth - (asks - 1) // depth, (bids - 1) % depth + 1)
    times = np.sort(rng.integers(0, 23_400 * SECOND, n))
    view = view_of(quoted(times, *(c.tolist() for c in columns), ((asks - 1) % depth + 1).tolist()))
    found = reduce(view)
    flow, move = found["ofi"], found["move"]
    assert flow.sum() == up[1:].sum()
    assert np.polyfit(flow, move, 1)[0] * 2 * depth == pytest.approx(1, rel=0.05)
    assert np.abs(move - flow / (2 * depth)).max() <= 1.05


def test_the_next_move_after_a_heavy_bid_is_counted(make_day) -> None:
    """Every 10 s a new imbalance is shown; the mid moves up after a heavy bid with probability .75, else .5."""
    rng, n = np.random.default_rng(3), 2339
    heavy = rng.random(n) < 0.5
    step = np.where(rng.random(n) < np.where(heavy, 0.75, 0.5), 1, -1)
    bid = 10_000 + np.concatenate([[0], step]).cumsum()
    shown = np.where(np.append(heavy, False), 900, 100)
    view = view_of(make_day({"time": np.arange(n + 1) * 10 * SECOND, "bid": bid, "ask": bid + 1, "bid_size": shown}))
    up, count = reduce(view)["next_up"]
    assert count == heavy[1:].sum()
    assert up / count == pytest.approx(0.75, abs=0.04)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.3, 4.0), st.floats(10, 1000), st.integers(0, 99))
def test_the_shape_of_gamma_queues_is_found(shape: float, scale: float, seed: int) -> None:
    q = np.random.default_rng(seed).gamma(shape, scale, 20_000)
    found = gamma_shape(*(np.array([v]) for v in (float(len(q)), q.sum(), np.log(q).sum())))
    assert found[0] == pytest.approx(shape, rel=0.06)
