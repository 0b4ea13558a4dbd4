"""Mark-outs, reversion and spreads worked out by hand."""

import numpy as np
import pytest

from nowake.core.records import FILL, QUOTE_PATH, Cause
from nowake.core.times import SECOND
from nowake.core.values import Side
from nowake.tca.markouts import mark_outs, reversions, spreads

T0 = 1_042_642_800_000_000_000


def test_positive_is_in_our_favour_on_both_sides(fills, quotes) -> None:
    path = quotes((0, 999, 1001), (5, 1001, 1003))
    bought = fills((1, 999, 100, 1000, 1000, Cause.QUEUE, 0))
    sold = fills((1, 1001, 100, 1000, 1000, Cause.QUEUE, 0), side=-1)
    mid, last = np.array([1000.0]), T0 + 20 * SECOND
    assert [m.bps for m in mark_outs(bought, mid, path, last, (SECOND, 10 * SECOND))] == pytest.approx([10, 30])
    assert [m.bps for m in mark_outs(sold, mid, path, last, (SECOND, 10 * SECOND))] == pytest.approx([10, -10])


def test_beyond_the_data_there_is_no_mark_out(fills, quotes) -> None:
    path = quotes((0, 999, 1001))
    own = fills((1, 1000, 100, 1000, 1000, Cause.QUEUE, 0), (8, 999, 300, 1000, 1000, Cause.QUEUE, 0))
    near, far, none = mark_outs(
        own, np.array([1000.0, 1000.0]), path, T0 + 10 * SECOND, (SECOND, 5 * SECOND, 60 * SECOND)
    )
    assert (near.bps, near.fills, near.quantity) == (pytest.approx(7.5), 2, 400)
    assert (far.bps, far.fills, far.quantity) == (pytest.approx(0), 1, 100)
    assert (none.bps, none.fills, none.quantity) == (None, 0, 0)


def test_reversion_after_the_last_fill(fills, quotes) -> None:
    path = quotes((0, 999, 1001), (200, 997, 999), (5000, 1, 3))
    own = fills((1, 1001, 100, 1000, 1000, Cause.TAKE, 0))
    five, thirty = reversions(Side.BUY, own, path, T0 + 600 * SECOND)
    assert (five.minutes, five.bps) == (5, pytest.approx(-20))
    assert (thirty.minutes, thirty.bps) == (30, None)
    assert [r.bps for r in reversions(Side.BUY, own[:0], path, T0)] == [None, None]


def test_spreads_of_one_passive_and_one_taken_fill(fills, quotes) -> None:
    path = quotes((0, 999, 1001))
    mid, last = np.array([1000.0]), T0 + 100 * SECOND
    passive = spreads(fills((1, 999, 100, 1000, 1000, Cause.QUEUE, 0)), mid, path, last)
    assert (passive.effective_bps, passive.quoted_bps, passive.capture) == pytest.approx((-20, 20, 1))
    taken = spreads(fills((1, 1001, 100, 1000, 1000, Cause.TAKE, 0)), mid, path, last)
    assert (taken.effective_bps, taken.realised_bps, taken.capture) == pytest.approx((20, 20, -1))


def test_no_fills_no_spreads() -> None:
    got = spreads(np.zeros(0, FILL), np.zeros(0), np.zeros(0, QUOTE_PATH), T0)
    assert (got.effective_bps, got.realised_bps, got.quoted_bps, got.capture) == (None,) * 4
