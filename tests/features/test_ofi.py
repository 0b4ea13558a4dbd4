"""Order-flow imbalance: the definition, buckets, the regression."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.core.records import QUOTE_PATH
from nowake.features.ofi import bucketed, contributions, fit_ofi, regress

ROW = st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(1, 50), st.integers(1, 50), st.integers(0, 4))


def path_of(rows: list[tuple[int, int, int, int, int]]) -> np.ndarray:
    path, when = np.zeros(len(rows), QUOTE_PATH), 0
    for row, (up, spread, q, r, gap) in zip(path, rows, strict=True):
        when += gap
        row["time"], row["bid"], row["ask"] = when, 1000 + up, 1000 + up + spread
        row["bid_size"], row["ask_size"] = q, r
    return path


def e_of(now: np.void, before: np.void) -> int:
    """The definition, case by case."""
    e = 0
    if now["bid"] > before["bid"]:
        e += int(now["bid_size"])
    elif now["bid"] == before["bid"]:
        e += int(now["bid_size"]) - int(before["bid_size"])
    else:
        e -= int(before["bid_size"])
    if now["ask"] < before["ask"]:
        e -= int(now["ask_size"])
    elif now["ask"] == before["ask"]:
        e -= int(now["ask_size"]) - int(before["ask_size"])
    else:
        e += int(before["ask_size"])
    return e


@settings(max_examples=100, deadline=None)
@given(st.lists(ROW, min_size=2, max_size=40), st.integers(1, 7))
def test_buckets_hold_what_happened_in_them(rows: list[tuple[int, int, int, int, int]], width: int) -> None:
    path = path_of(rows)
    e = [0, *(e_of(b, a) for a, b in itertools.pairwise(path))]
    assert contributions(path).tolist() == e
    starts, flow, move = bucketed(path, width, 1)
    for start, x, y in zip(starts, flow, move, strict=True):
        inside = [k for k in range(len(path)) if start < path["time"][k] <= start + width]
        before = [k for k in range(len(path)) if path["time"][k] <= start][-1]
        last = [k for k in range(len(path)) if path["time"][k] <= start + width][-1]
        assert x == sum(e[k] for k in inside)
        assert y == (path["bid"][last] + path["ask"][last] - path["bid"][before] - path["ask"][before]) / 2


def test_the_regression_finds_the_line() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(0, 100, 2000)
    y = 0.5 + 0.02 * x + rng.normal(0, 1, 2000)
    found = regress(x, y)
    assert found["beta"] == pytest.approx(0.02, abs=3 * found["beta_error"])
    assert found["beta_error"] == pytest.approx(1 / 100 / np.sqrt(2000), rel=0.05)
    assert found["r2"] == pytest.approx(4 / 5, abs=0.03)
    slope, intercept = np.polyfit(x, y, 1)
    assert (found["beta"], found["alpha"]) == (pytest.approx(slope), pytest.approx(intercept))


def test_flow_that_never_differs_is_refused() -> None:
    with pytest.raises(InputError, match="different flow"):
        regress(np.ones(10), np.arange(10.0))
    with pytest.raises(InputError, match="bucket"):
        fit_ofi("unread.csv", bucket=0)
