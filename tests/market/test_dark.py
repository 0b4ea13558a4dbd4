"""Dark pools: kernels equal plain Python, shares are conserved, nothing trades outside the quote or below a minimum."""

import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.market.dark import arrive, cancel, cross, enter, expire, leaked, ping_at, reduce
from nowake.market.dark_reference import ReferencePool
from nowake.market.dark_state import DUPLICATE, EXPIRED, FILLED, INVALID, NEVER, NO_LIMIT, PINGS, new_pools, size_table
from nowake.market.keyed import decayed
from nowake.market.preset import load
from nowake.market.preset_model import DarkPool

SECOND = 10**9
OPAL, ONYX = load("midcap").dark
EAGER = OPAL.model_copy(update={"zero": 0.1, "informed": 0.6, "picky": 0.5, "leak": 0.7, "minimum": 300})


def pool(kind: DarkPool = OPAL, seed: int = 1) -> np.ndarray:
    return new_pools(seed, [kind])


def drain(pools: np.ndarray) -> list[Any]:
    rows = pools["out"][0][: int(pools["printed"][0])].tolist()
    pools["printed"][0] = 0
    return rows


def fills(rows: list[Any]) -> list[tuple[int, ...]]:
    """Return time, price2, quantity, buyer, seller, later side of the trades among `rows`."""
    return [(r[0], r[1], r[2], r[3], r[4], r[11]) for r in rows if r[12] == FILLED]


def conserved(pools: np.ndarray) -> bool:
    p = pools[0]
    queues = [sum(order[0] for order in waiting(pools, h)) for h in range(2)]
    return all(
        p["entered"][h] == p["volume"] + p["cancelled"][h] + p["expired"][h] + p["resting"][h]
        and p["resting"][h] == queues[h]
        for h in range(2)
    )


def waiting(pools: np.ndarray, h: int) -> list[tuple[int, int]]:
    """Return (shares, id) of the orders of a half, in time priority, and check the links."""
    order, s, before, found = pools["order"][0], int(pools["head"][0][h]), 0, []
    while s:
        assert order["prev"][s] == before
        found.append((int(order["quantity"][s]), int(order["id"][s])))
        before, s = s, int(order["next"][s])
    assert before == pools["tail"][0][h]
    assert len(found) == pools["count"][0][h]
    return found


def rest(pools: np.ndarray, oid: int, side: int, quantity: int, minimum: int = 0, owner: int = 0, now: int = 0) -> int:
    return int(enter(pools[0], oid, owner, side, quantity, minimum, side * NO_LIMIT, NEVER, 0, now))


