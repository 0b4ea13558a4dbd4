"""The touch changes: order-flow imbalance, squared returns, the move against own fills.

Order-flow imbalance after Cont, Kukanov & Stoikov 2014: a side with key K (higher is better) and shares q contributes

    e = side (1{K >= K'} q - 1{K <= K'} q')

where ' is before. It counts from the first sound touch on; an empty side has no shares.
"""

# mypy: disable-error-code="no-untyped-def"
from nowake.core.jit import inline, kernel
from nowake.features.decay import bring_forward
from nowake.features.volatility import sample_until, start_grid

__all__ = ["contribution", "see", "settle_mid", "turn"]


@inline
def contribution(side, key, shares, key_before, shares_before):
    """Return the order-flow imbalance of one side or level that changed, in shares."""
    e = shares if key >= key_before else 0
    if key <= key_before:
        e -= shares_before
    return side * e


@inline
def turn(f, h, key, shares):
    """The touch of half `h` becomes (key, shares); the sums are at the time of now."""
    if f.started != 0:
        e = contribution(1 - 2 * h, key, shares, f.best[h], f.shown[h])
        f.ofi[0] += e
        f.ofi[1] += e
        f.ofi[2] += e
    f.best[h] = key
    f.shown[h] = shares


@inline
def see(f, h, key, shares):
    """Half `h` shows (key, shares) now; tells whether that is a change, which is taken in."""
    if shares == f.shown[h] and (key == f.best[h] or shares == 0):
        return False
    bring_forward(f, f.now)
    turn(f, h, key, shares)
    return True


@kernel
def _move(f, t, mid2):
    """The mid becomes `mid2` (half ticks) at time `t`."""
    if f.started == 0:
        f.started = 1
        f.first = t
        start_grid(f, t)
    else:
        sample_until(f, t)
        r = 2.0 * (mid2 - f.mid2) / (mid2 + f.mid2)
        f.variance[0] += r * r
        f.variance[1] += r * r
        f.variance[2] += r * r
        f.own_moved += f.own_signed * (mid2 - f.mid2)
    f.mid2 = mid2


@inline
def settle_mid(f, t):
    """Tell, after both sides were looked at, whether the touch is sound, and take in a move of the mid."""
    f.sound = 1 if f.shown[0] > 0 and f.shown[1] > 0 and 0 < f.best[0] < -f.best[1] else 0
    if f.sound != 0:
        f.last_shown[0] = f.shown[0]
        f.last_shown[1] = f.shown[1]
        f.last_spread = -f.best[1] - f.best[0]
        mid2 = f.best[0] - f.best[1]
        if mid2 != f.mid2:
            bring_forward(f, t)
            _move(f, t, mid2)
