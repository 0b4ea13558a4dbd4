"""Dealers: whom to ask, how many, and what last looks cost.

Cost of a dealer against the mid, ticks per share: quoted offset + P(reject) (cost of trading again + the move while
held) - mark-out. The best of n quotes is sd c_n below their mean, c_n the mean of the largest of n normals; each
loser costs `ask_cost`, so one asks more while sd (c_{n+1} - c_n) > ask cost.
"""

from typing import Any

import numpy as np

from nowake.core.errors import InputError
from nowake.core.jit import inline, kernel
from nowake.routing.toxicity import expected_mark

__all__ = [
    "BEST_OF",
    "answer_rate",
    "dealer_cost",
    "hear_look",
    "hear_quote",
    "how_many",
    "most_worth_asking",
    "quote_variance",
    "reject_rate",
]

BEST_OF = (0.0, 0.0, 0.5642, 0.8463, 1.0294, 1.1630, 1.2672, 1.3522, 1.4236, 1.4850, 1.5388)  # c_0..c_10
_BEST = np.array(BEST_OF)
QUOTES, LOOKS, ASKS = 2.0, 5.0, 2.0  # prior observations: a quote at the touch, one reject in ten, an answer each
_REJECTS = 0.1


@inline
def reject_rate(v: Any) -> Any:
    """Return the posterior mean of P(reject) at the last look."""
    return (v.refused + LOOKS * _REJECTS) / (v.held + LOOKS)


@inline
def answer_rate(v: Any) -> Any:
    """Return the posterior mean of P(a request is answered)."""
    return (v.answered + ASKS) / (v.asked + ASKS)


@inline
def quote_variance(v: Any, half: Any) -> Any:
    """Return the variance of a dealer's offsets, ticks^2; a priori half the half-spread, squared."""
    known = max(v.offset_square - v.offset * v.offset, 0.0)
    return (v.answered * known + QUOTES * half * half / 4.0) / (v.answered + QUOTES)


@inline
def dealer_cost(v: Any, p: Any, half: Any, fee: Any) -> Any:
    """Return the expected cost of trading with dealer `v` against the mid, ticks per share."""
    offset = (v.answered * v.offset + QUOTES * half) / (v.answered + QUOTES)
    again = p.reject_cost * half + max(v.refused_move, 0.0)
    return offset + fee + reject_rate(v) * again - expected_mark(v)


@inline
def most_worth_asking(deviation: Any, ask_cost: Any, most: Any) -> Any:
    """Return how many to ask: the kernel of `how_many`."""
    n = min(most, 1)
    while 0 < n < min(most, len(_BEST) - 1) and deviation * (_BEST[n + 1] - _BEST[n]) > ask_cost:
        n += 1
    return n


def how_many(deviation: float, ask_cost: float, most: int = 10) -> int:
    """Return how many dealers to ask whose quotes have this `deviation`, each loser costing `ask_cost` (same unit).

    Deviation .5 bp and cost .1 bp: three.
    """
    if deviation < 0 or ask_cost < 0 or not 1 <= most < len(BEST_OF):
        raise InputError(
            "dealers",
            expected=f"deviation and cost from 0, most in 1..{len(BEST_OF) - 1}",
            got=(deviation, ask_cost, most),
        )
    return int(most_worth_asking(deviation, ask_cost, most))


@kernel
def hear_quote(stats: Any, params: Any, i: Any, k: Any, offset: Any, won: Any) -> None:
    """Learn from a request to dealer `k`: his `offset` from the mid in ticks (NaN: no answer), and whether he won."""
    v, p = stats[i].venue[k], params[0]
    v.asked = v.asked * p.discount + 1.0
    v.answered *= p.discount
    v.won *= p.discount
    if offset == offset:  # not NaN
        v.answered += 1.0
        v.offset += (offset - v.offset) / v.answered
        v.offset_square += (offset * offset - v.offset_square) / v.answered
        v.won += won


@kernel
def hear_look(stats: Any, params: Any, i: Any, k: Any, refused: Any, hold: Any, move: Any) -> None:
    """Learn from a last look of dealer `k`: `refused` or not, `hold` ns, the `move` of the mid against us meanwhile."""
    v, p = stats[i].venue[k], params[0]
    v.held = v.held * p.discount + 1.0
    v.refused *= p.discount
    v.hold += (hold - v.hold) / v.held
    if refused:
        v.refused += 1.0
        v.refused_move += (move - v.refused_move) / v.refused
