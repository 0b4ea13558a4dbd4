"""TRACE: what router and guard are about to read of what they change, kept so that a look can be worked out again.

One record per parent, of its last look that came as far as the router, or of a person's last child; none are kept where
the array is empty. The rest of what they read is not changed by a look: the board, and the want.
"""

# mypy: disable-error-code="no-untyped-def"
import numpy as np

from nowake.core.board import PLACES
from nowake.core.intent import INTENT
from nowake.core.jit import inline, kernel
from nowake.data.reader import kernel_view
from nowake.risk.limits import LIMITS
from nowake.risk.switches import FIRM_ROW
from nowake.risk.usage import LEVELS, USAGE
from nowake.routing.parameters import ROUTING
from nowake.routing.venues import STATS

__all__ = ["TRACE", "keep_trace", "new_traces"]

_FIRM = int(FIRM_ROW)

TRACE = np.dtype(
    [
        ("first_id", "i8"),  # of the children of this look
        ("time", "i8"),
        ("by_hand", "i8"),  # 1: a person's child, no router
        ("lot", "i8"),
        ("barred", "i8"),
        ("stream", "u8"),  # counter of the router's draws
        ("firm", "i8"),  # levels of the switches: of the firm, of the parent's, of the venues'
        ("levels", "i8", (LEVELS,)),
        ("venue_levels", "i8", (PLACES,)),
        ("intent", INTENT),  # of a person
        ("parent", USAGE),
        ("symbol", USAGE),
        ("account", USAGE),
        ("limits", LIMITS),
        ("params", ROUTING),
        ("stats", STATS),
    ],
    align=True,
)


def new_traces(n: int) -> np.ndarray:
    """Return TRACE[n], zeroed; 0: nothing is kept."""
    traces = np.zeros(n, TRACE)
    return kernel_view(traces)


@inline
def _level(switches, row):
    return switches[row].level if 0 <= row < switches.shape[0] else np.int64(-1)


@kernel
def keep_trace(traces, desk, usages, limits, switches, stats, params, draws, intents, i, now, by_hand):
    """Keep what the router (unless `by_hand`) and the guard will read for parent `i` at `now`, as it is before them."""
    d, u, t = desk[i], usages[i], traces[i]
    t.first_id, t.time, t.by_hand, t.lot, t.barred = d.next_id, now, by_hand, d.lot, d.barred
    t.stream = draws[d.board].stream[0]
    t.firm = _level(switches, _FIRM)
    for k in range(u.switch.shape[0]):
        t.levels[k] = _level(switches, u.switch[k])
    for k in range(u.venue_switch.shape[0]):
        t.venue_levels[k] = _level(switches, u.venue_switch[k])
    traces.parent[i], traces.limits[i], traces.params[i] = u, limits[i], params[0]
    if 0 <= u.symbol < usages.shape[0] and 0 <= u.account < usages.shape[0]:
        traces.symbol[i], traces.account[i] = usages[u.symbol], usages[u.account]
    traces.stats[i] = stats[d.stats]
    if by_hand != 0:
        traces.intent[i] = intents[0]
