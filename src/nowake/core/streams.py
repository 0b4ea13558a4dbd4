"""Named, counter-based random streams from one seed: one per cause, so that changing one leaves the others alone.

Outside kernels a stream is a numpy Generator over Philox. Inside kernels it is a 64-bit counter in the state record,
advanced by `next_uniform` (SplitMix64: Steele, Lea & Flood 2014).
"""

import hashlib

import numpy as np

__all__ = ["generator", "stream_key"]


def stream_key(seed: int, name: str) -> int:
    """Return the 64-bit key of stream `name` under `seed`: the start counter of a kernel stream."""
    digest = hashlib.blake2b(name.encode(), digest_size=8, key=int(seed).to_bytes(16, "little", signed=True)).digest()
    return int.from_bytes(digest, "little")


def generator(seed: int, name: str) -> np.random.Generator:
    """Return the numpy Generator of stream `name` under `seed`."""
    return np.random.Generator(np.random.Philox(key=stream_key(seed, name)))
