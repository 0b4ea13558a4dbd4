"""Dealers: kernels equal plain Python, every quote ends once, inventory is what was traded, last look is as told."""

import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.market.dealers import accept, attend, hedge, lose, quote, return_hedge
from nowake.market.dealers_reference import ReferenceDealer
from nowake.market.dealers_state import (
    ANSWERS,
    DECLINED,
    EXPIRED,
    FILLED,
    LATE,
    QUOTES,
    REJECTED,
    TOO_LARGE,
    UNKNOWN,
    new_dealers,
)
from nowake.market.keyed import decayed
from nowake.market.preset import load
from nowake.market.preset_model import Dealer

SECOND = 10**9
MS = 10**6
NORTH, SOUTH, WEST = load("midcap").dealers
PLAIN = NORTH.model_copy(update={"noise": 0.0, "softness": 0.0, "half_spread": 1.0, "least": 0.0})
LEAKY = NORTH.model_copy(update={"leak": 0.5, "most": 900, "inventory": 2_000, "horizon": 2.0})


def dealer(kind: Dealer = PLAIN, seed: int = 1) -> np.ndarray:
    return new_dealers(seed, [kind])


def drain(dealers: np.ndarray) -> list[Any]:
    rows = [row[:7] for row in dealers["answer"][0][: int(dealers["answered"][0])].tolist()]
    dealers["answered"][0] = 0
    return rows


def open_quotes(dealers: np.ndarray) -> dict[int, Any]:
    return {int(q["id"]): q for q in dealers["quote"][0] if q["state"]}


def balanced(dealers: np.ndarray) -> bool:
    d = dealers[0]
    return bool(
        d["quoted"] == d["filled"] + d["rejected"] + d["expired"] + d["open"]
        and d["asked"] == d["quoted"] + d["declined"]
        and d["open"] == len(open_quotes(dealers))
        and d["inventory"] == d["bought"] - d["sold"] + d["hedged"]
        and abs(d["inventory"]) <= d["limit"]
    )


steps = st.one_of(
    st.tuples(st.just("quote"), st.sampled_from([1, -1]), st.integers(1, 3_000), st.floats(0, 3)),
    st.tuples(st.just("quote"), st.sampled_from([1, -1]), st.integers(1, 3_000), st.floats(0, 3)),
    st.tuples(st.just("accept"), st.integers(0, 4), st.integers(0, 1_000)),
    st.tuples(st.just("accept"), st.integers(0, 1), st.integers(1, 400)),
    st.tuples(st.just("lose"), st.integers(0, 4)),
    st.tuples(st.just("hedge"), st.integers(1, 200)),
    st.tuples(st.just("wait"), st.sampled_from([1, 49, 50, 400, 1_000, 3_000]), st.integers(-3, 3)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=60), st.integers(0, 2**40))
def test_kernels_and_plain_python_agree_and_the_accounts_balance(script: list[tuple[Any, ...]], seed: int) -> None:
    dealers, twin = dealer(LEAKY, seed), ReferenceDealer(seed, LEAKY)
    d, now, mid2, rows = dealers[0], 0, 10_000, []
    for k, step in enumerate(script):
        if step[0] == "quote" and len(open_quotes(dealers)) < QUOTES:
            call = (k, step[1], step[2], mid2, step[3], now)
            s = quote(d, *call)
            assert s == twin.quote(*call)
            made = twin.quotes[s]
            if s != DECLINED:
                assert made is not None
                row = dealers["quote"][0][s]
                assert (row["price2"], row["quantity"], row["expires"]) == (made.price2, made.size, made.expires)
        elif step[0] == "accept":
            assert accept(d, k - step[1] - 1, step[2], now) == twin.accept(k - step[1] - 1, step[2], now)
        elif step[0] == "lose":
            assert lose(d, k - step[1] - 1, mid2, now) == twin.lose(k - step[1] - 1, mid2, now)
        elif step[0] == "hedge":
            assert hedge(d, k, float(step[1]), 100) == twin.hedge(k, float(step[1]), 100)
        elif step[0] == "wait":
            now, mid2 = now + step[1] * MS, mid2 + step[2]
            attend(d, mid2, now)
            twin.attend(mid2, now)
        assert balanced(dealers)
        rows += drain(dealers)
    assert rows == twin.answers
    assert (dealers["inventory"][0], dealers["markout"][0]) == (twin.inventory, twin.markout)


