"""The usual day of a preset, as context of its features."""

import numpy as np
import pytest

from nowake.features.context import MicroTable
from nowake.market.market import FIRST_DAY
from nowake.market.preset import load
from nowake.market.sessions import session_of
from nowake.market.usual import usual_day


def test_a_usual_day_is_that_of_the_preset() -> None:
    preset = load("midcap")
    opened, closed = session_of(preset, FIRST_DAY)
    table = MicroTable((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), ((0.0,) * 10,))
    context = usual_day(preset, (opened, closed), table)
    assert context.curve is not None
    assert context.curve.volume == preset.instrument.daily_volume
    assert context.curve.open == opened
    assert context.curve.width * len(context.curve.shares) == closed - opened
    shares = np.array(context.curve.shares)
    assert shares[0] > shares[len(shares) // 2]
    assert shares == pytest.approx(shares[::-1])
    assert context.daily_volatility == pytest.approx(1e4 * preset.instrument.daily_volatility)
    assert (context.depth, context.session_ns, context.micro) == (True, closed - opened, table)
