"""What a policy sees: the state of the order, the feature vector, the forecast, one row per parent."""

# mypy: disable-error-code="no-untyped-def"
from nowake.core.jit import kernel
from nowake.execution.policy import CLASSES, OWN
from nowake.execution.slicing import planned

__all__ = ["observe"]

_OWN, _CLASSES = len(OWN), len(CLASSES)


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
