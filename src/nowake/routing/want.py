"""What a parent wants of the router now, one aligned record; the last fields are the router's answer and its desk.

Shares of `due` are to be done now, those of `passive` may wait; the two are disjoint. Tactic CROSS takes both, DARK
hides both. Prices are ticks, quantities shares.
"""

import numpy as np

from nowake.core.board import PLACES
from nowake.core.errors import OrderError
from nowake.core.intent import Tactic
from nowake.core.values import MAX_QUANTITY
from nowake.data.reader import kernel_view

__all__ = ["DEALERS", "WANT", "check_want", "new_wants"]

DEALERS = PLACES  # the desk's row for the dealers together

WANT = np.dtype(
    [
        ("parent", "i8"),
        ("board", "i8"),  # row of the boards (and of the draws)
        ("stats", "i8"),  # row of the statistics: one per instrument, or per instrument and regime
        ("due", "i8"),
        ("passive", "i8"),
        ("rest", "i8"),  # shares of the parent beyond these: what leaked news would make dearer
        ("limit", "i8"),  # 0: none
        ("step", "i8"),  # own prices are multiples of it
        ("time", "i8"),  # ns
        ("urgency", "f8"),  # 0..1
        ("deal_least", "i8"),  # least shares that dealers are asked for
        ("own", "i8", (PLACES,)),  # own shares resting at the touch
        ("ahead", "i8", (PLACES,)),  # shares before them; -1: their price is no longer the touch
        ("side", "i1"),
        ("tactic", "u1"),
        ("origin", "u1"),
        ("leave", "u1", (PLACES,)),  # answer: the resting order should leave its place
        ("left", "i8"),  # answer: shares without a route now
        ("give", "i8", (PLACES + 1,)),  # desk: shares per place, and for the dealers together
        ("least", "i8", (PLACES + 1,)),
        ("level", "i8", (PLACES + 1,)),  # size step that the greedy has reached
        ("edge", "f8", (PLACES + 1,)),  # gain of a filled share against crossing
        ("alive", "f8", (PLACES + 1,)),  # probability that the pool holds what it was given
        ("draw", "f8", (PLACES + 1,)),
        ("gain", "f8", (PLACES + 1,)),  # expected gain of what was given, against crossing
        ("walk", "f8"),
        ("asked", "u1", (PLACES,)),
    ],
    align=True,
)


def new_wants(n: int) -> np.ndarray:
    """Return WANT[n]: nothing wanted."""
    wants = np.zeros(n, WANT)
    wants["step"] = 1
    return kernel_view(wants)


def check_want(want: np.void) -> None:
    """Raise OrderError unless `want` (a row of WANT) is one that the router can work."""
    for name, low, high in (
        ("side", -1, 1),
        ("due", 0, MAX_QUANTITY),
        ("passive", 0, MAX_QUANTITY - int(want["due"])),
        ("rest", 0, 2**40),
        ("limit", 0, 2**40),
        ("step", 1, 2**40),
        ("urgency", 0.0, 1.0),
        ("tactic", min(Tactic), max(Tactic)),
    ):
        if not low <= want[name] <= high or (name == "side" and want[name] == 0):
            raise OrderError(f"want {name}", expected=f"{low} to {high}", got=want[name])
    if want["limit"] % want["step"]:
        raise OrderError("want limit", expected=f"a multiple of the step {want['step']}", got=want["limit"])
