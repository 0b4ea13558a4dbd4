"""Random draws inside kernels, from the 64-bit counters in a state record's nested array `stream`.

Only integer arithmetic, IEEE multiplication and comparisons: the same seed gives the same draws on every platform.
The twins at the end are plain Python, for reference models and tests.
"""

from typing import Any

import numpy as np

from nowake.core.jit import inline, jit_disabled

__all__ = ["Draws", "next_below", "next_exponential", "next_uniform"]

GAMMA = 0x9E3779B97F4A7C15
MIX1 = 0xBF58476D1CE4E5B9
MIX2 = 0x94D049BB133111EB
_MASK = 2**64 - 1
_GAMMA, _MIX1, _MIX2 = np.uint64(GAMMA), np.uint64(MIX1), np.uint64(MIX2)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 2.0**-53


def _finish(z: int) -> float:
    """Return the uniform of a counter (the finaliser of SplitMix64) in Python integers."""
    z = ((z ^ (z >> 30)) * MIX1) & _MASK
    z = ((z ^ (z >> 27)) * MIX2) & _MASK
    return ((z ^ (z >> 31)) >> 11) * _UNIT


if jit_disabled():

    def next_uniform(b: Any, k: int) -> float:
        """Return a uniform in [0, 1), like the kernel; Python integers, because numpy's warn where they wrap."""
        b.stream[k] = np.uint64((int(b.stream[k]) + GAMMA) & _MASK)
        return _finish(int(b.stream[k]))

else:

    @inline
    def next_uniform(b: Any, k: int) -> float:
        """Return a uniform in [0, 1) of 53 bits; advances `b.stream[k]` (SplitMix64, Steele et al. 2014)."""
        b.stream[k] += _GAMMA
        z = b.stream[k]
        z = (z ^ (z >> _S30)) * _MIX1
        z = (z ^ (z >> _S27)) * _MIX2
        z = z ^ (z >> _S31)
        return np.int64(z >> _S11) * _UNIT


@inline
def next_below(b: Any, k: int, n: int) -> Any:
    """Return an integer in 0..n-1, n below 2^32 (bias below 2^-21)."""
    return np.int64(next_uniform(b, k) * n)


@inline
def next_exponential(b: Any, k: int) -> float:
    """Return an exponential of mean one by comparing uniforms only (von Neumann 1951), without a logarithm."""
    whole = 0.0
    while True:
        first = next_uniform(b, k)
        last, odd = first, True
        while True:
            after = next_uniform(b, k)
            if after >= last:
                break
            last, odd = after, not odd
        if odd:
            return whole + first
        whole += 1.0


class Draws:
    """One stream in plain Python: the readable twin of the three kernels above."""

    def __init__(self, key: int) -> None:
        self.counter = key & _MASK

    def uniform(self) -> float:
        """Return the next uniform in [0, 1)."""
        self.counter = (self.counter + GAMMA) & _MASK
        return _finish(self.counter)

    def below(self, n: int) -> int:
        """Return the next integer in 0..n-1."""
        return int(self.uniform() * n)

    def exponential(self) -> float:
        """Return the next exponential of mean one."""
        whole = 0.0
        while True:
            run = [self.uniform()]
            while (after := self.uniform()) < run[-1]:
                run.append(after)
            if len(run) % 2:
                return whole + run[0]
            whole += 1.0
