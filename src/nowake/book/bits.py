"""Bit work on 64-bit words held as int64: lowest and highest set bit, masks, and wrapping hashes.

Compiled, the bit searches are single instructions (LLVM cttz/ctlz) and products wrap; with the compiler off the same
functions are plain Python on unsigned integers, so that nothing overflows with a warning. Words are int64 because
Numba turns mixed int64/uint64 arithmetic into floats.
"""

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from nowake.core.jit import inline, jit_disabled

__all__ = ["bit", "highest", "lowest", "mix", "scramble", "up_to"]

_WORD = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15  # 2**64 / golden ratio, Knuth's multiplicative hash
_MIX1, _MIX2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB  # SplitMix64 finaliser: Steele, Lea & Flood 2014

if jit_disabled():

    def _signed(x: int) -> np.int64:
        x &= _WORD
        return np.int64(x - (1 << 64) if x >> 63 else x)

    def lowest(word: Any) -> Any:
        """Return the index of the lowest set bit of a word that is not 0."""
        w = int(word) & _WORD
        return (w & -w).bit_length() - 1

    def highest(word: Any) -> Any:
        """Return the index of the highest set bit of a word that is not 0."""
        return (int(word) & _WORD).bit_length() - 1

    def bit(k: Any) -> Any:
        """Return the word with only bit `k` set."""
        return _signed(1 << int(k))

    def up_to(word: Any, k: Any) -> Any:
        """Return `word` with only its bits 0..k kept; k = -1 keeps none."""
        return _signed(int(word) & ((1 << (int(k) + 1)) - 1))

    def scramble(x: Any) -> Any:
        """Return x times the golden ratio, wrapping: its high bits are a good hash."""
        return _signed(int(x) * _GOLDEN)

    def mix(x: Any, y: Any) -> Any:
        """Return a 64-bit digest of two words (SplitMix64 over x advanced by y)."""
        z = (int(x) * _GOLDEN + int(y) + _GOLDEN) & _WORD
        z = ((z ^ (z >> 30)) * _MIX1) & _WORD
        z = ((z ^ (z >> 27)) * _MIX2) & _WORD
        return _signed(z ^ (z >> 31))

else:

    @intrinsic
    def lowest(typingctx: Any, word: Any) -> Any:  # noqa: ARG001
        """Return the index of the lowest set bit of a word that is not 0."""

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
            return builder.cttz(args[0], context.get_constant(types.boolean, True))

        return types.int64(types.int64), code

    @intrinsic
    def highest(typingctx: Any, word: Any) -> Any:  # noqa: ARG001
        """Return the index of the highest set bit of a word that is not 0."""

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:  # noqa: ARG001
            zeros = builder.ctlz(args[0], context.get_constant(types.boolean, True))
            return builder.sub(context.get_constant(types.int64, 63), zeros)

        return types.int64(types.int64), code

    @inline
    def bit(k: Any) -> Any:
        """Return the word with only bit `k` set."""
        return np.int64(1) << np.int64(k)

    @inline
    def up_to(word: Any, k: Any) -> Any:
        """Return `word` with only its bits 0..k kept; k = -1 keeps none."""
        return word & ((np.int64(2) << np.int64(k)) - np.int64(1)) if k >= 0 else np.int64(0)

    @inline
    def scramble(x: Any) -> Any:
        """Return x times the golden ratio, wrapping: its high bits are a good hash."""
        return np.int64(x) * np.int64(-7046029254386353131)

    @inline
    def mix(x: Any, y: Any) -> Any:
        """Return a 64-bit digest of two words (SplitMix64 over x advanced by y)."""
        z = np.uint64(np.int64(x) * np.int64(-7046029254386353131) + np.int64(y) + np.int64(-7046029254386353131))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.int64(z ^ (z >> np.uint64(31)))
