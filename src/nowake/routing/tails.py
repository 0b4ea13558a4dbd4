"""The learnt tail of a pool inside kernels: Kaplan-Meier on geometric size steps, with a Beta posterior per step.

Each step's hazard h_j = P(S < EDGES[j] | S >= EDGES[j - 1]) has discounted counts `ended` of `risk` and a prior of
weight 2: one half at the first step (an empty pool), then a power law P(S >= s) ~ s^-0.6. Independent Beta hazards
are conjugate to right-censored fills (Walker & Muliere 1997, beta-Stacy). A draw moves all hazards of a pool by one
normal deviate.
"""

from math import sqrt
from typing import Any

import numpy as np

from nowake.core.draws import next_uniform
from nowake.core.jit import inline, kernel
from nowake.routing.venues import EDGES, SIZES

__all__ = ["hazard", "heard_pool", "normal", "reached", "survives"]

PRIOR = 2.0
_EDGES = np.array(EDGES, np.int64)
_FIRST = np.array([0.5] + [1.0 - (EDGES[j - 1] / EDGES[j]) ** 0.6 for j in range(1, SIZES)])


@inline
def normal(d: Any) -> Any:
    """Return a draw of mean zero and deviation one between -3 and 3: three uniforms (Irwin-Hall)."""
    u = next_uniform(d, 0)
    u += next_uniform(d, 0)
    u += next_uniform(d, 0)
    return 2.0 * u - 3.0


@inline
def reached(lots: Any) -> Any:
    """Return how many size steps `lots` cover."""
    j = 0
    while j < SIZES and _EDGES[j] <= lots:
        j += 1
    return j


@inline
def hazard(v: Any, j: Any, z: Any) -> Any:
    """Return the hazard of step `j` at `z` posterior deviations on the optimistic side."""
    weight = v.risk[j] + PRIOR
    h = (v.ended[j] + PRIOR * _FIRST[j]) / weight
    h -= z * sqrt(h * (1.0 - h) / (weight + 1.0))
    return min(max(h, 0.0), 1.0)


@inline
def survives(v: Any, j: Any) -> Any:
    """Return the mean P(S >= EDGES[j - 1])."""
    t = 1.0
    for m in range(j):
        t *= 1.0 - hazard(v, m, 0.0)
    return t


@kernel
def _below_minimum(v: Any, steps: Any) -> None:
    """Nothing filled because less than the minimum of `steps` was there: spread the ending by what is known.

    Interval censoring (Turnbull 1976), one step of self-consistency.
    """
    end = survives(v, steps)
    inside, t = max(1.0 - end, 1e-12), 1.0
    for j in range(steps):
        after = t * (1.0 - hazard(v, j, 0.0))
        v.risk[j] += (t - end) / inside
        v.ended[j] += (t - after) / inside
        t = after


@kernel
def heard_pool(v: Any, p: Any, sent: Any, filled: Any, minimum: Any) -> None:
    """Learn from one hidden order: what it was sent, what filled, and the least execution that it allowed."""
    for j in range(SIZES):
        v.risk[j] *= p.discount
        v.ended[j] *= p.discount
    asked, got, least = reached(sent // p.lot), reached(filled // p.lot), reached(minimum // p.lot)
    if filled == 0 and least > 1:
        _below_minimum(v, min(least, asked))
        return
    for j in range(min(got + 1, asked)):
        v.risk[j] += 1.0
    if got < asked:
        v.ended[got] += 1.0
