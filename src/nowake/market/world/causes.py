"""Who acts: a number, a clock and a random stream of its own per cause.

Before event number k of a cause its stream is set to a hash of (seed, cause, k), so that what it draws does not depend
on how much any cause drew before. Two runs from one seed, with and without our order, stay aligned event by event.
"""

from typing import Any

import numpy as np

from nowake.book.bits import mix
from nowake.core.draws import next_exponential
from nowake.core.jit import inline

__all__ = [
    "ACTIVITY",
    "AUCTION",
    "BUYERS",
    "CAUSES",
    "CLOCKS",
    "FADES",
    "FOLLOWERS",
    "INFORMED",
    "JUMPS",
    "LATENT",
    "LIMITS",
    "NAMES",
    "NEVER",
    "OFFBOOK",
    "OWN",
    "PARENTS",
    "RARE",
    "REPRICE",
    "SELLERS",
    "START",
    "TAKERS",
    "VALUE",
    "WAKE",
    "again",
    "pace",
    "rekey",
    "turn",
]

NAMES = (
    *("limits", "takers", "value", "jumps", "informed", "sellers", "buyers", "activity", "own"),  # these have clocks,
    *("followers", "offbook"),  # these too
    *("parents", "reprice", "wake", "latent", "start", "auction"),
)
LIMITS, TAKERS, VALUE, JUMPS, INFORMED, SELLERS, BUYERS, ACTIVITY, OWN, FOLLOWERS, OFFBOOK = range(11)
PARENTS, REPRICE, WAKE, LATENT, START, AUCTION = range(11, 17)
CAUSES, CLOCKS = len(NAMES), 11
NEVER = 2**62
FADES = 1 << 40  # of WAKE: what orders draw after a trade is keyed apart from what they draw at any price
RARE, FAR = 1e-9, 9e17  # rates below are none: per second; waiting times beyond are cut: ns, 28 years


@inline
def rekey(w: Any, cause: int, k: Any) -> None:
    """Set the stream of `cause` to the start of its event `k`."""
    w.stream[cause] = np.uint64(mix(w.key[cause], k))


@inline
def again(w: Any, cause: int) -> None:
    """Draw when `cause` acts next, from its stream and its rate."""
    w.due[cause] = w.now + np.int64(min(next_exponential(w, cause) * 1e9 / max(w.rate[cause], RARE), FAR))


@inline
def pace(w: Any, cause: int, rate: Any) -> None:
    """Give `cause` a new rate (per second); its waiting time is carried over."""
    rate = max(rate, RARE)
    w.due[cause] = w.now + np.int64(min((w.due[cause] - w.now) * (max(w.rate[cause], RARE) / rate), FAR))
    w.rate[cause] = rate


@inline
def turn(w: Any, cause: int) -> Any:
    """Begin the next event of `cause`; returns its number, from 1."""
    w.number[cause] += 1
    rekey(w, cause, w.number[cause])
    return w.number[cause]
