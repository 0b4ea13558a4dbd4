"""Slices: what the plan wants within the next interval, and what an action makes of it.

The plan is a path over the window or a part of the volume of others. An action has a rate (times the plan's residual
rate) and a tactic. What a slice leaves undone is in the next one's plan: the path is followed from what is done.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.held import held
from nowake.core.jit import inline, kernel
from nowake.execution.desk_state import CURVE, Follow, Hands

__all__ = ["begin", "begin_due", "planned", "target_now", "wants_decision"]

_VOLUME, _ALGORITHM = int(Follow.VOLUME), int(Hands.ALGORITHM)


@inline
def wants_decision(d, now):
    """Tell whether the slice is over and another one is to be decided on."""
    return d.done == 0 and d.hands == _ALGORITHM and d.start <= now < d.end and now >= d.until


@inline
def _path(d, now):
    """Return the part of the order that the plan wants done by `now`."""
    x = (now - d.start) / (d.end - d.start) * CURVE
    if x <= 0.0:
        return d.curve[0]
    if x >= CURVE:
        return 1.0
    k = np.int64(x)
    return d.curve[k] + (x - k) * (d.curve[k + 1] - d.curve[k])


@inline
def planned(d, board, now):
    """Return the shares that the plan wants done by `now`, whatever has been done."""
    if d.follow == _VOLUME:
        if now >= d.end:
            return d.quantity
        others = max(board.volume - d.plan_volume - (d.filled - d.plan_filled), 0)
        return min(d.plan_filled + np.int64(d.part / (1.0 - d.part) * others), d.quantity)
    return np.int64(round(d.quantity * _path(d, now)))


@inline
def _quota(d, board, now, until):
    """Return the plan's shares of a slice from `now` to `until`, for what is left of the order."""
    left = d.quantity - d.filled
    if d.follow == _VOLUME:
        behind = max(planned(d, board, now) - d.filled, 0)
        return min(behind, left)
    done, then = _path(d, now), _path(d, until)
    if done >= 1.0 or until >= d.end:
        return left
    part = (then - done) / (1.0 - done)
    lag = max(d.quantity * done - d.filled, 0.0)  # behind the path: made good within the slice
    return min(np.int64(np.ceil(part * (left - lag) + lag)), left)


@kernel
def begin(desk, boards, i, now, rate, tactic, urgency, origin):
    """Begin a slice of parent `i` at `now` with an action; the rate scales the plan's shares, the end completes."""
    d = desk[i]
    board = boards[d.board]
    d.begun, d.until = now, min(now + d.interval, d.end)
    if d.end - d.until < d.interval // 2:  # no stub at the end
        d.until = d.end
    d.filled_before, d.rate, d.tactic, d.urgency, d.origin = d.filled, rate, tactic, urgency, origin
    d.volume_begun = board.volume
    if d.arrival2 == 0:  # it has not looked yet: what was traded before it is not its volume
        d.volume_start = d.plan_volume = board.volume
    left = d.quantity - d.filled
    d.quota = left if d.until >= d.end else min(np.int64(np.ceil(rate * _quota(d, board, now, d.until))), left)
    d.decisions += 1
    d.next_wake = now


@held
def begin_due(desk, boards, now, actions, origin, follow, numbers):
    """Begin a slice of every parent with follow[i] >= 0 at now[i] with its ACTION; numbers[i]: its decisions so far."""
    for i in range(desk.shape[0]):
        if follow[i] >= 0:
            a = actions[i]
            begin(desk, boards, i, now[i], a.rate, a.tactic, a.urgency, origin)
            numbers[i] = desk[i].decisions


@inline
def target_now(d, now):
    """Return the shares that the slice wants done by `now`: its quota along a straight line."""
    if now >= d.until:
        return d.filled_before + d.quota
    return d.filled_before + np.int64(d.quota * ((now - d.begun) / (d.until - d.begun)))
