"""A look worked out again, from what its router and its guard have read: the same kernels, nothing else."""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.jit import kernel
from nowake.execution.asking import judged_by_guard, routed
from nowake.risk.guard import check

__all__ = ["work_again"]


@kernel
def work_again(
    desk, limits, usages, switches, boards, stats, params, draws, wants, intents, passed, projections, i, now, by_hand,
):  # fmt: skip
    """Route want `i` and let the guard see what comes; `by_hand`: the guard alone, of `intents[0]`.

    Of `desk` are read `board`, `barred` and `lot` of row `i`. Returns (intents that the guard saw, dealers asked as
    bits, intents that passed); what it said is in `projections`, what passed in `passed`, from row 0.
    """
    if by_hand != 0:
        asked = np.int64(1) << np.int64(intents[0].venue)
        return 1, asked, check(limits, usages, switches, boards, intents, 0, 1, now, passed, projections)
    d = desk[i]
    count, _ = routed(d, limits, usages, switches, boards, stats, params, wants, i, draws, intents, now)
    return judged_by_guard(
        limits, usages, switches, boards, boards[d.board], intents, i, count, d.lot, wants[i].deal_least, now, passed,
        projections,
    )  # fmt: skip
