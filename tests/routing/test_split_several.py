"""Cont-Kukanov over several venues: the descent against the best there is, and the live router's rule against both."""

from dataclasses import dataclass, replace
from itertools import product
from math import log

import numpy as np
import pytest

from nowake.core.board import Phase, PlaceKind, new_boards
from nowake.core.intent import OrderKind, Tactic, new_intents
from nowake.core.jit import jit_disabled
from nowake.core.streams import generator
from nowake.data.reader import kernel_view
from nowake.routing.command import cont_kukanov_split
from nowake.routing.cont_kukanov import Venues, split, split_cost
from nowake.routing.learning import heard
from nowake.routing.parameters import Routing, new_params
from nowake.routing.router import route
from nowake.routing.venues import new_draws, new_reports, new_stats
from nowake.routing.want import new_wants

PAPER = Venues(1000, (2000, 800), (0.002, 0.0), 0.01, 0.003, 0.026)
LAWS = ("exponential", "lognormal", "often nothing")
compiled = pytest.mark.skipif(jit_disabled(), reason="minutes without the compiler")


def best_of_exponential(venues: Venues, means: tuple[float, ...]) -> np.ndarray:
    """The exact optimum with M + sum L = S: the cost is a sum over venues, so one price of a share clears them all."""
    dear = venues.lambda_u - venues.half_spread - venues.fee  # waiting in vain against crossing

    def resting(price: float) -> np.ndarray:
        worth = [venues.half_spread + r + venues.lambda_u for r in venues.rebates]
        rows = zip(means, worth, venues.queues, strict=True)
        return np.array([max(m * log(max(w / (dear + price), 1e-300)) - q, 0.0) for m, w, q in rows])

    low, high = max(0.0, -dear) + 1e-12, 1e6
    if resting(low).sum() > venues.size:
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if resting(middle).sum() > venues.size else (low, middle)
        low = high
    found = resting(low)
    return np.array([venues.size - found.sum(), *found])


def best_of_any(venues: Venues, flows: np.ndarray, piece: int = 10) -> np.ndarray:
    """The optimum with M + sum L = S for any law of the outflows: the pieces of all queues, dearest first."""
    at = np.arange(piece / 2, venues.size, piece)
    tails = [
        1 - np.searchsorted(np.sort(flow), queue + at) / len(flow)
        for flow, queue in zip(flows.T, venues.queues, strict=True)
    ]
    dear = venues.lambda_u - venues.half_spread - venues.fee
    gains = np.concatenate([
        (2 * venues.half_spread + venues.fee + r) * tail - (1 - tail) * dear
        for tail, r in zip(tails, venues.rebates, strict=True)
    ])  # fmt: skip
    first = np.argsort(-gains, kind="stable")[: len(at)]
    whose = np.repeat(np.arange(len(tails)), len(at))[first[gains[first] >= 0]]
    limit = np.bincount(whose, minlength=len(tails)) * float(piece)
    return np.array([venues.size - limit.sum(), *limit])


def drawn(means: tuple[float, ...], n: int, law: str, random: np.random.Generator) -> np.ndarray:
    shape = (n, len(means))
    if law == "lognormal":
        return np.asarray(means * random.lognormal(-1.125, 1.5, shape))
    if law == "often nothing":
        return np.asarray(random.exponential(2 * np.asarray(means), shape) * (random.random(shape) < 0.5))
    return random.exponential(means, shape)


def cases(n: int, name: str) -> list[tuple[Venues, tuple[float, ...]]]:
    """Random slices over two or three venues; prices in ticks, half-spreads of 50 to 200."""
    random, found = generator(5, f"tests/routing/several/{name}"), []
    for _ in range(n):
        k, half, fee = int(random.integers(2, 4)), float(random.choice([50, 100, 200])), float(random.uniform(0, 30))
        queues = tuple(100.0 * random.integers(0, 40, k))
        rebates = tuple(random.uniform(-10, 30, k).tolist())
        lambda_u = half + fee + float(random.uniform(0.02, 2)) * 2 * half
        size = 100.0 * random.integers(5, 60)
        found.append((Venues(size, queues, rebates, half, fee, lambda_u), tuple(random.uniform(300, 6000, k).tolist())))
    return found


def routed(venues: Venues, stats: np.ndarray) -> np.ndarray:
    """What the live router sends (M, L_1..L_K) of the slice, with what it knows of the queues."""
    boards, intents, wants = kernel_view(new_boards(1)), kernel_view(new_intents(64)), new_wants(1)
    bid, ask, k = 500_000, 500_000 + int(2 * venues.half_spread), len(venues.queues)
    boards["phase"], boards["places"], boards["bid"], boards["ask"] = int(Phase.CONTINUOUS), k, bid, ask
    boards["bid_size"], boards["ask_size"] = int(sum(venues.queues)), 10**6
    place = boards["place"][0][:k]
    place["kind"], place["bid"], place["ask"], place["ask_size"] = int(PlaceKind.LIT), bid, ask, 10**6
    place["bid_size"], place["taker_fee"], place["maker_fee"] = venues.queues, venues.fee, -np.array(venues.rebates)
    dear = venues.lambda_u - venues.half_spread - venues.fee
    params = new_params(Routing(shortfall=dear / (2 * venues.half_spread)))
    wants["side"], wants["passive"], wants["tactic"], wants["step"] = 1, int(venues.size), int(Tactic.JOIN), 100
    wants["urgency"] = 1.0
    n = route(boards, stats, params, wants, 0, new_draws([7]), intents)
    sent = np.zeros(k + 1)
    for row in intents[:n]:
        sent[1 + row["venue"] if row["kind"] == OrderKind.POST_ONLY else 0] += row["quantity"]
    assert sent.sum() + wants["left"][0] == venues.size
    return sent