def ask(dealers: np.ndarray, qid: int, side: int, quantity: int = 1_000, vol2: float = 0.0, mid2: int = 10_000) -> int:
    """Return the price in half ticks of a new quote."""
    s = quote(dealers[0], qid, side, quantity, mid2, vol2, 0)
    return int(dealers["quote"][0][s]["price2"])


def test_the_half_spread_grows_with_volatility_inventory_and_what_we_gained() -> None:
    dealers = dealer()
    assert (ask(dealers, 1, 1), ask(dealers, 2, -1)) == (10_002, 9_998)
    assert ask(dealers, 3, 1, vol2=2.0) == 10_004, "2 + .6 * 2, rounded up"
    dealers["inventory"][0] = 20_000
    assert (ask(dealers, 4, 1), ask(dealers, 5, -1)) == (10_000, 9_992), "a long dealer sells cheaper: 2 -+ .3 * 20"
    dealers["inventory"][0] = 0
    dealers["markout"][0] = 5.0
    assert (ask(dealers, 6, 1), ask(dealers, 7, -1)) == (10_005, 9_995), "2 + .6 * 5"
    dealers["markout"][0] = -50.0
    assert ask(dealers, 8, 1) == 10_000, "never better than the floor"


def test_noise_belongs_to_the_request_and_has_its_deviation() -> None:
    noisy = dealer(PLAIN.model_copy(update={"noise": 20.0, "half_spread": 500.0}))
    other = dealer(PLAIN.model_copy(update={"noise": 20.0, "half_spread": 500.0}))
    offsets = []
    for qid in range(1, 1_001):
        offsets.append(ask(noisy, qid, 1) - 10_000)
        attend(noisy[0], 10_000, 2 * SECOND)
        drain(noisy)
    assert np.std(offsets) == pytest.approx(40.0, rel=0.05)
    assert np.mean(offsets) == pytest.approx(1_000.5, abs=4)
    assert ask(other, 700, 1) - 10_000 == offsets[699], "whatever was asked before"


def test_sizes_are_capped_by_the_quote_and_by_the_position() -> None:
    dealers = dealer()
    assert dealers["quote"][0][quote(dealers[0], 1, 1, 9_000, 10_000, 0.0, 0)]["quantity"] == 5_000
    dealers["inventory"][0] = -29_000
    assert dealers["quote"][0][quote(dealers[0], 2, 1, 9_000, 10_000, 0.0, 0)]["quantity"] == 1_000
    dealers["inventory"][0] = -30_000
    assert quote(dealers[0], 3, 1, 100, 10_000, 0.0, 0) == DECLINED
    assert quote(dealers[0], 4, -1, 100, 10_000, 0.0, 0) != DECLINED
    assert quote(dealers[0], 4, -1, 100, 10_000, 0.0, 0) == DECLINED, "a request is quoted once"
    assert quote(dealers[0], 5, 0, 100, 10_000, 0.0, 0) == quote(dealers[0], 5, 1, 0, 10_000, 0.0, 0) == DECLINED


