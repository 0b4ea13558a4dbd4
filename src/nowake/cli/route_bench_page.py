"""The page of the bench of routers: costs and savings with their intervals, and what the dark allocators learn."""

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from nowake.core.intent import Tactic
from nowake.routing.regret_curves import RegretCurve, theory
from nowake.routing.trial import Departures, Trial
from nowake.tca.figure import INK, MUTED, new_figure, style, svg
from nowake.tca.page import environment, stylesheet

if TYPE_CHECKING:
    from nowake.market.route_bench_results import Comparison

__all__ = ["learnt", "render"]

_COLOURS = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#5b6770")
Runs = Sequence[tuple[Trial, Departures]]
_FIRST = 50  # round from which growth is measured


def render(body: Mapping[str, Any], found: "Comparison", curves: Sequence[RegretCurve], runs: Runs) -> str:
    """Return one self-contained HTML page; `body`: the JSON object of the command.

    MissingError without jinja2 or matplotlib.
    """
    from markupsafe import Markup

    engine = environment()
    with style():
        plots = {"cost": Markup(_costs(found)), "gain": Markup(_gains(found)), "regret": Markup(_regret(curves))}
    source = resources.files("nowake.cli").joinpath("templates/route_bench.html.j2").read_text(encoding="utf-8")
    return engine.from_string(source).render(
        style=stylesheet(), title="Routers against naive ones", lead=_lead(body), cards=_cards(found), plots=plots,
        routers=[_router(row) for row in body["routers"]], gains=[_gain(row) for row in body["improvement"]],
        regret=_regret_rows(curves), toxic=[_run(*run) for run in runs], provenance=_provenance(body), first=_FIRST,
    )  # fmt: skip


def learnt(curves: Sequence[RegretCurve], runs: Runs) -> dict[str, Any]:
    """Return `regret` and `toxic` for the JSON object: growth and mean curve by allocator; runs by tactic and delay."""
    regret = [
        {"name": curve.name, "slope": growth.slope, "slope_ci": growth.ci, "from_round": _FIRST,
         "rounds": curve.rounds.tolist(), "cumulated": curve.band()[0].tolist()}
        for curve in curves
        for growth in [curve.growth(_FIRST)]
    ]  # fmt: skip
    toxic = [
        {"tactic": trial.tactic.name.lower(), "turns_toxic": trial.toxic >= 0, "delay_s": trial.delay,
         "half_spreads": trial.toxicity if trial.toxic >= 0 else trial.usual, "runs": run.runs,
         "median_children": run.median, "median_children_ci": run.median_ci, "left": run.left / run.runs,
         "left_ci": run.left_ci, "within_200": run.within / run.runs, "within_200_ci": run.within_ci}
        for trial, run in runs
    ]  # fmt: skip
    return {"regret": regret, "toxic": toxic}


def _run(trial: Trial, run: Departures) -> list[str]:
    turns = trial.toxic >= 0
    low, high = (f"{end:.0f}" if np.isfinite(end) else "never" for end in run.median_ci)
    median = f"{run.median:.0f}" if np.isfinite(run.median) else "never"
    share, ends = (run.within, run.within_ci) if turns else (run.left, run.left_ci)
    return [
        "all hidden" if trial.tactic is Tactic.DARK else "asked, then a part hidden",
        f"toxic, {trial.delay:g} s" if turns else "sound", f"{run.runs}", median if turns else "–",
        f"{low} to {high}" if turns else "–", f"{share / run.runs:.1%}", f"{ends[0]:.1%} to {ends[1]:.1%}",
    ]  # fmt: skip


def _lead(body: Mapping[str, Any]) -> str:
    return (
        f"{body['qty']:,} shares offered for {body['window_s']:g} s in {body['pairs']:,} markets ({body['preset']},"
        f" regime {body['regime']}), seed {body['seed']}; {body['schools']} learners had {body['lessons']:,} lessons"
        " elsewhere first."
    )


def _cards(found: "Comparison") -> list[dict[str, str]]:
    rows = []
    for gain in found.improvement:
        sure = gain.bps_ci[0] > 0 and gain.p_holm < 0.05
        tone = "gain" if sure else "cost" if gain.bps_ci[1] < 0 else ""
        rows.append({"name": f"Saved over {gain.over}", "value": f"{gain.bps:+.2f}", "unit": "bp", "tone": tone})
    last = found.routers[-1]
    rows.append({"name": "Filled in the window", "value": f"{last.fill_rate:.0%}", "unit": last.name, "tone": ""})
    return rows


