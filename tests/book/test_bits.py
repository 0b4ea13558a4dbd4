"""Bit searches and hashes are the same compiled and not."""

import numpy as np
import pytest

from nowake.book.bits import bit, highest, lowest, mix, scramble, up_to
from nowake.core.jit import kernel

_WORD = 2**64 - 1


@kernel
def everything_up_to(word, k):
    return up_to(word, k)


@kernel
def everything(word, k):
    return lowest(word), highest(word), bit(k), up_to(word, k), scramble(word), mix(word, k)


def signed(x: int) -> int:
    x &= _WORD
    return x - 2**64 if x >> 63 else x


@pytest.mark.parametrize("word", [1, 2, 3, 2**62, -(2**63), -1, 0x0F0F0F0F0F0F0F0F, -(2**40) - 12345])
@pytest.mark.parametrize("k", [0, 1, 31, 62, 63])
def test_bits(word: int, k: int) -> None:
    unsigned = word & _WORD
    low, high, one, kept, hashed, mixed = map(int, everything(np.int64(word), np.int64(k)))
    assert 1 << low == unsigned & -unsigned
    assert 1 << high <= unsigned < 2 << high
    assert one == signed(1 << k)
    assert kept == signed(unsigned & ((2 << k) - 1))
    assert hashed == signed(word * 0x9E3779B97F4A7C15)
    z = (word * 0x9E3779B97F4A7C15 + k + 0x9E3779B97F4A7C15) & _WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    assert mixed == signed(z ^ (z >> 31))


def test_nothing_is_kept_below_bit_0() -> None:
    assert everything_up_to(np.int64(-1), np.int64(-1)) == 0