sides = st.sampled_from([1, -1])
shares = st.integers(1, 2_000)
steps = st.one_of(
    st.tuples(st.just("arrive"), sides, st.integers(0, 5_000), st.floats(-6, 6)),
    st.tuples(st.just("enter"), sides, shares, st.integers(0, 1_200), st.integers(-6, 6), st.integers(1, 40)),
    st.tuples(st.just("cancel"), st.integers(1, 12)),
    st.tuples(st.just("reduce"), st.integers(1, 12), st.integers(0, 900)),
    st.tuples(st.just("cross"), st.integers(-2, 2), st.integers(-1, 3), st.integers(-2, 2)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
)


def play(pools: np.ndarray, twin: ReferencePool, script: list[tuple[Any, ...]]) -> list[Any]:
    """Do the same to both; every return value must agree. Returns all rows that came out."""
    d, now, rows, own = pools[0], 0, [], 0
    for k, step in enumerate(script):
        if step[0] == "arrive":
            assert arrive(d, k, step[1], step[2], k, step[3], now) == twin.arrive(k, step[1], step[2], k, step[3], now)
        elif step[0] == "enter":
            own += 1
            _, side, quantity, minimum, limit, life = step
            call = (own % 9 + 1, 1 + own % 2, side, quantity, minimum, 10_000 + limit, now + life * SECOND, 0, now)
            got, expected = enter(d, *call), twin.enter(*call)
            assert got == expected or (got > 0 and expected == 1)
        elif step[0] == "cancel":
            assert cancel(d, step[1]) == twin.cancel(step[1])
        elif step[0] == "reduce":
            assert reduce(d, step[1], step[2]) == twin.reduce(step[1], step[2])
        elif step[0] == "cross":
            quote = (4_999 + step[1], 4_999 + step[1] + step[2], 4_999 + step[3], 5_001 + step[3])
            assert cross(d, *quote, now) == twin.cross(*quote, now)
            assert bool(pools["pending"][0]) == twin.pending
        else:
            now += step[1] * SECOND
            expire(d, now)
            twin.expire(now)
        assert conserved(pools)
        rows += drain(pools)
    return rows


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=60), st.integers(0, 2**40))
def test_kernels_and_plain_python_agree_and_shares_are_conserved(script: list[tuple[Any, ...]], seed: int) -> None:
    pools, twin = pool(EAGER, seed), ReferencePool(seed, EAGER)
    rows = play(pools, twin, script)
    assert fills(rows) == twin.trades
    assert [(r[0], r[3] or r[4], r[2]) for r in rows if r[12] == EXPIRED] == twin.gone
    for h, side in enumerate((1, -1)):
        assert waiting(pools, h) == [(o.quantity, o.id) for o in twin.waiting[side]]
    held = range(max(0, len(twin.pings) - PINGS), len(twin.pings))
    pings = [pools["ping"][0][n % PINGS] for n in held]
    assert [(p["time"], p["side"], p["quantity"], p["found"], p["leaked"]) for p in pings] == [
        twin.pings[n] for n in held
    ]
    assert pools["heat"][0] == twin.heat


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, max_size=60), st.integers(0, 2**40))
def test_no_trade_lies_outside_the_quote_or_below_a_minimum(script: list[tuple[Any, ...]], seed: int) -> None:
    pools, now, asked = pool(EAGER, seed), 0, {}
    for k, step in enumerate(script):
        if step[0] == "arrive":
            arrive(pools[0], k, step[1], step[2], 0, step[3], now)
        elif step[0] == "enter":
            enter(pools[0], k + 1, 1, step[1], step[2], min(step[3], step[2]), step[1] * NO_LIMIT, NEVER, 0, now)
        elif step[0] == "cross":
            asked = {int(o["id"]): (int(o["quantity"]), int(o["minimum"])) for o in pools["order"][0] if o["id"]}
            bid, ask = 5_000 + step[3], 5_001 + step[1]
            cross(pools[0], 4_999 + step[1], 4_999 + step[1] + step[2], bid, ask, now)
            for row in drain(pools):
                assert 2 * bid <= row[1] <= 2 * ask
                assert bid < ask
                for oid in (row[3], row[4]):
                    left, minimum = asked[oid]
                    assert row[2] >= min(minimum, left)
                    asked[oid] = (left - row[2], minimum)


def test_trades_are_first_come_first_served_at_the_mid() -> None:
    pools = pool()
    for oid, quantity in ((-1, 300), (-2, 200), (-3, 400)):
        rest(pools, oid, -1, quantity)
    rest(pools, 7, 1, 600, owner=1, now=5)
    assert cross(pools[0], 4_999, 5_002, 4_999, 5_002, 9) == 600
    assert fills(drain(pools)) == [(9, 10_001, 300, 7, -1, 1), (9, 10_001, 200, 7, -2, 1), (9, 10_001, 100, 7, -3, 1)]
    assert waiting(pools, 1) == [(300, -3)]


@pytest.mark.parametrize(
    ("seen", "quote"),
    [
        ((5_000, 5_000), (5_000, 5_001)),  # the pool sees a locked market
        ((4_999, 5_001), (5_001, 5_001)),  # it is locked by now
        ((4_999, 5_001), (5_002, 5_001)),  # crossed by now
        ((0, 5_001), (4_999, 5_001)),  # no bid
        ((4_999, 2**62), (4_999, 5_001)),  # no ask
        ((4_999, 5_001), (5_001, 5_003)),  # stale: the mid now lies below the bid
        ((4_999, 5_001), (4_996, 4_999)),  # stale: above the ask
    ],
)
def test_the_price_check_stops_a_cross_and_asks_to_try_again(seen: tuple[int, int], quote: tuple[int, int]) -> None:
    pools = pool()
    rest(pools, -1, -1, 300)
    rest(pools, 1, 1, 300, owner=1)
    assert cross(pools[0], *seen, *quote, 0) == 0
    assert pools["pending"][0] == pools["blocked"][0] == 1
    assert cross(pools[0], 4_999, 5_001, 4_999, 5_001, 1) == 300
    assert pools["pending"][0] == 0


