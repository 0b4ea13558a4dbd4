"""How toxic a venue is: mark-outs of its fills, and an alarm when they change.

The mark-out of a fill is the market's own move plus what the fill knew. The move's increments over 0-1, 1-10 and
10-60 s are independent and ever larger, so they are weighted by 1/deviation (equal noise), scaled so that a move
that shows in the proportions SHOWS counts whole. Two CUSUMs (Page 1954; k = .3, h = 7) restart the mean where it
has changed.

Toxicity index of a pool: -E[mark-out at 60 s] / half-spread.
"""

from math import sqrt
from typing import Any

from nowake.core.jit import inline, kernel
from nowake.routing.venues import CLASSES

__all__ = ["expected_mark", "hear_mark", "mark_deviation", "size_class", "toxicity_index"]

SHOWS = (0.25, 0.4, 0.35)  # part of an informed move that shows within 1 s, from 1 to 10 s, from 10 to 60 s
SHRINK = 20.0  # prior fills without mark-out
MEMORY = 0.99  # per mark-out
DRIFT, ALARM = 0.3, 7.0  # of the CUSUMs, in deviations
_WARM = 8.0  # mark-outs over all venues before an alarm can be raised


@inline
def size_class(lots: Any) -> Any:
    """Return the class of a fill of `lots`: 0 below 2, 1 below 5, 2 below 17, else 3."""
    return 0 if lots < 2 else 1 if lots < 5 else 2 if lots < 17 else 3


@inline
def expected_mark(v: Any) -> Any:
    """Return the posterior mean of the mark-out, ticks per share."""
    return v.marks * v.mark / (v.marks + SHRINK)


@inline
def mark_deviation(s: Any, v: Any) -> Any:
    """Return the posterior deviation of the mark-out."""
    return sqrt(s.noise / (v.marks + SHRINK))


@inline
def _weighted(s: Any, after: Any) -> Any:
    """Return the mark-out with increments weighted for equal noise; before any is known, the plain one."""
    whole = after[2]
    if s.move[0] > 0.0 and s.move[1] > 0.0 and s.move[2] > 0.0:
        a, b, c = 1.0 / sqrt(s.move[0]), 1.0 / sqrt(s.move[1]), 1.0 / sqrt(s.move[2])
        sum_ = a * after[0] + b * (after[1] - after[0]) + c * (after[2] - after[1])
        whole = sum_ / (a * SHOWS[0] + b * SHOWS[1] + c * SHOWS[2])
    return whole


@inline
def _learn_moves(s: Any, after: Any) -> None:
    s.moves = s.moves * MEMORY + 1.0
    s.move[0] += (after[0] * after[0] - s.move[0]) / s.moves
    s.move[1] += ((after[1] - after[0]) ** 2 - s.move[1]) / s.moves
    s.move[2] += ((after[2] - after[1]) ** 2 - s.move[2]) / s.moves


@kernel
def _restart(v: Any, mean: Any, number: Any) -> None:
    v.mark, v.marks = mean, number
    v.high = v.highs = v.high_sum = v.low = v.lows = v.low_sum = 0.0
    for c in range(CLASSES):
        v.nears[c] = min(v.nears[c], 1.0)
    v.alarms += 1


@kernel
def _watch(s: Any, v: Any, x: Any) -> None:
    """Raise an alarm where the mark-outs run away from their mean, and start it anew from where the run began."""
    if s.moves < _WARM or s.noise <= 0.0:
        return
    z = (x - expected_mark(v)) / sqrt(s.noise)
    v.high, v.highs, v.high_sum = v.high + z - DRIFT, v.highs + 1.0, v.high_sum + x
    if v.high <= 0.0:
        v.high = v.highs = v.high_sum = 0.0
    v.low, v.lows, v.low_sum = v.low - z - DRIFT, v.lows + 1.0, v.low_sum + x
    if v.low <= 0.0:
        v.low = v.lows = v.low_sum = 0.0
    if v.high > ALARM:
        _restart(v, v.high_sum / v.highs, v.highs)
    elif v.low > ALARM:
        _restart(v, v.low_sum / v.lows, v.lows)


@kernel
def hear_mark(s: Any, v: Any, after: Any, lots: Any) -> None:
    """Learn from one fill of `lots` at venue `v` of statistics `s`: signed mark-outs at 1, 10 and 60 s, in ticks."""
    x = _weighted(s, after)
    apart = x - expected_mark(v)
    _learn_moves(s, after)
    s.noise += (apart * apart - s.noise) / s.moves
    _watch(s, v, x)
    v.marks = v.marks * MEMORY + 1.0
    v.mark += (x - v.mark) / v.marks
    for h in range(3):
        v.raw[h] += (after[h] - v.raw[h]) / v.marks
    c = size_class(lots)
    v.nears[c] = v.nears[c] * MEMORY + 1.0
    v.near[c] += (x - v.near[c]) / v.nears[c]


def toxicity_index(venue: Any, half_spread: float) -> float:
    """Return -E[mark-out at 60 s] / half-spread of a row of VENUE_STATS; 1 takes all of the half-spread back."""
    return -float(venue["raw"][2]) / half_spread
