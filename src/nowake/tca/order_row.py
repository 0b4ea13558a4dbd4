"""One parent order: every number of post-trade analysis about it, the exact parts of its cost, and its records.

Numbers that do not exist (no fill, no print, beyond the data) are None, never 0.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nowake.core.records import FILL
from nowake.core.times import MINUTE, SECOND
from nowake.core.values import Side
from nowake.tca import prints as market
from nowake.tca import quotes as path
from nowake.tca.benchmarks import Benchmarks, benchmarks, slippage
from nowake.tca.estimates import z_score
from nowake.tca.exact import Exact, FillAmounts, amounts, exact
from nowake.tca.fill_facts import HORIZON_WORDS, OwnFills, fill_facts, own_fills, seen_quotes
from nowake.tca.kpis import kpi
from nowake.tca.markouts import mark_outs, reversions, spreads
from nowake.tca.schedule_path import deviation
from nowake.tca.sources import Ranges, Sources, ranges
from nowake.tca.statistics import weighted_mean
from nowake.tca.tables import Child, Parent, Tables, Tape

__all__ = ["OrderRow", "order_rows"]

_AFTER = 30 * MINUTE
Numbers = dict[str, float | None]


@dataclass(frozen=True, slots=True, eq=False)
class OrderRow:
    """One analysed order: `values` by name of `KPIS`, `exact` parts in its currency, `facts` FILL_FACTS of its fills.

    `amounts`: what each fill contributes, in its currency. `beyond_limit`: shares filled worse than the limit. `gaps`:
    fills that had no mid. `unprinted`: shares filled in the window that no print is marked as ours for.
    """

    index: int
    parent: Parent
    day: str
    filled: int
    average2: float | None
    exact: Exact
    values: Mapping[str, float | None]
    facts: np.ndarray
    amounts: tuple[FillAmounts, ...]
    sources: Sources
    gaps: int
    beyond_limit: int
    unprinted: int

    @property
    def notional(self) -> float:
        """Decision notional in the currency of the report."""
        return float(self.exact.basis) * self.parent.rate

    @property
    def filled_notional(self) -> float:
        """Executed notional in the currency of the report."""
        return float(self.facts["notional"].sum())

    def weight(self, name: str) -> float:
        """Return the weight of number `name` in an average over orders."""
        kinds = {"basis": self.notional, "filled": self.filled_notional, "one": 1.0}
        return kinds[kpi(name).weight]

    def sources_of(self, name: str) -> Ranges:
        """Return the journal records behind number `name`."""
        return self.sources.of(kpi(name).families)


@dataclass(frozen=True, slots=True, eq=False)
class _Order:
    """What the parts below share."""

    tables: Tables
    parent: Parent
    children: tuple[Child, ...]
    own: OwnFills
    tape: Tape
    filled: int
    average: float | None  # ticks


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _costs(parts: Exact) -> Numbers:
    return {("shortfall_bps" if k == "total_bps" else k): v for k, v in parts.bps().items()}


def _both_benchmarks(o: _Order) -> tuple[Benchmarks, Benchmarks]:
    """Return the benchmarks over all prints, and over all but own volume."""
    order, none = o.tables.order(o.parent), np.zeros(0, FILL)
    without = o.tape.prints.copy()
    without["quantity"] -= without["own"]
    arrival, quotes = o.parent.arrival2 / 2, o.tape.quotes[: 0 if o.tape.snapshots else None]
    marks = benchmarks(order, arrival, none, o.tape.prints, quotes)
    return marks, benchmarks(order, arrival, none, without, quotes) if o.tape.prints["own"].any() else marks


def _slippages(o: _Order) -> Numbers:
    marks, without = _both_benchmarks(o)
    prices = {
        "arrival": marks.arrival, "vwap": marks.vwap, "vwap_ex_own": without.vwap, "twap": marks.twap,
        "day_vwap": marks.day_vwap, "day_vwap_ex_own": without.day_vwap, "close": marks.close,
        **{f"pwp{round(p.rate * 100)}": p.price if p.complete else None for p in marks.pwp},
    }  # fmt: skip
    return {f"{name}_slippage_bps": slippage(Side(o.parent.side), o.average, price) for name, price in prices.items()}


def _window_volume(o: _Order) -> tuple[int, int]:
    """Return the market's volume while the order was worked, and own shares in it."""
    window = market.between(market.countable(o.tape.prints), o.parent.start, o.parent.end)
    return int(window["quantity"].sum()), int(window["own"].sum())


