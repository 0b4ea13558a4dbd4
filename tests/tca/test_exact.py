"""The exact decomposition: the textbook's numbers, parts that are their total, and the same as the one in floats."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.records import FILL
from nowake.core.values import Side
from nowake.tca.exact import add, amounts, carried_mids, exact
from nowake.tca.shortfall import PARTS, Terms, carry_mids, decompose
from nowake.tca.tables import FILLS, Parent

NAN = float("nan")


def parent(side: int, quantity: int, decision2: int, arrival2: int, end2: int) -> Parent:
    return Parent("P", "XYZ", Side(side), quantity, 0, 0, 10, decision2, arrival2, end2)


def rows(*fills: tuple) -> np.ndarray:
    """Rows of (price2, quantity, mid2, untouched2, fee)."""
    out = np.zeros(len(fills), FILLS)
    for i, (price2, quantity, mid2, untouched2, fee) in enumerate(fills):
        out[i] = (i + 1, 0, i, price2, quantity, mid2, untouched2, fee, untouched2 % 1 > 0, 2)
    return out


def decomposed(order: Parent, fills: np.ndarray, unit: Fraction):
    return exact(order, fills, unit, amounts(order, fills, unit))


def test_cfa_vector_is_exact() -> None:
    """1000 at 10.00, next close 10.05, 700 filled at 10.07, fees 14, final 10.08: 87 = 14 + 14 + 35 + 24 bp."""
    order = parent(1, 1000, 2000, 2010, 2016)
    got = decomposed(order, rows((2014, 700, 2012, 2012.0, 14.0)), Fraction(1, 200))
    assert (got.fees, got.trading, got.delay, got.opportunity, got.total) == (14, 14, 35, 24, 87)
    assert got.basis == 10_000
    form = got.wagner()
    assert (form.explicit_bps, form.realised_bps, form.delay_bps, form.missed_bps, form.total_bps) == (
        14,
        14,
        35,
        24,
        87,
    )
    assert got.adds_up


half = st.integers(1800, 2200)
mids = st.one_of(st.just(0), half)
clean = st.one_of(st.just(NAN), half.map(float), st.floats(1800, 2200))
fees = st.floats(-50, 50).map(lambda fee: fee or 0.0)
fill_rows = st.tuples(half, st.integers(1, 10**6), mids, clean, fees)


@st.composite
def orders(draw) -> tuple[Parent, np.ndarray, Fraction]:
    own = rows(*draw(st.lists(fill_rows, max_size=8)))
    quantity = int(own["quantity"].sum()) + draw(st.integers(0, 10**6)) or 1
    unit = draw(st.sampled_from([Fraction(1, 2), Fraction(1, 200), Fraction(1, 20_000), Fraction(1, 3)]))
    return parent(draw(st.sampled_from([1, -1])), quantity, draw(half), draw(half), draw(half)), own, unit


@settings(max_examples=200, deadline=None)
@given(orders())
def test_parts_are_the_total_and_fills_the_parts(case) -> None:
    order, own, unit = case
    each = amounts(order, own, unit)
    got = exact(order, own, unit, each)
    assert got.adds_up
    assert sum((getattr(got, name) for name in PARTS), Fraction(0)) == got.total
    assert sum((one.total for one in each), Fraction(0)) + got.opportunity == got.total
    plain = sum(int(q) * (int(p) - order.decision2) for q, p in zip(own["quantity"], own["price2"], strict=True))
    unfilled = order.quantity - int(own["quantity"].sum())
    whole = int(order.side) * (plain + unfilled * (order.end2 - order.decision2)) * unit
    assert got.total == whole + sum((Fraction(float(f)) for f in own["fee"]), Fraction(0))


@settings(max_examples=150, deadline=None)
@given(orders())
def test_it_is_the_decomposition_in_floats(case) -> None:
    order, own, unit = case
    fill = np.zeros(len(own), FILL)
    for name in ("time", "price2", "quantity", "fee"):
        fill[name] = own[name]
    fill["side"] = int(order.side)
    fill["mid"] = np.where(own["mid2"] > 0, own["mid2"] / 2, NAN)
    fill["mid_untouched"] = own["untouched2"] / 2
    mid, untouched, gaps = carried_mids(own, order.arrival2)
    want_mid, want_untouched, want_gaps = carry_mids(fill, order.arrival2 / 2)
    assert [float(m) / 2 for m in mid] == pytest.approx(want_mid.tolist(), rel=1e-12)
    assert [float(m) / 2 for m in untouched] == pytest.approx(want_untouched.tolist(), rel=1e-12)
    assert gaps == want_gaps
    terms = Terms(order.side, order.quantity, order.decision2 / 2, order.arrival2 / 2, order.end2 / 2, float(2 * unit))
    want, got = decompose(terms, fill).bps(), decomposed(order, own, unit).bps()
    for name, value in want.items():
        assert got[name] == pytest.approx(value, rel=1e-9, abs=1e-6), name


@settings(max_examples=60, deadline=None)
@given(st.lists(orders(), min_size=1, max_size=4), st.floats(0.01, 200))
def test_sums_in_another_currency_add_up_too(cases, rate) -> None:
    found = [decomposed(*case) for case in cases]
    whole = add(one.times(rate) for one in found)
    assert whole.adds_up
    assert whole.total == Fraction(rate) * sum((one.total for one in found), Fraction(0))
    assert whole.basis > 0


@settings(max_examples=60, deadline=None)
@given(orders())
def test_the_same_trades_sold_cost_the_opposite(case) -> None:
    order, own, unit = case
    turned, other = own.copy(), parent(-int(order.side), order.quantity, order.decision2, order.arrival2, order.end2)
    turned["fee"] = -own["fee"]
    a, b = decomposed(order, own, unit), decomposed(other, turned, unit)
    assert all(getattr(b, name) == -getattr(a, name) for name in (*PARTS, "total"))
