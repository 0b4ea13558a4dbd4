"""What `nowake realism` found: its object for programs, its table for people."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nowake.cli.output import say, show, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nowake.market.gate.gate import Outcome
    from nowake.market.gate.recorded import Recorded
    from nowake.market.preset import Preset
    from nowake.market.realism.bootstrap import Estimate
    from nowake.market.realism.facts import Fact, Part
    from nowake.market.realism.impact import ImpactRow

__all__ = ["DASH", "Found", "body_of", "interval", "limits", "show_found"]

DASH = "–"


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A judged market with its outcome and recorded days beside it, or recorded days (of `files`) alone.

    `kept`: the verdict was.
    """

    market: "Preset | None" = None
    outcome: "Outcome | None" = None
    recorded: "Recorded | None" = None
    files: tuple[str, ...] = ()
    kept: bool = False


def interval(part: "Part | None") -> str:
    """Return the 95 % interval in words, a dash without one."""
    return f"{show(part.ci[0])} to {show(part.ci[1])}" if part is not None and part.ci else DASH


def limits(part: "Part") -> str:
    """Return the accepted range in words."""
    if part.low is None:
        return f"≤ {part.high:g}"
    return f"≥ {part.low:g}" if part.high is None else f"{part.low:.3g} to {part.high:.3g}"


def _shown(parts: "dict[str, Estimate] | Any") -> dict[str, Any]:
    """Return `name` and `name_ci` of every estimate."""
    return {
        key: value for name, e in parts.items() for key, value in ((name, e.value), (f"{name}_ci", [e.low, e.high]))
    }


def body_of(found: Found) -> dict[str, Any]:
    """Return the object of the command."""
    if found.market is None or found.outcome is None:
        return _recorded_body(found)
    return _market_body(found.market, found.outcome, found.kept)


def _market_body(market: "Preset", outcome: "Outcome", kept: bool) -> dict[str, Any]:
    from nowake.market.preset import parameter_hash
    from nowake.market.realism.facts import report_row

    plan, row = outcome.plan, report_row(outcome.facts)
    if outcome.verdict is None:
        row |= {"safe": None, "realistic": None}
    return {
        "preset": market.name, "parameters": parameter_hash(market), "regime": plan.regime, "seeds": plan.seeds,
        "days": plan.days, **row, "verdict_kept": kept, "plan": plan.as_dict(), "shown": _shown(outcome.shown),
        "impact": [_impact_row(row) for row in outcome.rows], "seconds": dict(outcome.seconds),
    }  # fmt: skip


def _impact_row(row: "ImpactRow") -> dict[str, Any]:
    """Return an order of facts 6 to 10, named as `nowake impact` names them; `horizon_days`: T in sessions."""
    impact, later, cost = (1e4 * values for values in (row.path[:, -1], row.after, row.shortfall))
    n = len(impact)
    mean, half = float(impact.mean()), 1.96 * float(impact.std(ddof=1)) / n**0.5
    return {
        "size_adv": row.size, "participation": row.participation, "horizon_days": row.horizon, "pairs": n,
        "impact_bps": mean, "impact_bps_ci": [mean - half, mean + half], "impact_1x_bps": float(later.mean()),
        "shortfall_bps": float(cost.mean()), "volatility": row.sigma,
    }  # fmt: skip


def _recorded_body(found: Found) -> dict[str, Any]:
    from nowake.market.realism.facts import report_row

    days = found.recorded
    assert days is not None
    row = report_row(days.facts) | {"safe": None, "realistic": None}
    return {
        "preset": None, "regime": None, "seeds": None, "days": len(days.days), **row, "files": list(found.files),
        "unmeasured": sorted(days.unmeasured), "notes": list(days.notes), "shown": _shown(days.shown),
    }  # fmt: skip


def show_found(found: Found) -> None:
    """Print what was found for people."""
    if found.market is not None and found.outcome is not None:
        _show(found.market, found.outcome, found.kept)
    elif found.recorded is not None:
        _show_recorded(found.recorded, found.files)


def _show(market: "Preset", outcome: "Outcome", kept: bool) -> None:
    plan = outcome.plan
    sizes = f"{plan.seeds} seeds x {plan.days} days, {plan.regime}, seed {plan.seed}"
    _facts_table(f"{market.title}: {sizes}", outcome.facts)
    _say_shown(outcome.shown)
    passed = sum(fact.passed for fact in outcome.facts)
    if outcome.verdict is None:
        say(f"{passed} of {len(outcome.facts)} facts passed; no verdict: not every fact was run")
        return
    words = [
        ("safe" if outcome.verdict.safe else "not safe"),
        ("" if outcome.verdict.realistic else "not ") + "realistic",
    ]
    say(f"{passed} of 26 facts passed: {', '.join(words)}")
    for name, what in (("safe", "safe"), ("realistic", "realistic as well")):
        lacking = [str(fact.id) for fact in outcome.facts if fact.must == name and not fact.passed]
        if lacking:
            say(f"needed for {what}, but failed: {', '.join(lacking)}")
    say("verdict kept" if kept else "verdict not kept: it takes 10 seeds x 25 days at least, in regime switching")


def _show_recorded(found: "Recorded", files: "Sequence[str]") -> None:
    _facts_table(f"{len(found.days)} recorded days from {len(files)} sources", found.facts)
    _say_shown(found.shown)
    for note in found.notes:
        say(f"note: {note}")
    say("no verdict: the ranges describe a modern US mid-cap over all venues, not this data")


def _say_shown(shown: Any) -> None:
    if shown:
        say(", ".join(f"{name} {show(e.value)}" for name, e in shown.items()) + " (a day, on average)")


def _facts_table(title: str, facts: "Sequence[Fact]") -> None:
    """Print a row per fact with the part that decides: the first that fails, else the first."""
    rows = []
    for fact in facts:
        part = next((p for p in fact.parts if not p.passed), fact.parts[0])
        good = sum(p.passed for p in fact.parts)
        rows.append((
            fact.id, fact.name, fact.must if fact.must != "neither" else "", "yes" if fact.passed else "no",
            f"{good}/{len(fact.parts)}", part.name, part.value, interval(part), limits(part), fact.note[:40],
        ))  # fmt: skip
    columns = ["", "fact", "needed for", "pass", "parts", "part", "value", "95 %", "accepted", "note"]
    table(title, columns, rows, left=2, words=["needed for", "pass", "part", "note"])
