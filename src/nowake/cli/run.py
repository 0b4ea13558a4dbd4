"""`nowake run`: the founding scenario, classical policies on the decision path and on the same twins."""

import os
from dataclasses import asdict
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nowake import __version__
from nowake.cli.options import (
    HorizonOption,
    Json,
    PolicyOption,
    PresetOption,
    ProcessesOption,
    QtyOption,
    RegimeOption,
    SeedOption,
    SideOption,
    quantity,
    span,
    writable,
)
from nowake.cli.output import Envelope, plain, say, table
from nowake.cli.progress import Progress
from nowake.core.errors import InputError
from nowake.core.times import SECOND
from nowake.core.values import Side

if TYPE_CHECKING:
    from pathlib import Path

    from nowake.market.scenario import Scenario
    from nowake.tca.paired import Comparison
    from nowake.tca.scenario_words import Story

__all__ = ["run"]

REPORTS, LOGS = (".html", ".json", ".pdf"), (".decisions",)
WIDTH = 120  # of a line of text
WORTH = 7200.0  # s of market time by pairs from which several processes are worth their start
CLAIM = 0.03  # currency: "3 cents better than arrival"


def run(
    preset: PresetOption = "midcap",
    side: SideOption = "buy",
    qty: QtyOption = "500000",
    horizon: HorizonOption = "4h",
    pairs: Annotated[int, typer.Option("--pairs", help="Markets, each with every policy and once without.")] = 10,
    seed: SeedOption = 7,
    regime: RegimeOption = "switching",
    processes: ProcessesOption = 0,
    report: Annotated[
        list[str] | None, typer.Option("--report", help="Write a report: .html, .pdf or .json; may be given twice.")
    ] = None,
    policy: PolicyOption = "default",
    log: Annotated[
        str | None,
        typer.Option("--log", help="Keep the told order's log for `nowake explain ID --log FILE`: .decisions."),
    ] = None,
    json: Json = False,
) -> int:
    """Work one large order by several policies on the same simulated markets, and say what is child, luck and skill.

    Every policy trades over lit venues, dark pools and dealers, by the router and inside the execution policy.
    """
    asked = {"preset": preset, "side": side, "qty": qty, "horizon": horizon, "pairs": pairs, "regime": regime,
             "policy": policy}  # fmt: skip
    out = Envelope("run", asked, seed=seed)
    targets = [target for path in report or [] if (target := writable(path, REPORTS)) is not None]
    kept = writable(log, LOGS, "--log")
    what = _scenario(asked, seed)
    if not 0 <= processes <= 256:
        raise InputError("--processes", expected="0 to 256", got=processes)
    from nowake.market.policies import GAINS, PREVIOUS
    from nowake.market.twins import run_pairs
    from nowake.tca.paired import compare

    with Progress("run") as bar:
        outcomes = run_pairs(what, workers=processes or _cores(what), progress=lambda part: bar(part, 1.0))
        found = compare(outcomes, PREVIOUS, GAINS)
        story = _story(what, outcomes, found, kept)
        body = _body(what, outcomes, found, story) | {
            "report": targets[0] if targets else None, "reports": targets, "log": kept,
        }  # fmt: skip
        whole = out.body(body)
        for target in targets:
            _write(target, whole, what, outcomes, found, story)
    if json:
        out.write(body)
    else:
        _show(what, outcomes, found, story)
        for target in targets:
            say(f"report: {target}")
        if kept is not None:
            first = story.told.steps[0].order_id if story.told.steps else 0
            say(f"log: {kept}; ask it why a child left: nowake explain {first} --log {kept}")
    return 0


def _cores(what: "Scenario") -> int:
    """Return how many processes are worth their start: one for small runs."""
    return (os.cpu_count() or 1) if what.pairs * what.horizon >= WORTH else 1


def _scenario(asked: dict[str, Any], seed: int) -> "Scenario":
    """Return what is asked for, checked before anything runs."""
    order, side = quantity(asked["qty"]), Side.parse(asked["side"])
    seconds = span(asked["horizon"], "--horizon") / SECOND
    from nowake.market.preset import load
    from nowake.market.scenario import Scenario

    chosen = load(asked["preset"])
    shares = order.shares or max(round((order.of_adv or 0) * chosen.instrument.daily_volume), 1)
    return Scenario(
        preset=chosen, quantity=shares, side=side, horizon=seconds, pairs=asked["pairs"], seed=seed,
        regime=asked["regime"], limits=asked["policy"],
    )  # fmt: skip


