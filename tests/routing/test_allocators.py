"""Every dark allocator keeps one contract, and its regret against the oracle falls as theory says."""

from collections.abc import Callable

import numpy as np
import pytest

from nowake.core.errors import InputError
from nowake.core.jit import jit_disabled
from nowake.routing.allocator import Allocator, apportion
from nowake.routing.conformance import LAWS, check_allocator
from nowake.routing.exponentiated import Exponentiated
from nowake.routing.fractions import Fractions
from nowake.routing.greedy import Greedy
from nowake.routing.pools import CensoredPools, PoolLaw
from nowake.routing.regret import Regret, regret
from nowake.routing.thompson import Thompson

MAKERS: dict[str, Callable[[int, int], Allocator]] = {
    "greedy": Greedy,
    "fractions": lambda pools, _: Fractions(pools),
    "exponentiated": lambda pools, _: Exponentiated(pools),
    "thompson": lambda pools, _: Thompson(pools),
}


class Equal:
    """Learns nothing."""

    def __init__(self, pools: int, _: int) -> None:
        self.pools = pools

    def allocate(self, volume: int) -> np.ndarray:
        return apportion(np.full(self.pools, 1 / self.pools), volume)

    def heard(self, sent: object, filled: object) -> None:
        pass


@pytest.mark.parametrize("name", MAKERS)
def test_every_allocator_keeps_the_contract(name: str) -> None:
    check_allocator(MAKERS[name], rounds=300 if jit_disabled() and name == "thompson" else 1500)


def test_the_checker_refuses_who_does_not_learn_and_who_gives_too_much() -> None:
    with pytest.raises(AssertionError, match="equal split"):
        check_allocator(Equal)

    class Generous(Equal):
        def allocate(self, volume: int) -> np.ndarray:
            return np.full(self.pools, volume, np.int64)

    with pytest.raises(AssertionError, match="at most"):
        check_allocator(Generous)


@pytest.mark.parametrize(("name", "slowest"), [("greedy", -0.6), ("fractions", -0.5), ("exponentiated", -0.45)])
def test_regret_per_round_falls_at_least_as_fast_as_theory_says(name: str, slowest: float) -> None:
    # O(sqrt T) in all is -1/2 per round; the greedy, which learns the law itself, is quicker.
    found = regret(MAKERS[name](len(LAWS), 40), CensoredPools(LAWS, 6), 40, 4000)
    average = found.average()
    assert found.exponent() <= slowest
    assert average[-1] < 0.01 * found.oracle
    assert average[-1] < average[19] / 15
    assert [n for n, _ in found.rows()][-3:] == [500, 1000, 2000]


@pytest.mark.skipif(jit_disabled(), reason="minutes without the compiler")
def test_regret_of_the_routers_own_allocation_falls() -> None:
    found = regret(Thompson(len(LAWS)), CensoredPools(LAWS, 6), 40, 4000)
    assert found.exponent() < -0.5
    assert found.per_round[-500:].mean() < 0.02 * found.oracle


def test_a_constant_step_follows_pools_that_change() -> None:
    laws = (PoolLaw(0.1, 0.5, 60), PoolLaw(0.9, 0.5, 60))
    tracking = Fractions(2, step=0.05, power=0.0)
    for order, seed in ((laws, 1), (laws[::-1], 2)):
        pools = CensoredPools(order, seed)
        for _ in range(1500):
            sent = tracking.allocate(40)
            tracking.heard(sent, pools.fill(sent))
        assert tracking.shares[0 if order is laws else 1] > 0.6


def test_pools_fill_by_their_law() -> None:
    pools = CensoredPools((PoolLaw(0.4, 1.0, 3),), seed=2)
    filled = [int(pools.fill(np.array([5]))[0]) for _ in range(20_000)]
    found = np.bincount(filled, minlength=4) / len(filled)
    assert found == pytest.approx(pools.laws[0].masses(), abs=0.01)
    assert pools.tails()[0].tolist() == pytest.approx([0.6, 0.6 * 5 / 11, 0.6 * 2 / 11])


def test_regret_of_the_oracle_itself_is_none() -> None:
    pools = CensoredPools(LAWS, 6)

    class Oracle(Equal):
        def allocate(self, volume: int) -> np.ndarray:
            return np.array(pools.oracle(volume).shares)

    found = regret(Oracle(4, 40), pools, 40, 10)
    assert found.per_round.tolist() == pytest.approx([0.0] * 10, abs=1e-12)
    assert np.isnan(Regret(1.0, np.zeros(500)).exponent())


@pytest.mark.parametrize(
    "call",
    [
        lambda: Greedy(0, 5),
        lambda: Fractions(2, rebates=(1.0, 0.0)),
        lambda: Exponentiated(2, floor=0.5),
        lambda: Thompson(99),
        lambda: PoolLaw(1.2, 1, 5),
        lambda: CensoredPools((), 1),
        lambda: regret(Equal(4, 40), CensoredPools(LAWS, 1), 40, 0),
        lambda: Fractions(2).allocate(-1),
        lambda: Fractions(2).heard((1, 1), (2, 0)),
    ],
)
def test_impossible_input_is_refused(call: Callable[[], object]) -> None:
    with pytest.raises(InputError, match="expected"):
        call()
