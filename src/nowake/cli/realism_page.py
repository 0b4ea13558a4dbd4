"""The page of the realism gate: two verdicts, every fact with its plot, the market beside recorded data."""

from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

from nowake.cli.output import show
from nowake.cli.realism_found import DASH, Found, interval, limits
from nowake.cli.realism_plots import DATA, MARKET, RANGE, Drawn, draw_fact, fact_curves
from nowake.market.realism.facts import Fact, Part
from nowake.tca.figure import style
from nowake.tca.page import environment, stylesheet

if TYPE_CHECKING:
    from nowake.market.realism.bootstrap import Estimate

__all__ = ["render"]

_RULE = (
    "A part passes if its value lies in the accepted range and its 95 % interval is narrower than the range: noise"
    " cannot pass. A fact passes if all its parts do. Safe needs the seven facts marked so; realistic needs those"
    " marked realistic as well and 23 of 26."
)
_NO_VERDICT = (
    "Recorded data gets no verdict: the ranges describe a modern US mid-cap over all venues, and one venue cannot tell"
    " every fact."
)


def render(body: Mapping[str, Any], found: Found) -> str:
    """Return one self-contained HTML page of a run (with recorded days beside it), or of recorded days alone.

    `body`: the JSON object of the command. MissingError without jinja2 or matplotlib.
    """
    engine, outcome, recorded = environment(), found.outcome, found.recorded
    facts = outcome.facts if outcome else recorded.facts if recorded else ()
    beside = {fact.id: fact for fact in recorded.facts} if outcome and recorded else {}
    seed = int(body.get("seed", 0))
    days = outcome.days if outcome else recorded.days if recorded else ()
    drawn = Drawn(
        fact_curves(days, seed), fact_curves(recorded.days, seed) if outcome and recorded else {},
        outcome.rows if outcome else (),
    )  # fmt: skip
    with style():
        rows = [_fact(fact, beside.get(fact.id), drawn) for fact in facts]
    source = resources.files("nowake.cli").joinpath("templates/realism.html.j2").read_text(encoding="utf-8")
    return engine.from_string(source).render(
        style=stylesheet(), facts=rows, beside=bool(beside), provenance=_provenance(body),
        colours={"market": MARKET, "data": DATA, "range": RANGE},
        names={"market": "market" if outcome else "recorded days", "data": "recorded days"},
        **_head(body, found),
    )  # fmt: skip


def _head(body: Mapping[str, Any], found: Found) -> dict[str, Any]:
    market, outcome, recorded = found.market, found.outcome, found.recorded
    if market is None or outcome is None:
        assert recorded is not None
        lead = f"{len(recorded.days)} recorded days: {', '.join(body['files'])}. {'; '.join(recorded.notes)}."
        cards = _shown_cards(recorded.shown)
        return {"title": "Facts of recorded days", "lead": lead, "cards": cards, "rule": _NO_VERDICT}
    plan = outcome.plan
    lead = f"{plan.seeds} seeds x {plan.days} days in regime {plan.regime}, seed {plan.seed}, size {plan.name}."
    if recorded is not None:
        lead += f" Beside it {len(recorded.days)} recorded days."
    cards = [_yes_no("Safe", body["safe"]), _yes_no("Realistic", body["realistic"])]
    cards.append({"name": "Facts passed", "value": str(body["passed"]), "unit": f"of {len(outcome.facts)}", "tone": ""})
    cards += _shown_cards(outcome.shown)
    return {"title": f"Realism of {market.title}", "lead": lead, "cards": cards, "rule": _RULE}


def _yes_no(name: str, value: bool | None) -> dict[str, str]:
    word = "not judged" if value is None else "yes" if value else "no"
    return {"name": name, "value": word, "unit": "", "tone": "" if value is None else "gain" if value else "cost"}


def _shown_cards(shown: "Mapping[str, Estimate]") -> list[dict[str, str]]:
    """Return cards of what a day shows: spread, volume, volatility, events."""
    named = (("spread", "Spread", "mean over time", 1.0, 4), ("volume", "Volume", "shares a day", 1.0, 0),
             ("volatility", "Volatility", "% a day", 100.0, 2), ("events", "Events", "a day", 1.0, 0))  # fmt: skip
    return [
        {"name": name, "value": f"{factor * shown[key].value:,.{digits}f}", "unit": unit, "tone": ""}
        for key, name, unit, factor, digits in named
        if key in shown
    ]


def _fact(fact: Fact, beside: Fact | None, drawn: Drawn) -> dict[str, Any]:
    """Return what the template needs of a fact."""
    from markupsafe import Markup

    parts = [_part(part, beside) for part in fact.parts]
    first = next((k for k, part in enumerate(fact.parts) if not part.passed), 0)
    unknown = all(part.value is None for part in fact.parts)
    said = "; ".join(f"{p['name']} {p['value']}, accepted {p['range']}" for p in parts[:6])
    return {
        "id": fact.id, "name": fact.name, "must": "" if fact.must == "neither" else fact.must, "source": fact.source,
        "beside": beside is not None and any(part.value is not None for part in beside.parts),
        "note": fact.note, "parts": parts, "first": parts[first], "good": sum(part.passed for part in fact.parts),
        "tone": "gain" if fact.passed else "" if unknown else "cost",
        "word": "passes" if fact.passed else "not measured" if unknown else "fails",
        "svg": Markup(draw_fact(fact, beside, drawn)), "alt": said,
    }  # fmt: skip


def _part(part: Part, beside: Fact | None) -> dict[str, str]:
    other = next((p for p in beside.parts if p.name == part.name), None) if beside else None
    return {
        "name": part.name.replace("_", " "), "value": show(part.value), "ci": interval(part), "range": limits(part),
        "tone": "gain" if part.passed else "cost", "word": "yes" if part.passed else "no",
        "data": show(other.value) if other else DASH, "data_ci": interval(other),
    }  # fmt: skip


def _provenance(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a reader needs to run it again."""
    plan = body.get("plan") or {}
    named = (
        ("Preset", body.get("preset")), ("Hash of its parameters", body.get("parameters")),
        ("Plan", ", ".join(f"{k} {v}" for k, v in plan.items() if k != "facts")), ("Seed", body.get("seed")),
        ("Configuration hash", body.get("config_hash")), ("nowake", body.get("version")),
        ("Files", ", ".join(body.get("files") or ())),
    )  # fmt: skip
    return [(name, str(value)) for name, value in named if value not in (None, "")]
