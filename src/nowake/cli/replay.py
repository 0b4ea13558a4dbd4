"""`nowake replay`: a parent order worked through a day of market data, and what it cost."""

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nowake import __version__
from nowake.cli.data import Date, Format, Symbol, Tick, Tolerance, Zone, counts, rule_body
from nowake.cli.options import Json, SideOption, StoreAt, writable
from nowake.cli.output import Envelope
from nowake.cli.progress import Progress
from nowake.cli.request import Asked, make_request
from nowake.core.errors import OrderError

if TYPE_CHECKING:
    from pathlib import Path

    from nowake.execution.request import ReplayRequest, ReplayResult
    from nowake.tca.summary import Analysis

__all__ = ["replay"]

REPORTS = (".html", ".json", ".pdf")


def replay(
    source: Annotated[
        str, typer.Argument(metavar="FILE|QUERY", help="A file, STORE?symbol=…&date=…, or generated:SEED.")
    ],
    algo: Annotated[str, typer.Option("--algo", help="One of twap, vwap, pov, ac, ow.")],
    side: SideOption,
    qty: Annotated[str, typer.Option("--qty", help="Shares, or a share of the day's volume like 25%adv.")],
    decided: Annotated[
        str | None, typer.Option("--decided", help="When it was decided, local HH:MM. Default: start.")
    ] = None,
    start: Annotated[str | None, typer.Option("--start", help="First trade, local HH:MM. Default: the open.")] = None,
    end: Annotated[str | None, typer.Option("--end", help="Last trade, local HH:MM. Default: the close.")] = None,
    limit: Annotated[str | None, typer.Option("--limit", help="Never pay more (get less) than this price.")] = None,
    participation: Annotated[float, typer.Option("--participation", help="pov: own share of all volume.")] = 0.1,
    urgency: Annotated[float, typer.Option("--urgency", help="ac: kappa T; ow: rho T.")] = 2.0,
    longest: Annotated[str | None, typer.Option("--slice", help="Longest slice. Default: 5m, pov 30s.")] = None,
    curve: Annotated[
        str | None, typer.Option("--curve", help="vwap: volume CSV, JSON of fit volume, or a query.")
    ] = None,
    curve_model: Annotated[
        str, typer.Option("--curve-model", help="static, or dynamic: learns during the day.")
    ] = "static",
    latency_ms: Annotated[
        str, typer.Option("--latency-ms", help="5, or FEED,ENTRY,RESPONSE[:SIGMA], or table:FILE.")
    ] = "0",
    fees: Annotated[str, typer.Option("--fees", help="MAKER,TAKER per share, or in bp: -0.2bp,0.5bp.")] = "0,0",
    queue_model: Annotated[
        str | None, typer.Option("--queue-model", help="pessimistic or power:N; level-2, quote and trade data need it.")
    ] = None,
    cross_before: Annotated[
        str, typer.Option("--cross-before", help="Cross what is missing so long before a slice ends.")
    ] = "10s",
    sweep_before: Annotated[
        str, typer.Option("--sweep-before", help="So long before the end a crossing order may pay any price.")
    ] = "2s",
    patience: Annotated[
        str, typer.Option("--patience", help="Least time between two moves of a resting order.")
    ] = "1s",
    reaction: Annotated[str, typer.Option("--reaction", help="Least time between two looks at the market.")] = "100ms",
    improve: Annotated[int, typer.Option("--improve", help="Steps better than the best price at which to join.")] = 0,
    depth: Annotated[
        int, typer.Option("--depth", help="Steps beyond the best price that a crossing order may pay.")
    ] = 0,
    max_child: Annotated[int, typer.Option("--max-child", help="Most shares of one child; 0: no limit.")] = 0,
    date: Date = None,
    symbol: Symbol = None,
    tick: Tick = None,
    step: Annotated[int | None, typer.Option("--step", help="Own prices are multiples of so many price units.")] = None,
    fmt: Format = None,
    timezone: Zone = None,
    store: StoreAt = None,
    clock_tolerance: Tolerance = "1s",
    seed: Annotated[int, typer.Option("--seed", help="Seed of random latencies.")] = 7,
    report: Annotated[str | None, typer.Option("--report", help="Write a report: .html, .pdf or .json.")] = None,
    json: Json = False,
) -> int:
    """Work a parent order through recorded order flow; print what it cost, against which benchmark, and why.

    History does not react to the order: docs/limits.md says what that means for the numbers.
    """
    asked = Asked(
        source, algo, side, qty, decided, start, end, limit, participation, urgency, longest, curve, curve_model,
        latency_ms, fees, queue_model, cross_before, sweep_before, patience, reaction, improve, depth, max_child, date,
        symbol, tick, step, fmt, timezone, store, clock_tolerance, seed,
    )  # fmt: skip
    out = Envelope("replay", asdict(asked), seed=seed)
    target = writable(report, REPORTS)
    with Progress("replay") as bar:
        request = make_request(asked, lambda fraction: bar(fraction, 1.0))
        from nowake.execution.replay import replay_order

        begun = time.perf_counter()
        result = replay_order(request)
        rate = result.events / max(time.perf_counter() - begun, 1e-9)
        analysis = _analyse(result)
    _reachable(request, result)
    body = _body(request, result, analysis, rate)
    if target is not None:
        _report(target, request, analysis, out.body(body))
        body["report"] = target
    if json:
        out.write(body)
    else:
        from nowake.cli.replay_table import show_replay

        show_replay(request, result, analysis, target)
    return 0


