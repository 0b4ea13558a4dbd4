"""The match engine on the same record: price, then display, then time priority; the book is never crossed after it.

`submit` takes one REQUEST and returns an `Outcome`; the record then holds `filled`, `rested` (slot) and `cut`, and the
trades in `trade[:printed]`. Steps: checks, mid-pegs of the other side (they lie inside the spread, so they come
first), the displayed queues, rest or cancel, and pegs that now see each other.
"""

from typing import Any

import numpy as np

from nowake.book.actions import Action, Outcome, Prevention
from nowake.book.index import find, rename_id
from nowake.book.ladder import first_at, index_of, link, next_at, next_key, unlink
from nowake.book.orders import add_order, free_slot, grow
from nowake.book.pegs import cross_pegs, peg_ready, remove_peg, rest_peg, settle, suits, within
from nowake.book.printing import own, print_trade
from nowake.book.state import NO_KEY, NONE, PEG, half
from nowake.core.jit import kernel

__all__ = ["submit", "submit_all"]

_LIMIT, _MARKET, _IOC, _FOK = int(Action.LIMIT), int(Action.MARKET), int(Action.IOC), int(Action.FOK)
_POST, _PEG, _CANCEL, _REPLACE = int(Action.POST), int(Action.PEG), int(Action.CANCEL), int(Action.REPLACE)
_NEWEST, _OLDEST = int(Prevention.NEWEST), int(Prevention.OLDEST)
_RESTING, _FILLED, _CANCELLED, _KILLED = (
    int(Outcome.RESTING),
    int(Outcome.FILLED),
    int(Outcome.CANCELLED),
    int(Outcome.KILLED),
)
_CROSSING, _HALTED, _DUPLICATE = int(Outcome.CROSSING), int(Outcome.HALTED), int(Outcome.DUPLICATE)
_UNKNOWN, _INVALID, _PREVENTED, _DONE = (
    int(Outcome.UNKNOWN),
    int(Outcome.INVALID),
    int(Outcome.PREVENTED),
    int(Outcome.DONE),
)
_ANY_PRICE = 2**60
_MAX_QUANTITY = 2**31 - 1


@kernel
def withdraw(b: Any, s: Any) -> None:
    """Cancel slot `s`, displayed or pegged."""
    if b.order[s].status & PEG:
        remove_peg(b, s)
    else:
        unlink(b, s)
        free_slot(b, s)


@kernel
def _use(b: Any, s: Any, quantity: Any) -> None:
    """Take `quantity` <= displayed off slot `s`; an iceberg refills at the back of its queue, an empty order goes."""
    o = b.order[s]
    if quantity < o.quantity:
        grow(b, s, -quantity)
        return
    unlink(b, s)
    if o.reserve > 0:
        o.quantity = min(o.display, o.reserve)
        o.reserve -= o.quantity
        b.seq += 1
        o.seq = b.seq
        link(b, s)
    else:
        free_slot(b, s)


@kernel
def _cross(b: Any, limit: Any, left: Any) -> Any:
    """Trade the request in hand with the displayed queues of the other side up to `limit`; returns what is left."""
    r = b.now[0]
    h = half(-r.side)
    while left > 0 and b.resting[h] > 0 and b.best[h] >= -r.side * limit:
        s = b.level[index_of(b, h, b.best[h])].head
        o = b.order[s]
        q = min(left, o.quantity)
        if not own(b, r.owner, s):
            print_trade(b, s, r.id, r.owner, r.side, 2 * o.price, q, 0)
            b.filled += q
        elif r.prevention == _NEWEST:
            b.stopped = 1
            break
        elif r.prevention == _OLDEST:
            withdraw(b, s)
            continue
        else:
            b.cut += q
        left -= q
        _use(b, s, q)
    return left


@kernel
def _pegs_fillable(b: Any, limit: Any, want: Any) -> Any:
    """Return how much of `want` the pegs would fill; `stopped` is set where prevention would end the order."""
    r = b.now[0]
    got = 0
    if within(b, r.side, limit):
        s = b.peg_head[half(-r.side)]
        while s != NONE and got < want:
            if suits(b, s, want - got, 0):
                if not own(b, r.owner, s):
                    got += min(want - got, b.order[s].quantity)
                elif r.prevention != _OLDEST:
                    b.stopped = 1
                    break
            s = b.order[s].next
    return got


@kernel
def _fillable(b: Any, limit: Any, want: Any) -> Any:
    """Return how much of `want` the request in hand would fill at once, without touching anything."""
    r = b.now[0]
    got = _pegs_fillable(b, limit, want)
    h = half(-r.side)
    key = b.best[h] if b.resting[h] > 0 else NO_KEY
    while key != NO_KEY and key >= -r.side * limit and got < want and b.stopped == 0:
        hidden = 0
        s = first_at(b, h, key)
        while s != NONE:
            o = b.order[s]
            if not own(b, r.owner, s):
                got += o.quantity
                hidden += o.reserve
            elif r.prevention != _OLDEST:
                b.stopped = 1
                break
            s = next_at(b, o.next, key)
        if b.stopped == 0:
            got += hidden
        key = next_key(b, h, key)
    b.stopped = 0
    return min(got, want)


