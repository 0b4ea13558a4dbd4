"""A turn of many markets in one call: each takes its messages in, then its parent looks."""

# mypy: disable-error-code="no-untyped-def"
from nowake.core.jit import kernel
from nowake.execution.feed_handler import hear_feed
from nowake.execution.turning import turn

__all__ = ["listen_many"]


@kernel
def listen_many(
    books, features, own_from, events, first, now, desk, kids, working, usages, limits, switches, boards, stats, params,
    draws, wants, intents, passed, projections, traces, marks, markouts, sends, width, counts, moved,
):  # fmt: skip
    """Take events[first[i]:first[i + 1]] into market i, let its parent act at now[i]; returns how many must decide."""
    asking = 0
    for i in range(desk.shape[0]):
        if first[i + 1] > first[i]:
            venues = books.shape[0] // desk.shape[0]
            moved[i] |= hear_feed(
                books, boards, features, i, i * venues, own_from, events, first[i], first[i + 1], now[i]
            )  # fmt: skip
        done = counts[i]
        n, asks = turn(
            desk, kids, working, usages, limits, switches, boards, features, stats, params, draws, wants, intents,
            passed, projections, traces, marks, markouts, i, i + 1, now[i], moved[i],
            sends[i * width + done : (i + 1) * width],
        )  # fmt: skip
        counts[i] += n
        asking += asks
        if asks == 0:
            moved[i] = 0
    return asking
