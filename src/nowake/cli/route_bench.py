"""`nowake route-bench`: the learning router against naive ones on the same twins."""

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nowake import __version__
from nowake.cli.options import Json, PresetOption, ProcessesOption, RegimeOption, SeedOption, writable
from nowake.cli.output import Envelope, plain, say, table
from nowake.cli.progress import Progress
from nowake.core.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from nowake.market.route_bench import RouteBench
    from nowake.market.route_bench_results import Comparison

__all__ = ["route_bench"]

REPORTS = (".html", ".json", ".pdf")
WORTH = 20  # pairs from which several processes are worth their start


def route_bench(
    preset: PresetOption = "midcap",
    pairs: Annotated[int, typer.Option("--pairs", help="Markets, each with every router and once without.")] = 400,
    qty: Annotated[int, typer.Option("--qty", help="Shares of a parcel.")] = 1_000,
    lessons: Annotated[
        int, typer.Option("--lessons", help="Parcels in other markets that the learning router learns from before.")
    ] = 100,
    schools: Annotated[int, typer.Option("--schools", help="Learners, each with lessons of its own, 2 to 40.")] = 20,
    regime: RegimeOption = "switching",
    seed: SeedOption = 7,
    processes: ProcessesOption = 0,
    report: Annotated[
        str | None, typer.Option("--report", help="Write a page or the whole object: .html, .pdf, .json.")
    ] = None,
    json: Json = False,
) -> int:
    """Offer the same parcels to four routers on the same simulated markets, and say what each share offered cost."""
    asked = {"preset": preset, "pairs": pairs, "qty": qty, "lessons": lessons, "schools": schools, "regime": regime}
    out = Envelope("route-bench", asked, seed=seed)
    target = writable(report, REPORTS)
    if not 0 <= processes <= 256:
        raise InputError("--processes", expected="0 to 256", got=processes)
    from nowake.market.preset import load
    from nowake.market.route_bench import RouteBench, learn, run_pairs
    from nowake.market.route_bench_results import compare

    what = RouteBench(
        load(preset), pairs=pairs, seed=seed, regime=regime, quantity=qty, lessons=lessons, schools=schools
    )
    taught = min(what.schools, what.pairs)
    part, workers = what.lessons * taught / (what.lessons * taught + 4 * what.pairs), processes or _cores(what)
    with Progress("route-bench") as bar:
        known = learn(what, workers=workers, progress=lambda done: bar(part * done, 1.0))
        outcomes = run_pairs(what, known, workers=workers, progress=lambda done: bar(part + (1 - part) * done, 1.0))
        found = compare(outcomes, seed, taught)
    body = _body(what, found) | {"report": target}
    if target is not None:
        _report(target, out.body(body), found, [[asdict(one) for one in pair] for pair in outcomes])
    if json:
        out.write(body)
    else:
        _show(what, found, target)
    return 0


def _cores(what: "RouteBench") -> int:
    """Return how many processes are worth their start: one for small runs."""
    return (os.cpu_count() or 1) if what.pairs >= WORTH else 1


def _body(what: "RouteBench", found: "Comparison") -> dict[str, Any]:
    from nowake.market.preset import parameter_hash

    return {
        "preset": what.preset.name, "parameters": parameter_hash(what.preset), "regime": what.regime,
        "pairs": what.pairs, "qty": what.quantity, "window_s": what.window, "interval_s": what.interval,
        "lessons": what.lessons, "schools": min(what.schools, what.pairs), "routing": asdict(what.routing),
        "routers": [asdict(row) for row in found.routers], "improvement": [asdict(gain) for gain in found.improvement],
    }  # fmt: skip


def _report(target: "Path", whole: dict[str, Any], found: "Comparison", parcels: list[list[dict[str, Any]]]) -> None:
    """Write the page, or the whole object with every parcel; both with what the dark allocators were seen to learn."""
    import json as text

    from nowake.cli.route_bench_page import learnt, render
    from nowake.routing.regret_curves import regret_curves
    from nowake.routing.trial import trials
    from nowake.tca.report import write_page, write_whole

    if target.suffix.lower() != ".json":
        write_page(target, lambda: render(whole, found, regret_curves(), trials()))
        return
    whole = plain(whole | learnt(regret_curves(), trials()) | {"parcels": parcels})
    write_whole(target, (text.dumps(whole, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode())


def _show(what: "RouteBench", found: "Comparison", target: "Path | None") -> None:
    say(
        f"{what.quantity:,} {what.preset.instrument.symbol} offered for {what.window:g} s in {what.pairs} markets "
        f"({what.preset.name}, {what.regime}), seed {what.seed}, "
        f"{what.schools} learners after {what.lessons} lessons each; nowake {__version__}"
    )
    heads = ["router", "cost bp", "95 %", "fees bp", "filled", "dark", "mark-out bp", "95 %", "leak bp", "95 %",
             "impact bp", "children"]  # fmt: skip
    table("what a share offered cost (the rest taken at the end)", heads, [
        (row.name, f"{row.cost_bps_offered:+.2f}", _ends(row.cost_bps_offered_ci), f"{row.fees_bps_offered:+.2f}",
         f"{row.fill_rate:.0%}", f"{row.dark_share:.0%}", f"{row.markout_bps:+.2f}", _ends(row.markout_bps_ci),
         f"{row.leak_bps:+.2f}", _ends(row.leak_bps_ci), f"{row.impact_bps:+.2f}", f"{row.children:.0f}")
        for row in found.routers
    ])  # fmt: skip
    table("saved by the learning router on the same markets, bp", ["over", "saved", "95 %", "sd", "won", "p (Holm)"], [
        (gain.over, f"{gain.bps:+.2f}", _ends(gain.bps_ci), f"{gain.sd_bps:.1f}", f"{gain.win_rate:.0%}",
         f"{gain.p_holm:.4f}")
        for gain in found.improvement
    ])  # fmt: skip
    if target is not None:
        say(f"report: {target}")


def _ends(ci: tuple[float, float]) -> str:
    return f"{ci[0]:+.2f} to {ci[1]:+.2f}"
