"""One kernel that lets history, own commands, responses and the placer take their turns in time.

The engine's clock is the venue's plus the feed latency: what the placer sees at local time t is the book of t - feed.
Turns at the same instant: history, command, response, decision. A report that overtakes the feed (response latency
below feed latency) is heard together with the feed of the instant that it tells of.
"""

# mypy: disable-error-code="no-untyped-def"
from nowake.core.jit import inline, kernel
from nowake.data.replay.orders import send
from nowake.data.replay.queue import BUY, SELL, touched
from nowake.data.replay.session import FOREVER, carry_out_next, next_command, step
from nowake.execution.ledger import hear
from nowake.execution.placer import decide

__all__ = ["work"]


@inline
def _next_response(w):
    return w.outbox[w.outbox_head].time - w.feed_latency if w.outbox_count > 0 else FOREVER


@inline
def _wake(w, p):
    return p.next_wake - w.feed_latency if p.next_wake < FOREVER else FOREVER


@inline
def _hear_next(w, p):
    hear(p, w.outbox[w.outbox_head])
    w.outbox_head = (w.outbox_head + 1) % w.outbox.shape[0]
    w.outbox_count -= 1


@kernel
def _look(b, w, p, now):
    """Decide at venue time `now`, and put what was decided on its way."""
    local = now + w.feed_latency
    decide(p, local, touched(b, BUY), touched(b, SELL), b.halted)
    for k in range(p.outgoing):
        o = p.out[k]
        send(w, local, o.action, o.id, o.side, o.price, o.quantity, o.terms)
    p.outgoing = 0


@inline
def _soon(w, p, now):
    """Wake at `now` (venue time), not before the reaction time since the last look has passed."""
    p.next_wake = min(p.next_wake, max(now + w.feed_latency, p.decided_at + p.reaction))


@kernel
def work(books, venues, parents, i, events, lo, until, final, prints, quotes):
    """Work parent `i` through events[lo:] up to venue time `until` (ns UTC, not included).

    Returns the index of the first event not applied; earlier than `until` only when more events are needed
    (unless `final`: there are none) or the fills must be collected.
    """
    b, w, p = books[i], venues[i], parents[i]
    k, n = lo, events.shape[0]
    room = w.execution.shape[0] // 2
    while True:
        due = min(next_command(w), min(_next_response(w), _wake(w, p)))
        bound = min(due, until - 1)
        while k < n and events[k].time <= bound:
            step(b, w, events[k], prints, quotes)
            k += 1
            if p.done == 0 and (touched(b, BUY) != p.bid or touched(b, SELL) != p.ask or b.halted != p.halted):
                _soon(w, p, w.now)
                bound = min(bound, _wake(w, p))
            if w.outbox_count > 0:
                bound = min(bound, _next_response(w))
        if w.fills > room or (k >= n and not final):
            return k
        command, response, wake = next_command(w), _next_response(w), _wake(w, p)
        if min(command, min(response, wake)) >= until:
            return k
        if command <= min(response, wake):
            carry_out_next(b, w)
        elif response <= wake:
            w.now = max(w.now, response)
            _hear_next(w, p)
            _soon(w, p, w.now)
        else:
            w.now = max(w.now, wake)
            _look(b, w, p, w.now)
