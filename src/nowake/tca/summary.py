"""`analyse`: everything about one parent order from its fills, the market's prints and quotes, and its schedule."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nowake.core.errors import InputError
from nowake.core.records import Cause
from nowake.core.values import ParentOrder
from nowake.tca import quotes as path
from nowake.tca.benchmarks import Benchmarks, Conduct, MarketInterval, benchmarks, conduct, market_interval
from nowake.tca.markouts import MarkOut, Reversion, Spreads, mark_outs, reversions, spreads
from nowake.tca.schedule_path import Deviation, SchedulePath, deviation
from nowake.tca.shortfall import Decomposition, Terms, carry_mids, decompose

__all__ = ["Analysis", "CauseRow", "OrderFacts", "analyse"]


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the fills do not say: the order, the mids (ticks) at decision, arrival and end, the number of children."""

    order: ParentOrder
    decision_mid: float
    arrival_mid: float
    end_mid: float
    children: int = 0

    @property
    def unit(self) -> float:
        """Currency value of one tick of one share or lot."""
        return float(self.order.instrument.tick_size * self.order.instrument.lot)


@dataclass(frozen=True, slots=True)
class CauseRow:
    """Own fills of one cause: count, shares, average price in ticks, fees in currency."""

    cause: Cause
    fills: int
    quantity: int
    average: float
    fees: float


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """The whole post-trade analysis of one parent order; prices in ticks, the records it came from kept beside."""

    facts: OrderFacts
    filled: int
    average: float | None
    decomposition: Decomposition
    benchmarks: Benchmarks
    conduct: Conduct
    interval: MarketInterval
    mark_outs: tuple[MarkOut, ...]
    reversions: tuple[Reversion, ...]
    spreads: Spreads
    causes: tuple[CauseRow, ...]
    deviation: Deviation | None
    fills: np.ndarray
    prints: np.ndarray
    quotes: np.ndarray
    schedule_path: SchedulePath | None

    def as_json(self) -> dict[str, Any]:
        """Return the blocks `parent` and `decomposition` of the command line contract, and further blocks beside them.

        Prices in currency, fees and amounts too; None where a number does not exist.
        """
        from nowake.tca.export import as_json

        return as_json(self)


def _by_cause(fills: np.ndarray) -> tuple[CauseRow, ...]:
    rows, causes = [], sorted({int(c) for c in fills["cause"]})
    if strange := [cause for cause in causes if cause not in set(Cause)]:
        raise InputError(
            "cause of a fill", expected=f"one of {', '.join(f'{c:d} {c.name}' for c in Cause)}", got=strange[0]
        )
    for cause in causes:
        own = fills[fills["cause"] == cause]
        quantity = int(own["quantity"].sum())
        average = float((own["quantity"] * (own["price2"] / 2.0)).sum()) / quantity
        rows.append(CauseRow(Cause(cause), len(own), quantity, average, math.fsum(own["fee"])))
    return tuple(rows)


def _patched(fills: np.ndarray, quotes: np.ndarray) -> np.ndarray:
    """Return `fills` in time order; where both mids are missing, the untouched one is the last that the quotes know."""
    ordered = fills[np.argsort(fills["time"], kind="stable")]
    blind = ~np.isfinite(ordered["mid"]) & ~np.isfinite(ordered["mid_untouched"])
    if blind.any():
        ordered["mid_untouched"][blind] = path.mid_at(quotes, ordered["time"][blind], before=True)
    return ordered


def analyse(
    order: OrderFacts,
    fills: np.ndarray,
    prints: np.ndarray,
    quotes: np.ndarray,
    schedule_path: SchedulePath | None = None,
) -> Analysis:
    """Return the analysis of an order from FILL, PRINT and QUOTE_PATH records, prints and quotes in time order.

    The market's records should reach from the open to the close of the day: day VWAP, close, PWP, mark-outs and
    reversions look outside the window of the order. InputError where fills and order do not fit.
    """
    parent, own = order.order, _patched(fills, quotes)
    terms = Terms(parent.side, parent.quantity, order.decision_mid, order.arrival_mid, order.end_mid, order.unit)
    parts = decompose(terms, own)
    mids, untouched, _ = carry_mids(own, order.arrival_mid)
    filled = int(own["quantity"].sum())
    last = max((int(a["time"][-1]) for a in (prints, quotes) if len(a)), default=parent.end)
    return Analysis(
        facts=order,
        filled=filled,
        average=float((own["quantity"] * (own["price2"] / 2.0)).sum()) / filled if filled else None,
        decomposition=parts,
        benchmarks=benchmarks(parent, order.arrival_mid, own, prints, quotes),
        conduct=conduct(parent, own, prints),
        interval=market_interval(parent.start, parent.end, prints, quotes),
        mark_outs=mark_outs(own, untouched, quotes, last),
        reversions=reversions(parent.side, own, quotes, last),
        spreads=spreads(own, mids, quotes, last),
        causes=_by_cause(own),
        deviation=deviation(schedule_path, own, parent.quantity) if schedule_path else None,
        fills=own,
        prints=prints,
        quotes=quotes,
        schedule_path=schedule_path,
    )
