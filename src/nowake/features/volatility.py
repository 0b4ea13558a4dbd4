"""Mids on a grid of time, and from them realised and two-scale volatility.

Sample j is the mid in force at time j x width. Realised variance is the sum of n squared returns of the grid; the
two-scale estimate takes out the noise of quotes (Zhang, Mykland & Ait-Sahalia 2005):

    TS = (RV_K - m/n RV) / (1 - m/n),   RV_K = 1/K sum (x[i] - x[i-K])^2,   m = (n - K + 1) / K,   K = 8

A return is 2 (a - b) / (a + b). Values are scaled to the whole window while it fills. Units: bp over the window.
"""

# mypy: disable-error-code="no-untyped-def"
import math

import numpy as np

from nowake.core.jit import inline, kernel
from nowake.features.state import SAMPLES, WIDTH

__all__ = ["SPARSE", "measure", "sample_until", "start_grid"]

SPARSE = 8
_RETURNS = SAMPLES - 1
_WIDTH = np.array(WIDTH, np.int64)


@inline
def start_grid(f, t):
    """Let the first sample of every grid fall on its first time from `t` on."""
    for g in range(3):
        width = _WIDTH[g]
        f.next_sample[g] = (t + width - 1) // width * width


@kernel
def _fill(f, g, t):
    """Note the mid in force at every time of grid `g` before `t`; more than a window of it is noted once."""
    width = _WIDTH[g]
    n = (t - f.next_sample[g] + width - 1) // width
    f.next_sample[g] += n * width
    if n > SAMPLES:
        f.samples[g] += n - SAMPLES
        n = np.int64(SAMPLES)
    for _ in range(n):
        f.sampled[g * SAMPLES + f.samples[g] % SAMPLES] = f.mid2
        f.samples[g] += 1


@inline
def sample_until(f, t):
    """Note the mid in force at every grid time before `t`; to be called before the mid changes at `t`."""
    for g in range(3):
        if f.next_sample[g] < t:
            _fill(f, g, t)


@inline
def _change(f, g, i, lag):
    """Return the return from sample i - lag to sample i of grid `g`, numbered from the first ever."""
    a, b = f.sampled[g * SAMPLES + i % SAMPLES], f.sampled[g * SAMPLES + (i - lag) % SAMPLES]
    return 2.0 * (a - b) / (a + b)


@kernel
def measure(f, g):
    """Compute realised and two-scale volatility of grid `g`, unless its samples are those of the last time."""
    last = f.samples[g] - 1
    if f.measured[g] == f.samples[g]:
        return
    f.measured[g] = f.samples[g]
    n = min(last, _RETURNS)
    if n < 1:
        return
    every, sparse = 0.0, 0.0
    for i in range(last - n + 1, last + 1):
        r = _change(f, g, i, 1)
        every += r * r
    for i in range(last - n + SPARSE, last + 1):
        r = _change(f, g, i, SPARSE)
        sparse += r * r
    f.realised[g] = 1e4 * math.sqrt(every * _RETURNS / n)
    if n >= 2 * SPARSE:
        m = (n - SPARSE + 1) / SPARSE / n
        scaled = (sparse / SPARSE - m * every) / (1.0 - m) * _RETURNS / n
        f.two_scale[g] = 1e4 * math.sqrt(scaled) if scaled > 0.0 else 0.0
