"""Macro regimes: calm, trending, volatile, thin, news, and `switching`, a Markov chain over them.

The chain draws once per epoch, keyed by the number of the epoch, so no order of ours can move it; a fixed regime draws
only the sign of its drift. `factor` gives what multiplies a rate, `shape` the intraday curve. Every change is written
to `truth`: for teachers and tests, never for a policy.
"""

from typing import Any

from nowake.core.draws import next_uniform
from nowake.core.jit import inline, kernel
from nowake.market.keyed import seek
from nowake.market.regimes_state import DRIFT, MINUTES, TRUTHS

__all__ = ["advance", "begin_day", "factor", "shape"]


@inline
def factor(r: Any, which: Any) -> Any:
    """Return the multiplier `which` (VARIANCE ... JUMPS) of the regime of this moment.

    DRIFT: signed, in daily standard deviations of the public value per day.
    """
    x = r.multiplier[r.state, which]
    return x * r.sign if which == DRIFT else x


@inline
def shape(r: Any, which: Any, now: Any) -> Any:
    """Return the intraday curve `which` (VOLUME, SPREAD, VOLATILITY) at `now`; its ends outside the session."""
    minute = (now - r.open) * MINUTES // (r.close - r.open)
    return r.curve[which, min(max(minute, 0), MINUTES - 1)]


@inline
def _begin(r: Any, state: Any, sign: Any, now: Any) -> None:
    """Begin a spell and write it down; raises before anything has changed."""
    if r.told >= TRUTHS:
        raise IndexError("no free row for the truth: drain `truth`, or raise `TRUTHS`")
    t = r.truth[r.told]
    t.time, t.state, t.sign = now, state, sign
    r.told += 1
    r.state, r.sign = state, sign


@kernel
def advance(r: Any, now: Any) -> Any:
    """Make every draw of the chain that is due (`next` <= now); returns the regime of this moment."""
    while r.next <= now:
        seek(r, 0, r.epoch)
        u, v = next_uniform(r, 0), next_uniform(r, 0)
        state = r.state
        if r.switching != 0:
            state = 0
            while state < 4 and u >= r.chain[r.state, state]:
                state += 1
        if state != r.state or r.epoch == 0:
            _begin(r, state, 1 if v < 0.5 else -1, r.next)
        r.epoch += 1
        r.next += r.length
    return r.state


@kernel
def begin_day(r: Any, open_ns: Any, close_ns: Any) -> None:
    """Move the session to the next day: the chain goes on where it stopped, the night costs no epochs."""
    r.open, r.close, r.next = open_ns, close_ns, open_ns
