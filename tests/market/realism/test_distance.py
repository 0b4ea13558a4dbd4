"""Distance to data: zero to itself, in standard errors of the data, one fact counts once."""

import math

import pytest

from nowake.market.realism.bootstrap import Estimate
from nowake.market.realism.distance import distance, gaps

TARGET = {
    "sign_gamma": Estimate(0.5, 0.4, 0.6),
    "sign_acf_1": Estimate(0.3, 0.299, 0.301),
    "spread_open": Estimate(2.0, 1.0, 3.0),
    "returns_5min": Estimate(1000, 1000, 1000),
    "hill_1min": Estimate(math.nan, math.nan, math.nan),
    "dark_share": Estimate(0.0, 0.0, 0.0),
}


def test_a_market_is_no_distance_from_itself() -> None:
    assert distance(gaps(TARGET, TARGET)) == 0


def test_gaps_are_in_standard_errors_of_the_data() -> None:
    found = TARGET | {"sign_gamma": Estimate(0.6, 0.5, 0.7), "sign_acf_1": Estimate(0.33, 0.3, 0.4)}
    z = {gap.part: gap.z for gap in gaps(TARGET, found)}
    assert z == {"sign_gamma": pytest.approx(2.0), "sign_acf_1": pytest.approx(2.0), "spread_open": 0.0}
    assert distance(gaps(TARGET, found)) == pytest.approx(math.sqrt(2))  # facts 4 (z² = 4) and 22 (0)


def test_what_data_cannot_tell_does_not_count() -> None:
    found = TARGET | {"spread_open": Estimate(90, 80, 100)}
    assert distance(gaps(TARGET, found, unmeasured=[22])) == 0
    assert distance(gaps(TARGET, found)) == pytest.approx(10 / math.sqrt(2))
    assert math.isnan(distance(gaps({}, found)))
