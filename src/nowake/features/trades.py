"""A print: signed volume by slots, sign averages, intensity, VPIN.

Prints of one instant and one sign are one aggressive order. Volume-synchronised probability of informed trading after
Easley, Lopez de Prado & O'Hara 2012: buckets of equal volume V, each split in bulk by the standardised price change z
over it, V Phi(z) bought; |bought - sold| / V = |2 Phi(z) - 1| = |erf(z / sqrt 2)|. The deviation of z is that of all
buckets so far, this one included.
"""

# mypy: disable-error-code="no-untyped-def"
import math

import numpy as np

from nowake.core.jit import inline, kernel
from nowake.features.decay import bring_forward
from nowake.features.state import BUCKETS, SLOTS, WIDTH

__all__ = ["SIGN_SPANS", "auction", "roll", "trade"]

SIGN_SPANS = (10, 100, 1000, 10_000)
_WIDTH = np.array(WIDTH, np.int64)
_SHARES = tuple(1.0 / n for n in SIGN_SPANS)
_S0, _S1, _S2, _S3 = _SHARES
_ROOT_HALF = math.sqrt(0.5)


@kernel
def _roll_slots(f, g, t):
    """Let the window of scale `g` end with the slot that holds `t`: older slots leave it."""
    width = _WIDTH[g]
    n = (t - f.slot_end[g]) // width + 1
    f.slot_end[g] += n * width
    for _ in range(min(n, SLOTS)):
        f.slot_now[g] = (f.slot_now[g] + 1) % SLOTS
        s = g * SLOTS + f.slot_now[g]
        f.flow[g] -= f.slot_flow[s]
        f.total[g] -= f.slot_total[s]
        f.slot_flow[s] = 0
        f.slot_total[s] = 0


@inline
def roll(f, t):
    """Bring all flow windows to `t`."""
    for g in range(3):
        if t >= f.slot_end[g]:
            _roll_slots(f, g, t)


@inline
def _count(f, t, quantity, sign):
    """Add to volume, windows and averages."""
    roll(f, t)
    for g in range(3):
        s = g * SLOTS + f.slot_now[g]
        f.flow[g] += sign * quantity
        f.total[g] += quantity
        f.slot_flow[s] += sign * quantity
        f.slot_total[s] += quantity
    if t == f.trade_time and sign == f.trade_sign and f.trades > 0:
        return
    f.trade_time = t
    f.trade_sign = sign
    f.trades += 1
    f.arrivals[0] += 1.0
    f.arrivals[1] += 1.0
    f.arrivals[2] += 1.0
    if sign != 0:
        f.signed += 1
        f.sign[0] += (sign - f.sign[0]) * _S0
        f.sign[1] += (sign - f.sign[1]) * _S1
        f.sign[2] += (sign - f.sign[2]) * _S2
        f.sign[3] += (sign - f.sign[3]) * _S3


@kernel
def _fill_buckets(f, price2, quantity):
    """Pour a print into the volume buckets."""
    if f.buckets == 0 and f.bucket_filled == 0:
        f.bucket_open2 = price2
    left = quantity
    while f.bucket_filled + left >= f.bucket:
        left -= f.bucket - f.bucket_filled
        f.bucket_filled = 0
        change = float(price2 - f.bucket_open2)
        f.bucket_square += change * change
        f.buckets += 1
        z = change / math.sqrt(f.bucket_square / f.buckets) if change != 0.0 else 0.0
        f.bucket_share[(f.buckets - 1) % BUCKETS] = abs(math.erf(z * _ROOT_HALF))
        f.bucket_open2 = price2
    f.bucket_filled += left


@kernel
def auction(f, t, quantity):
    """An auction prints `quantity` at time `t`: volume without a side."""
    bring_forward(f, t)
    f.traded += quantity
    if t >= f.curve_open:
        f.volume += quantity


@kernel
def trade(f, t, price2, quantity, sign):
    """Others trade `quantity` at `price2` (half ticks); `sign` of the aggressor, 0 unknown."""
    auction(f, t, quantity)
    _count(f, t, quantity, sign)
    if f.bucket > 0:
        _fill_buckets(f, price2, quantity)
