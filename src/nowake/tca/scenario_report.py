"""The page about several policies on the same markets: one self-contained HTML file."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nowake.core.times import show_time
from nowake.core.values import Instrument
from nowake.execution.outcome import Outcome
from nowake.tca.figure import style
from nowake.tca.page import environment, stylesheet, template
from nowake.tca.paired import Comparison, PolicyRow
from nowake.tca.scenario_charts import made
from nowake.tca.scenario_log import (
    DASH,
    DECISION_HEADS,
    MOST_DECISIONS,
    MOST_STEPS,
    decision_cells,
    shown,
    step_row,
)
from nowake.tca.scenario_venues import MARK_WORDS, VenueLine, kind_lines, venue_lines
from nowake.tca.scenario_words import Story, lines

__all__ = ["ScenarioReport", "render"]

HEADS = (
    "Policy", "Shortfall", "Deviation", "Impact, end", "Impact, paid", "Child, 60 s", "Fees", "Done", "Passive", "Dark",
    "Dealers", "Below arrival", "Children",
)  # fmt: skip
VENUE_HEADS = (
    "Venue", "Kind", "Children", "Shares", "Part", "Fill rate", "Passive", "Against the mid", "Fees", "All in",
    *(f"Mark-out {word}" for word in MARK_WORDS),
)  # fmt: skip
CONVENTIONS = (
    "Shortfall: what was paid against the arrival mid, unfilled shares at the mid of the end, plus fees less rebates,"
    " per ordered notional.",
    "Parent impact: mid with the order less mid of the same market without it, when the window ends; 'paid on average'"
    " is the same difference at each fill, weighted by shares.",
    "Child impact: how much that difference grows from just before a child to 60 s after it, mean over children that"
    " traded.",
    "Intervals: Student's t over pairs. Every pair is a market of its own; all policies of a pair trade the same one.",
    "Completion, passive, dark and dealer share are of shares; 'below arrival' is the share of orders that cost less"
    " than 0.",
    "Venues: the fill rate is per share offered; an order that was moved to another price counts twice. 'Against the"
    " mid': side x (fill price - mid of the others' orders just before). Mark-out: side x (mid later - fill price);"
    " negative: the price went on against the fill, positive: it went the way of the order, which the rest then pays."
    " Intervals are those of ratios of sums over orders (Cochran 1977).",
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
        (f"{row.dealer_share:.0%}", ""),
        (f"{row.better_than_arrival:.0%}", ""),
        (f"{row.children:,.0f}", ""),
    ]


def _gains(found: Comparison) -> list[dict[str, str]]:
    return [
        {
            "of": gain.of, "over": gain.over, "bps": f"{gain.bps:+.2f}", "ci": _ci(gain.bps_ci, 2),
            "sd": f"{gain.sd_bps:.1f}", "won": f"{gain.win_rate:.0%}", "n": f"{gain.n}",
            "tone": "gain" if gain.bps_ci[0] > 0 else "cost" if gain.bps_ci[1] < 0 else "",
        }
        for gain in found.improvement
    ]  # fmt: skip


def _number(value: float, form: str, ends: tuple[float, float] | None = None) -> tuple[str, str]:
    """Return a cell: the number, and its interval where it has one; a dash where there is nothing to count."""
    if not math.isfinite(value):
        return DASH, ""
    known = ends is not None and all(map(math.isfinite, ends))
    return format(value, form), f"{ends[0]:{form}} to {ends[1]:{form}}" if known and ends else ""


def _venue(line: VenueLine, name: str) -> list[tuple[str, str]]:
    """Return the cells of a line; `name`: what its first cell says."""
    return [
        (name, ""), (line.kind, ""), (f"{line.children:,}", ""), (f"{line.filled:,}", ""),
        _number(line.share, ".1%"), _number(line.fill_rate, ".0%", line.fill_rate_ci),
        _number(line.passive_share, ".0%"), _number(line.spread_bps, "+.2f", line.spread_bps_ci),
        _number(line.fees_bps, "+.2f"), _number(line.all_in_bps, "+.2f", line.all_in_bps_ci),
        *(_number(v, "+.2f", ends) for v, ends in zip(line.markout_bps, line.markout_bps_ci, strict=True)),
    ]  # fmt: skip


def _venues(report: ScenarioReport) -> dict[str, Any]:
    """Return the tables of venues: each venue of the told policy, and the kinds of venue of every policy."""
    told, names = report.story.policy, [row.name for row in report.found.policies]
    return {
        "venue_heads": VENUE_HEADS, "kind_heads": ("Policy", *VENUE_HEADS[1:]),
        "venues": [_venue(line, line.venue) for line in venue_lines(report.pairs, told)],
        "kinds": [_venue(line, name) for name in names for line in kind_lines(report.pairs, name) if line.children],
        "venue_caption": f"{told}, all {len(report.pairs)} orders; bp of the arrival mid. Against the mid, fees, all "
        "in: positive = cost. Mark-outs: negative = the price went on against the fill.",
    }  # fmt: skip


def _cards(report: ScenarioReport) -> list[dict[str, str]]:
    best, name = report.found.best, report.story.policy
    row = next(row for row in report.found.policies if row.name == name)
    gain = next((gain for gain in report.found.improvement if gain.of == name), None)
    cards = [
        ("Lowest mean cost", f"{best.shortfall_bps:+.1f} bp", f"{best.name}, {_ci(best.shortfall_bps_ci)}", ""),
        (f"Impact of {name}", f"{row.parent_impact_bps:.1f} bp", f"at the end, {_ci(row.parent_impact_bps_ci)}", ""),
        ("Impact of a child", f"{row.child_impact_bps:.2f} bp", "60 s after it", ""),
        ("Unseen", f"{row.dark_share + row.dealer_share:.0%}", f"of {name}, in pools and with dealers", ""),
        ("One order's deviation", f"{row.shortfall_sd_bps:.0f} bp", "luck, not skill", ""),
    ]
    if gain is not None:
        tone = "gain" if gain.bps_ci[0] > 0 else "cost" if gain.bps_ci[1] < 0 else ""
        saved = f"{gain.bps:+.1f} bp"
        cards.insert(1, (f"{name} saved", saved, f"against {gain.over}, {_ci(gain.bps_ci)}", tone))
    return [dict(zip(("name", "value", "unit", "tone"), card, strict=True)) for card in cards]


def _lead(report: ScenarioReport) -> str:
    told, zone = report.story.told, report.story.zone
    start, end = (show_time(int(t), zone)[:5] for t in (told.times[0], told.times[-1]))
    return (
        f"Simulated market, {start} to {end} {zone}; {len(report.pairs)} markets, each with every policy and once "
        "without the order (its twin)."
    )


def _content(report: ScenarioReport) -> Mapping[str, Any]:
    one, told = report.story.told.outcome, report.story.told
    steps, which = shown(told.steps, MOST_STEPS, "children")
    decisions, slices = shown(told.decisions, MOST_DECISIONS, "slices")
    word = "Buy" if one.side > 0 else "Sell"
    return {
        "title": f"{word} {one.quantity:,} {report.instrument.symbol}: {len(report.found.policies)} policies",
        "lead": _lead(report), "cards": _cards(report),
        "said": [tuple(line.split(". ", 1)) for line in lines(report.story, report.found)],
        "policy_heads": HEADS, "policies": [_policy(row) for row in report.found.policies],
        "gains": _gains(report.found), "steps": [step_row(step, report.story.zone) for step in steps],
        "story_caption": f"{report.story.policy}, seed {one.seed}. {which} Open a reason to read all of it.",
        "decision_heads": DECISION_HEADS, "decisions": [decision_cells(one) for one in decisions],
        "decision_caption": f"{report.story.policy}, seed {one.seed}. {slices} Quota: shares that the slice wants; "
        "then what its children were given, by kind of venue.",
        "versions": [(name, str(value)) for name, value in told.versions.items()],
        "provenance": report.provenance, "conventions": CONVENTIONS, **_venues(report),
    }  # fmt: skip


def render(report: ScenarioReport) -> str:
    """Return the page; MissingError without jinja2 or matplotlib."""
    with style():
        charts = made(report.pairs, report.found, report.story.told, report.instrument)
    page = environment().from_string(template("scenario.html.j2"))
    return page.render(style=stylesheet(), charts=charts, **_content(report))
