"""The page about several policies on the same markets: one self-contained HTML file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nowake.core.times import show_time
from nowake.core.values import Instrument
from nowake.execution.outcome import Outcome, Step
from nowake.tca.figure import style
from nowake.tca.page import environment, stylesheet, template
from nowake.tca.paired import Comparison, PolicyRow
from nowake.tca.scenario_charts import made
from nowake.tca.scenario_words import Story, lines

__all__ = ["MOST_STEPS", "ScenarioReport", "render"]

MOST_STEPS = 120  # children in the table: the first and the last half of them
DASH = "–"
HEADS = (
    "Policy", "Shortfall", "Deviation", "Impact, end", "Impact, paid", "Child, 60 s", "Fees", "Done", "Passive", "Dark",
    "Below arrival", "Children",
)  # fmt: skip
CONVENTIONS = (
    "Shortfall: what was paid against the arrival mid, unfilled shares at the mid of the end, plus fees less rebates,"
    " per ordered notional.",
    "Parent impact: mid with the order less mid of the same market without it, when the window ends; 'paid on average'"
    " is the same difference at each fill, weighted by shares.",
    "Child impact: how much that difference grows from just before a child to 60 s after it, mean over children that"
    " traded.",
    "Intervals: Student's t over pairs. Every pair is a market of its own; all policies of a pair trade the same one.",
    "Completion, passive and dark share are of shares; 'below arrival' is the share of orders that cost less than 0.",
)


@dataclass(frozen=True, slots=True)
class ScenarioReport:
    """What the page shows: `provenance` as (name, value) rows."""

    instrument: Instrument
    pairs: Sequence[Sequence[Outcome]]
    found: Comparison
    story: Story
    provenance: tuple[tuple[str, str], ...]


def _ci(ends: tuple[float, float], digits: int = 1) -> str:
    return f"{ends[0]:+.{digits}f} to {ends[1]:+.{digits}f}"


def _policy(row: PolicyRow) -> list[tuple[str, str]]:
    """Return the cells of a row: a number, and its interval where it has one."""
    return [
        (row.name, ""),
        (f"{row.shortfall_bps:+.1f}", _ci(row.shortfall_bps_ci)),
        (f"{row.shortfall_sd_bps:.0f}", ""),
        (f"{row.parent_impact_bps:+.1f}", _ci(row.parent_impact_bps_ci)),
        (f"{row.paid_impact_bps:+.1f}", _ci(row.paid_impact_bps_ci)),
        (f"{row.child_impact_bps:+.2f}", _ci(row.child_impact_bps_ci, 2)),
        (f"{row.fees_bps:+.2f}", ""),
        (f"{row.completion:.1%}", ""),
        (f"{row.passive_share:.0%}", ""),
        (f"{row.dark_share:.0%}", ""),
        (f"{row.better_than_arrival:.0%}", ""),
        (f"{row.children:,.0f}", ""),
    ]


def _gains(found: Comparison) -> list[dict[str, str]]:
    return [
        {
            "of": gain.of, "bps": f"{gain.bps:+.2f}", "ci": _ci(gain.bps_ci, 2), "sd": f"{gain.sd_bps:.1f}",
            "won": f"{gain.win_rate:.0%}", "n": f"{gain.n}",
            "tone": "gain" if gain.bps_ci[0] > 0 else "cost" if gain.bps_ci[1] < 0 else "",
        }
        for gain in found.improvement
    ]  # fmt: skip


def _step(step: Step, zone: str) -> dict[str, str]:
    def price(value: float | None) -> str:
        return DASH if value is None else f"{value:,.3f}"

    return {
        "time": show_time(step.time, zone), "venue": step.venue or "best price", "kind": step.kind.replace("_", " "),
        "price": price(step.price), "quantity": f"{step.quantity:,}", "filled": f"{step.filled:,}",
        "liquidity": step.liquidity or DASH, "mid": price(step.mid), "twin_mid": price(step.twin_mid),
        "why": step.why, "end": step.end,
    }  # fmt: skip


def _cards(report: ScenarioReport) -> list[dict[str, str]]:
    best, gains = report.found.best, {gain.of: gain for gain in report.found.improvement}
    cards = [
        ("Lowest mean cost", f"{best.shortfall_bps:+.1f} bp", f"{best.name}, {_ci(best.shortfall_bps_ci)}", ""),
        ("Its impact at the end", f"{best.parent_impact_bps:.1f} bp", _ci(best.parent_impact_bps_ci), ""),
        ("Impact of a child", f"{best.child_impact_bps:.2f} bp", "60 s after it", ""),
        ("One order's deviation", f"{best.shortfall_sd_bps:.0f} bp", "luck, not skill", ""),
    ]
    if best.name in gains:
        gain = gains[best.name]
        tone = "gain" if gain.bps_ci[0] > 0 else "cost" if gain.bps_ci[1] < 0 else ""
        cards.insert(1, (f"Saved against {gain.over}", f"{gain.bps:+.1f} bp", _ci(gain.bps_ci), tone))
    return [dict(zip(("name", "value", "unit", "tone"), card, strict=True)) for card in cards]


def _lead(report: ScenarioReport) -> str:
    told, zone = report.story.told, report.story.zone
    start, end = (show_time(int(t), zone)[:5] for t in (told.times[0], told.times[-1]))
    return (
        f"Simulated market, {start} to {end} {zone}; {len(report.pairs)} markets, each with every policy and once "
        "without the order (its twin)."
    )


def _content(report: ScenarioReport) -> Mapping[str, Any]:
    one, steps = report.story.told.outcome, report.story.told.steps
    half = MOST_STEPS // 2
    shown = steps if len(steps) <= MOST_STEPS else (*steps[:half], *steps[-half:])
    caption = f"All {len(steps):,} children." if shown == steps else (
        f"The first {half} and the last {half} of {len(steps):,} children; the JSON report has all of them."
    )  # fmt: skip
    word = "Buy" if one.side > 0 else "Sell"
    return {
        "title": f"{word} {one.quantity:,} {report.instrument.symbol}: {len(report.found.policies)} policies",
        "lead": _lead(report), "cards": _cards(report), "over": next((g.over for g in report.found.improvement), DASH),
        "said": [tuple(line.split(". ", 1)) for line in lines(report.story, report.found)],
        "policy_heads": HEADS, "policies": [_policy(row) for row in report.found.policies],
        "gains": _gains(report.found), "steps": [_step(step, report.story.zone) for step in shown],
        "story_caption": f"{report.story.policy}, seed {one.seed}. {caption}",
        "provenance": report.provenance, "conventions": CONVENTIONS,
    }  # fmt: skip


def render(report: ScenarioReport) -> str:
    """Return the page; MissingError without jinja2 or matplotlib."""
    with style():
        charts = made(report.pairs, report.found, report.story.told, report.instrument)
    page = environment().from_string(template("scenario.html.j2"))
    return page.render(style=stylesheet(), charts=charts, **_content(report))
