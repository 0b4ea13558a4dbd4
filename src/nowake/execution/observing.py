"""What a policy sees: the state of the order, the feature vector, the forecast, one row per parent."""

# mypy: disable-error-code="no-untyped-def"
from nowake.core.board import PlaceKind
from nowake.core.held import held
from nowake.core.intent import OrderKind
from nowake.core.jit import inline, kernel
from nowake.execution.desk_state import CHILDREN, Stage
from nowake.execution.policy import CLASSES, OWN
from nowake.execution.slicing import planned, wants_decision
from nowake.features.own import set_queue
from nowake.features.stream import write_board

__all__ = ["gather", "observe", "observe_due", "sense"]

_OWN, _CLASSES = len(OWN), len(CLASSES)
_LIVE, _LIT = int(Stage.LIVE), int(PlaceKind.LIT)
_POST, _LIMIT = int(OrderKind.POST_ONLY), int(OrderKind.LIMIT)


@inline
def _queue(d, kids, working, board, features, i):
    """Tell the features in which queues parent `i` rests: at the touch of its venue, or alone before it.

    The venue displays what others have at its touch; `ahead` of a child is an upper bound.
    """
    ahead, own, behind = 0, 0, 0
    for row in range(i * CHILDREN, (i + 1) * CHILDREN):
        k, w = kids[row], working[row]
        if k.stage != _LIVE or (w.kind != _POST and w.kind != _LIMIT):
            continue
        p = board.place[w.venue]
        here, shown = (p.bid, p.bid_size) if w.side > 0 else (p.ask, p.ask_size)
        if p.kind != _LIT or (here != 0 and w.side * (w.price - here) < 0):
            continue
        own += w.leaves
        if w.price == here:
            before = shown if k.ahead < 0 else min(k.ahead, shown)
            ahead += before
            behind += shown - before
    set_queue(features, d.features, ahead, own, behind)


@kernel
def sense(desk, kids, working, boards, features, i, now, rows, news):
    """Fill rows[i] with the feature vector at `now` (ns UTC) as parent `i` has it, its place in queues included."""
    d = desk[i]
    _queue(d, kids, working, boards[d.board], features, i)
    write_board(features, boards, d.features, now, rows, i, news)


@kernel
def observe(desk, boards, rows, forecasts, paid, i, now, out):
    """Fill out[i] at `now` from feature row i and forecast row i; `paid` f8: ticks x shares of the fills so far."""
    d, o = desk[i], out[i]
    board = boards[d.board]
    spread = max(board.ask - board.bid, d.step) if 0 < board.bid < board.ask else d.step
    o[0] = (d.end - now) / (d.end - d.start)
    o[1] = (d.quantity - d.filled) / d.quantity
    o[2] = (planned(d, board, now) - d.filled) / d.quantity
    o[3] = d.side * (paid[i] / d.filled - d.arrival2 / 2.0) / spread if d.filled > 0 and d.arrival2 > 0 else 0.0
    o[4] = d.working / d.quantity
    o[5] = d.rate
    o[6] = d.children / max(d.decisions, 1)
    n = rows[i].value.shape[0]
    for k in range(n):
        o[_OWN + k] = rows[i].value[k]
    for k in range(_CLASSES):
        o[_OWN + n + k] = forecasts[i, k]


@held
def gather(desk, kids, working, boards, features, now, rows, news, follow):
    """Do as `sense` for every parent that wants a decision at now[i]; returns how many do.

    follow[i] is what the plan of such a parent follows, -1 for the others.
    """
    asking = 0
    for i in range(desk.shape[0]):
        follow[i] = -1
        if wants_decision(desk[i], now[i]):
            asking += 1
            follow[i] = desk[i].follow
            sense(desk, kids, working, boards, features, i, now[i], rows, news)
    return asking


@held
def observe_due(desk, boards, rows, forecasts, paid, now, follow, out):
    """Do as `observe` for every parent with follow[i] >= 0."""
    for i in range(desk.shape[0]):
        if follow[i] >= 0:
            observe(desk, boards, rows, forecasts, paid, i, now[i], out)
