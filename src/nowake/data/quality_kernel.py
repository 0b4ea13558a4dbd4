"""One pass over a chunk that decides the fate of every row and keeps the books that the rules need.

Per row: time, size and price, exact repeat, order reference, amount, then the row is applied to the instrument's book
and the market state (crossed, locked, outlier) is judged. A row has one fate: quarantined before repaired before kept.

`e["flags"]` and not `e.flags`: without the compiler the latter is an attribute of numpy's own.
"""

# mypy: disable-error-code="no-untyped-call,no-any-return"
from typing import Any

from nowake.book.feed import apply_all, best_ask, best_bid, find
from nowake.book.state import NO_ASK, NO_BID, NONE
from nowake.core.events import Flag, Kind
from nowake.core.jit import inline, kernel
from nowake.data.quality_rules import EXAMPLES, PRINTS, RECENT, Fate, Problem

__all__ = ["judge"]

_ADD, _CANCEL, _DELETE, _EXECUTE = int(Kind.ADD), int(Kind.CANCEL), int(Kind.DELETE), int(Kind.EXECUTE)
_HIDDEN, _CROSS, _HALT, _REPLACE = int(Kind.HIDDEN), int(Kind.CROSS), int(Kind.HALT), int(Kind.REPLACE)
_LEVEL, _QUOTE, _TRADE, _RESUME = int(Kind.LEVEL), int(Kind.QUOTE), int(Kind.TRADE), int(Kind.RESUME)
_PRICED, _UNPRINTED, _SNAPSHOT, _LAST = int(Flag.PRICED), int(Flag.UNPRINTED), int(Flag.SNAPSHOT), int(Flag.LAST)
_OUTLIER, _REPAIRED, _UNKNOWN = int(Flag.OUTLIER), int(Flag.REPAIRED), int(Flag.UNKNOWN)
_KEPT, _FIXED, _OUT = int(Fate.KEPT), int(Fate.REPAIRED), int(Fate.QUARANTINED)
P_UNKNOWN, P_DUPLICATE, P_REPEAT = int(Problem.UNKNOWN_ORDER), int(Problem.DUPLICATE), int(Problem.REPEAT)
P_TIME, P_SIZE, P_PRICE = int(Problem.TIME_BACKWARDS), int(Problem.SIZE_NOT_POSITIVE), int(Problem.PRICE_NOT_POSITIVE)
P_OVER, P_OVER_CANCEL, P_TICK = int(Problem.OVER_EXECUTION), int(Problem.OVER_CANCEL), int(Problem.PRICE_OFF_TICK)
P_OUTLIER, P_CROSSED, P_LOCKED = int(Problem.OUTLIER_TRADE), int(Problem.CROSSED_BOOK), int(Problem.LOCKED_BOOK)
P_HALT, P_UNCHECKED = int(Problem.HALT), int(Problem.UNCHECKED)
NO_PROBLEM = -1
NORMAL, CROSSED, LOCKED = 0, 1, 2


@inline
def _note(s: Any, problem: int, row: int) -> None:
    """Count `row` under `problem` and keep it as an example while there is room."""
    s.count[problem] += 1
    if s.have[problem] < EXAMPLES:
        s.at[problem * EXAMPLES + s.have[problem]] = row
        s.have[problem] += 1


@inline
def _same(a: Any, b: Any) -> bool:
    return (
        a.time == b.time
        and a.order_id == b.order_id
        and a.price == b.price
        and a.quantity == b.quantity
        and a.ref == b.ref
        and a.kind == b.kind
        and a.side == b.side
        and a.instrument == b.instrument
        and a["flags"] == b["flags"]
    )


@inline
def _repeated(s: Any, e: Any) -> bool:
    """Tell whether `e` equals one of the previous rows, and remember it."""
    found = False
    for k in range(RECENT):
        if s.recent[k].time == e.time and _same(s.recent[k], e):
            found = True
    r = s.recent[s.ring]
    r.time, r.order_id, r.price, r.quantity, r.ref = e.time, e.order_id, e.price, e.quantity, e.ref
    r.instrument, r.kind, r.side, r["flags"] = e.instrument, e.kind, e.side, e["flags"]
    s.ring = (s.ring + 1) % RECENT
    return found


