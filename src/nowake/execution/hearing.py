"""What a venue says of a child becomes the ledger of its parent, the guard's usage, and a lesson for the router."""

# mypy: disable-error-code="no-untyped-def"
from enum import IntEnum

from nowake.core.board import PlaceKind
from nowake.core.intent import OrderKind
from nowake.core.jit import inline, kernel
from nowake.core.times import SECOND
from nowake.execution.desk_state import CHILDREN, MARKS, Stage
from nowake.features.own import dark_answer, dark_markout, own_fill
from nowake.risk.usage import closed, filled
from nowake.routing.learning import heard, marked
from nowake.routing.venues import HORIZONS

__all__ = ["Word", "hear", "mark_out", "row_of"]


class Word(IntEnum):
    """What a venue may say of a child."""

    ACK = 1
    FILL = 2
    GONE = 3  # cancelled or expired
    REFUSED = 4
    KEPT = 5  # a cancel was refused
    BUST = 6


_ACK, _FILL, _GONE, _REFUSED, _KEPT, _BUST = (int(word) for word in Word)
_FREE, _SENT, _LIVE, _CANCELLING = int(Stage.FREE), int(Stage.SENT), int(Stage.LIVE), int(Stage.CANCELLING)
_POST, _LIMIT, _QUOTE = int(OrderKind.POST_ONLY), int(OrderKind.LIMIT), int(OrderKind.QUOTE)
_DARK = int(PlaceKind.DARK)
_LONGEST = 6  # doublings of the pause after rejects
_H0, _H1, _H2 = (seconds * SECOND for seconds in HORIZONS)
_TOLD = 1  # horizon whose mark-out of a dark fill is a feature: 10 s


@kernel
def row_of(kids, working, i, oid):
    """Return the row of child `oid` of parent `i`, -1 if it has none."""
    for row in range(i * CHILDREN, (i + 1) * CHILDREN):
        if kids[row].stage != _FREE and working[row].id == oid:
            return row
    return -1


@kernel
def _best_own(desk, kids, working, usages, i):
    """Find the best own resting prices of the symbol anew."""
    d = desk[i]
    s = usages[usages[i].symbol]
    s.own_bid = s.own_ask = 0
    for row in range(d.first * CHILDREN, d.last * CHILDREN):
        w = working[row]
        if kids[row].stage == _FREE or (w.kind != _POST and w.kind != _LIMIT):
            continue
        if w.side > 0:
            s.own_bid = max(s.own_bid, w.price)
        elif s.own_ask == 0 or w.price < s.own_ask:
            s.own_ask = w.price


@kernel
def _over(desk, kids, working, usages, boards, features, stats, params, reports, i, row, now):
    """A child is over: its row is free, its venue has taught something."""
    d, k, w = desk[i], kids[row], working[row]
    d.working -= w.leaves
    t = reports[i]
    t.time, t.sent, t.filled, t.minimum, t.stats = now, k.quantity, k.quantity - w.leaves, w.minimum, d.stats
    t.venue, t.kind, t.ahead = w.venue, boards[d.board].place[w.venue].kind, k.joined
    if w.kind == _QUOTE:
        d.asking = 0
    else:
        heard(stats, params, reports, i)
        if t.kind == _DARK:
            dark_answer(features, d.features, now, t.sent, t.filled)
    closed(usages, working, row)
    k.stage = _FREE
    if w.kind == _POST or w.kind == _LIMIT:
        s = usages[usages[i].symbol]
        if w.price == s.own_bid or w.price == s.own_ask:
            _best_own(desk, kids, working, usages, i)


@inline
def _remember(d, board, marks, i, venue, quantity, now):
    """Wait for the mark-outs of a fill; the oldest one is given up where all rows wait."""
    m = marks[i * MARKS + d.next_mark % MARKS]
    d.next_mark += 1
    m.time, m.quantity, m.mid2, m.venue, m.next = now, quantity, board.bid + board.ask, venue, 0


@kernel
def hear(
    desk, kids, working, usages, boards, features, stats, params, reports, marks, i, row, word, quantity, now,
):  # fmt: skip
    """Take in that a venue said `word` of the child in `row` of parent `i` at `now`; `quantity`: of a fill or bust.

    More shares than the child had open are the parent's all the same: what a venue has done, it has done.
    """
    d, k, w = desk[i], kids[row], working[row]
    d.next_wake = min(d.next_wake, now)
    if word == _ACK:
        d.refused_in_row = 0
        k.stage = _LIVE if k.stage == _SENT else k.stage
    elif word == _FILL:
        inside = min(quantity, w.leaves)
        filled(usages, working, row, inside)
        d.working -= inside
        d.filled += quantity
        if quantity > inside:
            u = usages[i]
            u.filled += quantity - inside
            usages[u.symbol].position += w.side * (quantity - inside)
        board = boards[d.board]
        if 0 < board.bid < board.ask:
            _remember(d, board, marks, i, w.venue, quantity, now)
        own_fill(features, d.features, now, w.side, quantity)
        if w.leaves == 0:
            _over(desk, kids, working, usages, boards, features, stats, params, reports, i, row, now)
    elif word == _GONE:
        _over(desk, kids, working, usages, boards, features, stats, params, reports, i, row, now)
    elif word == _REFUSED:
        d.quiet_until = now + (max(d.patience, d.reaction) << min(d.refused_in_row, _LONGEST))
        d.refused_in_row += 1
        k.quantity = w.leaves  # nothing was offered: nothing to learn
        d.working -= w.leaves
        d.asking = 0 if w.kind == _QUOTE else d.asking
        closed(usages, working, row)
        k.stage = _FREE
        _best_own(desk, kids, working, usages, i)
    elif word == _KEPT:
        k.stage = _LIVE if k.stage == _CANCELLING else k.stage
    elif word == _BUST:
        u = usages[i]
        d.filled -= quantity
        u.filled -= quantity
        usages[u.symbol].position -= d.side * quantity
        d.done = 0


@kernel
def mark_out(desk, boards, features, stats, params, markouts, marks, i, now):
    """Take the mark-outs of parent `i` that are due at `now`; a fill whose three are there teaches its venue.

    That of a dark fill over 10 s goes to the features.
    """
    d = desk[i]
    board = boards[d.board]
    if not 0 < board.bid < board.ask:
        return
    mid2 = board.bid + board.ask
    for k in range(i * MARKS, (i + 1) * MARKS):
        m = marks[k]
        if m.time == 0:
            continue
        while m.next < 3 and now - m.time >= (_H0 if m.next == 0 else _H1 if m.next == 1 else _H2):
            m.after[m.next] = d.side * (mid2 - m.mid2) / 2.0
            if m.next == _TOLD and board.place[m.venue].kind == _DARK:
                dark_markout(features, d.features, now, m.quantity, 2e4 * m.after[m.next] / m.mid2)
            m.next += 1
        if m.next == 3:
            t = markouts[i]
            t.stats, t.quantity, t.venue = d.stats, m.quantity, m.venue
            t.after[0], t.after[1], t.after[2] = m.after[0], m.after[1], m.after[2]
            marked(stats, params, markouts, i)
            m.time = 0