@kernel
def _rest(b: Any, left: Any) -> Any:
    """Rest `left` shares of the request in hand; an iceberg shows `display` of them."""
    r = b.now[0]
    shown = min(r.display, left) if r.display > 0 else left
    s = add_order(b, r.id, r.side, r.price, shown)
    o = b.order[s]
    o.owner, o.display, o.reserve = r.owner, r.display, left - shown
    return s


@kernel
def _enter(b: Any) -> Any:
    """Match the request in hand and rest what may rest; returns the Outcome."""
    r = b.now[0]
    kind = r.kind
    limit = np.int64(r.side) * _ANY_PRICE if kind in (_MARKET, _PEG) else r.price
    other = half(-r.side)
    if kind == _POST:
        crossing = b.resting[other] > 0 and b.best[other] >= -r.side * limit
        if crossing or peg_ready(b, r.side, limit, r.quantity):
            return _CROSSING
    need = r.quantity if kind == _FOK else r.minimum if kind == _IOC else 0
    if need > 0 and _fillable(b, limit, r.quantity) < need:
        return _KILLED
    left = cross_pegs(b, limit, r.quantity, r.minimum if kind == _PEG else 0)
    if kind != _PEG and b.stopped == 0:
        left = _cross(b, limit, left)
    if left == 0:
        return _FILLED if b.cut == 0 else _PREVENTED
    if b.stopped != 0:
        return _PREVENTED
    if kind == _PEG:
        b.rested = rest_peg(b, left)
    elif kind in (_LIMIT, _POST):
        b.rested = _rest(b, left)
    else:
        return _CANCELLED
    return _RESTING


@kernel
def _valid(b: Any) -> Any:
    """Tell whether the request in hand (a new order) is possible."""
    r = b.now[0]
    if r.id == 0 or (r.side != 1 and r.side != -1) or not _LIMIT <= r.kind <= _PEG:
        return False
    if not 0 < r.quantity <= _MAX_QUANTITY or not 0 <= r.display <= r.quantity or not 0 <= r.minimum <= r.quantity:
        return False
    return r.kind == _MARKET or r.kind == _PEG or -_ANY_PRICE < r.price < _ANY_PRICE


@kernel
def _shrink(b: Any, s: Any, total: Any) -> None:
    """Reduce slot `s` to `total` shares in its place: an iceberg gives up its hidden part first."""
    o = b.order[s]
    off = o.quantity + o.reserve - total
    hidden = min(off, o.reserve)
    o.reserve -= hidden
    if o.status & PEG:
        o.quantity -= off
    else:
        grow(b, s, hidden - off)


@kernel
def _replace(b: Any) -> Any:
    """Replace: a smaller quantity at the same price keeps its place, anything else leaves and enters again."""
    r = b.now[0]
    s = find(b, r.id)
    if s == NONE:
        return _UNKNOWN
    o = b.order[s]
    new = r.id if r.ref == 0 else r.ref
    if new != r.id and find(b, new) != NONE:
        return _DUPLICATE
    pegged = o.status & PEG != 0
    if not 0 < r.quantity <= _MAX_QUANTITY or not -_ANY_PRICE < r.price < _ANY_PRICE:
        return _INVALID
    if (pegged or r.price == o.price) and r.quantity <= o.quantity + o.reserve:
        if new != r.id:
            rename_id(b, s, new)
        _shrink(b, s, r.quantity)
        b.rested = s
        return _DONE
    r.id, r.side, r.owner = new, o.side, o.owner
    r.kind = _PEG if pegged else _LIMIT
    r.display = 0 if pegged else min(o.display, r.quantity)
    r.minimum = min(o.display, r.quantity) if pegged else 0
    withdraw(b, s)
    return _enter(b)


@kernel
def submit(b: Any, request: Any) -> Any:
    """Carry out one REQUEST; returns its Outcome."""
    b.events += 1
    b.filled = b.rested = b.cut = b.stopped = 0
    b.now[0] = request
    r = b.now[0]
    if r.kind == _CANCEL:
        s = find(b, r.id) if r.id != 0 else NONE
        if s == NONE:
            return _UNKNOWN
        withdraw(b, s)
        settle(b)
        return _DONE
    if b.halted != 0:
        return _HALTED
    if r.kind == _REPLACE:
        outcome = _replace(b) if r.id != 0 else _UNKNOWN
    elif not _valid(b):
        outcome = _INVALID
    elif find(b, r.id) != NONE:
        outcome = _DUPLICATE
    elif b.free == NONE and b.fresh + 1 >= b.order.shape[0]:
        raise IndexError("no free order slot: raise `orders` of the book preset")
    else:
        outcome = _enter(b)
    settle(b)
    return outcome


@kernel
def submit_all(books: Any, i: Any, requests: Any, results: Any, lo: Any, hi: Any) -> None:
    """Carry out rows lo..hi-1 of `requests` on book `i`, filling the same rows of `results` (RESULT)."""
    b = books[i]
    for k in range(lo, hi):
        outcome = submit(b, requests[k])
        x = results[k]
        x.outcome, x.filled, x.rested, x.cut = outcome, b.filled, b.rested, b.cut
