"""The fitted microprice: against a plain recursion, by symmetry, and on a market whose answer is known."""

import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.core.records import QUOTE_PATH
from nowake.features.microprice import ORDERS, estimate, fit_microprice, offsets_at
from nowake.features.state import DECILES

STEP = 100


def path_of(seed: int, n: int, spreads: int = 3, pull: float = 0.8) -> np.ndarray:
    """Quotes that follow their imbalance: the larger the bid, the more often the mid rises next."""
    rng, path = np.random.default_rng(seed), np.zeros(n, QUOTE_PATH)
    bid, spread, q, r = 10_000, 1, 5, 5
    for k in range(n):
        if rng.random() < 0.25:
            up = rng.random() < 0.5 + pull * (q / (q + r) - 0.5)
            bid += STEP * (1 if up else -1) * int(rng.integers(1, 3))
            spread = int(rng.integers(1, spreads + 1))
        q, r = (int(x) for x in rng.integers(1, 30, 2))
        path[k] = (k * 10**9, bid, bid + spread * STEP, q, r)
    return path


def reference(path: np.ndarray, edges: list[float], spreads: int) -> dict[tuple[int, int], float]:
    """Stoikov's recursion with dictionaries: Q, R1 over the moves that occur, R2, and six terms."""

    def state(row: Any, mirrored: bool) -> tuple[int, int]:
        bucket = sum(e < row["bid_size"] / (row["bid_size"] + row["ask_size"]) for e in edges)
        return int(row["ask"] - row["bid"]) // STEP, DECILES - 1 - bucket if mirrored else bucket

    stays: Counter[Any] = Counter()
    jumps: Counter[Any] = Counter()
    gains: Counter[Any] = Counter()
    visits: Counter[Any] = Counter()
    for a, b in itertools.pairwise(path):
        move = (int(b["bid"] + b["ask"]) - int(a["bid"] + a["ask"])) / 2 / STEP
        for mirrored in (False, True):
            x, y = state(a, mirrored), state(b, mirrored)
            visits[x] += 1
            (jumps if move else stays)[x, y] += 1
            gains[x] += -move if mirrored else move
    states = sorted(visits)

    def invert(first: dict[Any, float]) -> dict[Any, float]:
        """Solve g = first + Q g by iteration."""
        g = dict.fromkeys(states, 0.0)
        for _ in range(400):
            g = {x: first[x] + sum(stays[x, y] / visits[x] * g[y] for y in states) for x in states}
        return g

    term = invert({x: gains[x] / visits[x] for x in states})
    total = dict(term)
    for _ in range(ORDERS - 1):
        term = invert({x: sum(jumps[x, y] / visits[x] * term[y] for y in states) for x in states})
        total = {x: total[x] + term[x] for x in states}
    return total


def test_it_is_the_recursion_of_the_paper() -> None:
    path = path_of(1, 3000, spreads=2)
    fit = estimate([path], STEP, 2)
    expected = reference(path, list(fit.table.edges), 2)
    for (spread, bucket), value in expected.items():
        assert fit.table.offsets[spread - 1][bucket] == pytest.approx(value, abs=1e-9)
    assert fit.n == len(path) - 1


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(500, 3000), st.integers(1, 4))
def test_it_is_odd_in_the_sides_and_its_limit_is_zero(seed: int, n: int, spreads: int) -> None:
    fit = estimate([path_of(seed, n, spreads)], STEP, spreads)
    table = np.array(fit.table.offsets)
    assert np.nan_to_num(table + table[:, ::-1]) == pytest.approx(np.zeros_like(table), abs=1e-9)
    assert (np.isnan(table) == np.isnan(table[:, ::-1])).all()
    assert fit.limit < 1e-9
    edges = np.array(fit.table.edges)
    assert edges + edges[::-1] == pytest.approx(np.ones(9), abs=1e-15)


def test_where_moves_follow_the_imbalance_the_table_does() -> None:
    fit = estimate([path_of(7, 60_000, 1)], STEP, 1)
    row = fit.table.offsets[0]
    assert list(row) == sorted(row)
    assert row[-1] == pytest.approx(-row[0])
    assert row[-1] > 0.1


def test_where_they_do_not_it_is_flat() -> None:
    row = estimate([path_of(7, 60_000, 1, pull=0.0)], STEP, 1).table.offsets[0]
    assert max(map(abs, row)) < 0.06


def test_states_that_are_seen_too_seldom_are_left_to_the_weighted_mid() -> None:
    path = path_of(3, 2000, 1)
    path["ask"][50] += 4 * STEP
    fit = estimate([path], STEP, 5)
    assert all(math.isnan(x) for x in fit.table.offsets[4])
    rows = path[50:51]
    weighted = (rows["bid_size"] / (rows["bid_size"] + rows["ask_size"]) - 0.5) * 5
    assert offsets_at(fit.table, rows, STEP) == pytest.approx(weighted)


def test_a_market_that_never_moves_says_nothing() -> None:
    path = path_of(3, 500, 1)
    path["bid"], path["ask"] = 10_000, 10_000 + STEP
    with pytest.raises(InputError, match="moves of the mid"):
        estimate([path], STEP, 1)
    with pytest.raises(InputError, match="both sides"):
        estimate([], STEP, 1)


def test_an_impossible_spread_is_refused() -> None:
    with pytest.raises(InputError, match="1 to 32"):
        fit_microprice("unread.csv", spreads=33)
