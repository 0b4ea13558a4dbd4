"""What each venue tells the market: the drift of the mid after a decision, regressed on where it went.

No twin is needed: the router's draws send some decisions to a pool and some not, which is the experiment. drift =
alpha + sum_v beta_v 1{v was sent shares} + noise, fitted by recursive least squares (Plackett 1950) with a small
random walk of beta, so that it follows change. The drift is signed (positive: against us), in ticks, over the first
minutes after the decision and before the next own fill, as the caller measures it.
"""

from math import sqrt
from typing import Any

from nowake.core.jit import inline, kernel
from nowake.routing.venues import EXTRA

__all__ = ["drifted", "leak_of"]

WALK = 1e-6  # growth of the covariance per decision: about a thousand of them are remembered
ENOUGH = 30.0  # decisions before a leak is believed
MEMORY = 0.995


@kernel
def drifted(stats: Any, i: Any, routed: Any, drift: Any) -> None:
    """Learn from one decision: `routed` u1[PLACES] (1 where shares were sent) and the signed drift after it."""
    s = stats[i]
    if s.drifts == 0.0:
        for a in range(EXTRA):
            s.cov[a, a] = 1.0
    error, scale = drift - s.beta[EXTRA - 1], 1.0
    for a in range(EXTRA):
        s.swing[a] = s.cov[a, EXTRA - 1]
        for b in range(EXTRA - 1):
            if routed[b] != 0:
                s.swing[a] += s.cov[a, b]
    for b in range(EXTRA - 1):
        if routed[b] != 0:
            error -= s.beta[b]
            scale += s.swing[b]
    scale += s.swing[EXTRA - 1]
    s.drifts += 1.0
    s.residual += (error * error / scale - s.residual) * max(1.0 / s.drifts, 1.0 - MEMORY)
    for a in range(EXTRA):
        s.beta[a] += s.swing[a] * error / scale
        for b in range(EXTRA):
            s.cov[a, b] -= s.swing[a] * s.swing[b] / scale
        s.cov[a, a] += WALK


@inline
def leak_of(s: Any, k: Any) -> Any:
    """Return what leaks at place `k` in ticks, less one standard error; 0 where that is below 0, or little is known.

    Less an error, because it is multiplied by what is left of the parent.
    """
    leak = 0.0
    if s.drifts >= ENOUGH and s.cov[k, k] > 0.0:
        leak = max(s.beta[k] - sqrt(s.residual * s.cov[k, k]), 0.0)
    return leak