@inline
def _is_print(kind: int) -> bool:
    return kind in (_EXECUTE, _HIDDEN, _CROSS, _TRADE)


@inline
def _numbers(s: Any, e: Any) -> int:
    """Return the problem of a size or price that cannot be, NO_PROBLEM if there is none."""
    kind, quantity = e.kind, e.quantity
    if quantity <= 0:
        sized = kind in (_ADD, _CANCEL, _REPLACE) or _is_print(kind)
        if sized or (kind == _DELETE and (quantity < 0 or s.sized_deletes != 0)):
            return P_SIZE
        if quantity < 0 and (kind in (_LEVEL, _QUOTE)):
            return P_SIZE
    if e.price <= 0 and s.positive != 0:
        if kind in (_ADD, _REPLACE, _LEVEL, _HIDDEN, _TRADE, _CROSS):
            return P_PRICE
        if kind == _QUOTE and quantity > 0:
            return P_PRICE
    return NO_PROBLEM


@inline
def _reference(books: Any, i: int, s: Any, e: Any, repeated: bool) -> tuple[int, int]:
    """Judge the order that `e` names: (problem or NO_PROBLEM, fate); completes side and price from the order."""
    b = books[i]
    kind = e.kind
    if kind == _ADD:
        live = e.order_id != 0 and find(b, e.order_id) != NONE
        return (P_DUPLICATE, _OUT) if live else (NO_PROBLEM, _KEPT)
    if kind != _CANCEL and kind != _DELETE and kind != _EXECUTE and kind != _REPLACE:
        if repeated and e.ref != 0 and _is_print(kind):
            return P_DUPLICATE, _OUT
        return NO_PROBLEM, _KEPT
    slot = find(b, e.order_id) if e.order_id != 0 else NONE
    if slot == NONE:
        return _unknown(s, e, repeated)
    o = b.order[slot]
    if kind == _REPLACE:
        taken = e.ref != e.order_id and find(b, e.ref) != NONE
        if e.side == 0:
            e.side = o.side
        return (P_DUPLICATE, _OUT) if taken else (NO_PROBLEM, _KEPT)
    if e.side == 0:
        e.side = o.side
    if kind == _EXECUTE:
        if e.price <= 0:
            e.price = o.price
        elif e.price != o.price:
            e["flags"] |= _PRICED
    if kind == _DELETE or e.quantity <= o.quantity:
        return NO_PROBLEM, _KEPT
    if repeated:
        return P_DUPLICATE, _OUT
    e.quantity = o.quantity
    return (P_OVER if kind == _EXECUTE else P_OVER_CANCEL), _FIXED


@inline
def _unknown(s: Any, e: Any, repeated: bool) -> tuple[int, int]:
    """Judge a reference to no live order: an execution becomes a print, a priced replace an order, the rest goes."""
    if repeated:
        return P_DUPLICATE, _OUT
    if e.kind == _EXECUTE and e.price > 0:
        e.kind = _TRADE
        e["flags"] |= _UNKNOWN
        s.unknown_prints += 1
        return P_UNKNOWN, _FIXED
    if e.kind == _REPLACE and e.side != 0 and e.ref != 0:
        e.kind, e.order_id, e.ref = _ADD, e.ref, 0
        e["flags"] |= _UNKNOWN
        s.unknown_prints += 1
        return P_UNKNOWN, _FIXED
    return P_UNKNOWN, _OUT


