"""The least execution that a hidden order should accept.

A larger minimum keeps pings out and raises the information-free part of what fills, but forgoes small contras:
gain(m) = sum over size steps j from m on of P(EDGES[j-1] <= S < EDGES[j]) min(size, q) (gain + mark-out of that
size). Every step's part does not depend on m, so the best minimum is where the sum from the top is largest.
"""

from typing import Any

import numpy as np

from nowake.core.jit import inline, kernel
from nowake.routing.tails import hazard, reached
from nowake.routing.toxicity import expected_mark, size_class
from nowake.routing.venues import EDGES

__all__ = ["least_execution", "mark_of_size"]

NEAR = 10.0  # fills of one size class that count as much as the mean of the pool
_EDGES = np.array(EDGES, np.int64)


@inline
def mark_of_size(v: Any, lots: Any) -> Any:
    """Return the expected mark-out of a fill of `lots`: that of its size class, drawn towards the pool's."""
    c = size_class(lots)
    return (v.nears[c] * v.near[c] + NEAR * expected_mark(v)) / (v.nears[c] + NEAR)


@kernel
def least_execution(v: Any, p: Any, quantity: Any, gain: Any) -> Any:
    """Return the least execution in shares (0: any) for `quantity`; `gain`: ticks per share, mark-outs apart."""
    steps = reached(quantity // p.lot)
    alive, total, best, at = 1.0, 0.0, 0.0, 0
    before = 0.0  # what the steps below have summed to: the best minimum leaves out the lowest such sum
    for j in range(steps):
        alive *= 1.0 - hazard(v, j, 0.0)
        mass = alive * hazard(v, j + 1, 0.0) if j + 1 < steps else alive
        if before < best:
            best, at = before, j
        total += mass * _EDGES[j] * (gain + mark_of_size(v, _EDGES[j]))
        before = total
    return np.int64(_EDGES[at] * p.lot if at > 0 else 0)