def knowing(means: tuple[float, ...]) -> np.ndarray:
    """Statistics that are sure of the mean outflows."""
    stats = new_stats(1)
    stats["venue"]["outflow"][0, : len(means)], stats["venue"]["outflows"][0, : len(means)] = means, 1e12
    return stats


def taught(venues: Venues, means: tuple[float, ...], law: str, orders: int = 300) -> np.ndarray:
    """Statistics after `orders` slices that the router itself has routed, at queues of all lengths."""
    random, stats, params = generator(8, "tests/routing/several/taught"), new_stats(1), new_params()
    report = new_reports(1)
    report["kind"] = int(PlaceKind.LIT)
    for _ in range(orders):
        queues = tuple(100.0 * random.integers(0, 40, len(means)))
        sent = routed(replace(venues, queues=queues), stats)
        for k, flow in enumerate(drawn(means, 1, law, random)[0]):
            if sent[1 + k] > 0:
                filled = min(max(flow - queues[k], 0.0), sent[1 + k])
                report["venue"], report["sent"], report["filled"], report["ahead"] = k, sent[1 + k], filled, queues[k]
                heard(stats, params, report, 0)
    return stats


@dataclass
class Given:
    """What the rule gives away against the optimum and against the descent, ticks per share, and in half-spreads."""

    known: list[float]
    descent: list[float]
    learnt: list[float]
    halves: list[float]


def given_away(law: str, number: int, *, descent: bool = True) -> Given:
    random, found = generator(9, f"tests/routing/several/{law}"), Given([], [], [], [])
    for venues, means in cases(number, law):
        flows = drawn(means, 50_000, law, random)
        best = split_cost(venues, best_of_any(venues, flows), flows)

        def lost(sent: np.ndarray, venues: Venues = venues, flows: np.ndarray = flows, best: float = best) -> float:
            return (split_cost(venues, sent, flows) - best) / venues.size

        found.known.append(lost(routed(venues, knowing(means))))
        found.learnt.append(lost(routed(venues, taught(venues, means, law))))
        if descent:
            found.descent.append(lost(split(venues, flows[:8_000], passes=2)))
        found.halves.append(venues.half_spread)
    return found


def test_the_descent_finds_the_exact_optimum_of_exponential_outflows() -> None:
    found = cont_kukanov_split(PAPER, (2200, 900), seed=1)
    best = best_of_exponential(PAPER, (2200, 900))
    assert best.round(1).tolist() == [523.5, 359.8, 116.7]  # 359.8 is the closed form of the first alone
    assert [found["market"], *found["limit"]] == pytest.approx(best.tolist(), abs=10)
    assert found["market"] + sum(found["limit"]) == pytest.approx(1000)


def test_the_optimum_by_one_price_is_that_of_a_grid() -> None:
    means, flows = (2200.0, 900.0), drawn((2200, 900), 20_000, "exponential", generator(2, "tests/routing/grid"))
    grid = [np.array([1000.0 - a - b, a, b]) for a, b in product(range(0, 1001, 40), repeat=2) if a + b <= 1000]
    least = min(split_cost(PAPER, point, flows) for point in grid)
    for found in (best_of_exponential(PAPER, means), best_of_any(PAPER, flows)):
        assert split_cost(PAPER, found, flows) == pytest.approx(least, rel=0.002)


@pytest.mark.parametrize("number", [2, 3])
def test_with_more_than_the_size_allowed_the_descent_is_as_good_as_every_point_of_a_grid(number: int) -> None:
    means = (2200.0, 900.0, 1500.0)[:number]
    flows = drawn(means, 4_000, "exponential", generator(3, "tests/routing/beyond"))
    venues = Venues(1000, (2000, 800, 0)[:number], (0.002, 0.0, 0.001)[:number], 0.01, 0.003, 0.026, lambda_o=0.008)
    step = 100 if number == 2 else 200
    least = min(
        split_cost(venues, np.array(point, dtype=float), flows)
        for point in product(range(0, 1001, step), repeat=number + 1)
        if sum(point) >= 1000
    )
    found = split(venues, flows)
    assert found.sum() > 1000
    assert split_cost(venues, found, flows) <= least + 0.005 * abs(least)


@compiled
def test_the_routers_rule_is_the_optimum_where_outflows_are_as_it_believes() -> None:
    for venues, means in cases(36, "exact"):
        sent, best = routed(venues, knowing(means)), best_of_exponential(venues, means)
        flows = drawn(means, 20_000, "exponential", generator(4, "tests/routing/exact"))
        lost = (split_cost(venues, sent, flows) - split_cost(venues, best, flows)) / venues.size
        assert lost < 0.01 * venues.half_spread + 0.5  # ticks: pieces of a lot, and noise


@compiled
@pytest.mark.parametrize("law", LAWS)
def test_what_the_router_gives_away_once_it_has_learnt_is_a_small_part_of_the_spread(law: str) -> None:
    found = given_away(law, 12, descent=law == "exponential")
    assert np.mean(np.array(found.learnt) / found.halves) < 0.05
    if law == "exponential":
        assert np.mean(found.known) < np.mean(found.descent) + 0.1
