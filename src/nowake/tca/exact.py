"""The shortfall in exact numbers: parts that add up to the total as integers and fractions do, not as floats do.

With prices in half ticks every amount is a whole number of half-tick shares; an estimated mid and a fee are floats,
which are fractions too. The total is computed on its own, paper gain less real gain, from the fills. Formulas:
`shortfall`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from nowake.tca.shortfall import PARTS, Wagner
from nowake.tca.tables import Parent

__all__ = ["Exact", "FillAmounts", "add", "amounts", "carried_mids", "exact"]

Number = int | Fraction


@dataclass(frozen=True, slots=True)
class FillAmounts:
    """What one fill contributes, in currency, positive = cost; opportunity belongs to no fill."""

    delay: Fraction
    spread: Fraction
    impact: Fraction
    timing: Fraction
    fees: Fraction

    @property
    def total(self) -> Fraction:
        """All of it."""
        return self.delay + self.spread + self.impact + self.timing + self.fees


@dataclass(frozen=True, slots=True)
class Exact:
    """The parts of the shortfall, the total computed apart from them, and the decision notional, in currency."""

    delay: Fraction
    spread: Fraction
    impact: Fraction
    timing: Fraction
    opportunity: Fraction
    fees: Fraction
    total: Fraction
    basis: Fraction

    @property
    def trading(self) -> Fraction:
        """Spread, own impact and timing: the fills against the arrival price."""
        return self.spread + self.impact + self.timing

    @property
    def adds_up(self) -> bool:
        """Whether the parts are the total, exactly."""
        return sum((getattr(self, name) for name in PARTS), Fraction(0)) == self.total

    def bps(self) -> dict[str, float]:
        """Return parts and total in bp of the basis, by key of the command line contract."""
        return {f"{name}_bps": float(getattr(self, name) / self.basis * 10_000) for name in (*PARTS, "total")}

    def money(self) -> dict[str, float]:
        """Return parts and total in currency."""
        return {name: float(getattr(self, name)) for name in (*PARTS, "total")}

    def wagner(self) -> Wagner:
        """Return the four-part form: explicit, realised, delay, missed, in bp."""
        parts = (self.fees, self.trading, self.delay, self.opportunity, self.total)
        return Wagner(*(float(part / self.basis * 10_000) for part in parts))

    def times(self, rate: float) -> "Exact":
        """Return the same in another currency, `rate` units of which are worth one of this."""
        by = Fraction(rate)
        return Exact(*(getattr(self, name) * by for name in self.__slots__))


def add(several: Iterable[Exact]) -> Exact:
    """Return the sum, part by part."""
    rows = list(several)
    return Exact(*(sum((getattr(row, name) for row in rows), Fraction(0)) for name in Exact.__slots__))


def _number(value: float) -> Number:
    return int(value) if float(value).is_integer() else Fraction(float(value))


def carried_mids(fills: np.ndarray, arrival2: int) -> tuple[list[Number], list[Number], int]:
    """Return mid and untouched mid per fill in half ticks, gaps carried as in `shortfall`, and how many had a gap."""
    mids: list[Number] = []
    untouched: list[Number] = []
    gaps = 0
    for mid2, without in zip(fills["mid2"].tolist(), fills["untouched2"].tolist(), strict=True):
        last = untouched[-1] if untouched else arrival2
        own = mids[-1] - untouched[-1] if mids else 0
        blind = without != without
        gaps += blind or not mid2
        clean = (mid2 - own if mid2 else last) if blind else _number(without)
        mids.append(mid2 or clean + own)
        untouched.append(clean)
    return mids, untouched, gaps


def amounts(parent: Parent, fills: np.ndarray, unit: Fraction) -> list[FillAmounts]:
    """Return what each of `fills` (FILLS of this parent, in time order) contributes; `unit`: value of a half tick."""
    side = int(parent.side)
    mids, untouched, _ = carried_mids(fills, parent.arrival2)
    rows = []
    for j, (price2, quantity) in enumerate(zip(fills["price2"].tolist(), fills["quantity"].tolist(), strict=True)):
        scale = side * quantity * unit
        rows.append(
            FillAmounts(
                delay=scale * (parent.arrival2 - parent.decision2),
                spread=scale * (price2 - mids[j]),
                impact=scale * (mids[j] - untouched[j]),
                timing=scale * (untouched[j] - parent.arrival2),
                fees=Fraction(float(fills["fee"][j])),
            )
        )
    return rows


def exact(parent: Parent, fills: np.ndarray, unit: Fraction, rows: Sequence[FillAmounts]) -> Exact:
    """Return the decomposition of `parent`; `rows` are the `amounts` of its fills."""
    side, filled = int(parent.side), int(sum(fills["quantity"].tolist()))
    unfilled = parent.quantity - filled
    end2 = parent.end2 if unfilled else parent.arrival2  # nothing is left to price: falls out of paper and real
    sums = {name: sum((getattr(row, name) for row in rows), Fraction(0)) for name in PARTS if name != "opportunity"}
    fees = sum((Fraction(float(fee)) for fee in fills["fee"]), Fraction(0))
    cash = sum(q * p for q, p in zip(fills["quantity"].tolist(), fills["price2"].tolist(), strict=True))
    paper = side * parent.quantity * (end2 - parent.decision2) * unit
    real = side * (filled * end2 - cash) * unit - fees
    opportunity = side * unfilled * (end2 - parent.decision2) * unit
    return Exact(**sums, opportunity=opportunity, total=paper - real, basis=parent.quantity * parent.decision2 * unit)