def test_the_last_look_fills_at_the_quote_or_rejects_when_the_mid_has_run() -> None:
    dealers = dealer()
    price2 = ask(dealers, 1, 1)
    assert accept(dealers[0], 1, 700, 10 * MS) == 60 * MS
    attend(dealers[0], 10_001, 59 * MS)
    assert drain(dealers) == [], "he still looks"
    attend(dealers[0], 10_001, 60 * MS)
    assert drain(dealers) == [(60 * MS, 1, price2, 700, 10_001, 1, FILLED)], "half a tick is within his patience"
    assert dealers["inventory"][0] == -700
    ask(dealers, 2, 1)
    accept(dealers[0], 2, 700, 0)
    attend(dealers[0], 10_002, 50 * MS)
    assert [row[6] for row in drain(dealers)] == [REJECTED]
    ask(dealers, 3, -1)
    accept(dealers[0], 3, 700, 0)
    attend(dealers[0], 10_002, 50 * MS)
    assert [row[6] for row in drain(dealers)] == [FILLED], "for a client who sells, that move is in his favour"
    assert balanced(dealers)


def test_quotes_held_together_cannot_overfill_the_position() -> None:
    dealers = dealer(PLAIN.model_copy(update={"inventory": 1_000}))
    for qid in (1, 2):
        ask(dealers, qid, 1, 700)
        accept(dealers[0], qid, 700, 0)
    attend(dealers[0], 10_000, 50 * MS)
    assert [row[6] for row in drain(dealers)] == [FILLED, REJECTED]
    assert dealers["inventory"][0] == -700
    assert balanced(dealers)


def test_quotes_that_cannot_be_accepted_say_why_and_expire() -> None:
    dealers = dealer()
    ask(dealers, 1, 1, 500)
    assert accept(dealers[0], 9, 100, 0) == UNKNOWN
    assert accept(dealers[0], 1, 501, 0) == accept(dealers[0], 1, 0, 0) == TOO_LARGE
    assert accept(dealers[0], 1, 500, SECOND) == LATE
    attend(dealers[0], 10_000, SECOND)
    assert [row[6] for row in drain(dealers)] == [EXPIRED]
    assert accept(dealers[0], 1, 500, SECOND) == UNKNOWN
    ask(dealers, 2, 1)
    accept(dealers[0], 2, 100, 0)
    assert accept(dealers[0], 2, 100, 0) == UNKNOWN, "once is enough"
    assert balanced(dealers)


def test_the_ramp_of_the_last_look() -> None:
    soft = dealer(PLAIN.model_copy(update={"softness": 2.0, "patience": 2.0, "most": 1, "inventory": 10**6}))
    share = {}
    for move in (1, 3, 4, 5, 7):
        before = int(soft["rejected"][0])
        for n in range(400):
            qid = 1_000 * move + n
            ask(soft, qid, 1, 1)
            accept(soft[0], qid, 1, 0)
            attend(soft[0], 10_000 + move, 100 * SECOND)
            drain(soft)
            soft["marks"][0] = 0
        share[move] = (int(soft["rejected"][0]) - before) / 400
    assert share == {
        1: 0.0,
        3: pytest.approx(0.25, abs=0.07),
        4: pytest.approx(0.5, abs=0.08),
        5: pytest.approx(0.75, abs=0.07),
        7: 1.0,
    }


def test_mark_outs_are_learnt_after_the_horizon() -> None:
    dealers = dealer()
    ask(dealers, 1, -1)
    accept(dealers[0], 1, 100, 0)
    attend(dealers[0], 9_999, 50 * MS)
    attend(dealers[0], 9_990, 50 * MS + 60 * SECOND - 1)
    assert dealers["markout"][0] == 0.0
    attend(dealers[0], 9_990, 50 * MS + 60 * SECOND)
    assert dealers["markout"][0] == pytest.approx(0.1 * 10), (
        "the client sold, the price fell by ten half ticks since the quote"
    )
    assert dealers["wake"][0] == 2**62


