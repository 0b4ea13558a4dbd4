"""`nowake realism`: the realism gate, on a simulated market or on recorded days."""

import os
from json import dumps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nowake.cli.options import Json, RegimeOption, SeedOption, StoreAt, writable
from nowake.cli.output import Envelope, say
from nowake.cli.progress import Progress
from nowake.cli.realism_found import Found, body_of, show_found
from nowake.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nowake.market.gate.gate import Outcome
    from nowake.market.gate.recorded import Recorded, Source
    from nowake.market.preset import Preset

__all__ = ["realism"]


def realism(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE...]", help="Recorded level-3 days instead of a market.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option("--preset", help="Name of a preset, or a TOML file. Default: midcap.", metavar="NAME|FILE"),
    ] = None,
    seeds: Annotated[int | None, typer.Option("--seeds", help="Seeds, 1 to 1,000. Default: 10.")] = None,
    days: Annotated[int | None, typer.Option("--days", help="Days of every seed. Default: 25.")] = None,
    regime: RegimeOption = "switching",
    facts: Annotated[str | None, typer.Option("--facts", help="Only these facts, like 1,5,12: no verdict.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="The size of continuous integration.")] = False,
    seed: SeedOption = 7,
    data: Annotated[
        list[str] | None, typer.Option("--data", help="Recorded days to show beside the market; repeatable.")
    ] = None,
    store: StoreAt = None,
    report: Annotated[str | None, typer.Option("--report", help="A plot per fact: .html, .pdf or .json.")] = None,
    json: Json = False,
) -> int:
    """Judge a market by 26 facts of real markets; with FILE... show the facts of recorded days, without a verdict."""
    asked = {"files": files, "preset": preset, "seeds": seeds, "days": days, "regime": regime, "facts": facts,
             "quick": quick, "data": data}  # fmt: skip
    out, target = Envelope("realism", asked, seed=seed), writable(report, (".html", ".json", ".pdf"))
    chosen = _ids(facts)
    if files:
        if preset is not None or data or quick or facts or seeds or days:
            raise InputError(
                "realism", expected="recorded days, or a market with its options", got="both",
                hint="--data shows recorded days beside a market",
            )  # fmt: skip
        alone = Found(recorded=_recorded(files, store, seed), files=tuple(files))
        _deliver(out, body_of(alone), alone, target, json)
        return 0
    from nowake.market.gate.gate import run_gate
    from nowake.market.gate.plan import plan_of
    from nowake.market.preset import load

    market = load(preset or "midcap")
    changed = {name: value for name, value in (("seeds", seeds), ("days", days)) if value is not None}
    plan = plan_of(quick=quick, seed=seed, regime=regime, **({"facts": chosen} if chosen else {}), **changed)
    beside = _recorded(data, store, seed) if data else None
    with Progress("realism") as bar:
        outcome = run_gate(
            market, plan, lambda done, total, note: bar(done, total, f"realism: {note}"), workers=os.cpu_count() or 1
        )
    found = Found(market, outcome, beside, tuple(data or ()), _keep(market, outcome))
    _deliver(out, body_of(found), found, target, json)
    good = outcome.verdict.safe if outcome.verdict else all(fact.passed for fact in outcome.facts)
    return 0 if good else 1


def _ids(text: str | None) -> frozenset[int] | None:
    """Return the ids in ``1,5,12``, None without any; InputError else."""
    if text is None:
        return None
    pieces = [piece.strip() for piece in text.split(",")]
    if not all(piece.isdecimal() and 1 <= int(piece) <= 26 for piece in pieces):
        raise InputError("--facts", expected="ids from 1 to 26 with commas like 1,5,12", got=repr(text))
    return frozenset(map(int, pieces))


def _recorded(files: "Sequence[str]", store: str | None, seed: int) -> "Recorded":
    """Return what recorded days show."""
    from nowake.market.gate.recorded import measure_recorded

    done = [0]
    with Progress("recorded days") as bar:

        def count(n: int) -> None:
            done[0] += n
            bar(done[0], max(len(files), done[0]))

        return measure_recorded(_sources(files, store), seed=seed, tell=count)


def _sources(files: "Sequence[str]", store: str | None) -> "Iterator[Source]":
    """Yield every day of the files and store queries; a LOBSTER order-book file beside its messages is found."""
    from pathlib import Path

    from nowake.cli.sources import as_query, open_source, reader_options
    from nowake.data.query import StoreReader
    from nowake.market.gate.recorded import Source

    for text in files:
        reader = open_source(text, fmt=None, options=reader_options(), store=store)
        if isinstance(reader, StoreReader):
            for day, part in reader.days():
                yield Source(part, f"{text}, {day}")
            continue
        if as_query(text, store) is not None:
            raise InputError(f"realism, {text}", expected="stored level-3 messages", got=reader.meta.level)
        book = Path(text.replace("_message_", "_orderbook_"))
        yield Source(reader, text, book if "_message_" in text and book.is_file() else None)


def _keep(market: "Preset", outcome: "Outcome") -> bool:
    """Keep the verdict where the run decides; tell whether it was."""
    from nowake.market.gate.verdicts import keep_verdict

    if outcome.verdict is None or not outcome.plan.decides:
        return False
    keep_verdict(market, outcome)
    return True


def _deliver(out: Envelope, body: dict[str, Any], found: "Found", target: "Path | None", json: bool) -> None:
    """Write the report if one was asked for, then the object or the table."""
    if target is not None:
        from nowake.tca.report import write_page, write_whole

        whole = out.body(body)
        if target.suffix.lower() == ".json":
            write_whole(target, (dumps(whole, indent=2, allow_nan=False) + "\n").encode())
        else:
            from nowake.cli.realism_page import render

            write_page(target, lambda: render(whole, found))
    if json:
        out.write(body)
        return
    show_found(found)
    if target is not None:
        say(f"report: {target}")