def test_minimum_quantities_hold_on_both_sides_and_what_is_left_may_trade() -> None:
    pools = pool()
    rest(pools, -1, -1, 200)
    rest(pools, 1, 1, 1_000, minimum=500, owner=1)
    assert cross(pools[0], 4_999, 5_001, 4_999, 5_001, 0) == 0, "200 is less than our minimum"
    rest(pools, -2, -1, 800, minimum=900 - 100)
    assert cross(pools[0], 4_999, 5_001, 4_999, 5_001, 0) == 1_000
    assert [r[2] for r in fills(drain(pools))] == [800, 200], "then 200 are left, and 200 will do"


def test_orders_of_one_owner_leave_each_other_alone_and_limits_hold() -> None:
    pools = pool()
    rest(pools, 1, 1, 100, owner=3)
    rest(pools, 2, -1, 100, owner=3)
    assert cross(pools[0], 4_999, 5_001, 4_999, 5_001, 0) == 0
    assert enter(pools[0], 3, 4, -1, 100, 0, 10_001, NEVER, 0, 0) > 0
    assert cross(pools[0], 4_999, 5_001, 4_999, 5_001, 0) == 0, "a mid of 10,000 half ticks is below its limit"
    assert cross(pools[0], 4_999, 5_002, 4_999, 5_002, 0) == 100


def test_impossible_orders_are_refused_and_change_nothing() -> None:
    pools = pool()
    rest(pools, 1, 1, 100, owner=1)
    before = pools.tobytes()
    wrong = [(0, 1, 1, 100, 0), (2, 1, 0, 100, 0), (2, 1, 1, 0, 0), (2, 1, 1, 100, 101), (2, -1, 1, 100, 0)]
    for oid, owner, side, quantity, minimum in [*wrong, (2, 1, 1, 2**31, 0), (2, 1, 1, 100, -1)]:
        assert enter(pools[0], oid, owner, side, quantity, minimum, side * NO_LIMIT, NEVER, 0, 0) == INVALID
    assert enter(pools[0], 2, 1, 1, 100, 0, NO_LIMIT, 5, 0, 5) == INVALID, "over before it begins"
    assert enter(pools[0], 1, 1, -1, 100, 0, NO_LIMIT, NEVER, 0, 0) == DUPLICATE
    assert cancel(pools[0], 9) == reduce(pools[0], 9, 1) == reduce(pools[0], 1, 100) == 0
    assert pools.tobytes() == before


def test_full_capacities_raise_and_lose_nothing() -> None:
    pools = pool()
    for n in range(300):
        rest(pools, -1 - n, -1, 100)
    rest(pools, 1, 1, 30_000, owner=1)
    with pytest.raises(IndexError, match="outs"):
        cross(pools[0], 4_999, 5_001, 4_999, 5_001, 0)
    assert conserved(pools)
    assert sum(r[2] for r in fills(drain(pools))) == 25_600
    assert cross(pools[0], 4_999, 5_001, 4_999, 5_001, 0) == 4_400
    for n in range(511):
        rest(pools, -1_000 - n, -1, 100)
    with pytest.raises(IndexError, match="orders"):
        rest(pools, -5_000, -1, 100)
    assert conserved(pools)


def market(pools: np.ndarray, lo: int, hi: int, edge: float = 0.0) -> list[Any]:
    """Let arrivals lo..hi-1 of both signs come, one every half second, around a moving mid."""
    rows: list[Any] = []
    for k in range(lo, hi):
        now, middle = k * SECOND // 2, 5_000 + k // 40 % 7
        arrive(pools[0], k, 1 if k % 3 else -1, 2_000, k % 8 + 1, edge, now)
        cross(pools[0], middle - 1, middle + 1, middle - 1, middle + 1, now)
        rows += drain(pools)
    return rows


GOLDEN = {"OPAL": (356, 129700, "abb83a334bdbdbb9"), "ONYX": (310, 63200, "2d03cde58970730e")}


@pytest.mark.parametrize("kind", [OPAL, ONYX], ids=["OPAL", "ONYX"])
def test_golden_digest(kind: DarkPool) -> None:
    pools = pool(kind, seed=7)
    rows = market(pools, 0, 1_000, edge=1.5)
    text = repr(fills(rows)) + repr([waiting(pools, h) for h in range(2)])
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert (len(rows), int(pools["volume"][0]), digest) == GOLDEN[kind.name]


