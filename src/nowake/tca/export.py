"""The analysis as one plain JSON object: the keys of the command line contract first, further blocks beside them."""

from typing import TYPE_CHECKING, Any

from nowake.tca.benchmarks import slippage

if TYPE_CHECKING:
    from nowake.tca.summary import Analysis

__all__ = ["as_json"]


def _price(analysis: "Analysis", ticks: float | None) -> float | None:
    """Return a price in currency without the noise of binary fractions."""
    return None if ticks is None else round(analysis.facts.order.instrument.price(ticks), 12)


def _parent(analysis: "Analysis") -> dict[str, Any]:
    order, marks = analysis.facts.order, analysis.benchmarks
    return {
        "side": str(order.side),
        "qty": order.quantity,
        "filled": analysis.filled,
        "avg_price": _price(analysis, analysis.average),
        "arrival_price": _price(analysis, analysis.facts.arrival_mid),
        "vwap": _price(analysis, marks.vwap),
        "vwap_ex_own": _price(analysis, marks.vwap_ex_own),
        "shortfall_bps": analysis.decomposition.total_bps,
        "vwap_slippage_bps": slippage(order.side, analysis.average, marks.vwap),
        "participation": analysis.conduct.participation,
        "children": analysis.facts.children,
        "fills": len(analysis.fills),
        "passive_share": analysis.conduct.passive_share,
        "completion": analysis.conduct.completion,
    }


def _benchmarks(analysis: "Analysis") -> dict[str, Any]:
    """Return each benchmark with its price and the slippage against it."""
    marks, side = analysis.benchmarks, analysis.facts.order.side
    prices = {
        "decision": analysis.facts.decision_mid,
        "arrival": marks.arrival,
        "vwap": marks.vwap,
        "vwap_ex_own": marks.vwap_ex_own,
        "twap": marks.twap,
        "day_vwap": marks.day_vwap,
        "close": marks.close,
    }

    def row(ticks: float | None) -> dict[str, Any]:
        return {"price": _price(analysis, ticks), "slippage_bps": slippage(side, analysis.average, ticks)}

    pwp = [{"rate": p.rate, **row(p.price), "complete": p.complete} for p in marks.pwp]
    return {**{name: row(ticks) for name, ticks in prices.items()}, "pwp": pwp}


def _market(analysis: "Analysis") -> dict[str, Any]:
    seen = analysis.interval
    return {
        "volume": seen.volume,
        "prints": seen.prints,
        "hidden_share": seen.hidden_share,
        "low": _price(analysis, seen.low),
        "high": _price(analysis, seen.high),
        "spread": _price(analysis, seen.spread_ticks),
        "volatility_bps": seen.volatility_bps,
        "drift_bps": seen.drift_bps,
    }


def _after(analysis: "Analysis") -> dict[str, Any]:
    """Return mark-outs, reversions and spreads."""
    spreads = analysis.spreads
    return {
        "markouts": [
            {"horizon_s": m.horizon_s, "bps": m.bps, "fills": m.fills, "quantity": m.quantity}
            for m in analysis.mark_outs
        ],
        "reversion": [{"minutes": r.minutes, "bps": r.bps} for r in analysis.reversions],
        "spreads": {
            "effective_bps": spreads.effective_bps,
            "realised_bps": spreads.realised_bps,
            "quoted_bps": spreads.quoted_bps,
            "capture": spreads.capture,
        },
    }


def as_json(analysis: "Analysis") -> dict[str, Any]:
    """Return `analysis` as plain values: dicts, lists, numbers, strings, None."""
    parts, stray = analysis.decomposition, analysis.deviation
    causes = [
        {
            "cause": row.cause.name.lower(),
            "fills": row.fills,
            "quantity": row.quantity,
            "avg_price": _price(analysis, row.average),
            "fees": row.fees,
        }
        for row in analysis.causes
    ]
    return {
        "parent": _parent(analysis),
        "decomposition": parts.bps(),
        "decomposition_money": {"basis": parts.basis, **parts.money(), "fills_without_mid": parts.carried},
        "benchmarks": _benchmarks(analysis),
        "market": _market(analysis),
        **_after(analysis),
        "fills_by_cause": causes,
        "timing": {
            "first_fill_s": analysis.conduct.first_fill_s,
            "time_to_fill_s": analysis.conduct.time_to_fill_s,
        },
        "schedule_deviation": None if stray is None else {"mean_pct": stray.mean_pct, "max_pct": stray.max_pct},
    }