def _analyse(result: "ReplayResult") -> "Analysis":
    from nowake.tca.schedule_path import SchedulePath
    from nowake.tca.summary import OrderFacts, analyse

    facts = OrderFacts(result.order, result.decision_mid, result.arrival_mid, result.end_mid, result.children)
    path = SchedulePath.of_slices(result.slice_times, result.targets)
    return analyse(facts, result.fills, result.prints, result.quotes, path)


def _reachable(request: "ReplayRequest", result: "ReplayResult") -> None:
    """Refuse a limit that no price of the data ever reaches: it stands on the wrong side of the market."""
    order, seen = result.order, result.quotes
    if order.limit is None or len(result.fills):
        return
    bids, asks = seen["bid"][seen["bid"] > 0], seen["ask"][seen["ask"] > 0]
    far = bids if order.side > 0 else asks
    prints = result.prints["price2"] / 2
    low, high = (float(f(list(prints) + list(far))) for f in (min, max)) if len(far) or len(prints) else (0.0, 0.0)
    if high and (order.limit < low if order.side > 0 else order.limit > high):
        price = order.instrument.price
        raise OrderError(
            f"limit {request.limit} of a {order.side} order lies on the wrong side of the market",
            expected=f"a limit that a price of the data reaches, {price(low):g} to {price(high):g}", got=request.limit,
        )  # fmt: skip


def _body(request: "ReplayRequest", result: "ReplayResult", analysis: "Analysis", rate: float) -> dict[str, Any]:
    meta, order = request.reader.meta, result.order
    return {
        "source": request.source, "format": meta.format, "level": meta.level, "algo": request.algo,
        "symbol": order.instrument.symbol, "currency": order.instrument.currency, "date": meta.date,
        "start_ns": order.start, "end_ns": order.end, "events": result.events, "events_per_s": rate,
        "digest": result.digest, "quality": {**counts(result.quality), "rules": [
            rule_body(rule, meta.place) for rule in result.quality.rules if rule.count
        ]},
        **analysis.as_json(),
        "conserved": result.conserved, "rejects": result.rejects, "reject_reasons": result.rejected,
        "ghosts": result.ghosts,
        "ghost_shares": result.ghost_shares, "unknown_orders": result.unknown, "notes": result.notes,
    }  # fmt: skip


def _report(target: "Path", request: "ReplayRequest", analysis: "Analysis", body: dict[str, Any]) -> None:
    from nowake.tca.provenance import CONVENTIONS, Provenance
    from nowake.tca.report import write_report

    provenance = Provenance(
        source=request.source, algorithm=request.algo, config_hash=body["config_hash"], digest=body["digest"],
        version=__version__, seed=request.seed, quality=body["quality"],
        conventions=(*CONVENTIONS, *body["notes"]),
    )  # fmt: skip
    write_report(target, analysis, provenance, payload=body)
