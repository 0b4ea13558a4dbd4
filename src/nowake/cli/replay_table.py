"""The cost table that `nowake replay` prints: what did it cost, against which benchmark, and why."""

from typing import TYPE_CHECKING, Any

from nowake.cli.output import say, show, table
from nowake.core.times import show_time

if TYPE_CHECKING:
    from pathlib import Path

    from nowake.execution.request import ReplayRequest, ReplayResult
    from nowake.tca.summary import Analysis

__all__ = ["show_replay"]

WHY = {
    "delay": "the market moved between decision and start",
    "spread": "fill prices against the mid just before",
    "impact": "own orders moved the book that they traded in",
    "timing": "the market moved while the order was worked",
    "opportunity": "what was left unfilled, at the end price",
    "fees": "paid to the venue (negative: rebates)",
}
NAMES = {
    "decision": "decision price",
    "arrival": "arrival price",
    "vwap": "interval VWAP",
    "vwap_ex_own": "interval VWAP without own volume",
    "twap": "interval TWAP",
    "day_vwap": "day VWAP",
    "close": "close",
}


def show_replay(request: "ReplayRequest", result: "ReplayResult", analysis: "Analysis", report: "Path | None") -> None:
    """Print the order, its costs by cause, and the benchmarks."""
    body: dict[str, Any] = analysis.as_json()
    _order(request, result, body["parent"])
    unit = result.order.instrument.currency
    bps, money = analysis.decomposition.bps(), analysis.decomposition.money()
    rows: list[tuple[Any, ...]] = [
        (part, f"{bps[f'{part}_bps']:+.2f}", f"{money[part]:+,.2f}", WHY[part]) for part in WHY
    ]
    rows.append(("total", f"{bps['total_bps']:+.2f}", f"{money['total']:+,.2f}", "implementation shortfall"))
    table("what it cost (positive = cost), and why", ["part", "bp", unit, "why"], rows, words=["why"])
    marks = [
        (words, f"{row['price']:.4f}", f"{row['slippage_bps']:+.2f}" if row["slippage_bps"] is not None else None)
        for name, words in NAMES.items()
        if (row := body["benchmarks"][name])["price"] is not None
    ]
    table("against which benchmark", ["benchmark", "price", "slippage bp"], marks)
    _footnotes(result)
    if report is not None:
        say(f"report: {report}")


def _order(request: "ReplayRequest", result: "ReplayResult", parent: dict[str, Any]) -> None:
    order = result.order
    zone = order.instrument.sessions[0].timezone if order.instrument.sessions else "UTC"
    start, end = (show_time(t, zone)[:8] for t in (order.start, order.end))
    day = request.reader.meta.date
    say(
        f"{request.algo.upper()} {order.side} {order.quantity:,} {order.instrument.symbol} {day or ''} {start} to {end}"
    )
    average = "nothing filled" if parent["avg_price"] is None else f"at {parent['avg_price']:.4f} on average"
    passive = parent["passive_share"]
    say(
        f"filled {parent['filled']:,} ({parent['completion']:.1%}) {average}, {parent['fills']:,} fills of "
        f"{parent['children']:,} children, {show(None) if passive is None else f'{passive:.0%}'} passive, "
        f"{parent['participation']:.1%} of the volume"
    )


def _footnotes(result: "ReplayResult") -> None:
    quality = result.quality
    say(
        f"data: {quality.rows_in:,} rows, {quality.kept:,} kept, {quality.repaired:,} repaired, "
        f"{quality.quarantined:,} quarantined; {result.ghosts:,} ghosts (messages for shares that we took)"
    )
    for note in result.notes:
        say(f"note: {note}")
    if not result.conserved:
        say("WARNING: shares are not conserved; please report this")
