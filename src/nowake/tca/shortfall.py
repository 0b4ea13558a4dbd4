"""Implementation shortfall and its parts (Perold 1988; Wagner & Edwards 1993), positive = cost.

With s = +1 buy, -1 sell, Q ordered, F filled, Pd decision, Pa arrival, Pend end price, and for fill j its price p, the
mid m just before it in the book we trade in and the mid m~ at that instant of the market without our orders:

    delay s F (Pa - Pd) | spread s Σ q (p - m) | own impact s Σ q (m - m~) | timing s Σ q (m~ - Pa)
    opportunity s (Q - F) (Pend - Pd) | fees

The basis is the decision notional Q Pd. The total is computed on its own, paper gain less real gain.

Where a mid is missing at a fill (a one-sided book), the own impact m - m~ is that of the fill before (0 for the first)
and the mid that is known gives the other; where both are missing, m~ is that of the fill before (Pa for the first). A
gap therefore adds no impact of its own.
"""

import math
from dataclasses import dataclass

import numpy as np

from nowake.core.errors import InputError
from nowake.core.values import Side

__all__ = ["PARTS", "Decomposition", "Terms", "Wagner", "carry_mids", "decompose"]

PARTS = ("delay", "spread", "impact", "timing", "opportunity", "fees")


@dataclass(frozen=True, slots=True)
class Terms:
    """What the decomposition refers to: prices in ticks; `unit` is the currency value of one tick of one share or lot.

    `end` may be NaN where the order is complete (nothing is left to price).
    """

    side: Side
    quantity: int
    decision: float
    arrival: float
    end: float
    unit: float = 1.0

    def __post_init__(self) -> None:
        for name, value in (("decision", self.decision), ("arrival", self.arrival)):
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} price", expected="above 0 ticks", got=value)
        if self.quantity < 1 or not self.unit > 0:
            raise InputError("terms", expected="quantity >= 1, unit > 0", got=f"{self.quantity}, {self.unit}")


@dataclass(frozen=True, slots=True)
class Wagner:
    """The four-part form of the textbooks, in bp of the decision notional."""

    explicit_bps: float
    realised_bps: float
    delay_bps: float
    missed_bps: float
    total_bps: float


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The parts of the shortfall in bp of the decision notional `basis` (currency); `carried` fills had no mid."""

    delay_bps: float
    spread_bps: float
    impact_bps: float
    timing_bps: float
    opportunity_bps: float
    fees_bps: float
    total_bps: float
    basis: float
    carried: int = 0

    @property
    def trading_bps(self) -> float:
        """Spread + own impact + timing: the fills against the arrival price."""
        return self.spread_bps + self.impact_bps + self.timing_bps

    def bps(self) -> dict[str, float]:
        """Return the parts and the total, in bp, by key of the command line contract."""
        return {f"{name}_bps": getattr(self, f"{name}_bps") for name in (*PARTS, "total")}

    def money(self) -> dict[str, float]:
        """Return the parts and the total in currency."""
        return {name: getattr(self, f"{name}_bps") * self.basis / 1e4 for name in (*PARTS, "total")}

    def wagner(self) -> Wagner:
        """Return explicit (fees), realised (trading), delay and missed (opportunity) costs."""
        return Wagner(self.fees_bps, self.trading_bps, self.delay_bps, self.opportunity_bps, self.total_bps)


def carry_mids(fills: np.ndarray, arrival: float) -> tuple[np.ndarray, np.ndarray, int]:
    """Return mid and untouched mid per fill (f8[n], ticks) with gaps carried forward, and the fills that had one."""
    mid, untouched = fills["mid"].astype(float), fills["mid_untouched"].astype(float)
    gaps = ~(np.isfinite(mid) & np.isfinite(untouched))
    last, own = arrival, 0.0
    for j in np.flatnonzero(gaps) if len(fills) else ():
        if j:
            last, own = untouched[j - 1], mid[j - 1] - untouched[j - 1]
        if not np.isfinite(untouched[j]):
            untouched[j] = mid[j] - own if np.isfinite(mid[j]) else last
        if not np.isfinite(mid[j]):
            mid[j] = untouched[j] + own
    return mid, untouched, int(gaps.sum())


def _check(terms: Terms, fills: np.ndarray) -> int:
    filled = int(fills["quantity"].sum())
    if filled > terms.quantity:
        raise InputError("fills", expected=f"at most the {terms.quantity} ordered", got=filled)
    if len(fills) and (np.any(fills["quantity"] <= 0) or np.any(fills["side"] != int(terms.side))):
        raise InputError("fills", expected=f"positive quantities, all {terms.side}", got="another side or quantity")
    if filled < terms.quantity and not math.isfinite(terms.end):
        raise InputError("end price", expected="a price, as the order is not complete", got=terms.end)
    return filled


def decompose(terms: Terms, fills: np.ndarray) -> Decomposition:
    """Return the parts of the shortfall of `fills` (FILL records, in time order); InputError where they do not fit."""
    filled = _check(terms, fills)
    side, unfilled = int(terms.side), terms.quantity - filled
    end = terms.end if unfilled else terms.arrival  # nothing is left to price: cancels from paper and real
    quantity, price = fills["quantity"].astype(float), fills["price2"] / 2.0
    mid, untouched, carried = carry_mids(fills, terms.arrival)
    fees = math.fsum(fills["fee"]) / terms.unit
    parts = (
        side * filled * (terms.arrival - terms.decision),
        side * math.fsum(quantity * (price - mid)),
        side * math.fsum(quantity * (mid - untouched)),
        side * math.fsum(quantity * (untouched - terms.arrival)),
        side * unfilled * (end - terms.decision),
        fees,
    )
    paper = side * terms.quantity * (end - terms.decision)
    real = side * math.fsum(quantity * (end - price)) - fees
    notional = terms.quantity * terms.decision
    bps = [amount / notional * 1e4 + 0.0 for amount in (*parts, paper - real)]  # + 0.0: no negative zero
    named = dict(zip((f"{name}_bps" for name in (*PARTS, "total")), bps, strict=True))
    return Decomposition(**named, basis=notional * terms.unit, carried=carried)
