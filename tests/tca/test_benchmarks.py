"""Benchmarks of a small order worked out by hand."""

import numpy as np
import pytest

from nowake.core.events import Flag
from nowake.core.records import FILL, PRINT, QUOTE_PATH, Cause
from nowake.core.times import HOUR, SECOND
from nowake.core.values import Instrument, ParentOrder, Side
from nowake.tca.benchmarks import benchmarks, conduct, market_interval, session_window, slippage

T0 = 1_042_642_800_000_000_000
NO_FILLS, NO_PRINTS, NO_QUOTES = np.zeros(0, FILL), np.zeros(0, PRINT), np.zeros(0, QUOTE_PATH)


def test_prices_by_hand(story) -> None:
    got = story.benchmarks
    assert got.arrival == 1000
    assert got.vwap == pytest.approx((300 * 999 + 200 * 999 + 500 * 1006) / 1000)
    # 300 of 300 and 100 of 200 went to us in place of somebody else
    assert got.vwap_ex_own == pytest.approx((100 * 999 + 500 * 1006) / 600)
    assert got.twap == pytest.approx((45 * 1000 + 45 * 1001 + 110 * 1003 + 200 * 1006 + 100 * 1008) / 500)
    assert got.close == 1010
    assert got.day_vwap == pytest.approx((100 * 998 + 500 * 999 + 500 * 1006 + 1000 * 1008 + 100 * 1010) / 2200)
    assert [p.rate for p in got.pwp] == [0.05, 0.10, 0.20]
    assert not any(p.complete for p in got.pwp)


def test_conduct_by_hand(story) -> None:
    got = story.conduct
    assert got.participation == pytest.approx(700 / (1000 + 300))
    assert got.completion == 0.7
    assert got.passive_share == pytest.approx(4 / 7)
    assert got.first_fill_s == 30
    assert got.time_to_fill_s is None


def test_market_by_hand(story) -> None:
    got = story.interval
    assert (got.volume, got.prints, got.low, got.high) == (1000, 3, 999, 1006)
    assert got.hidden_share == pytest.approx(0.2)
    assert got.spread_ticks == pytest.approx(2)
    assert got.drift_bps == pytest.approx(80)
    steps = [1001 / 1000 - 1, 1003 / 1001 - 1, 0, 1006 / 1003 - 1, 0, 0, 0, 0, 1008 / 1006 - 1, 0]
    assert got.volatility_bps == pytest.approx(np.sqrt(sum(s * s for s in steps)) * 1e4)


def test_slippage_is_signed_by_side() -> None:
    assert slippage(Side.BUY, 1001, 1000) == pytest.approx(10)
    assert slippage(Side.SELL, 1001, 1000) == pytest.approx(-10)
    assert slippage(Side.SELL, None, 1000) is None
    assert slippage(Side.SELL, 1001, None) is None


def test_nothing_printed_is_none_not_zero(order) -> None:
    got = benchmarks(order(), 1000.0, NO_FILLS, NO_PRINTS, NO_QUOTES)
    assert (got.vwap, got.vwap_ex_own, got.twap, got.day_vwap, got.close) == (None,) * 5
    assert conduct(order(), NO_FILLS, NO_PRINTS).participation == 0
    seen = market_interval(T0, T0 + SECOND, NO_PRINTS, NO_QUOTES)
    assert (seen.volume, seen.low, seen.spread_ticks, seen.volatility_bps) == (0, None, None, None)


def test_all_volume_ours_leaves_no_vwap_without_us(fills, prints, order) -> None:
    own = fills((1, 1000, 100, 1000, 1000, Cause.QUEUE, 0))
    got = benchmarks(order(), 1000.0, own, prints((1, 1000, 100)), NO_QUOTES)
    assert got.vwap == 1000
    assert got.vwap_ex_own is None


def test_participation_is_at_most_one(fills, prints, order) -> None:
    own = fills((1, 1000, 100, 1000, 1000, Cause.MODEL, 0))
    assert conduct(order(), own, NO_PRINTS).participation == 1
    taken = fills((1, 1000, 100, 1000, 1000, Cause.TAKE, 0))
    assert conduct(order(), taken, prints((2, 1000, 300))).participation == 0.25


def test_time_to_fill_of_a_complete_order(fills, order) -> None:
    own = fills((1, 1000, 400, 1, 1, Cause.QUEUE, 0), (9, 1000, 600, 1, 1, Cause.QUEUE, 0))
    assert conduct(order(), own, NO_PRINTS).time_to_fill_s == 9


def test_the_day_is_the_session_of_the_start(order) -> None:
    parent = order()
    assert session_window(parent) == (T0 - HOUR // 2, T0 + 6 * HOUR)
    early = ParentOrder("P", parent.instrument, Side.BUY, 1, T0 - 2 * HOUR, T0)
    assert session_window(early) is None
    assert session_window(ParentOrder("P", Instrument("BTC", sessions=()), Side.BUY, 1, T0, T0 + 1)) is None


def test_prints_outside_the_session_do_not_move_day_vwap_and_close(order, prints) -> None:
    tape = prints((-3600, 500, 10), (1, 1000, 10), (7 * 3600, 2000, 10))
    got = benchmarks(order(), 1000.0, NO_FILLS, tape, NO_QUOTES)
    assert (got.day_vwap, got.close) == (1000, 1000)


def test_the_closing_auction_after_the_bell_is_the_close(order, prints) -> None:
    bell = 6 * 3600
    tape = prints((1, 1000, 10), (bell - 1, 1010, 10), (bell, 1011, 20), (bell + 2, 1020, 60), (bell + 3, 1030, 10))
    tape["flags"][2:4] = Flag.AUCTION  # one at the bell, one after it; the last print is no auction
    got = benchmarks(order(), 1000.0, NO_FILLS, tape, NO_QUOTES)
    assert got.close == pytest.approx((1011 * 20 + 1020 * 60) / 80)
    assert got.day_vwap == pytest.approx((1000 * 10 + 1010 * 10 + 1011 * 20 + 1020 * 60) / 100)


def test_an_auction_long_after_the_close_is_another_one(order, prints) -> None:
    tape = prints((1, 1000, 10), (6 * 3600 + 3600, 1020, 60))
    tape["flags"][1] = Flag.AUCTION
    assert benchmarks(order(), 1000.0, NO_FILLS, tape, NO_QUOTES).close == 1000