def test_a_copy_continues_bit_exactly() -> None:
    pools = pool(ONYX)
    market(pools, 0, 300)
    copy = np.frombuffer(bytearray(pools.tobytes()), pools.dtype)
    copy = copy.view(type(pools))
    assert market(pools, 300, 600) == market(copy, 300, 600)
    assert pools.tobytes() == copy.tobytes()


def test_an_order_of_ours_that_cannot_trade_changes_nothing_for_others() -> None:
    alone, twin = pool(ONYX), pool(ONYX)
    rows = market(alone, 0, 200)
    others = market(twin, 0, 80)
    rest(twin, 1, 1, 10**6, minimum=10**6, owner=1, now=40 * SECOND)
    others += market(twin, 80, 120)
    cancel(twin[0], 1)
    assert rows == others + market(twin, 120, 200)


def test_arrivals_are_the_same_whatever_came_before_them() -> None:
    used, fresh = pool(EAGER), pool(EAGER)
    market(used, 0, 50)
    assert [arrive(used[0], k, 1, 10**6, 3, 9.0, 0) for k in range(100, 200)] == [
        arrive(fresh[0], k, 1, 10**6, 3, 9.0, 0) for k in range(100, 200)
    ]


def test_informed_contra_is_small_and_takes_the_side_of_the_public_value() -> None:
    pools = new_pools(3, [ONYX.model_copy(update={"zero": 0.0, "informed": 0.8, "size_tail": 1.2, "life": 0.5})])
    signed = np.array(
        [arrive(pools[0], k, 1, 10**6, 1, -3.0, k * SECOND) for k in range(3_000) if not cleared(pools, k)]
    )
    small, large = np.abs(signed) <= 200, np.abs(signed) >= 1_500
    assert (signed[small] < 0).mean() == pytest.approx(0.8 * (800 / 920) ** 2, abs=0.06)
    assert (signed[large] < 0).mean() < 0.12
    assert pools["informed_entries"][0] == (signed < 0).sum()
    before = int(pools["informed_entries"][0])
    assert all(arrive(pools[0], k, 1, 100, 1, 0.5, 3_000 * SECOND) >= 0 for k in range(4_000, 4_200))
    assert pools["informed_entries"][0] == before, "no edge, no informed order"


def cleared(pools: np.ndarray, k: int) -> bool:
    """Make room."""
    expire(pools[0], k * SECOND)
    return False


def test_sizes_follow_the_power_law_in_whole_lots() -> None:
    table = size_table(1.6, 100, 10_000)
    lots = np.arange(1, 101)
    law = lots**-1.6 / (lots**-1.6).sum()
    assert set(table % 100) == {0}
    assert (table == 100).mean() == pytest.approx(law[0], abs=0.01)
    assert table.mean() == pytest.approx(100 * (law * lots).sum(), rel=0.05)
    assert size_table(1.0, 1, 1).max() == 1


def test_pings_leak_by_size_and_are_forgotten() -> None:
    pools = new_pools(5, [ONYX.model_copy(update={"leak": 0.5, "leak_size": 1_000.0})])
    rest(pools, -1, -1, 10**6)
    for n in range(2_000):
        rest(pools, 1 + n, 1, 1_000 if n % 2 else 10, owner=1)
        cancel(pools[0], 1 + n)
        ping = ping_at(pools[0], n)
        assert (ping["side"], ping["quantity"], ping["found"]) == (1, 1_000 if n % 2 else 10, 1)
    assert pools["pings"][0] == 2_000
    assert pools["leaks"][0] == pytest.approx(1_000 * (0.25 + 0.5 / 101), rel=0.1)
    heat = float(leaked(pools[0], 0))
    assert heat > 0
    assert leaked(pools[0], 120 * SECOND) == pytest.approx(heat / np.e, rel=1e-9)
    with pytest.raises(IndexError, match="PINGS"):
        ping_at(pools[0], 2_000 - PINGS - 1)
    with pytest.raises(IndexError, match="PINGS"):
        ping_at(pools[0], 2_000)


def test_the_exponential_without_libm_is_close() -> None:
    x = np.linspace(0.0, 10.0, 201)
    assert [decayed(float(v)) for v in x] == pytest.approx(np.exp(-x), rel=1e-5)
    assert (decayed(-1.0), decayed(0.0), decayed(40.0)) == (1.0, 1.0, 0.0)
