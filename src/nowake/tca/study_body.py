"""A study as one plain JSON object: costs in bp, positive = cost; `<name>_ci` beside a value; None where none exists.

`numbers` explains every number of an order once: words, unit, sign, and the families of records that it comes from;
each order lists its records by family as ranges of journal sequence numbers.
"""

import math
from dataclasses import asdict
from typing import Any

from nowake.core.values import Instrument
from nowake.tca.dealers import DealerRow
from nowake.tca.estimates import COVERAGE, Calibration
from nowake.tca.exact import Exact
from nowake.tca.fill_facts import HORIZON_WORDS
from nowake.tca.groups import Cell, Group
from nowake.tca.inference import Effect
from nowake.tca.kpis import KPIS
from nowake.tca.order_row import OrderRow
from nowake.tca.sources import FAMILIES, Ranges
from nowake.tca.study import Study
from nowake.tca.venues import VenueRow

__all__ = ["study_body"]

Body = dict[str, Any]


def _known(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _pair(low: float, high: float) -> list[float] | None:
    return [float(low), float(high)] if math.isfinite(low) and math.isfinite(high) else None


def _effect(name: str, effect: Effect) -> Body:
    return {name: _known(effect.value), f"{name}_ci": _pair(effect.low, effect.high)}


def _ranges(found: Ranges) -> list[list[int]]:
    return [list(one) for one in found]


def _parts(parts: Exact) -> Body:
    return {"decomposition": parts.bps(), "decomposition_money": {"basis": float(parts.basis), **parts.money()}}


def _price(instrument: Instrument, half_ticks: float | None) -> float | None:
    return None if half_ticks is None else round(instrument.price(half_ticks / 2), 12)


def _order(study: Study, row: OrderRow) -> Body:
    parent, instrument = row.parent, study.tables.instruments[row.parent.symbol]
    return {
        "order_id": parent.order_id, "symbol": parent.symbol, "currency": instrument.currency, "day": row.day,
        "account": parent.account, "desk": parent.desk, "algo": parent.algo, "model": parent.model,
        "side": str(parent.side), "qty": parent.quantity, "filled": row.filled,
        "decided_ns": parent.decided, "start_ns": parent.start, "end_ns": parent.end,
        "decision_price": _price(instrument, parent.decision2), "arrival_price": _price(instrument, parent.arrival2),
        "end_price": _price(instrument, parent.end2 or None), "avg_price": _price(instrument, row.average2),
        "limit": None if parent.limit is None else _price(instrument, parent.limit * 2), "rate": parent.rate,
        **_parts(row.exact),
        "numbers": {one.name: _known(row.values[one.name]) for one in KPIS},
        "outlier": parent.order_id in study.outliers, "fills": len(row.facts), "fills_without_mid": row.gaps,
        "beyond_limit": row.beyond_limit, "unprinted": row.unprinted,
        "sources": {family: _ranges(getattr(row.sources, family)) for family in FAMILIES},
    }  # fmt: skip


def _cells(cells: tuple[Cell, ...]) -> Body:
    out: Body = {}
    for cell in cells:
        out |= _effect(cell.name, cell.effect)
    return out


def _group(group: Group) -> Body:
    versus = group.versus
    return {
        "name": group.name, "orders": len(group.orders), "order_ids": list(group.orders), "days": group.days,
        "qty": group.quantity, "filled": group.filled, **_parts(group.exact), "numbers": _cells(group.cells),
        **(_effect("versus_others", versus) if versus else {"versus_others": None, "versus_others_ci": None}),
        "p": _known(versus.p) if versus else None, "q": _known(group.q), "verdict": group.verdict,
        "outliers": list(group.outliers), "sources": _ranges(group.sources),
    }  # fmt: skip


def _horizons(found: tuple[tuple[float | None, int], ...]) -> list[Body]:
    return [{"horizon": h, "bps": _known(v), "fills": n} for h, (v, n) in zip(HORIZON_WORDS, found, strict=True)]


def _venue(row: VenueRow) -> Body:
    rate = row.rejects / row.children if row.children else None
    return {
        "venue": row.venue, "kind": row.kind.name.lower(), "orders": row.orders, "children": row.children,
        "offered": row.offered, "filled": row.filled, "fills": row.fills, "share": row.share,
        **_effect("fill_rate", row.fill_rate), "rejects": row.rejects, "reject_rate": rate,
        "reject_rate_ci": _pair(*row.reject_rate_ci), "passive_share": _known(row.passive_share),
        "first_fill_s": row.first_fill_s, **_effect("half_spread_bps", row.half_spread),
        "quoted_spread_bps": row.quoted_bps, **_effect("price_improvement_bps", row.improvement),
        "fee_bps": row.fee_bps, **_effect("all_in_bps", row.all_in), **_effect("paid_bps", row.paid),
        "compared": f"{row.compared}_bps", "markouts": _horizons(row.markouts),
        "adverse_selection": _horizons(row.adverse), "parts_money": {k: float(v) for k, v in row.parts.items()},
        **_effect("versus_others_bps", row.versus), "p": _known(row.versus.p), "q": _known(row.q),
        "verdict": row.verdict, "sources": _ranges(row.sources),
    }  # fmt: skip


def _dealer(row: DealerRow) -> Body:
    plain = {k: _known(v) if isinstance(v, float) else v for k, v in asdict(row).items()}
    pairs = {"hit_ratio_ci": _pair(*row.hit_ratio_ci), "reject_rate_ci": _pair(*row.reject_rate_ci)}
    return {**plain, **pairs, "sources": _ranges(row.sources)}


def _calibration(found: Calibration | None) -> Body | None:
    if found is None:
        return None
    plain = asdict(found)
    return {
        **{k: _known(v) if isinstance(v, float) else v for k, v in plain.items()},
        "pit_counts": list(found.pit_counts), "coverage_ci": _pair(*found.coverage_ci), "accepted": list(COVERAGE),
    }  # fmt: skip


def study_body(study: Study) -> Body:
    """Return `study` as plain values: dicts, lists, numbers, strings, booleans, None."""
    least, asked = study.asked.least, study.asked
    return {
        "source": study.tables.source, "currency": study.tables.currency, "by": asked.by, "number": asked.number,
        "cluster": study.cluster, "minimum": {"rows": least.rows, "clusters": least.clusters, "alpha": least.alpha},
        "orders_analysed": len(study.rows), "fills": len(study.tables.fills), "days": len({r.day for r in study.rows}),
        **_effect("mean", study.mean), **_parts(study.total), "adds_up": study.adds_up,
        "outliers": sorted(study.outliers),
        "groups": [_group(group) for group in study.grouping.groups] if study.grouping else [],
        "venues": [_venue(row) for row in study.venues], "dealers": [_dealer(row) for row in study.dealers],
        "calibration": _calibration(study.calibration), "orders": [_order(study, row) for row in study.rows],
        "numbers": {
            one.name: {"words": one.words, "unit": one.unit, "good": one.good, "weight": one.weight,
                       "sources": list(one.families)}
            for one in KPIS
        },
    }  # fmt: skip
