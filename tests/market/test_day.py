"""A generated day is a valid level-3 feed, decided by its seed, and equal to the market in plain Python."""

import hashlib
from datetime import date

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.events import EVENT, Flag, Kind
from nowake.core.times import HOUR, MINUTE, local_midnight
from nowake.market.day import generate_day, generate_stream
from nowake.market.flow import MARGIN, advance, fill_book
from nowake.market.parameters import ZeroIntelligence
from nowake.market.reference import Reference
from nowake.market.state import ORDERS, new_world

DAY = date(2026, 1, 15)


@pytest.fixture(scope="module")
def day() -> np.ndarray:
    return generate_day(7, DAY)


def traded(events: np.ndarray) -> np.ndarray:
    return np.isin(events["kind"], [Kind.EXECUTE, Kind.HIDDEN])


def test_a_day_is_an_array_of_events_within_the_session(day: np.ndarray) -> None:
    midnight = local_midnight(DAY, "America/New_York")
    assert day.dtype == EVENT
    assert day["time"][0] == midnight + 9 * HOUR + 30 * MINUTE
    assert day["time"][-1] < midnight + 16 * HOUR
    assert np.all(np.diff(day["time"]) >= 0)


def test_sizes_of_a_day_are_those_of_a_mid_cap(day: np.ndarray) -> None:
    volume = int(day["quantity"][traded(day)].sum())
    hidden = int(day["quantity"][day["kind"] == Kind.HIDDEN].sum())
    assert 60_000 <= len(day) <= 120_000
    assert 500_000 <= volume <= 1_000_000, "20,000 shares are a few percent"
    assert 0.1 < hidden / volume < 0.4


def test_golden_digest(day: np.ndarray) -> None:
    digest = hashlib.sha256(day.tobytes()).hexdigest()[:16]
    assert (len(day), int(traded(day).sum()), digest) == GOLDEN


GOLDEN = (89_513, 5_604, "07bb98024de8c0ee")


def test_seed_date_and_parameters_decide_everything(day: np.ndarray) -> None:
    again, other = generate_day(7, DAY), generate_day(8, DAY)
    assert np.array_equal(day, again)
    assert not np.array_equal(day, other)
    shifted = generate_day(7, date(2026, 1, 16))
    assert np.array_equal(shifted["time"] - day["time"], np.full(len(day), 24 * HOUR))


def replay(events: np.ndarray) -> dict[int, list[int]]:
    """Check every event against a book of dicts; return the orders that are left as [side, price, quantity, seq]."""
    orders: dict[int, list[int]] = {}
    queues: dict[tuple[int, int], dict[int, None]] = {}
    best = {1: 0, -1: 0}
    for seq, (_, oid, price, quantity, _, _, kind, side, _) in enumerate(events.tolist()):
        assert quantity > 0
        queue = queues.setdefault((side, price), {})
        if kind == Kind.ADD:
            assert oid not in orders
            assert price % 100 == 0
            orders[oid] = [side, price, quantity, seq]
            queue[oid] = None
        elif kind == Kind.HIDDEN:
            assert oid == 0
            assert not best[1] or not best[-1] or best[1] <= price <= best[-1], (
                "hidden prints lie at or inside the touch"
            )
        else:
            known = orders[oid]
            assert known[:2] == [side, price]
            assert quantity == known[2] if kind == Kind.DELETE else quantity <= known[2]
            if kind == Kind.EXECUTE:
                assert price == best[side], "market orders eat the best price"
                assert next(iter(queue)) == oid, "in time priority"
            known[2] -= quantity
            if not known[2]:
                del orders[oid], queue[oid]
        if not queue:
            del queues[side, price]
        if kind == Kind.ADD and (not best[side] or (price - best[side]) * side > 0):
            best[side] = price
        elif kind != Kind.HIDDEN and price == best[side] and (side, price) not in queues:
            prices = [p for s, p in queues if s == side]
            best[side] = 0 if not prices else max(prices) if side == 1 else min(prices)
        assert not best[1] or not best[-1] or best[1] < best[-1], "crossed"
    return orders


