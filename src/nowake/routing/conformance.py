"""The public checker that every dark allocator passes; use it on your own before you hand it to the router."""

from collections.abc import Callable

import numpy as np

from nowake.routing.allocator import Allocator
from nowake.routing.pools import CensoredPools, PoolLaw
from nowake.routing.regret import regret

__all__ = ["LAWS", "check_allocator"]

LAWS = (PoolLaw(0.3, 1.2, 40), PoolLaw(0.6, 0.8, 60), PoolLaw(0.85, 0.5, 80), PoolLaw(0.95, 2.0, 20))
_VOLUMES = (0, 1, 2, 7, 40)


def _check_units(allocator: Allocator, pools: int, volume: int) -> None:
    sent = allocator.allocate(volume)
    assert sent.dtype == np.int64, f"whole units (expected int64, got {sent.dtype})"
    assert sent.shape == (pools,), f"a number per pool (expected {(pools,)}, got {sent.shape})"
    assert np.all(sent >= 0), f"units of 0 or more, got {sent}"
    assert sent.sum() <= volume, f"at most {volume} units, got {sent.sum()}"


def check_allocator(make: Callable[[int, int], Allocator], *, rounds: int = 1500, volume: int = 40) -> None:
    """Raise AssertionError unless `make(pools, most units)` keeps the contract, repeats itself, and learns.

    Learning: over the last fifth of `rounds` it is expected to fill more than an equal split, and its average regret
    falls below half of that of the first twentieth.
    """
    pools = len(LAWS)
    for asked in _VOLUMES:
        one, other = make(pools, volume), make(pools, volume)
        hidden, same = CensoredPools(LAWS, 5), CensoredPools(LAWS, 5)
        for _ in range(30):
            _check_units(one, pools, asked)
            sent, again = one.allocate(asked), other.allocate(asked)
            other.allocate(asked)
            assert np.array_equal(sent, again), f"another answer to the same history: {sent} and {again}"
            one.heard(sent, hidden.fill(sent))
            other.heard(again, same.fill(again))
    found = regret(make(pools, volume), CensoredPools(LAWS, 6), volume, rounds)
    even = CensoredPools(LAWS, 6).expected(np.full(pools, volume // pools))
    late, early = found.per_round[-rounds // 5 :].mean(), found.per_round[: rounds // 20].mean()
    assert found.oracle - late > even, f"fills {found.oracle - late:.3f} a round, an equal split {even:.3f}"
    assert late < early / 2 or late < 0.01 * found.oracle, f"regret fell only from {early:.4f} to {late:.4f} a round"