def _story(what: "Scenario", outcomes: Any, found: "Comparison", log: "Path | None") -> "Story":
    """Tell the median order of the policy with the lowest mean cost of those that may trade everywhere.

    `log`: where its decision log is kept.
    """
    import numpy as np

    from nowake.market.policies import LIT_ONLY, PREVIOUS
    from nowake.market.twins import tell
    from nowake.tca.paired import luck_of, percentile_of
    from nowake.tca.scenario_venues import kind_lines
    from nowake.tca.scenario_words import Story

    rows = [row for row in found.policies if row.name not in (LIT_ONLY, PREVIOUS)]
    name = min(rows, key=lambda row: row.shortfall_bps).name
    costs = np.array([one.shortfall_bps for pair in outcomes for one in pair if one.policy == name])
    middle = int(np.argsort(costs, kind="stable")[(len(costs) - 1) // 2])
    opened, closed = what.session
    days = what.horizon * SECOND / (closed - opened)
    risk = what.preset.instrument.daily_volatility * (days / 3) ** 0.5 * 1e4
    claim = CLAIM / what.preset.instrument.price * 1e4
    return Story(
        policy=name, told=tell(what, middle, name, log), percentile=percentile_of(costs, float(costs[middle])),
        n=len(costs), luck=luck_of(outcomes, found, name, risk_bps=risk, claim_bps=claim),
        zone=what.preset.session.timezone, currency=what.preset.instrument.currency, claim=CLAIM,
        kinds=kind_lines(outcomes, name),
    )  # fmt: skip


def _body(what: "Scenario", outcomes: Any, found: "Comparison", story: "Story") -> dict[str, Any]:
    from nowake.market.preset import parameter_hash
    from nowake.tca.scenario_venues import kind_lines, venue_lines
    from nowake.tca.scenario_words import lines

    one = story.told.outcome
    return {
        "preset": what.preset.name, "parameters": parameter_hash(what.preset), "regime": what.regime,
        "side": str(what.side), "qty": what.quantity, "horizon_s": what.horizon, "pairs": what.pairs,
        "policies": [asdict(row) for row in found.policies], "improvement": [asdict(row) for row in found.improvement],
        "luck": asdict(story.luck), "limits": what.effective.version,
        "venues": [asdict(line) for row in found.policies for line in venue_lines(outcomes, row.name)],
        "kinds": [asdict(line) for row in found.policies for line in kind_lines(outcomes, row.name)],
        "story": {
            "seed": one.seed, "policy": story.policy, "percentile": story.percentile, "n": story.n,
            "arrival": one.arrival * one.tick, "shortfall_bps": one.shortfall_bps, "fees_bps": one.fees_bps,
            "filled": one.filled, "impact_bps": one.bps(one.impact_end), "said": lines(story, found),
            "decisions": story.told.decisions, "versions": story.told.versions,
            "children": [asdict(step) for step in story.told.steps],
        },
    }  # fmt: skip


def _write(
    target: "Path", whole: dict[str, Any], what: "Scenario", outcomes: Any, found: "Comparison", story: "Story"
) -> None:
    import json as text

    from nowake.tca.report import write_page, write_whole

    if target.suffix.lower() == ".json":
        write_whole(target, (text.dumps(plain(whole), indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode())
        return
    from nowake.market.simulate import instrument_of
    from nowake.tca.scenario_report import ScenarioReport, render

    rows = (
        ("Market", f"{what.preset.title} ({what.preset.name}, {what.regime})"), ("Parameters", whole["parameters"]),
        ("Execution policy", f"{what.limits} ({what.effective.version})"), ("Seed", str(what.seed)),
        ("Configuration hash", whole["config_hash"]), ("nowake", __version__),
    )  # fmt: skip
    told = ScenarioReport(instrument_of(what.preset), outcomes, found, story, rows)
    write_page(target, lambda: render(told))


def _show(what: "Scenario", outcomes: Any, found: "Comparison", story: "Story") -> None:
    from nowake.tca.scenario_words import lines

    say(
        f"{what.side} {what.quantity:,} {what.preset.instrument.symbol} in {what.horizon / 3600:g} h, "
        f"{what.pairs} markets ({what.preset.name}, {what.regime}), seed {what.seed}"
    )
    heads = ["policy", "cost bp", "95 %", "sd", "impact bp", "95 %", "paid bp", "child bp", "fees bp", "done",
             "passive", "dark", "dealer", "< arrival"]  # fmt: skip
    table("what it cost (fees included), and what it did to the price", heads, [
        (row.name, f"{row.shortfall_bps:+.1f}", _ends(row.shortfall_bps_ci), f"{row.shortfall_sd_bps:.0f}",
         f"{row.parent_impact_bps:+.1f}", _ends(row.parent_impact_bps_ci), f"{row.paid_impact_bps:+.1f}",
         f"{row.child_impact_bps:+.2f}", f"{row.fees_bps:+.2f}", f"{row.completion:.1%}", f"{row.passive_share:.0%}",
         f"{row.dark_share:.0%}", f"{row.dealer_share:.0%}", f"{row.better_than_arrival:.0%}")
        for row in found.policies
    ])  # fmt: skip
    table("saved on the same markets, bp", ["policy", "against", "saved", "95 %", "sd", "won", "pairs"], [
        (gain.of, gain.over, f"{gain.bps:+.2f}", _ends(gain.bps_ci), f"{gain.sd_bps:.1f}", f"{gain.win_rate:.0%}",
         gain.n)
        for gain in found.improvement
    ], left=2)  # fmt: skip
    _show_venues(outcomes, story.policy)
    for line in lines(story, found):
        say(fill(line, WIDTH))


def _show_venues(outcomes: Any, name: str) -> None:
    from nowake.tca.scenario_venues import MARK_WORDS, venue_lines

    heads = ["venue", "kind", "children", "shares", "part", "fill rate", "mid bp", "95 %", "fees bp",
             *(f"mark-out {word}" for word in MARK_WORDS)]  # fmt: skip
    table(f"where {name} traded: fills against the mid just before, fees, and where the mid was later, bp", heads, [
        (line.venue, line.kind, line.children, f"{line.filled:,}", f"{line.share:.1%}", f"{line.fill_rate:.0%}",
         f"{line.spread_bps:+.2f}", _ends(line.spread_bps_ci) if line.orders > 1 else "", f"{line.fees_bps:+.2f}",
         *(f"{value:+.2f}" for value in line.markout_bps))
        for line in venue_lines(outcomes, name) if line.filled
    ], left=2)  # fmt: skip


def _ends(ci: tuple[float, float]) -> str:
    return f"{ci[0]:+.1f} to {ci[1]:+.1f}"
