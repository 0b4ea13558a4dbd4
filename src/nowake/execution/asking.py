"""The router and the guard, asked for one look: what may be used goes in, what may leave comes out."""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.intent import OrderKind
from nowake.core.jit import kernel
from nowake.execution.desk_state import NEVER
from nowake.execution.permitted import close, fit, one_request, reopen, shut_places
from nowake.risk.guard import check
from nowake.routing.router import route

__all__ = ["judged_by_guard", "routed"]

_LIT, _IOC = int(PlaceKind.LIT), int(OrderKind.IOC)


@kernel
def routed(d, limits, usages, switches, boards, stats, params, wants, i, draws, intents, now):
    """Let the router answer want `i` with `intents`, from places that may be used; returns (how many, those shut)."""
    board = boards[d.board]
    shut = shut_places(d, limits[i], usages[i], switches, board, now)
    were = close(board, shut)
    count = route(boards, stats, params, wants, i, draws, intents)
    reopen(board, were)
    return count, shut


@kernel
def judged_by_guard(limits, usages, switches, boards, board, intents, i, count, lot, least, now, passed, judged):
    """Let the guard see `count` intents of parent `i` one by one; returns (how many it saw, dealers asked, passed).

    Takers come best price first: behind one that the guard refuses or cuts, none is sent to a worse price.
    """
    count = fit(limits, usages, board, intents, i, count, lot)
    count, asked = one_request(intents, count, least)
    seen, leaving, worst = 0, 0, np.int64(NEVER)
    for k in range(count):
        o, taker = intents[k], intents[k].kind == _IOC and board.place[intents[k].venue].kind == _LIT
        if taker and o.side * o.price > worst:
            continue
        j = judged[seen]
        leaving += check(
            limits, usages, switches, boards, intents, k, k + 1, now, passed[leaving:], judged[seen : seen + 1]
        )  # fmt: skip
        seen += 1
        if taker and j.quantity < j.quantity_before:
            worst = o.side * o.price
    return seen, asked, leaving