def _conduct(o: _Order) -> Numbers:
    """Return how the order took part; participation = filled / (volume + own shares that did not print)."""
    fill, start = o.own.fill, o.parent.start
    volume, printed = _window_volume(o)
    whole = volume + max(o.filled - printed, 0)
    passive = int(fill["quantity"][fill["passive"] != 0].sum())
    stray = deviation(o.parent.schedule, fill, o.parent.quantity) if o.parent.schedule is not None else None
    return {
        "participation": o.filled / whole if whole and len(o.tape.prints) else None,
        "completion": o.filled / o.parent.quantity,
        "passive_share": passive / o.filled if o.filled else None,
        "schedule_deviation_mean_pct": stray.mean_pct if stray else None,
        "schedule_deviation_max_pct": stray.max_pct if stray else None,
        "first_fill_s": (int(fill["time"][0]) - start) / SECOND if o.filled else None,
        "time_to_fill_s": (int(fill["time"][-1]) - start) / SECOND if o.filled == o.parent.quantity else None,
    }


def _after(o: _Order) -> Numbers:
    """Return mark-outs, reversion, and the permanent and temporary parts of Almgren et al. 2005.

    permanent I = s (mid 30 min after the last fill - arrival) / arrival; temporary = slippage - I / 2.
    """
    fill, side = o.own.fill, Side(o.parent.side)
    out: Numbers = dict.fromkeys(f"markout_{h}_bps" for h in HORIZON_WORDS)
    out |= dict.fromkeys(("reversion_5m_bps", "reversion_30m_bps", "permanent_bps", "temporary_bps"))
    if not len(fill):
        return out
    marks = mark_outs(fill, fill["mid_untouched"], o.tape.quotes, o.own.until)
    out |= {f"markout_{h}_bps": m.bps for h, m in zip(HORIZON_WORDS, marks, strict=True)}
    back = reversions(side, fill, o.tape.quotes, int(o.own.until[-1]))
    out |= {f"reversion_{r.minutes:g}m_bps": r.bps for r in back}
    paid, arrival = slippage(side, o.average, o.parent.arrival2 / 2), o.parent.arrival2 / 2
    if back[-1].bps is not None and paid is not None:
        later = float(path.mid_at(o.tape.quotes, fill["time"][-1:] + _AFTER)[0])
        permanent = int(side) * (later - arrival) / arrival * 1e4
        out |= {"permanent_bps": permanent, "temporary_bps": paid - permanent / 2}
    return out


def _spreads(o: _Order, facts: np.ndarray, arrival_slippage: float | None) -> Numbers:
    fill = o.own.fill
    found = spreads(fill, fill["mid"], seen_quotes(o.tape, fill["time"]), o.own.until)
    better = weighted_mean(facts["improvement"], facts["quantity"].astype(float))
    estimated = int(fill["quantity"][o.own.rows["estimated"] != 0].sum())
    paid = None if arrival_slippage is None or not found.quoted_bps else arrival_slippage / found.quoted_bps
    return {
        "effective_spread_bps": found.effective_bps,
        "realised_spread_bps": found.realised_bps,
        "quoted_spread_bps": found.quoted_bps,
        "spread_capture": found.capture,
        "price_improvement_bps": _known(better),
        "spread_normalised_slippage": paid,
        "estimated_share": estimated / o.filled if o.filled else None,
    }


def _sent(o: _Order) -> Numbers:
    offered = sum(child.offered for child in o.children)
    orders = [child for child in o.children if child.offered]
    refused = sum(child.rejected for child in orders)
    asked = {child.rfq_id for child in o.children if child.rfq_id}
    taken = {child.rfq_id for child in o.children if child.rfq_id and child.accepted}
    return {
        "children": float(len(orders)),
        "requests_lapsed": float(len(asked - taken)),
        "fill_rate": o.filled / offered if offered else None,
        "reject_rate": refused / len(orders) if orders else None,
    }


