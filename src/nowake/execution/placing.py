"""From a slice to children: one look of one parent at its board, everything that leaves passed by the guard.

A look withdraws what was left behind or is too much, then asks the router for what is free: `due` shares that cross
now, `passive` ones that may wait. Shares are promised once: what works or is being withdrawn is not offered again.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.intent import OrderKind, Tactic
from nowake.core.jit import inline, kernel
from nowake.execution.asking import judged_by_guard, routed
from nowake.execution.desk_state import CHILDREN, NEVER, Act, Hands, Stage
from nowake.execution.permitted import close, reopen, shut_places
from nowake.execution.slicing import planned, target_now
from nowake.execution.traces import keep_trace
from nowake.execution.withdrawing import obey, rests, withdraw, withdraw_all
from nowake.risk.guard import check
from nowake.risk.reasons import Verdict
from nowake.routing.router import better_elsewhere

__all__ = ["ROUTED", "look", "place_by_hand"]

ROUTED = 64  # most intents of one look
_FREE, _SENT, _CANCELLING = int(Stage.FREE), int(Stage.SENT), int(Stage.CANCELLING)
_PAUSED, _HUMAN, _CANCEL, _FINISH = int(Hands.PAUSED), int(Hands.HUMAN), int(Hands.CANCEL), int(Hands.FINISH)
_NEW, _ASK = int(Act.NEW), int(Act.ASK)
_CROSS, _DARK_ONLY = int(Tactic.CROSS), int(Tactic.DARK)
_LIMIT, _POST, _PEG, _QUOTE = (
    int(kind) for kind in (OrderKind.LIMIT, OrderKind.POST_ONLY, OrderKind.MID_PEG, OrderKind.QUOTE)
)
_LIT = int(PlaceKind.LIT)
_REFUSED = int(Verdict.REFUSED)
_ONE = np.int64(1)


@inline
def _near(board, side):
    """Return the touch of the own side, ticks, 0: none."""
    return board.bid if side > 0 else board.ask


@kernel
def _look_around(d, kids, working, board, i):
    """Fill `own` and `ahead` per place and return (shares that rest unasked, free rows)."""
    near = _near(board, d.side)
    standing, free = np.int64(0), 0
    for v in range(d.own.shape[0]):
        d.own[v], d.ahead[v] = 0, -1
    for row in range(i * CHILDREN, (i + 1) * CHILDREN):
        k, w = kids[row], working[row]
        if k.stage == _FREE:
            free += 1
            continue
        if k.stage == _CANCELLING or not rests(w.kind):
            continue
        standing += w.leaves
        if w.kind == _PEG:
            continue
        p = board.place[w.venue]
        shown = p.bid_size if d.side > 0 else p.ask_size
        here = p.bid if d.side > 0 else p.ask
        if w.price == here:
            k.joined = shown if k.joined < 0 else k.joined
            k.ahead = shown if k.ahead < 0 else min(k.ahead, shown)  # who left before us, nobody tells: the queue does
        d.own[w.venue] += w.leaves
        if d.side * w.price >= d.side * near:
            d.ahead[w.venue] = max(k.ahead, 0)
    return standing, free


@inline
def _crossing(d, board, now):
    """Return the shares that are to cross now."""
    left = d.quantity - d.filled
    if d.hands == _FINISH or now >= d.end - d.sweep_before:
        return left
    missing = min(d.filled_before + d.quota, d.quantity) - d.filled
    if d.tactic == _CROSS:
        return min(target_now(d, now) - d.filled, left)
    if d.tactic == _DARK_ONLY:
        late = (
            planned(d, board, now)
            - d.filled
            - np.int64(d.slack * max(d.quota, d.quantity * d.interval // (d.end - d.start)))
        )
        return min(late, left)
    return missing if now >= d.until - d.cross_before else np.int64(0)


@inline
def _room(d, board):
    """Return the shares that the participation cap still allows, working ones counted."""
    if d.cap >= 1.0:
        return np.int64(NEVER)
    done = d.filled - d.filled_start
    others = max(board.volume - d.volume_start - done, 0)
    return max(np.int64(d.cap / (1.0 - d.cap) * others), d.lot) - done - d.working


@kernel
def _want(d, w, i, now, due, passive):
    """Write what is wanted of the router."""
    w.parent, w.board, w.stats, w.due, w.passive = i, d.board, d.stats, due, passive
    w.rest = max(d.quantity - d.filled - d.working - due - passive, 0)
    w.limit, w.step, w.time, w.urgency = d.limit, d.step, now, d.urgency if d.urge < 0.0 else d.urge
    w.side, w.origin = d.side, d.origin
    w.deal_least = _least_asked(d, now)
    w.tactic = _CROSS if d.hands == _FINISH or now >= d.end - d.sweep_before else d.tactic
    for v in range(d.own.shape[0]):
        w.own[v], w.ahead[v] = d.own[v], d.ahead[v]


@inline
def _least_asked(d, now):
    """Return the least shares that dealers may be asked for now."""
    return d.ask_least * d.lot if d.asking == 0 and now - d.asked_at >= d.ask_every else NEVER


@kernel
def _weigh(d, boards, stats, params, wants, i, now, shut):
    """Let the router mark in `leave` the places whose queue is worth less than another."""
    board = boards[d.board]
    _want(d, wants[i], i, now, np.int64(0), np.int64(0))
    were = close(board, shut)
    better_elsewhere(boards, stats, params, wants, i)
    reopen(board, were)


@kernel
def _newest(kids, working, i, venue):
    """Return when the last of what rests at `venue` was sent: who stands in front has less to gain elsewhere."""
    newest = np.int64(-NEVER)
    for row in range(i * CHILDREN, (i + 1) * CHILDREN):
        k, w = kids[row], working[row]
        here = k.stage != _FREE and k.stage != _CANCELLING and w.venue == venue
        if here and rests(w.kind) and w.kind != _PEG:
            newest = max(newest, k.since)
    return newest


@kernel
def _tidy(d, asked, kids, working, usages, board, i, now, allowed, standing, sends, n):
    """Withdraw what the touch left behind or does better elsewhere, pegs older than a slice, what is above `allowed`.

    `asked`: the want in whose `leave` the router has marked places; once `patience` is over, one child leaves one.
    """
    near = _near(board, d.side)
    waited = now - d.moved >= d.patience
    for row in range(i * CHILDREN, (i + 1) * CHILDREN):
        k, w = kids[row], working[row]
        if k.stage == _FREE or k.stage == _CANCELLING or not rests(w.kind):
            continue
        behind = near > 0 and d.side * w.price < d.side * near
        if behind:
            moves = d.limit == 0 or w.price != d.limit  # at the limit there is no better place
        else:
            moves = asked.leave[w.venue] != 0 and d.moved < now and k.since == _newest(kids, working, i, w.venue)
        moves = moves and waited and w.kind != _PEG
        old = w.kind == _PEG and now - k.since >= d.interval
        if moves or old or standing > allowed:
            standing -= w.leaves
            n = withdraw(d, kids, working, usages, i, row, sends, n)
            if moves:
                d.moved = now
    return n, standing


@kernel
def _emit(d, kids, working, board, o, j, i, asked, now, sends, n):
    """Give intent `o`, which the guard has passed as projection `j` says, a row, an id, and a place in `sends`."""
    for row in range(i * CHILDREN, (i + 1) * CHILDREN):
        if kids[row].stage == _FREE:
            break
    k, w, s = kids[row], working[row], sends[n]
    oid = d.next_id
    d.next_id += 1
    w.id, w.parent, w.venue, w.side, w.kind, w.price = oid, i, o.venue, o.side, o.kind, o.price
    w.leaves, w.minimum, w.value, w.time = o.quantity, o.minimum, j.value, now
    k.stage, k.tactic, k.origin, k.reason, k.quantity = _SENT, o.tactic, o.origin, o.reason, o.quantity
    k.decision, k.since, k.score, k.asked, k.ahead = d.decisions, now, o.score, 0, -1
    p = board.place[o.venue]
    if (o.kind == _POST or o.kind == _LIMIT) and p.kind == _LIT:
        here, shown = (p.bid, p.bid_size) if d.side > 0 else (p.ask, p.ask_size)
        k.ahead = shown if here == o.price else 0
    k.joined = k.ahead
    s.act, s.id, s.parent, s.row, s.decision = _NEW, oid, i, row, d.decisions
    s.price, s.quantity, s.minimum, s.venue, s.side = o.price, o.quantity, o.minimum, o.venue, o.side
    s.kind, s.tactic, s.origin, s.reason, s.score, s.asked = o.kind, o.tactic, o.origin, o.reason, o.score, 0
    if o.kind == _QUOTE:
        s.act, s.asked, k.asked, d.asking, d.asked_at = _ASK, asked, asked, 1, now
    d.working += o.quantity
    d.children += 1
    return n + 1


@kernel
def _send(
    desk, kids, working, usages, limits, switches, boards, intents, passed, projections, i, count, now, shut, sends, n,
):  # fmt: skip
    """Let the guard see `count` intents and send what it passes."""
    d, board = desk[i], boards[desk[i].board]
    judged = projections[i * ROUTED : (i + 1) * ROUTED]
    seen, asked, leaving = judged_by_guard(
        limits, usages, switches, boards, board, intents, i, count, d.lot, _least_asked(d, now), now, passed, judged,
    )  # fmt: skip
    d.guarded = seen
    if leaving == 0 and seen > 0:  # it will not let more through in a moment
        d.quiet_until = now + d.patience
    k = 0
    for m in range(seen):
        if k < leaving and judged[m].verdict != _REFUSED:
            n = _emit(d, kids, working, board, passed[k], judged[m], i, asked & ~shut, now, sends, n)
            k += 1
    return n


@inline
def _set_out(d, u, board):
    """Keep mid and volume of the first moment in which there is a quote."""
    if d.arrival2 == 0 and 0 < board.bid < board.ask:
        d.arrival2 = u.arrival2 = board.bid + board.ask
        d.volume_start = d.plan_volume = u.volume_start = board.volume


@inline
def _aim(d, u, board, now):
    """Tell the guard what the plan wants by now; returns whether all is to be done at once."""
    hurry = d.hands == _FINISH or now >= d.end - d.sweep_before
    u.target = d.quantity if hurry else planned(d, board, now)
    return hurry


@kernel
def place_by_hand(
    desk, kids, working, usages, limits, switches, boards, stats, params, draws, intents, passed, projections, traces,
    i, now, sends,
):  # fmt: skip
    """Let the guard see `intents[0]`, which a person wants of parent `i`; returns how many rows of `sends`: 0 or 1.

    The caller has made sure of a free row and an id. What the guard says is row i * ROUTED of `projections`.
    """
    d, o = desk[i], intents[0]
    board = boards[d.board]
    _set_out(d, usages[i], board)
    _aim(d, usages[i], board, now)
    judged = projections[i * ROUTED : (i + 1) * ROUTED]
    d.guarded = 1
    if i < traces.shape[0]:
        keep_trace(traces, desk, usages, limits, switches, stats, params, draws, intents, i, now, 1)
    if check(limits, usages, switches, boards, intents, 0, 1, now, passed, judged) == 0:
        return 0
    asked = _ONE << np.int64(o.venue) if o.kind == _QUOTE else np.int64(0)
    return _emit(d, kids, working, board, passed[0], judged[0], i, asked, now, sends, 0)


@inline
def _wake(d, now, at):
    """Look again at `at`, not before the reaction."""
    d.next_wake = min(d.next_wake, max(at, now + d.reaction))


@kernel
def look(
    desk, kids, working, usages, limits, switches, boards, stats, params, draws, wants, intents, passed, projections,
    traces, i, now, sends,
):  # fmt: skip
    """Let parent `i` look at its board at `now` (ns UTC); returns how many rows of `sends` it has filled.

    `sends` needs CHILDREN + ROUTED rows, `intents` and `passed` ROUTED, `projections` ROUTED for each parent. Nothing
    new leaves while fewer than ROUTED ids or free rows are left; `unsent` counts such looks.
    """
    d, u = desk[i], usages[i]
    board = boards[d.board]
    if d.done != 0 or now < d.start:
        d.next_wake = d.start if d.done == 0 else NEVER
        return 0
    d.looked, d.next_wake, d.guarded = now, NEVER, 0
    _set_out(d, u, board)
    left, n = d.quantity - d.filled, 0
    if left <= 0 or now >= d.end or d.hands == _CANCEL:
        n = withdraw_all(d, kids, working, usages, i, sends, n)
        d.done = 1 if d.working == 0 and (left <= 0 or now >= d.end) else 0
        return n
    standing, free = _look_around(d, kids, working, board, i)
    n, standing = obey(d, kids, working, usages, i, standing, sends, n)
    hurry = _aim(d, u, board, now)
    if d.hands == _PAUSED or d.hands == _HUMAN:
        return n
    due = max(_crossing(d, board, now), 0)
    passive = 0 if hurry else max(min(d.filled_before + d.quota, d.quantity) - d.filled - due, 0)
    most = max(_room(d, board) + standing, 0)  # of what rests; a cap that was lowered takes the rest away
    if standing > 0 and now - d.moved >= d.patience:
        _weigh(d, boards, stats, params, wants, i, now, shut_places(d, limits[i], u, switches, board, now))
    n, standing = _tidy(d, wants[i], kids, working, usages, board, i, now, min(passive, most), standing, sends, n)
    _wake(d, now, d.until if not hurry else now)
    if d.tactic != _CROSS and now < d.until - d.cross_before:
        _wake(d, now, d.until - d.cross_before)
    out = d.working - standing  # what crosses, is asked of dealers or is being withdrawn: promised already
    spare = max(out - due, 0)
    if due > 0 and now - d.crossed < (d.reaction if hurry else d.pace):
        _wake(d, now, d.crossed + d.pace)
        due = np.int64(0)
    elif d.tactic == _CROSS:
        _wake(d, now, now + d.pace)
    if now < d.quiet_until:
        _wake(d, now, d.quiet_until)
        return n
    room = min(left - d.working, _room(d, board))
    due = max(min(due - out, room), 0)
    passive = max(min(passive - standing - spare, room - due), 0)
    if passive < d.lot and passive < left - d.working - due:
        passive = np.int64(0)
    if due + passive == 0:
        return n
    if free < ROUTED // 2 or d.last_id - d.next_id < ROUTED:
        d.unsent += 1
        _wake(d, now, now + d.patience)
        return n
    _want(d, wants[i], i, now, due, passive)
    if now < d.asked_at + d.ask_every:
        _wake(d, now, d.asked_at + d.ask_every)
    if i < traces.shape[0]:
        keep_trace(traces, desk, usages, limits, switches, stats, params, draws, intents, i, now, 0)
    count, shut = routed(d, limits, usages, switches, boards, stats, params, wants, i, draws, intents, now)
    if count > 0 and due > 0:
        d.crossed = now
    elif due > 0:  # nothing is shown, or every place is shut
        _wake(d, now, now + d.patience)
    return _send(
        desk, kids, working, usages, limits, switches, boards, intents, passed, projections, i, count, now, shut,
        sends, n,
    )  # fmt: skip