@inline
def _median_of_prints(m: Any, price: int) -> int:
    """Return the median of the last prints before this one (0: fewer than five), and enter `price`."""
    n = min(m.seen, PRINTS)
    middle = m.sorted[n // 2] if n >= 5 else 0
    if n == PRINTS:  # take the oldest out of the sorted ones
        old = m.prints[m.seen % PRINTS]
        k = 0
        while m.sorted[k] != old:
            k += 1
        n -= 1
        while k < n:
            m.sorted[k] = m.sorted[k + 1]
            k += 1
    k = n
    while k > 0 and m.sorted[k - 1] > price:
        m.sorted[k] = m.sorted[k - 1]
        k -= 1
    m.sorted[k] = price
    m.prints[m.seen % PRINTS] = price
    m.seen += 1
    return middle


@inline
def _outlier(books: Any, i: int, m: Any, price: int) -> bool:
    """Tell whether a print lies more than 10 % off the running median and off the mid, where there is one."""
    middle = _median_of_prints(m, price)
    if middle <= 0 or 10 * abs(price - middle) <= middle:
        return False
    bid, ask = best_bid(books[i]), best_ask(books[i])
    if bid == NO_BID or ask == NO_ASK or bid >= ask:
        return True
    return 20 * abs(price - (bid + ask) / 2) > bid + ask


@inline
def _spread(books: Any, i: int, m: Any, s: Any, row: int, now: int) -> None:
    """Follow crossed and locked episodes of the book of instrument `i`."""
    bid, ask = best_bid(books[i]), best_ask(books[i])
    mode = NORMAL
    if bid != NO_BID and ask != NO_ASK and books[i].halted == 0 and bid >= ask:
        mode = CROSSED if bid > ask else LOCKED
    if mode == m.mode:
        return
    if m.mode == CROSSED:
        m.crossed_ns += now - m.since
    elif m.mode == LOCKED:
        m.locked_ns += now - m.since
    if mode == CROSSED:
        _note(s, P_CROSSED, row)
    elif mode == LOCKED:
        _note(s, P_LOCKED, row)
    m.mode, m.since = mode, now


@inline
def _clock(s: Any, e: Any) -> int:
    """Return how far `e` lies before the last row, ns; 0 if it does not, or is part of a snapshot."""
    if s.started == 0:
        s.started, s.last = 1, e.time
    return s.last - e.time if e.time < s.last and e["flags"] & _SNAPSHOT == 0 else 0


@inline
def _market(books: Any, markets: Any, s: Any, events: Any, row: int) -> None:
    """Judge the market around a row that stays, and apply it to its book."""
    e = events[row]
    i = int(e.instrument)
    kind = e.kind
    m = markets[i]
    quoted = kind in (_ADD, _REPLACE, _LEVEL, _QUOTE)
    if quoted and m.step > 1 and e.price % m.step != 0:
        _note(s, P_TICK, row)
    if _is_print(kind) and e["flags"] & _UNPRINTED == 0 and e.price > 0 and _outlier(books, i, m, e.price):
        e["flags"] |= _OUTLIER
        _note(s, P_OUTLIER, row)
    if kind == _HALT:
        _note(s, P_HALT, row)
    apply_all(books, i, events, row, row + 1)
    if s.packets == 0 or e["flags"] & _LAST != 0:
        _spread(books, i, m, s, row, e.time)


@kernel
def judge(books: Any, markets: Any, state: Any, events: Any, fate: Any, cause: Any) -> int:
    """Decide the fate (u1[n]) of every row of `events` and its cause (i1[n], a Problem or -1); repairs in place.

    `books` and `markets` (MARKET) by instrument, `state` (STATE[1]). Returns -1, or the first row whose time lies
    further back than the tolerance: nothing after it has been judged.
    """
    s = state[0]
    for row in range(events.size):
        e = events[row]
        back = _clock(s, e)
        if back > s.tolerance:
            return row
        repeated = _repeated(s, e)
        problem = _numbers(s, e)
        fate_of = _OUT if problem != NO_PROBLEM else _KEPT
        i = int(e.instrument)
        known = i < books.size
        if problem == NO_PROBLEM and known and s.orders != 0:
            problem, fate_of = _reference(books, i, s, e, repeated)
        if problem != NO_PROBLEM:
            _note(s, problem, row)
        if fate_of != _OUT:
            if repeated and _is_print(e.kind):
                _note(s, P_REPEAT, row)
            if back > 0:
                e.time = s.last
                fate_of = _FIXED
                _note(s, P_TIME, row)
                problem = P_TIME if problem == NO_PROBLEM else problem
            elif e.time > s.last:
                s.last = e.time
            if fate_of == _FIXED:
                e["flags"] |= _REPAIRED
            if known:
                _market(books, markets, s, events, row)
            else:
                _note(s, P_UNCHECKED, row)
        fate[row], cause[row] = fate_of, problem
    return -1
