"""Laws that parts of the simulated market must follow when the rest is switched off, against their closed forms."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from nowake.book.audit import queues
from nowake.core.events import Kind
from nowake.market.market import FIRST_DAY
from nowake.market.preset import Preset, load
from nowake.market.preset_model import Regime
from nowake.market.sessions import session_of
from nowake.market.world.loop import close_market
from nowake.market.world.state import OWN_IDS, PARENTS_MOST
from nowake.market.world.words import Action, OrderKind
from nowake.market.world.worlds import NOTHING, Worlds, new_worlds

SECOND = 10**9
PARENTS = 3
CELLS = 4096  # quantiles of the lengths of parents
EDGES = np.unique(np.round(np.geomspace(60, 1000, 9)).astype(int))


def bare(**lit: float | tuple[float, float]) -> Preset:
    """Return midcap with nothing but makers, parents, public value and waiting investors; `lit` changes more."""
    p = load("midcap")
    quiet = {
        "informed_probability": 0.0,
        "jump_rate": 0.0,
        "investor_rate": 0.0,
        "fade": 0.0,
        "skew": 0.0,
        "burst": 0.0,
    }
    return p.model_copy(
        update={
            "lit": p.lit.model_copy(update=quiet | lit),
            "hidden": p.hidden.model_copy(update={"share": 0.0}),
            "followers": p.followers.model_copy(update={"rate": 0.0}),
            "dark": (),
            "dealers": (),
        }
    )


def left_at(alpha: float, most: int) -> np.ndarray:
    """Return P(a child has more than k after it from its parent), k = 0..most-1, for lengths P(L >= n) = n^-alpha."""
    n = np.arange(1.0, 10**6)
    mean = (n**-alpha).sum() + (n[-1] + 0.5) ** (1 - alpha) / (alpha - 1)
    return np.asarray(1.0 - np.cumsum(n[:most] ** -alpha) / mean)


def expected_memory(alpha: float) -> np.ndarray:
    """Return C(tau), tau = 1..1000, of signs of `PARENTS` parents: Lillo, Mike & Farmer 2005, without approximation.

    Two children `tau` apart are of one parent if both draws chose it and it had more than k children left, k being how
    often it was drawn between: C(tau) = 1/N sum_k Bin(k; tau - 1, 1/N) P(left > k), P(left > k) ~ sum_{j>k+1} j^-alpha.
    """
    left, q = left_at(alpha, 1000), 1 / PARENTS
    logs = np.cumsum(np.r_[0.0, np.log(np.arange(1, 1001))])
    c = []
    for n in range(1000):
        k = np.arange(n + 1)
        terms = logs[n] - logs[k] - logs[n - k] + k * math.log(q) + (n - k) * math.log(1 - q)
        c.append(float(np.exp(terms) @ left[: n + 1]) * q)
    return np.array(c)


def signs_of(markets: Worlds, i: int, until: int) -> np.ndarray:
    """Return the signs of the market orders of market `i`."""
    blocks: list[np.ndarray] = []
    while not markets.step(i, until, blocks.append):
        pass
    events = np.concatenate(blocks)
    executed = events[events["kind"] == int(Kind.EXECUTE)]
    first = np.unique(executed["time"], return_index=True)[1]
    return -executed["side"][first].astype(float)


def memories(alpha: float, seeds: Sequence[int]) -> np.ndarray:
    """Return f8[seeds, 1000]: mean products of signs at lags 1..1000, of markets whose parents are stationary."""
    preset = bare(pareto=alpha, parents=PARENTS, taker_rate=20.0, limit_rate=40.0)
    start, close = session_of(preset, FIRST_DAY)
    markets = new_worlds(preset, seeds, "calm", start, close)
    left, random, rows = left_at(alpha, 10**5), np.random.default_rng(1), []
    for i in range(len(seeds)):
        alive = 1 + np.searchsorted(-left, -random.random(PARENTS))  # children to come, as one meets a parent
        markets.worlds["parent"]["left"][i, :PARENTS] = alive
        s = signs_of(markets, i, start + 400 * SECOND)
        assert len(s) > 2500
        power = np.abs(np.fft.rfft(s, 1 << 15)) ** 2
        rows.append(np.fft.irfft(power)[1:1001] / (len(s) - np.arange(1, 1001)))
    return np.array(rows)


def binned(c: np.ndarray) -> np.ndarray:
    return np.stack([c[..., a - 1 : b - 1].mean(-1) for a, b in pairwise(EDGES)], axis=-1)


def exponent(c: np.ndarray) -> float:
    """Return the exponent of C ~ tau^-gamma over lags 60..1000."""
    centres = [np.log(np.arange(a, b)).mean() for a, b in pairwise(EDGES)]
    return -float(np.polyfit(centres, np.log(binned(c)), 1)[0])


def check_sign_memory(alpha: float, seeds: Sequence[int], precision: float) -> None:
    measured, expected = memories(alpha, seeds), expected_memory(alpha)
    error = binned(measured).std(axis=0, ddof=1) / math.sqrt(len(seeds))
    assert (np.abs(binned(measured).mean(axis=0) - binned(expected)) < 3 * error).all()
    again = np.random.default_rng(2).integers(0, len(seeds), (400, len(seeds)))
    means = [measured[rows].mean(axis=0) for rows in again]
    gammas = [exponent(c) for c in means if (binned(c) > 0).all()]
    assert len(gammas) > 390
    gamma, spread = exponent(measured.mean(axis=0)), float(np.std(gammas))
    assert spread < precision
    assert abs(exponent(expected) - (alpha - 1)) < 0.01  # the closed form is that power law at these lags
    assert abs(gamma - (alpha - 1)) < 3 * spread


@pytest.mark.parametrize("alpha", [1.3, 1.6])
def test_signs_remember_as_the_lengths_of_parents_say(alpha: float) -> None:
    check_sign_memory(alpha, range(100), 0.2)


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [1.3, 1.6])
def test_signs_remember_as_the_lengths_of_parents_say_to_a_twentieth(alpha: float) -> None:
    check_sign_memory(alpha, range(1000, 2000), 0.05)


@pytest.mark.parametrize("burst", [0.0, 0.4])
def test_a_burst_is_of_one_parent(burst: float) -> None:
    """Two parents without end, one that buys and one that sells: C(tau) = burst^tau."""
    preset = bare(parents=2, burst=burst, taker_rate=20.0, limit_rate=40.0)
    start, close = session_of(preset, FIRST_DAY)
    seeds = range(16)
    markets, memory = new_worlds(preset, seeds, "calm", start, close), []
    for i in seeds:
        markets.worlds["parent"]["left"][i, :2], markets.worlds["parent"]["sign"][i, :2] = 10**9, (1, -1)
        s = signs_of(markets, i, start + 200 * SECOND)
        assert len(s) > 1000
        memory.append([float((s[lag:] * s[:-lag]).mean()) for lag in (1, 2, 3)])
    mean, error = np.mean(memory, axis=0), np.std(memory, axis=0, ddof=1) / math.sqrt(len(seeds))
    assert (error < 0.02).all()
    assert (np.abs(mean - burst ** np.array([1, 2, 3])) < 3.5 * error).all()


LIFE, RATE, TAIL = 4.0, 12.0, 0.8
LEVELS = 8


def still() -> Preset:
    """Return a market in which the orders at every price are an M/M/infinity queue.

    No takers, a public value that stays, lives that do not depend on the price, constant rates; own orders that nobody
    takes hold both touches, so that the distance of a new order from the other side is a draw of one law.
    """
    p = bare(
        limit_rate=RATE, life=LIFE, life_power=0.0, placement_tail=TAIL, spread=1.0, taker_rate=0.0, sigma=0.0,
        investor_slope=0.0, activity_vol=(0.0, 0.0), u_shape=0.0, open_multiplier=1.0, depth_elasticity=0.0,
    )  # fmt: skip
    one = Regime(variance=1.0, takers=1.0, limits=1.0, life=1.0, jumps=1.0, drift=0.0)
    same = dict.fromkeys(("calm", "trending", "volatile", "thin", "news"), one)
    return p.model_copy(update={"regimes": p.regimes.model_copy(update=same)})


def queue_lengths(seeds: Sequence[int], samples: int) -> np.ndarray:
    """Return i8[n, 2, LEVELS]: orders at 1..LEVELS ticks from the other touch, eight lives between two looks."""
    preset = still()
    start, close = session_of(preset, FIRST_DAY)
    markets = new_worlds(preset, seeds, "calm", start, close)
    looks = []
    for i in range(len(seeds)):
        bid = int(markets.worlds["value"][i])
        for oid, side, price in ((1, 1, bid), (2, -1, bid + 1)):
            markets.send(i, (start, int(Action.NEW), oid, side, price, 100, 0, int(OrderKind.LIMIT)))
        for n in range(1, samples + 1):
            markets.run(i, start + n * 8 * int(LIFE * SECOND))
            assert (markets.worlds["bid"][i], markets.worlds["ask"][i]) == (bid, bid + 1)
            look = np.zeros((2, LEVELS), int)
            for book in markets.books[i * len(preset.venues) : (i + 1) * len(preset.venues)]:
                for (side, price), rows in queues(book).items():
                    away = bid - price if side > 0 else price - bid - 1
                    if away < LEVELS:
                        look[int(side < 0), away] += sum(row[0] < OWN_IDS for row in rows)
            looks.append(look)
    return np.array(looks)


def invariant(rate: float, life: float, most: int) -> np.ndarray:
    """Return pi(n) = pi(0) prod lambda_L(j-1) / (lambda_C(j) + lambda_M(j)), lambda_C(j) = j/life."""
    ratios = [rate / (j / life) for j in range(1, most + 1)]
    pi = np.cumprod(np.r_[1.0, ratios])
    return np.asarray(pi / pi.sum())


def check_queue_law(seeds: Sequence[int], samples: int) -> None:
    """Compare every level with the law: by chi-square over all levels, and by total variation.

    The share of orders that come to a level is that of its quantiles, as the market has it: 1024 of u^(-1/mu) - 1. The
    total variation of n looks lies above its mean by sqrt(log(1/p) / 2n) with a probability below p (McDiarmid 1989).
    """
    looks = queue_lengths(seeds, samples)
    n = len(looks) * 2
    beyond = np.floor(((np.arange(1024) + 0.5) / 1024) ** (-1 / TAIL)) - 1
    total = freedom = 0.0
    for away in range(LEVELS):
        law = n * invariant(RATE / 2 * float((beyond == away).mean()), LIFE, 80)
        seen = np.bincount(looks[:, :, away].ravel(), minlength=len(law)).astype(float)
        cells = np.flatnonzero(law >= 5)
        lo, hi = cells[0], cells[-1]
        expected = np.r_[law[: lo + 1].sum(), law[lo + 1 : hi], law[hi:].sum()]
        counted = np.r_[seen[: lo + 1].sum(), seen[lo + 1 : hi], seen[hi:].sum()]
        assert counted.sum() == n
        total += float(((counted - expected) ** 2 / expected).sum())
        freedom += len(expected) - 1
        mean_distance = 0.5 * math.sqrt(2 / math.pi) * float(np.sqrt(law / n * (1 - law / n) / n).sum())
        assert 0.5 * np.abs(seen - law).sum() / n < mean_distance + math.sqrt(math.log(1000 * LEVELS) / (2 * n))
    normal = ((total / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    assert abs(normal) < 3.3  # Wilson & Hilferty 1931; too good a fit would be wrong too
    independent = np.corrcoef(looks.reshape(len(looks), -1).T)
    away_from_itself = independent[~np.eye(2 * LEVELS, dtype=bool)]
    assert np.abs(away_from_itself).max() < 4.5 / math.sqrt(len(looks))


def test_queues_have_their_invariant_law() -> None:
    check_queue_law(range(8), 60)


@pytest.mark.slow
def test_queues_have_their_invariant_law_in_many_looks() -> None:
    check_queue_law(range(100, 130), 500)


@pytest.mark.parametrize("alpha", [1.3, 1.6])
def test_lengths_of_parents_are_pareto_far_into_the_tail(alpha: float) -> None:
    preset = bare(pareto=alpha, parents=PARENTS_MOST)
    markets = new_worlds(preset, [4], "calm", *session_of(preset, FIRST_DAY))
    w, value, born = markets.worlds[0], int(markets.worlds["value"][0]), []
    for _ in range(3200):  # opens of a first day: every parent is new
        close_market(markets.worlds, markets.params, markets.books, 0, NOTHING)
        w["days"], w["value"] = 0, value
        markets.open(0)
        born.append(w["parent"]["left"].copy())
    lengths = np.concatenate(born)
    n = len(lengths)
    for least in (2, 10, 50, 150, 182, 250, 350, 500, 700, 1000):
        expected = least**-alpha
        error = math.sqrt(expected * (1 - expected) / n)
        assert abs((lengths >= least).mean() - expected) < 3.5 * error + 0.5 / CELLS * (expected > 1 / CELLS)
