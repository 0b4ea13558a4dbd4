"""Published vectors and exact properties of the routing theory: Cont-Kukanov, greedy, Kaplan-Meier, dealers."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nowake.core.errors import InputError
from nowake.core.streams import generator
from nowake.routing.command import cont_kukanov_vector, greedy_vector, kaplan_meier_vector
from nowake.routing.cont_kukanov import OneVenue, Split, Venues, expected_cost, market_and_limit, onto_simplex, split
from nowake.routing.cont_kukanov import split_cost as cost_of
from nowake.routing.dealers import how_many
from nowake.routing.greedy import greedy
from nowake.routing.kaplan_meier import Tail, kaplan_meier

PAPER = OneVenue(size=1000, queue=2000, half_spread=0.01, fee=0.003, rebate=0.002, lambda_u=0.026, outflow_mean=2200)


def test_cont_kukanov_of_one_venue() -> None:
    found = cont_kukanov_vector(PAPER)
    assert (round(found["market"], 2), round(found["limit"], 2)) == (640.20, 359.80)


@settings(max_examples=200)
@given(
    queue=st.floats(0, 5000),
    fee=st.floats(-0.003, 0.005),
    rebate=st.floats(-0.003, 0.004),
    lambda_u=st.floats(0, 0.2),
    mean=st.floats(50, 8000),
)
def test_no_other_split_of_one_venue_is_cheaper(
    queue: float, fee: float, rebate: float, lambda_u: float, mean: float
) -> None:
    venue = OneVenue(1000, queue, 0.01, fee, rebate, lambda_u, mean)
    best = market_and_limit(venue)
    assert best.market + best.limit == pytest.approx(1000)
    assert min(best.market, best.limit) >= 0
    others = min(expected_cost(venue, limit) for limit in np.linspace(0, 1000, 101))
    assert expected_cost(venue, best.limit) <= others + 1e-9


def test_one_venue_goes_all_to_one_side_where_waiting_costs_little_or_much() -> None:
    cheap, dear = (OneVenue(1000, 2000, 0.01, 0.003, 0.002, u, 2200) for u in (0.0, 10.0))
    assert market_and_limit(cheap) == Split(0.0, 1000.0)
    assert market_and_limit(dear) == Split(1000.0, 0.0)


def outflows(n: int = 3000) -> np.ndarray:
    random = generator(3, "tests/routing/outflows")
    return np.stack([random.exponential(2200, n), random.exponential(900, n)], axis=1)


def test_descent_over_several_venues_comes_within_a_percent_of_the_best_grid_point() -> None:
    flows = outflows()
    venues = Venues(1000, (2000, 800), (0.002, 0.0), 0.01, 0.003, 0.026)
    found = split(venues, flows)
    grid = [np.array([1000.0 - a - b, a, b]) for a, b in product(range(0, 1001, 50), repeat=2) if a + b <= 1000]
    best = min(cost_of(venues, point, flows) for point in grid)
    assert found.sum() == pytest.approx(1000)
    assert np.all(found >= 0)
    assert cost_of(venues, found, flows) <= best * 1.01


def test_descent_of_one_venue_finds_the_closed_form() -> None:
    flows = outflows(8000)[:, :1]
    venues = Venues(1000, (2000,), (0.002,), 0.01, 0.003, 0.026)
    found, exact = split(venues, flows), market_and_limit(PAPER)
    assert cost_of(venues, found, flows) <= cost_of(venues, np.array([exact.market, exact.limit]), flows) * 1.005


def test_with_a_finite_price_of_too_much_more_than_the_size_may_rest() -> None:
    flows = outflows()
    venues = Venues(1000, (2000, 800), (0.002, 0.0), 0.01, 0.003, 0.026, lambda_o=0.005)
    found = split(venues, flows)
    assert found.sum() > 1000
    alone = split(Venues(1000, (2000, 800), (0.002, 0.0), 0.01, 0.003, 0.026), flows)
    assert cost_of(venues, found, flows) < cost_of(venues, alone, flows)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=8), st.floats(0.5, 20))
def test_the_projection_is_the_nearest_point_of_the_simplex(x: list[float], total: float) -> None:
    point = np.array(x)
    found = onto_simplex(point, total)
    assert found.sum() == pytest.approx(total)
    assert np.all(found >= 0)
    random = generator(1, "tests/routing/simplex")
    for _ in range(20):
        other = random.dirichlet(np.ones(len(x))) * total
        assert np.linalg.norm(found - point) <= np.linalg.norm(other - point) + 1e-9


def test_greedy_of_two_pools() -> None:
    found = greedy_vector("0.8,0.5,0.2,0.1;0.6,0.55,0.5,0.45", 5)
    assert found["allocation"] == [2, 3]
    assert found["expected"] == pytest.approx(2.95)


FALLING = st.lists(st.integers(0, 20), min_size=4, max_size=4).map(lambda n: sorted((i / 20 for i in n), reverse=True))


@settings(max_examples=100)
@given(st.lists(FALLING, min_size=1, max_size=3), st.integers(0, 7))
def test_greedy_is_as_good_as_trying_every_allocation(tails: list[list[float]], volume: int) -> None:
    best = max(
        sum(sum(tail[:n]) for tail, n in zip(tails, shares, strict=True))
        for shares in product(range(5), repeat=len(tails))
        if sum(shares) <= volume
    )
    found = greedy(tails, volume)
    assert sum(found.shares) <= volume
    assert found.expected == pytest.approx(best)


def test_kaplan_meier_of_five_orders() -> None:
    assert kaplan_meier_vector("3,3;3,1;2,2;4,0;5,4")["tail"] == pytest.approx([0.8, 0.6, 0.6, 0.6, 0.0])


def test_kaplan_meier_finds_the_law_behind_censored_fills() -> None:
    random = generator(4, "tests/routing/censored")
    sizes, sent = random.geometric(0.2, 20_000) - 1, random.integers(1, 13, 20_000)
    found = kaplan_meier([(int(n), int(min(s, n))) for s, n in zip(sizes, sent, strict=True)])
    assert found == pytest.approx(0.8 ** np.arange(1, 13), abs=0.02)


def test_optimism_tries_one_unit_beyond_what_is_known() -> None:
    tail = Tail(4)
    assert tail.optimistic(1).tolist() == [1.0, 0.0, 0.0, 0.0]
    for _ in range(10):
        tail.heard(2, 2)
    assert tail.optimistic(5).tolist() == [1.0, 1.0, 1.0, 0.0]


def test_how_many_dealers_to_ask() -> None:
    assert how_many(0.5, 0.1) == 3
    assert how_many(0.5, 10.0) == 1
    assert how_many(0.5, 0.0, most=6) == 6


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: greedy_vector("0.5,0.8", 5), "do not rise"),
        (lambda: greedy_vector("0.5,x", 5), "probabilities like"),
        (lambda: greedy_vector("0.5,0.2", -1), "whole number from 0"),
        (lambda: kaplan_meier_vector("3,4"), "filled from 0 to sent"),
        (lambda: kaplan_meier_vector("3;4"), "sent,filled"),
        (lambda: OneVenue(0, 1, 1, 1, 1, 1, 1), "above 0"),
        (lambda: Venues(10, (), (), 1, 1, 1), "a queue and a rebate each"),
        (lambda: split(Venues(10, (1,), (0,), 1, 1, 1), np.zeros((0, 1))), "outflows"),
        (lambda: how_many(-1, 1), "deviation and cost"),
    ],
)
def test_impossible_input_is_refused_with_what_was_expected(call, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=said):
        call()
