"""The ledger: what the venue answered becomes filled, working and unplaced shares of the parent.

Kernel twins of plain bookkeeping: a new child moves shares from unplaced to working, a fill from working to filled,
a cancel or reject from working back to unplaced. Shares are neither made nor lost.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.jit import inline, kernel
from nowake.data.replay.state import Action, Answer, Reason
from nowake.execution.state import Stage

__all__ = ["cancel", "hear", "place", "unplaced"]

_NEW, _CANCEL, _ZERO = np.int64(Action.NEW), np.int64(Action.CANCEL), np.int64(0)
_ACK, _FILL, _CANCELLED, _REJECTED = int(Answer.ACK), int(Answer.FILL), int(Answer.CANCELLED), int(Answer.REJECTED)
_UNKNOWN = int(Reason.UNKNOWN)  # a cancel that crossed the last fill: no child was refused
_LONGEST = 6  # doublings of the pause after rejects
_FREE, _SENT, _LIVE, _CANCELLING = int(Stage.FREE), int(Stage.SENT), int(Stage.LIVE), int(Stage.CANCELLING)


@inline
def unplaced(p):
    """Return the shares of the parent that are neither filled nor working."""
    return p.quantity - p.filled - p.working


@kernel
def _out(p, action, oid, price, quantity, terms):
    o = p.out[p.outgoing]
    o.action, o.id, o.price, o.quantity, o.terms, o.side = action, oid, price, quantity, terms, p.side
    p.outgoing += 1


@kernel
def place(p, now, price, quantity, terms, passive):
    """Send a new child if a row is free; tells whether it did."""
    for k in range(p.child.shape[0]):
        c = p.child[k]
        if c.stage == _FREE:
            c.id, c.price, c.leaves, c.time, c.stage, c.passive = p.next_id, price, quantity, now, _SENT, passive
            p.next_id += 1
            p.children += 1
            p.working += quantity
            _out(p, _NEW, c.id, price, quantity, terms)
            return True
    return False


@kernel
def cancel(p, k):
    """Ask for the cancellation of child row `k`."""
    c = p.child[k]
    c.stage = _CANCELLING
    _out(p, _CANCEL, c.id, _ZERO, _ZERO, _ZERO)


@inline
def _release(p, c):
    """A child is over: what it had open returns to the parent."""
    p.working -= c.leaves
    c.leaves = 0
    c.stage = _FREE


@inline
def _refused(p, r):
    """Count a rejected child by its reason; no new child for a while, twice as long after every further one."""
    p.rejects += 1
    p.refused[r.reason] += 1
    p.quiet_until = r.time + (max(p.patience, p.reaction) << min(p.refused_in_row, _LONGEST))
    p.refused_in_row += 1


@kernel
def hear(p, r):
    """Book response `r` of the venue; a response to a child that is over changes nothing."""
    for k in range(p.child.shape[0]):
        c = p.child[k]
        if c.stage == _FREE or c.id != r.id:
            continue
        if r.answer == _ACK:
            p.refused_in_row = 0
            if c.stage == _SENT:
                c.stage = _LIVE
        elif r.answer == _FILL:
            q = min(r.quantity, c.leaves)
            c.leaves -= q
            p.working -= q
            p.filled += q
            if c.leaves == 0:
                c.stage = _FREE
        elif r.answer == _CANCELLED:
            _release(p, c)
        elif r.answer == _REJECTED and r.reason != _UNKNOWN:
            _refused(p, r)
            _release(p, c)
        return
