"""Causes: a stream, a number, a clock and a rate for each, like `causes`."""

from nowake.core.draws import Draws
from nowake.core.streams import stream_key
from nowake.market.world.causes import CAUSES, CLOCKS, FAR, NAMES, NEVER, RARE

__all__ = ["Causes", "mix"]

_WORD = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15


def mix(x: int, y: int) -> int:
    """Return the 64-bit digest of two words, like `bits.mix` but without a sign."""
    z = (x * _GOLDEN + y + _GOLDEN) & _WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return z ^ (z >> 31)


class Causes:
    """Streams, event numbers, due times (ns) and rates (per second) of the causes of one market."""

    def __init__(self, seed: int) -> None:
        self.keys = [stream_key(seed, f"world/{name}") for name in NAMES]
        self.draws = [Draws(0) for _ in range(CAUSES)]
        self.number = [0] * CAUSES
        self.due = [NEVER] * CLOCKS
        self.rate = [0.0] * CLOCKS

    def rekey(self, cause: int, k: int) -> Draws:
        """Return the draws of `cause` at the start of its event `k`."""
        self.draws[cause].counter = mix(self.keys[cause], k)
        return self.draws[cause]

    def turn(self, cause: int) -> Draws:
        """Begin the next event of `cause`; returns its draws."""
        self.number[cause] += 1
        return self.rekey(cause, self.number[cause])

    def again(self, cause: int, now: int) -> None:
        """Draw when `cause` acts next."""
        wait = self.draws[cause].exponential() * 1e9 / max(self.rate[cause], RARE)
        self.due[cause] = now + int(min(wait, FAR))

    def pace(self, cause: int, rate: float, now: int) -> None:
        """Give `cause` a new rate; its waiting time is carried over."""
        rate = max(rate, RARE)
        wait = (self.due[cause] - now) * (max(self.rate[cause], RARE) / rate)
        self.due[cause] = now + int(min(wait, FAR))
        self.rate[cause] = rate

    def first(self) -> int:
        """Return the cause that is due first, of several the one with the lowest number."""
        return min(range(CLOCKS), key=self.due.__getitem__)