def _ends(ci: Sequence[float | None]) -> str:
    return " to ".join("–" if end is None else f"{end:+.2f}" for end in ci)


def _number(value: float | None, form: str = "+.2f") -> str:
    return "–" if value is None else f"{value:{form}}"


def _router(row: Mapping[str, Any]) -> list[str]:
    return [
        row["name"], _number(row["cost_bps_offered"]), _ends(row["cost_bps_offered_ci"]),
        _number(row["fees_bps_offered"]), _number(row["fill_rate"], ".0%"), _number(row["dark_share"], ".0%"),
        _number(row["markout_bps"]), _ends(row["markout_bps_ci"]), _number(row["leak_bps"]),
        _number(row["impact_bps"]), _number(row["children"], ".0f"),
    ]  # fmt: skip


def _gain(row: Mapping[str, Any]) -> list[str]:
    return [
        row["over"], _number(row["bps"]), _ends(row["bps_ci"]), _number(row["sd_bps"], ".1f"),
        _number(row["win_rate"], ".0%"), _number(row["p_holm"], ".4f"),
    ]  # fmt: skip


def _whiskers(names: Sequence[str], values: Sequence[float], ends: Sequence[Sequence[float]], label: str) -> Any:
    figure, (axes,) = new_figure(9.0, 0.5 + 0.42 * len(names))
    at = np.arange(len(names))[::-1]
    sides = np.abs(np.array(ends).T - np.array(values))
    axes.errorbar(values, at, xerr=sides, fmt="o", color=_COLOURS[0], markersize=5, capsize=3)
    axes.set_yticks(at, names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_xlabel(label)
    return figure


def _costs(found: "Comparison") -> str:
    rows = found.routers
    figure = _whiskers(
        [row.name for row in rows], [row.cost_bps_offered for row in rows], [row.cost_bps_offered_ci for row in rows],
        "cost per share offered, bp",
    )  # fmt: skip
    return svg(figure, "cost")


def _gains(found: "Comparison") -> str:
    rows = found.improvement
    figure = _whiskers(
        [f"over {row.over}" for row in rows], [row.bps for row in rows], [row.bps_ci for row in rows],
        "saved by the learning router per share offered, bp",
    )  # fmt: skip
    return svg(figure, "gain")


def _regret(curves: Sequence[RegretCurve]) -> str:
    """Draw cumulated regret in logs: mean over seeds, the band from least to most, and the rate of theory."""
    figure, (axes,) = new_figure(9.0, 4.2)
    for curve, colour in zip(curves, _COLOURS, strict=True):
        mean, low, high = curve.band()
        axes.fill_between(curve.rounds, low, high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(curve.rounds, mean, color=colour, linewidth=1.6, label=curve.name)
    slowest = max(curves[:-1], key=lambda curve: float(curve.band()[0][-1]))
    late = slowest.rounds >= _FIRST
    bound = theory(slowest.rounds[late], float(slowest.band()[0][-1]))
    axes.plot(slowest.rounds[late], bound, "--", color=INK, linewidth=1.1, label="theory, c √(T log T)")
    axes.set(xscale="log", yscale="log", xlabel="rounds", ylabel="cumulated regret, units")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=5)
    return svg(figure, "regret")


def _regret_rows(curves: Sequence[RegretCurve]) -> list[list[str]]:
    rows = []
    for curve in curves:
        growth, mean = curve.growth(_FIRST), curve.band()[0]
        at = [int(np.searchsorted(curve.rounds, n, side="right")) - 1 for n in (10, 100, int(curve.rounds[-1]))]
        values = [f"{mean[k]:,.0f}" for k in at]
        rows.append([curve.name, *values, f"{growth.slope:.2f}", f"{growth.ci[0]:.2f} to {growth.ci[1]:.2f}"])
    return rows


def _provenance(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    named = (
        ("Preset", body["preset"]), ("Hash of its parameters", body["parameters"]), ("Seed", body["seed"]),
        ("Routing", ", ".join(f"{name} {value}" for name, value in body["routing"].items())),
        ("Configuration hash", body["config_hash"]), ("nowake", body["version"]),
    )  # fmt: skip
    return [(name, str(value)) for name, value in named]
