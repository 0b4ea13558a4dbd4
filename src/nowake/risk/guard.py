"""The guard: the last thing that sees an intended child before it leaves, whoever made it.

`check` asks in this order, and stops at the first that refuses: can everything be trusted (`guard_trust`), is it
allowed now (`guard_permit`), at which price (`guard_price`), would it meet an own order, how much (`guard_size`), is
there a message left. Prices are clamped and quantities shrunk; all else is refused. What passes is booked in USAGE at
once, so that the next intent of the same call sees it. Every intent leaves a PROJECTION.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.jit import inline, kernel
from nowake.risk.guard_permit import level_of, permit
from nowake.risk.guard_price import crosses_own, price_it, share_value
from nowake.risk.guard_size import enough, message, size_it
from nowake.risk.guard_trust import clock, refuse, trust, well_formed
from nowake.risk.reasons import Reason, Verdict
from nowake.risk.usage import book, rest

__all__ = ["check", "tick"]

_REASONS = len(Reason)
_MALFORMED, _BAD_STATE, _SELF, _STEP = (
    np.int64(reason) for reason in (Reason.MALFORMED, Reason.BAD_STATE, Reason.SELF_TRADE, Reason.STEP)
)
_PASSED, _PROJECTED, _REFUSED = (int(verdict) for verdict in Verdict)


@inline
def _note(j, i, k, now):
    """Write what was intended into the projection."""
    j.time, j.intent, j.parent, j.venue, j.side, j.origin = now, k, i.parent, i.venue, i.side, i.origin
    j.quantity_before = j.quantity = i.quantity
    j.price_before = j.price = i.price
    j.minimum_before = j.minimum = i.minimum
    j.kind_before = j.kind = i.kind
    j.reasons = j.binding = j.value = 0
    j.verdict = _REFUSED


@kernel
def _judge(j, m, u, s, a, b, i, level, now):
    """Tell whether the intent may leave as `j` says; what changed or refused it is noted there."""
    trust(j, m, u, s, a, b, i, now)
    if j.reasons != 0:
        return False
    permit(j, m, u, b, i, level, now)
    if j.reasons != 0:
        return False
    side = np.int64(i.side)
    j.price = price_it(j, m, u, b, side, j.kind, j.price)
    if j.price <= 0:
        refuse(j, _STEP)  # no price between the collars is a step
        return False
    if crosses_own(s, b, side, j.kind, j.price):
        refuse(j, _SELF)
        j.binding = _SELF
        return False
    j.value = share_value(m, b, side, j.price)
    if j.value == 0:
        refuse(j, _BAD_STATE)
        j.binding = _BAD_STATE
        return False
    size_it(j, m, u, s, a, b, i, level)
    if not enough(j, m, i, b.place[i.venue].kind):
        return False
    return message(j, m, a, np.int64(i.venue), now)


@inline
def _pass(j, o, i, u, s, a):
    """Write the child that leaves into `o` and book it."""
    o.parent, o.venue, o.side, o.time, o.score = i.parent, i.venue, i.side, i.time, i.score
    o.tactic, o.origin, o.reason = i.tactic, i.origin, i.reason
    o.price, o.quantity, o.minimum, o.kind = j.price, j.quantity, j.minimum, j.kind
    book(u, s, j.side, j.kind, j.quantity)
    rest(s, j.side, j.kind, j.price)
    u.open_orders += 1
    money = j.quantity * j.value
    u.money += money
    a.venue_money[j.venue] += money
    given = j.price_before == 0
    same = j.quantity == j.quantity_before and j.minimum == j.minimum_before
    if same and (given or j.price == j.price_before):
        j.verdict = _PASSED
        u.passed += 1
    else:
        j.verdict = _PROJECTED
        u.projected += 1


@inline
def _count(j, u):
    """Count the intent in its parent's row, by verdict and by reason."""
    u.seen += 1
    if j.verdict == _REFUSED:
        u.refused += 1
        j.quantity = 0
    if j.reasons != 0:
        for reason in range(_REASONS):
            u.by_reason[reason] += (j.reasons >> reason) & 1


@kernel
def check(limits, usages, switches, boards, intents, lo, hi, now, out, projections):
    """Check `intents[lo:hi]` at `now` (ns UTC) in their order; return how many passed, as `out[:passed]`.

    `limits` LIMITS and `usages` USAGE by row of the parent, `switches` SWITCH, `boards` BOARD, `projections`
    PROJECTION: row k tells what became of `intents[lo + k]`. `out` and `projections` need hi - lo rows.
    """
    if lo < 0 or hi > intents.shape[0] or hi - lo > min(out.shape[0], projections.shape[0]):
        raise IndexError("guard: `out` and `projections` need a row per intent")
    passed = 0
    for k in range(lo, hi):
        i, j = intents[k], projections[k - lo]
        _note(j, i, k, now)
        p = i.parent
        if p < 0 or p >= usages.shape[0] or p >= limits.shape[0]:
            refuse(j, _MALFORMED)
            j.quantity = 0
            continue
        u = usages[p]
        rows, shown = usages.shape[0], boards.shape[0]
        if not well_formed(i):
            refuse(j, _MALFORMED)
        elif not (0 <= u.symbol < rows and 0 <= u.account < rows and 0 <= u.board < shown):
            refuse(j, _BAD_STATE)
        else:
            s, a = usages[u.symbol], usages[u.account]
            level = level_of(switches, u, i.venue)
            if _judge(j, limits[p], u, s, a, boards[u.board], i, level, now):
                _pass(j, out[passed], i, u, s, a)
                passed += 1
        _count(j, u)
    return passed


@kernel
def tick(limits, usages, lo, hi, now):
    """Let the accounts of parents `lo..hi-1` see the time, so that an idle clock is not taken for one that jumped."""
    for p in range(lo, hi):
        u = usages[p]
        if 0 <= u.account < usages.shape[0] and limits[p].clock_step > 0:
            clock(limits[p], usages[u.account], now)
