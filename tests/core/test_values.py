from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nowake.core.errors import InputError, OrderError
from nowake.core.values import MAX_QUANTITY, ChildOrder, Fill, Instrument, ParentOrder, Quote, Session, Side

STOCK = Instrument("IBM")


def parent(**changed: object) -> ParentOrder:
    values: dict[str, object] = {
        "order_id": "p1",
        "instrument": STOCK,
        "side": Side.BUY,
        "quantity": 100,
        "start": 1,
        "end": 2,
    }
    return ParentOrder(**{**values, **changed})  # type: ignore[arg-type]


def test_sides_are_plus_and_minus_one_so_that_formulas_read_like_the_papers() -> None:
    assert (int(Side.BUY), int(Side.SELL)) == (1, -1)
    assert [Side.parse(x) for x in ("buy", " SELL ", 1, -1)] == [Side.BUY, Side.SELL, Side.BUY, Side.SELL]
    assert str(Side.SELL) == "sell"


def test_an_unknown_side_names_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        Side.parse("buuy")
    assert str(caught.value) == "unknown side 'buuy' (expected buy or sell, got 'buuy')"
    assert caught.value.hint == "did you mean 'buy'?"


@pytest.mark.parametrize("quantity", [0, -5, 1.5, MAX_QUANTITY + 1, True, "10"])
def test_impossible_quantities_are_refused(quantity: object) -> None:
    with pytest.raises(OrderError, match=r"expected a whole number from 1 to 2147483647, got"):
        parent(quantity=quantity)
    with pytest.raises(OrderError):
        ChildOrder("c", "p", Side.BUY, quantity, None, "X", 0)  # type: ignore[arg-type]


def test_a_window_must_have_a_length_and_a_decision_must_not_come_late() -> None:
    with pytest.raises(OrderError, match="start before end"):
        parent(start=2, end=2)
    with pytest.raises(OrderError, match="not after the start"):
        parent(decided=3, start=2, end=5)
    with pytest.raises(OrderError, match="limit price"):
        parent(limit=0)
    with pytest.raises(InputError, match="open < close"):
        Session(5, 5)


def test_values_are_frozen_and_slotted() -> None:
    fill = Fill("o", Side.BUY, 1, 10.5, 0)
    with pytest.raises(AttributeError):
        fill.quantity = 2  # type: ignore[misc]
    assert not hasattr(fill, "__dict__")


def test_own_prices_lie_on_the_quoting_step() -> None:
    assert STOCK.ticks("88.58") == 885_800
    assert STOCK.price(885_800) == pytest.approx(88.58)
    with pytest.raises(OrderError, match=r"a multiple of 0\.0100"):
        STOCK.ticks("88.585")
    for size in ("0", "-1", "1e-400", "Infinity", "1e13"):
        with pytest.raises(InputError, match="tick_size, lot in 1e-12"):
            Instrument("X", tick_size=Decimal(size))


@given(st.integers(1, 10**7))
def test_prices_survive_the_way_to_currency_and_back(cents: int) -> None:
    assert STOCK.ticks(str(Decimal(cents) / 100)) == cents * 100


def test_weighted_mid_vector() -> None:
    quote = Quote(0, 1433, 20, 1434, 471)  # 14.33 x 20 against 14.34 x 471
    assert quote.mid == 1433.5
    assert round(quote.weighted_mid / 100, 6) == 14.330407  # type: ignore[operator]
    assert Quote(0, None, 0, 1434, 5).mid is None
    assert Quote(0, None, 0, 1434, 5).weighted_mid is None