def _expected(parent: Parent, cost_bps: float) -> Numbers:
    estimate = parent.estimate
    if estimate is None:
        return dict.fromkeys(("estimate_bps", "estimate_error_bps", "estimate_z"))
    return {
        "estimate_bps": estimate.mean_bps,
        "estimate_error_bps": cost_bps - estimate.mean_bps,
        "estimate_z": z_score(estimate, cost_bps),
    }


def _sources(o: _Order) -> Sources:
    quotes, prints, fills = o.tape.quotes, o.tape.prints, o.own.rows
    last = int(fills["time"][-1]) if len(fills) else o.parent.end
    first = int(fills["time"][0]) if len(fills) else o.parent.end
    return Sources(
        order=ranges(o.parent.seqs),
        children=ranges(seq for child in o.children for seq in child.seqs),
        fills=ranges(fills["seq"]),
        quotes=ranges(market.between(quotes, o.parent.decided, max(o.parent.end, last))["seq"]),
        quotes_after=ranges(market.between(quotes, first, last + _AFTER)["seq"]),
        prints=ranges(market.between(prints, o.parent.start, o.parent.end)["seq"]),
        prints_day=ranges(prints["seq"]),
    )


def _beyond(parent: Parent, fills: np.ndarray) -> int:
    """Return the shares that were filled worse than the limit."""
    if parent.limit is None:
        return 0
    worse = int(parent.side) * (fills["price2"] - 2 * parent.limit) > 0
    return int(fills["quantity"][worse].sum())


def _row(tables: Tables, index: int, children: tuple[Child, ...], fills: np.ndarray) -> OrderRow:
    parent = tables.parents[index]
    until = max(parent.end, int(fills["time"][-1]) if len(fills) else 0)
    own, tape, filled = own_fills(tables, parent, fills), tables.tape(parent, until), sum(fills["quantity"].tolist())
    cash2 = sum(q * p for q, p in zip(fills["quantity"].tolist(), fills["price2"].tolist(), strict=True))
    average2 = cash2 / filled if filled else None
    o = _Order(tables, parent, children, own, tape, filled, None if average2 is None else average2 / 2)
    unit = tables.unit(parent)
    each = amounts(parent, fills, unit)
    parts = exact(parent, fills, unit, each)
    facts = fill_facts(tables, parent, own, tape, index)
    values = _costs(parts) | _slippages(o) | _conduct(o) | _after(o) | _sent(o)
    values |= _expected(parent, float(parts.total / parts.basis * 10_000))
    values |= _spreads(o, facts, values["arrival_slippage_bps"])
    return OrderRow(
        index=index, parent=parent, day=tables.day(parent), filled=filled, average2=average2, exact=parts,
        values={k: None if v is None else v + 0.0 for k, v in values.items()},  # no negative zero
        facts=facts, amounts=tuple(each), sources=_sources(o), gaps=own.gaps,
        beyond_limit=_beyond(parent, fills), unprinted=max(filled - _window_volume(o)[1], 0),
    )  # fmt: skip


def order_rows(tables: Tables) -> tuple[OrderRow, ...]:
    """Return the analysis of every parent of checked `tables`, in their order."""
    by_parent: dict[str, list[int]] = defaultdict(list)
    for i, child in enumerate(tables.children):
        by_parent[child.parent_id].append(i)
    of = np.zeros(len(tables.children), np.int64)
    for i, parent in enumerate(tables.parents):
        of[by_parent[parent.order_id]] = i
    owner = of[tables.fills["child"]] if len(tables.fills) else np.zeros(0, np.int64)
    order = np.argsort(owner, kind="stable")  # fills stay in time order within an order
    edge = np.searchsorted(owner[order], np.arange(len(tables.parents) + 1))
    rows = []
    for i, parent in enumerate(tables.parents):
        children = tuple(tables.children[k] for k in by_parent[parent.order_id])
        rows.append(_row(tables, i, children, tables.fills[order[edge[i] : edge[i + 1]]]))
    return tuple(rows)
