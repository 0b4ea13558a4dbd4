"""Venues and dealers: what was offered and filled there, what the fills cost, and what the price did afterwards.

A row of the statistics is an order at a venue, not a fill: the fills of one order are not independent. The number that
venues are compared on is `all_in`: realised half spread (60 s) plus fees, in bp, positive = cost; it charges a passive
fill with the adverse move after it and a taken one with the spread that it crossed. Where no fill has a mid 60 s later
(quotes that are snapshots), they are compared on `paid`: half spread plus fees.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from nowake.core.board import PlaceKind
from nowake.core.times import SECOND
from nowake.tca.estimates import wilson
from nowake.tca.fill_facts import FILL_FACTS, HORIZON_WORDS
from nowake.tca.groups import clusters_of
from nowake.tca.inference import Effect, difference, draws_for, mean, q_values, verdict
from nowake.tca.minimum import Minimum
from nowake.tca.order_row import OrderRow
from nowake.tca.sources import Ranges, ranges
from nowake.tca.statistics import weighted_mean
from nowake.tca.tables import Child, Liquidity, Tables

__all__ = ["FILL_PARTS", "Flow", "VenueRow", "flow", "venue_rows"]

FILL_PARTS = ("delay", "spread", "impact", "timing", "fees")
_DRAWS = 999


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """All fills of all orders: FILL_FACTS, the venue of each, what each contributed (currency of the report)."""

    tables: Tables
    rows: tuple[OrderRow, ...]
    facts: np.ndarray
    venue: np.ndarray
    parts: Mapping[str, Sequence[Fraction]]


@dataclass(frozen=True, slots=True)
class VenueRow:
    """What one venue did for us; rates are shares, costs bp, positive = cost; `parts` in currency, exact.

    `fill_rate` is per share offered, over orders; `markouts` (positive: good) and `adverse` (positive: bad) by horizon
    as (value, fills). `versus`: what was `compared` (all_in or paid) less that of all other venues.
    """

    venue: str
    kind: PlaceKind
    orders: int
    children: int
    offered: int
    filled: int
    fills: int
    share: float
    fill_rate: Effect
    rejects: int
    reject_rate_ci: tuple[float, float]
    passive_share: float
    first_fill_s: float | None
    half_spread: Effect
    quoted_bps: float | None
    improvement: Effect
    fee_bps: float | None
    all_in: Effect
    paid: Effect
    compared: str
    markouts: tuple[tuple[float | None, int], ...]
    adverse: tuple[tuple[float | None, int], ...]
    parts: Mapping[str, Fraction]
    versus: Effect
    q: float
    verdict: str
    sources: Ranges


def flow(tables: Tables, rows: Sequence[OrderRow]) -> Flow:
    """Return the fills of all analysed orders together."""
    facts = np.concatenate([np.zeros(0, FILL_FACTS), *(row.facts for row in rows)])
    names = np.array([child.venue for child in tables.children])
    venue = names[facts["child"]] if len(facts) else np.zeros(0, str)
    parts = {
        name: [getattr(one, name) * Fraction(row.parent.rate) for row in rows for one in row.amounts]
        for name in FILL_PARTS
    }
    return Flow(tables, tuple(rows), facts, venue, parts)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _by_order(facts: np.ndarray, column: np.ndarray, orders: int) -> tuple[np.ndarray, np.ndarray]:
    """Return per order the notional-weighted mean of `column` and the notional behind it, over finite values."""
    use = np.isfinite(column)
    weight = np.bincount(facts["order"][use], facts["notional"][use], orders)
    top = np.bincount(facts["order"][use], facts["notional"][use] * column[use], orders)
    with np.errstate(divide="ignore", invalid="ignore"):
        return top / weight, weight


def _costs(facts: np.ndarray) -> dict[str, np.ndarray]:
    """Return what venues can be compared on, f8[fills]."""
    return {"all_in": facts["realised"] + facts["fee"], "paid": facts["half_spread"] + facts["fee"]}


def _compared(all_of: Flow) -> str:
    """Return the number that venues are compared on."""
    return "all_in" if np.isfinite(all_of.facts["realised"]).any() or not len(all_of.facts) else "paid"


def _fill_rate(children: Sequence[Child], places: Mapping[str, int], names: np.ndarray, seed: int) -> Effect:
    """Return filled over offered shares with its interval over clusters of orders."""
    offered, filled = np.zeros(len(names)), np.zeros(len(names))
    for child in children:
        offered[places[child.parent_id]] += child.offered
        filled[places[child.parent_id]] += child.filled
    with np.errstate(divide="ignore", invalid="ignore"):
        return mean(filled / offered, offered, names, seed=seed, draws=_DRAWS)


def _first_fill(tables: Tables, facts: np.ndarray) -> float | None:
    """Return the median seconds from sending a child to its first fill, over children that were filled."""
    if not len(facts):
        return None
    child, first = np.unique(facts["child"], return_index=True)
    sent = np.array([tables.children[int(c)].sent for c in child], np.int64)
    return float(np.median((facts["time"][first] - sent) / SECOND))


def _horizons(facts: np.ndarray, name: str) -> tuple[tuple[float | None, int], ...]:
    columns = [facts[name][:, k] for k in range(len(HORIZON_WORDS))]
    return tuple((_known(weighted_mean(c, facts["notional"])), int(np.isfinite(c).sum())) for c in columns)


def _row(all_of: Flow, venue: str, names: np.ndarray, seed: int) -> dict[str, object]:
    """Return the fields of a venue that do not depend on the others."""
    tables, inside = all_of.tables, all_of.venue == venue
    facts, places = all_of.facts[inside], {row.parent.order_id: row.index for row in all_of.rows}
    children = [child for child in tables.children if child.venue == venue]
    sent = [child for child in children if child.offered]
    offered, refused = sum(child.offered for child in sent), sum(child.rejected for child in sent)
    quantity, n, costs = facts["quantity"].astype(float), len(names), _costs(facts)
    total = float(all_of.facts["notional"].sum())

    def over(column: np.ndarray) -> Effect:
        return mean(*_by_order(facts, column, n), names, seed=seed, draws=_DRAWS)

    return {
        "venue": venue, "kind": children[0].kind, "orders": len(np.unique(facts["order"])), "children": len(sent),
        "offered": offered, "filled": int(facts["quantity"].sum()), "fills": len(facts),
        "share": float(facts["notional"].sum()) / total if total else 0.0,
        "fill_rate": _fill_rate(sent, places, names, seed), "rejects": refused,
        "reject_rate_ci": wilson(refused, len(sent)),
        "passive_share": weighted_mean((facts["liquidity"] == Liquidity.MAKER).astype(float), quantity),
        "first_fill_s": _first_fill(tables, facts), "half_spread": over(facts["half_spread"]),
        "quoted_bps": _known(weighted_mean(facts["quoted"], facts["notional"])),
        "improvement": over(facts["improvement"]), "fee_bps": _known(weighted_mean(facts["fee"], facts["notional"])),
        "all_in": over(costs["all_in"]), "paid": over(costs["paid"]), "compared": _compared(all_of),
        "markouts": _horizons(facts, "markout"), "adverse": _horizons(facts, "adverse"),
        "parts": {name: sum((x for x, use in zip(col, inside, strict=True) if use), Fraction(0))
                  for name, col in all_of.parts.items()},
        "sources": ranges([*facts["seq"].tolist(), *(seq for child in children for seq in child.seqs)]),
    }  # fmt: skip


def _pair(all_of: Flow, venue: str, names: np.ndarray, draws: int, seed: int) -> Effect:
    """Return the cost at `venue` less that elsewhere, an order with fills on both sides being two rows."""
    n, column, inside = len(names), _costs(all_of.facts)[_compared(all_of)], all_of.venue == venue
    here = _by_order(all_of.facts[inside], column[inside], n)
    there = _by_order(all_of.facts[~inside], column[~inside], n)
    first = np.repeat([True, False], n)
    values, weights = np.r_[here[0], there[0]], np.r_[here[1], there[1]]
    return difference(values, weights, np.r_[names, names], first, seed=seed, draws=draws)


def venue_rows(
    all_of: Flow, *, kind: PlaceKind | None = None, cluster: str = "day", least: Minimum | None = None, seed: int = 7
) -> tuple[VenueRow, ...]:
    """Return one row a venue (of one `kind` only if asked), by name; each is compared with all other venues."""
    least, names = least or Minimum(), clusters_of(all_of.rows, cluster)
    kinds = {child.venue: child.kind for child in all_of.tables.children}
    venues = sorted(venue for venue, its in kinds.items() if kind is None or its is kind)
    draws = draws_for(len(venues), least.alpha)
    effects = [_pair(all_of, venue, names, draws, seed) for venue in venues]
    enough = [e.n >= least.rows and e.clusters >= least.clusters for e in effects]
    q = q_values(np.array([e.p if ok else np.nan for e, ok in zip(effects, enough, strict=True)], float))
    out = []
    for venue, effect, x in zip(venues, effects, q.tolist(), strict=True):
        fields = _row(all_of, venue, names, seed)
        out.append(VenueRow(**fields, versus=effect, q=x, verdict=verdict(effect, x, least)))  # type: ignore[arg-type]
    return tuple(out)