def test_every_event_is_valid_on_a_plain_book(day: np.ndarray) -> None:
    left = replay(day)
    assert 100 < len(left) < 500


def test_all_kinds_of_the_feed_occur(day: np.ndarray) -> None:
    kinds = {Kind(k) for k in np.unique(day["kind"])}
    assert kinds == {Kind.ADD, Kind.CANCEL, Kind.DELETE, Kind.EXECUTE, Kind.HIDDEN}


def test_packets_end_with_the_flag_and_share_one_time(day: np.ndarray) -> None:
    last = (day["flags"] & Flag.LAST) > 0
    assert last[-1]
    inside = ~last[:-1]
    assert np.all(day["time"][1:][inside] == day["time"][:-1][inside])
    assert np.all(np.diff(day["time"])[last[:-1]] > 0)


def test_intensity_has_a_u_shape_that_can_be_flattened(day: np.ndarray) -> None:
    def by_hour(events: np.ndarray) -> np.ndarray:
        return np.histogram(events["time"], 13)[0] / len(events)

    u, flat = by_hour(day), by_hour(generate_day(7, DAY, ZeroIntelligence(u_shape=0.0)))
    assert min(u[0], u[-1]) > 1.5 * u[6]
    assert flat.max() < 1.1 * flat[1:].min()


def test_kernel_and_plain_python_give_the_same_events() -> None:
    parameters = ZeroIntelligence(market_rate=0.4, limit_rate=0.015, partial_share=0.3, hidden_share=0.5, band=6)
    start = local_midnight(DAY, "America/New_York")
    worlds, buffer = new_world(3, start, start + 20 * MINUTE, parameters), np.zeros(ORDERS + MARGIN, EVENT)
    opening = buffer[: fill_book(worlds, 0, buffer)].copy()
    rest = buffer[: advance(worlds, 0, buffer)]
    events = np.concatenate([opening, rest])
    fields = ["time", "kind", "side", "order_id", "price", "quantity", "ref", "flags"]
    expected = Reference(3, start, start + 20 * MINUTE, parameters).run()
    assert [tuple(int(event[name]) for name in fields) for event in events] == [
        tuple(map(int, row)) for row in expected
    ]
    assert len(expected) > 800
    assert not worlds["bid"][0] or not worlds["ask"][0] or worlds["bid"][0] < worlds["ask"][0]


def test_a_market_that_runs_dry_stays_valid() -> None:
    thin = ZeroIntelligence(market_rate=2.0, limit_rate=0.1, cancel_rate=0.1, band=2)
    events = generate_day(1, DAY, thin)
    replay(events[:30_000])


def test_a_stream_has_exactly_the_length_asked_for() -> None:
    stream = generate_stream(5, 250_001)
    assert len(stream) == 250_001
    assert np.array_equal(generate_stream(5, 1000), stream[:1000])
    assert np.all(np.diff(stream["time"]) >= 0)


def test_too_many_resting_orders_say_what_to_raise() -> None:
    crowded = ZeroIntelligence(limit_rate=5.0, cancel_rate=1e-6)
    with pytest.raises(IndexError, match="raise `orders`"):
        generate_day(1, DAY, crowded)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit_rate", 0.0),
        ("market_rate", -1.0),
        ("hidden_share", 1.5),
        ("band", 1),
        ("u_shape", -0.1),
        ("open_price", 150),
    ],
)
def test_impossible_parameters_are_refused(name: str, value: float) -> None:
    with pytest.raises(InputError, match=name):
        ZeroIntelligence(**{name: value})


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True, "7"])
def test_impossible_seeds_are_refused(seed: object) -> None:
    with pytest.raises(InputError, match="seed"):
        generate_day(seed, DAY)  # type: ignore[arg-type]
