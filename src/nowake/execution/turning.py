"""A turn of the desk: every parent that is due, or whose board has moved, looks; those whose slice is over say so."""

# mypy: disable-error-code="no-untyped-def"
from nowake.core.held import held
from nowake.execution.feed_handler import hear_feed
from nowake.execution.hearing import mark_out
from nowake.execution.placing import look
from nowake.execution.slicing import wants_decision
from nowake.risk.marking import mark

__all__ = ["listen", "turn"]

_MARKS_EVERY = 250_000_000  # ns between two looks at what mark-outs are due


@held
def turn(
    desk, kids, working, usages, limits, switches, boards, features, stats, params, draws, wants, intents, passed,
    projections, traces, marks, markouts, lo, hi, now, moved, sends,
):  # fmt: skip
    """Let parents lo..hi-1 look at `now` where they are due (`moved` not 0: all whose last look is a reaction ago).

    Returns (rows of `sends` filled, parents that want a decision first). Stops when `sends` could overflow: the rest
    is due still.
    """
    mark(limits, usages, boards, lo, hi)
    n, asking = 0, 0
    room = sends.shape[0] - 2 * intents.shape[0]
    for i in range(lo, hi):
        d = desk[i]
        if now - d.marked >= _MARKS_EVERY:  # also after its end: what its last fills teach comes later
            d.marked = now
            mark_out(desk, boards, features, stats, params, markouts, marks, i, now)
        if d.done != 0:
            continue
        if wants_decision(d, now):
            asking += 1
            continue
        if now < d.next_wake and (moved == 0 or now - d.looked < d.reaction):
            if moved != 0:  # look at the move when the reaction has passed
                d.next_wake = min(d.next_wake, d.looked + d.reaction)
            continue
        if n > room:
            break
        n += look(
            desk, kids, working, usages, limits, switches, boards, stats, params, draws, wants, intents, passed,
            projections, traces, i, now, sends[n:],
        )  # fmt: skip
    return n, asking


@held
def listen(
    books, features, own_from, events, lo, hi, heard, desk, kids, working, usages, limits, switches, boards, stats,
    params, draws, wants, intents, passed, projections, traces, marks, markouts, sends,
):  # fmt: skip
    """Take market events[lo:hi] of board 0 in, then turn the whole desk at `heard` (ns UTC); returns as `turn`."""
    moved = hear_feed(books, boards, features, 0, 0, own_from, events, lo, hi, heard)
    return turn(
        desk, kids, working, usages, limits, switches, boards, features, stats, params, draws, wants, intents, passed,
        projections, traces, marks, markouts, 0, desk.shape[0], heard, moved, sends,
    )  # fmt: skip
