"""Exponential decay of the sums of a FEATURES record: lazily, by one exponential for all scales."""

# mypy: disable-error-code="no-untyped-def"
import math

from nowake.core.jit import inline, kernel

__all__ = ["bring_forward", "decays", "elapsed", "level_shares"]

_SLOWEST = 1.0 / 4096e9  # per ns


@inline
def decays(dt):
    """Return exp(-dt / tau) of a time `dt` in ns for tau = 1, 8, 64, 512, 4096 s: exp(-x) and powers of eight of it."""
    d4096 = math.exp(-dt * _SLOWEST)
    x = d4096 * d4096
    x = x * x
    d512 = x * x
    x = d512 * d512
    x = x * x
    d64 = x * x
    x = d64 * d64
    x = x * x
    d8 = x * x
    x = d8 * d8
    x = x * x
    return x * x, d8, d64, d512, d4096


@inline
def elapsed(f, t):
    """Return the ns from the last decay to `t`, 0 if `t` lies before."""
    return max(t - f.decayed, 0)


@inline
def _touch_shares(f):
    return 0.5 * (f.shown[0] + f.shown[1])


@inline
def level_shares(f):
    """Return the mean shares of a level now, 0 without levels."""
    n = f.levels[0] + f.levels[1]
    return (f.depth_total[0] + f.depth_total[1]) / n if n > 0 else 0.0


@inline
def bring_forward(f, t):
    """Decay every sum of the record to time `t`; time-weighted means take in what stood until now."""
    if t > f.decayed:
        _decay(f, t)


@kernel
def _decay(f, t):
    dt = t - f.decayed
    d1, d8, d64, d512, d4096 = decays(dt)
    f.decayed = t
    f.ofi[0] *= d1
    f.ofi[1] *= d8
    f.ofi[2] *= d64
    f.arrivals[0] *= d1
    f.arrivals[1] *= d8
    f.arrivals[2] *= d64
    f.variance[0] *= d64
    f.variance[1] *= d512
    f.variance[2] *= d4096
    if f.started != 0:
        f.depth_mean = f.depth_mean * d512 + _touch_shares(f) * (1.0 - d512)
    if f.depth != 0:
        f.deep[0] *= d1
        f.deep[1] *= d8
        f.deep[2] *= d64
        if f.started != 0:
            f.level_mean = f.level_mean * d512 + level_shares(f) * (1.0 - d512)
    f.traded *= d512
    f.own *= d512
    f.own_weight *= d64
    f.own_signed *= d64
    f.own_moved *= d64
    f.dark_sent *= d4096
    f.dark_done *= d4096
    f.dark_marked *= d4096
    f.dark_weight *= d4096
