"""PROJECTION: what the guard did with one intent, before and after, for the journal and for people."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nowake.core.intent import KIND_WORDS, Origin
from nowake.core.values import Side
from nowake.data.reader import kernel_view
from nowake.risk.reasons import WORDS, Reason, Verdict, reasons_of

__all__ = ["PROJECTION", "Projected", "new_projections", "told"]

PROJECTION = np.dtype(
    [
        ("time", "i8"),
        ("intent", "i8"),  # its row
        ("parent", "i8"),
        ("reasons", "i8"),  # a mask, see `reasons`
        ("binding", "i8"),  # the Reason that decided: the first refusal, or the tightest bound on the quantity
        ("verdict", "i8"),
        ("value", "i8"),  # micro-units of the currency at which each share that passed was booked
        ("quantity_before", "i8"),
        ("price_before", "i8"),
        ("minimum_before", "i8"),
        ("kind_before", "i8"),
        ("quantity", "i8"),  # 0 where refused
        ("price", "i8"),
        ("minimum", "i8"),
        ("kind", "i8"),
        ("venue", "i8"),
        ("side", "i8"),
        ("origin", "i8"),
    ],
    align=True,
)


def new_projections(n: int) -> np.ndarray:
    """Return PROJECTION[n], zeroed."""
    projections = np.zeros(n, PROJECTION)
    return kernel_view(projections)


@dataclass(frozen=True, slots=True)
class Projected:
    """One row of PROJECTION as a value for the journal; `words` say why, `limits` are the reasons by name."""

    time: int
    parent: int
    venue: int
    side: str
    origin: str
    verdict: str
    kind_before: str
    kind: str
    quantity_before: int
    quantity: int
    price_before: int
    price: int
    minimum: int
    binding: str
    limits: tuple[str, ...]
    words: str


def _word(kind: int) -> str:
    return next((word for number, word in KIND_WORDS.items() if number == kind), str(kind))


def told(row: np.void, places: Sequence[str] = ()) -> Projected:
    """Return `row` of PROJECTION as a value; `places` names the venues in its words."""
    reasons = reasons_of(int(row["reasons"]))
    binding = Reason(int(row["binding"]))
    venue, side, origin = int(row["venue"]), int(row["side"]), int(row["origin"])
    where = f" at {places[venue]}" if 0 <= venue < len(places) else ""
    return Projected(
        time=int(row["time"]),
        parent=int(row["parent"]),
        venue=venue,
        side=str(Side(side)) if side in (1, -1) else str(side),
        origin=Origin(origin).name.lower() if origin in tuple(Origin) else str(origin),
        verdict=Verdict(int(row["verdict"])).name.lower(),
        kind_before=_word(int(row["kind_before"])),
        kind=_word(int(row["kind"])),
        quantity_before=int(row["quantity_before"]),
        quantity=int(row["quantity"]),
        price_before=int(row["price_before"]),
        price=int(row["price"]),
        minimum=int(row["minimum"]),
        binding=binding.name.lower(),
        limits=tuple(reason.name.lower() for reason in reasons),
        words=(WORDS[binding] if binding else "; ".join(WORDS[reason] for reason in reasons) or WORDS[binding]) + where,
    )
