"""Trades priced on the twin: every number here was computed by hand. Prices in ticks, tick of a cent."""

import pytest

from nowake.market.hunt.pricing import Fill, Sample, price_maker, price_taker, profit

STILL = Sample(99, 101, 99, 101)


def take(side: int, quantity: int, price: float, at: Sample, fee: float = 0.0) -> Fill:
    return Fill(side * quantity, price, price_taker(side, price, at), fee)


def make(side: int, quantity: int, price: float, at: Sample) -> Fill:
    return Fill(side * quantity, price, price_maker(price, at))


def test_in_a_market_that_did_not_move_only_spread_and_fees_are_lost() -> None:
    fills = [take(1, 100, 101, STILL, fee=0.3), take(-1, 100, 99, STILL, fee=0.3)]
    earned = profit(fills, tick=0.01)
    assert (earned.manipulation, earned.shares, earned.left) == (0.0, 100.0, 0)
    assert earned.raw == pytest.approx(-200 - 60)  # two ticks of spread; 0.60 of fees = 60 ticks x shares


def test_the_markets_own_move_is_no_manipulation() -> None:
    later = Sample(109, 111, 109, 111)
    fills = [take(1, 100, 101, STILL), take(-1, 100, 109, later)]
    assert profit(fills, 0.01).manipulation == 0
    assert profit(fills, 0.01).raw == 800


def test_permanent_linear_impact_earns_nothing() -> None:
    bought = [take(1, 50, 101, STILL), take(1, 50, 103, STILL)]  # walks two ticks, the book moves up by as much
    moved = Sample(101, 103, 99, 101)
    sold = [take(-1, 50, 101, moved), take(-1, 50, 99, moved)]
    assert profit(bought + sold, 0.01).manipulation == -50 * 2 + 50 * 2


def test_a_spread_that_we_widened_is_no_profit() -> None:
    wide = Sample(99, 105, 99, 101)  # the asks are gone, the mid is two ticks higher, the bid is where it was
    assert wide.moved == 2
    assert profit([take(1, 100, 101, STILL), take(-1, 100, 99, wide)], 0.01).manipulation == 0


def test_a_hidden_order_inside_the_spread_is_no_profit() -> None:
    fills = [take(1, 100, 100, STILL), take(-1, 100, 99, STILL)]  # bought at the mid from somebody who waited there
    assert profit(fills, 0.01).manipulation == 0
    moved = Sample(101, 103, 99, 101)
    assert price_taker(1, 102, moved) == 100  # the mid that we have moved counts
    assert price_taker(-1, 101, moved) == 99


def test_a_pump_unwound_passively_earns_what_the_mid_moved_less_the_walk() -> None:
    bought = [take(1, 100, 101, STILL), take(1, 100, 102, STILL)]
    moved = Sample(101, 103, 98, 100)  # the market fell by one, we hold it three higher
    sold = make(-1, 200, 103, moved)
    assert sold.without == 100
    earned = profit([*bought, sold], 0.01)
    assert earned.manipulation == 200 * 3 - 100 * 1
    assert earned.raw == 200 * 103 - 100 * 101 - 100 * 102


def test_selling_first_is_the_mirror_image() -> None:
    sold = [take(-1, 100, 99, STILL), take(-1, 100, 98, STILL)]
    bought = make(1, 200, 97, Sample(97, 99, 100, 102))
    assert profit([*sold, bought], 0.01).manipulation == 200 * 3 - 100 * 1


def test_nothing_traded_is_nothing_earned() -> None:
    earned = profit([], 0.01)
    assert (earned.manipulation, earned.raw, earned.shares, earned.left) == (0, 0, 0, 0)


def test_what_is_not_flat_shows() -> None:
    assert profit([take(1, 300, 101, STILL), take(-1, 100, 99, STILL)], 0.01).left == 200
