"""A look of a decision log, worked out again: route and guard, from what the log keeps of what they have read."""

import zlib
from dataclasses import dataclass

import numpy as np

from nowake.core.board import BOARD
from nowake.core.intent import INTENT
from nowake.data.reader import kernel_view
from nowake.execution.again import work_again
from nowake.execution.decision_reader import Kept, record_difference
from nowake.execution.desk_state import DESK
from nowake.execution.placing import ROUTED
from nowake.features.state import FEATURES, NEWS
from nowake.features.stream import write_board
from nowake.features.vector import ROW
from nowake.risk.limits import LIMITS
from nowake.risk.projection import PROJECTION
from nowake.risk.switches import SWITCH
from nowake.risk.usage import LEVELS, USAGE
from nowake.routing.parameters import ROUTING
from nowake.routing.venues import STATS, new_draws
from nowake.routing.want import WANT

__all__ = ["Again", "features_at", "look_again", "whole_board"]

_SAME = ("venue", "side", "kind", "quantity", "price", "minimum", "tactic", "origin", "reason")


@dataclass(frozen=True, slots=True)
class Again:
    """What came of it: intents that passed (INTENT), what the guard said of each that it saw, and both as numbers."""

    passed: np.ndarray
    said: np.ndarray
    guarded: int
    verdicts: int

    def differs(self, child: Kept, k: int) -> str | None:
        """Return the first thing in which a child is not the `k`-th that passed, None where all is the same."""
        if not 0 <= k < len(self.passed):
            return f"{len(self.passed)} children left, this one did not"
        intent = self.passed[k]
        for one in _SAME:
            if int(intent[one]) != int(child[one]):
                return f"{one} {int(child[one])} became {int(intent[one])}"
        if np.float64(intent["score"]).tobytes() != np.float64(child["score"]).tobytes():
            return f"score {float(child['score'])} became {float(intent['score'])}"
        left = self.said[self.said["quantity"] > 0]
        return record_difference(child["guard"], left[k], "guard") if child["guarded"] else None


def whole_board(kept: Kept) -> np.ndarray:
    """Return BOARD[1] as a record has kept it."""
    board = np.zeros(1, BOARD)
    for one in kept["board"].dtype.names or ():
        if one == "place":
            board["place"][0, : len(kept["board"]["place"])] = kept["board"]["place"]
        else:
            board[one] = kept["board"][one]
    return kernel_view(board)


def look_again(look: Kept, child: Kept) -> Again:
    """Work `look` out again on the board of `child`, one of those that it has sent."""
    t, i = look["trace"], int(look["row"])
    parent = t["parent"]
    usages, switches = _usages(look), _switches(look)
    n = len(usages)
    desk, limits, wants = (kernel_view(np.zeros(n, kind)) for kind in (DESK, LIMITS, WANT))
    desk["lot"][i], desk["barred"][i], desk["board"][i] = t["lot"], t["barred"], parent["board"]
    limits[i : i + 1] = t["limits"]
    for one in look["want"].dtype.names or ():
        wants[one][i] = look["want"][one]
    stats, params = (kernel_view(np.zeros(1, kind)) for kind in (STATS, ROUTING))
    stats[:], params[:] = t["stats"], t["params"]
    intents, passed = (kernel_view(np.zeros(ROUTED, INTENT)) for _ in range(2))
    intents[:1] = t["intent"]
    said = kernel_view(np.zeros(ROUTED, PROJECTION))
    guarded, _, left = work_again(
        desk, limits, usages, switches, whole_board(child), stats, params, new_draws([int(t["stream"])]), wants,
        intents, passed, said, i, int(look["time"]), int(t["by_hand"]),
    )  # fmt: skip
    seen = np.asarray(said)[:guarded].copy()
    return Again(np.asarray(passed)[:left].copy(), seen, guarded, zlib.crc32(seen.tobytes()))


def _usages(look: Kept) -> np.ndarray:
    """Return USAGE rows: those of parent, symbol and account where they were."""
    t, i = look["trace"], int(look["row"])
    symbol, account = int(t["parent"]["symbol"]), int(t["parent"]["account"])
    usages = np.zeros(max(i, symbol, account) + 1, USAGE)
    usages[symbol], usages[account], usages[i] = t["symbol"], t["account"], t["parent"]
    row = usages[i]  # its switches are at 0 (firm), then its own, then those of the venues
    levels, venues = t["levels"], t["venue_levels"]
    row["switch"] = np.where(levels >= 0, 1 + np.arange(LEVELS), -1)
    row["venue_switch"] = np.where(venues >= 0, 1 + LEVELS + np.arange(len(venues)), -1)
    return kernel_view(usages)


def _switches(look: Kept) -> np.ndarray:
    """Return SWITCH rows with the levels that held, as `_usages` numbers them."""
    t = look["trace"]
    levels = np.concatenate([[t["firm"]], t["levels"], t["venue_levels"]])
    switches = np.zeros(len(levels), SWITCH)
    switches["level"] = np.maximum(levels, 0)
    return kernel_view(switches)


def features_at(look: Kept, child: Kept) -> np.void | None:
    """Return the feature vector (ROW) of the moment of `look`; None where this version keeps features another way."""
    if look["features"].dtype != FEATURES:
        return None
    state, rows = kernel_view(np.zeros(1, FEATURES)), kernel_view(np.zeros(1, ROW))
    state[:] = look["features"]
    write_board(state, whole_board(child), 0, int(look["time"]), rows, 0, np.zeros(0, NEWS))
    row: np.void = np.asarray(rows)[0]
    return row
