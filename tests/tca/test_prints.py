"""VWAP with and without own volume, first shares, and what is not counted."""

import numpy as np
import pytest

from nowake.core.events import Flag
from nowake.core.records import PRINT, Cause
from nowake.tca.prints import between, countable, displaced, first_shares, unprinted_quantity, vwap

T0 = 1_042_642_800_000_000_000


def test_vwap_counts_hidden_prints_but_no_outliers_or_broken_trades(prints) -> None:
    tape = prints(
        (0, 1000, 100),
        (1, 1010, 300, 1),
        (2, 5000, 100, 0, Flag.OUTLIER),
        (3, 1, 1, 0, Flag.BROKEN),
        (4, 9, 9, 0, Flag.UNPRINTED),
    )
    assert vwap(countable(tape)) == pytest.approx(1007.5)
    assert vwap(countable(tape[2:])) is None


def test_window_includes_both_ends(prints) -> None:
    tape = prints((0, 1000, 1), (1, 1000, 1), (2, 1000, 1))
    assert len(between(tape, T0, T0 + 10**9)) == 2
    assert not len(between(np.zeros(0, PRINT), T0, T0 + 1))


def test_passive_fills_displace_prints_of_their_instant_at_or_beyond_their_price(fills, prints) -> None:
    tape = prints((1, 1000, 100), (1, 999, 50), (1, 1001, 80), (2, 1000, 70))
    own = fills(
        (1, 1000, 120, 1, 1, Cause.QUEUE, 0),
        (2, 1000, 30, 1, 1, Cause.CROSSED, 0),
        (2, 1000, 20, 1, 1, Cause.TAKE, 0),
        (3, 1000, 10, 1, 1, Cause.MODEL, 0),
    )
    assert displaced(tape, own).tolist() == [100, 20, 0, 0]
    assert unprinted_quantity(own) == 50


def test_a_sell_displaces_prints_at_or_above_its_price(fills, prints) -> None:
    tape = prints((1, 999, 100), (1, 1000, 100))
    assert displaced(tape, fills((1, 1000, 150, 1, 1, Cause.QUEUE, 0), side=-1)).tolist() == [0, 100]


def test_first_shares_count_the_last_print_in_part(prints) -> None:
    tape = prints((-1, 900, 1000), (0, 1000, 100), (1, 1010, 100), (2, 1020, 100))
    assert first_shares(tape, T0, 150) == (pytest.approx((100 * 1000 + 50 * 1010) / 150), True)
    assert first_shares(tape, T0, 200) == (pytest.approx(1005), True)
    assert first_shares(tape, T0, 1000) == (pytest.approx(1010), False)
    assert first_shares(tape, T0 + 10**10, 1) == (None, False)
