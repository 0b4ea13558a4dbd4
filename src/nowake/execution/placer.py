"""The placer: works the open part of a slice with resting orders first, crosses what is missing at the slice's end.

It joins the touch (or improves it), tops up when the target grows, moves an order that was left behind once `patience`
has passed, and from `cross_before` ahead of the slice's end withdraws the resting orders and takes. It never goes
beyond the limit and never has more working than the parent has left. After a rejected child it pauses.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.jit import inline, kernel
from nowake.data.replay.state import Terms
from nowake.execution.ledger import cancel, place, unplaced
from nowake.execution.state import Stage

__all__ = ["NOWHERE", "decide"]

NOWHERE = 2**62  # |price| of an empty side
_FREE, _SENT, _CANCELLING = int(Stage.FREE), int(Stage.SENT), int(Stage.CANCELLING)
_DAY, _IOC = np.int64(Terms.DAY), np.int64(Terms.IOC)
_AGGRESSIVE, _PASSIVE = np.int64(0), np.int64(1)


@inline
def _inside(p, price):
    """Return `price` brought to the quoting step away from the other side, and inside the limit."""
    price = price // p.step * p.step if p.side > 0 else -(-price // p.step * p.step)
    if p.limit != 0 and p.side * price > p.side * p.limit:
        price = p.limit
    return price


@inline
def _join_price(p, near, far):
    """Return the price to rest at, 0 if there is none: the near touch, improved where the spread has room.

    It never reaches the other side; in a locked or crossed market that is a step behind the far touch.
    """
    if abs(near) == NOWHERE:
        return 0
    price = near + p.side * p.improve * p.step
    if abs(far) != NOWHERE and p.side * price >= p.side * far:
        price = far - p.side * p.step
        if p.side * price < p.side * near and p.side * near < p.side * far:
            price = near
    return _inside(p, price)


@inline
def _cross_price(p, now, far):
    """Return the limit of a crossing order, 0 if the other side is empty or lies beyond the limit."""
    if abs(far) == NOWHERE or (p.limit != 0 and p.side * far > p.side * p.limit):
        return 0
    depth = p.depth
    if now >= p.end - p.sweep_before:
        if p.limit != 0:
            return p.limit
        depth = max(depth, far // (2 * p.step))
    price = far + p.side * depth * p.step
    up = -(-price // p.step * p.step) if p.side > 0 else price // p.step * p.step
    return p.limit if p.limit != 0 and p.side * up > p.side * p.limit else up


@kernel
def _withdraw(p, worse_than):
    """Cancel every resting child priced worse than `worse_than` for the market; tells how many are not yet gone."""
    pending = 0
    for k in range(p.child.shape[0]):
        c = p.child[k]
        if c.stage == _FREE:
            continue
        if c.stage == _CANCELLING or c.passive == 0:
            pending += 1
        elif p.side * c.price < p.side * worse_than:
            cancel(p, k)
            pending += 1
    return pending


@inline
def _child_size(p, wanted):
    quantity = min(wanted, unplaced(p))
    return min(quantity, p.max_child) if p.max_child > 0 else quantity


@inline
def _take(p, now, price, due):
    """Withdraw what rests, then send an immediate order for what is missing; look again soon."""
    if _withdraw(p, p.side * NOWHERE) == 0:
        quantity = _child_size(p, due)
        if quantity > 0:
            place(p, now, price, quantity, _IOC, _AGGRESSIVE)
    p.next_wake = min(p.next_wake, now + p.reaction)


@kernel
def _trim(p, excess):
    """Withdraw the youngest resting children until at least `excess` shares less are working."""
    while excess > 0:
        found = -1
        for k in range(p.child.shape[0]):
            c = p.child[k]
            if c.stage == _CANCELLING:
                continue
            if c.stage != _FREE and c.passive != 0 and (found < 0 or c.id > p.child[found].id):
                found = k
        if found < 0:
            return
        excess -= p.child[found].leaves
        cancel(p, found)


@inline
def _standing(p):
    """Return the shares working that nobody has asked to withdraw."""
    total = 0
    for k in range(p.child.shape[0]):
        c = p.child[k]
        if c.stage != _FREE and c.stage != _CANCELLING:
            total += c.leaves
    return total


@inline
def _rest(p, now, price, due):
    """Rest at `price`: move what was left behind, top up what is missing, withdraw what is too much."""
    behind = False
    for k in range(p.child.shape[0]):
        c = p.child[k]
        behind = behind or (c.stage != _FREE and c.stage != _CANCELLING and p.side * c.price < p.side * price)
    if behind:
        if now - p.moved_at >= p.patience:
            p.moved_at = now
            _withdraw(p, price)
        else:
            p.next_wake = min(p.next_wake, p.moved_at + p.patience)
        return
    missing = _child_size(p, due - p.working)
    if missing > 0:
        if place(p, now, price, missing, _DAY, _PASSIVE):
            p.moved_at = now
    elif p.working > due:
        _trim(p, _standing(p) - due)


@kernel
def decide(p, now, bid, ask, halted):
    """Look at the touch (ticks, +-NOWHERE: empty; own orders left out) at local time `now` and fill `p.out`."""
    p.decided_at, p.bid, p.ask, p.halted = now, bid, ask, halted
    p.next_wake = NOWHERE
    if now < p.start or p.done != 0:
        return
    due = min(p.target, p.quantity) - p.filled
    if now >= p.end or due <= 0:
        pending = _withdraw(p, p.side * NOWHERE)
        if p.filled == p.quantity or (now >= p.end and pending == 0):
            p.done = 1
        return
    if halted != 0:
        return
    if now < p.quiet_until:
        p.next_wake = p.quiet_until
        return
    near, far = (bid, ask) if p.side > 0 else (ask, bid)
    crossing_from = p.slice_end - p.cross_before
    price = _cross_price(p, now, far)
    if p.cross_before > 0 and now >= crossing_from and price != 0:
        _take(p, now, price, due)
        return
    if p.cross_before > 0:
        p.next_wake = crossing_from if now < crossing_from else now + p.reaction
    price = _join_price(p, near, far)
    if price > 0:
        _rest(p, now, price, due)
