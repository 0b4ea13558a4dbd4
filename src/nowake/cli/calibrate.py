"""`nowake calibrate`: a preset fitted to recorded days."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nowake.cli.options import Json, SeedOption, StoreAt, existing, span, writable
from nowake.cli.output import Envelope, say, table
from nowake.cli.progress import Progress
from nowake.cli.sources import as_query
from nowake.core.errors import InputError

if TYPE_CHECKING:
    from nowake.market.calibrate.fit import Job, Verdict
    from nowake.market.calibrate.targets import Target
    from nowake.market.preset import Preset

__all__ = ["calibrate"]

_BUDGET = "20m"


def calibrate(
    data: Annotated[
        list[str], typer.Argument(metavar="DATA...", help="Level-3 days: files, store queries, order-book files.")
    ],
    out: Annotated[str, typer.Option("--out", help="File of the fitted preset: .toml.")],
    preset_base: Annotated[
        str, typer.Option("--preset-base", help="Where to start: a preset, or a TOML file.", metavar="NAME|FILE")
    ] = "midcap",
    holdout: Annotated[
        list[str] | None, typer.Option("--holdout", help="Days that judge and are not fitted; may be given again.")
    ] = None,
    budget: Annotated[str | None, typer.Option("--budget", help="Time to search, like 20m. Default: 20m.")] = None,
    evaluations: Annotated[int | None, typer.Option("--evaluations", help="Stop after so many evaluations.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the progress file beside --out.")] = False,
    workers: Annotated[int, typer.Option("--workers", help="Threads.")] = 2,
    seed: SeedOption = 7,
    store: StoreAt = None,
    json: Json = False,
) -> int:
    """Fit the free parameters of a preset to recorded days by simulated minimum distance, and judge the result."""
    asked = {"data": data, "preset_base": preset_base, "holdout": holdout, "budget": budget,
             "evaluations": evaluations}  # fmt: skip
    result = Envelope("calibrate", asked, seed=seed)
    target_file = writable(out, (".toml",), "--out")
    assert target_file is not None
    from nowake.core.times import SECOND
    from nowake.market.calibrate.fit import Job, Limits
    from nowake.market.preset import load

    if budget is None and evaluations is None:
        budget = _BUDGET
    limits = Limits(evaluations, span(budget, "--budget") / SECOND if budget else None, workers)
    base = load(preset_base)
    with Progress("calibrate") as bar:
        target, unseen = _targets(data, holdout or [], store)
        progress = target_file.with_name(target_file.name + ".progress")
        job = Job(base, target, seed=seed, progress=progress, note=lambda label, k, n: bar(k, n, label))
        job.begin(resume=resume)
        try:
            job.run(limits)
        except KeyboardInterrupt:
            _write(target_file, preset_base, job, job.best(), "interrupted, not judged")
            raise
        fitted = job.winner()
        verdict = job.judge(fitted, unseen)
    told = f"distance {verdict.before.value:.2f} of {base.name}, {verdict.after.value:.2f} fitted"
    _write(target_file, preset_base, job, fitted, told)
    body = _body(job, fitted, verdict, unseen) | {"out": out, "progress": str(progress)}
    if json:
        result.write(body)
    else:
        _show(body, job, out)
    return 0


def _targets(data: list[str], holdout: list[str], store: str | None) -> "tuple[Target, Target | None]":
    """Return what the days say, and what those that judge say; InputError where a day is in both."""
    from nowake.market.calibrate.data import read_days
    from nowake.market.calibrate.targets import target_of

    days = read_days([_source(one, store) for one in data])
    unseen = read_days([_source(one, store) for one in holdout]) if holdout else []
    both = sorted({day.date for day in days} & {day.date for day in unseen})
    if both:
        raise InputError("--holdout", expected="days that are not fitted", got=both[0])
    if unseen and (unseen[0].instrument.symbol, unseen[0].step) != (days[0].instrument.symbol, days[0].step):
        raise InputError("--holdout", expected=days[0].instrument.symbol, got=unseen[0].instrument.symbol)
    return target_of(days), target_of(unseen) if unseen else None


def _source(text: str, store: str | None) -> str:
    query = as_query(text, store)
    return query if query is not None else str(existing(text))


def _write(path: Path, base: str, job: "Job", fitted: "Preset", told: str) -> None:
    """Write the preset with a head that says where it comes from."""
    from nowake.market.calibrate.progress import put
    from nowake.market.calibrate.write import named, preset_file
    from nowake.market.preset import preset_names, preset_text

    text = preset_text(base) if base in preset_names() else Path(base).read_text(encoding="utf-8")
    first, last, symbol = job.target.dates[0], job.target.dates[-1], job.target.instrument.symbol
    days = f"{first}" if first == last else f"{first} to {last}"
    head = [
        f"Calibrated on {symbol}, {len(job.target.dates)} days, {days}, from the preset {job.base.name}.",
        "",
        f"Simulated minimum distance to the stylised facts of these days: {len(job.search.losses)} evaluations,",
        f"seed {job.seed}; {told}.",
        "One lit venue, as the data is one book; no dark pools, no dealers. Values marked neither [data] nor",
        "[calibrated] are those of the base.",
    ]
    put(path, preset_file(text, named(fitted, path.stem, f"{symbol} {days}, calibrated"), head=head, marks=job.marks()))


def _body(job: "Job", fitted: "Preset", verdict: "Verdict", unseen: "Target | None") -> dict[str, Any]:
    rows = [{"id": r.id, "part": r.part, "target": r.target, "before": r.before, "after": r.after,
             "z_before": r.z_before, "z_after": r.z_after} for r in verdict.facts]  # fmt: skip
    profile = [{"part": r.part, "target": r.target, "before": r.before, "after": r.after} for r in verdict.profile]
    body: dict[str, Any] = {
        "symbol": job.target.instrument.symbol, "days": job.target.dates,
        "holdout_days": unseen.dates if unseen else [],
        "preset": job.base.name, "facts": rows, "profile": profile, "unmeasured": job.target.unmeasured,
        "parameters": job.moved(fitted), "evaluations": len(job.search.losses), "failed": job.failed,
        "search_s": round(job.elapsed, 3), "simulated_days": verdict.days, "failed_paths": verdict.failed,
    }  # fmt: skip
    for name in ("before", "after"):
        for kind, found in (("distance", getattr(verdict, name)), ("holdout", getattr(verdict, f"holdout_{name}"))):
            body[f"{kind}_{name}"] = found.value if found else None
            body[f"{kind}_{name}_ci"] = found.ci if found else None
    body["holdout_data"] = verdict.holdout_data
    body["closed"] = 1 - verdict.after.value / verdict.before.value
    return body


def _show(body: dict[str, Any], job: "Job", out: str) -> None:
    from nowake.market.realism.table import FACTS

    names = {fact.id: fact.name for fact in FACTS} | {0: "profile"}
    columns = ["fact", "part", "data", job.base.name, "fitted", "z before", "z after"]
    table(f"{body['symbol']}, {len(body['days'])} days", columns, [
        (f"{r['id']} {names[r['id']]}", r["part"], r["target"], r["before"], r["after"], r["z_before"], r["z_after"])
        for r in body["facts"]
    ], left=2)  # fmt: skip
    table("a day", ["", "data", job.base.name, "fitted"], [
        (r["part"], r["target"], r["before"], r["after"]) for r in body["profile"]
    ])  # fmt: skip
    for fact in body["unmeasured"]:
        say(f"not measured: {fact.id} {fact.name} ({fact.why})")
    for kind, title in (("distance", "these days"), ("holdout", "days not seen")):
        if body[f"{kind}_before"] is not None:
            say(f"distance to {title}: {_with_ci(body, kind, 'before')} before, {_with_ci(body, kind, 'after')} after")
    if body["holdout_data"] is not None:
        say(f"distance of these days to days not seen: {body['holdout_data']:.2f}")
    if body["failed_paths"]:
        say(f"warning: {body['failed_paths']} paths of the fitted preset overflowed a book or hardly traded")
    say(f"{body['evaluations']} evaluations ({body['failed']} without a result) in {body['search_s']:.0f} s: {out}")


def _with_ci(body: dict[str, Any], kind: str, when: str) -> str:
    value, ci = body[f"{kind}_{when}"], body[f"{kind}_{when}_ci"]
    return f"{value:.2f}" + (f" [{ci[0]:.2f}, {ci[1]:.2f}]" if ci else "")
