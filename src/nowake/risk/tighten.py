"""What a tightened policy does to orders that already work: which are to be cancelled, and which reduced.

Every working order is put before the guard as if it were sent now, oldest first, once under the old limits and once
under the new. What the new ones treat worse has been caught by the tightening; what merely the market has changed since
(a quote that moved, data that are stale) is treated alike by both, and stays.
"""

from dataclasses import dataclass

import numpy as np

from nowake.core.board import PlaceState
from nowake.core.intent import INTENT
from nowake.core.jit import jit_disabled
from nowake.risk.guard import check
from nowake.risk.projection import new_projections
from nowake.risk.reasons import Reason, Verdict, words_of
from nowake.risk.switches import new_switches
from nowake.risk.usage import recount

__all__ = ["Change", "caught"]

_MESSAGES = 1_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """What to do with a working order: `quantity` that may stay open, 0 to cancel it; `reasons` by name, and why."""

    order_id: int
    quantity: int
    leaves: int
    reasons: tuple[str, ...]
    words: str

    @property
    def action(self) -> str:
        """``cancel`` or ``reduce``."""
        return "reduce" if self.quantity else "cancel"


def caught(
    old: np.ndarray, new: np.ndarray, usages: np.ndarray, boards: np.ndarray, working: np.ndarray, now: int
) -> list[Change]:
    """Return what to do with the orders in `working` (WORKING, leaves above 0) when LIMITS `old` become `new`.

    `usages` is left as it is. Nothing is returned for what the change of limits does not touch.
    """
    rows = working[working["leaves"] > 0]
    rows = rows[np.argsort(rows["time"], kind="stable")]
    before, after = (_asked(limits, usages, boards, rows, now) for limits in (old, new))
    found = []
    for row, was, will in zip(rows, before, after, strict=True):
        kept = _kept(row, will)
        if kept < _kept(row, was):
            mask = int(will["reasons"]) & ~(1 << Reason.PROTECTED)
            names = tuple(reason.name.lower() for reason in Reason if reason and mask >> reason & 1)
            found.append(Change(int(row["id"]), kept, int(row["leaves"]), names, words_of(mask)))
    return found


def _kept(row: np.void, told: np.void) -> int:
    """Return the shares of a working order that may stay: none where price or least execution would have to change."""
    same = told["price"] == row["price"] and told["minimum"] == row["minimum"]
    return int(told["quantity"]) if told["verdict"] != Verdict.REFUSED and same else 0


def _asked(limits: np.ndarray, usages: np.ndarray, boards: np.ndarray, rows: np.ndarray, now: int) -> np.ndarray:
    """Return PROJECTION of `rows` as if each were sent at `now`, with data that are fresh and messages to spare."""
    limits, usages, boards = limits.copy(), usages.copy(), boards.copy()
    for name in ("message_rate", "message_burst"):
        limits[name] = np.where(limits[name] > 0, _MESSAGES, limits[name])
    _taken_out(usages, rows)
    boards["heard"], boards["place"]["time"], boards["place"]["state"] = now, now, PlaceState.UP
    intents, out = np.zeros(len(rows), INTENT), np.zeros(len(rows), INTENT)
    for name in ("parent", "venue", "side", "kind", "price", "minimum", "time"):
        intents[name] = rows[name]
    intents["quantity"] = rows["leaves"]
    projections = new_projections(len(rows))
    if jit_disabled():
        intents, out = intents.view(np.recarray), out.view(np.recarray)
    check(limits, usages, new_switches(1), boards, intents, 0, len(rows), now, out, projections)
    return projections


def _taken_out(usages: np.ndarray, rows: np.ndarray) -> None:
    """Take everything that works out of `usages`, with its money, and let clock and messages begin anew."""
    recount(usages, rows, 0)
    for row in rows:
        money = int(row["leaves"]) * int(row["value"])
        u = usages[int(row["parent"])]
        u["money"] -= money
        usages[int(u["account"])]["venue_money"][int(row["venue"])] -= money
    usages["clock"] = usages["jumped"] = 0
    usages["tokens"], usages["token_time"] = 0, 0
    usages["switch"], usages["venue_switch"] = 0, 0