def test_inventory_is_hedged_away_exponentially_and_exactly() -> None:
    dealers = dealer(WEST)
    dealers["inventory"][0] = dealers["bought"][0] = 38_050
    flows = [hedge(dealers[0], k, 1.0, 100) for k in range(200)]
    assert set(np.sign(flows)) <= {-1, 0}
    assert {flow % 100 for flow in flows} == {0}
    assert 38_050 + sum(flows) == dealers["inventory"][0] == pytest.approx(38_050 * decayed(1.0), rel=0.05)
    assert balanced(dealers)
    for k in range(200, 10_000):
        hedge(dealers[0], k, 1.0, 100)
    assert dealers["inventory"][0] == 0
    assert hedge(dealers[0], 10_001, 1.0, 100) == 0
    return_hedge(dealers[0], -300)
    assert dealers["inventory"][0] == 300, "the market did not take 300 of what he sold"
    assert balanced(dealers)


def test_losers_trade_ahead_with_their_probability_and_no_more() -> None:
    leaky = dealer(PLAIN.model_copy(update={"leak": 0.3, "leak_fraction": 0.2, "inventory": 10**6}))
    flows = []
    for qid in range(1, 1_001):
        ask(leaky, qid, -1, 1_000)
        flows.append(lose(leaky[0], qid, 10_000, 0))
        assert [row[6] for row in drain(leaky)] == [EXPIRED]
    assert set(flows) == {0, -200}, "in the client's direction"
    assert np.count_nonzero(flows) / 1_000 == pytest.approx(0.3, abs=0.04)
    assert leaky["inventory"][0] == sum(flows)
    assert lose(leaky[0], 1, 10_000, 0) == 0, "it is over"
    assert balanced(leaky)


def test_full_capacities_raise_and_lose_nothing() -> None:
    dealers = dealer()
    for qid in range(QUOTES):
        ask(dealers, qid + 1, 1, 100)
    with pytest.raises(IndexError, match="QUOTES"):
        quote(dealers[0], 99, 1, 100, 10_000, 0.0, 0)
    dealers["answered"][0] = ANSWERS - 5
    with pytest.raises(IndexError, match="ANSWERS"):
        attend(dealers[0], 10_000, SECOND)
    dealers["answered"][0] = 0
    attend(dealers[0], 10_000, SECOND)
    assert dealers["expired"][0] == QUOTES
    assert dealers["open"][0] == 0


def trade(dealers: np.ndarray, lo: int, hi: int) -> list[Any]:
    """Ask for a quote every two seconds around a moving mid and accept two of three."""
    rows: list[Any] = []
    for k in range(lo, hi):
        for i in range(len(dealers)):
            d, now, mid2 = dealers[i], 2 * k * SECOND, 10_000 + k * k % 13
            quote(d, k, 1 if k % 5 < 3 else -1, 100 * (1 + k % 20), mid2, 0.5, now)
            if k % 3:
                accept(d, k, 100, now)
            else:
                lose(d, k, mid2, now)
            attend(d, mid2 + k % 4 - 1, now + SECOND)
            hedge(d, k, 2.0, 100)
            attend(d, mid2, now + SECOND + 1)
            rows += dealers["answer"][i][: int(dealers["answered"][i])].tolist()
            dealers["answered"][i] = 0
    return rows


def test_golden_digest() -> None:
    dealers = new_dealers(7, [NORTH, SOUTH, WEST])
    rows = trade(dealers, 1, 300)
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()[:16]
    counts = [tuple(int(dealers[name][i]) for name in ("filled", "rejected", "expired", "inventory")) for i in range(3)]
    assert (counts, digest) == GOLDEN


GOLDEN = ([(144, 56, 99, -680), (185, 15, 99, -1880), (200, 0, 99, -1240)], "73c7769aaea6137f")


def test_a_copy_continues_bit_exactly() -> None:
    dealers = new_dealers(7, [NORTH, SOUTH, WEST])
    trade(dealers, 1, 100)
    copy = np.frombuffer(bytearray(dealers.tobytes()), dealers.dtype).view(type(dealers))
    assert trade(dealers, 100, 200) == trade(copy, 100, 200)
    assert dealers.tobytes() == copy.tobytes()
