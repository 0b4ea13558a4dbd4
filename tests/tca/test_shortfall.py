"""Implementation shortfall: the vector of the textbook, and the properties that hold for any order."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.core.records import FILL, Cause
from nowake.core.values import Side
from nowake.tca.shortfall import PARTS, Decomposition, Terms, Wagner, carry_mids, decompose

NAN = float("nan")


def test_cfa_vector(fills) -> None:
    own = fills((0, 1007, 700, 1006, 1006, Cause.TAKE, 14.0))
    parts = decompose(Terms(Side.BUY, 1000, 1000, 1005, 1008, 0.01), own)
    got = parts.wagner()
    want = Wagner(explicit_bps=14, realised_bps=14, delay_bps=35, missed_bps=24, total_bps=87)
    for name in Wagner.__slots__:
        assert getattr(got, name) == pytest.approx(getattr(want, name), abs=1e-9), name
    assert parts.basis == 10_000
    assert parts.money()["total"] == pytest.approx(87.0)


def test_trading_is_split_into_spread_impact_and_timing(fills) -> None:
    own = fills((0, 1003, 100, 1002, 1001, Cause.TAKE, 0.0))
    parts = decompose(Terms(Side.BUY, 100, 1000, 1000, NAN), own)
    assert (parts.spread_bps, parts.impact_bps, parts.timing_bps) == pytest.approx((10, 10, 10))
    assert parts.trading_bps == pytest.approx(30)
    assert parts.opportunity_bps == 0


def test_nothing_filled_costs_the_opportunity_only() -> None:
    parts = decompose(Terms(Side.SELL, 500, 1000, 1001, 990), np.zeros(0, FILL))
    assert parts.opportunity_bps == pytest.approx(100)
    assert parts.total_bps == pytest.approx(100)
    assert [parts.bps()[f"{name}_bps"] for name in PARTS if name != "opportunity"] == [0, 0, 0, 0, 0]


def test_a_rebate_is_a_gain_in_units_of_the_basis(fills) -> None:
    own = fills((0, 1000, 100, 1000, 1000, Cause.QUEUE, -1.0))
    assert decompose(Terms(Side.BUY, 100, 1000, 1000, NAN, 0.01), own).fees_bps == pytest.approx(-10)


def test_missing_mids_add_no_impact(fills) -> None:
    own = fills(
        (0, 1000, 10, NAN, NAN, Cause.QUEUE, 0),
        (1, 1000, 10, 1003, 1001, Cause.TAKE, 0),
        (2, 1000, 10, NAN, NAN, Cause.TAKE, 0),
        (3, 1000, 10, NAN, 1005, Cause.TAKE, 0),
        (4, 1000, 10, 1010, NAN, Cause.TAKE, 0),
    )
    mid, untouched, carried = carry_mids(own, 999.0)
    assert untouched.tolist() == [999, 1001, 1001, 1005, 1008]
    assert mid.tolist() == [999, 1003, 1003, 1007, 1010]
    assert carried == 4
    parts = decompose(Terms(Side.BUY, 50, 999, 999, NAN), own)
    assert parts.carried == 4
    assert sum(parts.bps()[f"{n}_bps"] for n in PARTS) == pytest.approx(parts.total_bps, abs=1e-9)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"decision": NAN}, "decision price"),
        ({"arrival": 0.0}, "arrival price"),
        ({"quantity": 0}, "terms"),
        ({"end": NAN}, "end price"),
        ({"quantity": 5}, "at most the 5 ordered"),
        ({"side": Side.SELL}, "all sell"),
    ],
)
def test_what_does_not_fit_is_refused(fills, terms, words) -> None:
    own = fills((0, 1000, 10, 1000, 1000, Cause.TAKE, 0))
    whole = {"side": Side.BUY, "quantity": 20, "decision": 1000.0, "arrival": 1000.0, "end": 1000.0} | terms
    with pytest.raises(InputError, match=words):
        decompose(Terms(**whole), own)


prices = st.integers(900, 1100)
mids = st.one_of(st.just(NAN), st.integers(1800, 2200).map(lambda p: p / 2))
rows = st.tuples(st.integers(1800, 2200), st.integers(1, 500), mids, mids, st.floats(-5, 5))


def build(side: int, raw: list) -> np.ndarray:
    out = np.zeros(len(raw), FILL)
    for i, (price2, quantity, mid, untouched, fee) in enumerate(raw):
        out[i] = (i, i, price2, quantity, fee, mid, untouched, side, 1, 1)
    return out


@st.composite
def orders(draw) -> tuple[Terms, np.ndarray]:
    raw = draw(st.lists(rows, max_size=12))
    side = draw(st.sampled_from([Side.BUY, Side.SELL]))
    quantity = sum(r[1] for r in raw) + draw(st.integers(0, 1000)) or 1
    unit = draw(st.sampled_from([1.0, 0.01, 1e-4]))
    return Terms(side, quantity, draw(prices), draw(prices), draw(prices), unit), build(side, raw)


@settings(max_examples=150, deadline=None)
@given(orders())
def test_parts_add_up_to_paper_less_real(case) -> None:
    terms, own = case
    parts = decompose(terms, own)
    said = [parts.bps()[f"{name}_bps"] for name in PARTS]
    assert math.fsum(said) == pytest.approx(parts.total_bps, abs=1e-9 * max(1, *map(abs, said)))
    money = parts.money()
    assert math.fsum(money[n] for n in PARTS) == pytest.approx(money["total"], abs=1e-9 * max(1, parts.basis))
    cash = float((own["quantity"] * own["price2"] / 2).sum())
    bought = int(own["quantity"].sum())
    plain = int(terms.side) * (cash + (terms.quantity - bought) * terms.end - terms.quantity * terms.decision)
    fees = float(own["fee"].sum()) / terms.unit
    assert parts.total_bps == pytest.approx(
        (plain + fees) / (terms.quantity * terms.decision) * 1e4, rel=1e-9, abs=1e-6
    )


@settings(max_examples=80, deadline=None)
@given(orders())
def test_the_same_trades_sold_cost_the_opposite(case) -> None:
    terms, own = case
    other = Terms(Side(-terms.side), terms.quantity, terms.decision, terms.arrival, terms.end, terms.unit)
    turned = own.copy()
    turned["side"], turned["fee"] = -own["side"], -own["fee"]
    a, b = decompose(terms, own).bps(), decompose(other, turned).bps()
    for name, value in a.items():
        assert b[name] == pytest.approx(-value, abs=1e-9), name


@settings(max_examples=80, deadline=None)
@given(orders(), st.sampled_from([2, 5, 10]))
def test_prices_and_quantities_in_other_units_change_nothing(case, k) -> None:
    terms, own = case
    large = own.copy()
    for name in ("price2", "mid", "mid_untouched", "quantity"):
        large[name] = own[name] * k
    scaled = Terms(
        terms.side, terms.quantity * k, terms.decision * k, terms.arrival * k, terms.end * k, terms.unit / k**2
    )
    a, b = decompose(terms, own), decompose(scaled, large)
    assert isinstance(b, Decomposition)
    for name, value in a.bps().items():
        assert b.bps()[name] == pytest.approx(value, rel=1e-9, abs=1e-7), name
    assert b.basis == pytest.approx(a.basis)
